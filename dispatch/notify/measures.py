"""What a process counts and times of its messages, for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from dispatch.model.order import MarketId

_TOOK_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LATE_S: Final = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400)


class NoticeMeasures:
    """The figures of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ("market", "channel")
        self._results = Counter(
            "dispatch_messages", "Attempts to send by what came of them.", (*by, "result"), registry=registry
        )
        self._took = Histogram(
            "dispatch_message_seconds", "Attempts at the provider.", by, registry=registry, buckets=_TOOK_S
        )
        self._late = Histogram(
            "dispatch_message_delay_seconds", "From the event to the provider.", by, registry=registry, buckets=_LATE_S
        )

    def tried(self, market_id: MarketId, channel: str, result: str, took_s: float) -> None:
        """An attempt has ended."""
        self._results.labels(market_id, channel, result).inc()
        self._took.labels(market_id, channel).observe(took_s)

    def sent(self, market_id: MarketId, channel: str, delay_s: float) -> None:
        """A provider has taken a message, so long after what it tells of."""
        self._late.labels(market_id, channel).observe(delay_s)
