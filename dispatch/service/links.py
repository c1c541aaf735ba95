"""Links by which customers follow their orders without signing in.

A token is made from the secret of the service, so that it can be made again for the next message to the customer, and
cannot be made by who reads the database, where only its hash stands. It counts until a while after the order is over
(``CareRules.link_s``), and while something about the order is open.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from dispatch.engine.clock import Clock
from dispatch.errors import NotFoundError
from dispatch.model.order import MarketId, OrderId
from dispatch.service.tokens import hash_secret
from dispatch.service.tracking import Tracked, tracked
from dispatch.settings import OWN_PAGE
from dispatch.store import links as rows
from dispatch.store.links import KeptLink
from dispatch.store.store import Store
from dispatch.units import DAY_S, Instant, Seconds

MOST_S: Final[Seconds] = 90 * DAY_S
"""No link counts longer than this, whatever becomes of its order."""
MOST_WATCHING: Final = 10
"""So many watch one link at a time, in one process."""
_NOWHERE: Final = (MarketId(""), OrderId(""))


class Links:
    """The links of all markets. ``page``: where customers' pages are, with ``{token}``; "" for the service's own."""

    def __init__(self, store: Store, clock: Clock, key: bytes, page: str = "") -> None:
        self._store, self._clock = store, clock
        self._key = hmac.digest(key, b"customers' links", "sha256")
        self._page = page or OWN_PAGE
        self._watched: Counter[str] = Counter()

    def url(self, token: str) -> str:
        """The address for a customer."""
        return self._page.replace("{token}", token)

    @property
    def anywhere(self) -> bool:
        """Whether the addresses lead to the page from anywhere, so that a message can carry them."""
        return not self._page.startswith("/")

    def _token(self, market_id: MarketId, order_id: OrderId, generation: int) -> str:
        name = f"{len(market_id)} {market_id} {order_id} {generation}"
        return base64.urlsafe_b64encode(hmac.digest(self._key, name.encode(), "sha256")).decode().rstrip("=")

    @contextmanager
    def watching(self, token: str) -> Iterator[bool]:
        """Count somebody who watches a link for long; whether that may be, next to those who do already."""
        kept = hash_secret(token)
        self._watched[kept] += 1
        try:
            yield self._watched[kept] <= MOST_WATCHING
        finally:
            self._watched[kept] -= 1
            if not self._watched[kept]:
                del self._watched[kept]

    async def make(self, market_id: MarketId, order_id: OrderId, by: str = "") -> str:
        """The token of an order's link: that of the one there is, or of a new one."""
        now = self._clock.now()

        def work(connection: Connection) -> str:
            known = rows.link_of(connection, market_id, order_id)
            generation = 1 if known is None else known.generation
            token = self._token(market_id, order_id, generation)
            if known is not None and known.ended_at is None and known.token_hash == hash_secret(token):
                return token
            if known is not None:
                generation += 1
                token = self._token(market_id, order_id, generation)
            made = KeptLink(
                market_id=market_id,
                order_id=order_id,
                token_hash=hash_secret(token),
                generation=generation,
                made_at=now,
                made_by=by,
            )
            rows.put_link(connection, made)
            return token

        return await asyncio.wrap_future(self._store.run(work))

    async def end(self, market_id: MarketId, order_id: OrderId) -> None:
        """Let an order's link count no more."""
        now = self._clock.now()
        await asyncio.wrap_future(self._store.run(lambda c: rows.end_link(c, market_id, order_id, now)))

    async def follow(self, token: str) -> Tracked:
        """What the customer sees. Raises NotFoundError, which does not tell whether there ever was such a link."""
        now = self._clock.now()

        def read() -> Tracked | None:
            with self._store.reading() as connection:
                return self._look(connection, token, now)

        found = await asyncio.to_thread(read)
        if found is None:
            raise NotFoundError("There is no such link, or it counts no more.", "Ask the shop for a new one.")
        return found

    def _look(self, connection: Connection, token: str, now: Instant) -> Tracked | None:
        link = rows.link_by_hash(connection, hash_secret(token))
        # A token that is none leads to the same reads, so that the time it takes tells little.
        found = tracked(connection, *_NOWHERE if link is None else (link.market_id, link.order_id))
        if link is None or found is None or link.ended_at is not None or now >= link.made_at + MOST_S:
            return None
        return None if _is_over(found, link, now) else found


def _is_over(found: Tracked, link: KeptLink, now: Instant) -> bool:
    """Whether the order ended long enough ago, and nothing about it is open."""
    order = found.order
    if not order.over or found.cases:
        return False
    ended_at = order.delivered_at or order.cancelled_at or max(link.made_at, order.ready_at)
    return now >= ended_at + found.rules.link_s
