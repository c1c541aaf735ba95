"""Figures of a process for Prometheus: what it has counted, and what is read at the moment of the request."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping

from fastapi import APIRouter, Response
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import CollectorRegistry
from sqlalchemy import Connection

from dispatch.api.state import Api
from dispatch.errors import DispatchError
from dispatch.model.lifecycle import OfferStatus
from dispatch.model.prep import NOTHING, PrepTimes, of_all
from dispatch.service.service import Services
from dispatch.store.outbox import unsent
from dispatch.store.timers import timers_overdue

router = APIRouter(tags=["health"])

Queues = Mapping[tuple[str, str], int]


@router.get("/metrics", response_class=Response)
async def metrics(api: Api) -> Response:
    """How the process does. Needs no credentials: keep it to the inner network."""
    try:
        queues = await api.reads.run(lambda connection: _queues(connection, api.clock.now()))
    except DispatchError:
        queues = None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(api, queues))
    text = await asyncio.to_thread(generate_latest, api.measures.registry)
    return Response(text + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _prep(times: PrepTimes) -> Iterator[tuple[str, int]]:
    """How many orders had an estimate of their preparation, and took no longer than its quantiles."""
    yield from (("any", times.told), ("p50", times.in_p50), ("p90", times.in_p90))


def _queues(connection: Connection, now: int) -> Queues:
    """What waits: timers, and messages by what they are about (each webhook has a topic of its own)."""
    found = Counter({("timers", "overdue"): timers_overdue(connection, now)})
    for (topic, state), count in unsent(connection).items():
        found[topic.partition(":")[0], state] += count
    return found


class _Collector:
    """Figures that are read when they are asked for; ``queues`` is None where the database did not answer."""

    def __init__(self, api: Services, queues: Queues | None) -> None:
        self._api, self._queues = api, queues

    def collect(self) -> Iterator[Metric]:
        """All figures."""
        yield from self._ticks()
        yield from self._markets()
        yield from self._waiting()
        writer = self._api.store.writer
        yield CounterMetricFamily("dispatch_writes", "Commands written.", value=writer.appends)
        yield CounterMetricFamily("dispatch_commits", "Transactions that they shared.", value=writer.groups)
        yield GaugeMetricFamily("dispatch_ready", "Whether plans can be made.", value=float(self._api.ready.is_set()))

    def _ticks(self) -> Iterator[Metric]:
        number = CounterMetricFamily("dispatch_ticks", "Ticks that planned something.", labels=["market"])
        size = GaugeMetricFamily("dispatch_tick_size", "What the last tick planned.", labels=["market", "what"])
        for market_id, tick in self._api.ticks.items():
            number.add_metric([market_id], tick.number)
            for what, count in (("orders", tick.orders), ("riders", tick.riders), ("events", tick.events)):
                size.add_metric([market_id, what], count)
        yield from (number, size)

    def _markets(self) -> Iterator[Metric]:
        held = GaugeMetricFamily("dispatch_market_held", "Whether this process holds the market.", labels=["market"])
        events = CounterMetricFamily("dispatch_events", "The market's last event.", labels=["market"])
        active = GaugeMetricFamily("dispatch_orders_active", "Orders under way.", labels=["market"])
        riders = GaugeMetricFamily("dispatch_riders_on_shift", "Riders at work.", labels=["market"])
        offers = GaugeMetricFamily("dispatch_offers_open", "Offers without an answer yet.", labels=["market"])
        preps = CounterMetricFamily(
            "dispatch_prep_estimates", "Orders with an estimate, and those it held for.", labels=["market", "within"]
        )
        for market_id, market in self._api.markets.all.items():
            held.add_metric([market_id], float(market.host is not None))
            events.add_metric([market_id], market.feed.seq)
            if market.host is not None:
                state = market.host.state
                active.add_metric([market_id], len(state.active))
                riders.add_metric([market_id], sum(rider.shift is not None for rider in state.riders.values()))
                named = (state.offers[name] for rider in state.riders.values() for name in rider.offers)
                offers.add_metric([market_id], sum(offer.status is OfferStatus.OPEN for offer in named))
                for what, count in _prep(state.preps.get(of_all(None), NOTHING)):
                    preps.add_metric([market_id, what], count)
        yield from (held, events, active, riders, offers, preps)

    def _waiting(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("dispatch_queue_depth", "What waits to be done.", labels=["queue", "state"])
        depth.add_metric(["writes", "waiting"], self._api.store.writer.waiting)
        for (queue, state), count in (self._queues or {}).items():
            depth.add_metric([queue, state], count)
        yield depth
        yield GaugeMetricFamily("dispatch_database_up", "Whether it answered.", value=float(self._queues is not None))
