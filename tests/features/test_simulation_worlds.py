"""Days in worlds that are not kind, every plan checked: nothing gets stuck, and the engine sees who is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.policy import Policy, load_policy
from dispatch.model.events import (
    OrderAssigned,
    OrderDelivered,
    OrderLost,
    OrderPickedUp,
    OrderPlaced,
    RiderLost,
    ShiftEnded,
)
from dispatch.model.rider import Shift
from dispatch.units import HOUR_S, MINUTE_S, Instant
from simulations.instance import Instance, WorldRules
from simulations.metrics import measured, order_table
from simulations.policies.nearest import nearest
from simulations.readers import load_instance
from simulations.runner import Simulation
from simulations.worlds import Rain, Reports, Vanishing, World, parse_world
from tests.support.days import a_day, asked, told, worked
from tests.support.sources import REPOSITORY

LINE = "a . . 1 . . A . . b"
EVERYTHING = parse_world(
    ["declines=0.1-0.4", "late-kitchens=0.4", "kitchen-habits=0.3", "positions=60", "vanishing=0.3", "rain"]
)
RULES = WorldRules(accept_s=20, cancel_after_s=45 * MINUTE_S, cancel_probability=0.5, give_up_after_s=HOUR_S)


def afternoon(count: int = 60) -> Instance:
    """A part of the built-in day."""
    day = load_instance(REPOSITORY / "data" / "synthetic")
    begin = len(day.orders) // 3
    return replace(day, orders=day.orders[begin : begin + count])


def with_loop(*, presence_timeout_s: int = 300, redeliver_lost: bool = False) -> Policy:
    policy = load_policy("default")
    loop = replace(policy.loop, presence_timeout_s=presence_timeout_s, redeliver_lost=redeliver_lost)
    return replace(policy, loop=loop)


class RiderAGone(Vanishing):
    """Rider a vanishes as soon as there is something to do."""

    def vanishes_at(self, shift: Shift, seed: int) -> Instant | None:
        return shift.starts_at if shift.rider_id == "a" else None


@pytest.mark.parametrize("seed", range(3))
def test_whatever_goes_wrong_every_order_comes_to_an_end(seed: int) -> None:
    day = replace(afternoon(), rules=replace(RULES, policy="default"))
    outcome = Simulation(
        day, load_policy("default"), nearest, seed=seed, world=replace(EVERYTHING, rain=Rain(1)), checked=True
    ).run()
    orders = measured(outcome).orders
    assert orders.filter(orders["status"] == "undelivered")["reason"].to_list() == ["lost with its rider"] * len(
        orders.filter(orders["status"] == "undelivered")
    )


def test_vanished_riders_are_noticed_and_do_nothing_any_more() -> None:
    world = World(vanishing=Vanishing(0.3))
    outcome = Simulation(afternoon(), load_policy("default"), nearest, seed=1, world=world, checked=True).run()
    lost = {e.event.rider_id: e.occurred_at for e in outcome.events if isinstance(e.event, RiderLost)}
    assert lost
    for entry in outcome.events:
        if isinstance(entry.event, OrderPickedUp | OrderDelivered) and entry.event.rider_id in lost:
            assert entry.occurred_at < lost[entry.event.rider_id]


def test_an_order_of_a_vanished_rider_goes_to_another() -> None:
    day = a_day(LINE, asked("1A", at=60), worked("a"), worked("b"))
    outcome = Simulation(day, load_policy("default"), nearest, world=World(vanishing=RiderAGone())).run()
    given = [e.event.rider_id for e in outcome.events if isinstance(e.event, OrderAssigned)]
    assert given == ["a", "b"]
    assert [e.event.rider_id for e in outcome.events if isinstance(e.event, OrderDelivered)] == ["b"]
    assert {e.event.rider_id for e in outcome.events if isinstance(e.event, ShiftEnded)} == {"a", "b"}


def test_without_a_timeout_an_order_stays_with_who_vanished_and_the_run_ends_all_the_same() -> None:
    day = a_day(LINE, asked("1A", at=60), worked("a"), worked("b"))
    policy = with_loop(presence_timeout_s=0)
    outcome = Simulation(day, policy, nearest, world=World(vanishing=RiderAGone())).run()
    assert order_table(outcome.events)["status"].to_list() == ["undelivered"]


def test_food_that_is_lost_and_made_once_more_is_one_order() -> None:
    world = World(vanishing=Vanishing(0.5))
    for redeliver in (False, True):
        outcome = Simulation(afternoon(150), with_loop(redeliver_lost=redeliver), nearest, seed=2, world=world).run()
        gone = sum(isinstance(entry.event, OrderLost) for entry in outcome.events)
        assert gone
        again = [e.event.order for e in outcome.events if isinstance(e.event, OrderPlaced) and e.event.order.linked_to]
        assert bool(again) == redeliver
        table = order_table(outcome.events)
        assert len(table) == 150
        delivered = {e.event.order_id for e in outcome.events if isinstance(e.event, OrderDelivered)}
        brought = [order.linked_to for order in again if order.id in delivered]
        rows = dict(table.select("order_id", "status").iter_rows())
        assert all(rows[first] == "delivered" for first in brought if first in rows)


def test_late_reports_change_nothing_for_riders_who_are_left_alone() -> None:
    """One order at a time: what the dispatcher learns late makes no difference to the customer."""
    day = a_day(LINE, asked("1A", at=60), worked("a"))
    times = []
    for late_s in (0, 60):
        outcome = Simulation(day, load_policy("default"), nearest, world=World(reports=Reports(late_s))).run()
        times += [entry.occurred_at for entry in outcome.events if isinstance(entry.event, OrderDelivered)]
        delays = {entry.recorded_at - entry.occurred_at for entry in outcome.events}
        assert max(delays) == late_s
    assert times[0] == times[1]


def test_rain_makes_rides_longer() -> None:
    day = a_day(LINE, asked("1A", at=60), worked("a"))
    (dry,), (wet,) = (
        [e.occurred_at for e in Simulation(day, load_policy("default"), nearest, world=world).run().events
         if isinstance(e.event, OrderDelivered) and e.event.order_id == "1A"]
        for world in (World(), World(rain=Rain(1)))
    )  # fmt: skip
    assert wet > dry


def test_the_same_seed_gives_the_same_day_in_every_world() -> None:
    day = replace(afternoon(40), rules=RULES)
    runs = [Simulation(day, load_policy("default"), nearest, seed=3, world=EVERYTHING).run() for _ in range(2)]
    assert told(runs[0]) == told(runs[1])
