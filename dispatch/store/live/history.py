"""The history of positions: thinned, and put away in Parquet files by market and day.

A rider who stands still or rides straight on says little with most positions. One is kept when enough time has gone by
since the last one kept, or when the rider has gone far enough from there.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from dispatch.model.order import MarketId
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.store.live.ports import Ping, Positions
from dispatch.units import Metres, Seconds

EARTH_M: Final = 6_371_009.0
AT_ONCE: Final = 50_000
SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "rider_id": pl.String(),
    "occurred_at": pl.Int64(),
    "received_at": pl.Int64(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "accuracy_m": pl.Int32(),
    "speed_kmh": pl.Float32(),
    "heading_deg": pl.Float32(),
    "source": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Thinning:
    """Keep a position after so many seconds, or so many metres from the last one kept."""

    after_s: Seconds = 60
    after_m: Metres = 100


def thinned(pings: Iterable[Ping], thinning: Thinning, last: Mapping[RiderId, Ping] | None = None) -> list[Ping]:
    """The positions that are kept, by rider and time; repeated ones once. ``last``: the last kept before, by rider."""
    by_rider: dict[RiderId, dict[int, Ping]] = {}
    for ping in pings:
        by_rider.setdefault(ping.rider_id, {}).setdefault(ping.position.occurred_at, ping)
    kept: list[Ping] = []
    for rider_id in sorted(by_rider):
        before = (last or {}).get(rider_id)
        for _, ping in sorted(by_rider[rider_id].items()):
            if before is None or _says_more(before, ping, thinning):
                kept.append(ping)
                before = ping
    return kept


def _says_more(before: Ping, ping: Ping, thinning: Thinning) -> bool:
    waited = ping.position.occurred_at - before.position.occurred_at
    if waited < 0:
        return False  # it comes too late: what followed has been written
    return waited >= thinning.after_s or _metres(before.position.place, ping.position.place) >= thinning.after_m


def _metres(a: Place, b: Place) -> float:
    """Distance on a plane that touches the earth between the two: good to a percent over a city."""
    north = math.radians(b.latitude - a.latitude)
    east = math.radians(b.longitude - a.longitude) * math.cos(math.radians((a.latitude + b.latitude) / 2))
    return EARTH_M * math.hypot(north, east)


class PositionHistory:
    """Files below a folder, as ``<market>/<day>/<first instant>-<number>.parquet``; days are UTC."""

    def __init__(self, folder: Path, thinning: Thinning | None = None) -> None:
        self._folder, self._thinning = folder, thinning or Thinning()
        self._last: dict[MarketId, dict[RiderId, Ping]] = {}

    async def put_away(self, positions: Positions, market_id: MarketId) -> int:
        """Take out all positions that came in, thin them, write them; how many were written. Raises OSError."""
        written = 0
        while pings := await positions.take_pings(market_id, AT_ONCE):
            written += self.write(market_id, pings)
        return written

    def write(self, market_id: MarketId, pings: Iterable[Ping]) -> int:
        """Thin positions and write them; how many were written. Raises OSError."""
        last = self._last.setdefault(market_id, {})
        kept = thinned(pings, self._thinning, last)
        for day, rows in _by_day(kept):
            self._write(market_id, day, rows)
        last.update((ping.rider_id, ping) for ping in kept)
        return len(kept)

    def _write(self, market_id: MarketId, day: str, pings: list[Ping]) -> None:
        folder = self._folder / _safe(market_id) / day
        folder.mkdir(parents=True, exist_ok=True)
        first = min(ping.position.occurred_at for ping in pings)
        number = sum(1 for _ in folder.glob("*.parquet"))
        path = folder / f"{first}-{number:05}.parquet"
        part = path.with_suffix(".part")
        frame(pings).write_parquet(part, compression="zstd", statistics=True)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)

    def read(self, market_id: MarketId, day: str) -> pl.LazyFrame:
        """The positions of a day ("2026-11-21"), repeated ones once; empty where there are none."""
        files = sorted((self._folder / _safe(market_id) / day).glob("*.parquet"))
        if not files:
            return pl.LazyFrame(schema=SCHEMA)
        return pl.scan_parquet(files).unique(["rider_id", "occurred_at"], keep="first").sort("rider_id", "occurred_at")


def frame(pings: Iterable[Ping]) -> pl.DataFrame:
    """Positions as a table with the columns of SCHEMA."""
    rows = [
        (
            ping.rider_id,
            ping.position.occurred_at,
            ping.received_at,
            ping.position.place.latitude,
            ping.position.place.longitude,
            ping.position.accuracy_m,
            ping.position.speed_kmh,
            ping.position.heading_deg,
            ping.position.source,
        )
        for ping in pings
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _by_day(pings: Iterable[Ping]) -> Iterator[tuple[str, list[Ping]]]:
    days: dict[str, list[Ping]] = {}
    for ping in pings:
        day = datetime.fromtimestamp(ping.position.occurred_at, UTC).date().isoformat()
        days.setdefault(day, []).append(ping)
    yield from sorted(days.items())


def _safe(name: str) -> str:
    """A market's id as the name of a folder."""
    return "".join(char if char.isalnum() or char in "-_" else f"%{ord(char):02x}" for char in name)
