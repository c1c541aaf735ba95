"""The markets of a service: which there are, who holds each, and the one door through which commands go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dispatch.errors import DispatchError, NotFoundError
from dispatch.model.order import MarketId
from dispatch.service.asks import Ask, Done
from dispatch.service.feed import Feed
from dispatch.service.forward import Forwarder, MarketAwayError
from dispatch.service.host import Host
from dispatch.service.loop import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSettings:
    """What a market is, apart from what happens in it. policy: the name of a shipped one, or the path of a file."""

    id: MarketId
    name: str = ""
    time_zone: str = "UTC"
    currency: str = "USD"
    policy: str = "default"
    pace: Pace = field(default_factory=Pace)
    road_factor: float = 1.3


@dataclass(slots=True)
class Market:
    """One market as this process knows it; ``host`` is there while this process holds it."""

    settings: MarketSettings
    feed: Feed
    host: Host | None = None


class Markets:
    """Every market of the service by its id."""

    def __init__(self, forwarder: Forwarder | None = None) -> None:
        self._markets: dict[MarketId, Market] = {}
        self._forwarder = forwarder

    @property
    def all(self) -> Mapping[MarketId, Market]:
        """All markets."""
        return self._markets

    def add(self, market: Market) -> None:
        """Make a market known."""
        self._markets[market.settings.id] = market

    def get(self, market_id: MarketId) -> Market:
        """The market of that id. Raises NotFoundError."""
        market = self._markets.get(market_id)
        if market is None:
            raise NotFoundError(f"There is no market {market_id!r}.", "Check the id of the market.")
        return market

    async def execute(self, market_id: MarketId, ask: Ask) -> Done:
        """Have a command carried out by whoever holds the market.

        Raises what ``Host.execute`` raises, and MarketAwayError.
        """
        host = self.held(market_id)
        if host is not None:
            return await host.execute(ask)
        if self._forwarder is not None:
            return await self._forwarder.execute(market_id, ask)
        cause = f"No process holds market {market_id} at this moment."
        raise MarketAwayError(cause, "Send the command again with the same id in a few seconds.")

    async def execute_all(self, market_id: MarketId, asks: Sequence[Ask]) -> list[Done | DispatchError]:
        """``execute`` for one command after the other: what came of each; a refusal stops none of those after it."""
        host = self.held(market_id)
        if host is not None:
            return await host.execute_all(asks)
        return [await self._tried(market_id, ask) for ask in asks]

    async def _tried(self, market_id: MarketId, ask: Ask) -> Done | DispatchError:
        try:
            return await self.execute(market_id, ask)
        except DispatchError as error:
            return error

    def held(self, market_id: MarketId) -> Host | None:
        """The market's host, while this process holds the market. Raises NotFoundError."""
        return self.get(market_id).host


DEFAULT_MARKET: Final = MarketId("main")
"""The market of a service that was told of none."""
