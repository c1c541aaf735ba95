"""The next channel of a notice: who is reached over it, at which addresses, and when the one after it is tried."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from dispatch.notify.channels.ports import Device
from dispatch.notify.expanding import is_settled
from dispatch.notify.matrix import DEFAULTS, Occasion, SendChannel
from dispatch.notify.people import Contact, Face, contact_of
from dispatch.notify.telling import Look
from dispatch.store import notices as rows
from dispatch.store.notice_people import ACTIVE, NoticeDevice, devices
from dispatch.store.notices import Notice, Sending
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step of a notice does. becomes: how far the notice is; next_at: when step ``next`` is tried."""

    notice: Notice
    sendings: list[Sending] = field(default_factory=list)
    becomes: str = ""
    next: int = 0
    next_at: Instant | None = None

    def write(self, connection: Connection, now: Instant) -> None:
        """Put it into effect."""
        rows.add_sendings(connection, self.sendings, now)
        if self.becomes:
            rows.raise_notice(connection, self.notice.id, self.becomes)
        if self.next_at is not None:
            rows.go_on(connection, self.notice, self.next, self.next_at)


def next_step(look: Look, notice_id: str, step: int, ways: frozenset[SendChannel], face: Face, now: Instant) -> Step:
    """What to do about a notice now: try the first channel from ``step`` on that reaches the person.

    Raises NotFoundError for a notice that is forgotten.
    """
    connection = look.connection
    notice = rows.notice(connection, notice_id)
    if notice.read_at is not None:
        return Step(notice=notice)
    if now >= notice.until_at or is_settled(look, notice):
        return Step(notice=notice, becomes=rows.EXPIRED)
    known = look.preferences(notice.person)
    contact = contact_of(look, notice.person, notice.order_id, known, face)
    for number in range(step, len(notice.plan)):
        channel = SendChannel(notice.plan[number])
        found = _sendings(connection, notice, number, contact, now) if channel in ways else []
        if found:
            return _tried(notice, found, number, now)
    return Step(notice=notice, becomes=rows.UNREACHED)


def _tried(notice: Notice, found: list[Sending], number: int, now: Instant) -> Step:
    escalate_s = DEFAULTS[Occasion(notice.occasion)].escalate_s
    if not (notice.urgent and escalate_s and number + 1 < len(notice.plan)):
        return Step(notice=notice, sendings=found)
    return Step(notice=notice, sendings=found, next=number + 1, next_at=now + escalate_s)


def _sendings(connection: Connection, notice: Notice, number: int, contact: Contact, now: Instant) -> list[Sending]:
    channel = SendChannel(notice.plan[number])
    made = f"{notice.id}-{number}"
    if channel is SendChannel.PUSH:
        found = devices(connection, notice.market_id, person=notice.person, state=ACTIVE)
        return [_sending(notice, number, f"{made}-{one.id[-8:]}", "", now, one.id) for one in found]
    address = contact.address(channel)
    return [_sending(notice, number, made, address, now)] if address else []


def _sending(
    notice: Notice, number: int, name: str, address: str, now: Instant, device_id: str | None = None
) -> Sending:
    return Sending(
        id=name,
        market_id=notice.market_id,
        notice_id=notice.id,
        step=number,
        channel=notice.plan[number],
        address=address,
        device_id=device_id,
        created_at=now,
    )


def device_of(known: NoticeDevice) -> Device:
    """What a push needs of a device."""
    return Device(endpoint=known.endpoint, key=known.public_key, auth=known.auth)


def fall_back(connection: Connection, sending: Sending, now: Instant) -> None:
    """A message will not arrive: try the next channel at once, unless another of the same step may still arrive."""
    beside = rows.sendings_of(connection, [sending.notice_id]).get(sending.notice_id, [])
    if any(one.step >= sending.step and one.state != rows.DEAD and one.id != sending.id for one in beside):
        return
    notice = rows.notice(connection, sending.notice_id)
    if notice.read_at is not None:
        return
    if sending.step + 1 < len(notice.plan):
        rows.go_on(connection, notice, sending.step + 1, now)
    else:
        rows.raise_notice(connection, notice.id, rows.UNREACHED)
