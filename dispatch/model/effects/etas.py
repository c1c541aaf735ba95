"""When orders are expected."""

from __future__ import annotations

from dispatch.model.eta import EtaState
from dispatch.model.events import EtaChanged
from dispatch.model.order import OrderId
from dispatch.model.state import MarketState
from dispatch.units import Instant


def fold_eta(state: MarketState, event: EtaChanged, at: Instant) -> None:
    """Take in a new word on when an order comes. Raises NotFoundError."""
    state.order(event.order_id)
    known = state.etas.get(event.order_id)
    state.etas[event.order_id] = EtaState(
        event.order_id,
        event.dropoff_at,
        event.early_at,
        event.late_at,
        event.late_percent,
        event.pickup_at,
        at,
        version=1 if known is None else known.version + 1,
    )


def end_eta(state: MarketState, order_id: OrderId) -> None:
    """Nobody waits for the order any more."""
    known = state.etas.get(order_id)
    if known is not None and known.open:
        state.etas[order_id] = known._replace(open=False, version=known.version + 1)
