"""What riders' devices report, one after the other: each is a command of its own, named by the device's sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

import numpy as np

from dispatch.api.asking import Asking
from dispatch.api.schemas.base import instant
from dispatch.api.schemas.riders import (
    Accept,
    Action,
    ActionResult,
    Arrived,
    Correct,
    Decline,
    Delivered,
    Depart,
    Failed,
    PickedUp,
    Problem,
    Returned,
    TookOver,
)
from dispatch.errors import ConflictError, DispatchError, InvalidInputError, NotFoundError
from dispatch.model.commands import (
    AcceptOffer,
    Arrive,
    Command,
    ConfirmDropoff,
    ConfirmPickup,
    ConfirmReturn,
    CorrectTask,
    DeclineOffer,
    FailDelivery,
    HandOver,
    ReportProblem,
    StartLeg,
)
from dispatch.model.events import OfferId, Proof, ProofKind
from dispatch.model.lifecycle import CaseStatus
from dispatch.model.order import Order, OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CaseKind, ProblemKind, RescuePlan
from dispatch.model.rider import RiderId, TaskKind
from dispatch.model.stops import first_stop
from dispatch.service.asks import Ask, Done
from dispatch.store.cases import CaseFilter, cases
from dispatch.store.queries import Cut
from dispatch.units import Instant

DELIVERY_CODE: Final = "delivery_code"
"""The attribute of an order that has the code for which it is handed over, where there is one."""

_REFUSALS: Final = (ConflictError, NotFoundError, InvalidInputError)
"""What an action can be refused with; all else is a fault of the service, and the device asks again."""


async def carry_out(asks: Asking, me: RiderId, actions: Sequence[Action]) -> list[ActionResult]:
    """Each action in turn; one that is refused stops none of the others."""
    results: list[ActionResult] = []
    for run in _runs(actions):
        prepared = [await _prepared(asks, me, action) for action in run]
        done = iter(await asks.do_all([one for one in prepared if isinstance(one, Ask)]))
        outcomes = [next(done) if isinstance(one, Ask) else one for one in prepared]
        results += [_result(action, outcome) for action, outcome in zip(run, outcomes, strict=True)]
    return results


def _runs(actions: Sequence[Action]) -> Iterator[list[Action]]:
    """Actions that can be asked for at once, because none needs to see what the one before it has done."""
    run: list[Action] = []
    for action in actions:
        looks = isinstance(action, TookOver) or bool(isinstance(action, PickedUp) and action.checks)
        if run and (looks or (isinstance(action, Depart) and action.arrives_at is None)):
            yield run
            run = []
        run.append(action)
    yield run


async def _prepared(asks: Asking, me: RiderId, action: Action) -> Ask | DispatchError:
    """What to ask for, or why it cannot be."""
    occurred_at = None if action.occurred_at is None else instant(action.occurred_at)
    name = f"{asks.who.device_id}#{action.sequence}"
    try:
        await _check(asks, me, action, name, occurred_at)
        command = await _command(asks, me, action, occurred_at)
    except _REFUSALS as error:
        return error
    return asks.ask(command, command_id=name, occurred_at=occurred_at)


def _result(action: Action, outcome: Done | DispatchError) -> ActionResult:
    if isinstance(outcome, Done):
        return ActionResult(sequence=action.sequence, status="repeated" if outcome.repeated else "done")
    if not isinstance(outcome, _REFUSALS):
        raise outcome
    return ActionResult(
        sequence=action.sequence, status="refused", code=outcome.code, cause=outcome.cause, action=outcome.action
    )


async def _check(asks: Asking, me: RiderId, action: Action, name: str, occurred_at: Instant | None) -> None:
    """What has to be so before an action counts.

    Raises ConflictError (codes "items_do_not_match", "wrong_code", "not_planned").
    """
    if isinstance(action, Delivered):
        await _check_code(asks, action)
    if isinstance(action, TookOver):
        await _check_plan(asks, me, action)
    if not isinstance(action, PickedUp):
        return
    for check in action.checks:
        order = (await asks.api.reads.order(asks.market_id, OrderId(check.order_id))).order
        differs = differences(order, {one.item: one.quantity for one in check.counted})
        if differs and check.order_id in action.order_ids:
            text = f"counted otherwise: {differs}"
            report = ReportProblem(rider_id=me, kind=ProblemKind.ITEMS_DO_NOT_MATCH, text=text, order_id=order.id)
            await asks.do(report, command_id=f"{name}/{order.id}", occurred_at=occurred_at)
            if not action.anyway:
                cause = f"Order {order.id} is not what was ordered: {differs}."
                do = "Wait for customer service, or pick it up anyway."
                raise ConflictError(cause, do, code="items_do_not_match")


def differences(order: Order, counted: Mapping[str, int]) -> str:
    """How what was counted differs from an order, in words; "" where it does not."""
    wanted: dict[str, int] = {}
    names = {item.sku: item.name for item in order.items if item.sku}
    for item in order.items:
        wanted[item.name] = wanted.get(item.name, 0) + item.quantity
    found: dict[str, int] = {}
    for name, quantity in counted.items():
        known = names.get(name, name)
        found[known] = found.get(known, 0) + quantity
    odd = [name for name in {**wanted, **found} if wanted.get(name, 0) != found.get(name, 0)]
    return ", ".join(f"{found.get(name, 0)} instead of {wanted.get(name, 0)} {name}" for name in odd)


async def _check_code(asks: Asking, action: Delivered) -> None:
    order = (await asks.api.reads.order(asks.market_id, OrderId(action.order_id))).order
    code = dict(order.attributes).get(DELIVERY_CODE)
    if code is None:
        return
    proof = action.proof
    if proof is None or proof.kind is not ProofKind.CODE or proof.reference.strip() != code:
        cause = f"Order {order.id} is handed over for a code, and this is not it."
        raise ConflictError(cause, "Ask the customer for the code once more.", code="wrong_code")


async def _check_plan(asks: Asking, me: RiderId, action: TookOver) -> None:
    """Nobody takes food from another rider unless a person has said so."""
    wanted = CaseFilter(kinds=[CaseKind.RIDER_PROBLEM], statuses=[CaseStatus.OPEN], order_id=OrderId(action.order_id))
    found = await asks.api.reads.run(lambda c: cases(c, asks.market_id, wanted, Cut()))
    if not any(one.value.plan is RescuePlan.HAND_OVER and one.value.plan_rider_id == me for one in found.items):
        cause = f"No plan says that rider {me} takes order {action.order_id} over."
        raise ConflictError(cause, "Ask customer service to plan it.", code="not_planned")


async def _command(asks: Asking, me: RiderId, action: Action, occurred_at: Instant | None) -> Command:
    match action:
        case Accept():
            return AcceptOffer(rider_id=me, offer_id=OfferId(action.offer_id))
        case Decline():
            return DeclineOffer(rider_id=me, offer_id=OfferId(action.offer_id), reason=action.reason)
        case Depart():
            return await _departure(asks, me, action, asks.now if occurred_at is None else occurred_at)
        case Arrived():
            return Arrive(rider_id=me)
        case PickedUp():
            return ConfirmPickup(rider_id=me, order_ids=tuple(OrderId(name) for name in action.order_ids))
        case Delivered():
            proof = None if action.proof is None else Proof(action.proof.kind, action.proof.reference)
            return ConfirmDropoff(rider_id=me, order_id=OrderId(action.order_id), proof=proof)
        case Failed():
            return FailDelivery(rider_id=me, order_id=OrderId(action.order_id), reason=action.reason)
        case Returned() | TookOver():
            return _changed_hands(me, action)
        case Correct():
            kind = TaskKind(action.task)
            return CorrectTask(rider_id=me, order_id=OrderId(action.order_id), kind=kind, text=action.text)
        case Problem():
            order_id = None if action.order_id is None else OrderId(action.order_id)
            return ReportProblem(rider_id=me, kind=action.problem, text=action.text, order_id=order_id)
        case _:
            assert_never(action)


def _changed_hands(me: RiderId, action: Returned | TookOver) -> Command:
    order_id = OrderId(action.order_id)
    if isinstance(action, Returned):
        return ConfirmReturn(rider_id=me, order_id=order_id)
    return HandOver(order_id=order_id, to_rider_id=me)


async def _departure(asks: Asking, me: RiderId, action: Depart, at: Instant) -> StartLeg:
    """The leg, with the arrival that the device tells, or else the one that the market is planned with."""
    wanted = None if action.destination is None else action.destination.to_model()
    if action.arrives_at is not None:
        return StartLeg(rider_id=me, arrives_at=instant(action.arrives_at), destination=wanted)
    found = await asks.api.reads.tasks(asks.market_id, me)
    stop = first_stop(found.rider.tasks, {order.order.id: order for order in found.orders})
    goal = wanted if stop is None else stop.place
    travel_s = 0
    if found.rider.place is not None and goal is not None:
        travel_s = _travel_s(asks, found.rider.place, goal, found.rider.rider.vehicle)
    return StartLeg(rider_id=me, arrives_at=at + travel_s, destination=wanted)


def _travel_s(asks: Asking, origin: Place, goal: Place, vehicle: str) -> int:
    ends = np.array([[place.latitude, place.longitude] for place in (origin, goal)])
    return int(asks.api.travel(asks.market_id).pairs(ends[:1], ends[1:], vehicle)[0])
