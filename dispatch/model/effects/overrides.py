"""What a person's decision leaves on an order: pins, holds, bars, priority.

What it does to statuses and routes is told by the events recorded right after it (OrderReassigned, OrderHeld,
RiderPaused, ...).
"""

from __future__ import annotations

from typing import assert_never

from dispatch.model.lifecycle import IllegalMove
from dispatch.model.override import Earlier, Override, OverrideId, OverrideKind
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, OrderState, unknown
from dispatch.units import NEVER, Instant


def fold_override(state: MarketState, override: Override) -> None:
    """Take in one override. Raises IllegalMove, NotFoundError."""
    if override.id in state.overrides:
        raise IllegalMove(f"Override {override.id} exists already.", "Give the new override an id of its own.")
    if override.order_id is not None:
        order = state.order(override.order_id)
        changed = _undone(state, order, override) if override.undoes else _order_after(order, override)
        state.orders[override.order_id] = changed._replace(version=order.version + 1)
    elif override.merchant_id is not None and override.rider_id is not None:
        _bar_merchant(state, override, override.rider_id)
    state.overrides[override.id] = override


def _bar_merchant(state: MarketState, override: Override, rider_id: RiderId) -> None:
    merchant_id = override.merchant_id
    if merchant_id is None:
        return
    barred = state.merchant_bars.get(merchant_id, frozenset())
    if override.undoes is not None:
        earlier = earlier_of(state, override.undoes)
        state.merchant_bars[merchant_id] = barred | {rider_id} if earlier.barred else barred - {rider_id}
    elif override.kind is OverrideKind.BAR:
        state.merchant_bars[merchant_id] = barred | {rider_id}
    elif override.kind is OverrideKind.UNBAR:
        state.merchant_bars[merchant_id] = barred - {rider_id}


def earlier_of(state: MarketState, override_id: OverrideId) -> Earlier:
    """What undoing an override goes back to. Raises NotFoundError, IllegalMove for one that cannot be undone."""
    undone = state.overrides.get(override_id)
    if undone is None:
        raise unknown("override", override_id)
    if undone.earlier is None:
        raise IllegalMove(f"Override {override_id} cannot be undone.", "Make another one that says what is to be.")
    return undone.earlier


def _undone(state: MarketState, order: OrderState, override: Override) -> OrderState:
    if override.undoes is None:
        raise ValueError("only an undoing override names another one")
    earlier = earlier_of(state, override.undoes)
    named = frozenset(()) if override.rider_id is None else frozenset((override.rider_id,))
    return order._replace(
        pinned_to=earlier.pinned_to,
        pinned_until=earlier.pinned_until,
        held_until=earlier.held_until,
        priority=earlier.priority,
        barred=order.barred | named if earlier.barred else order.barred - named,
    )


def _order_after(order: OrderState, override: Override) -> OrderState:
    rider_id = override.rider_id
    until: Instant = NEVER if override.until is None else override.until
    named = frozenset(()) if rider_id is None else frozenset((rider_id,))
    match override.kind:
        case OverrideKind.ASSIGN | OverrideKind.REASSIGN:
            # The optimizer must not undo at the next tick what a person has just decided.
            pinned = order._replace(pinned_to=rider_id, pinned_until=until)
            return pinned._replace(held_until=None, barred=order.barred - named)
        case OverrideKind.UNASSIGN | OverrideKind.SPLIT:
            return order._replace(pinned_to=None, pinned_until=None, barred=order.barred | named)
        case OverrideKind.PIN:
            return order._replace(pinned_to=rider_id, pinned_until=until, barred=order.barred - named)
        case OverrideKind.UNPIN:
            return order._replace(pinned_to=None, pinned_until=None)
        case OverrideKind.HOLD:
            return order._replace(held_until=until)
        case OverrideKind.RELEASE:
            return order._replace(held_until=None)
        case OverrideKind.BAR:
            unpinned = order._replace(pinned_to=None, pinned_until=None) if order.pinned_to == rider_id else order
            return unpinned._replace(barred=order.barred | named)
        case OverrideKind.UNBAR:
            return order._replace(barred=order.barred - named)
        case OverrideKind.PRIORITISE:
            return order._replace(priority=order.priority if override.priority is None else override.priority)
        case OverrideKind.PAUSE_RIDER | OverrideKind.RESUME_RIDER | OverrideKind.UNDO:
            return order
        case _:
            assert_never(override.kind)
