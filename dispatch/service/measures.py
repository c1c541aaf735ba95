"""What a process counts and times as it goes, for Prometheus.

Events are counted where a market is held, once they are durable; so the sum over all processes counts each once. Spans
between events are by the clock of the market, everything else by that of the wall.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from dispatch.model.events import (
    Event,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    OrderAssigned,
    OrderCancelled,
    OrderDelivered,
    OrderLost,
    OrderPickedUp,
    OrderPlaced,
    OrderRejected,
    OrderUnassigned,
    OverrideRecorded,
    Recorded,
)
from dispatch.model.order import Fulfilment, MarketId, OrderId
from dispatch.model.state import MarketState
from dispatch.service.loop import TickReport
from dispatch.units import MINUTE_S, Seconds

_OFFERS: Final = {
    OfferMade: "made",
    OfferAccepted: "accepted",
    OfferDeclined: "declined",
    OfferExpired: "expired",
    OfferWithdrawn: "withdrawn",
}
_ORDERS: Final = {
    OrderPlaced: "placed",
    OrderPickedUp: "picked_up",
    OrderDelivered: "delivered",
    OrderCancelled: "cancelled",
    OrderUnassigned: "unassigned",
    OrderLost: "lost",
}
_PHASE_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_REQUEST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ASSIGN_S: Final = (5, 10, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600)
_DOOR_S: Final = tuple(minutes * MINUTE_S for minutes in (10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120))
_LATE_S: Final = tuple(minutes * MINUTE_S for minutes in (-30, -20, -10, -5, 0, 2, 5, 10, 15, 20, 30, 45, 60))


class Measures:
    """The figures of one process, in ``registry``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._waiting: dict[tuple[MarketId, OrderId], None] = {}
        kept, by = self.registry, ("market",)
        self._phases = Histogram(
            "dispatch_tick_phase_seconds", "Ticks by phase.", (*by, "phase"), registry=kept, buckets=_PHASE_S
        )
        self._orders = Counter("dispatch_orders", "Orders by what happened to them.", (*by, "step"), registry=kept)
        self._offers = Counter("dispatch_offers", "Offers by what became of them.", (*by, "outcome"), registry=kept)
        self._overrides = Counter("dispatch_overrides", "Decisions of people.", (*by, "kind"), registry=kept)
        self._leases = Counter("dispatch_lease_changes", "Leases taken and let go.", (*by, "change"), registry=kept)
        self._assigned = Histogram(
            "dispatch_time_to_assign_seconds", "From placing to a rider.", by, registry=kept, buckets=_ASSIGN_S
        )
        self._door = Histogram(
            "dispatch_click_to_door_seconds", "From placing to the door.", by, registry=kept, buckets=_DOOR_S
        )
        self._late = Histogram(
            "dispatch_lateness_seconds", "Delivered after the promise.", by, registry=kept, buckets=_LATE_S
        )
        self._requests = Histogram(
            "dispatch_request_seconds",
            "Requests; long polls and streams last by design.",
            ("method", "route", "status"),
            registry=kept,
            buckets=_REQUEST_S,
        )

    def tick(self, market_id: MarketId, done: TickReport) -> None:
        """A tick has ended."""
        for phase, took_s in (("look", done.snapshot_s), ("solve", done.solve_s), ("decide", done.decide_s)):
            self._phases.labels(market_id, phase).observe(took_s)

    def lease(self, market_id: MarketId, change: str) -> None:
        """A lease was "taken", taken "anew" without letting go, or "let_go"."""
        self._leases.labels(market_id, change).inc()

    def request(self, method: str, route: str, status: int, took_s: float) -> None:
        """A request was answered."""
        self._requests.labels(method, route, str(status)).observe(took_s)

    def heard(self, recorded: tuple[Recorded, ...], state: MarketState) -> None:
        """Take in what a market has made durable; ``state`` is at least as new."""
        for entry in recorded:
            self._count(entry.market_id, entry.event)
            self._time(entry, state)

    def _count(self, market_id: MarketId, event: Event) -> None:
        if step := _ORDERS.get(type(event)):
            self._orders.labels(market_id, step).inc()
        elif outcome := _OFFERS.get(type(event)):
            self._offers.labels(market_id, outcome).inc()
        elif isinstance(event, OverrideRecorded):
            self._overrides.labels(market_id, event.override.kind.value).inc()

    def _time(self, entry: Recorded, state: MarketState) -> None:
        market_id = entry.market_id
        match entry.event:
            case OrderPlaced(order=order) if order.fulfilment is Fulfilment.DELIVERY:
                self._waiting[market_id, order.id] = None
            case OrderCancelled(order_id=order_id) | OrderRejected(order_id=order_id):
                self._waiting.pop((market_id, order_id), None)
            case OrderAssigned(order_id=order_id):
                self._with_a_rider(market_id, order_id, entry.recorded_at, state)
            case OfferAccepted(order_ids=order_ids):
                for order_id in order_ids:
                    self._with_a_rider(market_id, order_id, entry.recorded_at, state)
            case OrderDelivered(order_id=order_id) if order_id in state.orders:
                order = state.orders[order_id].order
                self._door.labels(market_id).observe(entry.occurred_at - order.placed_at)
                self._late.labels(market_id).observe(entry.occurred_at - order.promised_at)

    def _with_a_rider(self, market_id: MarketId, order_id: OrderId, at: Seconds, state: MarketState) -> None:
        """Time the first rider of an order; later ones are another matter."""
        known = (market_id, order_id) in self._waiting
        self._waiting.pop((market_id, order_id), None)
        if known and order_id in state.orders:
            self._assigned.labels(market_id).observe(at - state.orders[order_id].order.placed_at)
