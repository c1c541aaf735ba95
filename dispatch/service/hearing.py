"""What is said in a channel of the live state, also after that was away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final

from dispatch.errors import DispatchError
from dispatch.store.live.ports import Hub, Notice

LOG: Final = logging.getLogger(__name__)
_AGAIN_S: Final = 0.5


async def said(hub: Hub, channel: str, wait_s: float) -> AsyncIterator[Sequence[Notice]]:
    """What is said from now on, at the latest after ``wait_s`` even if it is nothing; goes on until it is closed.

    A live state that comes back empty counts from 1 again; then all that it has is new.
    """
    seq: int | None = None
    while True:
        try:
            last = await hub.last_seq(channel) if seq is None else seq
            found = await hub.notices(channel, last, wait_s=wait_s)
        except DispatchError as error:
            LOG.warning("nothing is heard of %s: %s", channel, error)
            seq = await _last_heard(hub, channel, seq)
            continue
        seq = found.last_seq
        yield found.items


async def _last_heard(hub: Hub, channel: str, seq: int | None) -> int | None:
    """Where to go on, once the live state answers again."""
    while True:
        await asyncio.sleep(_AGAIN_S)
        try:
            last = await hub.last_seq(channel)
        except DispatchError:
            continue
        return seq if seq is None or seq <= last else 0
