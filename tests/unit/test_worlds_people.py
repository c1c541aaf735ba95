"""Worlds that are not kind: the same for every policy, and played out by kitchens and riders."""

from __future__ import annotations

import statistics
from itertools import pairwise

import polars as pl
import pytest

from dispatch.model.events import (
    OfferDeclined,
    OfferId,
    OfferMade,
    OrderPickedUp,
    OrderPlaced,
    OrderReady,
    ReadyTimeChanged,
)
from dispatch.model.order import OrderId
from dispatch.model.rider import RiderId
from simulations.metrics import events_frame, order_table
from simulations.policies import contender
from simulations.readers import load_instance
from simulations.runner import Outcome, Simulation
from simulations.worlds import AS_TOLD, Declines, Kitchens, World
from tests.support.builders import NOON, an_order
from tests.support.sources import REPOSITORY

LATE = Kitchens(0.5)
ERR = World(kitchens=LATE)
MOODY = Declines(0.5, 0.5)


def played(policy: str, world: World, seed: int = 1, example: str = "colombia") -> Outcome:
    instance = load_instance(REPOSITORY / "data" / "examples" / example)
    chosen = contender(policy, instance.rules.policy)
    return Simulation(instance, chosen.policy, chosen.solver, seed=seed, world=world, checked=True).run()


def offer(number: int) -> OfferMade:
    order_id = OrderId(f"o{number}")
    return OfferMade(
        offer_id=OfferId(f"f{number}"), order_ids=(order_id,), rider_id=RiderId("r1"), expires_at=0, tasks=()
    )


def test_kitchens_err_around_their_promise() -> None:
    orders = [an_order(f"o{number}") for number in range(2000)]
    taken_s = [LATE.ready_at(order, seed=0) - NOON for order in orders]
    assert statistics.median(taken_s) == pytest.approx(600, rel=0.05)
    # 600 s x exp(+-0.5) hold 68.3 % of a log-normal time.
    assert sum(364 <= each <= 989 for each in taken_s) / 2000 == pytest.approx(0.683, abs=0.04)
    assert min(taken_s) > 0


def test_draws_do_not_depend_on_each_other() -> None:
    first, second = an_order("o1"), an_order("o2")
    assert LATE.ready_at(second, 3) == LATE.ready_at(second, 3)
    assert LATE.ready_at(first, 3) != LATE.ready_at(second, 3)
    assert LATE.ready_at(first, 3) != LATE.ready_at(first, 4)


def test_riders_decline_as_often_as_said() -> None:
    answers = [MOODY.declines(offer(number), seed=0) for number in range(2000)]
    assert sum(answers) / 2000 == pytest.approx(0.5, abs=0.04)
    assert not any(AS_TOLD.declines.declines(offer(number), seed=0) for number in range(50))
    assert all(Declines(1.0, 1.0).declines(offer(number), seed=0) for number in range(50))


@pytest.mark.parametrize("policy", ["nearest", "dispatch"])
def test_food_is_picked_up_when_it_is_there_and_not_before(policy: str) -> None:
    outcome = played(policy, ERR)
    truth = {order.id: LATE.ready_at(order, seed=1) for order in outcome.instance.orders}
    ready = {e.event.order_id: e.occurred_at for e in outcome.events if isinstance(e.event, OrderReady)}
    picked = {e.event.order_id: e.occurred_at for e in outcome.events if isinstance(e.event, OrderPickedUp)}
    assert picked
    assert ready == {order_id: truth[order_id] for order_id in ready}
    assert all(picked[order_id] >= truth[order_id] for order_id in picked)


def test_a_late_kitchen_says_so_when_it_should_be_ready() -> None:
    log = played("nearest", ERR).events
    promised = {e.event.order.id: e.event.order.ready_at for e in log if isinstance(e.event, OrderPlaced)}
    changes = [(e.occurred_at, e.event) for e in log if isinstance(e.event, ReadyTimeChanged)]
    assert changes
    assert all(at == promised[event.order_id] < event.ready_at for at, event in changes)


def test_a_rider_who_waits_takes_food_that_is_early_at_once() -> None:
    instance = load_instance(REPOSITORY / "data" / "examples" / "colombia")
    waits = [
        row
        for seed in range(4)
        for row in order_table(played("nearest", ERR, seed).events)
        .filter(pl.col("arrived_at") <= pl.col("ready_at"))
        .select("order_id", "ready_at", "picked_up_at")
        .rows()
    ]
    before_s = {order.id: order.pickup_handling.before_s for order in instance.orders}
    assert waits
    assert all(picked - ready <= before_s[order_id] for order_id, ready, picked in waits)


def test_declined_offers_are_in_the_log_and_no_rider_is_asked_twice() -> None:
    log = played("dispatch", World(declines=Declines(0.4, 0.4))).events
    declined = [(e.event.rider_id, e.event.order_ids) for e in log if isinstance(e.event, OfferDeclined)]
    assert declined
    assert len(declined) == len(set(declined))


def test_policies_meet_the_same_kitchens() -> None:
    tables = [order_table(played(policy, ERR).events) for policy in ("nearest", "window")]
    kitchens = [
        dict(table.filter(pl.col("status") == "delivered").select("order_id", "ready_at").iter_rows())
        for table in tables
    ]
    for one, other in pairwise(kitchens):
        both = one.keys() & other.keys()
        assert both
        assert {order: one[order] for order in both} == {order: other[order] for order in both}


def test_nothing_by_chance_changes_nothing() -> None:
    plain, told = (events_frame(played("nearest", world).events) for world in (AS_TOLD, World()))
    assert plain.equals(told)
