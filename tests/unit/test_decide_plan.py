"""Plans put into effect, as far as they still fit the market."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dispatch.model.actor import ActorKind
from dispatch.model.commands import (
    ApplyPlan,
    CancelOrder,
    ConfirmPickup,
    EndShift,
    HoldIntent,
    PauseRider,
    RouteIntent,
)
from dispatch.model.events import OrderHeld, TickDecided
from dispatch.model.lifecycle import DispatchStatus, OfferStatus
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind
from dispatch.model.reasons import CancelReason, UnassignReason
from dispatch.model.rider import RiderId, Task, TaskKind
from tests.support.builders import NOON
from tests.support.towns import Town, an_override, kinds

R1, R2 = RiderId("r1"), RiderId("r2")
O1, O2 = OrderId("o1"), OrderId("o2")
TO_BETTER = ((O1, UnassignReason.BETTER_RIDER),)


def two_riders() -> Town:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    return town


def assign(town: Town, rider_id: str, *order_ids: str) -> ApplyPlan:
    return ApplyPlan(tick=7, offers=(town.intent(rider_id, *order_ids),), auto_accept=True)


def test_riders_who_are_not_asked_get_their_orders_at_once() -> None:
    town = two_riders()
    plan = ApplyPlan(tick=7, offers=(town.intent("r1", "o1", "o2", depart_at=NOON + 60),), auto_accept=True)
    events = town.do(plan)
    assert kinds(events) == ["OrderAssigned", "OrderAssigned", "RoutePlanned", "TickDecided"]
    assert town.tasks() == "+o1 +o2 -o1 -o2"
    assert town.rider().depart_at == NOON + 60
    assert town.market.state.tick == 7


def test_the_tick_keeps_what_it_was_about() -> None:
    plan = ApplyPlan(tick=3, record_id="rec", planned=1, held=2, cost=40, problem_orders=5, problem_riders=6)
    assert Town().do(plan) == [
        TickDecided(tick=3, record_id="rec", planned=1, held=2, cost=40, problem_orders=5, problem_riders=6)
    ]


def test_an_order_moves_to_a_better_rider() -> None:
    town = two_riders()
    town.given("r1", "o1")
    events = town.do(replace(assign(town, "r2", "o1"), unassign=TO_BETTER))
    assert kinds(events) == ["OrderUnassigned", "OrderAssigned", "TickDecided"]
    assert (town.tasks("r1"), town.tasks("r2")) == ("", "+o1 -o1")


def test_two_riders_swap_their_orders() -> None:
    town = two_riders()
    town.given("r1", "o1")
    town.given("r2", "o2")
    pickup, dropoff = Task(O2, TaskKind.PICKUP), Task(O2, TaskKind.DROPOFF)
    to_r1 = replace(town.intent("r1", "o2"), tasks=(pickup, dropoff))
    to_r2 = replace(town.intent("r2", "o1"), tasks=(Task(O1, TaskKind.PICKUP), Task(O1, TaskKind.DROPOFF)))
    both = (*TO_BETTER, (O2, UnassignReason.BETTER_RIDER))
    town.do(ApplyPlan(tick=1, offers=(to_r1, to_r2), unassign=both, auto_accept=True))
    assert (town.tasks("r1"), town.tasks("r2")) == ("+o2 -o2", "+o1 -o1")


def test_an_order_stays_where_it_is_if_the_better_rider_cannot_take_it_any_more() -> None:
    town = two_riders()
    town.given("r1", "o1")
    plan = replace(assign(town, "r2", "o1"), unassign=TO_BETTER)
    town.do(PauseRider(rider_id=R2))
    assert kinds(town.do(plan)) == ["TickDecided"]
    assert town.tasks("r1") == "+o1 -o1"


def test_an_order_is_taken_from_a_rider_without_another() -> None:
    town = two_riders()
    town.given("r1", "o1")
    town.do(ApplyPlan(tick=1, unassign=((O1, UnassignReason.REPLANNED),)))
    assert town.order().dispatch is DispatchStatus.OPEN


def test_what_is_on_board_stays_on_board() -> None:
    town = two_riders()
    town.given("r1", "o1")
    plan = replace(assign(town, "r2", "o1"), unassign=TO_BETTER)
    town.ride()
    town.do(ConfirmPickup(rider_id=R1, order_ids=(O1,)))
    assert kinds(town.do(plan)) == ["TickDecided"]
    assert town.tasks("r1") == "-o1"


def test_an_order_cancelled_meanwhile_is_left_out_and_the_rest_is_done() -> None:
    town = two_riders()
    plan = ApplyPlan(tick=1, offers=(town.intent("r1", "o1"), town.intent("r2", "o2")), auto_accept=True)
    town.do(CancelOrder(order_id=O1, by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    assert kinds(town.do(plan)) == ["OrderAssigned", "TickDecided"]
    assert (town.tasks("r1"), town.tasks("r2")) == ("", "+o2 -o2")


def test_a_bundle_is_given_whole_or_not_at_all() -> None:
    town = two_riders()
    plan = assign(town, "r1", "o1", "o2")
    town.do(CancelOrder(order_id=O1, by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    assert kinds(town.do(plan)) == ["TickDecided"]
    assert town.order("o2").dispatch is DispatchStatus.OPEN


def test_the_first_of_two_intents_for_an_order_counts() -> None:
    town = two_riders()
    plan = ApplyPlan(tick=1, offers=(town.intent("r1", "o1"), town.intent("r2", "o1")), auto_accept=True)
    town.do(plan)
    assert (town.tasks("r1"), town.tasks("r2")) == ("+o1 -o1", "")


def off_shift(town: Town) -> None:
    town.do(EndShift(rider_id=R1))


def paused(town: Town) -> None:
    town.do(PauseRider(rider_id=R1))


def barred(town: Town) -> None:
    town.do(an_override(OverrideKind.BAR, order_id="o1", rider_id="r1"))


def barred_by_merchant(town: Town) -> None:
    town.do(replace(an_override(OverrideKind.BAR, rider_id="r1"), merchant_id=town.order().order.merchant_id))


def pinned_to_another(town: Town) -> None:
    town.do(an_override(OverrideKind.PIN, order_id="o1", rider_id="r2"))


def held(town: Town) -> None:
    town.do(an_override(OverrideKind.HOLD, order_id="o1"))


def offered(town: Town) -> None:
    town.offered("r2", "o1")


def assigned(town: Town) -> None:
    town.given("r2", "o1")


@pytest.mark.parametrize(
    "happened",
    [off_shift, paused, barred, barred_by_merchant, pinned_to_another, held, offered, assigned],
    ids=lambda happened: happened.__name__,
)
def test_what_happened_meanwhile_wins_over_the_plan(happened: Callable[[Town], None]) -> None:
    town = two_riders()
    plan = assign(town, "r1", "o1")
    happened(town)
    before = town.order()
    assert kinds(town.do(plan)) == ["TickDecided"]
    assert town.order() == before


def test_a_pinned_order_is_not_taken_from_its_rider_until_the_pin_ends() -> None:
    town = two_riders()
    town.given("r1", "o1")
    town.do(replace(an_override(OverrideKind.PIN, order_id="o1"), until=NOON + 600))
    plan = replace(assign(town, "r2", "o1"), unassign=TO_BETTER)
    assert kinds(town.do(plan)) == ["TickDecided"]
    town.wait(600)
    assert kinds(town.do(plan)) == ["OrderUnassigned", "OrderAssigned", "TickDecided"]


def test_an_intent_without_both_tasks_of_its_order_is_left_out() -> None:
    town = two_riders()
    intent = town.intent("r1", "o1")
    for tasks in (intent.tasks[:1], intent.tasks[::-1], ()):
        plan = ApplyPlan(tick=1, offers=(replace(intent, tasks=tasks),), auto_accept=True)
        assert kinds(town.do(plan)) == ["TickDecided"]
    nothing = ApplyPlan(tick=1, offers=(replace(intent, order_ids=()),), auto_accept=True)
    assert kinds(town.do(nothing)) == ["TickDecided"]


def test_a_route_is_planned_anew_only_if_it_changes() -> None:
    town = two_riders()
    town.given("r1", "o1", "o2")
    tasks = town.rider().tasks
    same = RouteIntent(rider_id=R1, tasks=tasks)
    assert kinds(town.do(ApplyPlan(tick=1, routes=(same,)))) == ["TickDecided"]
    later = replace(same, depart_at=NOON + 60)
    assert kinds(town.do(ApplyPlan(tick=1, routes=(later,)))) == ["RoutePlanned", "TickDecided"]
    other = RouteIntent(rider_id=R1, tasks=(tasks[1], tasks[0], tasks[3], tasks[2]))
    town.do(ApplyPlan(tick=1, routes=(other,)))
    assert town.tasks() == "+o2 +o1 -o2 -o1"


def test_a_route_that_makes_no_sense_or_is_of_nobody_is_left_out() -> None:
    town = two_riders()
    town.given("r1", "o1")
    backwards = RouteIntent(rider_id=R1, tasks=town.rider().tasks[::-1])
    nobody = RouteIntent(rider_id=RiderId("r9"), tasks=())
    assert kinds(town.do(ApplyPlan(tick=1, routes=(backwards, nobody)))) == ["TickDecided"]
    assert town.tasks() == "+o1 -o1"


def test_a_route_keeps_the_order_that_came_meanwhile() -> None:
    town = two_riders()
    town.given("r1", "o1")
    tasks = town.rider().tasks
    town.do(an_override(OverrideKind.ASSIGN, order_id="o2", rider_id="r1"))
    town.do(ApplyPlan(tick=1, routes=(RouteIntent(rider_id=R1, tasks=tasks, depart_at=NOON + 5),)))
    assert (town.tasks(), town.rider().depart_at) == ("+o1 -o1 +o2 -o2", NOON + 5)


def test_why_nobody_goes_is_recorded_when_it_changes() -> None:
    town = two_riders()
    hold = HoldIntent(order_id=O1, verdict="not_yet", planned_rider_id=R1, help="wait")
    events = town.do(ApplyPlan(tick=1, holds=(hold,)))
    assert events[0] == OrderHeld(order_id=O1, verdict="not_yet", planned_rider_id=R1, help="wait")
    assert (town.order().dispatch, town.order().verdict) == (DispatchStatus.HELD, "not_yet")
    assert kinds(town.do(ApplyPlan(tick=2, holds=(replace(hold, until=NOON + 9),)))) == ["TickDecided"]
    assert kinds(town.do(ApplyPlan(tick=3, holds=(replace(hold, verdict="barred"),))))[0] == "OrderHeld"
    town.given("r1", "o1")
    assert (town.order().verdict, town.order().planned_rider_id) == ("", None)
    assert kinds(town.do(ApplyPlan(tick=4, holds=(hold,)))) == ["TickDecided"]


def test_offers_are_withdrawn_before_new_ones_are_made() -> None:
    town = two_riders()
    offer_id = town.offered("r1", "o1")
    plan = ApplyPlan(tick=1, withdraw=(offer_id,), offers=(town.intent("r2", "o1"),))
    assert kinds(town.do(plan)) == ["OfferWithdrawn", "OfferMade", "TickDecided"]
    assert town.market.state.offer(offer_id).status is OfferStatus.WITHDRAWN
    assert kinds(town.do(replace(plan, offers=()))) == ["TickDecided"]
