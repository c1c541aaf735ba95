"""What the baselines decide in small towns, and which policy a name stands for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dispatch.errors import InvalidInputError
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from simulations.policies import SOLVERS, contender
from simulations.policies.nearest import nearest
from simulations.policies.window import window
from tests.support.plans import plan as plan_with
from tests.support.plans import rows_of
from tests.support.problems import OrderAt, RiderAt, market


def same_routes(problem: Problem, found: Plan, tasks: dict[str, str]) -> bool:
    return rows_of(found.routes) == rows_of(plan_with(problem, tasks).routes)


def test_nearest_takes_the_oldest_order_first_and_the_nearest_rider() -> None:
    problem = market(
        """
        a  .  1  b  .  .  A
        .  .  2  .  .  .  B
        """,
        OrderAt("1A", placed_at=-60),
        OrderAt("2B", placed_at=-120),
    )
    assert same_routes(problem, nearest(problem, Params()), {"b": "+2B -2B", "a": "+1A -1A"}) is True


def test_nearest_prefers_a_rider_without_orders() -> None:
    problem = market("a 1 . . . b . A B", "1A", "1B", RiderAt("a", tasks="+1A -1A"))
    assert same_routes(problem, nearest(problem, Params()), {"a": "+1A -1A", "b": "+1B -1B"})


def test_nearest_never_bundles() -> None:
    problem = market("a 1 . A B", "1A", "1B")
    assert same_routes(problem, nearest(problem, Params()), {"a": "+1A -1A +1B -1B"})


def test_window_looks_at_all_pairs_at_once() -> None:
    # The nearest rider of both merchants is b, and a is far from 2 only.
    problem = market("a . . 1 b . 2 A B", OrderAt("1A", placed_at=-60), "2B")
    assert same_routes(problem, window(problem, Params()), {"a": "+1A -1A", "b": "+2B -2B"})
    assert same_routes(problem, nearest(problem, Params()), {"b": "+1A -1A", "a": "+2B -2B"})


def test_window_gives_a_rider_one_order_and_the_rest_waits() -> None:
    problem = market("a 1 . A B", OrderAt("1A", placed_at=-60), "1B")
    found = window(problem, Params())
    assert same_routes(problem, found, {"a": "+1A -1A"})
    assert found.verdict.tolist() == [Verdict.PLANNED, Verdict.NOT_YET]


def test_what_was_given_stays_and_what_was_only_planned_is_planned_anew() -> None:
    given = market("a 1 . b . A", "1A", RiderAt("b", tasks="+1A -1A"))
    planned = replace(given, orders=given.orders._replace(rider=np.array([-1])))
    for baseline in (nearest, window):
        assert same_routes(given, baseline(given, Params()), {"b": "+1A -1A"})
        assert same_routes(planned, baseline(planned, Params()), {"a": "+1A -1A"})


def test_what_a_rider_may_not_have_is_taken_away() -> None:
    problem = market("a 1 b . A", "1A", RiderAt("b", tasks="+1A -1A"), bars=[("1A", "b")])
    assert same_routes(problem, nearest(problem, Params()), {"a": "+1A -1A"})


@pytest.mark.parametrize(
    ("problem", "verdict"),
    [
        (market("1 A", "1A"), Verdict.NO_RIDER_ON_SHIFT),
        (market("a 1 A", OrderAt("1A", vehicles=(1,)), minutes_a_cell=(1, 2)), Verdict.NO_VEHICLE),
        (market("a 1 A", OrderAt("1A", zones=1), RiderAt("a", zones=2)), Verdict.NO_ZONE),
        (market("a 1 A", OrderAt("1A", size=9)), Verdict.NO_CAPACITY),
        (market("a 1 A", "1A", bars=[("1A", "a")]), Verdict.BARRED),
        (market("a 1 A", "1A", RiderAt("a", off_at=30)), Verdict.SHIFT_ENDS),
        (market("a 1 A", "1A", no_way=["a1"]), Verdict.UNREACHABLE),
        (market("a 1 A", OrderAt("1A", ready_at=9000)), Verdict.NOT_YET),
    ],
)
def test_who_gets_nobody_is_told_why(problem: Problem, verdict: Verdict) -> None:
    for baseline in (nearest, window):
        assert baseline(problem, Params()).verdict.tolist() == [verdict]


def test_names_stand_for_solvers_and_policies(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text('name = "x"\nversion = 3\n', "utf-8")
    assert contender("dispatch", "grubhub").policy.name == "grubhub"
    assert contender("nearest", "grubhub").solver is SOLVERS["nearest"]
    assert contender("nearest", "grubhub").policy.params == contender("dispatch", "grubhub").policy.params
    assert contender("colombia", "grubhub").policy.name == "colombia"
    assert (contender(str(own), "grubhub").name, contender(str(own), "grubhub").policy.version) == ("mine", 3)
    assert contender(str(own), "grubhub").solver is solve


def test_an_unknown_policy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="nearest, window, colombia"):
        contender("nearset", "default")
