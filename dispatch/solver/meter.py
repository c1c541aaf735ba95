"""How much work a search may do.

Work is counted (``Neighbours.work``) and not timed: a plan that was cut short can be made again by allowing as much
work as was done. Whoever has a clock is asked from time to time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Meter = Callable[[int], int]
"""Told how much work has been done, answers up to how much may be done before it is asked again; no more than has been
done: stop. It is told once more when the search has ended."""

NO_END: Final = 2**62


def up_to(most: int) -> Meter:
    """Allows ``most`` work, and any amount where that is negative."""
    return lambda done: NO_END if most < 0 else most
