"""The service as robots see it: its clock, and requests that are repeated when it is away."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from dispatch.units import Instant

PATIENCE_S: Final = 60.0
_LONGEST_S: Final = 90.0
"""More than the longest poll."""
_AWAY: Final = (502, 503, 504)
Clients = Callable[[], httpx.AsyncClient]
"""Makes a client; whoever asks for it closes it."""


def clients_of(url: str) -> Clients:
    """Makes clients of one service. Robots have one each: a pool looks through all its connections at every request."""
    trust = httpx.create_ssl_context()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return lambda: httpx.AsyncClient(base_url=url, limits=limits, timeout=_LONGEST_S, verify=trust)


@dataclass(slots=True)
class ServiceClock:
    """The clock of a market, read once and gone on with."""

    at: float
    speed: float
    began: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """The present instant of the service."""
        return self.at + (time.monotonic() - self.began) * self.speed

    async def until(self, at: float) -> None:
        """Sleep until the service's clock says so."""
        await asyncio.sleep(max(0.0, (at - self.now()) / self.speed))


def rfc3339(at: float) -> str:
    """An instant for the wire."""
    return datetime.fromtimestamp(int(at), UTC).isoformat()


def instant_of(text: str) -> Instant:
    """An instant from the wire."""
    return int(datetime.fromisoformat(text).timestamp())


class Caller:
    """Somebody who asks the service, with a token and for one market."""

    def __init__(self, client: httpx.AsyncClient, token: str, market: str) -> None:
        self._client, self.token, self._market = client, token, market

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str | float] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request; sent again with the same key while the service is away, for a minute."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if method == "POST":
            sent["Idempotency-Key"] = uuid.uuid4().hex
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = await self._client.request(
                    method, path, json=body, params={"market_id": self._market, **(query or {})}, headers=sent
                )
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            else:
                if answer.status_code not in _AWAY or time.monotonic() > until:
                    return answer
            await asyncio.sleep(0.5)

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The JSON at a path. Raises HTTPStatusError."""
        return (await self.ask("GET", path)).raise_for_status().json()

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """What comes back for a body. Raises HTTPStatusError."""
        return (await self.ask("POST", path, body)).raise_for_status().json()
