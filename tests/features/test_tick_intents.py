"""What a tick does about its plan: who is asked now, who waits, what changes hands; and what an unsound plan does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest

from dispatch.engine.dispatcher import Dispatcher, Solver, UnsoundPlanError
from dispatch.engine.policy import LoopParams, Policy
from dispatch.geo.travel import StraightLine
from dispatch.model.commands import AcceptOffer, DeclineOffer, PauseRider, RegisterRider, StartLeg, StartShift
from dispatch.model.events import Event, OfferMade, OrderHeld, OrderUnassigned, TickDecided
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import Order, OrderId
from dispatch.model.override import OverrideKind
from dispatch.model.place import Place
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from dispatch.units import DAY_S, HOUR_S, MINUTE_S
from tests.support.builders import DOOR, KITCHEN, MARKET, NOON, a_rider, a_shift, an_order
from tests.support.plans import plan_of, rows_of
from tests.support.towns import Town, an_override, kinds, snapshot

Kind = TypeVar("Kind", bound=Event)

R1, R2 = RiderId("r1"), RiderId("r2")
O1, O2 = OrderId("o1"), OrderId("o2")
POLICY = Policy(name="test", version=1)
NEXT_DOOR = Place(DOOR.latitude + 0.001, DOOR.longitude)


class Fixed:
    """A solver that gives each rider these tasks ("+o1 -o1"), with right times, whatever that means."""

    def __init__(self, **tasks: str) -> None:
        self.tasks = tasks

    def __call__(self, problem: Problem, params: Params, *, seed: int) -> Plan:
        rows = []
        for rider_id in problem.rider_ids:
            words = self.tasks.get(rider_id, "").split()
            rows.append([(problem.order_ids.index(word[1:]), int(word[0] == "-")) for word in words])
        return plan_of(problem, rows)


class Changing:
    """A solver that can be changed for another between two ticks."""

    def __init__(self, solver: Solver) -> None:
        self.now = solver

    def __call__(self, problem: Problem, params: Params, *, seed: int) -> Plan:
        return self.now(problem, params, seed=seed)


def dispatcher(
    town: Town, *, solver: Solver = solve, loop: LoopParams | None = None, at_once: bool = False
) -> Dispatcher:
    policy = POLICY if loop is None else replace(POLICY, loop=loop)
    return Dispatcher(town.market, StraightLine(), policy, solver, checked=True, accepts_at_once=at_once)


def tick(ticking: Dispatcher) -> list[Event]:
    """The events of one tick."""
    return [recorded.event for recorded in ticking.tick()]


def only(events: list[Event], kind: type[Kind]) -> Kind:
    """The one event of that kind."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


def ready_now(order_id: str = "o1") -> Order:
    """An order whose rider has to leave at once."""
    return an_order(order_id, ready_at=NOON)


def ready_in(minutes: int, order_id: str = "o1") -> Order:
    """An order whose rider, four minutes away, has time."""
    return an_order(order_id, ready_at=NOON + minutes * MINUTE_S)


def join(town: Town, rider_id: str, place: Place) -> None:
    """One more rider, standing there."""
    town.do(RegisterRider(rider=a_rider(rider_id)))
    town.do(StartShift(rider_id=RiderId(rider_id), shift=a_shift(rider_id, start=place)))


def test_nothing_to_plan_is_nothing_to_record() -> None:
    town = Town()
    before = town.log.last_seq(MARKET)
    assert dispatcher(town).tick() == ()
    assert town.log.last_seq(MARKET) == before


def test_a_rider_who_has_to_leave_is_asked() -> None:
    town = Town()
    town.placed(ready_now())
    events = tick(dispatcher(town))
    assert kinds(events) == ["OfferMade", "TickDecided"]
    offer = only(events, OfferMade)
    assert (offer.rider_id, offer.order_ids, offer.expires_at) == (R1, (O1,), NOON + POLICY.loop.offer_s)
    assert [task.order_id for task in offer.tasks] == [O1, O1]
    assert offer.depart_at == NOON


