"""What a person's decision leaves on an order: pins, holds, bars, priority.

What it does to statuses and routes is told by the events recorded right after it (OrderReassigned, OrderHeld,
RiderPaused, ...).
"""

from __future__ import annotations

from typing import assert_never

from dispatch.model.lifecycle import IllegalMove
from dispatch.model.override import Override, OverrideKind
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, OrderState
from dispatch.units import NEVER, Instant


def fold_override(state: MarketState, override: Override) -> None:
    """Take in one override. Raises IllegalMove, NotFoundError."""
    if override.id in state.overrides:
        raise IllegalMove(f"Override {override.id} exists already.", "Give the new override an id of its own.")
    if override.order_id is not None:
        order = state.order(override.order_id)
        changed = _order_after(order, override)
        state.orders[override.order_id] = changed._replace(version=order.version + 1)
    elif override.merchant_id is not None and override.rider_id is not None:
        _bar_merchant(state, override, override.rider_id)
    state.overrides[override.id] = override


def _bar_merchant(state: MarketState, override: Override, rider_id: RiderId) -> None:
    merchant_id = override.merchant_id
    if merchant_id is None:
        return
    barred = state.merchant_bars.get(merchant_id, frozenset())
    if override.kind is OverrideKind.BAR:
        state.merchant_bars[merchant_id] = barred | {rider_id}
    elif override.kind is OverrideKind.UNBAR:
        state.merchant_bars[merchant_id] = barred - {rider_id}


def _order_after(order: OrderState, override: Override) -> OrderState:
    rider_id = override.rider_id
    until: Instant = NEVER if override.until is None else override.until
    named = frozenset(()) if rider_id is None else frozenset((rider_id,))
    match override.kind:
        case OverrideKind.ASSIGN | OverrideKind.REASSIGN:
            # The optimizer must not undo at the next tick what a person has just decided.
            pinned = order._replace(pinned_to=rider_id, pinned_until=until)
            return pinned._replace(held_until=None, barred=order.barred - named)
        case OverrideKind.UNASSIGN:
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
        case OverrideKind.PAUSE_RIDER | OverrideKind.RESUME_RIDER:
            return order
        case _:
            assert_never(override.kind)
