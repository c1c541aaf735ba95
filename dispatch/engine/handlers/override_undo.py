"""Taking an override back: what it changed is as before, as far as the market still allows it."""

from __future__ import annotations

from dataclasses import replace

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.override_steps import give, hold, take, take_all_of_merchant, take_from
from dispatch.engine.handlers.presence import pause
from dispatch.errors import ConflictError
from dispatch.model.commands import MakeOverride
from dispatch.model.effects.overrides import earlier_of
from dispatch.model.events import OrderReleased, RiderResumed
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.override import Earlier, Override, OverrideKind
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, OrderState, unknown
from dispatch.units import NEVER

_GIVES = (OverrideKind.ASSIGN, OverrideKind.REASSIGN)
_TAKES = (OverrideKind.UNASSIGN, OverrideKind.SPLIT, OverrideKind.HOLD, OverrideKind.BAR)


def undoable(draft: Draft, command: MakeOverride) -> Override | None:
    """The override that the command takes back, if it takes one back.

    Raises NotFoundError; ConflictError (codes "already_undone", "override_followed", "not_undoable").
    """
    if command.kind is not OverrideKind.UNDO or command.undoes is None:
        return None
    overrides = draft.state.overrides
    undone = overrides.get(command.undoes)
    if undone is None:
        raise unknown("override", command.undoes)
    if undone.kind is OverrideKind.UNDO or undone.earlier is None:
        cause = f"Override {undone.id} cannot be undone."
        raise ConflictError(cause, "Make another one that says what is to be.", code="not_undoable")
    taken_back = {one.undoes for one in overrides.values() if one.undoes is not None}
    if undone.id in taken_back:
        raise ConflictError(f"Override {undone.id} has been undone already.", "Nothing.", code="already_undone")
    later = [one for one in _after(draft.state, undone) if one.id not in taken_back]
    if later:
        cause = f"Override {later[-1].id} came after {undone.id}, and is about the same."
        raise ConflictError(cause, "Undo that one first, or make another override.", code="override_followed")
    return undone


def _after(state: MarketState, undone: Override) -> list[Override]:
    """Later overrides of the same order, or of the same rider where there is no order; undoing ones left out."""
    same = [one for one in state.overrides.values() if one.kind is not OverrideKind.UNDO and _same(one, undone)]
    return same[same.index(undone) + 1 :]


def _same(one: Override, other: Override) -> bool:
    if other.order_id is not None:
        return one.order_id == other.order_id
    about = (one.order_id, one.rider_id, one.merchant_id)
    return about == (None, other.rider_id, other.merchant_id)


def about_the_same(command: MakeOverride, undone: Override) -> MakeOverride:
    """The command, about what the override was about that it takes back."""
    return replace(
        command, order_id=undone.order_id, rider_id=undone.rider_id, merchant_id=undone.merchant_id, priority=None
    )


def earlier(draft: Draft, command: MakeOverride, order: OrderState | None, rider_id: RiderId | None) -> Earlier | None:
    """What the command changes as it is now; None for one that takes another back."""
    if command.kind is OverrideKind.UNDO:
        return None
    state = draft.state
    paused_until = None if rider_id is None or order is not None else state.rider(rider_id).paused_until
    if order is None:
        bars = frozenset() if command.merchant_id is None else state.merchant_bars.get(command.merchant_id, frozenset())
        return Earlier(barred=rider_id in bars, paused_until=paused_until)
    return Earlier(
        rider_id=order.rider_id,
        pinned_to=order.pinned_to,
        pinned_until=order.pinned_until,
        held_until=order.held_until,
        priority=order.priority,
        barred=rider_id in order.barred,
    )


def restore(draft: Draft, undone: Override) -> None:
    """Give back, take away, hold, pause: what was so before the override, where nobody has decided otherwise since."""
    before = earlier_of(draft.state, undone.id)
    if undone.order_id is not None:
        _restore_order(draft, undone, undone.order_id, before)
    elif undone.rider_id is not None:
        _restore_rider(draft, undone, undone.rider_id, before)


def _restore_order(draft: Draft, undone: Override, order_id: OrderId, before: Earlier) -> None:
    order = draft.state.order(order_id)
    if undone.kind is OverrideKind.HOLD and order.dispatch is DispatchStatus.HELD:
        draft.add(OrderReleased(order_id=order_id))
    if undone.kind in _GIVES and order.rider_id == undone.rider_id != before.rider_id:
        if _is_there(draft, before.rider_id):
            give(draft, order_id, before.rider_id)
        else:
            take(draft, order_id)
    elif undone.kind in _TAKES and order.rider_id is None and _is_there(draft, before.rider_id):
        give(draft, order_id, before.rider_id)
    elif undone.kind is OverrideKind.UNBAR and before.barred:
        take_from(draft, order_id, undone.rider_id)
    if draft.state.order(order_id).held(draft.now):
        until = before.held_until
        hold(draft, order_id, None if until == NEVER else until)


def _restore_rider(draft: Draft, undone: Override, rider_id: RiderId, before: Earlier) -> None:
    if undone.merchant_id is not None:
        if before.barred and undone.kind is OverrideKind.UNBAR:
            take_all_of_merchant(draft, rider_id, undone.merchant_id)
        return
    if before.paused_until is not None and before.paused_until > draft.now:
        until = None if before.paused_until == NEVER else before.paused_until
        pause(draft, rider_id, until, undone.reason.value, UnassignReason.RIDER_PAUSED)
    elif draft.state.rider(rider_id).paused(draft.now):
        draft.add(RiderResumed(rider_id=rider_id))


def _is_there(draft: Draft, rider_id: RiderId | None) -> bool:
    rider = None if rider_id is None else draft.state.riders.get(rider_id)
    return rider is not None and rider.shift is not None and rider.lost_at is None
