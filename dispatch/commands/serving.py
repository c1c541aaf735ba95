"""Starting the service: settings, secrets, the database, markets, and the server around all of it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from dispatch.api.app import create_app
from dispatch.api.logs import set_up_logs
from dispatch.api.noticing import noticing
from dispatch.api.server import Server
from dispatch.api.state import AppState
from dispatch.commands.demo import DEMO_MARKET, DEMO_SPEED, QUIET, Robots
from dispatch.commands.listening import address_of, listen
from dispatch.commands.traced import traces_of
from dispatch.engine.clock import Clock, FastClock, SimulatedClock, SystemClock
from dispatch.engine.planner import Keep
from dispatch.engine.records import RecordStore
from dispatch.engine.traces import Traces
from dispatch.errors import InvalidInputError, Issue
from dispatch.model.order import MarketId
from dispatch.notify.setup import Providers
from dispatch.pay.gateway import Gateway
from dispatch.pay.stripe import Stripe, StripeSettings
from dispatch.service.access import Access, NewAccount
from dispatch.service.markets import MarketSettings
from dispatch.service.oidc import Oidc
from dispatch.service.principals import Role
from dispatch.service.running import Running, run_services
from dispatch.service.sandbox import Sandbox
from dispatch.service.setup import keep_market, load_markets
from dispatch.service.webhook_sending import Reach
from dispatch.settings import Part, Settings, load_settings
from dispatch.solver.solve import solve
from dispatch.store.databases import parse_url
from dispatch.store.live.open import open_live
from dispatch.store.store import Store, open_store


@dataclass(slots=True)
class _Started:
    """What the start has to tell once the server listens."""

    password: str | None = None
    robots_key: str | None = None


def run(given: Mapping[str, Any], *, demo: bool, for_s: float | None = None) -> None:
    """Serve until stopped, or for so long once plans are made.

    Raises InvalidInputError, CannotListenError and what opening the database raises.
    """
    with ExitStack() as stack:
        if demo and given.get("db") is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dispatch-demo-"))
            given = {**given, "db": f"sqlite:///{folder}/demo.db"}
        if demo and given.get("speed") is None:
            given = {**given, "speed": DEMO_SPEED}
        read = {**given, "role": None if given["role"] is None else Part(given["role"])}
        settings = load_settings(read, {**(QUIET if demo else {}), **os.environ})
        if demo:
            settings = replace(settings, market=DEMO_MARKET)
        set_up_logs(settings.log, settings.log_format)
        traces = traces_of(os.environ)
        stack.callback(traces.close)
        listening = stack.enter_context(listen(settings.host, settings.port))
        store = stack.enter_context(open_store(settings.db, upgrading=settings.role is not Part.API))
        started = _Started()
        app = create_app(lambda: _start(settings, store, started, traces, demo=demo))
        _serve(Server(app), listening, settings, started, for_s)


def _serve(
    server: Server, listening: socket.socket, settings: Settings, started: _Started, for_s: float | None
) -> None:
    robots = Robots()

    def tell() -> None:
        url = address_of(listening, settings.host)
        _announce(url, settings, started)
        if started.robots_key is not None:
            robots.start(url, started.robots_key)
        if for_s is not None:
            server.end_after(for_s)

    server.listening, server.ending = tell, robots.send_home
    # The server ends in good order on these signals, and then sends them again: that would make a failure of it.
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.SIG_IGN)
    try:
        server.run([listening])
    finally:
        robots.wait()


def _announce(url: str, settings: Settings, started: _Started) -> None:
    click.echo(f"Dispatch serves {url} (role {settings.role.value}, API description: {url}/openapi.json)")
    if started.password is not None:
        click.echo(f"Sign in as admin with the password {started.password} (shown this once).")
    if settings.sandbox:
        click.echo("A sandbox: its clock stands until it is moved by POST /v1/sandbox/clock.")
    if started.robots_key is not None:
        pace = "in real time" if settings.speed == 1 else f"with a clock {settings.speed:g} times as fast as yours"
        click.echo(f"A synthetic city {pace}; robots are its merchants, customers and riders. Ctrl-C ends it.")
    elif settings.role is not Part.API:
        click.echo("Plans are made once the solver is compiled; the first time, that takes a minute or more.")


@asynccontextmanager
async def _start(
    settings: Settings, store: Store, started: _Started, traces: Traces, *, demo: bool
) -> AsyncIterator[AppState]:
    secret = _secret(settings)
    clock = _clock(settings, store)
    markets = _markets(settings, store, clock)
    how = Running(
        live=None if settings.redis is None else open_live(settings.redis),
        key=sha256(b"tokens " + secret).digest(),
        speed=settings.speed,
        holding=settings.role is not Part.API,
        compiling=settings.role is not Part.API,
        keep=None if settings.records is None else _keeper(Path(settings.records)),
        reach=Reach(loopback=settings.webhook_loopback),
        oidc=_issuer(settings),
        history=None if settings.history is None else Path(settings.history),
        gateway=_gateway(settings),
        page=settings.page,
        sandbox=Sandbox(clock) if isinstance(clock, SimulatedClock) else None,
        traces=traces,
    )
    async with run_services(store, clock, solve, markets, how) as services:
        if settings.role is not Part.WORKER:
            started.password = await services.access.first_start()
        if demo:
            started.robots_key = await _robots_key(services.access)
        cursors = sha256(b"cursors " + secret).digest()
        async with noticing(services, secret, _providers(settings), sending=how.holding) as notices:
            yield AppState(services=services, guard=services.access, secret=cursors, notices=notices)
    if how.gateway is not None:
        await how.gateway.close()
    if how.live is not None:
        await how.live.close()


def _issuer(settings: Settings) -> Oidc | None:
    """Where people may sign in besides, if anywhere."""
    if settings.oidc_issuer is None:
        return None
    return Oidc(issuer=settings.oidc_issuer, audience=settings.oidc_audience)


def _gateway(settings: Settings) -> Gateway | None:
    """Where customers pay, if anywhere."""
    if settings.stripe_key is None or settings.stripe_signing_secret is None or settings.stripe_return_url is None:
        return None
    signing = tuple(part.strip() for part in settings.stripe_signing_secret.split(",") if part.strip())
    wanted = StripeSettings(
        key=settings.stripe_key,
        signing_secrets=signing,
        return_url=settings.stripe_return_url,
        api_url=settings.stripe_url,
    )
    return Stripe(wanted)


def _providers(settings: Settings) -> Providers:
    """With what people are told things."""
    return Providers(
        smtp=settings.smtp or "",
        mail_from=settings.mail_from,
        sms=settings.sms or "",
        sms_from=settings.sms_from,
        public_url=settings.public_url,
    )


def _keeper(folder: Path) -> Callable[[MarketSettings], Keep]:
    return lambda market: RecordStore(folder / market.id).keep


async def _robots_key(access: Access) -> str:
    wanted = NewAccount(login="robots", name="robots of the demo", role=Role.ADMIN)
    return (await access.add_server(wanted, by="demo"))[1]


def _clock(settings: Settings, store: Store) -> Clock:
    """What the service takes for the time. One that goes its own way begins no earlier than the log ends."""
    if settings.speed == 1.0 and not settings.sandbox:
        return SystemClock()
    start = max(SystemClock().now(), store.last_recorded_at())
    return SimulatedClock(start) if settings.sandbox else FastClock(start, settings.speed)


def _markets(settings: Settings, store: Store, clock: Clock) -> list[MarketSettings]:
    """The markets there are; a service without any gets its first."""
    if not load_markets(store) and settings.role is not Part.API:
        keep_market(store, MarketSettings(id=MarketId(settings.market)), clock.now())
    return load_markets(store)


def _secret(settings: Settings) -> bytes:
    """The secret of the service: given, or kept beside an SQLite database, made at the first start."""
    if settings.secret is not None:
        return settings.secret.encode()
    url = parse_url(settings.db)
    if url.get_backend_name() != "sqlite" or url.database is None:
        cause = "there is no secret, and no file beside the database to keep one in"
        action = "Set DISPATCH_SECRET_FILE to a file that all processes of the service can read."
        raise InvalidInputError("settings", [Issue("field_missing", cause, action, field="DISPATCH_SECRET")])
    path = Path(url.database + ".secret")
    if not path.exists():
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text("ascii").strip().encode()
