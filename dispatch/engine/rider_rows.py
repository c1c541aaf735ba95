"""Riders as rows of a problem."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.engine.rows import Names, Rows
from dispatch.model.rider import RiderId, Shift
from dispatch.model.state import MarketState, RiderState
from dispatch.solver.problem import ANY_ORDER, FREE_ORDERS, NO_ORDERS, Floats, Ints
from dispatch.units import Instant, Seconds

_NEVER_SEEN: Final = 0


class RiderColumns(NamedTuple):
    """What a row says of a rider on shift, whatever the time; places and the rider by the numbers of ``Names``.

    on_shift: 1 for who is; nothing else is said of others. origin: where the present leg began, ``place`` for who
    stands. leg: 1 while under way. starts_at, off_at: the shift. busy: 1 with tasks or offers. paused_until: 0 for
    nobody's pause. blocked: 1 where the rider is lost or has a problem. seen_at: last word while under way. zoned: 1
    where the rider is bound to zones.
    """

    number: Ints
    on_shift: Ints
    place: Ints
    origin: Ints
    leg: Ints
    free_at: Ints
    profile: Ints
    capacity: Ints
    starts_at: Ints
    off_at: Ints
    busy: Ints
    paused_until: Ints
    blocked: Ints
    seen_at: Ints
    zoned: Ints

    def at(self, some: Ints) -> RiderColumns:
        """Only these rows."""
        return RiderColumns(*(column[some] for column in self))


_AWAY: Final = (0,) * (len(RiderColumns._fields) - 1)


class RiderRows:
    """The riders of one market, tick after tick."""

    def __init__(self, names: Names, profiles: tuple[str, ...]) -> None:
        self._names, self._profiles = names, profiles
        self._riders: Rows[RiderState] = Rows(len(RiderColumns._fields), self._row)
        self._coming: Rows[RiderState] = Rows(len(RiderColumns._fields), self._row)
        self._shifts: Rows[Shift] = Rows(1, lambda shift: (shift.starts_at,))
        self._soon: dict[RiderId, tuple[RiderState, Shift, RiderState]] = {}

    def of(self, state: MarketState, now: Instant, ahead_s: Seconds) -> tuple[list[RiderState], RiderColumns]:
        """(riders who take part at ``now``, or whose shift is about to begin, what their rows say)."""
        here = list(state.riders.values())
        columns = RiderColumns(*self._riders.of(here))
        # Who was asked and gets nothing new any more still has the offer, and its orders are nobody else's.
        part = (columns.on_shift == 1) & ((columns.busy == 1) | _accepting(columns, now))
        some, soon = np.flatnonzero(part), self._soon_on_shift(state, now, ahead_s)
        both = zip(columns.at(some), self._coming.of(soon), strict=True)
        riders = list(map(here.__getitem__, some.tolist())) + soon
        return riders, RiderColumns(*map(np.concatenate, both))

    def on_shift(self, state: MarketState) -> tuple[list[RiderState], RiderColumns]:
        """(riders on shift, what their rows say)."""
        here = list(state.riders.values())
        columns = RiderColumns(*self._riders.of(here))
        some = np.flatnonzero(columns.on_shift)
        return list(map(here.__getitem__, some.tolist())), columns.at(some)

    def forget(self) -> None:
        """Look at every rider anew."""
        self._riders.forget()
        self._coming.forget()

    def _soon_on_shift(self, state: MarketState, now: Instant, ahead_s: Seconds) -> list[RiderState]:
        """Riders whose planned shift is about to begin, as they will be then."""
        shifts = list(state.shifts.values())
        starts_at = self._shifts.of(shifts)[0]
        near = np.flatnonzero((now < starts_at) & (starts_at <= now + ahead_s))
        soon = sorted(
            (shifts[number] for number in near.tolist()),
            key=lambda shift: (shift.starts_at, shift.id),
        )
        first = {shift.rider_id: shift for shift in reversed(soon)}
        known, self._soon = self._soon, {}
        for key in sorted(first):
            rider, shift = state.riders.get(key), first[key]
            if rider is None or rider.shift is not None:
                continue
            before = known.get(key)
            if before is None or before[0] is not rider or before[1] is not shift:
                then = rider._replace(shift=shift, place=shift.start, since=shift.starts_at, leg=None)
                before = (rider, shift, then)
            self._soon[key] = before
        return [then for _, _, then in self._soon.values()]

    def _row(self, rider: RiderState) -> tuple[int, ...]:
        """Where and when the rider is free to choose; a rider under way finishes the leg."""
        number = self._names.riders.of(rider.rider.id)
        if rider.place is None or rider.shift is None:
            return (number, *_AWAY)
        places, leg = self._names.places, rider.leg
        place = origin = places.of(rider.place if leg is None else leg.destination)
        free_at, seen_at = max(rider.since, rider.busy_until), _NEVER_SEEN
        if leg is not None:
            origin, free_at, seen_at = places.of(leg.origin), leg.arrives_at, leg.departed_at
            if rider.position is not None:
                seen_at = max(rider.position.occurred_at, seen_at)
        return (
            number,
            1,
            place,
            origin,
            int(leg is not None),
            free_at,
            self._profiles.index(rider.rider.vehicle),
            rider.rider.capacity,
            rider.shift.starts_at,
            rider.shift.ends_at,
            int(bool(rider.tasks) or bool(rider.offers)),
            rider.paused_until or 0,
            int(rider.lost_at is not None or rider.problem is not None),
            seen_at,
            int(bool(rider.rider.zones)),
        )


def _accepting(columns: RiderColumns, now: Instant) -> NDArray[np.bool_]:
    """Who may get something new."""
    paused = now < columns.paused_until
    accepting: NDArray[np.bool_] = (columns.off_at > now) & ~paused & (columns.blocked == 0)
    return accepting


def taking(columns: RiderColumns, now: Instant) -> Ints:
    """Which orders each rider may get."""
    orders = np.where(columns.starts_at > now, FREE_ORDERS, ANY_ORDER)
    return np.where(_accepting(columns, now), orders, NO_ORDERS)


def headings(
    columns: RiderColumns, place: Ints, origin: Ints, points: Floats, now: Instant, half_life_s: Seconds
) -> tuple[Floats, Floats]:
    """Direction of riders under way, and how much it still says: it fades with the age of the last word.

    place, origin: indices into ``points``.
    """
    heading, trust = np.zeros((len(place), points.shape[1])), np.zeros(len(place))
    some = np.flatnonzero((columns.leg == 1) & (place != origin))
    way = points[place[some]] - points[origin[some]]
    length = np.sqrt((way * way).sum(axis=1))
    some, way, length = some[length > 0.0], way[length > 0.0], length[length > 0.0]
    heading[some] = way / length[:, None]
    trust[some] = 0.5 ** (np.maximum(0, now - columns.seen_at[some]) / half_life_s)
    return heading, trust
