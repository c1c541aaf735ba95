"""Days to be played, drawn as maps, and what must be true of every day that was.

>>> day = a_day("a . 1 . A", asked("1A", at=60, ready=600), worked("a", 0, 7200))
>>> [order.id for order in day.orders], [rider.id for rider in day.riders]
(['1A'], ['a'])

Cells are those of ``tests.support.problems``: a-z riders, 0-9 merchants, A-Z doors, ``.`` nothing. Riders ride a cell a
minute in a straight line; times are seconds after the day begins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import dedent
from typing import Final, Unpack

import numpy as np

from dispatch.engine.dispatcher import Solver
from dispatch.engine.policy import Policy, load_policy
from dispatch.geo.travel import PlanarTravel
from dispatch.model.events import (
    ArrivedAtStop,
    LegStarted,
    OrderCancelled,
    OrderDelivered,
    OrderPickedUp,
    OrderPlaced,
    Recorded,
    ShiftEnded,
    ShiftStarted,
    to_dict,
)
from dispatch.model.fold import apply
from dispatch.model.order import MarketId, Merchant, MerchantId, Order, OrderId
from dispatch.model.place import Place
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.model.state import MarketState
from dispatch.solver.solve import solve
from dispatch.units import HOUR_S, MINUTE_S, Instant
from simulations.instance import Instance, WorldRules
from simulations.runner import Outcome, Simulation
from simulations.worlds import AS_TOLD, World
from tests.support.builders import OrderFields, RiderFields
from tests.support.market_rules import check_market

MIDNIGHT: Final[Instant] = 1_700_006_400
"""When days begin."""
MARKET: Final = MarketId("map")
CELL_M: Final = 100.0
TRAVEL: Final = PlanarTravel(origin=(0.0, 0.0), metres_per_minute=CELL_M, step_s=1)


@dataclass(frozen=True)
class Asked:
    """An order from merchant to door ("1A"), placed and ready so many seconds after midnight."""

    way: str
    at: int
    ready: int
    name: str
    fields: OrderFields


@dataclass(frozen=True)
class Worked:
    """A shift of a rider of the map, seconds after midnight, and what is special about the rider."""

    rider: str
    starts: int
    ends: int
    fields: RiderFields


def asked(way: str, at: int = 0, ready: int | None = None, name: str = "", **fields: Unpack[OrderFields]) -> Asked:
    """An order; the food takes ten minutes unless said otherwise, the promise is 40 minutes after that."""
    return Asked(way, at, at + 10 * MINUTE_S if ready is None else ready, name or way, fields)


def worked(rider: str, starts: int = 0, ends: int = 4 * HOUR_S, **fields: Unpack[RiderFields]) -> Worked:
    """A shift; of several for one rider the first says what the rider is like."""
    return Worked(rider, starts, ends, fields)


def a_day(drawing: str, *parts: Asked | Worked, rules: WorldRules | None = None, midnight: int = MIDNIGHT) -> Instance:
    """The day drawn. Every merchant and rider of the map is in it, with orders and shifts or without."""
    spots = _spots(drawing)
    orders = [_order(part, spots, midnight) for part in parts if isinstance(part, Asked)]
    shifts = [part for part in parts if isinstance(part, Worked)]
    fields = {part.rider: part.fields for part in reversed(shifts)}
    return Instance(
        name="map",
        market_id=MARKET,
        timezone="UTC",
        orders=tuple(sorted(orders, key=lambda order: (order.placed_at, order.id))),
        riders=tuple(
            replace(Rider(id=RiderId(name), market_id=MARKET), **fields.get(name, {}))
            for name in sorted(spots)
            if name.islower()
        ),
        shifts=tuple(
            Shift(
                id=ShiftId(f"{part.rider}{number}"),
                rider_id=RiderId(part.rider),
                starts_at=midnight + part.starts,
                ends_at=midnight + part.ends,
                start=spots[part.rider],
            )
            for number, part in enumerate(sorted(shifts, key=lambda part: part.starts))
        ),
        merchants=tuple(
            Merchant(id=MerchantId(name), market_id=MARKET, place=spots[name])
            for name in sorted(spots)
            if name.isdigit()
        ),
        travel=TRAVEL,
        rules=rules or WorldRules(),
    )


def _spots(drawing: str) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for row, line in enumerate(dedent(drawing).strip().splitlines()):
        for column, cell in enumerate(line.split()):
            for name in cell.replace(".", ""):
                latitude, longitude = TRAVEL.to_place(column * CELL_M, -row * CELL_M)
                found[name] = Place(latitude, longitude)
    return found


def _order(part: Asked, spots: dict[str, Place], midnight: int) -> Order:
    usual = Order(
        id=OrderId(part.name),
        market_id=MARKET,
        merchant_id=MerchantId(part.way[0]),
        pickup=spots[part.way[0]],
        dropoff=spots[part.way[1]],
        placed_at=midnight + part.at,
        ready_at=midnight + part.ready,
        promised_at=midnight + part.ready + 40 * MINUTE_S,
    )
    return replace(usual, **part.fields)


def play(
    day: Instance,
    policy: str | Policy = "default",
    *,
    solver: Solver = solve,
    seed: int = 0,
    world: World = AS_TOLD,
) -> Outcome:
    """The day played with every plan checked, and judged."""
    chosen = load_policy(policy) if isinstance(policy, str) else policy
    outcome = Simulation(day, chosen, solver, seed=seed, world=world, checked=True).run()
    judge(outcome)
    return outcome


def told(outcome: Outcome) -> list[object]:
    """All that was recorded, as plain data: two runs are the same if this is."""
    return [told_of(recorded) for recorded in outcome.events]


def told_of(recorded: Recorded) -> tuple[object, ...]:
    """One event and its envelope as plain data."""
    actor = (recorded.actor.kind.value, recorded.actor.id)
    return (
        recorded.seq,
        recorded.occurred_at,
        recorded.recorded_at,
        recorded.command_id,
        actor,
        to_dict(recorded.event),
    )


def delivered(outcome: Outcome) -> dict[str, int]:
    """Seconds from placing to drop-off of each order delivered."""
    placed = {order.id: order.placed_at for order in outcome.instance.orders}
    return {
        recorded.event.order_id: recorded.occurred_at - placed[recorded.event.order_id]
        for recorded in outcome.events
        if isinstance(recorded.event, OrderDelivered)
    }


def cancelled(outcome: Outcome) -> set[str]:
    """The orders called off."""
    return {recorded.event.order_id for recorded in outcome.events if isinstance(recorded.event, OrderCancelled)}


def judge(outcome: Outcome) -> None:
    """What must hold of any day: a consistent market, an end, and nothing done before it could be."""
    state = MarketState(outcome.instance.market_id)
    at = outcome.instance.starts_at
    for recorded in outcome.events:
        apply(state, recorded)
        assert recorded.occurred_at >= at
        at = recorded.occurred_at
    check_market(state)
    placed = [recorded.event.order for recorded in outcome.events if isinstance(recorded.event, OrderPlaced)]
    assert placed == list(outcome.instance.orders)
    for rider in state.riders.values():
        assert rider.shift is None
        assert rider.tasks == ()
    _judge_orders(outcome)
    _judge_legs(outcome)


def _judge_orders(outcome: Outcome) -> None:
    """Picked up when ready and not after the shift, dropped off once, after the handling and the customer's window."""
    orders = {order.id: order for order in outcome.instance.orders}
    shifts = {shift.id: shift for shift in outcome.instance.shifts}
    working: dict[RiderId, Shift] = {}
    picked: dict[OrderId, tuple[RiderId, Instant]] = {}
    done: set[OrderId] = set()
    for recorded in outcome.events:
        at = recorded.occurred_at
        match recorded.event:
            case ShiftStarted(rider_id=rider_id, shift_id=shift_id):
                working[rider_id] = shifts[shift_id]
                assert at >= shifts[shift_id].starts_at
            case ShiftEnded(rider_id=rider_id):
                assert at >= working.pop(rider_id).ends_at
            case OrderPickedUp(order_id=order_id, rider_id=rider_id):
                assert order_id not in picked
                assert at <= working[rider_id].ends_at
                picked[order_id] = (rider_id, at)
            case OrderDelivered(order_id=order_id, rider_id=rider_id):
                order = orders[order_id]
                assert picked[order_id][0] == rider_id
                assert at >= picked[order_id][1] + order.dropoff_handling.before_s
                assert at >= (order.not_before_at or 0)
                assert order_id not in done
                done.add(order_id)
    assert picked.keys() == done
    assert not done & {OrderId(name) for name in cancelled(outcome)}


def _judge_legs(outcome: Outcome) -> None:
    """Every leg begins where the one before ended, takes as long as the world says, and ends when it said."""
    travel, vehicle = outcome.instance.travel, {rider.id: rider.vehicle for rider in outcome.instance.riders}
    under_way: dict[RiderId, LegStarted] = {}
    for recorded in outcome.events:
        event = recorded.event
        if isinstance(event, LegStarted):
            ends = np.array([[p.latitude, p.longitude] for p in (event.origin, event.destination)])
            seconds = int(travel.pairs(ends[:1], ends[1:], vehicle[event.rider_id])[0])
            assert event.arrives_at == recorded.occurred_at + seconds
            under_way[event.rider_id] = event
        elif isinstance(event, ArrivedAtStop):
            leg = under_way.pop(event.rider_id)
            assert (event.place, recorded.occurred_at) == (leg.destination, leg.arrives_at)
    assert not under_way