def test_what_a_tick_was_about_is_recorded() -> None:
    town = Town("r1", "r2")
    town.placed(ready_now("o1"), an_order("o2", ready_at=NOON + DAY_S))
    decided = only(tick(dispatcher(town)), TickDecided)
    assert (decided.tick, decided.planned, decided.held) == (1, 1, 1)
    assert (decided.problem_orders, decided.problem_riders) == (2, 2)
    assert decided.cost > 0


def test_riders_who_are_not_asked_are_sent() -> None:
    town = Town()
    town.placed(ready_now())
    assert kinds(tick(dispatcher(town, at_once=True))) == ["OrderAssigned", "RoutePlanned", "TickDecided"]
    assert town.tasks() == "+o1 -o1"
    assert town.rider().depart_at == NOON


def test_a_rider_who_need_not_leave_yet_is_only_planned() -> None:
    town = Town()
    town.placed(ready_in(30))
    ticking = dispatcher(town)
    events = tick(ticking)
    assert kinds(events) == ["OrderHeld", "TickDecided"]
    held = only(events, OrderHeld)
    assert (held.verdict, held.planned_rider_id) == ("planned", R1)
    assert held.until is not None
    assert NOON + 25 * MINUTE_S < held.until < NOON + 30 * MINUTE_S
    assert town.order().dispatch is DispatchStatus.HELD
    assert town.tasks() == ""
    assert kinds(tick(ticking)) == ["TickDecided"]


def test_an_order_is_given_when_its_rider_has_to_leave_within_the_next_moments() -> None:
    town = Town()
    town.placed(ready_in(30))
    ticking = dispatcher(town, loop=LoopParams(commit_s=60))
    leave_at = only(tick(ticking), OrderHeld).until
    assert leave_at is not None
    town.clock.set(leave_at - 60)
    assert kinds(tick(ticking)) == ["TickDecided"]
    town.wait(1)
    assert only(tick(ticking), OfferMade).depart_at == leave_at


def test_an_order_that_has_waited_long_is_given_even_if_there_is_time() -> None:
    town = Town()
    town.placed(ready_in(40))
    ticking = dispatcher(town, loop=LoopParams(commit_age_s=300))
    town.wait(299)
    assert kinds(tick(ticking)) == ["OrderHeld", "TickDecided"]
    town.wait(1)
    assert kinds(tick(ticking)) == ["OfferMade", "TickDecided"]


def test_only_what_is_given_is_told_and_what_is_planned_stays_planned() -> None:
    town = Town()
    town.placed(ready_now("o1"), ready_in(40, "o2"))
    events = tick(dispatcher(town, solver=Fixed(r1="+o1 -o1 +o2 -o2")))
    assert kinds(events) == ["OfferMade", "OrderHeld", "TickDecided"]
    offer = only(events, OfferMade)
    assert offer.order_ids == (O1,)
    assert {task.order_id for task in offer.tasks} == {O1}
    assert only(events, OrderHeld).order_id == O2


def test_an_order_nobody_may_have_is_held_with_the_reason() -> None:
    town = Town()
    town.placed(ready_now())
    town.do(an_override(OverrideKind.BAR, order_id="o1", rider_id="r1"))
    assert only(tick(dispatcher(town)), OrderHeld) == OrderHeld(order_id=O1, verdict="barred")


def test_an_order_stays_with_its_rider_while_a_better_one_is_asked() -> None:
    town = Town("r1", "r2")
    town.placed(ready_now())
    town.given("r1", "o1")
    ticking = dispatcher(town, solver=Fixed(r2="+o1 -o1"))
    assert kinds(tick(ticking)) == ["OfferMade", "TickDecided"]
    assert (town.order().dispatch, town.order().rider_id, town.tasks()) == (DispatchStatus.ASSIGNED, R1, "+o1 -o1")
    assert kinds(tick(ticking)) == ["TickDecided"]
    assert town.tasks() == "+o1 -o1"


def test_the_route_of_a_rider_stays_as_it_is_while_another_is_asked_about_an_order_of_it() -> None:
    town = Town("r1", "r2")
    town.placed(ready_now("o1"), an_order("o2", dropoff=NEXT_DOOR))
    town.given("r1", "o1", "o2")
    town.offered("r2", "o1")
    solver = Changing(Fixed(r1="+o2 -o2", r2="+o1 -o1"))
    ticking = dispatcher(town, solver=solver)
    assert kinds(tick(ticking)) == ["TickDecided"]
    assert town.tasks() == "+o1 +o2 -o1 -o2"


