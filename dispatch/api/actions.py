"""What riders' devices report, one after the other: each is a command of its own, named by the device's sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import numpy as np

from dispatch.api.asking import Asking
from dispatch.api.schemas.base import instant
from dispatch.api.schemas.riders import (
    Accept,
    Action,
    ActionResult,
    Arrived,
    Decline,
    Delivered,
    Depart,
    Failed,
    PickedUp,
    Problem,
    Returned,
)
from dispatch.errors import ConflictError, InvalidInputError, NotFoundError
from dispatch.model.commands import (
    AcceptOffer,
    Arrive,
    Command,
    ConfirmDropoff,
    ConfirmPickup,
    ConfirmReturn,
    DeclineOffer,
    FailDelivery,
    ReportProblem,
    StartLeg,
)
from dispatch.model.events import OfferId, Proof
from dispatch.model.order import OrderId
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.model.stops import first_stop
from dispatch.units import Instant


async def carry_out(asks: Asking, me: RiderId, actions: Sequence[Action]) -> list[ActionResult]:
    """Each action in turn; one that is refused stops none of the others."""
    return [await _one(asks, me, action) for action in actions]


async def _one(asks: Asking, me: RiderId, action: Action) -> ActionResult:
    occurred_at = None if action.occurred_at is None else instant(action.occurred_at)
    name = f"{asks.who.device_id}#{action.sequence}"
    try:
        command = await _command(asks, me, action, occurred_at)
        done = await asks.do(command, command_id=name, occurred_at=occurred_at)
    except (ConflictError, NotFoundError, InvalidInputError) as error:
        return ActionResult(
            sequence=action.sequence, status="refused", code=error.code, cause=error.cause, action=error.action
        )
    return ActionResult(sequence=action.sequence, status="repeated" if done.repeated else "done")


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
        case Returned():
            return ConfirmReturn(rider_id=me, order_id=OrderId(action.order_id))
        case Problem():
            order_id = None if action.order_id is None else OrderId(action.order_id)
            return ReportProblem(rider_id=me, kind=action.problem, text=action.text, order_id=order_id)
        case _:
            assert_never(action)


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
