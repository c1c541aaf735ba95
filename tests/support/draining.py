"""Everybody goes on sensibly until nothing is left to do."""

from __future__ import annotations

from random import Random

from dispatch.errors import DispatchError
from dispatch.model import commands as c
from dispatch.model.actor import ActorKind
from dispatch.model.case_flows import Need, moves_of
from dispatch.model.lifecycle import CaseStatus, DispatchStatus, OrderStatus
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind, OverrideReason
from dispatch.model.payment import PaymentStatus
from dispatch.model.place import Place
from dispatch.model.reasons import CaseStage, Party, RescuePlan
from dispatch.model.state import CaseState, MarketState
from tests.support.builders import DOOR
from tests.support.durable import TimedTown
from tests.support.parties import answer, plan
from tests.support.random_commands import next_step

ROUNDS = 400
_TO_COOK = (OrderStatus.PLACED, OrderStatus.ACCEPTED, OrderStatus.PREPARING)


def drain(town: TimedTown) -> None:
    """Riders work, merchants cook, customer service closes cases; for so many rounds, or until all is done."""
    rng = Random(7)
    for _ in range(ROUNDS):
        state = town.market.state
        if not _left(state):
            break
        _money_comes(town, state)
        _money_goes(town, state)
        _merchants_cook(town, state)
        _staff_close(town, state)
        _riders_ride(town, rng)
        town.pass_time(120)
    town.pass_time(48 * 3600)


def _left(state: MarketState) -> bool:
    return (
        any(not order.over for order in state.orders.values())
        or any(case.status is CaseStatus.OPEN for case in state.cases.values())
        or any(refund.open for account in state.accounts.values() for refund in account.refunds)
    )


def _try(town: TimedTown, command: c.Command) -> None:
    try:
        town.do(command)
    except DispatchError:
        return


def _money_comes(town: TimedTown, state: MarketState) -> None:
    for order_id, account in list(state.accounts.items()):
        if account.status is PaymentStatus.CLAIMED:
            _try(town, c.CheckTransfer(order_id=order_id, found=True))
        elif account.status is PaymentStatus.DUE and not state.orders[order_id].over and account.method.first:
            reference = f"at last {order_id}"
            _try(
                town,
                c.ReceivePayment(order_id=order_id, method=account.method, amount=account.total, reference=reference),
            )


def _money_goes(town: TimedTown, state: MarketState) -> None:
    for order_id, account in list(state.accounts.items()):
        for refund in account.refunds:
            if refund.open:
                _try(town, c.SettleRefund(order_id=order_id, refund_id=refund.refund_id, reference="sent"))


def _merchants_cook(town: TimedTown, state: MarketState) -> None:
    for order_id, order in list(state.orders.items()):
        if order.over or order.status not in (*_TO_COOK, OrderStatus.READY):
            continue
        if order.status in _TO_COOK:
            _try(town, c.MarkReady(order_id=order_id))
        elif order.dispatch is DispatchStatus.NOT_NEEDED:
            _try(town, c.CollectOrder(order_id=order_id))


def _staff_close(town: TimedTown, state: MarketState) -> None:
    for case in [case for case in state.cases.values() if case.status is CaseStatus.OPEN]:
        _try(town, _closing(case))


def _closing(case: CaseState) -> c.Command:
    """The step that ends the case by its flow, or leads on to where one does."""
    moves = [move for move in moves_of(case.kind, case.stage) if ActorKind.OPERATIONS in move.by]
    ends = [move for move in moves if move.to is CaseStage.CLOSED]
    move = (ends or moves)[0]
    if case.order_id is None:
        move = next(one for one in ends if Need.ORDER not in one.needs)
    place: Place | None = DOOR if Need.PLACE in move.needs else None
    return c.TakeCaseStep(
        case_id=case.case_id,
        step=move.step,
        by=ActorKind.OPERATIONS,
        text="so that it ends",
        place=place,
        plan=RescuePlan.WAIT if Need.PLAN in move.needs else None,
        party=Party.HOUSE if Need.PARTY in move.needs else None,
    )


def _riders_ride(town: TimedTown, rng: Random) -> None:
    state = town.market.state
    for rider_id, rider in state.riders.items():
        if rider.shift is None or rider.lost_at is not None or rider.paused_until is not None:
            _try(town, c.ResumeRider(rider_id=rider_id))
    for order_id, order in list(state.orders.items()):
        if order.held_until is not None and not order.over:
            _try(town, _released(order_id))
    _try(town, plan(rng, town.market.state, town.clock.now()))
    _try(town, answer(rng, town.market.state, town.clock.now()))
    for rider_id in list(state.riders):
        for _ in range(4):
            if town.rider(rider_id).tasks and town.rider(rider_id).shift is not None:
                _try(town, next_step(town.market.state, rider_id))


def _released(order_id: OrderId) -> c.Command:
    return c.MakeOverride(
        kind=OverrideKind.RELEASE, order_id=order_id, reason=OverrideReason.OTHER, text="go", by="dora"
    )
