"""A map of hexagons: where orders came before and after their promise."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import TwoSlopeNorm
from numpy.typing import NDArray

from dispatch.geo.cells import FINEST, boundary_geojson, cells_of
from dispatch.units import MINUTE_S
from simulations.metrics.orders import CANCELLED, DELIVERED
from simulations.report.drawing import WIDTH_IN, Chart, Ink, figure, style, to_svg

Floats = NDArray[np.float64]

CELLS_ACROSS: Final = 24
"""About so many cells lie side by side in the longer direction of the map, where there are orders enough."""

ORDERS_A_CELL: Final = 3
"""Cells are taken larger until they hold so many orders in the mean: the mean of one order is chance."""

MOST_STEPS: Final = 2

COARSEST_CELL_M: Final = 2_200_000.0
"""Distance between opposite sides of an H3 cell of resolution 0, on average; each finer one is 1 / sqrt(7) of it."""

METRES_PER_DEGREE: Final = 111_195.0
SIDE_MARGIN: Final = 0.02


def lateness_map(orders: pl.DataFrame) -> Chart | None:
    """Mean minutes after the promise by the cell of the drop-off, with merchants and cancelled orders."""
    done = _without_outliers(orders.filter(pl.col("status") == DELIVERED))
    if done.is_empty():
        return None
    places = done.select("dropoff_lat", "dropoff_lng").to_numpy()
    cells = pl.DataFrame({"cell": cells_of(places, resolution_for(places)), "late_s": done["lateness_s"]})
    means = cells.group_by("cell").agg(pl.col("late_s").mean() / MINUTE_S).sort("cell")
    minutes = means["late_s"].to_numpy()
    rings = [np.array(boundary_geojson(cell)["coordinates"][0]) for cell in means["cell"].to_list()]
    span = max(1.0, float(np.percentile(np.abs(minutes), 95)))
    box = _Box(np.concatenate(rings))
    with style():
        drawn = figure(box.height_in)
        axes = drawn.subplots()
        norm = TwoSlopeNorm(0, -span, span)
        hexagons = PolyCollection(rings, array=minutes, cmap="RdBu_r", norm=norm, edgecolors=Ink.LINE, linewidths=0.5)
        axes.add_collection(hexagons)
        _marks(axes, orders)
        _plain(axes, box)
        bar = drawn.colorbar(hexagons, ax=axes, location="bottom", shrink=0.6, aspect=40, pad=0.03, extend="both")
        bar.outline.set_visible(False)
        bar.set_label("minutes after the promise (before it: negative)")
        svg = to_svg(drawn, "map")
    worst = float(minutes.max())
    says = f"In the worst of {len(means)} cells orders came {abs(worst):.0f} min {'after' if worst > 0 else 'before'} "
    return Chart(svg, says + "the promise in the mean.")


def _without_outliers(done: pl.DataFrame) -> pl.DataFrame:
    """The orders without the few that are far from all others, for which the map would have to be drawn small."""
    if done.is_empty():
        return done
    places = done.select("dropoff_lat", "dropoff_lng").to_numpy()
    low, high = np.percentile(places, [0.5, 99.5], axis=0)
    margin = np.maximum((high - low) / 4, 0.003)
    return done.filter(pl.Series(((places >= low - margin) & (places <= high + margin)).all(axis=1)))


def resolution_for(places: Floats) -> int:
    """The H3 resolution at which about CELLS_ACROSS cells span most of the places (latitude, longitude; (n, 2)).

    It is up to MOST_STEPS coarser where cells would hold fewer than ORDERS_A_CELL in the mean.
    """
    low, high = np.percentile(places, [2, 98], axis=0)
    north_m = (high[0] - low[0]) * METRES_PER_DEGREE
    east_m = (high[1] - low[1]) * METRES_PER_DEGREE * np.cos(np.radians(places[:, 0].mean()))
    wanted_m = max(north_m, east_m, 500.0) / CELLS_ACROSS
    finer = np.log(COARSEST_CELL_M / wanted_m) / np.log(np.sqrt(7.0))
    finest = int(np.clip(round(float(finer)), 0, FINEST))
    for resolution in range(finest, max(0, finest - MOST_STEPS), -1):
        if len(places) >= ORDERS_A_CELL * len(np.unique(cells_of(places, resolution))):
            return resolution
    return max(0, finest - MOST_STEPS)


def _marks(axes: Axes, orders: pl.DataFrame) -> None:
    merchants = orders.select("pickup_lng", "pickup_lat").unique(maintain_order=True).to_numpy()
    axes.plot(*merchants.T, ".", color=Ink.TEXT, markersize=2.5, label="merchant")
    lost = orders.filter(pl.col("status") == CANCELLED).select("dropoff_lng", "dropoff_lat").to_numpy()
    if len(lost):
        axes.plot(*lost.T, "x", color=Ink.LATE, markersize=4, markeredgewidth=1.2, label="cancelled order")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0, handletextpad=0.2)


class _Box:
    """What the picture shows: corners in degrees (longitude, latitude) around points (n, 2), and its shape."""

    def __init__(self, points: Floats) -> None:
        self.low, self.high = points.min(axis=0), points.max(axis=0)
        self.shrink = float(np.cos(np.radians((self.low[1] + self.high[1]) / 2)))
        self.wide, self.tall = (self.high - self.low).tolist()

    @property
    def height_in(self) -> float:
        """Height of a figure of the page's width, with room for legend and colour bar."""
        return float(np.clip(0.95 * WIDTH_IN * self.tall / (self.wide * self.shrink) + 0.9, 2.5, 7.6))


def _plain(axes: Axes, box: _Box) -> None:
    """No degrees: a bar says how long things are."""
    axes.set_xlim(box.low[0], box.high[0])
    axes.set_ylim(box.low[1], box.high[1])
    axes.set_aspect(1 / box.shrink)
    axes.set_axis_off()
    metres = METRES_PER_DEGREE * box.shrink
    length_m = _round_number(box.wide * metres / 5)
    right, at = box.high[0], box.low[1] + SIDE_MARGIN * box.tall
    left = right - length_m / metres
    axes.plot([left, right], [at, at], color=Ink.TEXT, linewidth=1.5)
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    axes.annotate(text, ((left + right) / 2, at), xytext=(0, 3), textcoords="offset points", ha="center")


def _round_number(value: float) -> float:
    """The largest of 1, 2, 5, 10, 20, ... that is not above ``value``."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step * power for step in (1, 2, 5) if step * power <= value))
