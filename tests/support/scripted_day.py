"""A day that is driven through the HTTP API alone: a sandbox whose clock is moved by requests, and all its parties."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx

from dispatch.engine.clock import SimulatedClock
from dispatch.units import Instant, Seconds
from tests.support.builders import NOON
from tests.support.gateway import StubGateway
from tests.support.live_api import Live, live_api
from tests.support.shop_api import PLACE, Json, Shop


class Day(Shop):
    """A shop whose time goes on only through ``/v1/sandbox/clock``, and where the dispatch loop gives the orders."""

    def wait(self, seconds: Seconds) -> Instant:
        """Let time pass: everything that is due happens, ticks and timers in their order."""
        self.live.advance(seconds)
        return self.clock.now()

    def loiters(self, rider: str, seconds: Seconds) -> None:
        """Time passes, and the rider is seen to stand where the work began."""
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            self.wait(min(120, until - self.clock.now()))
            seen = {**PLACE, "occurred_at": self.at(0)}
            self.post(rider.replace("r", "rider-"), "/v1/riders/me/positions", positions=[seen])

    def at(self, seconds: Seconds) -> str:
        """An instant so far from now, as requests have it."""
        now = datetime.fromtimestamp(self.clock.now(), UTC)
        return (now + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")

    def takes(self, rider: str = "r1") -> str:
        """A rider is offered something by the dispatch loop, and accepts; the orders, joined."""
        for _ in range(60):
            tasks = self.get(rider.replace("r", "rider-"), "/v1/riders/me/tasks")
            if tasks["offers"]:
                offer = tasks["offers"][0]
                self.act(rider, "accept", offer_id=offer["id"])
                return " ".join(offer["order_ids"])
            self.wait(10)
        raise AssertionError("nothing was offered")

    def collects(self, order_id: str, rider: str = "r1") -> None:
        """The rider takes what is offered, rides to the kitchen, waits until it is ready, and picks it up."""
        assert order_id in self.takes(rider)
        self.ride(rider)
        self.act(rider, "picked_up", order_ids=[order_id])

    def refunded(self, order_id: str) -> int:
        """What goes back of an order's price, by an account that adds up."""
        account = self.get("customer_service", f"/v1/orders/{order_id}/payment")
        assert sum(entry["minor"] for entry in account["entries"]) == 0
        return sum(int(refund["amount"]["minor"]) for refund in account["refunds"])

    def balance(self, order_id: str, of: str) -> int:
        """What one of the accounts of an order comes to."""
        account = self.get("customer_service", f"/v1/orders/{order_id}/payment")
        return sum(int(entry["minor"]) for entry in account["entries"] if entry["account"] == of)

    def told(self, order_id: str) -> list[str]:
        """The names of the events about an order, in their order."""
        return [one["type"] for one in self.events_about(order_id)]

    def events_about(self, order_id: str) -> list[Json]:
        """The events about an order, as the API shows them."""
        found: list[Json] = []
        page = self.get("admin", "/v1/events", limit="500")
        while page["items"]:
            found += [one for one in page["items"] if one["stream"] == f"order:{order_id}"]
            page = self.get("admin", "/v1/events", limit="500", after=str(page["last_seq"]))
        return found

    def link(self, order_id: str) -> str:
        """The path under which a customer follows the order."""
        return f"/v1/track/{self.post('admin', f'/v1/orders/{order_id}/link')['token']}"

    def customer(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        """What a customer asks, who has nothing but the link."""
        return httpx.request(method, f"{self.live.url}{path}", json=body, timeout=30)


@contextmanager
def a_day(store_url: str, *, gateway: StubGateway | None = None) -> Iterator[Day]:
    """A day that begins at noon, with merchants m1 and m2 and riders r1 to r3."""
    clock = SimulatedClock(NOON)
    adapter = None if gateway is None else gateway.adapter()
    with live_api(store_url, clock=clock, sandbox=True, gateway=adapter) as live:
        day = _opened(live, clock)
        try:
            yield day
        finally:
            day.close()


def _opened(live: Live, clock: SimulatedClock) -> Day:
    day = Day(live, clock)
    day.set_up()
    return day
