"""Explanations of small markets: each reason appears where it alone is the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.solver.costs import TERMS, Weights
from dispatch.solver.explain import explain
from dispatch.solver.explanation import Obstacle, Standing
from dispatch.solver.params import Options, Params, SearchParams
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.solver.solve import solve
from tests.support.explaining import candidate, explained, obstacles
from tests.support.plans import plan
from tests.support.problems import OrderAt, RiderAt, market

ROW = "a . 1 . A"
ON_THE_WAY = "a 2 1 . . . B A"
"""The rider carries something past merchant 1 to the far end, where the shift will be over."""

ONLY_REASON: list[tuple[Obstacle, Problem, Rules]] = [
    (Obstacle.NOT_ACCEPTING, market(ROW, "1A", RiderAt("a", accepts=False)), Rules()),
    (Obstacle.VEHICLE, market(ROW, OrderAt("1A", vehicles=(1,)), minutes_a_cell=(1, 1)), Rules()),
    (Obstacle.ZONE, market(ROW, OrderAt("1A", zones=0b01), RiderAt("a", zones=0b10)), Rules()),
    (Obstacle.SIZE, market(ROW, OrderAt("1A", size=4)), Rules()),
    (Obstacle.BARRED, market(ROW, "1A", bars=[("1A", "a")]), Rules()),
    (
        Obstacle.ROUTE_BROKEN,
        market(
            "a 2 B 1 A",
            "1A",
            OrderAt("2B", size=2, fixed=True),
            OrderAt("2B", name="more", size=2, fixed=True),
            RiderAt("a", tasks="+2B +more -2B -more"),
        ),
        Rules(),
    ),
    (
        Obstacle.TOO_MANY_TASKS,
        market("a 2 B 1 A", "1A", OrderAt("2B", fixed=True), RiderAt("a", tasks="+2B -2B")),
        Rules(max_stops=2),
    ),
    (
        Obstacle.MERCHANTS_MIXED,
        market(ON_THE_WAY, "1A", "2B", RiderAt("a", tasks="-2B", off_at=180)),
        Rules(one_merchant_on_board=True),
    ),
    (
        Obstacle.CAPACITY,
        market(ON_THE_WAY, "1A", OrderAt("2B", size=3), RiderAt("a", tasks="-2B", off_at=180)),
        Rules(),
    ),
    (
        Obstacle.CAPACITY,
        market(ON_THE_WAY, "1A", "2B", RiderAt("a", tasks="-2B", off_at=180)),
        Rules(max_orders_on_board=1),
    ),
    (Obstacle.SHIFT_ENDS, market(ROW, "1A", RiderAt("a", off_at=119)), Rules()),
    (Obstacle.FOOD_TOO_OLD, market(ROW, "1A"), Rules(max_food_age_s=119)),
    (Obstacle.UNREACHABLE, market(ROW, "1A", no_way=["a1"]), Rules()),
    (Obstacle.UNREACHABLE, market(ROW, "1A", no_way=["1A"]), Rules()),
]


@pytest.mark.parametrize(("obstacle", "problem", "rules"), ONLY_REASON, ids=[str(case[0]) for case in ONLY_REASON])
def test_each_hard_rule_is_named_where_it_is_the_reason(obstacle: Obstacle, problem: Problem, rules: Rules) -> None:
    told = explained(problem, "1A", Params(rules=rules))
    assert told.rider is None
    assert told.candidates == ()
    assert obstacles(told) == {obstacle: (0,)}
    assert told.exclusions[0].text


def test_every_obstacle_has_its_example() -> None:
    assert {case[0] for case in ONLY_REASON} | {Obstacle.HELD} == set(Obstacle)


@pytest.mark.parametrize("tasks", ["-1A", "+1A -1A"])
def test_what_is_on_board_or_fixed_stays(tasks: str) -> None:
    problem = market("b a 1 A", OrderAt("1A", fixed=tasks != "-1A"), RiderAt("a", tasks=tasks))
    told = explained(problem, "1A")
    assert not told.movable
    assert [found.standing for found in told.candidates] == [Standing.CHOSEN]
    assert obstacles(told) == {Obstacle.HELD: (1,)}


def test_a_task_that_must_stay_first_holds_its_order() -> None:
    problem = market("b a 1 A", "1A", RiderAt("a", tasks="+1A -1A", frozen=1))
    assert not explained(problem, "1A").movable


def test_the_route_of_an_order_on_board_shows_its_drop_off_only() -> None:
    told = explained(market("a . 1 . A", "1A", RiderAt("a", tasks="-1A")), "1A")
    assert told.text == "It is on board of rider a: drop-off at 00:04:00."
    assert (told.candidates[0].pickup_at, told.candidates[0].dropoff_at) == (None, 240)


def test_the_nearer_rider_is_chosen_and_the_farther_dearer_by_what_the_terms_say() -> None:
    told = explained(market("b . . a 1 A", "1A"), "1A")
    near, far = told.candidates
    assert (near.rider_id, near.standing, near.pickup_at, near.dropoff_at) == ("a", Standing.CHOSEN, 60, 120)
    assert dict(zip(TERMS, near.terms, strict=True))["click_to_door"] == 120 * 100
    assert near.total == sum(near.terms) == 120 * 105
    assert (far.rider_id, far.standing, far.total) == ("b", Standing.DEARER, 300 * 105)
    assert far.text == "Dearer by 18,900 points: click_to_door +18,000, travel +900."
    assert told.text == "Rider a has it: pickup at 00:01:00, drop-off at 00:02:00."


def test_a_rider_as_good_as_the_chosen_one_is_said_to_cost_the_same() -> None:
    told = explained(market("a 1 b\n. A .", "1A"), "1A")
    assert told.candidates[1].text == "Costs the same; one of the two had to be taken."


def test_a_rider_needed_by_another_order_is_told_from_one_who_is_only_far() -> None:
    """Rider a is nearer to both; order 2B has nobody else near."""
    problem = market("b . . . 1 a 2 B A", "1A", "2B", RiderAt("b", zones=0b1), OrderAt("2B", name="x", zones=0b10))
    told = explain(problem, Params(), plan(problem, {"b": "+1A -1A", "a": "+2B -2B +x -x"}), 0)
    other = candidate(told, "a")
    assert other.standing is Standing.NEEDED_ELSEWHERE
    assert other.alone is not None
    assert other.alone < told.candidates[0].total < other.total
    assert other.plan_cost - told.plan_cost == other.total - told.candidates[0].total
    assert f"the plan would cost {other.total - told.candidates[0].total:,} points more" in other.text


def test_a_plan_that_can_be_bettered_is_shown_as_such() -> None:
    problem = market("b . . . a 1 A", "1A")
    told = explain(problem, Params(), plan(problem, {"b": "+1A -1A"}), 0)
    other = candidate(told, "a")
    assert other.standing is Standing.CHEAPER
    assert "The plan would cost 25,200 points less with it here" in other.text


def test_a_better_place_in_the_same_route_is_mentioned() -> None:
    problem = market("a 1 A . . 2 B", "1A", "2B")
    told = explain(problem, Params(), plan(problem, {"a": "+2B -2B +1A -1A"}), 0)
    assert "Elsewhere in the same route it would cost" in told.candidates[0].text
    assert told.candidates[0].tasks_before == 2


def test_no_more_candidates_are_given_than_asked_for() -> None:
    problem = market("a b c 1 A d e", "1A")
    told = explained(problem, "1A", riders=2)
    assert (len(told.candidates), told.possible) == (2, 5)
    assert [found.rider_id for found in told.candidates] == ["c", "b"]


def test_leaving_out_and_every_weight_are_those_of_the_parameters() -> None:
    weights = Weights(click_to_door=1, lateness=0, travel=0)
    told = explained(market(ROW, "1A"), "1A", Params(weights=weights, options=Options(not_yet_s=500)))
    assert told.left_out == 500
    assert told.candidates[0].terms == (240, 0, 0, 0, 0, 0, 0, 0, 0)


def test_food_that_is_ready_much_later_is_not_looked_at() -> None:
    told = explained(market(ROW, OrderAt("1A", ready_at=3000)), "1A", Params(search=SearchParams(horizon_s=2400)))
    assert told.verdict == Verdict.NOT_YET
    assert told.text == "It is not looked at before 00:10:00: the food is ready at 00:50:00."
    assert "the order is not looked at yet" in told.candidates[0].text


def test_waiting_that_is_cheaper_than_any_rider_is_said_so() -> None:
    told = explained(market(ROW, "1A"), "1A", Params(options=Options(not_yet_s=60)))
    assert told.verdict == Verdict.NOT_YET
    assert told.text == "It waits: leaving it for a later tick is cheaper than any rider now."
    assert told.candidates[0].text == "Dearer than leaving the order out, by 19,200 points."


def test_an_order_that_the_search_missed_is_said_so() -> None:
    problem = market(ROW, "1A")
    told = explain(problem, Params(), plan(problem, {}), 0)
    assert (
        told.text
        == "It waits, though a rider would now be cheaper: the search has missed it. The next tick looks again."
    )
    assert told.candidates[0].standing is Standing.CHEAPER


def test_riders_kept_out_by_the_other_orders_of_the_plan_are_counted() -> None:
    problem = market("a 2 B 1 A", "1A", "2B")
    told = explain(problem, Params(rules=Rules(max_stops=2)), plan(problem, {"a": "+2B -2B"}), 0)
    assert told.exclusions[0].obstacle is Obstacle.TOO_MANY_TASKS
    assert told.exclusions[0].but_for_others == (0,)
    assert "1 could have it without the other orders" in told.exclusions[0].text


def test_an_order_that_changes_its_rider_shows_the_price_of_it() -> None:
    problem = market("a . . . b 1 A", "1A", RiderAt("a", tasks="+1A -1A"))
    told = explained(problem, "1A")
    assert told.candidates[0].rider_id == "b"
    assert told.candidates[0].terms[TERMS.index("churn")] == Weights().churn
    assert candidate(told, "a").terms[TERMS.index("churn")] == 0


def test_a_market_without_riders_is_explained() -> None:
    told = explained(market("1 . A", "1A"), "1A")
    assert (told.verdict, told.candidates, told.exclusions) == (Verdict.NO_RIDER_ON_SHIFT, (), ())


@pytest.mark.parametrize(("order", "riders"), [(-1, 1), (1, 1), (0, 0)])
def test_what_there_cannot_be_is_refused(order: int, riders: int) -> None:
    problem = market(ROW, "1A")
    with pytest.raises(ValueError, match=r"there is no order|at least one rider"):
        explain(problem, Params(), solve(problem, Params()), order, riders=riders)


def test_an_explanation_leaves_problem_and_plan_as_they_are() -> None:
    problem = market("a b 1 A 2 B", "1A", "2B")
    made = solve(problem, Params())
    kept = solve(problem, Params())
    for order in range(2):
        explain(problem, Params(), made, order)
    assert made.same_as(kept)
    assert replace(problem).orders.rider.tolist() == [-1, -1]
