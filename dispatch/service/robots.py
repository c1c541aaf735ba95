"""Robot riders of a sandbox: they take every offer and do what their route says, to the second of the clock.

A rider whose id begins with ``robot-`` is one of them, so robots ride on after a restart.
"""

from __future__ import annotations

import logging
import math
from typing import Final

import numpy as np

from dispatch.engine.robots import Step, next_step
from dispatch.errors import ConflictError, NotFoundError
from dispatch.geo.travel import TravelTimes
from dispatch.model.actor import SYSTEM_ACTOR, Actor, ActorKind
from dispatch.model.commands import AcceptOffer, Command, RegisterRider, StartShift
from dispatch.model.order import Vehicle
from dispatch.model.place import Place, Position
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.model.state import OfferState, RiderState
from dispatch.service.asks import Ask
from dispatch.service.host import Host
from dispatch.store.live.ports import LiveState
from dispatch.units import Instant, Seconds

LOG: Final = logging.getLogger(__name__)
PREFIX: Final = "robot-"
ANSWER_S: Final[Seconds] = 10
"""How long a robot takes to accept an offer that lasts as long."""
_AGAIN_S: Final[Seconds] = 10
"""When a robot tries again what was refused."""
_AROUND_M: Final = 1_000
_METRES_PER_DEGREE: Final = 111_195.0
_GOLDEN_ANGLE: Final = math.pi * (3 - math.sqrt(5))


class Robots:
    """The robots of one market, which moves on only while they do: nothing else happens between two of their steps."""

    def __init__(self, host: Host, travel: TravelTimes, live: LiveState) -> None:
        self._host, self._travel, self._live = host, travel, live
        self._refused_at: dict[RiderId, Instant] = {}

    async def begin(self, count: int, near: Place, vehicle: Vehicle, shift_s: Seconds) -> tuple[RiderId, ...]:
        """Let so many new ones begin to work, spread evenly within a kilometre; their ids. Raises DispatchError."""
        market_id, now = self._host.market_id, self._host.clock.now()
        known = sum(rider_id.startswith(PREFIX) for rider_id in self._host.state.riders)
        begun: list[RiderId] = []
        for number in range(count):
            rider_id = RiderId(f"{PREFIX}{known + number + 1}")
            rider = Rider(id=rider_id, market_id=market_id, vehicle=vehicle, name=f"Robot {known + number + 1}")
            start = _around(near, (number + 0.5) / count, number * _GOLDEN_ANGLE)
            name = ShiftId(f"{rider_id}-{now}")
            shift = Shift(id=name, rider_id=rider_id, starts_at=now, ends_at=now + shift_s, start=start)
            await self._ask(RegisterRider(rider=rider), SYSTEM_ACTOR)
            await self._ask(StartShift(rider_id=rider_id, shift=shift), SYSTEM_ACTOR)
            begun.append(rider_id)
        return tuple(begun)

    def next_at(self) -> Instant | None:
        """When the next of them has something to do; None where none has."""
        return min((step.at for step in self._steps().values()), default=None)

    async def act(self) -> int:
        """Let each of them do what is due at this instant, if anything; how many did."""
        now = self._host.clock.now()
        due = sorted(rider_id for rider_id, step in self._steps().items() if step.at <= now)
        done = 0
        for rider_id in due:
            step = self._step(self._host.state.rider(rider_id))  # as it is after what the others did
            if step is not None and step.at <= now:
                done += await self._do(rider_id, step.command)
        return done

    async def report(self) -> None:
        """Let each of them say where it is."""
        now = self._host.clock.now()
        places = {rider.rider.id: _place_of(rider, now) for rider in self._at_work()}
        seen = {name: (Position(place, now),) for name, place in places.items() if place is not None}
        if seen:
            await self._live.report(self._host.market_id, seen, now)

    async def _do(self, rider_id: RiderId, command: Command) -> bool:
        try:
            await self._ask(command, Actor(ActorKind.RIDER, rider_id))
        except (ConflictError, NotFoundError) as error:
            LOG.info("market %s: robot %s waits: %s", self._host.market_id, rider_id, error)
            self._refused_at[rider_id] = self._host.clock.now()
            return False
        self._refused_at.pop(rider_id, None)
        return True

    async def _ask(self, command: Command, actor: Actor) -> None:
        name = f"{actor.id}-{type(command).__name__}-{self._host.state.seq}"
        await self._host.execute(Ask(command=command, actor=actor, command_id=name))

    def _at_work(self) -> list[RiderState]:
        riders = self._host.state.riders
        return [one for name, one in riders.items() if name.startswith(PREFIX) and one.shift is not None]

    def _steps(self) -> dict[RiderId, Step]:
        found = {rider.rider.id: self._step(rider) for rider in self._at_work()}
        return {rider_id: step for rider_id, step in found.items() if step is not None}

    def _step(self, rider: RiderState) -> Step | None:
        """What a robot does next: answer the oldest offer, or go on with its route, whichever comes first."""
        state, now, rider_id = self._host.state, self._host.clock.now(), rider.rider.id
        steps = [_accept(state.offers[offer_id]) for offer_id in rider.offers]
        step = next_step(state, rider_id, now, self._ride)
        every = [*sorted(steps, key=_order), *([] if step is None else [step])]
        first = min(every, key=lambda one: one.at, default=None)
        refused_at = self._refused_at.get(rider_id)
        if first is None or refused_at is None:
            return first
        return first._replace(at=max(first.at, refused_at + _AGAIN_S))

    def _ride(self, origin: Place, destination: Place, rider: RiderState, _: Instant) -> Seconds:
        if origin == destination:
            return 0
        ends = np.array([[place.latitude, place.longitude] for place in (origin, destination)])
        return int(self._travel.pairs(ends[:1], ends[1:], rider.rider.vehicle)[0])


def _accept(offer: OfferState) -> Step:
    at = min(offer.made_at + ANSWER_S, offer.expires_at)
    return Step(at, AcceptOffer(rider_id=offer.rider_id, offer_id=offer.offer_id))


def _order(step: Step) -> tuple[Instant, str]:
    return step.at, getattr(step.command, "offer_id", "")


def _around(near: Place, share: float, angle: float) -> Place:
    """A place in a circle; shares from 0 to 1, each by a golden angle further, fill it evenly."""
    degrees = _AROUND_M * math.sqrt(share) / _METRES_PER_DEGREE
    latitude = near.latitude + degrees * math.cos(angle)
    longitude = near.longitude + degrees * math.sin(angle) / max(0.01, math.cos(math.radians(near.latitude)))
    return Place(max(-90.0, min(90.0, latitude)), max(-180.0, min(180.0, longitude)))


def _place_of(rider: RiderState, now: Instant) -> Place | None:
    """Where a rider is: standing, or so far along the leg as time has gone."""
    leg = rider.leg
    if leg is None:
        return rider.place
    share = min(1.0, (now - leg.departed_at) / max(1, leg.arrives_at - leg.departed_at))
    return Place(
        leg.origin.latitude + share * (leg.destination.latitude - leg.origin.latitude),
        leg.origin.longitude + share * (leg.destination.longitude - leg.origin.longitude),
    )
