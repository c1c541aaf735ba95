"""Riders answer offers, or do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.errors import ConflictError
from dispatch.model.commands import AcceptOffer, DeclineOffer, ExpireOffer, OfferCommand
from dispatch.model.events import (
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferId,
    OfferWithdrawn,
    OrderReassigned,
    RoutePlanned,
)
from dispatch.model.lifecycle import OfferStatus
from dispatch.model.order import OrderId
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId, Task
from dispatch.model.state import OfferState
from dispatch.model.stops import in_order, reconciled
from dispatch.units import Instant


def handle_offer(draft: Draft, command: OfferCommand) -> None:
    """Decide an answer to an offer."""
    match command:
        case AcceptOffer():
            _accept(draft, command)
        case DeclineOffer():
            offer = _of_rider(draft, command)
            draft.add(
                OfferDeclined(
                    offer_id=offer.offer_id,
                    order_ids=offer.order_ids,
                    rider_id=offer.rider_id,
                    reason=command.reason,
                )
            )
        case ExpireOffer():
            _expire(draft, command)
        case _:
            assert_never(command)


def withdraw(draft: Draft, offer_id: OfferId, reason: UnassignReason) -> None:
    """Take back an offer. Raises IllegalMove if it has been answered."""
    offer = draft.state.offer(offer_id)
    draft.add(
        OfferWithdrawn(offer_id=offer_id, order_ids=offer.order_ids, rider_id=offer.rider_id, reason=reason),
    )


def take_back_offer(draft: Draft, order_id: OrderId, reason: UnassignReason) -> None:
    """Withdraw every open offer that the order is in."""
    for offer_id in draft.state.order(order_id).open_offers:
        withdraw(draft, offer_id, reason)


def withdraw_beside(draft: Draft, rider_id: RiderId, keep: OfferId | None = None) -> None:
    """Take back what the rider is asked beside others: who gets something else is free for it no more."""
    for offer_id in sorted(draft.state.rider(rider_id).offers - {keep}):
        first = draft.state.offer(offer_id).order_ids[0]
        if draft.state.order(first).offer_id != offer_id:
            withdraw(draft, offer_id, UnassignReason.REPLANNED)


def withdraw_all(draft: Draft, rider_id: RiderId, reason: UnassignReason) -> None:
    """Take back every offer the rider has not answered."""
    for offer_id in sorted(draft.state.rider(rider_id).offers):
        withdraw(draft, offer_id, reason)


def plan_route(draft: Draft, rider_id: RiderId, wanted: Sequence[Task], depart_at: Instant | None) -> None:
    """Put the rider's tasks into the order wanted, as far as what has happened since allows; no event if it is so."""
    rider = draft.state.rider(rider_id)
    tasks = reconciled(wanted, rider.tasks)
    if not in_order(tasks):
        return
    # The time to leave was planned for the first of the tasks wanted; for another it says nothing.
    leave_at = depart_at if tasks[:1] == tuple(wanted[:1]) else None
    if tasks != rider.tasks or leave_at != rider.depart_at:
        draft.add(RoutePlanned(rider_id=rider_id, tasks=tasks, depart_at=leave_at))


def _accept(draft: Draft, command: AcceptOffer) -> None:
    offer = _of_rider(draft, command)
    if offer.status is OfferStatus.ACCEPTED:
        return
    if offer.status is OfferStatus.OPEN and draft.now > offer.expires_at:
        cause = f"Offer {offer.offer_id} ran out at {offer.expires_at}."
        raise ConflictError(cause, "Wait for the next offer.", code="offer_expired")
    if offer.status is OfferStatus.OPEN:
        _end_the_others(draft, offer)
    for order_id in offer.order_ids:
        holder = draft.state.order(order_id).rider_id
        if holder is not None:
            better = UnassignReason.BETTER_RIDER
            draft.add(
                OrderReassigned(order_id=order_id, from_rider_id=holder, rider_id=offer.rider_id, reason=better),
            )
    draft.add(OfferAccepted(offer_id=offer.offer_id, order_ids=offer.order_ids, rider_id=offer.rider_id))
    plan_route(draft, offer.rider_id, offer.tasks, offer.depart_at)


def _end_the_others(draft: Draft, offer: OfferState) -> None:
    """Nobody else is asked for these orders, and the rider for nothing that others are asked for, too."""
    for other in draft.state.order(offer.order_ids[0]).open_offers:
        if other != offer.offer_id:
            withdraw(draft, other, UnassignReason.ORDER_GONE)
    withdraw_beside(draft, offer.rider_id, offer.offer_id)


def _expire(draft: Draft, command: ExpireOffer) -> None:
    offer = draft.state.offer(command.offer_id)
    if offer.status is not OfferStatus.OPEN:
        return
    if draft.now < offer.expires_at:
        cause = f"Offer {offer.offer_id} is open until {offer.expires_at}."
        raise ConflictError(cause, "Withdraw it if it must end earlier.", code="offer_open")
    draft.add(OfferExpired(offer_id=offer.offer_id, order_ids=offer.order_ids, rider_id=offer.rider_id))


def _of_rider(draft: Draft, command: AcceptOffer | DeclineOffer) -> OfferState:
    offer = draft.state.offer(command.offer_id)
    if offer.rider_id != command.rider_id:
        cause = f"Offer {offer.offer_id} was made to another rider."
        raise ConflictError(cause, "Answer your own offers only.", code="offer_of_another")
    return offer
