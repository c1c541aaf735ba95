"""How much may be asked for: evenly refilled, counted where all processes see it."""

from __future__ import annotations

import math

from dispatch.errors import DispatchError
from dispatch.service.service import Services
from dispatch.units import Seconds


class TooManyError(DispatchError):
    """More was asked for than is allowed (HTTP 429); ``retry_after_s`` says how long to wait."""

    code = "too_many_requests"

    def __init__(self, cause: str, action: str, retry_after_s: int) -> None:
        super().__init__(cause, action)
        self.retry_after_s = retry_after_s


async def at_most(api: Services, key: str, limit: int, period_s: Seconds) -> None:
    """Let this pass if no more than ``limit`` pass in a period. Raises TooManyError."""
    allowance = await api.live.take(key, limit, period_s)
    if not allowance.allowed:
        wait_s = max(1, math.ceil(allowance.retry_after_s))
        cause = f"More than {limit} requests of this kind came in {period_s} s."
        raise TooManyError(cause, f"Wait {wait_s} s.", wait_s)
