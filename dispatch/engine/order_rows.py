"""Orders as rows of a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from dispatch.engine.rows import Names, Rows
from dispatch.model.events import OfferId
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import Order, OrderId
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, OfferState, OrderState
from dispatch.solver.problem import FIXED, ON_BOARD, OPEN, Ints
from dispatch.units import Instant

WAITING: Final = (DispatchStatus.OPEN, DispatchStatus.HELD)
"""Nobody has the order, and nobody has been asked."""

_CARRIED: Final = (DispatchStatus.CARRIED, DispatchStatus.RETURNING)
_OVER: Final = (DispatchStatus.DONE, DispatchStatus.DROPPED)
_RETURNING: Final = DispatchStatus.RETURNING
_NOBODY: Final = -1
_SPARE: Final = 256
"""So many orders more than twice those asked for may be remembered."""


class OrderColumns(NamedTuple):
    """What a row says of an order, whatever the time; places, merchant and riders by the numbers of ``Names``.

    First what is fixed as long as nobody changes the order itself; zoned: 1 where it has zones. Then what happens to
    it. owner: who has it, -1 for nobody. holder: the same, or who is asked. asked: 1 where somebody is.
    state: OPEN, FIXED or ON_BOARD, pins left out.
    waits, matters: 1 where nobody has it yet, and where dispatch has to do with it. barred: 1 where it has bars of its
    own.
    held_until, pinned, pinned_until: what a person has said, 0 and -1 where nobody has.
    """

    pickup: Ints
    dropoff: Ints
    merchant: Ints
    placed_at: Ints
    due_at: Ints
    not_before_at: Ints
    size: Ints
    vehicles: Ints
    pickup_before_s: Ints
    pickup_after_s: Ints
    dropoff_before_s: Ints
    dropoff_after_s: Ints
    zoned: Ints
    ready_at: Ints
    priority: Ints
    owner: Ints
    holder: Ints
    asked: Ints
    state: Ints
    waits: Ints
    matters: Ints
    held_until: Ints
    pinned: Ints
    pinned_until: Ints
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
        self._fixed: dict[OrderId, tuple[Order, tuple[int, ...]]] = {}

    def of(self, state: MarketState, orders: list[OrderState]) -> OrderColumns:
        """What the rows of these orders say."""
        self._asked = state.offers
        if len(self._fixed) > 2 * len(orders) + _SPARE:
            self._fixed.clear()
        return OrderColumns(*self._rows.of(orders))

    def door(self, order: Order) -> int:
        """The number of the place where the order goes, or of its merchant's where its customer fetches it."""
        return self._known(order)[1]

    def forget(self) -> None:
        """Look at every order anew."""
        self._rows.forget()
        self._fixed.clear()

    def _row(self, state_of: OrderState) -> tuple[int, ...]:
        """Food on its way back is a drop-off at its merchant."""
        order = state_of.order
        pickup, dropoff, *others = self._known(order)
        number, dispatch, offer_id = self._names.riders.of, state_of.dispatch, state_of.offer_id
        has, pinned, status = state_of.rider_id, state_of.pinned_to, OPEN
        owner = holder = _NOBODY if has is None else number(has)
        if dispatch in _CARRIED:
            status = ON_BOARD
        elif offer_id is not None:
            status, holder = FIXED, number(self._asked[offer_id].rider_id)
        return (
            pickup,
            pickup if dispatch is _RETURNING else dropoff,
            *others,
            state_of.ready_at,
            state_of.priority,
            owner,
            holder,
            int(offer_id is not None),
            status,
            int(dispatch in WAITING),
            int(dispatch not in _OVER and order.dropoff is not None),
            state_of.held_until or 0,
            _NOBODY if pinned is None else number(pinned),
            state_of.pinned_until or 0,
            int(bool(state_of.barred or state_of.declined_by or pinned is not None)),
        )

    def _known(self, order: Order) -> tuple[int, ...]:
        """The part of a row that depends on nothing but the order itself, made once."""
        known = self._fixed.get(order.id)
        if known is None or known[0] is not order:
            known = self._fixed[order.id] = (order, self._ordered(order))
        return known[1]

    def _ordered(self, order: Order) -> tuple[int, ...]:
        names, pickup = self._names, self._names.places.of(order.pickup)
        return (
            pickup,
            pickup if order.dropoff is None else names.places.of(order.dropoff),
            names.merchants.of(order.merchant_id),
            order.placed_at,
            order.promised_at,
            order.not_before_at or 0,
            order.size,
            self._vehicles(order),
            order.pickup_handling.before_s,
            order.pickup_handling.after_s,
            order.dropoff_handling.before_s,
            order.dropoff_handling.after_s,
            int(bool(order.zones)),
        )

    def _vehicles(self, order: Order) -> int:
        kinds, profiles = order.vehicles, self._profiles
        if not kinds:
            return (1 << len(profiles)) - 1
        return sum(1 << profiles.index(kind) for kind in kinds if kind in profiles)


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
