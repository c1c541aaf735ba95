"""A person decides: the override is recorded first, what it does at once follows it."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.offers import take_back_offer, withdraw
from dispatch.engine.handlers.override_checks import checked, in_words
from dispatch.engine.handlers.presence import pause
from dispatch.model.commands import MakeOverride
from dispatch.model.events import (
    OrderAssigned,
    OrderHeld,
    OrderReassigned,
    OrderReleased,
    OrderUnassigned,
    OverrideRecorded,
    RiderResumed,
)
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import MerchantId, OrderId
from dispatch.model.override import Override, OverrideId, OverrideKind
from dispatch.model.reasons import HELD_BY_PERSON, UnassignReason
from dispatch.model.rider import RiderId
from dispatch.model.state import OrderState

_GIVEN = (DispatchStatus.ASSIGNED, DispatchStatus.UNDER_WAY)


def handle_override(draft: Draft, command: MakeOverride) -> None:
    """Decide what a person's decision leads to. Raises InvalidInputError, NotFoundError, ConflictError."""
    order, rider_id = checked(draft, command)
    before, after = in_words(draft.state, command, order, rider_id)
    preferred = command.preferred_rider_id
    if preferred is None and order is not None:
        preferred = order.rider_id or order.planned_rider_id
    draft.add(
        OverrideRecorded(
            override=Override(
                id=OverrideId(draft.next_name("override")),
                kind=command.kind,
                order_id=command.order_id,
                rider_id=rider_id,
                merchant_id=command.merchant_id,
                priority=command.priority,
                until=command.until,
                reason=command.reason,
                text=command.text.strip(),
                by=command.by,
                made_at=draft.now,
                before=before,
                after=after,
                preferred_rider_id=preferred,
                cost_difference=command.cost_difference,
            )
        )
    )
    if order is not None:
        _for_order(draft, command, order.order.id, rider_id)
    elif rider_id is not None:
        _for_rider(draft, command, rider_id)


def _for_order(draft: Draft, command: MakeOverride, order_id: OrderId, rider_id: RiderId | None) -> None:
    match command.kind:
        case OverrideKind.ASSIGN | OverrideKind.REASSIGN:
            _give(draft, order_id, rider_id)
        case OverrideKind.UNASSIGN:
            _take(draft, order_id)
        case OverrideKind.HOLD:
            _take(draft, order_id)
            draft.add(
                OrderHeld(
                    order_id=order_id,
                    verdict=HELD_BY_PERSON,
                    until=command.until,
                    help="Release the order, or assign it.",
                )
            )
        case OverrideKind.RELEASE:
            if draft.state.order(order_id).dispatch is DispatchStatus.HELD:
                draft.add(OrderReleased(order_id=order_id))
        case OverrideKind.BAR:
            _take_from(draft, order_id, rider_id)
        case OverrideKind.PIN:
            _take_back_offer_to_others(draft, order_id, rider_id)
        case OverrideKind.UNPIN | OverrideKind.UNBAR | OverrideKind.PRIORITISE:
            pass  # what it changes on the order is all there is to it
        case OverrideKind.PAUSE_RIDER | OverrideKind.RESUME_RIDER:
            pass  # these name no order: ``checked`` has seen to it
        case _:
            assert_never(command.kind)


def _for_rider(draft: Draft, command: MakeOverride, rider_id: RiderId) -> None:
    if command.kind is OverrideKind.PAUSE_RIDER:
        pause(draft, rider_id, command.until, command.reason.value, UnassignReason.RIDER_PAUSED)
    elif command.kind is OverrideKind.RESUME_RIDER:
        draft.add(RiderResumed(rider_id=rider_id))
    elif command.kind is OverrideKind.BAR and command.merchant_id is not None:
        _take_all_of_merchant(draft, rider_id, command.merchant_id)


def _give(draft: Draft, order_id: OrderId, rider_id: RiderId | None) -> None:
    order = _without_offer(draft, order_id)
    if rider_id is None or order.rider_id == rider_id:
        return
    if order.rider_id is None:
        draft.add(OrderAssigned(order_id=order_id, rider_id=rider_id, forced=True))
    else:
        draft.add(
            OrderReassigned(
                order_id=order_id,
                from_rider_id=order.rider_id,
                rider_id=rider_id,
                reason=UnassignReason.OVERRIDE,
            )
        )


def _take(draft: Draft, order_id: OrderId) -> None:
    order = _without_offer(draft, order_id)
    if order.dispatch in _GIVEN and order.rider_id is not None:
        draft.add(
            OrderUnassigned(order_id=order_id, rider_id=order.rider_id, reason=UnassignReason.OVERRIDE),
        )


def _take_from(draft: Draft, order_id: OrderId, rider_id: RiderId | None) -> None:
    order = draft.state.order(order_id)
    if order.offer_id is not None and draft.state.offer(order.offer_id).rider_id == rider_id:
        withdraw(draft, order.offer_id, UnassignReason.OVERRIDE)
    elif rider_id is not None and order.rider_id == rider_id:
        _take(draft, order_id)


def _take_back_offer_to_others(draft: Draft, order_id: OrderId, rider_id: RiderId | None) -> None:
    offer_id = draft.state.order(order_id).offer_id
    if offer_id is not None and draft.state.offer(offer_id).rider_id != rider_id:
        withdraw(draft, offer_id, UnassignReason.OVERRIDE)


def _take_all_of_merchant(draft: Draft, rider_id: RiderId, merchant_id: MerchantId) -> None:
    rider = draft.state.rider(rider_id)
    offered = (order_id for offer_id in sorted(rider.offers) for order_id in draft.state.offer(offer_id).order_ids)
    for order_id in dict.fromkeys((*(task.order_id for task in rider.tasks), *offered)):
        order = draft.state.order(order_id)
        if order.order.merchant_id == merchant_id:
            _take_from(draft, order_id, rider_id)


def _without_offer(draft: Draft, order_id: OrderId) -> OrderState:
    take_back_offer(draft, order_id, UnassignReason.OVERRIDE)
    return draft.state.order(order_id)
