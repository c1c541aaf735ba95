"""What each party may say to a market next, drawn by chance: sensible things mostly, senseless ones too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

from dispatch.model import commands as c
from dispatch.model.actor import ActorKind
from dispatch.model.case_flows import Need, moves_of
from dispatch.model.events import CaseId, PenaltyId, PenaltyKind
from dispatch.model.lifecycle import CaseStatus, DispatchStatus, OrderStatus, PenaltyStatus
from dispatch.model.order import Fulfilment, MerchantId, Order, OrderId, PaymentMethod
from dispatch.model.override import NEEDS, OverrideId, OverrideKind, OverrideReason
from dispatch.model.place import Place
from dispatch.model.reasons import (
    CancelReason,
    CaseKind,
    CaseStep,
    ClosureKind,
    FailureReason,
    Party,
    ProblemKind,
    RejectReason,
    RescuePlan,
)
from dispatch.model.rider import RiderId, ShiftId, TaskKind
from dispatch.model.state import CaseState, MarketState, OrderState
from dispatch.model.stops import both_tasks
from dispatch.units import Instant, Money
from tests.support.builders import CORNER, DOOR, a_shift, an_order
from tests.support.random_commands import GARAGE, next_step

T = TypeVar("T")
Says = Callable[[Random, MarketState, Instant], c.Command]

PLACES = (DOOR, GARAGE, CORNER)
WAITING = (DispatchStatus.OPEN, DispatchStatus.HELD)
LATELY = 12
"""Parties mostly speak of the newest orders that are not over."""


def customer(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """What customers say."""
    order_id = _order(rng, state)
    return _one(
        rng,
        lambda: c.AskCancellation(order_id=order_id),
        lambda: c.Complain(order_id=rng.choice([*state.orders]), text="cold"),
        lambda: c.RateOrder(order_id=rng.choice([*state.orders]), stars=rng.randint(0, 6)),
        lambda: case_step(rng, state, ActorKind.CUSTOMER),
    )


def merchant(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """What merchants say."""
    order_id, ready_at = _order(rng, state), now + rng.randint(-60, 1800)
    if rng.random() < 0.6:
        new = [name for name, order in state.orders.items() if order.status is OrderStatus.PLACED]
        return c.AcceptOrder(order_id=rng.choice(new or [order_id]), ready_at=ready_at)
    return _one(
        rng,
        lambda: c.StartPreparation(order_id=order_id),
        lambda: c.ChangeReadyTime(order_id=order_id, ready_at=ready_at),
        lambda: c.MarkReady(order_id=order_id),
        lambda: c.MarkReady(order_id=order_id),
        lambda: c.CollectOrder(order_id=order_id),
        lambda: c.RejectOrder(order_id=order_id, reason=rng.choice([*RejectReason])),
        lambda: case_step(rng, state, ActorKind.MERCHANT),
    )


def rider(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """What riders say: the next thing to do, mostly."""
    rider_id = rng.choice([*state.riders])
    if rng.random() < 0.75:
        return next_step(state, rider_id) if state.riders[rider_id].shift else _shift(rider_id, now)
    order_id = _order(rng, state)
    other = rng.choice([*state.riders])
    return _one(
        rng,
        lambda: c.FailDelivery(rider_id=rider_id, order_id=order_id, reason=rng.choice([*FailureReason])),
        lambda: c.ReportProblem(
            rider_id=rider_id, kind=rng.choice([*ProblemKind]), order_id=rng.choice([None, order_id])
        ),
        lambda: c.CorrectTask(
            rider_id=rider_id, order_id=rng.choice([*state.orders]), kind=rng.choice([*TaskKind]), text="oh"
        ),
        lambda: c.HandOver(order_id=order_id, to_rider_id=other),
        lambda: c.ConfirmDropoff(rider_id=rider_id, order_id=order_id),
        lambda: c.ConfirmPickup(rider_id=rider_id, order_ids=(order_id,)),
        lambda: c.EndShift(rider_id=rider_id),
        lambda: c.ResumeRider(rider_id=rider_id),
        lambda: c.LoseRider(rider_id=rider_id),
        lambda: c.LoseFood(rider_id=rider_id, redeliver=rng.random() < 0.5),
        lambda: c.AppealPenalty(penalty_id=_penalty(rng, state), rider_id=rider_id, text="not so"),
        lambda: case_step(rng, state, ActorKind.RIDER),
    )


def staff(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """What customer service and operations say."""
    if rng.random() < 0.5:
        return case_step(rng, state, rng.choice([ActorKind.SUPPORT, ActorKind.OPERATIONS, ActorKind.DISPATCHER]))
    order_id, open_cases = _order(rng, state), _open_cases(state)
    case_id = rng.choice(open_cases).case_id if open_cases else CaseId("case-0")
    return _one(
        rng,
        lambda: c.OpenCase(kind=rng.choice([*CaseKind]), order_id=rng.choice([None, order_id]), text="told by phone"),
        lambda: c.TakeCase(case_id=case_id, person=rng.choice(["ana", "bo"])),
        lambda: c.ReportLateness(order_id=order_id),
        lambda: c.EscalateCase(case_id=case_id),
        lambda: c.GivePenalty(rider_id=RiderId("r1"), kind=PenaltyKind.WARNING, text="late"),
        lambda: c.DecideAppeal(penalty_id=_penalty(rng, state), lifted=rng.random() < 0.5, text="seen"),
        lambda: c.DeclareClosure(kind=ClosureKind.WEATHER, starts_at=now, ends_at=now + rng.randint(0, 900)),
        lambda: _edited(rng, state.orders.get(order_id) or next(iter(state.orders.values()))),
        lambda: c.CancelOrder(order_id=order_id, by=ActorKind.OPERATIONS, reason=CancelReason.DUPLICATE),
    )


def dispatcher(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """Decisions over the optimizer's head."""
    kind = rng.choice([*OverrideKind])
    needs = NEEDS[kind]
    until = rng.choice([None, now + rng.randint(1, 1200)])
    return c.MakeOverride(
        kind=kind,
        reason=OverrideReason.OTHER,
        text="as asked",
        by="dora",
        order_id=_order(rng, state) if "order_id" in needs else None,
        rider_id=rng.choice([*state.riders]) if "rider_id" in needs else None,
        merchant_id=None,
        priority=rng.randint(0, 9) if "priority" in needs else None,
        until=until,
        undoes=rng.choice([*state.overrides][-4:] or [OverrideId("x")]) if kind is OverrideKind.UNDO else None,
    )


