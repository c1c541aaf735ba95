"""Messages to people as tests work with them: events appended by hand, a runner driven by hand, real providers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from dispatch.api.noticing import webhook_rules
from dispatch.engine.clock import SimulatedClock
from dispatch.model.events import (
    Event,
    MerchantRegistered,
    OrderAssigned,
    OrderPickedUp,
    OrderPlaced,
    RiderRegistered,
)
from dispatch.model.order import Customer, OrderId
from dispatch.model.rider import RiderId
from dispatch.notify.channels.mail import MailWay, mail_server
from dispatch.notify.channels.ports import Way
from dispatch.notify.channels.push import PushWay
from dispatch.notify.channels.push_encryption import identity_of
from dispatch.notify.channels.sms import SmsWay, sms_provider
from dispatch.notify.channels.webhook import WebhookWay
from dispatch.notify.desk import NoticeDesk
from dispatch.notify.matrix import SendChannel
from dispatch.notify.people import Face
from dispatch.notify.runner import NoticePacing, NoticeRunner, Reaching
from dispatch.notify.wording import load_texts
from dispatch.store.notice_people import Hook, NoticeDevice, Preferences
from dispatch.store.notices import Notice, NoticeFilter, Sending, notices, sendings_of
from dispatch.store.store import Store, open_store
from tests.support.builders import MARKET, NOON, OrderFields, a_merchant, a_rider, an_order
from tests.support.mailbox import Mailbox
from tests.support.providers import Browser, Providers
from tests.support.recorded import an_append


class Wishes(TypedDict, total=False):
    """What ``wish`` takes besides the person."""

    role: str
    language: str
    quiet_from: int
    quiet_to: int
    email: str
    phone: str
    choices: Mapping[str, tuple[str, ...]]


HOOKS = webhook_rules(loopback=True)
SENDER = "Dispatch <post@dispatch.example>"
AN = Customer(name="An", phone="+60111111111", email="an@example.org", language="es")
IDENTITY = identity_of(b"tests", "mailto:post@dispatch.example")
FACE = Face(name="Main Street", time_zone="Asia/Kuala_Lumpur")
SHOP = replace(a_merchant(), name="Noodle Bar", email="bar@example.org", phone="+60122222222", language="ms")


def ways_of(box: Mailbox | None, stub: Providers | None, clock: SimulatedClock) -> dict[SendChannel, Way]:
    found: dict[SendChannel, Way] = {}
    if box is not None:
        found[SendChannel.EMAIL] = MailWay(mail_server(box.url, SENDER))
    if stub is not None:
        found[SendChannel.SMS] = SmsWay(sms_provider(stub.sms_url, "+60100000000"))
        found[SendChannel.PUSH] = PushWay(IDENTITY, HOOKS.locate, clock)
    found[SendChannel.WEBHOOK] = WebhookWay(HOOKS, clock)
    return found


class Telling:
    """A store whose people are told, and a clock that stands at noon (20:00 in Kuala Lumpur)."""

    def __init__(self, store: Store, box: Mailbox | None = None, stub: Providers | None = None) -> None:
        self.store, self.clock, self.stub = store, SimulatedClock(NOON), stub
        texts = load_texts()
        self.reaching = Reaching(texts=texts, ways=ways_of(box, stub, self.clock), face=lambda _: FACE)
        self.runner = self.another()
        self.desk = NoticeDesk(store, self.clock, self.reaching, IDENTITY, b"tests", HOOKS)

    def another(self, worker: str = "tests") -> NoticeRunner:
        return NoticeRunner(self.store, self.clock, worker, self.reaching, NoticePacing(look_s=0.01))

    def happen(self, *events: Event) -> None:
        seq, now = self.store.last_seq(MARKET), self.clock.now()
        append = an_append(f"c{seq}", events, seq, occurred_at=now, recorded_at=now)
        self.store.submit(append).result()

    def open_shop(self) -> None:
        self.happen(MerchantRegistered(merchant=SHOP), RiderRegistered(rider=a_rider(name="Ravi")))

    def place(self, order_id: str = "o1", **changes: Unpack[OrderFields]) -> None:
        known: OrderFields = {"customer": AN, **changes}
        self.happen(OrderPlaced(order=an_order(order_id, **known)))

    def ride(self, order_id: str = "o1") -> None:
        """The rider gets the order and picks it up."""
        named, rider = OrderId(order_id), RiderId("r1")
        self.happen(OrderAssigned(order_id=named, rider_id=rider, forced=True))
        self.happen(OrderPickedUp(order_id=named, rider_id=rider))

    def run(self) -> int:
        return asyncio.run(self.runner.run_once())

    def wait(self, seconds: int) -> None:
        self.clock.set(self.clock.now() + seconds)

    def notices(self, wanted: NoticeFilter) -> list[Notice]:
        with self.store.reading() as connection:
            return notices(connection, MARKET, wanted, before=None, limit=500)

    def notice(self, occasion: str, person: str) -> Notice:
        found = self.notices(NoticeFilter(occasion=occasion, persons=[person]))
        assert len(found) == 1, found
        return found[0]

    def sendings(self, notice: Notice) -> list[Sending]:
        with self.store.reading() as connection:
            return sendings_of(connection, [notice.id]).get(notice.id, [])

    def wish(self, person: str, **wishes: Unpack[Wishes]) -> Preferences:
        known: Wishes = {"role": "", **wishes}
        wanted = Preferences(market_id=MARKET, person=person, **known)
        kept, _ = asyncio.run(self.desk.put_preferences(wanted, None, "tests"))
        return kept

    def hook(self, person: str, url: str, **wishes: Unpack[Wishes]) -> str:
        """Give the address of a person's own system; its secret, where the address is new."""
        known: Wishes = {"role": "", **wishes}
        wanted = Preferences(market_id=MARKET, person=person, hook=Hook(url=url), **known)
        return asyncio.run(self.desk.put_preferences(wanted, None, "tests"))[1]

    def subscribe(self, person: str, browser: Browser, role: str = "") -> NoticeDevice:
        assert self.stub is not None
        device = NoticeDevice(
            id="",
            market_id=MARKET,
            person=person,
            role=role,
            endpoint=f"{self.stub.origin}/push/{browser.name}",
            public_key=browser.keys["p256dh"],
            auth=browser.keys["auth"],
            created_at=self.clock.now(),
            changed_at=self.clock.now(),
        )
        return asyncio.run(self.desk.subscribe(device))


def send_until_killed(store_url: str, sms_url: str) -> None:
    """What a process does that sends SMS and to people's own systems; it stands at noon."""
    with open_store(store_url) as store:
        clock = SimulatedClock(NOON)
        ways: Mapping[SendChannel, Way] = {
            SendChannel.SMS: SmsWay(sms_provider(sms_url, "+60100000000")),
            SendChannel.WEBHOOK: WebhookWay(HOOKS, clock),
        }
        reaching = Reaching(texts=load_texts(), ways=ways)
        asyncio.run(NoticeRunner(store, clock, "killed", reaching, NoticePacing(look_s=0.01)).run())
