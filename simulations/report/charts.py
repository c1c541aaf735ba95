"""The charts of one run. Each answers None where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.ticker import MaxNLocator, NullFormatter
from numpy.typing import NDArray

from dispatch.units import DAY_S, HOUR_S, MINUTE_S
from simulations.metrics.orders import DELIVERED
from simulations.metrics.riders import HANDLING, RIDING, SHIFT, WAITING
from simulations.report.drawing import Chart, Ink, figure, style, to_svg

Ints = NDArray[np.int64]

SAMPLE_S: Final = 5 * MINUTE_S
MOST_BARS: Final = 60

PARTS: Final = (
    ("placed_at", "assigned_at", "until a rider has it", Ink.QUIET),
    ("assigned_at", "arrived_at", "until that rider is at the merchant", Ink.THIRD),
    ("arrived_at", "picked_up_at", "rider waits at the merchant", Ink.LATE),
    ("picked_up_at", "delivered_at", "on board", Ink.MAIN),
)
"""What a customer's waiting is made of: from, to, name, colour; they add up to click_to_door."""


def distribution(orders: pl.DataFrame) -> Chart | None:
    """How long customers waited: a histogram of click_to_door, late orders apart, with median, 90 % and the promise."""
    done = orders.filter(pl.col("status") == DELIVERED)
    if done.is_empty():
        return None
    minutes = done["click_to_door_s"].to_numpy() / MINUTE_S
    late = (done["lateness_s"] > 0).to_numpy()
    promise = float(np.median((done["promised_at"] - done["placed_at"]).to_numpy())) / MINUTE_S
    width = max(1, int(np.ceil(np.ptp(minutes) / MOST_BARS)))
    bins = np.arange(np.floor(minutes.min() / width) * width, minutes.max() + width, width)
    median, most = np.percentile(minutes, [50, 90])
    with style():
        drawn = figure(2.9)
        axes = drawn.subplots()
        groups, colours, names = [minutes[~late], minutes[late]], [Ink.MAIN, Ink.LATE], ["promise kept", "late"]
        axes.hist(groups, bins.tolist(), stacked=True, color=colours, label=names, edgecolor=Ink.PAPER, linewidth=0.6)
        _upright(axes, float(median), f"half: {median:.3g} min", 0, "right")
        _upright(axes, float(most), f"90 %: {most:.3g} min", 0, "left")
        _upright(axes, promise, f"promised (median): {promise:.3g} min", 1, "center")
        axes.set_xlabel("minutes from placing the order to having it", loc="left")
        axes.set_ylabel("orders")
        axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.legend(loc="upper right", bbox_to_anchor=(1, -0.1), ncols=2, borderpad=0)
        svg = to_svg(drawn, "distribution")
    return Chart(svg, f"Half of the orders took less than {median:.3g} minutes, nine of ten less than {most:.3g}.")


def _upright(axes: Axes, at: float, text: str, row: int, side: Literal["left", "center", "right"]) -> None:
    """A thin line across the chart with its name above, in one of two rows and on a side so that names do not meet."""
    axes.axvline(at, color=Ink.TEXT, linewidth=1, linestyle=":" if row else "-")
    axes.annotate(
        text,
        (at, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3 + 12 * row),
        textcoords="offset points",
        ha=side,
        color=Ink.TEXT,
        annotation_clip=False,
    )


def day(orders: pl.DataFrame, spans: pl.DataFrame, timezone: str) -> Chart | None:
    """Open orders, and riders on shift and busy, through the day."""
    instants = [orders["placed_at"], orders["delivered_at"], spans["starts_at"], spans["ends_at"]]
    known = pl.concat(instants).drop_nulls()
    if known.is_empty():
        return None
    first, last = _extent(known)
    grid = np.arange(first - first % SAMPLE_S, last + SAMPLE_S, SAMPLE_S)
    over = orders.select(pl.coalesce("delivered_at", "cancelled_at")).to_series()
    open_orders = _count(grid, orders["placed_at"], over)
    unassigned = _count(grid, orders["placed_at"], orders.select(pl.coalesce("assigned_at", over)).to_series())
    on_shift, busy = (_riders(grid, spans, kinds) for kinds in ((SHIFT,), (RIDING, HANDLING, WAITING)))
    x = grid / DAY_S
    with style():
        drawn = figure(3.8)
        upper, lower = drawn.subplots(2, 1, sharex=True)
        upper.fill_between(x, open_orders, color=Ink.MAIN, alpha=0.25, linewidth=0, step="post")
        upper.step(x, open_orders, color=Ink.MAIN, where="post", linewidth=1.4, label="open")
        upper.step(x, unassigned, color=Ink.LATE, where="post", linewidth=1.4, label="of these without a rider")
        lower.fill_between(x, on_shift, color=Ink.QUIET, alpha=0.45, linewidth=0, step="post", label="on shift")
        lower.fill_between(x, busy, color=Ink.THIRD, alpha=0.8, linewidth=0, step="post", label="busy")
        for axes, title in ((upper, "Orders"), (lower, "Riders")):
            axes.set_title(title)
            axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
            axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderpad=0)
        _clock(lower, timezone)
        svg = to_svg(drawn, "day")
    says = f"Most orders open at once: {open_orders.max()}. Most riders busy: {busy.max()}; on shift: {on_shift.max()}."
    return Chart(svg, says)


