"""What a tick sees of a market: every state an order and a rider can be in, as rows of the problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dispatch.engine.policy import LoopParams
from dispatch.engine.snapshot import Planned, snapshot
from dispatch.geo.travel import StraightLine
from dispatch.model.actor import ActorKind
from dispatch.model.commands import (
    AcceptOrder,
    ApplyPlan,
    CancelOrder,
    ConfirmDropoff,
    ConfirmPickup,
    DeclineOffer,
    FailDelivery,
    HoldIntent,
    PauseRider,
    RegisterRider,
    ReportPositions,
    ReportProblem,
    ResumeRider,
    StartLeg,
    StartShift,
)
from dispatch.model.order import Handling, MerchantId, OrderId, Vehicle, ZoneId
from dispatch.model.override import OverrideKind
from dispatch.model.place import Place, Position
from dispatch.model.reasons import CancelReason, FailureReason, ProblemKind
from dispatch.model.rider import RiderId, Task, TaskKind
from dispatch.solver.problem import DROPOFF, EVERYWHERE, FIXED, ON_BOARD, OPEN, PICKUP, Problem
from dispatch.solver.rules import Rules
from dispatch.units import HOUR_S, MINUTE_S
from tests.support.builders import CORNER, DOOR, KITCHEN, NOON, a_rider, a_shift, a_store_pickup, an_order
from tests.support.towns import Town, an_override

R1, R2 = RiderId("r1"), RiderId("r2")
O1, O2 = OrderId("o1"), OrderId("o2")
TRAVEL = StraightLine()


def seen(town: Town, planned: Planned | None = None, rules: Rules | None = None) -> Problem:
    """The problem of the market now."""
    return snapshot(town.market.state, town.clock.now(), TRAVEL, rules or Rules(), LoopParams(), planned or {})


def row_of(problem: Problem, order_id: str = "o1") -> tuple[str, int]:
    """(the rider who has the order or "", its state)."""
    number = problem.order_ids.index(order_id)
    rider, state = int(problem.orders.rider[number]), int(problem.orders.state[number])
    return ("" if rider < 0 else problem.rider_ids[rider]), state


def route_of(problem: Problem, rider_id: str = "r1") -> str:
    """A rider's route in the problem as "+o1 -o1"."""
    rider = problem.rider_ids.index(rider_id)
    span = slice(int(problem.routes.start[rider]), int(problem.routes.start[rider + 1]))
    tasks = zip(problem.routes.order[span].tolist(), problem.routes.kind[span].tolist(), strict=True)
    return " ".join("+-"[kind] + problem.order_ids[order] for order, kind in tasks)


def same_place(problem: Problem, number: int, place: Place) -> bool:
    """Whether a place of the problem is that place."""
    point = TRAVEL.table(np.array([[place.latitude, place.longitude]])).points[0]
    return bool(np.allclose(problem.travel.points[number], point))


def pairs_barred(problem: Problem) -> set[tuple[str, str]]:
    return {(problem.order_ids[order], problem.rider_ids[rider]) for order, rider in problem.bars.tolist()}


def accepting(problem: Problem) -> dict[str, bool]:
    return dict(zip(problem.rider_ids, (problem.riders.accepts == 1).tolist(), strict=True))


def tasks_of(text: str) -> tuple[Task, ...]:
    return tuple(
        Task(OrderId(word[1:]), TaskKind.PICKUP if word[0] == "+" else TaskKind.DROPOFF) for word in text.split()
    )


def test_an_empty_market_is_an_empty_problem() -> None:
    town = Town()
    town.do(PauseRider(rider_id=R1))
    problem = seen(town)
    assert (problem.order_ids, problem.rider_ids) == ((), ())
    assert problem.bars.shape == (0, 2)


