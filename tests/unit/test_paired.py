"""Differences between policies and how sure they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from simulations.comparison import Run, compare
from simulations.comparison.paired import STATISTICS, arrays_of, over_orders, over_runs
from simulations.metrics import Metrics, order_table, rider_spans
from simulations.metrics.figures import metrics_of
from simulations.metrics.wording import WORDINGS
from tests.support.run_log import story


def metrics() -> Metrics:
    return metrics_of(order_table(story()), rider_spans(story()), (0.001,))


def orders(minutes: list[float | None], late_min: float = -1.0) -> pl.DataFrame:
    """Orders delivered after so many minutes, None for cancelled ones."""
    seconds = [None if each is None else round(60 * each) for each in minutes]
    return pl.DataFrame(
        {
            "order_id": [f"o{number}" for number in range(len(minutes))],
            "status": ["cancelled" if each is None else "delivered" for each in minutes],
            "click_to_door_s": seconds,
            "ready_to_pickup_s": seconds,
            "ready_to_door_s": seconds,
            "lateness_s": [None if each is None else round(60 * late_min) for each in minutes],
        },
        schema_overrides=dict.fromkeys(
            ("click_to_door_s", "ready_to_pickup_s", "ready_to_door_s", "lateness_s"), pl.Int64
        ),
    )


def run(policy: str, seed: int, mean: float, table: pl.DataFrame | None = None, instance: str = "day") -> Run:
    figures = replace(metrics(), click_to_door_mean_min=mean)
    return Run(
        instance=instance, policy=policy, seed=seed, metrics=figures, orders=orders([30.0]) if table is None else table
    )


def test_student_s_interval_is_the_textbook_s() -> None:
    # Differences 1, 2, 3: mean 2, standard error 1 / sqrt(3), t(0.975, 2) = 4.3027.
    found = over_runs([10, 10, 10], [11, 12, 13])
    assert found is not None
    assert found.mean == 2
    assert (found.low, found.high) == pytest.approx((2 - 4.30265 / 3**0.5, 2 + 4.30265 / 3**0.5), abs=1e-4)
    assert not found.sure


def test_one_pair_has_no_interval_and_none_no_difference() -> None:
    found = over_runs([None, 3.0], [2.0, 4.0])
    assert found is not None
    assert (found.mean, found.low, found.high, found.sure) == (1.0, None, None, False)
    assert over_runs([None], [1.0]) is None


def test_drawing_orders_anew_finds_the_standard_error() -> None:
    random = np.random.default_rng(1)
    first = random.normal(40, 10, 400)
    gap = random.normal(1, 2, 400)
    found = over_orders("click_to_door_mean_min", arrays_of(orders(list(first))), arrays_of(orders(list(first + gap))))
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    # Orders are paired: the spread between orders (10 minutes) is not in it.
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * 2 / 400**0.5, rel=0.15)
    assert found.sure


def test_like_orders_differ_by_nothing() -> None:
    same = arrays_of(orders([20.0, 30.0, None]))
    for name in STATISTICS:
        found = over_orders(name, same, same)
        assert found is not None
        assert (found.mean, found.low, found.high) == (0, 0, 0)


def test_statistics_of_orders_are_the_figures_of_the_run() -> None:
    table = order_table(story())
    for name, statistic in STATISTICS.items():
        assert statistic(arrays_of(table)) == pytest.approx(getattr(metrics(), name)), name


def test_a_statistic_of_nothing_has_no_difference() -> None:
    none, some = arrays_of(orders([None, None])), arrays_of(orders([10.0, None]))
    assert over_orders("click_to_door_mean_min", none, some) is None
    assert over_orders("penalised_mean_min", none, some) is not None


def test_runs_are_paired_by_instance_and_seed() -> None:
    # Days differ by 20 minutes, policies by 1 on each day.
    runs = [
        run(policy, 0, mean + gap, instance=day)
        for day, mean in (("a", 30), ("b", 50))
        for policy, gap in (("x", 0), ("y", 1))
    ]
    found = compare(runs)
    (row,) = [row for row in found.rows if row.wording.name == "click_to_door_mean_min"]
    assert list(row.means) == [40, 41]
    first, second = row.differences
    assert first is None
    assert second is not None
    assert (second.mean, second.low) == (1, 1)
    assert "paired t over 2 runs" in found.how


def test_seeds_that_change_nothing_count_once() -> None:
    runs = [run(policy, seed, mean) for seed in range(5) for policy, mean in (("x", 30), ("y", 31))]
    found = compare(runs)
    assert "bootstrap" in found.how
    assert "day" in found.notes[0]
    assert len(found.runs) == 10


def test_runs_of_different_orders_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same orders"):
        compare([run("x", 0, 1.0, orders([1.0])), run("y", 0, 1.0, orders([1.0, 2.0]))])


def test_every_figure_has_its_words() -> None:
    assert [wording.name for wording in WORDINGS] == list(Metrics.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("late_share", 0.1234, "12.3 %"),
        ("click_to_door_mean_min", 31.25, "31.2 min"),
        ("delivered", 12345, "12,345"),
        ("tick_cpu_p50_ms", None, "–"),  # noqa: RUF001
        ("waiting_share", -0.00001, "0.0 %"),
        ("delivered", 698.0, "698"),
        ("delivered", 698.5, "698.5"),
    ],
)
def test_values_are_written_with_their_units(name: str, value: float | None, text: str) -> None:
    (wording,) = [wording for wording in WORDINGS if wording.name == name]
    assert wording.text(value) == text


def test_differences_have_a_sign() -> None:
    (wording,) = [wording for wording in WORDINGS if wording.name == "late_share"]
    assert [wording.number(value, signed=True) for value in (0.01, -0.01, 0.0)] == ["+1.0", "−1.0", "0.0"]  # noqa: RUF001
