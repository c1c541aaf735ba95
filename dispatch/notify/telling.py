"""What there is to tell, before it is known to whom by name, and the look at the market that finds it out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from dispatch.model.care import NO_RULES, CareRules
from dispatch.model.codec import Json
from dispatch.model.events import Recorded
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import MarketId, Merchant, MerchantId, OrderId, ZoneId
from dispatch.model.payment import AccountState
from dispatch.model.rider import RiderId
from dispatch.model.state import CARE, CaseState, OrderState, RiderState
from dispatch.notify.matrix import Occasion
from dispatch.store import notice_people, queries, rows
from dispatch.store.databases import parts
from dispatch.store.notice_people import Preferences
from dispatch.store.queries import Cut, OrderFilter
from dispatch.store.rows import Projection
from dispatch.units import Instant, Money

V = TypeVar("V")
_LONG: int = 12
_SHOWN: int = 6
_MOST: int = 5_000
"""Customers and riders who are told of one closure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One occasion. customer, merchant, riders, staff: who can be told of it at all; the matrix says who is.

    order: what it is about, if an order. once: its name among all tellings of its occasion, where it is told of once
    only. due_at: not before; until_at: not after.
    """

    occasion: Occasion
    values: Mapping[str, Json] = field(default_factory=dict)
    order: OrderState | None = None
    merchant: Merchant | None = None
    customer: bool = False
    riders: tuple[RiderId, ...] = ()
    staff: bool = False
    about: Mapping[str, str] = field(default_factory=dict)
    once: str = ""
    due_at: Instant = 0
    until_at: Instant | None = None


class Look:
    """One market, as of one moment that is not before the events that are looked at."""

    def __init__(self, connection: Connection, market_id: MarketId) -> None:
        self.connection, self.market_id = connection, market_id
        self._seen: dict[tuple[str, str], Any] = {}
        self._preferences: dict[str, Preferences | None] = {}
        self._devices: dict[str, bool] = {}
        self._staff: dict[str, list[Preferences]] = {}

    def _look(self, projection: Projection[V], name: str) -> V | None:
        """An entity; looked up once, since the moment is one."""
        key = (projection.field, name)
        if key not in self._seen:
            self._seen[key] = queries.look(self.connection, projection, self.market_id, name)
        found: V | None = self._seen[key]
        return found

    def fetch(self, projection: Projection[Any], names: Collection[str]) -> None:
        """Look up at once what is going to be asked for."""
        found = queries.look_all(self.connection, projection, self.market_id, names)
        self._seen |= {(projection.field, name): found.get(name) for name in names}

    def order(self, order_id: OrderId) -> OrderState | None:
        """An order."""
        return self._look(rows.ORDERS, order_id)

    def merchant(self, merchant_id: MerchantId) -> Merchant | None:
        """A merchant."""
        return self._look(rows.MERCHANTS, merchant_id)

    def rider(self, rider_id: RiderId) -> RiderState | None:
        """A rider."""
        return self._look(rows.RIDERS, rider_id)

    def case(self, case_id: str) -> CaseState | None:
        """A case."""
        return self._look(rows.CASES, case_id)

    def account(self, order_id: OrderId) -> AccountState | None:
        """The money of an order."""
        return self._look(rows.ACCOUNTS, order_id)

    def fetch_people(self, persons: Collection[str]) -> None:
        """Look up at once what some persons have chosen, and which of them have a device for messages."""
        for some in parts(sorted(persons)):
            known = notice_people.preferences(self.connection, self.market_id, some)
            self._preferences |= {person: known.get(person) for person in some}
            with_device = notice_people.with_devices(self.connection, self.market_id, some)
            self._devices |= {person: person in with_device for person in some}

    def preferences(self, person: str) -> Preferences | None:
        """What a person has chosen."""
        if person not in self._preferences:
            self.fetch_people([person])
        return self._preferences[person]

    def has_device(self, person: str) -> bool:
        """Whether messages can be pushed to a person."""
        if person not in self._devices:
            self.fetch_people([person])
        return self._devices[person]

    def has_hook(self, person: str) -> bool:
        """Whether a person has a system of its own that is told."""
        found = self.preferences(person)
        return found is not None and bool(found.hook.reached_at)

    def staff_preferences(self, role: str) -> list[Preferences]:
        """What the people of a role have chosen."""
        if role not in self._staff:
            self._staff[role] = notice_people.staff_preferences(self.connection, self.market_id, role)
        return self._staff[role]

    @property
    def care(self) -> CareRules:
        """The policy's rules beside the delivery."""
        return self._look(rows.CARES, CARE) or NO_RULES

    def expected_at(self, state: OrderState) -> Instant:
        """The last word on when an order comes."""
        found = self._look(rows.ETAS, state.order.id)
        return state.order.promised_at if found is None else found.dropoff_at

    def said_before(self, order_id: OrderId) -> bool:
        """Whether it was said more than once when an order comes."""
        found = self._look(rows.ETAS, order_id)
        return found is not None and found.version > 1

    def active_orders(self, zones: frozenset[ZoneId]) -> list[OrderState]:
        """Orders under way in some zones; everywhere, where none is named."""
        under_way = tuple(
            set(DispatchStatus) - {DispatchStatus.DONE, DispatchStatus.DROPPED, DispatchStatus.NOT_NEEDED}
        )
        page = queries.orders(self.connection, self.market_id, OrderFilter(dispatches=under_way), Cut(limit=_MOST))
        found = [stored.value for stored in page.items]
        return [state for state in found if not zones or zones & state.order.zones]

    def riders_on_shift(self, zones: frozenset[ZoneId]) -> tuple[RiderId, ...]:
        """Riders at work in some zones; those who work everywhere are everywhere."""
        page = queries.riders(self.connection, self.market_id, Cut(limit=_MOST), on_shift=True)
        found = [stored.value.rider for stored in page.items]
        return tuple(rider.id for rider in found if not (zones and rider.zones) or zones & rider.zones)


