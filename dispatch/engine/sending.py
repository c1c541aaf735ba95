"""Idle riders are sent ahead: from where few orders come from, to a merchant near which the next one is expected.

Each spell of idleness is looked at when it begins and whenever demand is forecast anew. A rider is sent where the way
to the next pickup, the way there counted by half, gets shortest, if that saves at least ``send_gain_m``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from dispatch.engine.demand import Demand, DemandParams
from dispatch.geo.points import Points, sphere_metres
from dispatch.model.commands import WaitIntent
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, RiderState
from dispatch.solver.problem import Floats, Ints
from dispatch.units import Instant, Seconds

WORTH_IT_S: Final[Seconds] = 1800
"""Riders whose shift ends sooner stay where they are."""

WAY_WEIGHT: Final = 0.5
"""What a metre of the way there counts against a metre saved."""


class Sending:
    """Who was looked at in which spell, and the merchants with the forecast for them."""

    def __init__(self, params: DemandParams, demand: Demand) -> None:
        self._params, self._demand = params, demand
        self._looked_at: dict[RiderId, tuple[Instant, int]] = {}
        self._period = -1
        self._places: list[Place] = []
        self._spots: Floats = np.zeros((0, 3))
        self._onward: Ints = np.zeros(0, np.int64)

    def waits(self, state: MarketState, now: Instant, planned: frozenset[RiderId]) -> Iterator[WaitIntent]:
        """Whom to send where now; ``planned`` are those for whom the plan has something."""
        if self._params.send_gain_m == 0:
            return
        self._refresh(state, now)
        for rider_id, rider in state.riders.items():
            if rider_id in planned or not _is_idle(rider, now):
                continue
            spell = (rider.since, self._period)
            if self._looked_at.get(rider_id) == spell:
                continue
            self._looked_at[rider_id] = spell
            place = self._best(rider)
            if place is not None:
                yield WaitIntent(rider_id=rider_id, place=place)

    def _refresh(self, state: MarketState, now: Instant) -> None:
        period = now // self._params.refresh_s
        if period != self._period:
            self._period = period
            self._places = list(dict.fromkeys(merchant.place for merchant in state.merchants.values()))
            points = _points(self._places)
            self._spots, self._onward = sphere_metres(points), self._demand.onward_m(points)

    def _best(self, rider: RiderState) -> Place | None:
        """The merchant's place to wait at, None for where the rider stands."""
        if rider.place is None or not self._places:
            return None
        here = _points([rider.place])
        way_m = np.sqrt(((self._spots - sphere_metres(here)) ** 2).sum(axis=1))
        saved_m = self._demand.onward_m(here)[0] - self._onward
        gain_m = saved_m - WAY_WEIGHT * way_m
        best = int(np.argmax(gain_m))
        return self._places[best] if gain_m[best] > 0 and saved_m[best] >= self._params.send_gain_m else None


def _is_idle(rider: RiderState, now: Instant) -> bool:
    """Whether the rider stands somewhere with nothing to do, and for long enough."""
    if rider.shift is None or rider.leg is not None or rider.tasks or rider.offers or rider.problem is not None:
        return False
    if rider.paused(now) or rider.lost_at is not None or now < max(rider.since, rider.busy_until):
        return False
    return rider.shift.ends_at - now >= WORTH_IT_S


def _points(places: list[Place]) -> Points:
    return np.array([[place.latitude, place.longitude] for place in places], np.float64).reshape(-1, 2)
