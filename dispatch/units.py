"""Units used everywhere: integer seconds, integer metres, money in minor units.

Instants are UTC epoch seconds and end in ``_at``; durations are seconds and end in ``_s``; lengths are metres and end
in ``_m``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

Seconds: TypeAlias = int
Instant: TypeAlias = int
Metres: TypeAlias = int
Cost: TypeAlias = int

MINUTE_S: Final = 60
HOUR_S: Final = 3600
DAY_S: Final = 86_400

UNREACHABLE_S: Final[Seconds] = (2**31 - 1) // 4 * 3
"""Travel time where there is no way: 3/4 of the largest int32, so that adding to it stays positive."""

UNREACHABLE_COST: Final[Cost] = (2**62 - 1) // 4 * 3
"""Cost of what cannot be done; sums of a few stay inside int64."""

NEVER: Final[Instant] = 2**53
"""An instant after every other (exactly representable as a float, too)."""

_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency.

    Raises ValueError on a currency that is not three capital letters, and on arithmetic across currencies.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"currency must be an ISO 4217 code such as 'COP', not {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same_currency(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same_currency(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def _same_currency(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")
        return other.minor
