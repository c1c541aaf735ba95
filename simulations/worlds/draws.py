"""Where chance comes from: the seed and what a draw is about, never what was drawn before.

So two policies that are played with one seed meet the same people, however differently they decide.
"""

from __future__ import annotations

import random


def draw(what: str, seed: int, *about: object) -> random.Random:
    """A generator for one thing, such as the kitchen of one order; the same arguments give the same numbers."""
    return random.Random("-".join((what, str(seed), *map(str, about))))


def check_share(name: str, value: float) -> None:
    """Refuse what is no probability. Raises ValueError."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be within 0..1, not {value:g}")
