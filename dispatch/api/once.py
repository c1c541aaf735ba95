"""``Idempotency-Key`` for what is made beside the log: answers are remembered under the key, as those of commands are.

Two requests with one key at the same moment wait for each other in one process. Where they reach two processes, both
may make something; then the second is told that the key has been used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from pydantic import BaseModel

from dispatch.api.asking import Asking
from dispatch.errors import ConflictError
from dispatch.store.writes import Append

M = TypeVar("M", bound=BaseModel)
_STRIPES: Final = 64


class Stripes:
    """Locks that keys share; each key has always the same one."""

    def __init__(self) -> None:
        self._locks = [asyncio.Lock() for _ in range(_STRIPES)]

    def of(self, name: str) -> asyncio.Lock:
        """The lock of a key."""
        return self._locks[hash(name) % _STRIPES]


async def once(asks: Asking, stripes: Stripes, kind: type[M], make: Callable[[], Awaitable[M]]) -> M:
    """What ``make`` makes, or what it has made before under the same key. Raises ConflictError (code "key_reused")."""
    if asks.key is None:
        return await make()
    name = f"{asks.who.id}:{asks.key}"
    async with stripes.of(name):
        known = await asyncio.to_thread(asks.api.store.remembered, asks.market_id, name)
        if known is None:
            made = await make()
            await _remember(asks, name, made)
            return made
    if known.fingerprint != asks.fingerprint:
        cause = f"The key {asks.key} was used before with other content."
        raise ConflictError(cause, "Give every request a key of its own.", code="key_reused")
    return kind.model_validate(known.outcome)


async def _remember(asks: Asking, name: str, made: BaseModel) -> None:
    append = Append(
        market_id=asks.market_id,
        events=(),
        expected_seq=None,
        occurred_at=asks.now,
        recorded_at=asks.now,
        actor=asks.who.actor,
        command_id=name,
        outcome=made.model_dump(mode="json"),
        fingerprint=asks.fingerprint,
    )
    await asyncio.wrap_future(asks.api.store.submit(append))