def test_an_open_order_and_a_rider_at_the_corner() -> None:
    town = Town()
    town.placed(
        an_order(
            size=2,
            priority=1,
            not_before_at=NOON + HOUR_S,
            vehicles=frozenset({Vehicle.WALK, Vehicle.CAR}),
            pickup_handling=Handling(10, 20),
            dropoff_handling=Handling(30, 40),
        )
    )
    problem = seen(town)
    orders = {name: column.tolist() for name, column in problem.orders._asdict().items()}
    del orders["pickup"], orders["dropoff"], orders["merchant"]
    assert orders == {
        "placed_at": [NOON],
        "ready_at": [NOON + 10 * MINUTE_S],
        "due_at": [NOON + 40 * MINUTE_S],
        "not_before_at": [NOON + HOUR_S],
        "size": [2],
        "vehicles": [1 << TRAVEL.profiles.index("walk") | 1 << TRAVEL.profiles.index("car")],
        "zones": [EVERYWHERE],
        "priority": [1],
        "pickup_before_s": [10],
        "pickup_after_s": [20],
        "dropoff_before_s": [30],
        "dropoff_after_s": [40],
        "rider": [-1],
        "state": [OPEN],
    }
    assert same_place(problem, int(problem.orders.pickup[0]), KITCHEN)
    assert same_place(problem, int(problem.orders.dropoff[0]), DOOR)
    riders = problem.riders
    assert same_place(problem, int(riders.place[0]), CORNER)
    assert (riders.free_at.tolist(), riders.off_at.tolist()) == ([NOON], [NOON + 8 * HOUR_S])
    assert (riders.capacity.tolist(), riders.accepts.tolist()) == ([3], [1])
    assert riders.profile.tolist() == [TRAVEL.profiles.index("motorcycle")]
    assert riders.heading_trust.tolist() == [0.0]
    assert route_of(problem) == ""
    assert problem.now == NOON


def test_the_kitchen_and_the_dispatcher_may_change_what_was_ordered() -> None:
    town = Town()
    town.placed("o1")
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 1234))
    town.do(replace(an_override(OverrideKind.PRIORITISE, order_id="o1"), priority=7))
    problem = seen(town)
    assert (problem.orders.ready_at.tolist(), problem.orders.priority.tolist()) == ([NOON + 1234], [7])


def test_what_dispatch_has_nothing_to_do_with_is_not_there() -> None:
    town = Town()
    town.placed("o1", "o2", a_store_pickup("o3"))
    town.do(CancelOrder(order_id=O1, by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    assert seen(town).order_ids == ("o2",)
    town.on_board("r1", "o2")
    town.ride()
    town.do(ConfirmDropoff(rider_id=R1, order_id=O2))
    assert seen(town).order_ids == ()


def test_an_offered_order_is_fixed_in_the_route_of_who_was_asked() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.offered("r2", "o1", "o2")
    problem = seen(town)
    assert (row_of(problem, "o1"), row_of(problem, "o2")) == (("r2", FIXED), ("r2", FIXED))
    assert route_of(problem, "r2") == "+o1 -o1 +o2 -o2"


def test_an_offered_order_goes_where_the_last_plan_had_it() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1")
    town.offered("r1", "o2")
    planned = {R1: tasks_of("+o1 +o2 -o2 -o1")}
    assert route_of(seen(town, planned)) == "+o1 +o2 -o2 -o1"
    assert route_of(seen(town)) == "+o1 -o1 +o2 -o2"


def over(town: Town) -> None:
    town.wait(8 * HOUR_S)


def in_traffic(town: Town) -> None:
    town.do(ReportProblem(rider_id=R1, kind=ProblemKind.TRAFFIC))


@pytest.mark.parametrize("happened", [over, in_traffic], ids=lambda happened: happened.__name__)
def test_an_offer_still_out_keeps_its_rider_in_the_problem(happened: Callable[[Town], None]) -> None:
    """The order is not lost between an offer nobody has answered and a rider who gets nothing new."""
    town = Town("r1", "r2")
    town.placed("o1")
    town.offered("r1", "o1", offer_s=9 * HOUR_S)
    happened(town)
    problem = seen(town)
    assert row_of(problem) == ("r1", FIXED)
    assert route_of(problem) == "+o1 -o1"
    assert accepting(problem)["r1"] is False


def test_an_assigned_order_may_still_go_to_another_rider() -> None:
    town = Town()
    town.placed("o1")
    town.given("r1", "o1")
    problem = seen(town)
    assert row_of(problem) == ("r1", OPEN)
    assert route_of(problem) == "+o1 -o1"
    assert problem.routes.frozen.tolist() == [0]


def test_who_is_under_way_is_free_where_and_when_the_leg_ends() -> None:
    town = Town()
    town.placed("o1")
    town.given("r1", "o1")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 300))
    town.wait(60)
    problem = seen(town)
    assert row_of(problem) == ("r1", OPEN)
    assert same_place(problem, int(problem.riders.place[0]), KITCHEN)
    assert problem.riders.free_at.tolist() == [NOON + 300]
    assert problem.changed is not None
    town.wait(600)
    assert seen(town).riders.free_at.tolist() == [town.clock.now()]


