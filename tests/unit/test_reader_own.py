"""The product's own format: reading what was written gives an equal instance, and what is wrong is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from dispatch.errors import ConflictError
from dispatch.geo.travel import StraightLine
from dispatch.model.order import MerchantId, Vehicle
from dispatch.model.place import Place
from simulations.instance import WorldRules
from simulations.readers import load_instance
from simulations.readers.own import TableFormat, write_instance
from simulations.readers.own_zones import OUTSIDE
from tests.support.instance_files import EXAMPLES, edit, example, parquet_example, warned

FORMATS: tuple[TableFormat, ...] = ("parquet", "geojson")


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("name", ["grubhub", "colombia", "own"])
def test_what_was_written_reads_equal(tmp_path: Path, name: str, table_format: TableFormat) -> None:
    instance = replace(load_instance(EXAMPLES / name), warnings=())
    write_instance(tmp_path / "copy", instance, table_format=table_format)
    assert replace(load_instance(tmp_path / "copy"), warnings=()) == instance


@pytest.mark.parametrize("table_format", FORMATS)
def test_writing_twice_gives_the_same_bytes(tmp_path: Path, table_format: TableFormat) -> None:
    instance = load_instance(EXAMPLES / "own")
    for folder in ("a", "b"):
        write_instance(tmp_path / folder, instance, table_format=table_format)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [
        "instance.json",
        *(f"{table}.{table_format}" for table in ("merchants", "orders", "riders", "shifts")),
    ]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("table_format", FORMATS)
def test_nothing_at_all_is_an_instance(tmp_path: Path, table_format: TableFormat) -> None:
    empty = replace(load_instance(EXAMPLES / "own"), orders=(), riders=(), shifts=(), merchants=(), warnings=())
    write_instance(tmp_path / "copy", empty, table_format=table_format)
    assert load_instance(tmp_path / "copy") == empty


def test_the_night_of_the_clock_change_is_told_in_real_instants() -> None:
    instance = load_instance(EXAMPLES / "own")
    ada = next(shift for shift in instance.shifts if shift.rider_id == "ada")
    # From 22:00 to 02:30 by the clock on the wall, which was put back at 03:00: five and a half hours.
    assert ada.ends_at - ada.starts_at == 5 * 3600 + 1800
    second = next(order for order in instance.orders if order.id == "n2")
    assert second.placed_at == utc("2026-10-25 00:40")
    assert second.promised_at == utc("2026-10-25 01:20")


@pytest.mark.parametrize("timezone", ["America/Santiago", "Europe/Berlin", "UTC"])
def test_times_of_the_repeated_hour_survive_geojson(tmp_path: Path, timezone: str) -> None:
    template = load_instance(EXAMPLES / "own")
    repeated = {"America/Santiago": "2026-04-05 02:30", "Europe/Berlin": "2026-10-25 00:30", "UTC": "2026-01-01 00:00"}
    first = utc(repeated[timezone])
    order = replace(template.orders[0], placed_at=first, ready_at=first + 1800, promised_at=first + 3600)
    instance = replace(template, timezone=timezone, orders=(order,), shifts=(), warnings=())
    write_instance(tmp_path / "copy", instance, table_format="geojson")
    (read,) = load_instance(tmp_path / "copy").orders
    assert (read.placed_at, read.ready_at, read.promised_at) == (first, first + 1800, first + 3600)
    if timezone != "UTC":
        text = (tmp_path / "copy" / "orders.geojson").read_text(encoding="utf-8")
        times = json.loads(text)["features"][0]["properties"]
        assert times["placed_at"][:16] == times["promised_at"][:16]  # the same on the wall, another offset


def test_header_travel_and_rules() -> None:
    instance = load_instance(EXAMPLES / "own")
    assert instance.travel == StraightLine({"bicycle": 15.0, "motorcycle": 23.0, "car": 25.0}, 1.3, 1)
    assert instance.rules == WorldRules(tick_s=30, accept_s=20, policy="default")
    assert (instance.market_id, instance.timezone) == ("marzahn-example", "Europe/Berlin")


def test_a_point_is_the_drop_off_and_a_line_starts_at_the_pickup() -> None:
    orders = {str(order.id): order for order in load_instance(EXAMPLES / "own").orders}
    assert (orders["n1"].pickup, orders["n1"].dropoff) == (Place(52.541, 13.561), Place(52.545, 13.556))
    assert (orders["n4"].pickup, orders["n4"].dropoff) == (Place(52.5364, 13.5738), Place(52.541, 13.583))
    assert orders["n3"].vehicles == {Vehicle.CAR, Vehicle.MOTORCYCLE}


def test_zones_come_from_the_pickup_unless_the_order_names_them(tmp_path: Path) -> None:
    folder = example("own", tmp_path)
    assert {str(order.id): set(order.zones) for order in load_instance(folder).orders} == {
        "n1": {"west"},
        "n2": {"west"},
        "n3": {"east"},
        "n4": {"east"},
    }
    edit(folder / "orders.geojson", "[13.556, 52.545]", "[13.500, 52.545]")
    (issue,) = load_instance(folder).warnings
    assert issue.code == "outside_zones"
    assert issue.cause == "order n1 cannot be served: its drop-off lies outside all delivery zones"
    assert load_instance(folder).orders[0].zones == {OUTSIDE}
    edit(folder / "orders.geojson", "[13.500, 52.545]", "[13.580, 52.543]")
    assert load_instance(folder).warnings[0].cause == "order n1 cannot be served: its drop-off lies in a no-go zone"


@pytest.mark.parametrize("content", [None, '{"type": "FeatureCollection", "features": []}'])
def test_without_zones_nothing_is_bound(tmp_path: Path, content: str | None) -> None:
    folder = example("own", tmp_path)
    (folder / "zones.geojson").unlink()
    for name, named in (("riders", ', "zones": ["west"]'), ("orders", ', "zones": ["east"]')):
        edit(folder / f"{name}.geojson", named, "")
    if content:
        (folder / "zones.geojson").write_text(content, encoding="utf-8")
    assert [order.zones for order in load_instance(folder).orders[:2]] == [frozenset(), frozenset()]


@pytest.mark.parametrize("code", ["rider_without_shift", "merchant_without_orders"])
def test_unused_entities_are_let_in(tmp_path: Path, code: str) -> None:
    folder = example("own", tmp_path)
    table, key = ("shifts", "bo-1") if code.startswith("rider") else ("orders", "n3")
    lines = (folder / f"{table}.geojson").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if key not in line and '"n4"' not in line] if key == "n3" else [
        line for line in lines if key not in line
    ]  # fmt: skip
    text = "\n".join(kept)
    (folder / f"{table}.geojson").write_text(text.replace("}},\n]", "}}\n]"), encoding="utf-8")
    assert code in {warning[0] for warning in warned(folder)}
    instance = load_instance(folder)
    assert (len(instance.riders), len(instance.merchants)) == (2, 2)


def test_timestamps_of_other_writers_are_read(tmp_path: Path) -> None:
    folder = parquet_example(tmp_path)
    before = load_instance(folder)
    at = pl.from_epoch(pl.col("placed_at")).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    frame = pl.read_parquet(folder / "orders.parquet").with_columns(at)
    frame.write_parquet(folder / "orders.parquet")
    assert load_instance(folder) == before


@pytest.mark.parametrize("name", ["orders.geojson", "zones.geojson"])
def test_nothing_is_written_among_other_tables(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ConflictError, match=name):
        write_instance(tmp_path, load_instance(EXAMPLES / "own"))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_travel_times_that_are_no_formula_cannot_be_written(tmp_path: Path) -> None:
    class Owl(StraightLine):
        """Knows every way, and no formula that a file could hold."""

    instance = load_instance(EXAMPLES / "own")
    wise = replace(instance, travel=Owl())
    with pytest.raises(ValueError, match="Owl cannot be written"):
        write_instance(tmp_path / "copy", wise)
    assert not (tmp_path / "copy").exists()


def test_an_order_of_another_market_cannot_be_written(tmp_path: Path) -> None:
    instance = load_instance(EXAMPLES / "own")
    stray = replace(instance.merchants[0], id=MerchantId("stray"), market_id=instance.market_id.__class__("elsewhere"))
    with pytest.raises(ValueError, match="merchant stray is of market elsewhere"):
        write_instance(tmp_path / "copy", replace(instance, merchants=(*instance.merchants, stray)))
