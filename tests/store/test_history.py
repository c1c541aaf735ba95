"""The history of positions: less than came in, and enough to see where everybody was."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.order import MarketId
from dispatch.model.place import Place, Position
from dispatch.model.rider import RiderId
from dispatch.store.live.history import PositionHistory, Thinning, thinned
from dispatch.store.live.memory import MemoryLive
from dispatch.store.live.ports import Ping
from dispatch.units import DAY_S, Instant
from tests.support.builders import MARKET, NOON

R1 = RiderId("r1")
TENTH_KM = 0.0009
"""Degrees of latitude in a hundred metres, nearly."""


def ping(at: Instant, north: float = 0.0, rider_id: str = "r1") -> Ping:
    position = Position(Place(4.65 + north, -74.06), at, accuracy_m=8, speed_kmh=20.0)
    return Ping(RiderId(rider_id), position, at + 2)


def test_who_stands_still_is_written_once_a_minute() -> None:
    pings = [ping(NOON + second) for second in range(0, 601, 5)]
    assert [kept.position.occurred_at - NOON for kept in thinned(pings, Thinning())] == list(range(0, 601, 60))


def test_who_rides_is_written_every_hundred_metres() -> None:
    pings = [ping(NOON + second, north=second * TENTH_KM / 10) for second in range(0, 60, 5)]
    assert [kept.position.occurred_at - NOON for kept in thinned(pings, Thinning(after_m=99))] == [
        0,
        10,
        20,
        30,
        40,
        50,
    ]


def test_repeated_and_late_positions_change_nothing() -> None:
    pings = [ping(NOON), ping(NOON + 60), ping(NOON + 120)]
    assert thinned([*reversed(pings), *pings], Thinning()) == pings
    assert thinned([ping(NOON + 30, north=1.0)], Thinning(), {R1: ping(NOON + 60)}) == []


@given(st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(["r1", "r2"])), max_size=60))
def test_no_gap_is_longer_than_it_was_by_more_than_the_thinning(seen: list[tuple[int, str]]) -> None:
    pings = [ping(NOON + second, rider_id=rider) for second, rider in seen]
    kept = thinned(pings, Thinning(after_s=100))
    for rider in ("r1", "r2"):
        times = sorted({second for second, name in seen if name == rider})
        written = [k.position.occurred_at - NOON for k in kept if k.rider_id == rider]
        assert set(written) <= set(times)
        assert all(b - a >= 100 for a, b in pairwise(written))
        assert all(any(0 <= time - w < 100 for w in written) for time in times)


def test_files_are_by_market_and_day(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path)
    midnight = NOON - NOON % DAY_S + DAY_S
    pings = [ping(midnight - 60), ping(midnight), ping(midnight + 60), ping(midnight, rider_id="r2")]
    assert history.write(MARKET, pings) == 4
    assert history.write(MARKET, pings) == 0
    assert history.write(MARKET, [ping(midnight + 90), ping(midnight + 120)]) == 1
    assert history.write(MarketId("../x y"), [ping(midnight)]) == 1
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*"))
    assert names == [
        "%2e%2e%2fx%20y/2023-11-16/1700092800-00000.parquet",
        f"bogota/2023-11-15/{midnight - 60}-00000.parquet",
        f"bogota/2023-11-16/{midnight}-00000.parquet",
        f"bogota/2023-11-16/{midnight + 120}-00001.parquet",
    ]
    day = history.read(MARKET, "2023-11-16").collect()
    assert day["rider_id"].to_list() == ["r1", "r1", "r1", "r2"]
    assert day["occurred_at"].to_list() == [midnight, midnight + 60, midnight + 120, midnight]
    assert day["accuracy_m"].to_list() == [8] * 4
    assert history.read(MARKET, "2023-11-17").collect().is_empty()


def test_what_came_in_is_put_away(tmp_path: Path) -> None:
    async def scene() -> tuple[int, int]:
        live, history = MemoryLive(), PositionHistory(tmp_path)
        for second in range(0, 300, 5):
            await live.report(MARKET, {R1: [ping(NOON + second).position]}, NOON + second)
        return await history.put_away(live, MARKET), await history.put_away(live, MARKET)

    assert asyncio.run(scene()) == (5, 0)


def test_a_day_is_small(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path)
    pings = [ping(NOON + 5 * n, north=n * TENTH_KM / 3, rider_id=f"r{r}") for r in range(20) for n in range(720)]
    written = history.write(MARKET, pings)
    (path,) = tmp_path.rglob("*.parquet")
    assert written < len(pings) / 2
    assert path.stat().st_size / written < 40
    assert pl.read_parquet(path).height == written


def test_a_disk_that_cannot_be_written_loses_nothing_it_has(tmp_path: Path) -> None:
    (tmp_path / "bogota").write_text("in the way", "utf-8")
    with pytest.raises(OSError, match="bogota"):
        PositionHistory(tmp_path).write(MARKET, [ping(NOON)])