def test_two_riders_change_their_orders() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.given("r1", "o1")
    town.given("r2", "o2")
    tick(dispatcher(town, solver=Fixed(r1="+o2 -o2", r2="+o1 -o1"), at_once=True))
    assert (town.tasks("r1"), town.tasks("r2")) == ("+o2 -o2", "+o1 -o1")


def an_hour_away() -> Town:
    """Rider r1 has the order and needs an hour to its merchant."""
    town = Town("r1")
    town.placed(ready_now())
    town.given("r1", "o1")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + HOUR_S))
    return town


def test_the_solver_moves_an_order_to_who_comes_by() -> None:
    town = an_hour_away()
    ticking = dispatcher(town)
    assert kinds(tick(ticking)) == ["TickDecided"]
    join(town, "r2", KITCHEN)
    assert kinds(tick(ticking)) == ["OfferMade", "TickDecided"]
    assert town.market.state.riders[R2].offers


def test_a_pinned_order_stays_whoever_comes_by() -> None:
    town = an_hour_away()
    town.do(an_override(OverrideKind.PIN, order_id="o1"))
    join(town, "r2", KITCHEN)
    assert kinds(tick(dispatcher(town))) == ["TickDecided"]
    assert town.order().rider_id == R1


def test_an_order_that_its_plan_leaves_out_is_taken_back_and_held() -> None:
    town = Town("r1")
    town.placed("o1")
    town.given("r1", "o1")
    events = tick(dispatcher(town, solver=Fixed()))
    assert events[:-1] == [
        OrderUnassigned(order_id=O1, rider_id=R1, reason=UnassignReason.REPLANNED),
        OrderHeld(order_id=O1, verdict="not_yet"),
    ]
    assert town.order().dispatch is DispatchStatus.HELD


def test_an_order_held_by_a_person_is_not_offered_until_it_is_released() -> None:
    town = Town()
    town.placed(ready_now())
    town.do(an_override(OverrideKind.HOLD, order_id="o1"))
    ticking = dispatcher(town)
    assert tick(ticking) == []
    town.do(an_override(OverrideKind.RELEASE, order_id="o1"))
    assert kinds(tick(ticking)) == ["OfferMade", "TickDecided"]


def test_an_order_is_offered_once_while_the_rider_thinks() -> None:
    town = Town("r1", "r2")
    town.placed(ready_now())
    ticking = dispatcher(town)
    offer = only(tick(ticking), OfferMade)
    assert kinds(tick(ticking)) == ["TickDecided"]
    town.do(AcceptOffer(rider_id=offer.rider_id, offer_id=offer.offer_id))
    assert town.tasks(offer.rider_id) == "+o1 -o1"


def test_an_order_that_was_declined_is_offered_to_another_and_then_to_nobody() -> None:
    town = Town("r1", "r2")
    town.placed(ready_now())
    ticking = dispatcher(town)
    asked = []
    for _ in range(2):
        offer = only(tick(ticking), OfferMade)
        asked.append(offer.rider_id)
        town.do(DeclineOffer(rider_id=offer.rider_id, offer_id=offer.offer_id))
    assert sorted(asked) == [R1, R2]
    assert only(tick(ticking), OrderHeld) == OrderHeld(order_id=O1, verdict="barred")


def paused(town: Town) -> None:
    town.do(PauseRider(rider_id=R1))


def barred(town: Town) -> None:
    town.do(an_override(OverrideKind.BAR, order_id="o2", rider_id="r1"))


def pinned(town: Town) -> None:
    town.do(an_override(OverrideKind.PIN, order_id="o2", rider_id="r2"))


