"""Python's collector of garbage, kept from looking through what stays.

Modules, compiled kernels, the orders of a market and requests that wait live long, and a full collection looks through
all of them: 0.4 s with 2,000 riders who wait for tasks, every few seconds, in the middle of whatever request or tick it
happens to be. So full collections come every few seconds and look only through what was made since the last one, which
takes 50 to 100 ms under the same load; what they leave over is kept out of the next ones. Garbage that dies young is
collected as ever. Hardly anything that was kept out becomes garbage that only a collection finds: a thousand objects a
minute under that load.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

EVERY_S: Final = 5.0
"""Wall seconds between two collections of what was made since the last one."""
_ALL_ROUNDS: Final = 4320
"""After so many of them, 6 h, everything is looked through once, which takes a second or two."""
_USUAL: Final = gc.get_threshold()
_NEVER: Final = 1 << 30


def keep_out_what_stays() -> None:
    """Collect once, and let later collections look only through what is made from now on.

    What was frozen is freed as ever when nothing refers to it any more.
    """
    gc.collect()
    gc.freeze()


async def collect_at_set_times(every_s: float = EVERY_S) -> None:
    """Collect what was made lately, and now and then everything, until cancelled; never in between."""
    with _young_only():
        while True:
            for _ in range(_ALL_ROUNDS):
                await asyncio.sleep(every_s)
                keep_out_what_stays()
            gc.unfreeze()


@contextmanager
def _young_only() -> Iterator[None]:
    """Let nothing start a full collection by itself."""
    gc.set_threshold(_USUAL[0], _USUAL[1], _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
        gc.unfreeze()
