"""The market as a whole."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.effects.overrides import fold_override
from dispatch.model.events import (
    ClosureDeclared,
    ClosureEnded,
    MarketEvent,
    MerchantRegistered,
    OverrideRecorded,
    PolicyChanged,
    TickDecided,
)
from dispatch.model.state import CARE, ClosureState, MarketState, unknown
from dispatch.units import Instant


def fold_market(state: MarketState, event: MarketEvent, at: Instant) -> None:
    """Take in one event of the market. Raises IllegalMove, NotFoundError."""
    match event:
        case MerchantRegistered():
            state.merchants[event.merchant.id] = event.merchant
        case PolicyChanged():
            state.policy = (event.name, event.version)
            if event.care is not None:
                state.cares[CARE] = event.care
        case OverrideRecorded():
            fold_override(state, event.override)
        case TickDecided():
            state.tick = event.tick
        case ClosureDeclared():
            state.closures[event.closure_id] = ClosureState(
                event.closure_id, event.kind, event.starts_at, event.ends_at, event.zones, event.text
            )
        case ClosureEnded():
            closure = state.closures.get(event.closure_id)
            if closure is None:
                raise unknown("closure", event.closure_id)
            state.closures[event.closure_id] = closure._replace(
                ends_at=min(closure.ends_at, max(at, closure.starts_at))
            )
        case _:
            assert_never(event)
