"""What can be wrong with an instance in the own format, and where it is said to be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from dispatch.geo.travel import PlanarTravel
from simulations.readers import load_instance
from tests.support.instance_files import EXAMPLES, edit, example, parquet_example, refused, spots, warned

HEADER_ISSUES = [
    ('"schema": 1', '"schema": 2', "unknown_version", "schema"),
    ('"schema": 1', '"schema": "one"', "wrong_type", "schema"),
    ('"schema": 1,', "", "missing_value", "schema"),
    ('"name": "Night', '"nom": "Night', "unknown_key", "nom"),
    ("Europe/Berlin", "Europe/Atlantis", "unknown_timezone", "timezone"),
    ("Europe/Berlin", "../etc/passwd", "unknown_timezone", "timezone"),
    ("straight_line", "teleport", "unknown_value", "travel.kind"),
    ('"car": 25.0', '"car": 0', "out_of_range", "travel.speeds_kmh.car"),
    ('"car": 25.0', '"car": NaN', "not_finite", "travel.speeds_kmh.car"),
    ('"road_factor"', '"road"', "unknown_key", "travel.road"),
    ('"step_s": 1', '"step_s": 0', "out_of_range", "travel.step_s"),
    ('"tick_s": 30', '"tick_s": true', "wrong_type", "rules.tick_s"),
    ('"tick_s": 30', '"tick_s": 3601', "out_of_range", "rules.tick_s"),
    ('"tick_s": 30', '"give_up_after_s": 2678401', "out_of_range", "rules.give_up_after_s"),
    ('"tick_s": 30', '"cancel_probability": 1.5', "out_of_range", "rules.cancel_probability"),
    ('"policy": "default"', '"policy": "defualt"', "unknown_value", "rules.policy"),
    ('"rules": {', '"rules": [{', "unreadable_file", ""),
]


@pytest.mark.parametrize(("old", "new", "code", "field"), HEADER_ISSUES)
def test_a_bad_header_is_refused(tmp_path: Path, old: str, new: str, code: str, field: str) -> None:
    folder = example("own", tmp_path)
    edit(folder / "instance.json", old, new)
    assert (code, "instance.json", field) in {(issue.code, issue.source, issue.field) for issue in refused(folder)}


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    folder = example("own", tmp_path)
    edit(folder / "orders.geojson", '"n2", ', '"n2" ')
    assert spots(refused(folder)) == [("unreadable_file", "orders.geojson", 3, "")]


PLANE: dict[str, object] = {
    "kind": "planar",
    "origin": [0, 0],
    "metres_per_minute": 320,
    "step_s": 60,
    "profiles": ["bicycle", "car"],
}


@pytest.mark.parametrize(
    ("change", "field"),
    [({"origin": [0]}, "origin"), ({"origin": [95, 0]}, "origin"), ({"metres_per_minute": -1}, "metres_per_minute")],
)
def test_a_bad_plane_is_refused(tmp_path: Path, change: dict[str, object], field: str) -> None:
    folder = example("own", tmp_path)
    header = json.loads((folder / "instance.json").read_text(encoding="utf-8"))
    (folder / "instance.json").write_text(json.dumps(header | {"travel": PLANE}), encoding="utf-8")
    assert load_instance(folder).travel == PlanarTravel((0, 0), 320, 60, ("bicycle", "car"))
    (folder / "instance.json").write_text(json.dumps(header | {"travel": PLANE | change}), encoding="utf-8")
    assert [issue.field for issue in refused(folder)] == [f"travel.{field}"]


EARLY, ITS_START = "2026-10-24T23:49:59+02:00", "2026-10-25T00:00:00+02:00"
ROW_ISSUES = [
    ("orders", '"order_id": "n2"', '"order_id": "n1"', "duplicate_id", 1, "order_id"),
    ("orders", '"order_id": "n2"', '"order_id": " "', "missing_value", 1, "order_id"),
    ("orders", '"order_id": "n2", "merchant_id": "ofen"', '"order_id": "n2"', "missing_value", 1, "merchant_id"),
    ("orders", '"n3", "merchant_id": "suppe"', '"n3", "merchant_id": "x"', "unknown_merchant", 2, "merchant_id"),
    ("orders", "2026-10-24T23:50:00+02:00", "2026-10-24T23:50:00", "not_an_instant", 0, "placed_at"),
    ("orders", "2026-10-24T23:50:00+02:00", "yesterday", "not_an_instant", 0, "placed_at"),
    ("orders", '"2026-10-24T23:50:00+02:00"', "-5", "out_of_range", 0, "placed_at"),
    ("orders", '"2026-10-24T23:50:00+02:00"', "1.5", "wrong_type", 0, "placed_at"),
    ("orders", "2026-10-25T00:08:00+02:00", EARLY, "ready_before_placed", 0, "ready_at"),
    ("orders", "2026-10-25T00:35:00+02:00", EARLY, "promise_before_placed", 0, "promised_at"),
    ("orders", '"size": 3', '"size": 0', "out_of_range", 2, "size"),
    ("orders", '"size": 3', '"size": 1000001', "out_of_range", 2, "size"),
    ("orders", '"size": 3', '"priority": -1', "out_of_range", 2, "priority"),
    ("orders", '"size": 3', '"priority": 1001', "out_of_range", 2, "priority"),
    ("orders", '"size": 3', '"pickup_after_s": 86401', "out_of_range", 2, "pickup_after_s"),
    ("orders", '"size": 3', '"not_before_at": "2027-10-25T02:50:00+01:00"', "far_in_time", 2, "not_before_at"),
    ("orders", "2026-10-25T00:35:00+02:00", "9999-12-31T00:00:00Z", "far_in_time", 0, "promised_at"),
    ("shifts", "2026-10-25T04:00:00+01:00", "2062-10-25T04:00:00+01:00", "far_in_time", 1, "ends_at"),
    ("orders", '["car", "motorcycle"]', '["car", "rocket"]', "unknown_value", 2, "vehicles"),
    ("orders", '["car", "motorcycle"]', '"car"', "wrong_type", 2, "vehicles"),
    ("orders", '"EUR"', '"euro"', "unknown_value", 2, "total_currency"),
    ("orders", '"quantity": 6', '"quantity": "six"', "wrong_type", 2, "items[0].quantity"),
    ("orders", '["east"]', '["north"]', "unknown_zone", 3, "zones"),
    ("orders", "[13.556, 52.545]", "[52.545, 13.556]", "swapped_coordinates", 0, "dropoff_lat"),
    ("orders", "[13.556, 52.545]", '["13.556", 52.545]', "wrong_type", 0, "dropoff_lng"),
    ("orders", "[13.556, 52.545]", "[]", "not_a_shape", 0, "geometry"),
    ("riders", '"vehicle": "car"', '"vehicle": "van"', "unknown_value", 1, "vehicle"),
    ("riders", '"vehicle": "car"', '"vehicle": "rocket"', "unknown_value", 1, "vehicle"),
    ("riders", '"capacity": 4', '"capacity": 0', "out_of_range", 1, "capacity"),
    ("riders", '["west"]', '["north"]', "unknown_zone", 0, "zones"),
    ("shifts", '"rider_id": "bo"', '"rider_id": "cy"', "unknown_rider", 1, "rider_id"),
    ("shifts", "2026-10-25T04:00:00+01:00", ITS_START, "shift_ends_before_start", 1, "ends_at"),
    ("shifts", '"rider_id": "bo"', '"rider_id": "ada"', "overlapping_shifts", 1, "starts_at"),
    ("merchants", "[13.574, 52.536]", "[113.574, 92.536]", "not_a_place", 1, "lat"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "old", "new", "code", "feature", "field"), ROW_ISSUES)
def test_a_bad_row_is_refused(
    tmp_path: Path, table: str, old: str, new: str, code: str, feature: int, field: str
) -> None:
    folder = example("own", tmp_path)
    edit(folder / f"{table}.geojson", old, new)
    name = field if field == "geometry" else f"properties.{field}"
    assert (code, f"{table}.geojson", feature + 2, f"features[{feature}].{name}") in spots(refused(folder))


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ('"id": "east"', '"id": "west"', "zone_duplicate_id", "features[1].id"),
        (", [13.590, 52.530], [13.590, 52.550]", ", [13.590, 52.550], [13.590, 52.530]", "zone_shape", "features[1]"),
        ('"no_go"', '"forbidden"', "zone_kind", "features[2].properties.kind"),
    ],
)
def test_a_bad_zone_is_refused_with_everything_else(tmp_path: Path, old: str, new: str, code: str, field: str) -> None:
    folder = example("own", tmp_path)
    edit(folder / "zones.geojson", old, new)
    edit(folder / "orders.geojson", '"size": 3', '"size": 0')
    size, zone = refused(folder)
    assert (size.code, size.source) == ("out_of_range", "orders.geojson")
    assert (zone.code, zone.source, zone.line) == (code, "zones.geojson", int(field[len("features[")]) + 2)
    assert zone.field.startswith(field)


def test_a_line_is_that_of_the_feature_however_the_file_is_laid_out(tmp_path: Path) -> None:
    folder = example("own", tmp_path)
    path = folder / "shifts.geojson"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["features"][1]["properties"]["rider_id"] = "cy"
    before = '{"features": [\n{}, {}], "note": {"features": [1]},'
    path.write_text(before + json.dumps(content, indent=1)[1:], encoding="utf-8")
    (issue,) = (issue for issue in refused(folder) if issue.code == "unknown_rider")
    second = [line for line, text in enumerate(path.read_text("utf-8").splitlines(), start=1) if text == "  {"][1]
    assert issue.line == second


@pytest.mark.parametrize(
    ("text", "cause"),
    [("[" * 100_000, "recursion"), (f'{{"type": "FeatureCollection", "features": [{"9" * 5000}]}}', "digits")],
)
def test_json_beyond_what_can_be_read_is_refused(tmp_path: Path, text: str, cause: str) -> None:
    folder = example("own", tmp_path)
    (folder / "orders.geojson").write_text(text, encoding="utf-8")
    (issue,) = refused(folder)
    assert issue.code == "unreadable_file"
    assert cause in issue.cause


@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00", "\\ud83d\\ud83d\\ude00", "\\ude00\\ud83d"])
def test_half_a_character_is_refused(tmp_path: Path, half: str) -> None:
    folder = example("own", tmp_path)
    edit(folder / "riders.geojson", '"Ada"', '"\\ud83d\\ude00"')
    assert load_instance(folder).riders[0].name == "\N{GRINNING FACE}"
    edit(folder / "riders.geojson", '"Bo"', f'"Bo {half}"')
    assert spots(refused(folder)) == [("wrong_encoding", "riders.geojson", 3, "")]


@pytest.mark.parametrize(("old", "field"), [("13.556", "dropoff_lng"), ('"size": 3', "size")])
def test_a_number_larger_than_any_with_a_point_is_refused(tmp_path: Path, old: str, field: str) -> None:
    folder = example("own", tmp_path)
    edit(folder / "orders.geojson", old, old.rpartition(" ")[0] + "9" * 400)
    assert ("not_finite", field) in {(issue.code, issue.field.rpartition(".")[2]) for issue in refused(folder)}


def test_a_zone_with_latitude_and_longitude_exchanged_is_refused(tmp_path: Path) -> None:
    folder = example("own", tmp_path)
    path = folder / "zones.geojson"
    content = json.loads(path.read_text(encoding="utf-8"))
    ring = content["features"][1]["geometry"]["coordinates"][0]
    content["features"][1]["geometry"]["coordinates"][0] = [[latitude, longitude] for longitude, latitude in ring]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert spots(refused(folder)) == [("swapped_coordinates", "zones.geojson", 1, "features[1].geometry")]


def test_a_zone_on_another_continent_is_refused_and_an_empty_one_near_is_not(tmp_path: Path) -> None:
    folder = example("own", tmp_path)
    path = folder / "zones.geojson"
    original = path.read_text(encoding="utf-8")
    for east, issues in ((0.2, []), (60.0, [("far_from_rest", "zones.geojson", 5, "features[3].geometry")])):
        ring = [[13.6 + east + x, 52.6 + y] for x, y in ((0, 0), (0.01, 0), (0.01, 0.01), (0, 0))]
        zone = {"type": "Feature", "id": "new", "properties": {"kind": "delivery"}}
        zone["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        path.write_text(original.replace("\n]}", f",\n{json.dumps(zone)}\n]}}"), encoding="utf-8")
        if issues:
            assert spots(refused(folder)) == issues
        else:
            assert len(load_instance(folder).orders) == 4


@pytest.mark.parametrize("content", ["[]", "{}", '{"features": 3}', '"orders"'])
def test_no_feature_collection_is_refused(tmp_path: Path, content: str) -> None:
    folder = example("own", tmp_path)
    (folder / "orders.geojson").write_text(content, encoding="utf-8")
    assert spots(refused(folder)) == [("not_a_shape", "orders.geojson", None, "features")]


def test_an_unknown_property_is_named_once(tmp_path: Path) -> None:
    folder = example("own", tmp_path)
    text = (
        (folder / "orders.geojson").read_text(encoding="utf-8").replace('"promised_at"', '"colour": 1, "promised_at"')
    )
    (folder / "orders.geojson").write_text(text, encoding="utf-8")
    assert warned(folder) == {("unknown_column", "orders.geojson", None, "colour")}


@pytest.mark.parametrize(
    "name", ["instance.json", "orders.geojson", "riders.geojson", "shifts.geojson", "merchants.geojson"]
)
def test_a_missing_file_is_the_only_issue(tmp_path: Path, name: str) -> None:
    folder = example("own", tmp_path)
    (folder / name).unlink()
    (issue,) = refused(folder)
    assert issue.code == "missing_file"
    assert issue.source.partition(".")[0] == name.partition(".")[0]


Damage = Callable[[pl.DataFrame], pl.DataFrame]
PARQUET_ISSUES: list[tuple[str, Damage, str, int | None, str]] = [
    ("orders", lambda frame: frame.drop("placed_at"), "missing_column", None, "placed_at"),
    ("orders", lambda frame: frame.with_columns(placed_at=pl.lit("noon")), "not_an_instant", 2, "placed_at"),
    ("orders", lambda frame: frame.with_columns(placed_at=pl.lit(float("nan"))), "not_finite", 1, "placed_at"),
    ("orders", lambda frame: frame.with_columns(dropoff_lat=pl.lit(None)), "missing_value", 3, "dropoff_lat"),
    ("riders", lambda frame: pl.concat([frame, frame]), "duplicate_id", 3, "rider_id"),
    ("merchants", lambda frame: frame.with_columns(lat=pl.lit("north")), "wrong_type", 1, "lat"),
]


@pytest.mark.parametrize(("table", "damage", "code", "line", "field"), PARQUET_ISSUES)
def test_a_bad_parquet_row_is_refused(
    tmp_path: Path, table: str, damage: Damage, code: str, line: int | None, field: str
) -> None:
    folder = parquet_example(tmp_path)
    damage(pl.read_parquet(folder / f"{table}.parquet")).write_parquet(folder / f"{table}.parquet")
    assert (code, f"{table}.parquet", line, field) in spots(refused(folder))


def test_damaged_parquet_is_named(tmp_path: Path) -> None:
    folder = parquet_example(tmp_path)
    (folder / "riders.parquet").write_bytes(b"PAR1 and then nothing")
    assert spots(refused(folder)) == [("unreadable_file", "riders.parquet", None, "")]


def test_both_forms_of_a_table_are_ambiguous(tmp_path: Path) -> None:
    folder = parquet_example(tmp_path)
    (folder / "orders.geojson").write_bytes((EXAMPLES / "own" / "orders.geojson").read_bytes())
    assert [issue.code for issue in refused(folder)] == ["ambiguous_files"]
