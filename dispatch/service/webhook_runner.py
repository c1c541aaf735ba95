"""Delivers events to webhooks: from the log to the outbox, from there to whoever wants them.

Every process that holds markets runs one; what one has claimed, no other sends. A webhook has a task of its own while
there is something for it, so one that hangs or fails delays nobody but itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final

from sqlalchemy import Connection

from dispatch.engine.background import Background
from dispatch.engine.clock import Clock
from dispatch.engine.traces import NO_TRACES, Span, Traces
from dispatch.errors import DispatchError, NotFoundError
from dispatch.model.codec import Json
from dispatch.service.webhook_sending import GONE, Reach, Result, Sender, body_of
from dispatch.store import webhooks as rows
from dispatch.store.outbox import BACK_OFF_S, Claimed, claim_messages, message_failed, message_sent
from dispatch.store.store import Store
from dispatch.store.webhooks import Webhook
from dispatch.units import DAY_S, Seconds

_AT_ONCE: Final = 1_000
LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How webhooks are worked through.

    look_s: wall seconds between two looks. lease_s: for so long a message is one worker's; longer than an attempt may
    take. at_once: messages under way to one webhook. fan_out: events handed to the outbox in one transaction. jitter: a
    wait is longer by up to this share, by chance, so that what failed together does not come again together. kept_s:
    for so long what was delivered is remembered; prune_s: wall seconds between two looks for what is older.
    """

    look_s: float = 0.5
    lease_s: Seconds = 60
    at_once: int = 8
    fan_out: int = 500
    back_off_s: tuple[Seconds, ...] = field(default=BACK_OFF_S)
    jitter: float = 0.2
    kept_s: Seconds = 30 * DAY_S
    prune_s: float = 600.0


class WebhookRunner:
    """Delivers until it is cancelled; what was under way then is sent again, under the same id. Without ``chance``,
    waits are as long as they are written down.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        worker: str,
        reach: Reach | None = None,
        pacing: Pacing | None = None,
        chance: Random | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._traces = traces
        self._store, self._clock, self._worker, self._chance = store, clock, worker, chance
        self._pruned = time.monotonic()
        self._reach, self._pacing = reach or Reach(), pacing or Pacing()
        self._draining: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Go on until cancelled."""
        async with Sender(self._reach) as sender, Background() as tasks:
            while True:
                try:
                    await self._look(sender, tasks)
                except DispatchError as error:
                    LOG.warning("Webhooks wait: %s", error)
                await asyncio.sleep(self._pacing.look_s)

    async def run_once(self) -> int:
        """Hand over what is new, and try all that is due once; how many attempts that were."""
        await self.fan_out()
        async with Sender(self._reach) as sender:
            due = await asyncio.to_thread(self._due)
            tried = [await self._deliver_some(webhook_id, sender) for webhook_id in due]
        return sum(tried)

    async def _look(self, sender: Sender, tasks: Background) -> None:
        await self.fan_out()
        if time.monotonic() - self._pruned > self._pacing.prune_s:
            self._pruned = time.monotonic()
            await self.prune()
        self._draining = {name: task for name, task in self._draining.items() if not task.done()}
        for webhook_id in await asyncio.to_thread(self._due):
            if webhook_id not in self._draining:
                work = self._drain(webhook_id, sender)
                self._draining[webhook_id] = tasks.start(work, f"delivery to {webhook_id}")

    async def _drain(self, webhook_id: str, sender: Sender) -> None:
        """Deliver to one webhook until nothing is due."""
        try:
            while await self._deliver_some(webhook_id, sender):
                pass
        except DispatchError as error:
            LOG.warning("Deliveries to %s wait: %s", webhook_id, error)

    async def prune(self) -> int:
        """Forget what was delivered long ago; how many deliveries that were."""
        forget = partial(rows.forget_delivered, before=self._clock.now() - self._pacing.kept_s, limit=_AT_ONCE)
        forgotten = 0
        while some := await asyncio.wrap_future(self._store.run(forget)):
            forgotten += some
        return forgotten

    async def fan_out(self) -> None:
        """Hand new events to the outbox."""
        for one in await asyncio.to_thread(self._behind):
            work = partial(rows.fan_out, one=one, now=self._clock.now(), limit=self._pacing.fan_out)
            await asyncio.wrap_future(self._store.run(work))

    def _behind(self) -> list[Webhook]:
        with self._store.reading() as connection:
            return rows.behind(connection)

    def _due(self) -> list[str]:
        with self._store.reading() as connection:
            return rows.due_webhooks(connection, self._clock.now())

    async def _deliver_some(self, webhook_id: str, sender: Sender) -> int:
        claiming = partial(
            claim_messages,
            worker=self._worker,
            now=self._clock.now(),
            lease_s=self._pacing.lease_s,
            limit=self._pacing.at_once,
            topics=[rows.TOPIC + webhook_id],
        )
        claims = await asyncio.wrap_future(self._store.run(claiming))
        await asyncio.gather(*(self._traced(webhook_id, claimed, sender) for claimed in claims))
        return len(claims)

    async def _traced(self, webhook_id: str, claimed: Claimed, sender: Sender) -> None:
        name = claimed.name or ""
        with self._traces.span("webhook", webhook_id=webhook_id, message_id=name, attempt=claimed.attempts) as span:
            await self._deliver(webhook_id, claimed, sender, span)

    async def _deliver(self, webhook_id: str, claimed: Claimed, sender: Sender, span: Span) -> None:
        try:
            one, body = await asyncio.to_thread(self._content, webhook_id, claimed)
        except NotFoundError:
            return  # deleted meanwhile, its messages too
        now = self._clock.now()
        if one.disabled_at is not None:
            result = Result(at=now, took_ms=0, error="The webhook is disabled.")
        else:
            result = await sender.send(one, claimed.name or "", body, now)
        span.note(**{"http.response.status_code": result.status or 0})
        await asyncio.wrap_future(self._store.run(partial(self._note, one=one, claimed=claimed, result=result)))

    def _content(self, webhook_id: str, claimed: Claimed) -> tuple[Webhook, bytes]:
        with self._store.reading() as connection:
            one = rows.webhook(connection, claimed.market_id, webhook_id)
            return one, body_of(rows.event_at(connection, claimed.market_id, _seq(claimed.payload)))

    def _note(self, connection: Connection, one: Webhook, claimed: Claimed, result: Result) -> None:
        """Write down what came of an attempt; nothing where the claim had run out meanwhile."""
        now = self._clock.now()
        gone = result.status == GONE or one.disabled_at is not None
        waits = () if gone else tuple(map(self._wait_s, self._pacing.back_off_s))
        if result.error:
            noted = message_failed(connection, claimed, now, result.error, back_off_s=waits)
        else:
            noted = message_sent(connection, claimed, now)
        if noted:
            rows.note_result(connection, claimed, result.to_json())
        if result.status == GONE:
            rows.disable_webhook(connection, one.id, now, "The other side answered 410 Gone.")

    def _wait_s(self, wait_s: Seconds) -> Seconds:
        if self._chance is None:
            return wait_s
        return round(wait_s * (1 + self._pacing.jitter * self._chance.random()))


def _seq(payload: Json) -> int:
    seq = payload.get("seq") if isinstance(payload, Mapping) else None
    if not isinstance(seq, int):
        raise NotFoundError("The message names no event.", "It is left alone.")
    return seq
