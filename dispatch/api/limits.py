"""How much may be asked for: evenly refilled, counted where all processes see it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from fastapi import Response

from dispatch.errors import DispatchError
from dispatch.service.principals import Principal
from dispatch.service.service import Services
from dispatch.units import MINUTE_S, Seconds


class TooManyError(DispatchError):
    """More was asked for than is allowed (HTTP 429); ``retry_after_s`` says how long to wait."""

    code = "too_many_requests"

    def __init__(self, cause: str, action: str, retry_after_s: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(cause, action)
        self.retry_after_s, self.headers = retry_after_s, headers or {}


async def within_quota(api: Services, who: Principal, response: Response) -> None:
    """Count a request, and tell in the answer what is left (headers ``RateLimit-Policy`` and ``RateLimit``).

    Nobody is kept out where live state does not answer. Raises TooManyError.
    """
    limit = api.quota.of(who)
    try:
        found = await api.live.take(f"quota:{who.id}", limit, MINUTE_S)
    except DispatchError:
        return
    headers = {
        "RateLimit-Policy": f'"requests";q={limit};w={MINUTE_S}',
        "RateLimit": f'"requests";r={found.remaining};t={math.ceil(found.reset_s)}',
    }
    if not found.allowed:
        wait_s = max(1, math.ceil(found.retry_after_s))
        cause = f"{who.role.value} {who.id} has sent more than {limit} requests in {MINUTE_S} s."
        raise TooManyError(cause, f"Wait {wait_s} s.", wait_s, headers)
    response.headers.update(headers)


async def at_most(api: Services, key: str, limit: int, period_s: Seconds) -> None:
    """Let this pass if no more than ``limit`` pass in a period. Raises TooManyError."""
    allowance = await api.live.take(key, limit, period_s)
    if not allowance.allowed:
        wait_s = max(1, math.ceil(allowance.retry_after_s))
        cause = f"More than {limit} requests of this kind came in {period_s} s."
        raise TooManyError(cause, f"Wait {wait_s} s.", wait_s)