def test_the_direction_fades_with_the_age_of_the_last_word() -> None:
    town = Town()
    town.placed("o1")
    town.given("r1", "o1")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 1000))
    problem = seen(town)
    corner, kitchen = (TRAVEL.table(np.array([[p.latitude, p.longitude]])).points[0] for p in (CORNER, KITCHEN))
    assert problem.riders.heading[0] == pytest.approx((kitchen - corner) / np.linalg.norm(kitchen - corner))
    assert problem.riders.heading_trust.tolist() == [1.0]
    town.wait(120)
    assert seen(town).riders.heading_trust.tolist() == [0.5]
    here = Position(place=CORNER, occurred_at=NOON + 120)
    town.do(ReportPositions(rider_id=R1, positions=(here,)))
    assert seen(town).riders.heading_trust.tolist() == [1.0]
    town.wait(240)
    assert seen(town).riders.heading_trust.tolist() == [0.25]


def test_what_is_on_board_has_only_its_drop_off_left() -> None:
    town = Town()
    handled = an_order("o1", pickup_handling=Handling(after_s=90))
    town.placed(handled, "o2")
    town.given("r1", "o1", "o2")
    town.ride()
    town.do(ConfirmPickup(rider_id=R1, order_ids=(O1,)))
    problem = seen(town)
    assert (row_of(problem, "o1"), row_of(problem, "o2")) == (("r1", ON_BOARD), ("r1", OPEN))
    assert route_of(problem) == "+o2 -o1 -o2"
    assert problem.riders.free_at.tolist() == [town.clock.now() + 90]
    assert same_place(problem, int(problem.riders.place[0]), KITCHEN)


def test_a_drop_off_under_way_stays_first_and_a_promised_sequence_stays_whole() -> None:
    town = Town()
    town.placed("o1", an_order("o2", dropoff=Place(4.7, -74.04)))
    town.on_board("r1", "o1", "o2")
    one_merchant = Rules(one_merchant_on_board=True)
    assert seen(town).routes.frozen.tolist() == [0]
    assert seen(town, rules=one_merchant).routes.frozen.tolist() == [2]
    town.do(StartLeg(rider_id=R1, arrives_at=town.clock.now() + 500))
    assert seen(town).routes.frozen.tolist() == [1]
    assert seen(town, rules=one_merchant).routes.frozen.tolist() == [2]


def test_food_on_its_way_back_is_brought_to_its_merchant() -> None:
    town = Town()
    town.placed("o1")
    town.on_board("r1", "o1")
    town.ride()
    town.do(FailDelivery(rider_id=R1, order_id=O1, reason=FailureReason.CUSTOMER_ABSENT))
    problem = seen(town)
    assert row_of(problem) == ("r1", ON_BOARD)
    assert route_of(problem) == "-o1"
    assert same_place(problem, int(problem.orders.dropoff[0]), KITCHEN)


def test_who_is_paused_keeps_what_there_is_and_gets_nothing() -> None:
    town = Town("r1", "r2", "r3")
    town.placed("o1")
    town.given("r1", "o1")
    town.do(PauseRider(rider_id=R1))
    town.do(PauseRider(rider_id=R2))
    town.do(ReportProblem(rider_id=RiderId("r3"), kind=ProblemKind.BREAKDOWN))
    problem = seen(town)
    assert accepting(problem) == {"r1": False}
    assert route_of(problem) == "+o1 -o1"
    town.do(ResumeRider(rider_id=R2))
    assert accepting(seen(town)) == {"r1": False, "r2": True}


def test_a_pause_ends_by_itself() -> None:
    town = Town()
    town.do(PauseRider(rider_id=R1, until=NOON + 60))
    assert accepting(seen(town)) == {}
    town.wait(60)
    assert accepting(seen(town)) == {"r1": True}


def test_after_the_shift_only_those_with_something_left_are_there() -> None:
    town = Town("r1", "r2")
    town.placed("o1")
    town.given("r1", "o1")
    town.wait(8 * HOUR_S)
    assert accepting(seen(town)) == {"r1": False}


def test_a_pinned_order_stays_with_its_rider_and_bars_the_others_until_the_pin_ends() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.given("r1", "o1")
    for order_id, rider_id in (("o1", "r1"), ("o2", "r2")):
        pin = an_override(OverrideKind.PIN, order_id=order_id, rider_id=rider_id)
        town.do(replace(pin, until=NOON + 600))
    problem = seen(town)
    assert row_of(problem, "o1") == ("r1", FIXED)
    assert row_of(problem, "o2") == ("", OPEN)
    assert pairs_barred(problem) == {("o1", "r2"), ("o2", "r1")}
    town.wait(600)
    problem = seen(town)
    assert row_of(problem, "o1") == ("r1", OPEN)
    assert pairs_barred(problem) == set()


