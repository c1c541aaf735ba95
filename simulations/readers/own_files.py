"""Tables of the own format as files: Parquet with epoch seconds, or GeoJSON with RFC 3339 times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from simulations.readers.json_files import read_json
from simulations.readers.own_rows import Values
from simulations.readers.own_schema import INSTANTS, POINTS, REQUIRED, SCHEMAS
from simulations.readers.row import Row
from simulations.readers.validation import Report, Where

SUFFIXES: Final = (".parquet", ".geojson")


class Rows(NamedTuple):
    """The rows of one table. ``complete`` is False where the file could not be read: nothing can be looked up in it."""

    rows: tuple[Row, ...]
    complete: bool


def read_rows(folder: Path, table: str, report: Report) -> Rows:
    """Read ``table`` from whichever file the folder holds; issues where there is none, or both."""
    found = [folder / f"{table}{suffix}" for suffix in SUFFIXES if (folder / f"{table}{suffix}").exists()]
    if len(found) > 1:
        report.add("ambiguous_files", f"there are {' and '.join(path.name for path in found)}", Where(found[0].name))
    if not found:
        names = " nor ".join(f"{table}{suffix}" for suffix in SUFFIXES)
        report.add("missing_file", f"there is neither {names}", Where(f"{table}{SUFFIXES[0]}"))
        return Rows((), complete=False)
    if found[0].suffix == ".parquet":
        return _read_parquet(found[0], table, report)
    features = read_features(found[0], report)
    if features is None:
        return Rows((), complete=False)
    _note_unknown(found[0].name, table, {name for feature in features for name in feature.properties}, report)
    return Rows(tuple(_flat(feature, table, report) for feature in features), complete=True)


def _read_parquet(path: Path, table: str, report: Report) -> Rows:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        report.add("unreadable_file", f"the file is no Parquet: {error}", Where(path.name))
        return Rows((), complete=False)
    _note_unknown(path.name, table, frame.columns, report)
    missing = [name for name in REQUIRED[table] if name not in frame.columns]
    for name in missing:
        report.add("missing_column", f"there is no column {name}", Where(path.name, field=name))
    if missing:
        return Rows((), complete=False)
    values = enumerate(frame.iter_rows(named=True), start=1)
    return Rows(tuple(Row(row, Where(path.name, line), report) for line, row in values), complete=True)


def _note_unknown(source: str, table: str, names: Iterable[str], report: Report) -> None:
    for name in sorted(set(names) - set(SCHEMAS[table])):
        report.add("unknown_column", f"{name} is no column of {table}", Where(source, field=name))


class Feature(NamedTuple):
    """One GeoJSON feature; ``geometry`` is None where it has none."""

    where: Where
    geometry: Mapping[str, object] | None
    properties: Mapping[str, object]


def read_features(path: Path, report: Report) -> list[Feature] | None:
    """The features of a GeoJSON file; None, and an issue, where it holds no feature collection."""
    document = read_json(path, report)
    if document is None:
        return None
    features = document.content.get("features") if isinstance(document.content, dict) else None
    if not isinstance(features, list):
        report.add("not_a_shape", "the file is no FeatureCollection", Where(path.name, field="features"))
        return None
    spots = (Where(path.name, line, f"features[{i}]") for i, line in enumerate(document.feature_lines()))
    read = (_feature(feature, where, report) for feature, where in zip(features, spots, strict=True))
    return [feature for feature in read if feature is not None]


def _feature(content: object, where: Where, report: Report) -> Feature | None:
    if not isinstance(content, dict):
        report.add("wrong_type", "the feature is no record", where)
        return None
    geometry, properties = content.get("geometry"), content.get("properties") or {}
    if not isinstance(properties, dict) or not isinstance(geometry, dict | None):
        report.add("wrong_type", "geometry or properties of the feature are no record", where)
        return None
    return Feature(where, geometry, properties)


def _flat(feature: Feature, table: str, report: Report) -> Row:
    """The feature as a row of the table: its properties, and the degrees of its geometry."""
    values = dict(feature.properties)
    row = Row(values, feature.where._replace(field=f"{feature.where.field}.properties."), report)
    if feature.geometry is None or not POINTS[table]:
        return row
    points = _positions(feature.geometry)
    if points is None or len(points) > len(POINTS[table]):
        cause = "the geometry is no Point" + (" or LineString of two points" if len(POINTS[table]) > 1 else "")
        report.add("not_a_shape", cause, feature.where._replace(field=f"{feature.where.field}.geometry"))
        return row
    names = POINTS[table]
    if len(points) < len(names) and values.get("fulfilment") != "store_pickup":
        names = names[1:]
    for (latitude, longitude), point in zip(names, points, strict=False):
        values[longitude], values[latitude] = point[0], point[1]
    return row


def _positions(geometry: Mapping[str, object]) -> Sequence[Sequence[object]] | None:
    """The positions of a Point or LineString, longitude first; None for anything else."""
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    points = [coordinates] if kind == "Point" else coordinates
    if kind not in ("Point", "LineString") or not isinstance(points, list):
        return None
    return points if all(isinstance(point, list) and len(point) in (2, 3) for point in points) else None


def write_parquet(folder: Path, table: str, rows: Iterable[Values]) -> None:
    """Write ``table``.parquet."""
    pl.DataFrame(list(rows), schema=dict(SCHEMAS[table])).write_parquet(folder / f"{table}.parquet")


def write_geojson(folder: Path, table: str, rows: Iterable[Values], timezone: str) -> None:
    """Write ``table``.geojson, one feature a line, times with the offset of ``timezone``, without empty values."""
    zone = ZoneInfo(timezone)
    lines = ",\n".join(json.dumps(_to_feature(table, row, zone), ensure_ascii=False, allow_nan=False) for row in rows)
    text = f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'
    (folder / f"{table}.geojson").write_text(text, encoding="utf-8", newline="\n")


def _to_feature(table: str, row: Values, zone: ZoneInfo) -> dict[str, object]:
    placed = [[row[longitude], row[latitude]] for latitude, longitude in POINTS[table] if row[latitude] is not None]
    degrees = {name for pair in POINTS[table] for name in pair}
    properties = {
        name: datetime.fromtimestamp(value, zone).isoformat() if name in INSTANTS and isinstance(value, int) else value
        for name, value in row.items()
        if value is not None and name not in degrees
    }
    return {"type": "Feature", "geometry": _geometry(placed), "properties": properties}


def _geometry(points: Sequence[Sequence[object]]) -> dict[str, object] | None:
    if len(points) < 2:
        return {"type": "Point", "coordinates": points[0]} if points else None
    return {"type": "LineString", "coordinates": points}
