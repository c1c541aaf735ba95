"""A real server of the API on a port of this machine, and clients of the several parties."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dispatch.api.app import create_app
from dispatch.api.noticing import noticing
from dispatch.api.server import Server
from dispatch.api.state import AppState
from dispatch.engine.clock import Clock, SimulatedClock, SystemClock
from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.model.order import MarketId, MerchantId
from dispatch.model.rider import RiderId
from dispatch.notify.runner import NoticePacing
from dispatch.notify.setup import Providers
from dispatch.pay.gateway import Gateway
from dispatch.service.loop import Pace
from dispatch.service.markets import MarketSettings
from dispatch.service.oidc import Oidc
from dispatch.service.principals import Principal, Role, UnauthenticatedError
from dispatch.service.quota import Quota
from dispatch.service.running import Running, run_services
from dispatch.service.sandbox import Sandbox
from dispatch.service.webhook_sending import Reach
from dispatch.settings import OWN_PAGE
from dispatch.solver.solve import solve
from dispatch.store.store import Store, open_store
from tests.support.builders import MARKET

NO_PROVIDERS = Providers()
QUICK = Pace(tick_s=0.2, least_s=0.05, pressure_orders=1)


class KnownTokens:
    """A guard that knows some tokens: each is the name of a role, with the id of who it is after a colon."""

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._principals = principals

    async def principal(self, token: str) -> Principal:
        """Whose token it is."""
        found = self._principals.get(token)
        if found is None:
            raise UnauthenticatedError("The token is not known.", "Sign in.")
        return found


def everybody(riders: int = 3) -> dict[str, Principal]:
    """A principal of every role by token: "admin", "merchant", "rider-1" and so on."""
    found = {role.value: Principal(id=f"u-{role.value}", role=role) for role in Role if role is not Role.RIDER}
    found["elsewhere"] = Principal(id="u-elsewhere", role=Role.ADMIN, markets=frozenset({MarketId("elsewhere")}))
    found["merchant"] = Principal(id="u-merchant", role=Role.MERCHANT, merchant_id=MerchantId("m1"))
    for number in range(1, riders + 1):
        found[f"rider-{number}"] = Principal(
            id=f"u-rider-{number}", role=Role.RIDER, rider_id=RiderId(f"r{number}"), device_id=f"phone-{number}"
        )
    return found


@dataclass(frozen=True)
class Live:
    """A running server."""

    url: str
    store: Store
    password: str = ""
    """Of the administrator, where the real guard is at work."""

    def client(self, token: str) -> httpx.Client:
        """A client that sends this token."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def advance(self, seconds: int, token: str = "admin") -> dict[str, Any]:
        """Move the clock of a sandbox on, and what it answers: ``now``, ``ticks``, ``timers``."""
        with self.client(token) as client:
            answer = client.post("/v1/sandbox/clock", json={"advance_s": seconds}, timeout=120).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def live_api(
    store_url: str,
    *,
    clock: Clock | None = None,
    pace: Pace | None = None,
    ticking: bool = True,
    guarded: bool = False,
    markets: Sequence[MarketId] = (MARKET,),
    plans_kept: int = 360,
    oidc: Oidc | None = None,
    history: Path | None = None,
    gateway: Gateway | None = None,
    quota: Quota | None = None,
    sandbox: bool = False,
    providers: Providers = NO_PROVIDERS,
    traces: Traces = NO_TRACES,
) -> Iterator[Live]:
    """Serve the API from a store, with a guard that knows ``everybody``, or, ``guarded``, with the real one.

    sandbox: its clock stands until ``Live.advance`` moves it, and ticks are ten seconds of that apart.
    """
    clock = clock or (SimulatedClock(SystemClock().now()) if sandbox else SystemClock())
    pace = pace or (Pace() if sandbox else QUICK)
    settings = [MarketSettings(id=market_id, pace=pace) for market_id in markets]
    passwords: list[str] = []
    with open_store(store_url, upgrading=True) as store:

        @asynccontextmanager
        async def start() -> AsyncIterator[AppState]:
            how = Running(
                ticking=ticking,
                reach=Reach(loopback=True),
                plans_kept=plans_kept,
                oidc=oidc,
                history=history,
                history_s=0.05,
                gateway=gateway,
                page=f"{providers.public_url}{OWN_PAGE}" if providers.public_url else "",
                quota=quota or Quota(),
                sandbox=Sandbox(clock) if sandbox and isinstance(clock, SimulatedClock) else None,
                traces=traces,
            )
            async with run_services(store, clock, solve, settings, how) as services:
                passwords.append(await services.access.first_start() or "" if guarded else "")
                guard = services.access if guarded else KnownTokens(everybody())
                async with noticing(services, b"tests", providers, pacing=NoticePacing(look_s=0.05)) as notices:
                    yield AppState(services=services, guard=guard, secret=b"tests", notices=notices)
            if gateway is not None:
                await gateway.close()

        with serving(Server(create_app(start))) as url:
            yield Live(url, store, passwords[0])


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Run a server on a thread, on a free port of this machine; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            _await_start(server, thread)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


def _await_start(server: Server, thread: threading.Thread) -> None:
    until = time.monotonic() + 60
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