def test_bars_of_orders_and_merchants_and_declined_offers_keep_riders_away() -> None:
    town = Town("r1", "r2", "r3", "r4")
    town.placed("o1", an_order("o2", merchant_id=MerchantId("m2")))
    town.do(an_override(OverrideKind.BAR, order_id="o2", rider_id="r1"))
    town.do(replace(an_override(OverrideKind.BAR, rider_id="r2"), merchant_id=MerchantId("m1")))
    offer = town.offered("r3", "o1")
    town.do(DeclineOffer(rider_id=RiderId("r3"), offer_id=offer))
    assert pairs_barred(seen(town)) == {("o2", "r1"), ("o1", "r2"), ("o1", "r3")}
    assert row_of(seen(town)) == ("", OPEN)


def test_an_order_held_by_a_person_is_left_out_and_one_held_by_a_plan_is_not() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.do(replace(an_override(OverrideKind.HOLD, order_id="o1"), until=NOON + 600))
    town.do(ApplyPlan(tick=1, holds=(HoldIntent(order_id=O2, verdict="not_yet"),)))
    assert seen(town).order_ids == ("o2",)
    town.wait(600)
    assert seen(town).order_ids == ("o1", "o2")


def test_an_order_only_planned_keeps_its_place_while_it_may() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.given("r1", "o1")
    planned = {R1: tasks_of("+o1 +o2 -o1 -o2"), R2: ()}
    problem = seen(town, planned)
    assert route_of(problem) == "+o1 +o2 -o1 -o2"
    assert row_of(problem, "o2") == ("", OPEN)
    assert problem.changed is not None
    assert problem.changed.tolist() == [0, 0]
    town.do(an_override(OverrideKind.PIN, order_id="o2", rider_id="r2"))
    assert route_of(seen(town, planned)) == "+o1 -o1"


def test_an_order_planned_here_and_given_there_is_there() -> None:
    town = Town("r1", "r2")
    town.placed("o1")
    town.given("r2", "o1")
    problem = seen(town, {R1: tasks_of("+o1 -o1"), R2: ()})
    assert (route_of(problem, "r1"), route_of(problem, "r2")) == ("", "+o1 -o1")
    assert problem.changed is not None
    assert problem.changed.tolist() == [1, 1]


def test_a_plan_that_no_longer_agrees_with_the_rider_gives_way() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1", "o2")
    assert route_of(seen(town, {R1: tasks_of("+o2 +o1 -o2 -o1")})) == "+o1 +o2 -o1 -o2"


def test_what_was_done_as_planned_is_no_change() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1", "o2")
    planned = {R1: town.rider().tasks}
    town.ride()
    town.do(ConfirmPickup(rider_id=R1, order_ids=(O1,)))
    problem = seen(town, planned)
    assert problem.changed is not None
    assert problem.changed.tolist() == [0]
    assert route_of(problem) == "+o2 -o1 -o2"


def test_an_order_called_off_is_a_change_for_who_was_to_bring_it() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.given("r1", "o1", "o2")
    planned = {R1: tasks_of("+o1 -o1 +o2 -o2"), R2: ()}
    town.do(CancelOrder(order_id=O1, by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    problem = seen(town, planned)
    assert problem.changed is not None
    assert dict(zip(problem.rider_ids, problem.changed.tolist(), strict=True)) == {"r1": 1, "r2": 0}


def test_who_is_late_is_a_change() -> None:
    town = Town()
    town.placed("o1")
    town.given("r1", "o1")
    planned = {R1: town.rider().tasks}
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 300))
    found = []
    for wait_s in (300, 1):
        town.wait(wait_s)
        changed = seen(town, planned).changed
        assert changed is not None
        found += changed.tolist()
    assert found == [0, 1]


def test_zones_bind_who_has_any() -> None:
    town = Town("r9")
    north, south = ZoneId("north"), ZoneId("south")
    for rider_id, zones in (("r1", {north}), ("r2", {north, south})):
        town.do(RegisterRider(rider=a_rider(rider_id, zones=frozenset(zones))))
        town.do(StartShift(rider_id=RiderId(rider_id), shift=a_shift(rider_id)))
    town.placed(an_order("o1", zones=frozenset({south})), "o2")
    problem = seen(town)
    meets = (problem.orders.zones[:, None] & problem.riders.zones[None, :]) != 0
    names = {name: number for number, name in enumerate(problem.rider_ids)}
    assert [bool(meets[0, names[r]]) for r in ("r9", "r1", "r2")] == [True, False, True]
    assert meets[1].all()


def test_kinds_of_tasks_are_as_the_solver_counts_them() -> None:
    town = Town()
    town.placed("o1")
    town.given("r1", "o1")
    problem = seen(town)
    assert problem.routes.kind.tolist() == [PICKUP, DROPOFF]
    assert problem.routes.start.tolist() == [0, 2]
