"""The charts of a comparison: how long customers waited under each policy, and how far policies are apart."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from dispatch.units import MINUTE_S
from simulations.comparison import Comparison, Row
from simulations.metrics.orders import DELIVERED
from simulations.report.drawing import Chart, Ink, figure, style, to_svg

COLOURS: Final = (Ink.MAIN, Ink.LATE, Ink.THIRD, Ink.MUTED, Ink.QUIET)
SHOWN: Final = ("penalised_mean_min", "click_to_door_p90_min", "late_share", "delivered")
LONGEST_MIN: Final = 120


def waiting(found: Comparison) -> Chart | None:
    """Share of all orders delivered within so many minutes; what was never delivered keeps a line below 100 %."""
    if not any(len(run.orders) for run in found.runs):
        return None
    with style():
        drawn = figure(3.0)
        draw_waiting(drawn.subplots(), found)
        svg = to_svg(drawn, "waiting")
    return Chart(svg, "Share of all orders that their customers have after so many minutes.")


def gaps(found: Comparison) -> Chart | None:
    """Differences to the first policy with their intervals, one panel a figure."""
    if len(found.policies) < 2:
        return None
    with style():
        drawn = figure(1.0 + 0.28 * len(found.policies))
        draw_gaps(drawn, found)
        svg = to_svg(drawn, "gaps")
    return Chart(svg, f"Difference to {found.policies[0]}, with 95 % intervals where there are any.")


def draw_waiting(axes: Axes, found: Comparison) -> None:
    """Cumulative distributions of click_to_door, orders of all runs together."""
    for policy, colour in zip(found.policies, _colours(found), strict=True):
        runs = [run.orders for run in found.runs if run.policy == policy]
        total = sum(len(orders) for orders in runs)
        done = [orders.filter(orders["status"] == DELIVERED)["click_to_door_s"].to_numpy() for orders in runs]
        minutes = np.sort(np.concatenate(done)) / MINUTE_S
        share = np.arange(1, len(minutes) + 1) / max(1, total)
        minutes, share = np.append(minutes, LONGEST_MIN), np.append(share, len(minutes) / max(1, total))
        axes.step(minutes, 100 * share, where="post", color=colour, linewidth=1.8, label=policy)
    axes.set_xlim(0, LONGEST_MIN)
    axes.set_ylim(0, 102)
    axes.set_xlabel("minutes from placing the order")
    axes.set_ylabel("% of orders delivered")
    axes.legend(loc="lower right")


def draw_gaps(drawn: FigureBase, found: Comparison) -> None:
    """One panel for each of SHOWN."""
    rows = [row for name in SHOWN for row in found.rows if row.wording.name == name]
    for axes, row in zip(drawn.subplots(1, len(rows), sharey=True), rows, strict=True):
        _draw_gap(axes, row, found)


def _draw_gap(axes: Axes, row: Row, found: Comparison) -> None:
    scale = row.wording.scale
    axes.axvline(0, color=Ink.MUTED, linewidth=1)
    for place, (difference, colour) in enumerate(zip(row.differences, _colours(found), strict=True)):
        if difference is None:
            axes.plot(0, place, "o", color=Ink.PAPER, markeredgecolor=colour, markersize=5)
            continue
        axes.plot(difference.mean * scale, place, "o", color=colour, markersize=5)
        if difference.low is not None and difference.high is not None:
            axes.plot([difference.low * scale, difference.high * scale], [place, place], color=colour, linewidth=2)
    axes.set_yticks(range(len(found.policies)), found.policies)
    axes.set_ylim(len(found.policies) - 0.4, -0.6)
    axes.grid(visible=False)
    axes.set_title(row.wording.label, fontsize=9)
    axes.set_xlabel(row.wording.unit.strip() or "orders")
    axes.margins(x=0.15)
    if not any(difference and difference.mean for difference in row.differences):
        axes.set_xlim(-1, 1)


def _colours(found: Comparison) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(len(found.policies))]
