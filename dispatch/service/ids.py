"""Names for new things: a prefix that says what it is, then the time, then chance; sorted by name they are by age."""

from __future__ import annotations

import secrets
from typing import Final

from dispatch.units import Instant

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_CHANCE_BITS: Final = 85
_TIME_BITS: Final = 45


def new_id(prefix: str, now: Instant) -> str:
    """A new name such as "ord_01jd2k...": 45 bits of seconds, 85 of chance, in 26 digits of base 32."""
    number = (now & ((1 << _TIME_BITS) - 1)) << _CHANCE_BITS | secrets.randbits(_CHANCE_BITS)
    digits = "".join(_DIGITS[(number >> shift) & 31] for shift in range(_TIME_BITS + _CHANCE_BITS - 5, -1, -5))
    return f"{prefix}_{digits}"
