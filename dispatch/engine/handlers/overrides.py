"""A person decides: the override is recorded first, what it does at once follows it."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.override_checks import checked, in_words
from dispatch.engine.handlers.override_steps import (
    give,
    hold,
    take,
    take_all_of_merchant,
    take_back_offer_to_others,
    take_from,
)
from dispatch.engine.handlers.override_undo import about_the_same, earlier, restore, undoable
from dispatch.engine.handlers.presence import pause
from dispatch.model.commands import MakeOverride
from dispatch.model.events import OrderReleased, OverrideRecorded, RiderResumed
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.override import Override, OverrideId, OverrideKind
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId


def handle_override(draft: Draft, command: MakeOverride) -> None:
    """Decide what a person's decision leads to. Raises InvalidInputError, NotFoundError, ConflictError."""
    undone = undoable(draft, command)
    if undone is not None:
        command = about_the_same(command, undone)
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
                undoes=command.undoes,
                earlier=earlier(draft, command, order, rider_id),
            )
        )
    )
    if undone is not None:
        restore(draft, undone)
    elif order is not None:
        _for_order(draft, command, order.order.id, rider_id)
    elif rider_id is not None:
        _for_rider(draft, command, rider_id)


def _for_order(draft: Draft, command: MakeOverride, order_id: OrderId, rider_id: RiderId | None) -> None:
    match command.kind:
        case OverrideKind.ASSIGN | OverrideKind.REASSIGN:
            give(draft, order_id, rider_id)
        case OverrideKind.UNASSIGN | OverrideKind.SPLIT:
            take(draft, order_id)
        case OverrideKind.HOLD:
            hold(draft, order_id, command.until)
        case OverrideKind.RELEASE:
            if draft.state.order(order_id).dispatch is DispatchStatus.HELD:
                draft.add(OrderReleased(order_id=order_id))
        case OverrideKind.BAR:
            take_from(draft, order_id, rider_id)
        case OverrideKind.PIN:
            take_back_offer_to_others(draft, order_id, rider_id)
        case OverrideKind.UNPIN | OverrideKind.UNBAR | OverrideKind.PRIORITISE:
            pass  # what it changes on the order is all there is to it
        case OverrideKind.PAUSE_RIDER | OverrideKind.RESUME_RIDER | OverrideKind.UNDO:
            pass  # these name no order, or are restored: ``checked`` has seen to it
        case _:
            assert_never(command.kind)


def _for_rider(draft: Draft, command: MakeOverride, rider_id: RiderId) -> None:
    if command.kind is OverrideKind.PAUSE_RIDER:
        pause(draft, rider_id, command.until, command.reason.value, UnassignReason.RIDER_PAUSED)
    elif command.kind is OverrideKind.RESUME_RIDER:
        draft.add(RiderResumed(rider_id=rider_id))
    elif command.kind is OverrideKind.BAR and command.merchant_id is not None:
        take_all_of_merchant(draft, rider_id, command.merchant_id)
