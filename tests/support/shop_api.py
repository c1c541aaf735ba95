"""A shop over the live API with a clock of its own: orders with prices, rules of the policy, riders, cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from dispatch.engine.clock import SimulatedClock
from dispatch.model.events import to_dict
from dispatch.model.state import MarketState
from dispatch.units import Instant, Seconds
from tests.support.builders import DOOR, KITCHEN, MARKET, NOON
from tests.support.live_api import Live, live_api

T = TypeVar("T")
Json = dict[str, Any]

PLACE = {"latitude": KITCHEN.latitude, "longitude": KITCHEN.longitude}
TO_DOOR = {"latitude": DOOR.latitude, "longitude": DOOR.longitude}
PATIENCE_S = 60.0


class Shop:
    """Merchants m1 and m2, riders r1 to r3, and clients of all parties."""

    def __init__(self, live: Live, clock: SimulatedClock) -> None:
        self.live, self.clock = live, clock
        self._clients: dict[str, httpx.Client] = {}
        self._actions: dict[str, int] = {}

    def close(self) -> None:
        """Let go of all clients."""
        for client in self._clients.values():
            client.close()

    def set_up(self) -> None:
        """Make merchants and riders known."""
        for number in (1, 2):
            self.post("admin", "/v1/merchants", id=f"m{number}", place=PLACE)
        for number in (1, 2, 3):
            self.post("admin", "/v1/riders", id=f"r{number}")

    def ask(self, who: str, method: str, path: str, body: Json | None = None, **headers: str) -> httpx.Response:
        """Any request of somebody."""
        client = self._clients.setdefault(who, self.live.client(who))
        return client.request(method, path, json=body, headers=headers)

    def get(self, who: str, path: str, **params: str | list[str] | bool) -> Json:
        """What somebody sees."""
        client = self._clients.setdefault(who, self.live.client(who))
        return dict(client.get(path, params=params).raise_for_status().json())

    def post(self, who: str, path: str, **body: object) -> Json:
        """What came of what somebody does."""
        answer = self.ask(who, "POST", path, body)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    def refused(self, who: str, path: str, **body: object) -> tuple[int, str]:
        """The status and code of a refusal."""
        answer = self.ask(who, "POST", path, body)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, str(answer.json()["code"])

    def rules(self, **care: object) -> None:
        """Put rules beside the delivery into force."""
        kept = self.post("admin", "/v1/policies", name="shop", settings={"care": care})
        self.post("admin", f"/v1/policies/shop/{kept['version']}/activate")

    def order(self, merchant: str = "m1", minor: int = 20_000, **more: object) -> str:
        """A new order with a price; its id."""
        total = {"minor": minor, "currency": "COP"}
        placed = self.post("admin", "/v1/orders", merchant_id=merchant, dropoff=TO_DOOR, total=total, **more)
        return str(placed["id"])

    def accepted(self, **more: object) -> str:
        """One that its merchant has accepted."""
        order_id = self.order(**more)  # type: ignore[arg-type]
        self.post("admin", f"/v1/orders/{order_id}/accept")
        return order_id

    def starts(self, rider: str = "r1") -> None:
        """A rider begins to work at the kitchen."""
        self.post(rider.replace("r", "rider-"), "/v1/riders/me/shift", start=PLACE)

    def given(self, order_id: str, rider: str = "r1") -> None:
        """A dispatcher gives an order to a rider."""
        why = {"reason": "training", "text": "for a test"}
        self.post("dispatcher", "/v1/overrides", kind="assign", order_id=order_id, rider_id=rider, **why)

    def on_board(self, order_id: str, rider: str = "r1") -> None:
        """A rider, who has begun to work, gets an order and picks it up."""
        self.given(order_id, rider)
        self.ride(rider)
        self.act(rider, "picked_up", order_ids=[order_id])

    def ride(self, rider: str = "r1", seconds: Seconds = 60) -> None:
        """Go to the next stop, unless the rider stands there."""
        told = self.act(rider, "depart", must=False)
        if told["results"][0]["code"] != "already_there":
            self.wait(seconds)
            self.act(rider, "arrived")

    def delivered(self, order_id: str, rider: str = "r1") -> None:
        """A rider brings what is on board."""
        self.ride(rider)
        self.act(rider, "delivered", order_id=order_id)

    def act(self, rider: str, kind: str, *, must: bool = True, **fields: object) -> Json:
        """What a rider's device says."""
        number = self._actions[rider] = self._actions.get(rider, 0) + 1
        action = {"kind": kind, "sequence": number, **fields}
        told = self.post(rider.replace("r", "rider-"), "/v1/riders/me/actions", actions=[action])
        assert not must or told["results"][0]["status"] == "done", told["results"]
        return told

    def step(self, who: str, case_id: str, step: str, **more: object) -> Json:
        """Somebody takes a step of a case."""
        return self.post(who, f"/v1/cases/{case_id}/steps", step=step, **more)

    def case(self, kind: str) -> Json:
        """The newest case of a kind, with everything."""
        found = self.get("customer_service", "/v1/cases", kind=kind)["items"][0]
        return self.get("customer_service", f"/v1/cases/{found['id']}")

    def now(self, order_id: str) -> Json:
        """An order as it is."""
        return self.get("admin", f"/v1/orders/{order_id}")

    @property
    def state(self) -> MarketState:
        """The whole market, as it is on disk."""
        return self.live.store.load_state(MARKET)

    def events(self, *kinds: str) -> list[Json]:
        """All events of some kinds, as JSON, in their order."""
        found = [to_dict(one.event) for one in self.live.store.read(MARKET)]
        return [one for one in found if one["type"] in kinds]

    def wait(self, seconds: Seconds) -> Instant:
        """Let time pass."""
        self.clock.set(self.clock.now() + seconds)
        return self.clock.now()

    def until(self, seen: Callable[[], T | None]) -> T:
        """What is seen in the end, while timers do their work."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            found = seen()
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError("nothing of that kind happened")


@contextmanager
def shop(store_url: str, *, clock: SimulatedClock | None = None, ticking: bool = False) -> Iterator[Shop]:
    """A shop that is served from a store; new, or as it was left."""
    set_clock = clock or SimulatedClock(NOON)
    with live_api(store_url, clock=set_clock, ticking=ticking) as live:
        opened = Shop(live, set_clock)
        try:
            if not opened.state.merchants:
                opened.set_up()
            yield opened
        finally:
            opened.close()
