"""The same day played again is the same day, and what happens later changes nothing before."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch.engine.policy import load_policy, shipped_policies
from dispatch.solver.solve import solve
from dispatch.units import HOUR_S, Instant
from simulations.instance import Instance, WorldRules
from simulations.readers import load_instance
from simulations.runner import Outcome, Simulation
from simulations.worlds import Declines, Kitchens, World
from tests.support.days import MIDNIGHT, a_day, asked, play, told, told_of, worked
from tests.support.sources import REPOSITORY

TOWN = """
a  .  .  1  A  .  .  b
.  D  .  .  .  2  B  .
F  .  c  3  E  .  C  .
"""
MOODS = World(kitchens=Kitchens(0.4), declines=Declines(0.2, 0.2))

ORDERS = st.lists(
    st.tuples(st.sampled_from(("1A", "1B", "2C", "3D", "2E", "3F")), st.integers(0, 90), st.integers(0, 40)),
    min_size=1,
    max_size=25,
)
"""Ways, minutes after which they are placed, and minutes until the food is ready."""


def town(orders: list[tuple[str, int, int]]) -> Instance:
    """Those orders in a town of three riders, one of whom comes late and one of whom leaves early."""
    placed = [
        asked(way, at=60 * at, ready=60 * (at + wait), name=f"o{number:02d}")
        for number, (way, at, wait) in enumerate(orders)
    ]
    riders = [worked("a", ends=HOUR_S), worked("b", starts=1800), worked("c", capacity=1)]
    rules = WorldRules(accept_s=20, cancel_after_s=1800, cancel_probability=0.5, give_up_after_s=HOUR_S)
    return a_day(TOWN, *placed, *riders, rules=rules)


def day_of(count: int) -> Instance:
    """The first orders of the afternoon of the built-in day."""
    day = load_instance(REPOSITORY / "data" / "synthetic")
    noon = day.orders[len(day.orders) // 3 : len(day.orders) // 3 + count]
    return replace(day, orders=noon)


def cut(day: Instance, at: Instant) -> Instance:
    """The day without the orders placed after ``at``."""
    return replace(day, orders=tuple(order for order in day.orders if order.placed_at <= at))


def until(outcome: Outcome, at: Instant) -> list[tuple[object, ...]]:
    """What was recorded up to ``at``."""
    return [told_of(recorded) for recorded in outcome.events if recorded.recorded_at <= at]


@settings(max_examples=15)
@given(ORDERS, st.integers(0, 9))
def test_the_same_seed_gives_the_same_log(orders: list[tuple[str, int, int]], seed: int) -> None:
    day = town(orders)
    assert told(play(day, seed=seed, world=MOODS)) == told(play(day, seed=seed, world=MOODS))


def test_another_seed_gives_another_day() -> None:
    day = town([("1A", minute, 10) for minute in range(0, 40, 2)])
    days = [told(play(day, seed=seed, world=MOODS)) for seed in range(3)]
    assert days[0] != days[1] != days[2]


@settings(max_examples=25)
@given(ORDERS, st.integers(0, 100), st.sampled_from(shipped_policies()))
def test_orders_placed_later_change_nothing_before(
    orders: list[tuple[str, int, int]], minute: int, policy: str
) -> None:
    day, at = town(orders), MIDNIGHT + 60 * minute
    shorter = cut(day, at)
    assume(shorter.orders)
    assert until(play(shorter, policy, world=MOODS), at) == until(play(day, policy, world=MOODS), at)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_built_in_day_cut_anywhere_begins_as_the_whole(share: float) -> None:
    day = day_of(80)
    at = day.orders[int(len(day.orders) * share)].placed_at
    whole, part = play(day), play(cut(day, at))
    before = until(whole, at)
    assert before == until(part, at)
    assert len(before) > 100
    assert len(whole.events) > len(part.events)


def test_what_is_in_the_future_of_the_day_is_not_known_at_its_beginning() -> None:
    """Nobody goes to the second merchant's neighbourhood before its order is placed."""
    first, second = asked("1A", ready=0), asked("3F", at=1800)
    with_second, without = (play(a_day(TOWN, *orders, worked("b"))) for orders in ((first, second), (first,)))
    assert until(with_second, MIDNIGHT + 1799) == until(without, MIDNIGHT + 1799)


DIGEST = """
from tests.features.test_simulation_repeats import digest
print(digest())
"""


def digest() -> str:
    """A hash of all that happens on the built-in afternoon with moods, under the default policy."""
    day = replace(day_of(30), rules=WorldRules(accept_s=20))
    outcome = Simulation(day, load_policy("default"), solve, seed=4, world=MOODS).run()
    return hashlib.sha256(json.dumps(told(outcome)).encode()).hexdigest()


def test_the_order_of_sets_in_memory_does_not_matter() -> None:
    found = {digest()}
    for hash_seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(REPOSITORY)}
        command = [sys.executable, "-c", DIGEST]
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=REPOSITORY)
        found.add(run.stdout.strip())
    assert len(found) == 1


def test_a_grubhub_day_cut_at_noon_begins_as_the_whole(grubhub_dir: Path) -> None:
    day = load_instance(grubhub_dir / "0o50t100s1p100")
    at = day.orders[100].placed_at
    assert until(play(day, "grubhub"), at) == until(play(cut(day, at), "grubhub"), at)
