"""Travel times from given matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from dispatch.errors import InvalidInputError, TravelError
from dispatch.geo.kernel import travel_s
from dispatch.geo.matrix import MatrixTravel, SecondsGiven
from dispatch.geo.travel import StraightLine, TravelTimes
from dispatch.units import UNREACHABLE_S
from tests.support.places import BOGOTA, MEDELLIN, QUITO, places

CITIES = places(BOGOTA, MEDELLIN, QUITO)
BY_CAR: SecondsGiven = [[0, 100.2, 5000], [120, 0, None], [5100, math.inf, 0]]
BY_BICYCLE: SecondsGiven = [[0, 400, 20000], [480, 0, 9e12], [20400, 9000, 0]]


def cities() -> TravelTimes:
    return MatrixTravel(CITIES, {"car": BY_CAR, "bicycle": BY_BICYCLE})


def codes(points: NDArray[np.float64], seconds: dict[str, SecondsGiven]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        MatrixTravel(points, seconds)
    return [(issue.code, issue.cause) for issue in caught.value.issues]


def test_answers_what_was_given() -> None:
    travel = cities()
    assert travel.profiles == ("car", "bicycle")
    assert travel.pairs(CITIES[[0, 1]], CITIES[[1, 0]], "car").tolist() == [101, 120]
    assert travel.matrix(CITIES[[2]], CITIES, "bicycle").tolist() == [[20400, 9000, 0]]


def test_no_way_is_unreachable() -> None:
    travel = cities()
    assert travel.pairs(CITIES[[1, 2]], CITIES[[2, 1]], "car").tolist() == [UNREACHABLE_S] * 2
    assert travel.pairs(CITIES[[1]], CITIES[[2]], "bicycle").tolist() == [UNREACHABLE_S]


def test_the_table_follows_the_places_asked_for() -> None:
    table = cities().table(CITIES[[2, 0, 2]])
    assert table.matrix.dtype == np.int32
    assert table.matrix[0].tolist() == [[0, 5100, 0], [5000, 0, 5000], [0, 5100, 0]]
    assert travel_s(table, 1, 1, 0) == 20000


@given(
    seconds=npst.arrays(np.int64, (5, 5), elements=st.integers(0, UNREACHABLE_S)).map(
        lambda m: m * (1 - np.eye(5, dtype=np.int64))
    ),
    asked=st.lists(st.integers(0, 4), max_size=8),
)
def test_table_matrix_and_pairs_agree(seconds: NDArray[np.int64], asked: list[int]) -> None:
    points = np.column_stack((np.arange(5.0), -np.arange(5.0)))
    travel = MatrixTravel(points, {"car": seconds})
    chosen = points[np.array(asked, dtype=np.int64)]
    expected = seconds[np.ix_(asked, asked)].reshape(len(asked), len(asked))
    assert np.array_equal(travel.matrix(chosen, chosen, "car"), expected)
    assert np.array_equal(travel.table(chosen).matrix[0], expected)
    assert np.array_equal(travel.pairs(chosen, chosen[::-1], "car"), expected[:, ::-1].diagonal())


def test_distances_are_straight_lines_between_any_places() -> None:
    a, b = places((1.0, 2.0)), places((3.0, 4.0))
    assert np.array_equal(cities().distance_pairs_m(a, b), StraightLine().distance_pairs_m(a, b))


def test_unknown_place_is_named() -> None:
    travel = cities()
    with pytest.raises(
        TravelError, match=r"no place at latitude 4\.6, longitude -74\.0 \(destinations\[1\]\)"
    ) as caught:
        travel.pairs(CITIES[:2], places(BOGOTA, (4.6, -74.0)), "car")
    assert caught.value.code == "travel_unavailable"
    assert "Add the place" in caught.value.action
    with pytest.raises(TravelError, match=r"\(points\[0\]\)"):
        travel.table(places((4.6, -74.0)))


def test_misuse() -> None:
    with pytest.raises(ValueError, match="unknown travel profile 'walk'; known are car, bicycle"):
        cities().pairs(CITIES, CITIES, "walk")
    with pytest.raises(ValueError, match=r"origins\[0\] is no place"):
        cities().matrix(places((math.nan, 0.0)), CITIES, "car")


def test_every_issue_is_listed_at_once() -> None:
    found = codes(
        places(BOGOTA, (math.nan, 1.0)),
        {
            "walk": [[0, math.nan], [-5, -6]],
            "bicycle": [[0, 1, 2], [1, 0, 2]],
            "car": [[0, 1], [1]],
            "van": [[3, math.nan], [math.nan, 0]],
        },
    )
    assert [code for code, _ in found] == [
        "matrix_points",
        "matrix_nan",
        "matrix_negative",
        "matrix_shape",
        "matrix_values",
        "matrix_nan",
        "matrix_diagonal",
    ]
    causes = [cause for _, cause in found]
    assert "points[1]" in causes[0]
    assert causes[1] == "seconds['walk'][0][1] is NaN"
    assert causes[2] == "seconds['walk'][1][0] is negative (and 1 more)"
    assert causes[3] == "seconds['bicycle'] has the shape (2, 3), but there are 2 places"
    assert causes[6] == "seconds['van'][0][0] is not 0"


def test_text_and_nothing_are_no_matrix() -> None:
    text: list[list[float | None]] = [["fast"]]  # type: ignore[list-item]
    assert codes(CITIES[:1], {"car": text})[0][0] == "matrix_values"
    assert codes(CITIES, {})[0][0] == "matrix_missing"


def test_a_place_given_twice_must_have_the_same_times() -> None:
    twice = places(BOGOTA, MEDELLIN, BOGOTA)
    same = MatrixTravel(twice, {"car": [[0, 7, 0], [8, 0, 8], [0, 7, 0]]})
    assert same.matrix(twice, twice, "car").tolist() == [[0, 7, 0], [8, 0, 8], [0, 7, 0]]
    found = codes(twice, {"car": [[0, 7, 0], [8, 0, 9], [0, 7, 0]]})
    assert found == [("matrix_contradiction", "points[0] and points[2] are the same place with different travel times")]
