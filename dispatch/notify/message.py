"""One message of the outbox, with all that is needed to put it into words and hand it in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from dispatch.errors import NotFoundError
from dispatch.model.codec import Json
from dispatch.notify.channels.ports import Device, Outgoing, System
from dispatch.notify.expanding import is_settled
from dispatch.notify.matrix import Audience, Occasion, SendChannel
from dispatch.notify.people import Contact, Face, contact_of
from dispatch.notify.rendering import Reader, render
from dispatch.notify.steps import device_of
from dispatch.notify.telling import Look
from dispatch.notify.wording import Texts
from dispatch.store import notices as rows
from dispatch.store.notice_people import ACTIVE, NO_HOOK, Hook, device, matrix, preferences
from dispatch.store.notices import Notice, Sending
from dispatch.store.webhooks import valid_secrets
from dispatch.units import Instant

_LINKED_SMS: Final = (Occasion.ORDER_PLACED, Occasion.ORDER_PICKED_UP)
"""An SMS is short and costs money: only these carry a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One sending. useless: why it need not go out any more; unreachable: why it cannot; "" where it must and can."""

    sending: Sending
    notice: Notice
    contact: Contact
    face: Face
    language: str
    device: Device | None = None
    system: System | None = None
    useless: str = ""
    unreachable: str = ""
    link: str = ""

    @property
    def for_customer(self) -> bool:
        """Whether it may carry the link of an order's page."""
        by_sms = self.sending.channel == SendChannel.SMS.value
        linked = not by_sms or Occasion(self.notice.occasion) in _LINKED_SMS
        return linked and self.notice.audience == Audience.CUSTOMER.value and self.notice.order_id is not None


def load(look: Look, sending_id: str, face: Face, now: Instant) -> Loaded:
    """All about a sending. Raises NotFoundError where it was forgotten."""
    connection = look.connection
    sending = rows.sending(connection, sending_id)
    notice = rows.notice(connection, sending.notice_id)
    known = preferences(connection, notice.market_id, [notice.person]).get(notice.person)
    contact = contact_of(look, notice.person, notice.order_id, known, face)
    useless, unreachable, found, system = "", "", None, None
    if sending.device_id is not None:
        unreachable, found = _device(connection, sending)
    elif sending.channel == SendChannel.WEBHOOK.value:
        hook = NO_HOOK if known is None else known.hook
        unreachable, system = _system(hook, notice, now)
        sending = replace(sending, address=hook.reached_at or sending.address)
    if notice.read_at is not None:
        useless = "It was read already."
    elif now >= notice.until_at or is_settled(look, notice):
        useless = "It was of no use any more."
    language = contact.language or matrix(connection, notice.market_id).language
    return Loaded(
        sending=sending,
        notice=notice,
        contact=contact,
        face=face,
        language=language,
        device=found,
        system=system,
        useless=useless,
        unreachable=unreachable,
    )


def _device(connection: Connection, sending: Sending) -> tuple[str, Device | None]:
    try:
        known = device(connection, sending.market_id, sending.device_id or "")
    except NotFoundError:
        return "The device is not known any more.", None
    return ("" if known.state == ACTIVE else "The device takes no push any more."), device_of(known)


def _system(hook: Hook, notice: Notice, now: Instant) -> tuple[str, System | None]:
    if not hook.reached_at:
        return "The address is not told any more.", None
    facts: dict[str, Json] = {
        "id": notice.id,
        "market_id": notice.market_id,
        "occasion": notice.occasion,
        "audience": notice.audience,
        "person": notice.person,
        "order_id": notice.order_id,
        "about": dict(notice.about),
        "urgent": notice.urgent,
    }
    secrets = valid_secrets(hook.secret, hook.old_secret, hook.old_secret_until, now)
    return "", System(secrets=secrets, occasion=notice.occasion, told_at=notice.created_at, facts=facts)


def message_of(texts: Texts, loaded: Loaded, now: Instant) -> Outgoing:
    """The message in words, as its reader wants it."""
    notice, contact = loaded.notice, loaded.contact
    reader = Reader(
        language=loaded.language,
        time_zone=contact.time_zone,
        name=contact.name,
        market=loaded.face.name,
        link=loaded.link,
    )
    words = render(texts, Occasion(notice.occasion), Audience(notice.audience), notice.content, reader)
    return Outgoing(
        id=loaded.sending.id,
        to=loaded.sending.address,
        words=words,
        device=loaded.device,
        system=loaded.system,
        link=loaded.link,
        urgent=notice.urgent,
        keep_s=max(0, notice.until_at - now),
    )
