"""Putting the room together: which channels are set up, what links lead where, and the runner beside the desk."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Final

from prometheus_client import CollectorRegistry

from dispatch.engine.clock import Clock, SystemClock
from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.model.order import MarketId
from dispatch.notify.channels.mail import MailWay, mail_server
from dispatch.notify.channels.ports import Way
from dispatch.notify.channels.push import PushWay
from dispatch.notify.channels.push_encryption import identity_of
from dispatch.notify.channels.sms import SmsProvider, SmsWay, sms_provider
from dispatch.notify.channels.webhook import WebhookRules, WebhookWay
from dispatch.notify.desk import NoticeDesk
from dispatch.notify.matrix import SendChannel
from dispatch.notify.measures import NoticeMeasures
from dispatch.notify.people import Face
from dispatch.notify.runner import NoticePacing, NoticeRunner, Reaching
from dispatch.notify.wording import load_texts
from dispatch.store.store import Store

LOG: Final = logging.getLogger(__name__)
REPORTS: Final = "/v1/notifications/reports/sms/"
"""Where the SMS provider reports, before the name of the message."""
OPENED: Final = "/v1/notifications/opened/"
_NOBODY: Final = "mailto:nobody@localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """What a process sends with; what is empty is not set up. public_url: where the world reaches this service."""

    smtp: str = ""
    mail_from: str = ""
    sms: str = ""
    sms_from: str = ""
    public_url: str = ""
    trust: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """The room as endpoints get it. sms: whose reports are believed; public_url: under which address they come."""

    desk: NoticeDesk
    sms: SmsProvider | None
    public_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the room needs of the rest of the process. webhooks: how addresses that people name are reached."""

    store: Store
    clock: Clock
    worker: str
    secret: bytes
    webhooks: WebhookRules
    face: Callable[[MarketId], Face]
    link: Callable[[MarketId, str], Awaitable[str]]
    registry: CollectorRegistry
    speed: float = 1.0
    traces: Traces = NO_TRACES


@asynccontextmanager
async def run_notices(
    here: Surroundings, providers: Providers, *, sending: bool = True, pacing: NoticePacing | None = None
) -> AsyncIterator[Notices]:
    """The room; ``sending``: with a runner. Raises InvalidInputError for addresses that are none."""
    url = providers.public_url.rstrip("/")
    contact = f"mailto:{providers.mail_from.rpartition('<')[2].rstrip('>')}" if providers.mail_from else _NOBODY
    identity = identity_of(sha256(b"push " + here.secret).digest(), contact)
    sms = sms_provider(providers.sms, providers.sms_from) if providers.sms else None
    # Strangers compare what they are sent with the clock on their wall, also where this service's own clock is another.
    ways: dict[SendChannel, Way] = {
        SendChannel.PUSH: PushWay(identity, here.webhooks.locate, SystemClock()),
        SendChannel.WEBHOOK: WebhookWay(here.webhooks, SystemClock()),
    }
    if sms is not None:
        ways[SendChannel.SMS] = SmsWay(sms, lambda name: f"{url}{REPORTS}{name}" if url else "")
    if providers.smtp:
        server = mail_server(providers.smtp, providers.mail_from, providers.trust)
        ways[SendChannel.EMAIL] = MailWay(server)
    secret = sha256(b"notices " + here.secret).digest()
    texts = load_texts()
    reached = Reaching(texts=texts, ways=ways, face=here.face)
    desk = NoticeDesk(here.store, here.clock, reached, identity, secret, here.webhooks)

    def ack(notice_id: str) -> str:
        return f"{url}{OPENED}{notice_id}?token={desk.ack_token(notice_id)}"

    reaching = Reaching(texts=texts, ways=ways, face=here.face, link=here.link, ack=ack)
    notices = Notices(desk=desk, sms=sms, public_url=url)
    if not sending:
        yield notices
        return
    runner = NoticeRunner(
        here.store,
        here.clock,
        here.worker,
        reaching,
        pacing or NoticePacing(lease_s=round(90 * max(1.0, here.speed))),
        Random(),
        NoticeMeasures(here.registry),
        here.traces,
    )
    task = asyncio.create_task(runner.run(), name="messages to people")
    task.add_done_callback(_ended)
    try:
        yield notices
    finally:
        task.cancel()
        await asyncio.wait([task])


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        LOG.error("Nobody is told anything any more.", exc_info=error)
