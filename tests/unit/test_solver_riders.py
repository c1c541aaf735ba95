"""Who gets an order, and what is said where nobody does: small cases with a known answer."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest

from dispatch.solver.bundles import BundleParams
from dispatch.solver.check import check
from dispatch.solver.params import Options, Params, SearchParams
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.solver.solve import solve
from dispatch.units import MINUTE_S
from tests.support.problems import OrderAt, RiderAt, market

MATCHER = pytest.mark.parametrize("matcher", ["own", "flow", "sparse"])


def planned(problem: Problem, params: Params | None = None) -> dict[str, str]:
    """Each rider's route as "+1A -1A", after the checker has seen the plan."""
    params = params or Params()
    plan = solve(problem, params)
    assert check(problem, plan, params.rules) == ()
    tasks = [
        "+-"[kind] + problem.order_ids[order]
        for order, kind in zip(plan.routes.order.tolist(), plan.routes.kind.tolist(), strict=True)
    ]
    start = plan.routes.start.tolist()
    return {
        name: " ".join(tasks[a:b]) for name, a, b in zip(problem.rider_ids, start[:-1], start[1:], strict=True) if b > a
    }


def verdict(problem: Problem, params: Params | None = None, order: str = "1A") -> Verdict:
    plan: Plan = solve(problem, params or Params())
    return Verdict(int(plan.verdict[problem.order_ids.index(order)]))


def test_nothing_to_do() -> None:
    assert planned(market("a 1 A")) == {}
    assert planned(market("1 A")) == {}
    assert verdict(market("1 A", "1A")) is Verdict.NO_RIDER_ON_SHIFT


@MATCHER
def test_the_nearest_rider_gets_the_order(matcher: str) -> None:
    params = Params(search=SearchParams(matcher=matcher))
    assert planned(market("a . . 1 A . . b", "1A"), params) == {"a": "+1A -1A"}


@MATCHER
@pytest.mark.parametrize("candidates", [1, 20])
def test_the_far_rider_gets_the_order_that_no_near_one_may_take(matcher: str, candidates: int) -> None:
    """Twenty-one near riders are barred, or have something on board that fills them up until after their shift."""
    near = string.ascii_lowercase[:21]
    drawing = f"{near}1 A . . . . . . z"
    params = Params(search=SearchParams(matcher=matcher, candidates=candidates))
    barred = market(drawing, "1A", bars=[("1A", rider) for rider in near])
    assert planned(barred, params) == {"z": "+1A -1A"}
    loads = [OrderAt("1A", name=f"on-{rider}") for rider in near]
    full = [RiderAt(rider, tasks=f"-on-{rider}", capacity=1, off_at=30) for rider in near]
    assert planned(market(drawing, "1A", *loads, *full), params)["z"] == "+1A -1A"


@MATCHER
def test_a_row_of_orders_finds_every_rider(matcher: str) -> None:
    """Each of them wants the same rider most; none must be left without one."""
    doors = string.ascii_uppercase[:12]
    drawing = f"1 {doors} abcdefghijkl"
    problem = market(drawing, *(f"1{door}" for door in doors), *(RiderAt(r, capacity=1) for r in "abcdefghijkl"))
    params = Params(search=SearchParams(matcher=matcher, candidates=1), rules=Rules(max_stops=2))
    assert len(planned(problem, params)) == 12


def test_orders_of_a_bundle_that_nobody_may_take_whole_go_to_two_riders() -> None:
    problem = market("a 1 A B . b", "1A", "1B", bars=[("1A", "a"), ("1B", "b")])
    params = Params(bundles=BundleParams(scarce_share=0.0))
    assert planned(problem, params) == {"a": "+1B -1B", "b": "+1A -1A"}


def test_an_order_bundled_with_one_that_is_too_large_goes_alone() -> None:
    problem = market("a 1 A", "1A", OrderAt("1A", name="big", size=9), RiderAt("a"))
    assert planned(problem, Params(bundles=BundleParams(scarce_share=0.0))) == {"a": "+1A -1A"}


def test_who_takes_no_new_orders_keeps_those_there_are() -> None:
    held = RiderAt("a", tasks="+1A -1A", accepts=False)
    assert planned(market("a 1 A", "1A", held)) == {"a": "+1A -1A"}
    anew = Params(search=SearchParams(replan=True))
    assert planned(market("a 1 A", "1A", held), anew) == {"a": "+1A -1A"}


def test_an_order_is_taken_from_a_rider_who_may_not_carry_it_any_more() -> None:
    problem = market("a 1 A . . b", "1A", RiderAt("a", tasks="+1A -1A"), bars=[("1A", "a")])
    assert planned(problem) == {"b": "+1A -1A"}
    alone = market("a 1 A", "1A", RiderAt("a", tasks="+1A -1A"), bars=[("1A", "a")])
    assert planned(alone) == {}
    assert verdict(alone) is Verdict.BARRED


def test_a_route_longer_than_allowed_gives_up_what_it_need_not_keep() -> None:
    problem = market("a 1 A B b", "1A", "1B", RiderAt("a", tasks="+1A +1B -1A -1B"))
    routes = planned(problem, Params(rules=Rules(max_stops=2)))
    assert sorted(routes.values()) == ["+1A -1A", "+1B -1B"]


