"""The generic cell rate algorithm: a bucket that refills evenly, in one number a key.

The number is the instant at which the bucket will be full again, in microseconds.
"""

from __future__ import annotations

from dispatch.store.live.ports import Allowance

SECOND_US = 1_000_000


def take(full_at: int, now: int, limit: int, period_us: int, cost: int) -> tuple[int, Allowance]:
    """(when the bucket is full again, whether ``cost`` passes). Raises ValueError for a limit or cost below 1."""
    check(limit, cost)
    each = period_us // limit
    full_at = max(full_at, now)
    after = full_at + each * cost
    too_soon = after - period_us - now
    if too_soon > 0:
        return full_at, allowance(False, full_at - now, too_soon, period_us, limit)
    return after, allowance(True, after - now, 0, period_us, limit)


def check(limit: int, cost: int) -> None:
    """Raise ValueError for a limit or cost that cannot be counted with."""
    if limit < 1 or cost < 1:
        raise ValueError(f"a limit of {limit} and a cost of {cost} must be at least 1")


def allowance(allowed: bool, used_us: int, too_soon_us: int, period_us: int, limit: int) -> Allowance:
    """What to tell the caller, given how much of the bucket is used and how much too soon the request came."""
    remaining = max(0, (period_us - used_us) // (period_us // limit))
    return Allowance(allowed, remaining, too_soon_us / SECOND_US, used_us / SECOND_US)
