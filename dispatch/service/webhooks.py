"""What integrators do with their webhooks: set them up, change them, look at deliveries, have them sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection

from dispatch.engine.clock import Clock
from dispatch.errors import ConflictError, InvalidInputError, Issue, StaleError
from dispatch.model.events import EVENT_TYPES
from dispatch.model.order import MarketId
from dispatch.service.ids import new_id
from dispatch.service.webhook_address import check_url
from dispatch.service.webhook_signing import new_signing_secret
from dispatch.store import webhooks as rows
from dispatch.store.store import Store
from dispatch.store.tables import EVENTS
from dispatch.store.webhooks import DEAD, Delivery, Webhook
from dispatch.units import Instant, Seconds

T = TypeVar("T")
MOST_REPLAYED: Final = 10_000
"""Events that one request has sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """What is to be another way; None leaves it as it is."""

    url: str | None = None
    kinds: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None


class Webhooks:
    """The webhooks of all markets. ``loopback``: addresses of this machine may be given, too."""

    def __init__(self, store: Store, clock: Clock, *, loopback: bool = False) -> None:
        self._store, self._clock, self._loopback = store, clock, loopback

    @property
    def loopback(self) -> bool:
        """Whether addresses of this machine count."""
        return self._loopback

    async def add(
        self, market_id: MarketId, url: str, *, kinds: Sequence[str] = (), description: str = "", by: str = ""
    ) -> Webhook:
        """Tell another system of what happens from now on.

        Raises InvalidInputError, ConflictError (codes "webhook_taken", "webhooks_full").
        """
        check_url(url, loopback=self._loopback)
        check_kinds(kinds)
        now = self._clock.now()
        made = Webhook(
            id=new_id("whk", now),
            market_id=market_id,
            url=url,
            kinds=tuple(dict.fromkeys(kinds)),
            description=description,
            secret=new_signing_secret(),
            after_seq=0,
            created_at=now,
            created_by=by,
            changed_at=now,
        )

        def work(connection: Connection) -> Webhook:
            started = replace(made, after_seq=rows.head(connection, market_id))
            rows.add_webhook(connection, started)
            return started

        return await self._write(work)

    async def all(self, market_id: MarketId) -> list[Webhook]:
        """The webhooks of a market."""
        return await self._read(lambda c: rows.webhooks(c, market_id))

    async def one(self, market_id: MarketId, webhook_id: str) -> Webhook:
        """One of them. Raises NotFoundError."""
        return await self._read(lambda c: rows.webhook(c, market_id, webhook_id))

    async def change(
        self, market_id: MarketId, webhook_id: str, change: WebhookChange, expected: int | None = None
    ) -> Webhook:
        """Change one; what happened while it was disabled is told by a replay only.

        Raises NotFoundError, StaleError, InvalidInputError, ConflictError (code "webhook_taken").
        """
        if change.url is not None:
            check_url(change.url, loopback=self._loopback)
        check_kinds(change.kinds or ())
        return await self._change(market_id, webhook_id, lambda known, now: _changed(known, change, now), expected)

    async def rotate(self, market_id: MarketId, webhook_id: str, overlap_s: Seconds) -> Webhook:
        """Take a new secret; for ``overlap_s`` messages are signed with the old one, too. Raises NotFoundError."""

        def rotated(known: Webhook, now: Instant) -> Webhook:
            until = now + overlap_s
            return replace(known, secret=new_signing_secret(), old_secret=known.secret, old_secret_until=until)

        return await self._change(market_id, webhook_id, rotated, None)

    async def _change(
        self,
        market_id: MarketId,
        webhook_id: str,
        make: Callable[[Webhook, Instant], Webhook],
        expected: int | None,
    ) -> Webhook:
        now = self._clock.now()

        def work(connection: Connection) -> Webhook:
            known = rows.webhook(connection, market_id, webhook_id)
            changed = replace(make(known, now), version=known.version + 1, changed_at=now)
            stale = expected is not None and expected != known.version
            if stale or not rows.change_webhook(connection, changed):
                cause = f"{webhook_id} is at version {known.version}, not at {expected}."
                raise StaleError(cause, "Look at its present state, and repeat with that version.")
            return changed

        return await self._write(work)

    async def remove(self, market_id: MarketId, webhook_id: str) -> None:
        """Tell it nothing any more; its deliveries are forgotten. Raises NotFoundError."""

        def work(connection: Connection) -> None:
            rows.remove_webhook(connection, rows.webhook(connection, market_id, webhook_id))

        await self._write(work)

    async def deliveries(
        self, market_id: MarketId, webhook_id: str, *, state: str | None, before_seq: int | None, limit: int
    ) -> list[Delivery]:
        """Deliveries to one webhook, the newest event first. Raises NotFoundError."""

        def query(connection: Connection) -> list[Delivery]:
            known = rows.webhook(connection, market_id, webhook_id)
            return rows.deliveries(connection, known.id, state=state, before_seq=before_seq, limit=limit)

        return await self._read(query)

    async def replay(self, market_id: MarketId, webhook_id: str, delivery_id: str) -> Delivery:
        """Send one event again, now. Raises NotFoundError, ConflictError (code "webhook_disabled")."""
        now = self._clock.now()

        def work(connection: Connection) -> Delivery:
            known = _enabled(rows.webhook(connection, market_id, webhook_id))
            found = rows.delivery(connection, known.id, delivery_id)
            rows.deliver_again(connection, known, [(found.seq, found.type)], now)
            return rows.delivery(connection, known.id, delivery_id)

        return await self._write(work)

    async def replay_between(
        self, market_id: MarketId, webhook_id: str, since: Instant, before: Instant, *, dead_only: bool = False
    ) -> int:
        """Send again what was recorded in a time and is of the kinds wanted, delivered or not; how many events.

        dead_only: only what was given up. Raises NotFoundError, ConflictError (codes "webhook_disabled",
        "replay_too_large").
        """
        now = self._clock.now()
        known = _enabled(await self.one(market_id, webhook_id))
        within = (EVENTS.c.recorded_at >= since, EVENTS.c.recorded_at < before, EVENTS.c.seq <= known.after_seq)
        where = (*within, EVENTS.c.seq.in_(rows.seqs_of(known, DEAD))) if dead_only else within
        events = await self._read(lambda c: rows.wanted_events(c, known, *where, limit=MOST_REPLAYED + 1))
        if len(events) > MOST_REPLAYED:
            cause = f"More than {MOST_REPLAYED} events are in that time."
            raise ConflictError(cause, "Ask for a shorter time.", code="replay_too_large")
        for start in range(0, len(events), 500):
            some = events[start : start + 500]
            await self._write(partial(rows.deliver_again, one=known, events=some, now=now))
        return len(events)

    async def _read(self, query: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(self._in_transaction, query)

    def _in_transaction(self, query: Callable[[Connection], T]) -> T:
        with self._store.reading() as connection:
            return query(connection)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._store.run(work))


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise InvalidInputError for kinds of events that there are not."""
    action = "Use names of docs/events.md, such as OrderDelivered; none means every kind."
    issues = [
        Issue("event_kind", f"{kind!r} is no kind of event", action, field=f"kinds.{place}")
        for place, kind in enumerate(kinds)
        if kind not in EVENT_TYPES
    ]
    if issues:
        raise InvalidInputError("webhook", issues)


def _changed(known: Webhook, change: WebhookChange, now: Instant) -> Webhook:
    disabled_at, why = known.disabled_at, known.disabled_why
    if change.enabled is True:
        disabled_at, why = None, ""
    elif change.enabled is False and disabled_at is None:
        disabled_at, why = now, "Somebody disabled it."
    return replace(
        known,
        url=known.url if change.url is None else change.url,
        kinds=known.kinds if change.kinds is None else tuple(dict.fromkeys(change.kinds)),
        description=known.description if change.description is None else change.description,
        disabled_at=disabled_at,
        disabled_why=why,
    )


def _enabled(webhook: Webhook) -> Webhook:
    if webhook.disabled_at is not None:
        cause = f"Webhook {webhook.id} is disabled: {webhook.disabled_why}"
        raise ConflictError(cause, "Enable it first.", code="webhook_disabled")
    return webhook
