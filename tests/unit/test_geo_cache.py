"""The cell pair cache, its memory, and the fallback."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatch.errors import TravelError
from dispatch.geo.cache import CellPairCache
from dispatch.geo.cells import cells_of, centres_of
from dispatch.geo.fallback import WithFallback
from dispatch.geo.kernel import travel_s
from dispatch.geo.pair_memory import PairMemory
from dispatch.geo.travel import PlanarTravel, StraightLine, TravelTimes
from tests.support.places import BOGOTA, MEDELLIN, QUITO, city_arrays, places
from tests.support.travel import AskedTravel, Clock

CITIES = places(BOGOTA, MEDELLIN, QUITO)
NEXT_DOOR = (BOGOTA[0] + 0.0002, BOGOTA[1])
LINE = StraightLine()


def cache(inner: TravelTimes, clock: Clock | None = None, *, max_pairs: int = 1000, ttl_s: int = 60) -> CellPairCache:
    return CellPairCache(inner, now=clock or Clock(), max_pairs=max_pairs, ttl_s=ttl_s)


def by_hand(a: tuple[float, float], b: tuple[float, float], profile: str) -> int:
    """What a cache over straight lines must answer for a pair of places."""
    here, there = cells_of(places(a), 9), cells_of(places(b), 9)
    if here[0] == there[0]:
        return int(LINE.pairs(places(a), places(b), profile)[0])
    return int(LINE.pairs(centres_of(here), centres_of(there), profile)[0])


@given(a=city_arrays(), b=city_arrays(), profile=st.sampled_from(LINE.profiles))
def test_answers_are_those_between_cell_centres(a: NDArray[np.float64], b: NDArray[np.float64], profile: str) -> None:
    travel: TravelTimes = cache(LINE)
    expected = [[by_hand((p[0], p[1]), (q[0], q[1]), profile) for q in b.tolist()] for p in a.tolist()]
    n = min(len(a), len(b))
    for _ in range(2):
        assert travel.matrix(a, b, profile).tolist() == expected
        assert travel.pairs(a[:n], b[:n], profile).tolist() == [expected[i][i] for i in range(n)]


@given(points=city_arrays(max_size=8), max_pairs=st.integers(1, 30))
def test_a_memory_that_is_too_small_changes_no_answer(points: NDArray[np.float64], max_pairs: int) -> None:
    small, large = cache(LINE, max_pairs=max_pairs), cache(LINE)
    for part in (points, points[::2], points):
        assert np.array_equal(small.matrix(part, part, "car"), large.matrix(part, part, "car"))
    assert len(small) <= max_pairs


def test_the_table_says_the_same() -> None:
    travel = cache(LINE)
    points = np.concatenate((CITIES, places(NEXT_DOOR)))
    table = travel.table(points)
    for number, profile in enumerate(travel.profiles):
        matrix = [[travel_s(table, number, i, j) for j in range(4)] for i in range(4)]
        assert matrix == travel.matrix(points, points, profile).tolist()


def test_inner_is_asked_once_and_in_one_batch() -> None:
    inner = AskedTravel()
    travel = cache(inner)
    travel.matrix(CITIES, CITIES, "car")
    assert inner.asked == [("matrix", 9)]
    assert (travel.hits, travel.misses, len(travel)) == (0, 6, 6)
    travel.pairs(CITIES, CITIES[[1, 2, 0]], "car")
    assert inner.asked == [("matrix", 9)]
    assert (travel.hits, travel.misses) == (3, 6)


def test_only_what_is_missing_is_asked() -> None:
    inner = AskedTravel()
    travel = cache(inner)
    travel.matrix(CITIES[:2], CITIES[:2], "car")
    travel.matrix(CITIES, CITIES, "car")
    assert inner.asked == [("matrix", 4), ("pairs", 4)]
    assert (travel.hits, travel.misses) == (2, 6)


def test_profiles_and_directions_are_remembered_apart() -> None:
    inner = AskedTravel()
    travel = cache(inner)
    a, b = CITIES[:1], CITIES[1:2]
    for _ in range(2):
        assert travel.pairs(a, b, "walk")[0] != travel.pairs(a, b, "car")[0]
        travel.pairs(b, a, "walk")
    assert travel.misses == 3


def test_within_a_cell_nobody_is_asked() -> None:
    inner = AskedTravel()
    travel = cache(inner)
    near = places(BOGOTA, NEXT_DOOR)
    seconds = travel.matrix(near, near, "walk")
    assert np.array_equal(seconds, LINE.matrix(near, near, "walk"))
    assert seconds[0, 1] > 0
    assert inner.asked == []
    assert (travel.hits, travel.misses) == (0, 0)


def test_times_grow_old() -> None:
    inner, clock = AskedTravel(), Clock()
    travel = cache(inner, clock, ttl_s=60)
    travel.pairs(CITIES[:1], CITIES[1:2], "car")
    clock.now += 59
    travel.pairs(CITIES[:1], CITIES[1:2], "car")
    assert len(inner.asked) == 1
    clock.now += 1
    travel.pairs(CITIES[:1], CITIES[1:2], "car")
    assert len(inner.asked) == 2
    assert len(travel) == 1


def test_the_oldest_pairs_go_first() -> None:
    inner = AskedTravel()
    travel = cache(inner, max_pairs=2)
    bogota, medellin, quito = (CITIES[i : i + 1] for i in range(3))
    travel.pairs(bogota, medellin, "car")
    travel.pairs(medellin, quito, "car")
    travel.pairs(quito, bogota, "car")
    assert len(travel) == 2
    travel.pairs(medellin, quito, "car")
    travel.pairs(quito, bogota, "car")
    assert travel.misses == 3
    travel.pairs(bogota, medellin, "car")
    assert travel.misses == 4


def test_a_failure_is_passed_on_and_nothing_is_remembered() -> None:
    inner = AskedTravel()
    travel = cache(inner)
    inner.broken = True
    with pytest.raises(TravelError, match="The roads are closed"):
        travel.matrix(CITIES, CITIES, "car")
    inner.broken = False
    assert len(travel) == 0
    assert np.array_equal(travel.matrix(CITIES, CITIES, "car"), cache(LINE).matrix(CITIES, CITIES, "car"))


def test_distances_are_those_of_inner() -> None:
    assert np.array_equal(
        cache(LINE).distance_pairs_m(CITIES, CITIES[::-1].copy()), LINE.distance_pairs_m(CITIES, CITIES[::-1].copy())
    )


def test_nothing_to_ask() -> None:
    none, travel = np.empty((0, 2)), cache(AskedTravel())
    assert travel.pairs(none, none, "car").shape == (0,)
    assert travel.matrix(none, CITIES, "car").shape == (0, 3)
    assert travel.table(none).matrix.shape == (5, 0, 0)


def test_misuse_of_the_cache() -> None:
    scooter = PlanarTravel(BOGOTA, 300.0, profiles=("car", "scooter"))
    with pytest.raises(ValueError, match="near must know every profile, but lacks scooter"):
        cache(scooter)
    near = StraightLine({"car": 20.0, "scooter": 12.0})
    assert CellPairCache(scooter, now=Clock(), near=near).profiles == ("car", "scooter")
    with pytest.raises(ValueError, match="unknown travel profile 'jet'"):
        cache(LINE).pairs(CITIES, CITIES, "jet")
    with pytest.raises(ValueError, match="at least 1 pair for at least 1 second, not 0 for 60"):
        cache(LINE, max_pairs=0)
    with pytest.raises(ValueError, match=r"origins\[0\] is no place"):
        cache(LINE).matrix(places((float("nan"), 0.0)), CITIES, "car")
    with pytest.raises(ValueError, match="an H3 resolution is within"):
        CellPairCache(LINE, now=Clock(), resolution=16).pairs(CITIES, CITIES, "car")


puts = st.lists(
    st.tuples(st.dictionaries(st.integers(-50, 50), st.integers(0, 99), min_size=1, max_size=6), st.integers(0, 20)),
    max_size=12,
)


@given(puts=puts, most=st.integers(1, 12), ttl_s=st.integers(1, 40))
def test_the_memory_is_a_dictionary_that_forgets(puts: list[tuple[dict[int, int], int]], most: int, ttl_s: int) -> None:
    memory = PairMemory(most, ttl_s)
    every = np.arange(-50, 51)
    model: dict[int, tuple[int, int, int]] = {}
    now = 0
    for number, (entries, later_s) in enumerate(puts):
        now += later_s
        memory.put(np.array(list(entries)), np.array(list(entries.values())), now)
        model.update({key: (value, now, number) for key, value in entries.items()})
        for key in sorted(model, key=lambda key: (model[key][2], key))[: max(0, len(model) - most)]:
            del model[key]
        fresh, values = memory.get(every, now)
        found = {int(key): int(value) for key, value, ok in zip(every, values, fresh, strict=True) if ok}
        assert found == {key: value for key, (value, at, _) in model.items() if now - at < ttl_s}
        assert len(memory) == len(model) <= most


def test_the_fallback_answers_only_when_inner_fails() -> None:
    inner, slow = AskedTravel(), StraightLine(road_factor=2.0)
    travel = WithFallback(inner, slow)
    good = LINE.matrix(CITIES, CITIES, "car")
    assert np.array_equal(travel.matrix(CITIES, CITIES, "car"), good)
    assert (travel.failures, travel.fallback_answers, travel.last_error) == (0, 0, None)
    inner.broken = True
    assert np.array_equal(travel.matrix(CITIES, CITIES, "car"), slow.matrix(CITIES, CITIES, "car"))
    assert travel.pairs(CITIES, CITIES, "walk").tolist() == [0, 0, 0]
    assert np.array_equal(travel.table(CITIES).pace, slow.table(CITIES).pace)
    assert np.array_equal(
        travel.distance_pairs_m(CITIES, CITIES[::-1].copy()), slow.distance_pairs_m(CITIES, CITIES[::-1].copy())
    )
    assert (travel.failures, travel.fallback_answers) == (4, 4)
    assert travel.last_error is not None
    assert travel.last_error.cause == "The roads are closed."
    inner.broken = False
    assert np.array_equal(travel.matrix(CITIES, CITIES, "car"), good)
    assert (travel.failures, travel.fallback_answers) == (4, 4)


def test_a_failed_provider_rests() -> None:
    inner, clock = AskedTravel(), Clock()
    travel = WithFallback(inner, LINE, rest_s=30, now=clock)
    inner.broken = True
    travel.table(CITIES)
    inner.broken = False
    clock.now += 29
    travel.table(CITIES)
    assert (len(inner.asked), travel.failures, travel.fallback_answers) == (1, 1, 2)
    clock.now += 1
    travel.table(CITIES)
    assert (len(inner.asked), travel.failures, travel.fallback_answers) == (2, 1, 2)


def test_misuse_is_not_a_failure_to_fall_back_from() -> None:
    travel = WithFallback(AskedTravel(), LINE)
    with pytest.raises(ValueError, match="unknown travel profile 'jet'"):
        travel.pairs(CITIES, CITIES, "jet")
    assert travel.failures == 0
    with pytest.raises(ValueError, match=r"the same profiles in the same order, not walk, .* and van"):
        WithFallback(LINE, StraightLine({"van": 20.0}))
    with pytest.raises(ValueError, match="rest_s needs a clock"):
        WithFallback(LINE, LINE, rest_s=5)


def test_a_fallback_around_a_cache_is_not_remembered() -> None:
    inner, slow = AskedTravel(), StraightLine(road_factor=2.0)
    cached = cache(inner)
    travel = WithFallback(cached, slow)
    inner.broken = True
    assert np.array_equal(travel.matrix(CITIES, CITIES, "van"), slow.matrix(CITIES, CITIES, "van"))
    assert len(cached) == 0
    inner.broken = False
    assert np.array_equal(travel.matrix(CITIES, CITIES, "van"), cache(LINE).matrix(CITIES, CITIES, "van"))
    assert (travel.failures, travel.fallback_answers) == (1, 1)
