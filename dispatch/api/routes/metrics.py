"""Figures of a process for Prometheus; made anew for each request, so nothing is kept beside the service."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import CollectorRegistry

from dispatch.api.state import Api
from dispatch.service.service import Services

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response)
async def metrics(api: Api) -> Response:
    """How the process does."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(api))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Collector:
    """Reads the figures when they are asked for."""

    def __init__(self, api: Services) -> None:
        self._api = api

    def collect(self) -> Iterator[Metric]:
        """All figures."""
        yield from self._ticks()
        yield from self._markets()
        writer = self._api.store.writer
        yield GaugeMetricFamily("dispatch_writes_waiting", "Writes that wait for the disk.", value=writer.waiting)
        yield CounterMetricFamily("dispatch_writes", "Commands written.", value=writer.appends)
        yield CounterMetricFamily("dispatch_commits", "Transactions that they shared.", value=writer.groups)

    def _ticks(self) -> Iterator[Metric]:
        number = CounterMetricFamily("dispatch_ticks", "Ticks that planned something.", labels=["market"])
        size = GaugeMetricFamily("dispatch_tick_size", "What the last tick planned.", labels=["market", "what"])
        phase = GaugeMetricFamily("dispatch_tick_seconds", "How long it took.", labels=["market", "phase"])
        for market_id, tick in self._api.ticks.items():
            number.add_metric([market_id], tick.number)
            for what, count in (("orders", tick.orders), ("riders", tick.riders), ("events", tick.events)):
                size.add_metric([market_id, what], count)
            for name, took_s in (("look", tick.snapshot_s), ("solve", tick.solve_s), ("decide", tick.decide_s)):
                phase.add_metric([market_id, name], took_s)
        yield from (number, size, phase)

    def _markets(self) -> Iterator[Metric]:
        held = GaugeMetricFamily("dispatch_market_held", "Whether this process holds the market.", labels=["market"])
        events = CounterMetricFamily("dispatch_events", "The market's last event.", labels=["market"])
        active = GaugeMetricFamily("dispatch_orders_active", "Orders under way.", labels=["market"])
        for market_id, market in self._api.markets.all.items():
            held.add_metric([market_id], float(market.host is not None))
            events.add_metric([market_id], market.feed.seq)
            if market.host is not None:
                active.add_metric([market_id], len(market.host.state.active))
        yield from (held, events, active)
