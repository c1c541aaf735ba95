"""Policies: shipped ones load, and a file with flaws is refused with all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.engine.policy import Policy, as_table, load_policy, parse_policy, policy_of, shipped_policies
from dispatch.errors import InvalidInputError
from dispatch.solver.costs import Weights


def issues_of(text: str) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as refused:
        parse_policy(text, "test.toml")
    assert all(issue.source == "test.toml" and issue.action for issue in refused.value.issues)
    return {issue.field: issue.code for issue in refused.value.issues}


@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_policy_loads_under_its_own_name(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert policy.version >= 1


def test_the_three_worlds_have_their_policies() -> None:
    assert shipped_policies() == ("colombia", "default", "grubhub")


def test_grubhub_keeps_one_merchant_on_board_and_default_does_not() -> None:
    assert load_policy("grubhub").params.rules.one_merchant_on_board
    assert not load_policy("default").params.rules.one_merchant_on_board


def test_a_policy_is_what_its_table_says() -> None:
    policy = load_policy("colombia")
    assert policy_of(as_table(policy), "stored") == policy


def test_a_table_shows_a_changed_weight() -> None:
    policy = load_policy("default")
    changed = replace(policy, params=replace(policy.params, weights=Weights(travel=77)))
    assert as_table(changed)["params"]["weights"]["travel"] == 77


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nversion = 3\n[params.weights]\ntravel = 9\n', "utf-8")
    policy = load_policy(str(path))
    assert (policy.name, policy.version, policy.params.weights.travel) == ("mine", 3, 9)
    assert policy.params.weights.click_to_door == Weights().click_to_door


def test_all_flaws_are_listed_at_once() -> None:
    text = """
    name = "x"
    version = 1
    wishes = 3
    [params.weights]
    travel = "much"
    lateness = 1.5
    [params.search]
    candidates = 0
    [loop]
    commit = 3
    """
    assert issues_of(text) == {
        "wishes": "unknown_key",
        "params.weights.travel": "wrong_type",
        "params.weights.lateness": "wrong_type",
        "params.search": "out_of_range",
        "loop.commit": "unknown_key",
    }


def test_a_switch_is_no_number() -> None:
    assert issues_of('name = "x"\nversion = 1\n[params.search]\npasses = true') == {
        "params.search.passes": "wrong_type"
    }


def test_a_table_is_wanted_where_there_is_one() -> None:
    assert issues_of('name = "x"\nversion = 1\nloop = 5') == {"loop": "wrong_type"}


def test_broken_toml_is_said_to_be_broken() -> None:
    assert issues_of("name = ") == {"": "broken_toml"}


def test_an_unknown_policy_names_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match="colombia, default, grubhub"):
        load_policy("no-such-policy")


def test_a_policy_has_a_name_and_a_version() -> None:
    with pytest.raises(InvalidInputError):
        parse_policy("version = 1", "test.toml")
    assert isinstance(parse_policy('name = "x"\nversion = 1', "test.toml"), Policy)


@pytest.mark.parametrize(
    "line",
    [
        "params.weights.travel = -5",
        "params.weights.lateness_scale_s = 0",
        'params.search.matcher = "flwo"',
        "params.search.ruin_size = 0",
        "params.options.patience_s = -5",
        "params.bundles.max_size = 0",
        "loop.offer_s = 0",
    ],
)
def test_values_that_make_no_sense_are_refused(line: str) -> None:
    assert set(issues_of(f'name = "x"\nversion = 1\n{line}').values()) == {"out_of_range"}