def money(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """What gateways, customers and the cash desk say."""
    owing = [order_id for order_id, account in state.accounts.items() if account.refunds or not account.paid_minor]
    waiting = [order_id for order_id in owing if state.unpaid(order_id) and not state.orders[order_id].over]
    owing = waiting if waiting and rng.random() < 0.6 else owing
    order_id = rng.choice(owing[-LATELY:] or [OrderId("o1")])
    account = state.accounts.get(order_id)
    due = Money(1, "COP") if account is None else account.total
    paid = due if rng.random() < 0.8 else Money(due.minor + rng.choice([-1, 1]), rng.choice(["COP", "VND"]))
    refund = account.refunds[-1].refund_id if account is not None and account.refunds else "refund-0"
    method = rng.choice([*PaymentMethod]) if account is None else account.method
    return _one(
        rng,
        lambda: c.ReceivePayment(
            order_id=order_id, method=method, amount=paid, reference=f"gw-{order_id}-{rng.randint(1, 2)}"
        ),
        lambda: c.FailPayment(order_id=order_id, reference="gw", cause="no funds"),
        lambda: c.ClaimTransfer(order_id=order_id, picture=f"slip-{order_id}"),
        lambda: c.CheckTransfer(order_id=order_id, found=rng.random() < 0.7, text="looked"),
        lambda: c.SettleRefund(order_id=order_id, refund_id=refund, reference=f"back-{rng.randint(1, 3)}"),
        lambda: c.FailRefund(order_id=order_id, refund_id=refund, cause="card gone"),
        lambda: c.DisputePayment(order_id=order_id, reference=f"dp-{order_id}", amount=due, cause="fraudulent"),
        lambda: c.EndDispute(order_id=order_id, reference=f"dp-{order_id}", amount=due, won=rng.random() < 0.5),
    )


def plan(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """The dispatch loop: orders that wait go to riders at work, at once or as offers."""
    waiting = [order_id for order_id in state.active if state.orders[order_id].dispatch in WAITING]
    at_work = [rider for rider in state.riders.values() if rider.shift is not None and not rider.paused(now)]
    offers: list[c.OfferIntent] = []
    for rider in rng.sample(at_work, len(at_work)):
        some = tuple(waiting[: rng.randint(1, 2)])
        waiting = waiting[len(some) :]
        if some and len(rider.tasks) < 6 and not rider.offers:
            tasks = [both_tasks(order_id) for order_id in some]
            new = (*(pickup for pickup, _ in tasks), *(dropoff for _, dropoff in tasks))
            offers.append(
                c.OfferIntent(rider_id=rider.rider.id, order_ids=some, tasks=(*rider.tasks, *new), depart_at=None)
            )
    holds = tuple(c.HoldIntent(order_id=o, verdict="not_yet", planned_rider_id=None) for o in waiting[:1])
    return c.ApplyPlan(
        tick=state.tick + 1, offers=tuple(offers), holds=holds, offer_s=60, auto_accept=rng.random() < 0.8
    )


def answer(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """A rider answers an offer."""
    asked = [(rider_id, o) for rider_id, rider in state.riders.items() for o in sorted(rider.offers)]
    if not asked:
        return plan(rng, state, now)
    rider_id, offer_id = rng.choice(asked)
    return c.AcceptOffer(rider_id=rider_id, offer_id=offer_id)


def new_order(rng: Random, state: MarketState, now: Instant) -> c.Command:
    """An order comes in: delivered or fetched, with a price or without, paid in any way, now or for later."""
    fetched = rng.random() < 0.15
    method = rng.choice([*PaymentMethod])
    ready_at = now + rng.randint(300, 1500) + rng.choice([0, 0, 0, 4 * 3600])
    order: Order = an_order(
        f"o{len(state.orders) + 1}",
        merchant_id=MerchantId(rng.choice(["m1", "m1", "m2", "m3"])),
        dropoff=None if fetched else rng.choice(PLACES),
        fulfilment=Fulfilment.STORE_PICKUP if fetched else Fulfilment.DELIVERY,
        placed_at=now,
        ready_at=ready_at,
        promised_at=ready_at + 1800,
        not_before_at=ready_at if ready_at > now + 3600 else None,
        total=Money(rng.randint(1, 50) * 1000, "COP"),
        payment=method,
    )
    if method is PaymentMethod.ELSEWHERE and rng.random() < 0.3:
        order = replace(order, total=None)
    return c.PlaceOrder(order=order)


def case_step(rng: Random, state: MarketState, by: ActorKind) -> c.Command:
    """A step of a case that is open: one that is possible with what it needs, mostly; else anything."""
    found = _open_cases(state)
    if not found:
        return c.TakeCaseStep(case_id=CaseId("case-0"), step=CaseStep.NOTED, by=by, text="x")
    case = rng.choice(found[-LATELY:])
    moves = [move for move in moves_of(case.kind, case.stage) if by in move.by]
    if not moves or rng.random() < 0.2:
        return c.TakeCaseStep(case_id=case.case_id, step=rng.choice([*CaseStep]), by=by, text="x")
    move = rng.choice(moves)
    given: dict[str, object] = {"text": "because" if Need.TEXT in move.needs or rng.random() < 0.5 else ""}
    if Need.PLACE in move.needs:
        given["place"] = rng.choice([DOOR, GARAGE])
    if Need.PARTY in move.needs:
        given["party"] = rng.choice([*Party])
    if Need.PLAN in move.needs:
        plan_ = given["plan"] = rng.choice([*RescuePlan])
        if plan_ is RescuePlan.HAND_OVER:
            given |= {"rider_id": rng.choice([*state.riders]), "place": CORNER}
    if rng.random() < 0.2:
        given["money"] = Money(rng.randint(-1000, 40_000), rng.choice(["COP", "COP", "VND"]))
    return c.TakeCaseStep(case_id=case.case_id, step=move.step, by=by, **given)  # type: ignore[arg-type]


def _one(rng: Random, *makers: Callable[[], c.Command]) -> c.Command:
    return rng.choice(makers)()


def _order(rng: Random, state: MarketState) -> OrderId:
    """One that is not over, mostly."""
    going_on = [order_id for order_id, order in state.orders.items() if not order.over]
    if rng.random() < 0.05 or not going_on:
        return rng.choice([*[*state.orders][-LATELY:], OrderId("o99999")])
    return rng.choice(going_on[-LATELY:] if rng.random() < 0.5 else going_on)


def _open_cases(state: MarketState) -> Sequence[CaseState]:
    return [case for case in state.cases.values() if case.status is CaseStatus.OPEN]


def _penalty(rng: Random, state: MarketState) -> PenaltyId:
    open_ones = [name for name, one in state.penalties.items() if one.status is not PenaltyStatus.LIFTED]
    return rng.choice(open_ones[-4:] or [PenaltyId("penalty-0")])


def _shift(rider_id: RiderId, now: Instant) -> c.Command:
    shift = a_shift(rider_id, id=ShiftId(f"s-{rider_id}-{now}"), starts_at=now, ends_at=now + 8 * 3600)
    return c.StartShift(rider_id=rider_id, shift=shift)


def _edited(rng: Random, order: OrderState) -> c.Command:
    later = order.order.promised_at + rng.choice([0, 600, 3600])
    door: Place | None = order.order.dropoff if rng.random() < 0.5 or order.order.dropoff is None else GARAGE
    return c.ChangeOrder(order=replace(order.order, promised_at=later, dropoff=door))


PARTIES: tuple[tuple[Says, int], ...] = (
    (rider, 34),
    (plan, 10),
    (merchant, 18),
    (new_order, 8),
    (staff, 8),
    (money, 12),
    (answer, 5),
    (customer, 3),
    (dispatcher, 3),
)
"""Who speaks, and how often."""
