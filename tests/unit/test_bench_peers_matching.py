"""Other people's matchers find the product's optimum, and one that fails spoils no table."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmarks.peers.__main__ import main
from benchmarks.peers.forms import savings, square
from benchmarks.peers.matching import Limits, Matched, compare_matchers, foresee, instances, matching_rows
from benchmarks.peers.registry import INSTALL, MATCHERS_OF_PEERS, load_matcher
from benchmarks.peers.tables import matching_table
from benchmarks.phases import Pairs
from dispatch.engine.policy import load_policy
from dispatch.solver.match import MATCHERS, Matcher, match_by_flow
from dispatch.solver.problem import Ints


def drawn(seed: int) -> Pairs:
    """Pairs with ties, empty rows and columns, and ways out that are dear, cheap or free."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(1, 9, 2)
    row, column = np.nonzero(rng.random((rows, columns)) < rng.choice([0.2, 0.6, 1.0]))
    highest = int(rng.choice([3, 1000, 900_000]))
    cost = rng.integers(0, highest, len(row))
    return Pairs(row, column, cost, rng.integers(0, highest + 1, rows))


def peer(name: str) -> Matcher:
    try:
        return load_matcher(name)
    except ModuleNotFoundError as fault:
        pytest.skip(f"{fault.name} is {INSTALL}")


@pytest.mark.parametrize("name", MATCHERS_OF_PEERS)
def test_every_peer_finds_the_optimum(name: str) -> None:
    match = peer(name)
    for seed in range(40):
        pairs = drawn(seed)
        chosen = match(*pairs)
        taken = chosen[chosen >= 0]
        assert (pairs.row[taken] == np.flatnonzero(chosen >= 0)).all()
        assert len(set(pairs.column[taken].tolist())) == len(taken)
        assert pairs.total(chosen) == pairs.total(match_by_flow(*pairs)), f"seed {seed}"


@pytest.mark.parametrize("seed", range(10))
def test_the_square_form_has_as_many_columns_as_rows_and_rises_within_each(seed: int) -> None:
    form = square(*drawn(seed))
    assert form.start[0] == 0
    assert form.start[-1] == len(form.column) == len(form.cost)
    assert (form.cost >= 0).all()
    for row in range(form.n):
        columns = form.column[form.start[row] : form.start[row + 1]]
        assert (np.diff(columns) > 0).all()
        assert ((columns >= 0) & (columns < form.n)).all()


def test_a_full_matrix_is_refused_where_floats_are_not_exact() -> None:
    one = np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="too large"):
        savings(one, one, one + 2**52, one + 2**53)


def raising(fault: Exception) -> Callable[[], Matcher]:
    def get() -> Matcher:
        raise fault

    return get


def nobody(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """A matcher that leaves every row out."""
    return np.full(len(out), -1, np.int64)


PAIRS = Pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([5, 9, 4]), np.array([50, 50]))
FAST = Limits(budget_s=0.01)


def test_a_peer_that_fails_is_told_so_and_spoils_nothing() -> None:
    matchers: dict[str, Callable[[], Matcher]] = {
        "ours (flow)": lambda: match_by_flow,
        "absent": raising(ModuleNotFoundError("No module named 'absent'", name="absent")),
        "broken": raising(RuntimeError("out of luck\nand more")),
        "wrong": lambda: nobody,
        "slow": lambda: match_by_flow,
    }
    found = compare_matchers(PAIRS, matchers, {"slow": 1e9}, FAST, lambda _: None)
    assert [match.why_not for match in found] == [
        "",
        INSTALL,
        "RuntimeError: out of luck",
        "found 100 points where 13 are possible",
        "left out, as it should take some 1,000,000 s",
    ]
    assert found[0].total == 13
    assert found[0].cpu_ms is not None

    rows = list(matching_rows("2 x 2", found, (2, 2)))
    assert [row.value for row in rows[1:]] == [1.0] * 4
    assert "out of luck" in rows[2].metric
    screen = StringIO()
    Console(file=screen, width=200).print(matching_table([("2 x 2", found)]))
    assert all(match.name in screen.getvalue() and match.why_not in screen.getvalue() for match in found)


def test_what_happens_at_the_first_call_only_is_not_measured() -> None:
    asked: list[int] = []

    def match(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
        asked.append(len(row))
        return match_by_flow(row, column, cost, out)

    compare_matchers(PAIRS, {"ours": lambda: match}, {}, FAST, lambda _: None)
    assert asked[0] == 1
    assert set(asked[1:]) == {len(PAIRS.row)}


def test_a_table_stands_where_all_have_failed() -> None:
    failed = [Matched(name="ours", why_not="x"), Matched(name="peer", cpu_ms=2.0, total=1)]
    assert [row.metric for row in matching_rows("s", failed, (1, 1))] == [
        "matching, no answer (x), ours",
        "matching, peer",
    ]
    assert matching_table([("s", failed)]).row_count == 2


def test_our_own_matcher_must_be_the_cheapest() -> None:
    with pytest.raises(RuntimeError, match=r"ours \(bad\) found 100 points where 13 are possible"):
        compare_matchers(PAIRS, {"ours (bad)": lambda: nobody, "peer": lambda: match_by_flow}, {}, FAST, lambda _: None)


def test_what_a_size_takes_is_foreseen_from_rows_and_pairs() -> None:
    known = [Matched(name="a", cpu_ms=2.0, total=1), Matched(name="b", why_not="x")]
    assert foresee(known, (100, 1000), (200, 3000)) == {"a": 12.0}


def test_instances_hold_only_pairs_that_pay() -> None:
    named = dict(instances((20, 30), load_policy("default").params))
    assert list(named) == ["20 candidates", "all pairs"]
    for pairs in named.values():
        assert len(pairs.row)
        assert (pairs.cost < pairs.out[pairs.row]).all()
    assert len(named["all pairs"].row) > len(named["20 candidates"].row)


def test_the_command_prints_ratios_and_writes_rows(tmp_path: Path) -> None:
    out = tmp_path / "peers.json"
    done = CliRunner().invoke(main, ["--part", "matching", "--size", "8", "12", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "scipy linear_sum_assignment" in done.output
    rows = json.loads(out.read_text("utf-8"))
    names = {row["metric"] for row in rows if row["unit"] == "ms CPU"}
    assert {f"matching, ours ({name})" for name in MATCHERS} <= names
    assert any(row["unit"] == "times" for row in rows)
    assert all(row["command"] == "python -m benchmarks.peers --part matching --size 8 12" for row in rows)