def test_removing_an_order_must_not_join_stops_so_that_others_are_late() -> None:
    """Without o, a waits at the merchant for y's food with x's long handling, and z's pickup is after the shift."""
    drawing = """
    a1 .  b  .  A
    .  .  .  .  .
    B  .  Z  .  2
    """
    problem = market(
        drawing,
        OrderAt("1A", name="o", priority=9),
        OrderAt("1B", name="x", pickup_after_s=300, fixed=True),
        OrderAt("1B", name="y", ready_at=1800, fixed=True),
        OrderAt("2Z", name="z", fixed=True),
        OrderAt("1A", name="p"),
        RiderAt("a", tasks="+o +x -o +y -x -y +z -z", off_at=2200, capacity=9),
        RiderAt("b", tasks="+p -p", profile=1),
        minutes_a_cell=(1.0, 0.1),
    )
    params = Params(search=SearchParams(passes=1, exchanges=False, ruins=200, ruin_size=2))
    plan = solve(problem, params, seed=1)
    last_pickup = plan.event_at[plan.routes.order.tolist().index(3)]
    assert last_pickup <= 2200


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        (market("a 1 A", "1A", RiderAt("a", accepts=False)), Verdict.NO_RIDER_ON_SHIFT),
        (market("a 1 A", OrderAt("1A", vehicles=(1,))), Verdict.NO_VEHICLE),
        (market("a 1 A", OrderAt("1A", zones=0b01), RiderAt("a", zones=0b10)), Verdict.NO_ZONE),
        (market("a 1 A", OrderAt("1A", size=4)), Verdict.NO_CAPACITY),
        (market("a 1 A", "1A", bars=[("1A", "a")]), Verdict.BARRED),
        (market("a 1 A", "1A", RiderAt("a", off_at=59)), Verdict.SHIFT_ENDS),
        (market("a 1 A", "1A", no_way=["a1"]), Verdict.UNREACHABLE),
        (market("a 1 A", "1A", no_way=["1A"]), Verdict.UNREACHABLE),
        (market("a 1 A", OrderAt("1A", ready_at=2401)), Verdict.NOT_YET),
    ],
    ids=lambda value: value.name if isinstance(value, Verdict) else "",
)
def test_the_rule_that_closes_the_last_door_is_named(problem: Problem, answer: Verdict) -> None:
    assert verdict(problem) is answer
    assert planned(problem) == {}


def test_the_rules_are_asked_in_their_order_and_a_rider_who_fails_one_is_out() -> None:
    order = OrderAt("1A", vehicles=(1,), zones=1, size=4)
    riders = [RiderAt("a", zones=1, capacity=9), RiderAt("b", profile=1, zones=2, capacity=9)]
    two = (1.0, 1.0)
    assert verdict(market("ab 1 A", order, *riders, minutes_a_cell=two)) is Verdict.NO_ZONE
    third = RiderAt("c", profile=1, zones=1)
    assert verdict(market("abc 1 A", order, *riders, third, minutes_a_cell=two)) is Verdict.NO_CAPACITY


def test_food_that_would_get_too_old_on_the_straight_way_has_no_way() -> None:
    problem = market("a 1 . . A", "1A")
    assert verdict(problem, Params(rules=Rules(max_food_age_s=180))) is Verdict.PLANNED
    assert verdict(problem, Params(rules=Rules(max_food_age_s=179))) is Verdict.UNREACHABLE


def test_a_full_bag_is_not_a_lack_of_capacity() -> None:
    """Alone the rider could carry it in time; after what is on board the shift is over."""
    problem = market("a1 . . . A", "1A", OrderAt("1A", name="on"), RiderAt("a", tasks="-on", capacity=1, off_at=60))
    assert verdict(problem) is Verdict.LOST_TO_OTHERS


def test_who_could_serve_it_but_is_used_better_is_said_to_be_lost() -> None:
    problem = market("a1 . . A", "1A", OrderAt("1A", name="first", priority=3), RiderAt("a", off_at=0, capacity=1))
    assert planned(problem) == {"a": "+first -first"}
    assert verdict(problem) is Verdict.LOST_TO_OTHERS


@pytest.mark.parametrize(
    ("placed_at", "answer"), [(-30 * MINUTE_S + 1, Verdict.NOT_YET), (-30 * MINUTE_S, Verdict.TOO_COSTLY)]
)
def test_an_order_waits_until_patience_ends(placed_at: int, answer: Verdict) -> None:
    options = Options(not_yet_s=60, nobody_s=120, patience_s=30 * MINUTE_S)
    problem = market("a . . . . . 1 A", OrderAt("1A", placed_at=placed_at))
    assert verdict(problem, Params(options=options)) is answer
    assert verdict(problem, Params(options=replace(options, nobody_s=3600, not_yet_s=3600))) is Verdict.PLANNED


def test_the_price_of_leaving_an_order_decides_to_the_second() -> None:
    """Served 420 s from now, that is 42,000 points and 420 s of riding at 5."""
    problem = market("a . . . . . 1 A", "1A")
    dearer, cheaper = (Options(not_yet_s=s, nobody_s=s) for s in (440, 442))
    assert verdict(problem, Params(options=dearer)) is Verdict.NOT_YET
    assert verdict(problem, Params(options=cheaper)) is Verdict.PLANNED
