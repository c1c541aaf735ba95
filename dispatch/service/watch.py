"""Markets that are set up or changed while the service runs: every process looks for them, and takes them in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from dispatch.errors import DispatchError
from dispatch.service.feed import Feed
from dispatch.service.markets import Market, Markets, MarketSettings
from dispatch.service.setup import load_markets
from dispatch.store.store import Store

LOG: Final = logging.getLogger(__name__)
LOOK_S: Final = 2.0


class MarketWatch:
    """Compares the markets of the database with those of this process; ``begin`` starts what goes on in a new one."""

    def __init__(self, store: Store, markets: Markets, begin: Callable[[Market], None]) -> None:
        self._store, self._markets, self._begin = store, markets, begin
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except DispatchError as error:
                LOG.warning("Markets are not looked for: %s", error)

    async def look(self) -> None:
        """Take in what is new or has changed. Raises InvalidInputError, StoreUnavailableError."""
        async with self._looking:
            for settings in await asyncio.to_thread(load_markets, self._store):
                await self._take_in(settings)

    async def _take_in(self, settings: MarketSettings) -> None:
        known = self._markets.all.get(settings.id)
        if known is None:
            seq = await asyncio.to_thread(self._store.last_seq, settings.id)
            market = Market(settings, Feed(settings.id, self._store, seq))
            self._markets.add(market)
            self._begin(market)
            LOG.info("market %s: taken in", settings.id)
        elif known.settings != settings:
            before, known.settings = known.settings, settings
            if known.host is not None and _plans_otherwise(before, settings):
                # Whoever holds it next, most likely this process in a moment, plans by the new settings.
                known.host.lost = True


def _plans_otherwise(one: MarketSettings, other: MarketSettings) -> bool:
    return (one.policy, one.pace, one.road_factor) != (other.policy, other.pace, other.road_factor)
