"""From events of the log to notices: read apart from the writer, written in one transaction with the market's mark."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from dispatch.model.events import EtaChanged, LegStarted, OfferMade, OrderPickedUp, OrderPlaced, Recorded
from dispatch.model.lifecycle import OfferStatus
from dispatch.model.order import MarketId, OrderId
from dispatch.notify.matrix import DEFAULTS, Audience, Cell, Matrix, Occasion, SendChannel
from dispatch.notify.people import Face, Recipient, after_quiet, persons, recipients
from dispatch.notify.telling import Look, Telling
from dispatch.notify.told_care import CARE_EVENTS, told_of_care
from dispatch.notify.told_orders import ORDER_EVENTS, told_of_orders
from dispatch.store import rows
from dispatch.store.notice_people import KeptMatrix
from dispatch.store.notice_people import matrix as kept_matrix
from dispatch.store.notices import UNREACHED, Notice, events_after
from dispatch.store.queries import look as look_up
from dispatch.units import Instant

FOLLOWED: Final = frozenset(kind.__name__ for kind in (*ORDER_EVENTS, *CARE_EVENTS))
"""Events that somebody may be told of."""

Due = tuple[Notice, Instant]
"""A notice, and when its first channel is tried."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """What follows from the next events of a market, up to ``reached``."""

    notices: list[Due]
    reached: int


def expand(
    connection: Connection,
    market_id: MarketId,
    after_seq: int,
    face: Face,
    now: Instant,
    limit: int,
    ways: Collection[SendChannel],
) -> Expanded:
    """Find out who is told what of the next events. ways: the channels that are set up."""
    entries, reached = events_after(connection, market_id, after_seq, FOLLOWED, limit)
    if not entries:
        return Expanded([], reached)
    matrix = matrix_of(kept_matrix(connection, market_id))
    look = Look(connection, market_id)
    _fetch(look, entries)
    tellings = [(entry, one) for entry in entries for one in (*told_of_orders(look, entry), *told_of_care(look, entry))]
    look.fetch_people({person for _, one in tellings for person in persons(one)})
    due = [due for entry, one in tellings for due in _notices(look, matrix, one, entry, face, now)]
    return Expanded([(_if_reached(look, notice, due_at > now, ways), due_at) for notice, due_at in due], reached)


def _fetch(look: Look, entries: Sequence[Recorded]) -> None:
    """Look up at once what is surely asked for below."""
    events = [entry.event for entry in entries]
    streams = [entry.stream.partition(":") for entry in entries]
    offered = {event.order_ids[0] for event in events if isinstance(event, OfferMade)}
    look.fetch(rows.ORDERS, offered | {OrderId(name) for kind, _, name in streams if kind == "order"})
    look.fetch(rows.ACCOUNTS, {event.order.id for event in events if isinstance(event, OrderPlaced)})
    look.fetch(rows.ETAS, {event.order_id for event in events if isinstance(event, EtaChanged | OrderPickedUp)})
    look.fetch(rows.RIDERS, {event.rider_id for event in events if isinstance(event, LegStarted)})


def matrix_of(kept: KeptMatrix) -> Matrix:
    """A market's table from its row."""
    own = {}
    for name, channels in kept.cells.items():
        occasion, _, audience = name.partition("/")
        own[Occasion(occasion), Audience(audience)] = tuple(SendChannel(one) for one in channels)
    return Matrix(own, kept.version)


def _notices(look: Look, matrix: Matrix, telling: Telling, entry: Recorded, face: Face, now: Instant) -> Iterator[Due]:
    for audience in matrix.audiences(telling.occasion):
        for one in recipients(look, telling, audience, matrix.cell(telling.occasion, audience)):
            yield _notice(telling, one, entry, face, now)


def _if_reached(look: Look, notice: Notice, later: bool, ways: Collection[SendChannel]) -> Notice:
    """The notice; where surely no channel reaches the person now, nobody need try them."""
    possible = set(notice.plan) & set(ways)
    if not later and not look.has_device(notice.person):
        possible.discard(SendChannel.PUSH)
    if not later and not look.has_hook(notice.person):
        possible.discard(SendChannel.WEBHOOK)
    return notice if possible or not notice.plan else replace(notice, state=UNREACHED)


def _notice(telling: Telling, to: Recipient, entry: Recorded, face: Face, now: Instant) -> Due:
    row = DEFAULTS[telling.occasion]
    begins_at = max(telling.due_at, entry.recorded_at)
    made = Notice(
        id=notice_id(entry.market_id, telling.once or str(entry.seq), telling.occasion, to.person),
        market_id=entry.market_id,
        seq=entry.seq,
        occasion=telling.occasion.value,
        audience=to.audience.value,
        person=to.person,
        order_id=None if telling.order is None else telling.order.order.id,
        about=telling.about,
        content=telling.values,
        plan=plan_of(to.cell),
        urgent=row.urgent,
        created_at=now,
        until_at=begins_at + row.useful_s if telling.until_at is None else telling.until_at,
    )
    due_at = begins_at if row.urgent else after_quiet(begins_at, to.preferences, face.time_zone)
    return made, due_at


def plan_of(cell: Cell) -> tuple[str, ...]:
    """The channels that need sending, in order."""
    return tuple(dict.fromkeys(one.value for one in cell if one is not SendChannel.IN_APP))


def notice_id(market_id: MarketId, what: str, occasion: Occasion, person: str) -> str:
    """The same for the same occasion and person, however often and by whomever it is worked out."""
    named = f"{market_id}\x00{what}\x00{occasion.value}\x00{person}"
    return f"ntf_{sha256(named.encode()).hexdigest()[:26]}"


def is_settled(look: Look, notice: Notice) -> bool:
    """Whether what a notice asks for is done, or what it foretells is past, so that nobody need hear of it any more."""
    occasion, audience = Occasion(notice.occasion), Audience(notice.audience)
    if occasion is Occasion.OFFER_MADE:
        offer = look_up(look.connection, rows.OFFERS, look.market_id, notice.about["offer"])
        return offer is None or offer.status is not OfferStatus.OPEN
    state = None if notice.order_id is None else look.order(OrderId(notice.order_id))
    if state is None:
        return False
    if audience is Audience.MERCHANT and occasion in _ASKS_THE_MERCHANT:
        return state.accepted_at is not None or state.cancelled_at is not None or state.over
    if occasion in (Occasion.ORDER_NEAR, Occasion.ETA_CHANGED, Occasion.ORDER_PICKED_UP):
        return state.delivered_at is not None or state.over
    return occasion is Occasion.ORDER_READY and audience is Audience.RIDER and state.picked_up_at is not None


_ASKS_THE_MERCHANT: Final = (Occasion.ORDER_PLACED, Occasion.MERCHANT_REMINDED, Occasion.MERCHANT_SILENT)
