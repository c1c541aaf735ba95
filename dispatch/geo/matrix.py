"""Travel times given by a caller as matrices between known places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import InvalidInputError, Issue, TravelError
from dispatch.geo.distance import haversine_pairs_m
from dispatch.geo.kernel import TravelTable
from dispatch.geo.points import Points, check_pairs, check_points, sphere_table, whole_seconds
from dispatch.geo.travel import profile_index

SecondsGiven: TypeAlias = NDArray[np.float64] | NDArray[np.int64] | Sequence[Sequence[float | None]]
"""Seconds from each of L places to each; None or infinity where there is no way."""


class MatrixTravel:
    """TravelTimes between the places of given matrices; any other place is refused.

    points: float64 (L, 2). seconds: for each profile (L, L), row = origin; fractions are rounded up; None or infinity
    means that there is no way. Places are found by their exact coordinates. Distances are straight lines.
    Raises InvalidInputError listing everything that is wrong with points and matrices; TravelError on a place that is
    not in ``points``.
    """

    def __init__(self, points: Points, seconds: Mapping[str, SecondsGiven]) -> None:
        issues: list[Issue] = []
        try:
            self._points = check_points(points)
        except ValueError as error:
            issues.append(Issue("matrix_points", str(error), "Give latitude and longitude in degrees.", field="points"))
            self._points = np.zeros((len(points), 2))
        if not seconds:
            issues.append(Issue("matrix_missing", "there is no matrix", "Give one for each profile.", field="seconds"))
        matrices = [_read(name, values, len(self._points), issues) for name, values in seconds.items()]
        if not issues:
            self._profiles = tuple(seconds)
            self._seconds = np.stack([whole_seconds(matrix) for matrix in matrices])
            self._index_of = _first_index(self._points)
            issues += _contradictions(self._points, self._seconds, self._index_of)
        if issues:
            raise InvalidInputError("travel matrix", issues)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles with a matrix."""
        return self._profiles

    def pairs(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from origins[i] to destinations[i], int64 (n,)."""
        index = profile_index(self._profiles, profile)
        a, b = check_pairs(origins, destinations)
        seconds: NDArray[np.int64] = self._seconds[index, self._find(a, "origins"), self._find(b, "destinations")]
        return seconds

    def matrix(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from each of n origins to each of m destinations, int64 (n, m)."""
        index = profile_index(self._profiles, profile)
        a = self._find(check_points(origins, "origins"), "origins")
        b = self._find(check_points(destinations, "destinations"), "destinations")
        seconds: NDArray[np.int64] = self._seconds[index][np.ix_(a, b)]
        return seconds

    def table(self, points: Points) -> TravelTable:
        """All travel between ``points`` for every profile, for compiled loops."""
        found = self._find(check_points(points), "points")
        matrix = np.ascontiguousarray(self._seconds[:, found[:, None], found[None, :]], dtype=np.int32)
        return sphere_table(points)._replace(matrix=matrix)

    def distance_pairs_m(self, origins: Points, destinations: Points) -> NDArray[np.int64]:
        """Straight line, nearest whole metre, int64 (n,); of any places."""
        metres: NDArray[np.int64] = np.rint(haversine_pairs_m(origins, destinations)).astype(np.int64)
        return metres

    def _find(self, points: Points, what: str) -> NDArray[np.int64]:
        found = [self._index_of.get((row[0], row[1]), -1) for row in points.tolist()]
        if -1 in found:
            index = found.index(-1)
            latitude, longitude = points[index].tolist()
            raise TravelError(
                f"The matrix has no place at latitude {latitude}, longitude {longitude} ({what}[{index}]).",
                "Add the place to the matrix, or take travel times from a provider that knows every place.",
            )
        return np.array(found, dtype=np.int64)


def _first_index(points: Points) -> dict[tuple[float, float], int]:
    index_of: dict[tuple[float, float], int] = {}
    for index, row in enumerate(points.tolist()):
        index_of.setdefault((row[0], row[1]), index)
    return index_of


def _read(name: str, values: SecondsGiven, places: int, issues: list[Issue]) -> NDArray[np.float64]:
    """The matrix as float64 (places, places) with infinity where there is no way; adds what is wrong to ``issues``."""
    field = f"seconds[{name!r}]"
    try:
        matrix = _floats(values)
    except (TypeError, ValueError):
        issues.append(
            Issue("matrix_values", f"{field} is no matrix of numbers", "Give L rows of L numbers.", field=field)
        )
        return np.zeros((places, places))
    if matrix.shape != (places, places):
        cause = f"{field} has the shape {matrix.shape}, but there are {places} places"
        issues.append(Issue("matrix_shape", cause, f"Give {places} rows of {places} numbers.", field=field))
        return np.zeros((places, places))
    issues.extend(_bad_cells(field, matrix))
    return matrix


def _floats(values: SecondsGiven) -> NDArray[np.float64]:
    if isinstance(values, np.ndarray):
        return values.astype(np.float64)
    return np.array([[np.inf if cell is None else cell for cell in row] for row in values], dtype=np.float64)


def _bad_cells(field: str, matrix: NDArray[np.float64]) -> Iterator[Issue]:
    kinds = (
        ("matrix_nan", np.isnan(matrix), "is NaN", "Use None or infinity where there is no way."),
        ("matrix_negative", matrix < 0, "is negative", "Travel takes 0 seconds or more."),
        ("matrix_diagonal", np.diag(matrix.diagonal() > 0), "is not 0", "From a place to itself takes 0 seconds."),
    )
    for code, bad, what, action in kinds:
        cells = np.argwhere(bad)
        if len(cells):
            row, column = cells[0].tolist()
            more = f" (and {len(cells) - 1} more)" if len(cells) > 1 else ""
            yield Issue(code, f"{field}[{row}][{column}] {what}{more}", action, field=field)


def _contradictions(
    points: Points, seconds: NDArray[np.int64], index_of: Mapping[tuple[float, float], int]
) -> Iterator[Issue]:
    """Places given twice must have the same times, since they are told apart by nothing but their coordinates."""
    for index, row in enumerate(points.tolist()):
        first = index_of[(row[0], row[1])]
        same_rows = np.array_equal(seconds[:, index], seconds[:, first])
        if not (same_rows and np.array_equal(seconds[:, :, index], seconds[:, :, first])):
            yield Issue(
                "matrix_contradiction",
                f"points[{first}] and points[{index}] are the same place with different travel times",
                "Give each place once, or the same times for both.",
                field=f"points[{index}]",
            )
