"""What is forgotten in time: the answers to commands, which nobody asks for again."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from dispatch.engine.clock import Clock
from dispatch.errors import DispatchError
from dispatch.store.remembering import forget_answers
from dispatch.store.store import Store
from dispatch.units import DAY_S, Seconds

LOG: Final = logging.getLogger(__name__)
KEPT_S: Final[Seconds] = 30 * DAY_S
"""For so long a command that is sent again gets its first answer."""
_EVERY_S: Final = 600.0
_AT_ONCE: Final = 1_000


async def forget_old_answers(store: Store, clock: Clock) -> int:
    """Forget answers that are older than ``KEPT_S``, some at a time so that nobody waits for it; how many."""
    forget = partial(forget_answers, before=clock.now() - KEPT_S, limit=_AT_ONCE)
    forgotten = 0
    while some := await asyncio.wrap_future(store.run(forget)):
        forgotten += some
    return forgotten


async def keep_forgetting(store: Store, clock: Clock) -> None:
    """Go on every ten minutes until cancelled."""
    while True:
        await asyncio.sleep(_EVERY_S)
        try:
            await forget_old_answers(store, clock)
        except DispatchError as error:
            LOG.warning("Old answers are kept for now: %s", error)
