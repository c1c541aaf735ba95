"""What a market learns when food is ready: how long it took, and how good the estimate was."""

from __future__ import annotations

from dispatch.model.prep import (
    LONGEST_S,
    NOTHING,
    estimate,
    hour_of,
    is_scheduled,
    names_of,
    of_all,
    size_class,
    value_of,
)
from dispatch.model.state import MarketState, OrderState
from dispatch.units import Instant


def learn_prep(state: MarketState, order: OrderState, at: Instant) -> None:
    """Take in an accepted order that is ready now; what was cooked for a later time says nothing."""
    if order.accepted_at is None or is_scheduled(order.order):
        return
    took_s = at - order.accepted_at
    if not 0 < took_s <= LONGEST_S:
        return
    merchant_id, hour, size = order.order.merchant_id, hour_of(order.accepted_at), size_class(order.order)
    expected = estimate(state.preps, merchant_id, hour, size)
    for name in names_of(merchant_id, hour, size):
        state.preps[name] = state.preps.get(name, NOTHING).plus(value_of(took_s))
    if expected is not None:
        for name in (of_all(None), of_all(merchant_id)):
            state.preps[name] = state.preps[name].judged(took_s, expected)
