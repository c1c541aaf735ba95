"""Python's collector of garbage, kept from looking through a whole day again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_PRACTICALLY_NEVER: Final = 1_000_000


@contextmanager
def without_full_collections() -> Iterator[None]:
    """Meanwhile only young objects are looked through for cycles.

    The events and states of a day live until its end and hold no cycles; to look through millions of them takes more
    than a second, in the middle of whatever tick it happens to be.
    """
    before = gc.get_threshold()
    gc.set_threshold(before[0], before[1], _PRACTICALLY_NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def keep_out_what_stays() -> None:
    """Let no collection look through what there is now: what has happened since the last tick will stay.

    A service does so every few seconds. What the tick itself makes is looked through as ever.
    """
    gc.freeze()
