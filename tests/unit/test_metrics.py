"""Figures of a log of which they are known, of nothing, and of a day as it is played."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from dispatch.model.events import from_dict
from simulations.metrics import events_frame, measured, order_table, rider_spans
from simulations.metrics.figures import metrics_of
from simulations.policies import contender
from simulations.readers import load_instance
from simulations.runner import Outcome, Simulation
from tests.support.builders import NOON
from tests.support.run_log import story
from tests.support.sources import REPOSITORY

MINUTES = 60


def played(policy: str = "nearest", seed: int = 0) -> Outcome:
    instance = load_instance(REPOSITORY / "data" / "examples" / "own")
    chosen = contender(policy, instance.rules.policy)
    return Simulation(instance, chosen.policy, chosen.solver, seed=seed).run()


def test_figures_of_a_known_log() -> None:
    log = story()
    found = metrics_of(order_table(log), rider_spans(log), (0.001, 0.002, 0.005))
    assert (found.orders, found.delivered, found.cancelled, found.undelivered) == (4, 2, 1, 1)
    assert found.click_to_door_mean_min == pytest.approx((1000 + 1840) / 2 / MINUTES)
    assert found.click_to_door_median_min == pytest.approx(1420 / MINUTES)
    assert found.click_to_door_p90_min == pytest.approx((1000 + 0.9 * 840) / MINUTES)
    assert found.penalised_mean_min == pytest.approx(((1000 + 1840) / MINUTES + 2 * 90) / 4)
    assert found.ready_to_pickup_mean_min == pytest.approx((100 + 0) / 2 / MINUTES)
    assert found.ready_to_door_mean_min == pytest.approx((400 + 1200) / 2 / MINUTES)
    assert found.late_share == 0.5
    assert found.lateness_mean_min == pytest.approx(100 / 2 / MINUTES)
    assert found.riders == 2
    shifts_s = 7200 + 3600
    riding_s = 100 + 270 + 840
    handling_s = (60 + 30) + 60 + 60
    assert found.utilisation == pytest.approx((riding_s + handling_s) / shifts_s)
    assert found.waiting_share == pytest.approx((640 - 500) / shifts_s)
    assert found.delivered_per_rider_hour == pytest.approx(2 / 3)
    assert found.orders_per_bundle == 2.0
    assert (found.offers, found.reassignments) == (2, 2)
    assert (found.ticks, found.tick_cpu_p50_ms, found.tick_cpu_max_ms) == (3, 2.0, 5.0)
    assert found.tick_cpu_p99_ms == pytest.approx(4.94)


def test_every_instant_of_an_order_is_in_its_row() -> None:
    row = order_table(story()).row(1, named=True)
    instants = ("first_assigned_at", "assigned_at", "arrived_at", "ready_at", "picked_up_at", "delivered_at")
    assert [row[name] - NOON for name in instants] == [310, 360, 500, 700, 700, 1900]
    assert (row["order_id"], row["rider_id"], row["bundle"], row["lateness_s"]) == ("o2", "r1", 2, 100)


def test_orders_that_were_not_delivered_say_why() -> None:
    rows = order_table(story()).select("order_id", "status", "reason", "verdict", "cancelled_at").rows()
    assert rows[2:] == [
        ("o3", "cancelled", "customer: waited_too_long", "", NOON + 2000),
        ("o4", "undelivered", "", "not_yet", None),
    ]


def test_what_riders_are_doing_never_overlaps() -> None:
    for log in (story(), played().events):
        busy = rider_spans(log).filter(pl.col("kind") != "shift").sort("rider_id", "starts_at")
        overlaps = busy.filter(pl.col("starts_at") < pl.col("ends_at").shift(1).over("rider_id"))
        assert overlaps.is_empty(), overlaps


def test_a_log_that_stops_early_is_measured_up_to_there() -> None:
    cut = [entry for entry in story() if entry.occurred_at <= NOON + 800]
    found = metrics_of(order_table(cut), rider_spans(cut), ())
    assert (found.delivered, found.undelivered) == (0, 4)
    # Up to the last event, which is the start of a leg at 730.
    assert found.utilisation == pytest.approx((100 + 90) / (2 * 730))


def test_nothing_gives_no_figures() -> None:
    found = metrics_of(order_table(()), rider_spans(()), ())
    assert (found.orders, found.delivered, found.riders, found.ticks) == (0, 0, 0, 0)
    shares = (found.click_to_door_mean_min, found.late_share, found.utilisation, found.tick_cpu_p99_ms)
    assert shares == (None, None, None, None)


def test_every_order_of_an_instance_is_counted_once() -> None:
    outcome = played()
    found = measured(outcome)
    assert found.metrics.orders == len(outcome.instance.orders) == len(found.orders)
    assert found.metrics.delivered + found.metrics.cancelled + found.metrics.undelivered == found.metrics.orders


def test_events_as_a_table_can_be_read_back() -> None:
    log = story()
    frame = events_frame(log)
    assert frame["seq"].to_list() == [entry.seq for entry in log]
    read = [
        from_dict({"type": kind, **json.loads(payload)}) for kind, payload in frame.select("type", "payload").rows()
    ]
    assert read == [entry.event for entry in log]
    placed = frame.filter(pl.col("type") == "OrderPlaced")
    assert placed["order_id"].to_list() == ["o1", "o2", "o3", "o4"]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.parquet", "two.parquet")]
    for path in paths:
        events_frame(played("dispatch", seed=3).events).write_parquet(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