def of_order(look: Look, order_id: OrderId | None) -> tuple[OrderState | None, Merchant | None, dict[str, Json]]:
    """An order, its merchant, and the two values that nearly every text names."""
    state = None if order_id is None else look.order(order_id)
    if state is None:
        return None, None, {"order": shown_name(order_id or ""), "merchant": {"text": ""}}
    merchant = look.merchant(state.order.merchant_id)
    return state, merchant, {"order": shown_order(state), "merchant": {"text": merchant_name(state, merchant)}}


def merchant_name(state: OrderState, merchant: Merchant | None) -> str:
    """How people call the merchant of an order."""
    return state.order.merchant_id if merchant is None or not merchant.name else merchant.name


def shown_order(state: OrderState) -> str:
    """How people call an order: as its channel does, else by the end of its id."""
    return state.order.external_id or shown_name(state.order.id)


def shown_name(name: str) -> str:
    """An id, or the end of a long one."""
    return name if len(name) <= _LONG else name[-_SHOWN:].upper()


def at(instant: Instant, form: str = "") -> Json:
    """An instant as a value."""
    return {"at": instant, "form": form} if form else {"at": instant}


def money(amount: Money | None) -> Json:
    """An amount as a value."""
    return {"text": ""} if amount is None else {"minor": amount.minor, "currency": amount.currency}


def word(group: str, code: str) -> Json:
    """A code as a value."""
    return {"word": [group, code]}


def text(written: str) -> Json:
    """What somebody wrote, as a value."""
    return {"text": written}


def only(*riders: RiderId | None) -> tuple[RiderId, ...]:
    """The riders that there are, each once."""
    return tuple(dict.fromkeys(rider for rider in riders if rider is not None))


Tellings = Iterable[Telling]
Entry = Recorded