def parts(orders: pl.DataFrame, timezone: str) -> Chart | None:
    """What click_to_door is made of, by the hour of placing, with the kitchen's time to compare with."""
    done = orders.filter((pl.col("status") == DELIVERED) & pl.col("arrived_at").is_not_null())
    if done.is_empty():
        return None
    hour = (pl.col("placed_at") // HOUR_S * HOUR_S).alias("hour")
    spent = [(pl.col(end) - pl.col(start)).mean().alias(end) / MINUTE_S for start, end, *_ in PARTS]
    kitchen = (pl.col("ready_at") - pl.col("placed_at")).mean().alias("kitchen") / MINUTE_S
    hours = done.group_by(hour).agg(*spent, kitchen).sort("hour")
    x, bottom = hours["hour"].to_numpy() / DAY_S + 0.5 / 24, np.zeros(len(hours))
    with style():
        drawn = figure(3.0)
        axes = drawn.subplots()
        for _, end, name, colour in PARTS:
            height = hours[end].to_numpy()
            axes.bar(x, height, 0.8 / 24, bottom, color=colour, label=name)
            bottom = bottom + height
        axes.plot(x, hours["kitchen"].to_numpy(), "o", color=Ink.TEXT, markersize=4, label="food is ready")
        axes.set_ylabel("minutes, mean")
        axes.set_xlabel("hour in which the order was placed")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderpad=0, columnspacing=1.4)
        _clock(axes, timezone)
        svg = to_svg(drawn, "parts")
    means = done.select(*spent).row(0)
    split = ", ".join(f"{mean:.1f} min {name}" for mean, (_, _, name, _) in zip(means, PARTS, strict=True))
    return Chart(svg, f"In the mean over all delivered orders: {split}.")


def ticks(tick_cpu_s: Sequence[float], tick_s: int) -> Chart | None:
    """CPU time of each tick."""
    if not tick_cpu_s:
        return None
    milliseconds = 1000 * np.maximum(np.array(tick_cpu_s), 1e-5)
    with style():
        drawn = figure(2.1)
        axes = drawn.subplots()
        axes.semilogy(np.arange(1, len(milliseconds) + 1), milliseconds, ".", color=Ink.MAIN, markersize=3)
        axes.set_xlabel(f"tick, one every {tick_s} s")
        axes.set_ylabel("CPU, ms")
        # From a power of ten to another: a scale within one decade would have no number on it.
        lowest, highest = np.log10([milliseconds.min(), milliseconds.max()])
        axes.set_ylim(10 ** np.floor(lowest), 10 ** max(np.ceil(highest), np.floor(lowest) + 1))
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        svg = to_svg(drawn, "ticks")
    return Chart(svg, f"Half of the ticks took less than {np.median(milliseconds):.1f} ms of CPU time.")


def _extent(values: pl.Series) -> tuple[int, int]:
    numbers = values.to_numpy()
    return int(numbers.min()), int(numbers.max())


def _count(grid: Ints, starts: pl.Series, ends: pl.Series) -> Ints:
    """How many of the intervals hold each instant of the grid; without an end they go on for ever."""
    begun = np.searchsorted(np.sort(starts.drop_nulls().to_numpy()), grid, "right")
    return begun - np.searchsorted(np.sort(ends.drop_nulls().to_numpy()), grid, "right")


def _riders(grid: Ints, spans: pl.DataFrame, kinds: Sequence[str]) -> Ints:
    chosen = spans.filter(pl.col("kind").is_in(kinds))
    return _count(grid, chosen["starts_at"], chosen["ends_at"])


def _clock(axes: Axes, timezone: str) -> None:
    """Local time of day on an axis of days since 1970."""
    zone = ZoneInfo(timezone)
    axes.xaxis.set_major_locator(AutoDateLocator(tz=zone))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=zone))  # type: ignore[no-untyped-call]
