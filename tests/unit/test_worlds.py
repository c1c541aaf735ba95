"""Worlds by name, rain on paper, and what is drawn for whom."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import InvalidInputError
from dispatch.model.order import MerchantId
from dispatch.model.rider import RiderId, ShiftId
from dispatch.units import HOUR_S
from simulations.readers import load_instance
from simulations.worlds import (
    AS_TOLD,
    OPTIONS,
    Declines,
    Kitchens,
    Rain,
    Reports,
    Shower,
    Vanishing,
    World,
    parse_world,
)
from tests.support.builders import NOON, a_shift, an_order
from tests.support.sources import REPOSITORY

RIDERS = [RiderId(f"r{number}") for number in range(500)]
SHOWER = Shower(1000, 2000)


def test_worlds_are_put_together_from_parts() -> None:
    words = ["declines=0.1-0.4", "late-kitchens=0.4", "kitchen-habits=0.2", "positions=60", "vanishing=0.1", "rain"]
    assert parse_world(words) == World(
        declines=Declines(0.1, 0.4),
        kitchens=Kitchens(0.4, 0.2),
        reports=Reports(60),
        vanishing=Vanishing(0.1),
        rain=Rain(1.0),
    )
    assert parse_world([]) == AS_TOLD
    assert parse_world(["declines=0.3"]).declines == Declines(0.3, 0.3)
    assert parse_world(["rain=2.5"]).rain == Rain(2.5)


def test_every_part_says_in_words_what_it_does() -> None:
    values = {"declines": "0.3", "positions": "60"}
    for name in OPTIONS:
        assert len(parse_world([f"{name}={values.get(name, '0.5')}"]).words()) == 1
    assert AS_TOLD.words() == ()


@pytest.mark.parametrize(
    ("word", "drawn"),
    [
        ("declines=0.1", True),
        ("late-kitchens=0.1", True),
        ("vanishing=0.1", True),
        ("rain", True),
        ("positions=60", False),
    ],
)
def test_worlds_say_whether_another_seed_is_another_world(word: str, drawn: bool) -> None:
    assert parse_world([word]).by_chance == drawn
    assert not AS_TOLD.by_chance


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (["snow"], ["unknown_world"]),
        (["declines"], ["out_of_range"]),
        (["declines=0.4-0.1"], ["out_of_range"]),
        (["declines=1.1"], ["out_of_range"]),
        (["late-kitchens=3"], ["out_of_range"]),
        (["kitchen-habits=-1"], ["out_of_range"]),
        (["positions=1.5"], ["out_of_range"]),
        (["positions=4000"], ["out_of_range"]),
        (["vanishing=nan"], ["out_of_range"]),
        (["rain=25"], ["out_of_range"]),
        (["rain", "rain=2"], ["duplicate_id"]),
        (["snow", "vanishing=2", "declines=x"], ["unknown_world", "out_of_range", "out_of_range"]),
    ],
)
def test_all_that_is_wrong_with_a_world_is_said_at_once(words: list[str], codes: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_world(words)
    assert [issue.code for issue in caught.value.issues] == codes
    assert all(issue.action for issue in caught.value.issues)


def test_each_rider_declines_by_a_habit_of_the_range() -> None:
    habits = [Declines(0.1, 0.4).habit(rider_id, 3) for rider_id in RIDERS]
    assert min(habits) >= 0.1
    assert max(habits) <= 0.4
    assert mean(habits) == pytest.approx(0.25, abs=0.01)
    assert habits == [Declines(0.1, 0.4).habit(rider_id, 3) for rider_id in reversed(RIDERS)][::-1]


def test_the_habit_of_a_kitchen_is_that_of_all_its_orders() -> None:
    kitchens = Kitchens(habit=0.5)
    same = {kitchens.ready_at(an_order(f"o{number}"), 1) for number in range(20)}
    other = {kitchens.ready_at(an_order(merchant_id=MerchantId(f"m{number}")), 1) for number in range(20)}
    assert len(same) == 1
    assert len(other) > 15


def test_so_many_riders_vanish_and_each_within_the_shift() -> None:
    shifts = [replace(a_shift(rider_id), id=ShiftId(f"s-{rider_id}")) for rider_id in RIDERS]
    found = [at for shift in shifts if (at := Vanishing(0.1).vanishes_at(shift, 0)) is not None]
    assert len(found) / len(shifts) == pytest.approx(0.1, abs=0.04)
    assert all(NOON <= at <= NOON + 8 * HOUR_S for at in found)
    assert all(Vanishing(0).vanishes_at(shift, 0) is None for shift in shifts)


@pytest.mark.parametrize(
    ("leaves_at", "dry_s", "takes_s"),
    [
        (0, 500, 500),
        (1000, 70, 100),
        (930, 140, 70 + 100),
        (1900, 170, 100 + 100),
        (900, 1000, 100 + 1000 + 200),
        (2000, 300, 300),
        (5000, 300, 300),
        (1500, 0, 0),
    ],
)
def test_rides_take_longer_in_the_rain(leaves_at: int, dry_s: int, takes_s: int) -> None:
    assert SHOWER.ride_s(leaves_at, dry_s) == takes_s


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 600))
def test_who_leaves_later_never_arrives_earlier(leaves_at: int, dry_s: int, later_s: int) -> None:
    first, second = (at + SHOWER.ride_s(at, dry_s) for at in (leaves_at, leaves_at + later_s))
    assert first <= second + 1
    assert dry_s <= SHOWER.ride_s(leaves_at, dry_s) <= dry_s / 0.7 + 1


def test_it_rains_at_the_busiest_hour_and_more_people_order() -> None:
    day = load_instance(REPOSITORY / "data" / "synthetic")
    shower = Rain(1).shower(day)
    assert shower is not None

    def within(starts_at: int) -> int:
        return sum(starts_at <= order.placed_at < starts_at + HOUR_S for order in day.orders)

    busiest = within(shower.starts_at)
    assert all(within(starts_at) <= busiest for starts_at in range(day.starts_at, day.ends_at, 600))
    wet = Rain(1).day(day, 4)
    known = {order.id for order in day.orders}
    more = [order for order in wet.orders if order.id not in known]
    assert len(more) == round(0.6 * busiest)
    assert all(shower.starts_at <= order.placed_at < shower.ends_at for order in more)
    assert wet.orders == tuple(sorted(wet.orders, key=lambda order: (order.placed_at, order.id)))
    assert wet == Rain(1).day(day, 4)
    assert wet != Rain(1).day(day, 5)
    assert Rain(0).day(day, 4) is day
