"""Are the places of an input degrees, in the right order, and of one city?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dispatch.geo.points import sphere_metres
from simulations.readers.tables import Table
from simulations.readers.validation import Report, Where

FAR_M: Final = 500_000
"""A place farther than this from the middle of all places is an error."""
REMOTE_M: Final = 100_000
"""A place farther than this is let in with a warning."""
FEWEST: Final = 3
"""With fewer places nobody can say which of them is far from the rest."""

Floats = NDArray[np.float64]


class Places(NamedTuple):
    """Latitudes and longitudes (NaN: reported elsewhere) and where the i-th of them stands."""

    latitude: Floats
    longitude: Floats
    where: Callable[[int], Where]


def table_places(table: Table, latitude: str, longitude: str) -> Places:
    """The places of two parsed columns."""
    columns = [table.frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in (latitude, longitude)]
    return Places(columns[0], columns[1], lambda row: table.where(row, latitude))


def check_places(report: Report, places: Sequence[Places], others: Sequence[Places] = ()) -> None:
    """Note places out of range, with latitude and longitude exchanged, and far from the rest of the input.

    ``others`` are judged, too, and have no say in where the middle of the input is.
    """
    good = [_check_range(report, some) for some in (*places, *others)]
    middle = _middle(np.concatenate([_points(some)[mask] for some, mask in zip(places, good, strict=False)]))
    if middle is None:
        return
    for some, mask in zip((*places, *others), good, strict=True):
        _check_distance(report, some, mask, middle)


def _check_range(report: Report, places: Places) -> NDArray[np.bool_]:
    """Note what is no place; true for what is one."""
    good = (np.abs(places.latitude) <= 90) & (np.abs(places.longitude) <= 180)
    known = np.isfinite(places.latitude) & np.isfinite(places.longitude)
    for i in np.flatnonzero(known & ~good).tolist():
        latitude, longitude = float(places.latitude[i]), float(places.longitude[i])
        if abs(latitude) <= 180 and abs(longitude) <= 90:
            cause = f"latitude {latitude:g} is outside -90..90; latitude and longitude look exchanged"
            report.add("swapped_coordinates", cause, places.where(i))
        else:
            report.add("not_a_place", f"latitude {latitude:g}, longitude {longitude:g} is no place", places.where(i))
    return good


def _check_distance(report: Report, places: Places, good: NDArray[np.bool_], middle: Floats) -> None:
    points = np.where(good[:, None], _points(places), 0.0)
    away_m = _distance_m(points, middle)
    for i in np.flatnonzero(good & (away_m > REMOTE_M)).tolist():
        latitude, longitude = points[i].tolist()
        away_km = away_m[i] / 1000
        spot = f"latitude {latitude:g}, longitude {longitude:g} lies {away_km:.0f} km from the middle of all places"
        if away_m[i] <= FAR_M:
            report.add("remote_place", spot, places.where(i))
        elif abs(longitude) <= 90 and _distance_m(points[i : i + 1, ::-1], middle)[0] <= FAR_M:
            report.add("swapped_coordinates", f"{spot}; exchanged it would lie among them", places.where(i))
        else:
            report.add("far_from_rest", spot, places.where(i))


def _points(places: Places) -> Floats:
    return np.column_stack((places.latitude, places.longitude))


def _middle(points: Floats) -> Floats | None:
    """The median place in earth-centred metres: some rows far off, or a city on the date line, do not move it."""
    if len(points) < FEWEST:
        return None
    middle: Floats = np.median(sphere_metres(points), axis=0)
    return middle


def _distance_m(points: Floats, middle: Floats) -> Floats:
    """Metres through the earth; a city is small enough for that."""
    away: Floats = np.sqrt(((sphere_metres(points) - middle) ** 2).sum(axis=1))
    return away
