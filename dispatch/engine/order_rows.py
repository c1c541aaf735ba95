"""Orders as rows of a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from dispatch.engine.rows import Names, Rows
from dispatch.model.events import OfferId
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, OfferState, OrderState
from dispatch.solver.problem import FIXED, ON_BOARD, OPEN, Ints
from dispatch.units import Instant

WAITING: Final = (DispatchStatus.OPEN, DispatchStatus.HELD)
"""Nobody has the order, and nobody has been asked."""

_CARRIED: Final = (DispatchStatus.CARRIED, DispatchStatus.RETURNING)
_NOBODY: Final = -1


class OrderColumns(NamedTuple):
    """What a row says of an order, whatever the time; places, merchant and riders by the numbers of ``Names``.

    owner: who has it, -1 for nobody. holder: the same, or who is asked. asked: 1 where somebody is.
    state: OPEN, FIXED or ON_BOARD, pins left out.
    waits, matters: 1 where nobody has it yet, and where dispatch has to do with it. zoned, barred: 1 where it has
    zones, and bars of its own.
    held_until, pinned, pinned_until: what a person has said, 0 and -1 where nobody has.
    """

    pickup: Ints
    dropoff: Ints
    merchant: Ints
    placed_at: Ints
    ready_at: Ints
    due_at: Ints
    not_before_at: Ints
    size: Ints
    vehicles: Ints
    priority: Ints
    pickup_before_s: Ints
    pickup_after_s: Ints
    dropoff_before_s: Ints
    dropoff_after_s: Ints
    owner: Ints
    holder: Ints
    asked: Ints
    state: Ints
    waits: Ints
    matters: Ints
    held_until: Ints
    pinned: Ints
    pinned_until: Ints
    zoned: Ints
    barred: Ints

    def at(self, some: Ints) -> OrderColumns:
        """Only these rows."""
        return OrderColumns(*(column[some] for column in self))


class OrderRows:
    """The orders of one market, tick after tick."""

    def __init__(self, names: Names, profiles: tuple[str, ...]) -> None:
        self._names, self._profiles = names, profiles
        self._rows: Rows[OrderState] = Rows(len(OrderColumns._fields), self._row)
        self._asked: Mapping[OfferId, OfferState] = {}

    def of(self, state: MarketState, orders: list[OrderState]) -> OrderColumns:
        """What the rows of these orders say."""
        self._asked = state.offers
        return OrderColumns(*self._rows.of(orders))

    def forget(self) -> None:
        """Look at every order anew."""
        self._rows.forget()

    def _row(self, state_of: OrderState) -> tuple[int, ...]:
        """Food on its way back is a drop-off at its merchant."""
        order, names = state_of.order, self._names
        pickup = names.places.of(order.pickup)
        back = state_of.dispatch is DispatchStatus.RETURNING or order.dropoff is None
        holder, status = _holder(state_of, self._asked)
        return (
            pickup,
            pickup if back or order.dropoff is None else names.places.of(order.dropoff),
            names.merchants.of(order.merchant_id),
            order.placed_at,
            state_of.ready_at,
            order.promised_at,
            order.not_before_at or 0,
            order.size,
            self._vehicles(state_of),
            state_of.priority,
            order.pickup_handling.before_s,
            order.pickup_handling.after_s,
            order.dropoff_handling.before_s,
            order.dropoff_handling.after_s,
            self._number(state_of.rider_id),
            self._number(holder),
            int(state_of.offer_id is not None),
            status,
            int(state_of.dispatch in WAITING),
            int(order.dropoff is not None and not state_of.over),
            state_of.held_until or 0,
            self._number(state_of.pinned_to),
            state_of.pinned_until or 0,
            int(bool(order.zones)),
            int(bool(state_of.barred or state_of.declined_by or state_of.pinned_to is not None)),
        )

    def _number(self, rider: RiderId | None) -> int:
        return _NOBODY if rider is None else self._names.riders.of(rider)

    def _vehicles(self, order: OrderState) -> int:
        kinds, profiles = order.order.vehicles, self._profiles
        if not kinds:
            return (1 << len(profiles)) - 1
        return sum(1 << profiles.index(kind) for kind in kinds if kind in profiles)


def _holder(order: OrderState, offers: Mapping[OfferId, OfferState]) -> tuple[RiderId | None, int]:
    """Who has the order, and whether that can change; what a person has pinned is looked at later."""
    if order.dispatch in _CARRIED:
        return order.rider_id, ON_BOARD
    if order.offer_id is not None:
        return offers[order.offer_id].rider_id, FIXED
    return order.rider_id, OPEN


def concerned(columns: OrderColumns, now: Instant, present: Ints) -> Ints:
    """Indices of the orders that the solver has to do with: not held by a person, and not with somebody who is away.

    present: the index of each rider by number, -1 for those who take no part.
    """
    held = (columns.waits == 1) & (now < columns.held_until)
    away = (columns.waits == 0) & (columns.owner >= 0) & (present[columns.owner] < 0)
    return np.flatnonzero((columns.matters == 1) & ~held & ~away)


def loose(columns: OrderColumns, orders: list[OrderState], now: Instant) -> dict[OrderId, RiderId | None]:
    """The orders that nobody has and nobody is asked for, with the only rider who may have them now, None for all."""
    found = {orders[number].order.id: None for number in np.flatnonzero(columns.waits).tolist()}
    pinned = np.flatnonzero((columns.waits == 1) & (now < columns.pinned_until)).tolist()
    return found | {orders[number].order.id: orders[number].pin(now) for number in pinned}


def states(columns: OrderColumns, now: Instant) -> Ints:
    """OPEN, FIXED or ON_BOARD, with what is pinned now."""
    pinned = (columns.state == OPEN) & (now < columns.pinned_until)
    stays = pinned & (columns.owner >= 0) & (columns.owner == columns.pinned)
    return np.where(stays, FIXED, columns.state)


def bars(
    columns: OrderColumns,
    orders: list[OrderState],
    state: MarketState,
    now: Instant,
    riders: Sequence[RiderId],
) -> Ints:
    """Pairs that must not come together: a person said so, the rider declined, the order is pinned to another."""
    pairs: list[tuple[int, int]] = []
    some = range(len(orders)) if state.merchant_bars else np.flatnonzero(columns.barred).tolist()
    rider_at = {rider: at for at, rider in enumerate(riders)} if some else {}
    for number in some:
        order = orders[number]
        barred = state.bars_of(order) | order.declined_by
        pin = order.pin(now)
        if pin is not None:
            barred |= frozenset(rider for rider in rider_at if rider != pin)
        pairs.extend((number, rider_at[rider]) for rider in barred if rider in rider_at)
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)
