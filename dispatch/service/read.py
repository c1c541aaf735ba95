"""Reads for people and programs: from the projections, so only what is durable is ever shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from dispatch.errors import NotFoundError
from dispatch.model.order import Channel, MarketId, Merchant, MerchantId, OrderId
from dispatch.model.rider import RiderId
from dispatch.model.state import OfferState, OrderState, RiderState
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
    """Queries of one store; each runs on a thread, in a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self, query: Callable[[Connection], T]) -> T:
        """Any query of ``dispatch.store.queries``. Raises what it raises, and StoreUnavailableError."""
        return await asyncio.to_thread(self._run, query)

    def _run(self, query: Callable[[Connection], T]) -> T:
        with self._store.reading() as connection:
            return query(connection)

    async def one(self, projection: Projection[V], market_id: MarketId, name: str) -> V:
        """One entity. Raises NotFoundError."""
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
        return await self.run(lambda c: _tasks(c, market_id, rider_id))


def _tasks(connection: Connection, market_id: MarketId, rider_id: RiderId) -> RiderTasks:
    rider = queries.find(connection, rows.RIDERS, market_id, rider_id).value
    offers = _every(connection, rows.OFFERS, market_id, rider.offers)
    named = dict.fromkeys(task.order_id for task in rider.tasks)
    named |= dict.fromkeys(order_id for offer in offers for order_id in offer.order_ids)
    orders = _every(connection, rows.ORDERS, market_id, named)
    merchants = _every(connection, rows.MERCHANTS, market_id, dict.fromkeys(o.order.merchant_id for o in orders))
    return RiderTasks(rider, orders, offers, merchants)


def _every(connection: Connection, projection: Projection[V], market_id: MarketId, names: Iterable[str]) -> list[V]:
    """The entities of those names that there are, sorted by name."""
    found: list[V] = []
    for name in sorted(names):
        try:
            found.append(queries.find(connection, projection, market_id, name).value)
        except NotFoundError:
            continue
    return found
