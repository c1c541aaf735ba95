"""What riders report is old when it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.units import HOUR_S, Seconds

_MOST_S: Final = HOUR_S


@dataclass(frozen=True, slots=True)
class Reports:
    """Where a rider is and what a rider has done is known ``late_s`` seconds afterwards; riders hear at once.

    Riders go on meanwhile. A report of what has been given to somebody else by then is refused: what the rider did
    was in vain. Raises ValueError outside 0..3600.
    """

    late_s: Seconds = 0

    def __post_init__(self) -> None:
        if not 0 <= self.late_s <= _MOST_S:
            raise ValueError(f"reports must be late by 0..{_MOST_S} seconds, not {self.late_s}")

    def words(self) -> str:
        """In words, empty where reports are known at once."""
        return f"positions and reports of riders are {self.late_s} s old" if self.late_s else ""