@pytest.mark.parametrize("happened", [paused, barred, pinned], ids=lambda happened: happened.__name__)
def test_an_order_planned_with_a_rider_who_may_not_have_it_any_more_goes_to_another(
    happened: Callable[[Town], None],
) -> None:
    """The plan had it behind what the rider carries, and had told nobody yet."""
    town = Town("r1", "r2")
    town.placed(ready_now("o1"), an_order("o2", ready_at=NOON + 30 * MINUTE_S, dropoff=NEXT_DOOR))
    town.given("r1", "o1")
    solver = Changing(Fixed(r1="+o1 -o1 +o2 -o2"))
    ticking = dispatcher(town, solver=solver)
    tick(ticking)
    assert town.order("o2").planned_rider_id == R1
    happened(town)
    solver.now = solve
    tick(ticking)
    assert town.order("o2").planned_rider_id == R2


def test_a_rider_is_told_another_sequence_once() -> None:
    town = Town()
    town.placed("o1", an_order("o2", dropoff=NEXT_DOOR))
    town.given("r1", "o1", "o2")
    ticking = dispatcher(town, solver=Fixed(r1="+o1 +o2 -o2 -o1"))
    assert kinds(tick(ticking)) == ["RoutePlanned", "TickDecided"]
    assert town.tasks() == "+o1 +o2 -o2 -o1"
    assert kinds(tick(ticking)) == ["TickDecided"]


def lose_what_is_on_board(problem: Problem, plan: Plan) -> Plan:
    return plan_of(problem, [[task for task in row if task[0] != 0] for row in rows_of(plan.routes)])


def give_to_barred(problem: Problem, plan: Plan) -> Plan:
    rows = rows_of(plan.routes)
    rows[problem.rider_ids.index("r2")] += [(1, 0), (1, 1)]
    return plan_of(problem, rows)


def lie_about_times(problem: Problem, plan: Plan) -> Plan:
    return replace(plan, event_at=plan.event_at + 1)


def lie_about_verdicts(problem: Problem, plan: Plan) -> Plan:
    return replace(plan, verdict=np.full_like(plan.verdict, Verdict.NOT_YET))


def drop_a_time(problem: Problem, plan: Plan) -> Plan:
    return replace(plan, leave_at=plan.leave_at[:-1])


@pytest.mark.parametrize(
    "spoil",
    [lose_what_is_on_board, give_to_barred, lie_about_times, lie_about_verdicts, drop_a_time],
    ids=lambda spoil: spoil.__name__,
)
def test_an_unsound_plan_is_refused_and_nothing_is_recorded(spoil: Callable[[Problem, Plan], Plan]) -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.on_board("r1", "o1")
    for rider_id in ("r1", "r2"):
        town.do(an_override(OverrideKind.BAR, order_id="o2", rider_id=rider_id))
    kept: list[Plan] = []

    def keep(problem: Problem, params: Params, seed: int, plan: Plan) -> str:
        kept.append(plan)
        return f"record {len(kept)}"

    def spoiled(problem: Problem, params: Params, *, seed: int) -> Plan:
        return spoil(problem, solve(problem, params, seed=seed))

    before, last = snapshot(town.market.state), town.log.last_seq(MARKET)
    solver = Changing(spoiled)
    ticking = Dispatcher(town.market, StraightLine(), POLICY, solver, checked=True, keep=keep)
    with pytest.raises(UnsoundPlanError, match="tick 1 breaks") as caught:
        ticking.tick()
    assert caught.value.code == "unsound_plan"
    assert len(kept) == 1
    assert snapshot(town.market.state) == before
    assert town.log.last_seq(MARKET) == last
    solver.now = solve
    decided = only(tick(ticking), TickDecided)
    assert (decided.tick, decided.record_id) == (2, "record 2")


def test_seeds_differ_from_tick_to_tick_and_are_the_same_in_every_run() -> None:
    def run() -> list[int]:
        town, seeds = Town(), list[int]()
        town.placed("o1")

        def watching(problem: Problem, params: Params, *, seed: int) -> Plan:
            seeds.append(seed)
            return solve(problem, params, seed=seed)

        ticking = Dispatcher(town.market, StraightLine(), POLICY, watching, seed=10)
        for _ in range(3):
            ticking.tick()
        return seeds

    assert run() == run() == [11, 12, 13]


def test_another_dispatcher_goes_on_counting_where_the_market_is() -> None:
    town = Town()
    town.placed("o1")
    assert [only(tick(dispatcher(town)), TickDecided).tick for _ in range(2)] == [1, 2]
