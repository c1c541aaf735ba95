"""A map of hexagons: where orders came before and after their promise."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import TwoSlopeNorm
from numpy.typing import NDArray

from dispatch.geo.cells import FINEST, Cells, boundary_geojson, cells_of, centres_of
from dispatch.units import MINUTE_S
from simulations.metrics.orders import CANCELLED, DELIVERED
from simulations.report.drawing import WIDTH_IN, Chart, Ink, figure, style, to_svg

Floats = NDArray[np.float64]

CELLS_ACROSS: Final = 24
"""About so many cells lie side by side in the longer direction of the map, where there are orders enough."""

ORDERS_A_CELL: Final = 3
"""Cells are taken larger until they hold so many orders in the mean: the mean of one order is chance."""

COARSEST_CELL_M: Final = 2_200_000.0
"""Distance between opposite sides of an H3 cell of resolution 0, on average; each finer one is 1 / sqrt(7) of it."""

METRES_PER_DEGREE: Final = 111_195.0
SIDE_MARGIN: Final = 0.02


def lateness_map(orders: pl.DataFrame) -> Chart | None:
    """Mean minutes after the promise by the cell of the drop-off, with merchants and cancelled orders."""
    done = orders.filter(pl.col("status") == DELIVERED)
    if done.is_empty():
        return None
    places = done.select("dropoff_lat", "dropoff_lng").to_numpy()
    resolution = resolution_for(places)
    while resolution > 0 and len(places) < ORDERS_A_CELL * len(np.unique(cells_of(places, resolution))):
        resolution -= 1
    cells = pl.DataFrame({"cell": cells_of(places, resolution), "late_s": done["lateness_s"]})
    means = cells.group_by("cell").agg(pl.col("late_s").mean() / MINUTE_S, pl.len()).sort("cell")
    means = means.filter(pl.Series(_inside(means["cell"].to_numpy(), places)))
    minutes = means["late_s"].to_numpy()
    rings = [np.array(boundary_geojson(cell)["coordinates"][0]) for cell in means["cell"].to_list()]
    span = max(1.0, float(np.percentile(np.abs(minutes), 95)))
    with style():
        drawn = figure(_height(places))
        axes = drawn.subplots()
        norm = TwoSlopeNorm(0, -span, span)
        hexagons = PolyCollection(rings, array=minutes, cmap="RdBu_r", norm=norm, edgecolors=Ink.LINE, linewidths=0.5)
        hexagons.set_clip_on(False)  # cells at the edge are drawn whole
        axes.add_collection(hexagons)
        _marks(axes, orders)
        _plain(axes, places)
        bar = drawn.colorbar(hexagons, ax=axes, shrink=0.7, aspect=30, extend="both")
        bar.outline.set_visible(False)
        bar.set_label("minutes after the promise (before it: negative)")
        svg = to_svg(drawn, "map")
    worst = means.sort("late_s", descending=True).row(0, named=True)
    says = f"In the worst of {len(means)} cells orders came {worst['late_s']:.0f} min after the promise in the mean."
    return Chart(svg, says)


def resolution_for(places: Floats) -> int:
    """The H3 resolution at which about CELLS_ACROSS cells span most of the places (latitude, longitude; (n, 2))."""
    low, high = np.percentile(places, [2, 98], axis=0)
    north_m = (high[0] - low[0]) * METRES_PER_DEGREE
    east_m = (high[1] - low[1]) * METRES_PER_DEGREE * np.cos(np.radians(places[:, 0].mean()))
    wanted_m = max(north_m, east_m, 500.0) / CELLS_ACROSS
    finer = np.log(COARSEST_CELL_M / wanted_m) / np.log(np.sqrt(7.0))
    return int(np.clip(round(float(finer)), 0, FINEST))


def _marks(axes: Axes, orders: pl.DataFrame) -> None:
    merchants = orders.select("pickup_lng", "pickup_lat").unique(maintain_order=True).to_numpy()
    axes.plot(*merchants.T, ".", color=Ink.TEXT, markersize=2.5, label="merchant")
    lost = orders.filter(pl.col("status") == CANCELLED).select("dropoff_lng", "dropoff_lat").to_numpy()
    if len(lost):
        axes.plot(*lost.T, "x", color=Ink.LATE, markersize=4, markeredgewidth=1.2, label="cancelled order")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0, handletextpad=0.2)


def _box(places: Floats) -> tuple[Floats, Floats]:
    """South-west and north-east corner of nearly all places, with a margin; outliers are cut off."""
    low, high = np.percentile(places, [0.5, 99.5], axis=0)
    margin = np.maximum((high - low) * 0.06, 0.003)
    return low - margin, high + margin


def _inside(cells: Cells, places: Floats) -> NDArray[np.bool_]:
    """Which cells have their centre in the picture."""
    low, high = _box(places)
    centres = centres_of(cells)
    return np.asarray(((centres >= low) & (centres <= high)).all(axis=1), np.bool_)


def _height(places: Floats) -> float:
    """Height of the figure in inches that fits the shape of the city."""
    low, high = _box(places)
    wide = (high[1] - low[1]) * np.cos(np.radians(places[:, 0].mean()))
    return float(np.clip(0.82 * WIDTH_IN * (high[0] - low[0]) / wide + 0.4, 2.5, 7.0))


def _plain(axes: Axes, places: Floats) -> None:
    """No degrees: a bar says how long things are."""
    low, high = _box(places)
    axes.set_xlim(low[1], high[1])
    axes.set_ylim(low[0], high[0])
    shrink = float(np.cos(np.radians(places[:, 0].mean())))
    axes.set_aspect(1 / shrink)
    axes.set_axis_off()
    wide_m = (high[1] - low[1]) * METRES_PER_DEGREE * shrink
    length_m = _round_number(wide_m / 5)
    right = high[1] - SIDE_MARGIN * (high[1] - low[1])
    left, at = right - length_m / (METRES_PER_DEGREE * shrink), low[0] + SIDE_MARGIN * (high[0] - low[0])
    axes.plot([left, right], [at, at], color=Ink.TEXT, linewidth=1.5)
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    axes.annotate(text, ((left + right) / 2, at), xytext=(0, 3), textcoords="offset points", ha="center")


def _round_number(value: float) -> float:
    """The largest of 1, 2, 5, 10, 20, ... that is not above ``value``."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step * power for step in (1, 2, 5) if step * power <= value))
