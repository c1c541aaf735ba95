"""``Idempotency-Key`` for what is made beside the log: answers are remembered under the key, as those of commands are.

Two requests with one key at the same moment wait for each other, also where they reach two processes: whoever has the
lease of the key makes, the other one then finds what was made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, TypeVar

from fastapi import Depends
from pydantic import BaseModel

from dispatch.api.asking import KEY, Asking
from dispatch.api.auth import Who
from dispatch.api.state import Api, AppRequest
from dispatch.errors import ConflictError, DispatchError
from dispatch.model.order import MarketId
from dispatch.service.service import Services
from dispatch.store.remembering import remember

M = TypeVar("M", bound=BaseModel)
BESIDE: Final = MarketId("")
"""Stands in for a market where something is made that belongs to none."""
_LEASE_MS: Final = 15_000
_PATIENCE_S: Final = 20.0
_LOOK_S: Final = 0.05


class KeyBusyError(DispatchError):
    """Another request under the same key has been at work for long (HTTP 503)."""

    code = "key_busy"


@dataclass(frozen=True, slots=True)
class Making:
    """Makes something at most once for each key of a caller."""

    api: Services
    who_id: str
    market_id: MarketId
    key: str | None
    fingerprint: str

    async def once(
        self, kind: type[M], make: Callable[[], Awaitable[M]], *, secrets: frozenset[str] = frozenset()
    ) -> M:
        """What ``make`` makes, or what it has made before under the same key.

        secrets: fields of the answer that are shown once and never kept; a repetition has null there. Raises
        ConflictError (code "key_reused"), KeyBusyError, and what ``make`` raises; nothing is remembered then.
        """
        if self.key is None:
            return await make()
        name = f"{self.who_id}:{self.key}"
        async with _alone(self.api, f"once:{self.market_id}:{name}"):
            known = await asyncio.to_thread(self.api.store.remembered, self.market_id, name)
            if known is None:
                made = await make()
                kept = made.model_dump(mode="json") | dict.fromkeys(secrets)
                now = self.api.clock.now()
                work = remember(self.market_id, name, self.fingerprint, kept, now)
                await asyncio.wrap_future(self.api.store.run(work))
                return made
        if known.fingerprint != self.fingerprint:
            cause = f"The key {self.key} was used before with other content."
            raise ConflictError(cause, "Give every request a key of its own.", code="key_reused")
        return kind.model_validate(known.outcome)


@asynccontextmanager
async def _alone(api: Services, name: str) -> AsyncIterator[None]:
    """Wait until nobody else is here, in whatever process."""
    until = time.monotonic() + _PATIENCE_S
    holder = api.new_id("req")
    while (lease := await api.live.acquire(name, holder, _LEASE_MS)) is None:
        if time.monotonic() > until:
            cause = "Another request with the same key has not been answered yet."
            raise KeyBusyError(cause, "Send the request again under the same key in a moment.")
        await asyncio.sleep(_LOOK_S)
    try:
        yield
    finally:
        await api.live.release(lease)


async def once(asks: Asking, kind: type[M], make: Callable[[], Awaitable[M]]) -> M:
    """``Making.once`` for something of a market."""
    return await Making(asks.api, asks.who.id, asks.market_id, asks.key, asks.fingerprint).once(kind, make)


async def _making(request: AppRequest, api: Api, who: Who, key: Annotated[str | None, KEY] = None) -> Making:
    content = sha256(f"{request.method} {request.url.path}\n".encode() + await request.body()).hexdigest()
    return Making(api, who.id, BESIDE, key, content)


Makes = Annotated[Making, Depends(_making)]
"""Write ``makes: Makes`` among the arguments of an endpoint that makes something of no market."""
