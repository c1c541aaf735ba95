"""What endpoints work with: the parts of a running service, put together by ``dispatch.service.running``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from dispatch.engine.clock import Clock
from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.geo.travel import SPEEDS_KMH, StraightLine, TravelTimes
from dispatch.model.order import MarketId
from dispatch.service.access import Access
from dispatch.service.ids import new_id
from dispatch.service.links import Links
from dispatch.service.loop import TickReport
from dispatch.service.markets import Markets, MarketSettings
from dispatch.service.measures import Measures
from dispatch.service.payments import Payments
from dispatch.service.policies import Policies
from dispatch.service.quota import Quota
from dispatch.service.read import Reads
from dispatch.service.sandbox import Sandbox
from dispatch.service.sight import Sight
from dispatch.service.watch import MarketWatch
from dispatch.service.webhooks import Webhooks
from dispatch.service.zones import Zones
from dispatch.store.live.ports import LiveState
from dispatch.store.store import Store


@dataclass(slots=True)
class Services:
    """What endpoints work with."""

    store: Store
    clock: Clock
    markets: Markets
    reads: Reads
    live: LiveState
    access: Access
    sight: Sight
    webhooks: Webhooks
    policies: Policies
    zones: Zones
    payments: Payments
    links: Links
    speed: float = 1.0
    name: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    ticks: dict[MarketId, TickReport] = field(default_factory=dict)
    measures: Measures = field(default_factory=Measures)
    traces: Traces = NO_TRACES
    watch: MarketWatch | None = None
    quota: Quota = field(default_factory=Quota)
    sandbox: Sandbox | None = None

    def travel(self, market_id: MarketId) -> TravelTimes:
        """Travel times of a market."""
        return travel_of(self.markets.get(market_id).settings)

    def stop(self) -> None:
        """Let go of everybody who waits: streams and long polls end."""
        self.stopping = True
        if self.sandbox is not None:
            self.sandbox.stopping = True
        for market in self.markets.all.values():
            market.feed.close()

    def new_id(self, prefix: str) -> str:
        """A name for something new."""
        return new_id(prefix, self.clock.now())


def travel_of(settings: MarketSettings) -> TravelTimes:
    """The travel times that a market is planned with."""
    return StraightLine(SPEEDS_KMH, road_factor=settings.road_factor)
