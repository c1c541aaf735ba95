"""Reads for people and programs: only what is durable is ever shown.

One entity, and what a device asks for all the time, come from memory where this process holds the market; all else, and
what is there no more, from the projections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from dispatch.errors import StaleError
from dispatch.model.order import Channel, MarketId, Merchant, MerchantId, OrderId
from dispatch.model.rider import RiderId
from dispatch.model.state import OfferState, OrderState, RiderState, unknown
from dispatch.service.markets import Markets
from dispatch.service.unwritten import Memory
from dispatch.store import queries, rows
from dispatch.store.queries import Cut, OrderFilter, Page
from dispatch.store.rows import Projection
from dispatch.store.store import Store

T = TypeVar("T")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class RiderTasks:
    """All that a rider's device shows: the rider, the orders of the tasks, and the offers not answered yet."""

    rider: RiderState
    orders: Sequence[OrderState]
    offers: Sequence[OfferState]
    merchants: Sequence[Merchant]


class Reads:
    """What is so in the markets of one store. Queries run on a thread, each in a transaction of its own."""

    def __init__(self, store: Store, markets: Markets) -> None:
        self._store, self._markets = store, markets

    async def run(self, query: Callable[[Connection], T]) -> T:
        """Any query of ``dispatch.store.queries``. Raises what it raises, and StoreUnavailableError."""
        return await asyncio.to_thread(self._run, query)

    def _run(self, query: Callable[[Connection], T]) -> T:
        with self._store.reading() as connection:
            return query(connection)

    async def _held(self, market_id: MarketId, query: Callable[[Memory], T | None]) -> T | None:
        """What the market says in memory; None also where this process does not hold it."""
        host = self._markets.held(market_id)
        try:
            return None if host is None else await host.look(query)
        except StaleError:
            return None  # another process holds it by now

    async def one(self, projection: Projection[V], market_id: MarketId, name: str) -> V:
        """One entity. Raises NotFoundError."""
        found = await self._held(market_id, lambda memory: memory.at_hand(projection, name))
        if found is not None:
            return found
        return (await self.run(lambda c: queries.find(c, projection, market_id, name))).value

    async def order(self, market_id: MarketId, order_id: OrderId) -> OrderState:
        """One order. Raises NotFoundError."""
        return await self.one(rows.ORDERS, market_id, order_id)

    async def orders(self, market_id: MarketId, wanted: OrderFilter, cut: Cut) -> Page[OrderState]:
        """Orders that fit a filter."""
        return await self.run(lambda c: queries.orders(c, market_id, wanted, cut))

    async def order_named(
        self, market_id: MarketId, channel: Channel, platform: str, external_id: str
    ) -> OrderState | None:
        """The order that a channel knows by a name of its own, if it is here."""
        found = await self.run(lambda c: queries.order_by_external_id(c, market_id, channel, platform, external_id))
        return None if found is None else found.value

    async def rider(self, market_id: MarketId, rider_id: RiderId) -> RiderState:
        """One rider. Raises NotFoundError."""
        return await self.one(rows.RIDERS, market_id, rider_id)

    async def merchant(self, market_id: MarketId, merchant_id: MerchantId) -> Merchant:
        """One merchant. Raises NotFoundError."""
        return await self.one(rows.MERCHANTS, market_id, merchant_id)

    async def tasks(self, market_id: MarketId, rider_id: RiderId) -> RiderTasks:
        """All that a rider's device shows, as of one moment. Raises NotFoundError."""
        found = await self._held(market_id, lambda memory: _tasks(memory, rider_id))
        found = found or await self.run(lambda c: _tasks(_Rows(c, market_id), rider_id))
        if found is None:
            raise unknown("rider", rider_id)
        return found


class _Find(Protocol):
    """How entities are found."""

    def one(self, projection: Projection[V], name: str) -> V | None:
        """One entity, if it is there."""


@dataclass(frozen=True, slots=True)
class _Rows:
    connection: Connection
    market_id: MarketId

    def one(self, projection: Projection[V], name: str) -> V | None:
        return queries.look(self.connection, projection, self.market_id, name)


def _tasks(find: _Find, rider_id: RiderId) -> RiderTasks | None:
    rider = find.one(rows.RIDERS, rider_id)
    if rider is None:
        return None
    offers = _every(find, rows.OFFERS, rider.offers)
    named = dict.fromkeys(task.order_id for task in rider.tasks)
    named |= dict.fromkeys(order_id for offer in offers for order_id in offer.order_ids)
    orders = _every(find, rows.ORDERS, named)
    merchants = _every(find, rows.MERCHANTS, dict.fromkeys(state.order.merchant_id for state in orders))
    return RiderTasks(rider, orders, offers, merchants)


def _every(find: _Find, projection: Projection[V], names: Iterable[str]) -> list[V]:
    """The entities of those names that there are, sorted by name."""
    found = [find.one(projection, name) for name in sorted(names)]
    return [one for one in found if one is not None]
