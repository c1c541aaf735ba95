"""Hypothesis strategies for commands of all parties to a small market, sensible and senseless."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st

from dispatch.model import commands as c
from dispatch.model.actor import ActorKind
from dispatch.model.events import CaseId, OfferId, Proof, ProofKind
from dispatch.model.lifecycle import DispatchStatus, TaskStatus
from dispatch.model.order import Fulfilment, Handling, MerchantId, Order, OrderId
from dispatch.model.override import NEEDS, OverrideId, OverrideKind, OverrideReason
from dispatch.model.place import Place, Position
from dispatch.model.reasons import (
    CancelReason,
    CaseKind,
    CaseResult,
    CaseStep,
    DeclineReason,
    FailureReason,
    ProblemKind,
    RejectReason,
    UnassignReason,
)
from dispatch.model.rider import RiderId, Task, TaskKind
from dispatch.model.state import MarketState, OrderState
from dispatch.model.stops import both_tasks, first_stop, task_status
from dispatch.units import Instant
from tests.support.builders import CORNER, DOOR, KITCHEN, a_merchant, a_rider, a_shift, an_order

T = TypeVar("T")
Commands = st.SearchStrategy[c.Command]

RIDER_IDS = tuple(RiderId(f"r{number}") for number in range(1, 4))
GARAGE = Place(4.61, -74.08)
MERCHANTS = {MerchantId("m1"): KITCHEN, MerchantId("m2"): CORNER}

_riders = st.sampled_from(RIDER_IDS)
_merchants = st.sampled_from(list(MERCHANTS))
_delays = st.integers(-60, 900)
_handling = st.builds(Handling, st.just(0), st.sampled_from([0, 0, 90]))
_doors = st.sampled_from([DOOR, DOOR, DOOR, GARAGE, GARAGE, None])


def new_orders(state: MarketState, now: Instant) -> st.SearchStrategy[Order]:
    """An order of either merchant, for one of two doors or fetched; seldom under an id that is taken."""
    fresh = OrderId(f"o{len(state.orders) + 1}")
    return _orders_of(st.sampled_from([*(fresh for _ in range(9)), OrderId("o1")]), now)


def kitchen_commands(state: MarketState, now: Instant) -> Commands:
    """What customers and merchants say."""
    orders = _orders(state)
    ready = st.builds(lambda delay: now + delay, _delays)
    fetched = [o for o, order in state.orders.items() if order.order.fulfilment is Fulfilment.STORE_PICKUP]
    return st.one_of(
        st.builds(c.AcceptOrder, order_id=orders, ready_at=ready),
        st.builds(c.StartPreparation, order_id=orders),
        st.builds(c.ChangeReadyTime, order_id=orders, ready_at=ready),
        st.builds(c.MarkReady, order_id=orders),
        st.builds(c.RejectOrder, order_id=orders, reason=st.sampled_from(RejectReason)),
        st.builds(c.CancelOrder, order_id=orders, by=st.sampled_from(ActorKind), reason=st.sampled_from(CancelReason)),
        st.builds(c.CollectOrder, order_id=st.sampled_from(fetched or [OrderId("o1")])),
        st.builds(c.ChangeOrder, order=_orders_of(orders, now)),
        st.builds(_edited, st.sampled_from([*state.orders.values()][-6:]), st.text("abc", max_size=2)),
        st.builds(c.RegisterMerchant, merchant=st.builds(a_merchant, _merchants)),
    )


def rider_commands(state: MarketState, now: Instant) -> Commands:
    """What riders say, in turn or out of turn."""
    orders, offers = _orders(state), _some(state.offers, OfferId("offer-0"))
    places = st.sampled_from([KITCHEN, CORNER, DOOR])
    at = st.builds(lambda delay: now + delay, _delays)
    has = [(rider_id, task.order_id) for rider_id, rider in state.riders.items() for task in rider.tasks]
    pairs = st.sampled_from(has) if has else st.tuples(_riders, orders)
    made = [(offer.rider_id, offer_id) for offer_id, offer in state.offers.items()][-4:]
    answers = st.sampled_from(made) if made else st.tuples(_riders, offers)
    fails, declines = st.sampled_from(FailureReason), st.sampled_from(DeclineReason)
    return st.one_of(
        st.builds(c.AcceptOffer, rider_id=_riders, offer_id=offers),
        st.builds(lambda pair, why: c.DeclineOffer(rider_id=pair[0], offer_id=pair[1], reason=why), answers, declines),
        st.builds(c.ExpireOffer, offer_id=offers),
        st.builds(c.StartLeg, rider_id=_riders, arrives_at=at, destination=st.none() | places),
        st.builds(c.Arrive, rider_id=_riders),
        st.builds(c.ConfirmPickup, rider_id=_riders, order_ids=st.tuples(orders)),
        st.builds(c.ConfirmDropoff, rider_id=_riders, order_id=orders),
        st.builds(c.ConfirmReturn, rider_id=_riders, order_id=orders),
        st.builds(_taken_back, st.sampled_from([*state.orders.values()][-6:]), _riders, st.sampled_from(TaskKind)),
        st.builds(lambda pair, why: c.FailDelivery(rider_id=pair[0], order_id=pair[1], reason=why), pairs, fails),
        st.builds(c.ReportProblem, rider_id=_riders, kind=st.sampled_from(ProblemKind), order_id=st.none() | orders),
    )


def presence_commands(now: Instant) -> Commands:
    """Riders come and go."""
    shifts = st.builds(a_shift, _riders)
    seen = st.builds(Position, st.just(KITCHEN), st.builds(lambda delay: now + delay, _delays))
    return st.one_of(
        st.builds(lambda shift: c.StartShift(rider_id=shift.rider_id, shift=shift), shifts),
        st.builds(c.PlanShift, shift=shifts),
        st.builds(c.EndShift, rider_id=_riders),
        st.builds(c.RegisterRider, rider=st.builds(a_rider, _riders)),
        st.builds(c.ReportPositions, rider_id=_riders, positions=st.lists(seen, max_size=2).map(tuple)),
        st.builds(c.PauseRider, rider_id=_riders, until=_untils(now)),
        st.builds(c.ResumeRider, rider_id=_riders),
        st.builds(c.LoseRider, rider_id=_riders),
        st.builds(c.LoseFood, rider_id=_riders, redeliver=st.booleans()),
    )


def case_commands(state: MarketState) -> Commands:
    """Customer service and operations."""
    cases = _some(state.cases, CaseId("case-0"))
    return st.one_of(
        st.builds(c.OpenCase, kind=st.sampled_from(CaseKind), order_id=st.none() | _orders(state)),
        st.builds(c.TakeCaseStep, case_id=cases, step=st.sampled_from(CaseStep)),
        st.builds(c.CloseCase, case_id=cases, result=st.sampled_from(CaseResult)),
        st.builds(c.ChangePolicy, name=st.sampled_from(["calm", "rain"]), version=st.integers(1, 2)),
    )


def overrides(state: MarketState, now: Instant) -> Commands:
    """Dispatchers decide: mostly with what the kind needs, sometimes with too little or too much."""
    orders = _orders(state)
    return st.sampled_from(OverrideKind).flatmap(
        lambda kind: st.builds(
            c.MakeOverride,
            kind=st.just(kind),
            reason=st.sampled_from(OverrideReason),
            text=st.sampled_from([*["as asked"] * 9, " "]),
            by=st.just("ana"),
            order_id=orders if "order_id" in NEEDS[kind] else st.none() | orders,
            rider_id=_riders if "rider_id" in NEEDS[kind] else st.none() | _riders,
            merchant_id=st.none() | _merchants if kind in (OverrideKind.BAR, OverrideKind.UNBAR) else st.none(),
            priority=st.integers(0, 9),
            until=_untils(now),
            undoes=_some(state.overrides, OverrideId("override-0")) if kind is OverrideKind.UNDO else st.none(),
        )
    )


def plans(state: MarketState, now: Instant) -> Commands:
    """Plans made for this market, or for what it might have been."""
    waiting = [o for o, order in state.orders.items() if order.dispatch in (DispatchStatus.OPEN, DispatchStatus.HELD)]
    orders = st.sampled_from(waiting[-4:]) | _orders(state) if waiting else _orders(state)
    offers = st.builds(
        c.OfferIntent,
        rider_id=_riders,
        order_ids=st.lists(orders, min_size=1, max_size=2, unique=True).map(tuple),
        tasks=st.just(()),
        depart_at=st.none() | st.builds(lambda delay: now + delay, _delays),
    ).flatmap(lambda intent: _with_tasks(state, intent))
    holds = st.builds(
        c.HoldIntent, order_id=orders, verdict=st.sampled_from(["not_yet", "barred"]), planned_rider_id=_riders
    )
    leaving = st.tuples(_orders(state), st.sampled_from(UnassignReason))
    return st.builds(
        c.ApplyPlan,
        tick=st.integers(1, 99),
        offers=st.lists(offers, min_size=1, max_size=3).map(tuple),
        unassign=st.lists(leaving, max_size=2).map(tuple),
        routes=st.lists(_riders.flatmap(lambda rider_id: _route(state, rider_id)), max_size=2).map(tuple),
        holds=st.lists(holds, max_size=1).map(tuple),
        beside=st.lists(offers, max_size=2).map(tuple),
        withdraw=st.lists(_some(state.offers, OfferId("offer-0")), max_size=1).map(tuple),
        offer_s=st.sampled_from([0, 60]),
        auto_accept=st.booleans(),
    )


def next_step(state: MarketState, rider_id: RiderId) -> c.Command:
    """What a rider who follows the tasks does next; waits at the garage where there are none."""
    rider = state.riders[rider_id]
    if rider.leg is not None:
        return c.Arrive(rider_id=rider_id)
    stop = first_stop(rider.tasks, state.orders)
    if stop is None:
        return c.StartLeg(rider_id=rider_id, arrives_at=0, destination=GARAGE)
    task = stop.tasks[0]
    if task_status(state.orders[task.order_id], task.kind) is not TaskStatus.ARRIVED:
        return c.StartLeg(rider_id=rider_id, arrives_at=0)
    if task.kind is TaskKind.PICKUP:
        return c.ConfirmPickup(rider_id=rider_id, order_ids=tuple(task.order_id for task in stop.tasks))
    if task.kind is TaskKind.RETURN:
        return c.ConfirmReturn(rider_id=rider_id, order_id=task.order_id)
    return c.ConfirmDropoff(rider_id=rider_id, order_id=task.order_id, proof=Proof(ProofKind.CODE, "1"))


def _orders_of(order_ids: st.SearchStrategy[OrderId], now: Instant) -> st.SearchStrategy[Order]:
    def build(order_id: OrderId, merchant_id: MerchantId, door: Place | None, handling: Handling) -> Order:
        return an_order(
            order_id,
            merchant_id=merchant_id,
            pickup=MERCHANTS[merchant_id],
            dropoff=door,
            fulfilment=Fulfilment.DELIVERY if door else Fulfilment.STORE_PICKUP,
            placed_at=now,
            pickup_handling=handling,
            dropoff_handling=handling,
        )

    return st.builds(build, order_ids, _merchants, _doors, _handling)


def _edited(order: OrderState, notes: str) -> c.Command:
    return c.ChangeOrder(order=replace(order.order, notes=notes))


def _taken_back(order: OrderState, rider_id: RiderId, kind: TaskKind) -> c.Command:
    return c.CorrectTask(rider_id=order.rider_id or rider_id, order_id=order.order.id, kind=kind)


def _orders(state: MarketState) -> st.SearchStrategy[OrderId]:
    known = [*state.active] or [*state.orders]
    return st.sampled_from([*known[-6:], *known[-6:], *[*state.orders][:1], OrderId("o99")])


def _untils(now: Instant) -> st.SearchStrategy[Instant | None]:
    return st.none() | st.builds(lambda delay: now + delay, st.integers(1, 1200))


def _some(known: Iterable[T], otherwise: T) -> st.SearchStrategy[T]:
    return st.sampled_from([*known][-4:] or [otherwise])


def _with_tasks(state: MarketState, intent: c.OfferIntent) -> st.SearchStrategy[c.OfferIntent]:
    present = state.riders[intent.rider_id].tasks
    new = [task for order_id in intent.order_ids for task in both_tasks(order_id)]
    sequences = _sequences([*present, *(task for task in new if task not in present)])
    return sequences.map(lambda tasks: replace(intent, tasks=tasks))


def _route(state: MarketState, rider_id: RiderId) -> st.SearchStrategy[c.RouteIntent]:
    tasks = _sequences(state.riders[rider_id].tasks)
    return st.builds(c.RouteIntent, rider_id=st.just(rider_id), tasks=tasks, depart_at=st.none())


def _sequences(tasks: Sequence[Task]) -> st.SearchStrategy[tuple[Task, ...]]:
    pickups_first = sorted(tasks, key=lambda task: task.kind is not TaskKind.PICKUP)
    return st.just(tuple(pickups_first)) | st.permutations(tasks).map(tuple)
