"""Webhooks as tests work with them: set up without HTTP, delivered by a runner that tests drive by hand."""

from __future__ import annotations

import asyncio

from dispatch.engine.clock import SimulatedClock
from dispatch.model.codec import Json
from dispatch.model.events import Event
from dispatch.service.webhook_runner import Pacing, WebhookRunner
from dispatch.service.webhook_sending import Reach
from dispatch.service.webhooks import Webhooks
from dispatch.store import webhooks as rows
from dispatch.store.store import Store, open_store
from dispatch.store.webhooks import Delivery, Webhook
from tests.support.builders import MARKET, NOON
from tests.support.recorded import KNOWN, an_append

HERE = Reach(loopback=True, timeout_s=5.0)


class Desk:
    """A store with webhooks, and a clock that stands at noon."""

    def __init__(self, store: Store, reach: Reach = HERE, pacing: Pacing | None = None) -> None:
        self.store, self.clock = store, SimulatedClock(NOON)
        self.webhooks = Webhooks(store, self.clock, loopback=True)
        self.runner = WebhookRunner(store, self.clock, "tests", reach, pacing)

    def add(self, url: str, *kinds: str) -> Webhook:
        return asyncio.run(self.webhooks.add(MARKET, url, kinds=kinds))

    def happen(self, *events: Event) -> None:
        seq = self.store.last_seq(MARKET)
        now = self.clock.now()
        append = an_append(f"c{seq}", events or [KNOWN], seq, occurred_at=now, recorded_at=now)
        self.store.submit(append).result()

    def run(self) -> int:
        return asyncio.run(self.runner.run_once())

    def wait(self, seconds: int) -> None:
        self.clock.set(self.clock.now() + seconds)

    def deliveries(self, webhook: Webhook, state: str | None = None) -> list[Delivery]:
        found = self.webhooks.deliveries(MARKET, webhook.id, state=state, before_seq=None, limit=100)
        return asyncio.run(found)

    def results(self, webhook: Webhook) -> list[dict[str, Json]]:
        """What came of all attempts so far; also where a loop runs."""
        with self.store.reading() as connection:
            found = rows.deliveries(connection, webhook.id, state=None, before_seq=None, limit=100)
        return [result for one in found for result in one.results]


def deliver_until_killed(store_url: str) -> None:
    """What a process does that delivers; it stands at noon."""
    with open_store(store_url) as store:
        asyncio.run(WebhookRunner(store, SimulatedClock(NOON), "killed", HERE).run())
