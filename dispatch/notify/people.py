"""Who is meant, how they are reached, in which language, and when they want to be left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dispatch.model.order import MerchantId, OrderId
from dispatch.model.rider import RiderId
from dispatch.notify.matrix import DEFAULTS, Audience, Cell, Occasion, SendChannel
from dispatch.notify.telling import Look, Telling
from dispatch.store.notice_people import Preferences
from dispatch.units import Instant

ROLES: Final[Mapping[Audience, str]] = {
    Audience.CUSTOMER_SERVICE: "customer_service",
    Audience.DISPATCHERS: "dispatcher",
    Audience.SALES: "sales",
    Audience.LOGISTICS: "operations",
}
"""The role of the people in each audience of staff."""
PHONE: Final = re.compile(r"\+[1-9]\d{6,14}")
MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MINUTES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """How a market shows itself to people; its language is that of its matrix."""

    name: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person who is told, over these channels in this order."""

    audience: Audience
    person: str
    cell: Cell
    preferences: Preferences | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How a person is reached."""

    name: str = ""
    language: str = ""
    time_zone: str = "UTC"
    email: str = ""
    phone: str = ""
    webhook: str = ""

    def address(self, channel: SendChannel) -> str:
        """Where the person is reached over a channel; "" where that is not known or cannot be one."""
        if channel is SendChannel.WEBHOOK:
            return self.webhook
        if channel is SendChannel.SMS:
            return self.phone if PHONE.fullmatch(self.phone) else ""
        return self.email if channel is SendChannel.EMAIL and MAIL.fullmatch(self.email) else ""


def desk_of(audience: Audience) -> str:
    """The place where all staff of an audience see what they are told."""
    return f"role:{ROLES[audience]}"


def recipients(look: Look, telling: Telling, audience: Audience, cell: Cell) -> Iterator[Recipient]:
    """Everybody of an audience whom a telling is for, with what each has chosen."""
    if audience in ROLES:
        if telling.staff:
            yield from _staff(look, telling.occasion, audience, cell)
        return
    for person in _persons(telling, audience):
        found = look.preferences(person)
        chosen = cell if found is None else chosen_cell(found, telling.occasion, cell)
        if chosen:
            yield Recipient(audience=audience, person=person, cell=chosen, preferences=found)


def persons(telling: Telling) -> list[str]:
    """Everybody but staff whom a telling may be for."""
    return [person for audience in Audience if audience not in ROLES for person in _persons(telling, audience)]


def _persons(telling: Telling, audience: Audience) -> list[str]:
    if audience is Audience.CUSTOMER:
        return [f"customer:{telling.order.order.id}"] if telling.customer and telling.order is not None else []
    if audience is Audience.MERCHANT:
        return [] if telling.merchant is None else [f"merchant:{telling.merchant.id}"]
    return [f"rider:{rider_id}" for rider_id in telling.riders]


def _staff(look: Look, occasion: Occasion, audience: Audience, cell: Cell) -> Iterator[Recipient]:
    """The desk that all of them see, and each of those who want to be told otherwise, too."""
    if SendChannel.IN_APP in cell:
        yield Recipient(audience=audience, person=desk_of(audience), cell=(SendChannel.IN_APP,))
    for found in look.staff_preferences(ROLES[audience]):
        own = tuple(one for one in chosen_cell(found, occasion, cell) if one is not SendChannel.IN_APP)
        if own:
            yield Recipient(audience=audience, person=found.person, cell=own, preferences=found)


def chosen_cell(preferences: Preferences, occasion: Occasion, cell: Cell) -> Cell:
    """The channels that somebody has chosen, else those of the market."""
    chosen = preferences.choices.get(occasion.value)
    return cell if chosen is None else tuple(SendChannel(one) for one in chosen)


def must_be_told(occasion: Occasion, audience: Audience) -> bool:
    """Whether those who carry or cook may not switch this off: an order would be missed in silence."""
    return DEFAULTS[occasion].urgent and audience in (Audience.RIDER, Audience.MERCHANT)


def after_quiet(at: Instant, preferences: Preferences | None, time_zone: str) -> Instant:
    """The instant itself, or the end of the quiet hours that it lies in."""
    if preferences is None or preferences.quiet_from is None or preferences.quiet_to is None:
        return at
    first, last = preferences.quiet_from, preferences.quiet_to
    there = datetime.fromtimestamp(at, ZoneInfo(preferences.time_zone or time_zone))
    minute = there.hour * _MINUTES + there.minute
    quiet = first <= minute < last if first <= last else minute >= first or minute < last
    if not quiet:
        return at
    day = there + timedelta(days=1) if minute >= last else there
    return int(day.replace(hour=last // _MINUTES, minute=last % _MINUTES, second=0, fold=0).timestamp())


def contact_of(look: Look, person: str, order_id: str | None, preferences: Preferences | None, face: Face) -> Contact:
    """How a person is reached: what the person said last, else what order or merchant say."""
    kind, _, name = person.partition(":")
    found = Contact()
    if kind == "customer":
        found = _customer(look, OrderId(order_id or name))
    elif kind == "merchant":
        found = _merchant(look, MerchantId(name))
    elif kind == "rider":
        rider = look.rider(RiderId(name))
        found = Contact(name="" if rider is None else rider.rider.name)
    own = preferences
    return Contact(
        name=found.name,
        language=(own.language if own else "") or found.language,
        time_zone=(own.time_zone if own else "") or face.time_zone,
        email=(own.email if own else "") or found.email,
        phone=(own.phone if own else "") or found.phone,
        webhook=own.hook.reached_at if own else "",
    )


def _customer(look: Look, order_id: OrderId) -> Contact:
    state = look.order(order_id)
    if state is None:
        return Contact()
    said = state.order.customer
    return Contact(name=said.name, language=said.language, email=said.email, phone=said.phone)


def _merchant(look: Look, merchant_id: MerchantId) -> Contact:
    said = look.merchant(merchant_id)
    if said is None:
        return Contact()
    return Contact(name=said.name, language=said.language, email=said.email, phone=said.phone)
