"""Where riders are: kept live, and told to the log once in a while, because plans and records need no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dispatch.model.commands import ReportPositions
from dispatch.model.order import MarketId
from dispatch.model.place import Position
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState
from dispatch.store.live.ports import LiveState, Seen
from dispatch.units import Instant, Seconds

LOG_EVERY_S: Seconds = 30
"""The log has a rider's position at most this often."""


async def take_in(
    live: LiveState, market_id: MarketId, rider_id: RiderId, positions: Sequence[Position], now: Instant
) -> bool:
    """Take positions of one rider, late ones and repeated ones too; whether the newest is another now."""
    moved = await live.report(market_id, {rider_id: positions}, now)
    return rider_id in moved


async def news(live: LiveState, state: MarketState, every_s: Seconds = LOG_EVERY_S) -> Iterator[ReportPositions]:
    """The positions that the log does not have yet and should, of riders at work."""
    seen = await live.positions(state.market_id)
    return (
        ReportPositions(rider_id=rider_id, positions=(found.position,))
        for rider_id, found in sorted(seen.items())
        if _is_news(state, rider_id, found, every_s)
    )


def _is_news(state: MarketState, rider_id: RiderId, found: Seen, every_s: Seconds) -> bool:
    rider = state.riders.get(rider_id)
    if rider is None or rider.shift is None:
        return False
    known = rider.position
    return known is None or found.position.occurred_at - known.occurred_at >= every_s
