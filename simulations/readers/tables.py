"""Delimited text as tables of strings with line numbers, and the checks every text format shares."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from simulations.readers.validation import Report, Where

LINE: Final = "_line"
"""The column with the 1-based line number of each row."""

_CLOCK: Final = r"^(\d{1,2}):(\d{2}):(\d{2})$"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one file: the columns wanted, as text until parsed, null where a value is empty or refused; and LINE.

    ``absent`` columns are not in the file: reported once, all null, and not reported again row by row.
    """

    source: str
    frame: pl.DataFrame
    absent: frozenset[str] = frozenset()

    def where(self, row: int, field: str = "") -> Where:
        """The spot of the 0-based ``row``."""
        return Where(self.source, int(self.frame[LINE][row]), field)

    def with_columns(self, *columns: pl.Expr) -> Table:
        """The table with more or changed columns."""
        return Table(self.source, self.frame.with_columns(*columns), self.absent)


def read_table(path: Path, wanted: Sequence[str], separator: str, report: Report) -> Table:
    """Read the ``wanted`` columns of a file with a header, plain or gzip.

    Broken lines are reported and left out; a file that cannot be read gives an empty table.
    """
    text = read_text(path, report)
    header: list[str] | None = None
    rows: list[list[str]] = []
    lines: list[int] = []
    blank: list[int] = []
    for line, cells in _csv_rows(text or "", separator, path.name, report):
        if not "".join(cells).strip() and len(cells) <= 1:
            blank.append(line)
        elif header is None:
            header = [cell.strip() for cell in cells]
        elif len(cells) != len(header):
            cause = f"the line has {len(cells)} values, the header {len(header)} names"
            report.add("broken_line", cause, Where(path.name, line))
        else:
            rows.append(cells)
            lines.append(line)
    for line in blank:
        if line < max(lines, default=0):
            report.add("blank_line", "the line is blank", Where(path.name, line))
    if header is None:
        if text is not None:
            report.add("empty_file", "the file has no header", Where(path.name))
        return Table(path.name, _frame(wanted, wanted, [], []), frozenset(wanted))
    _check_header(header, wanted, Where(path.name, 1), report)
    return Table(path.name, _frame(header, wanted, rows, lines), frozenset(wanted) - frozenset(header))


def read_text(path: Path, report: Report) -> str | None:
    """The text of a UTF-8 file, gunzipped where its name ends in .gz; None, and an issue, where it cannot be had."""
    where = Where(path.name)
    if not path.is_file():
        report.add("missing_file", f"there is no file {path.name}", where)
        return None
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        report.add("unreadable_file", f"the file cannot be read: {error}", where)
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        report.add("wrong_encoding", f"byte {data[error.start]:#04x} is not UTF-8", Where(path.name, line))
        return None
    if text.startswith("\ufeff"):
        report.add("byte_order_mark", "the file starts with a byte order mark", Where(path.name, 1))
        text = text[1:]
    if "\r\n" in text:
        report.add("windows_line_ends", "the lines end in CR LF", where)
    return text


def flag_rows(report: Report, table: Table, rows: pl.Expr, code: str, field: str, cause: str) -> None:
    """Note an issue for every row where ``rows`` is true; ``cause`` is formatted with the row's values."""
    for row in table.frame.filter(rows).iter_rows(named=True):
        report.add(code, cause.format(**row), Where(table.source, row[LINE], field))


def flag_missing(report: Report, table: Table, field: str) -> None:
    """Note every row without a value in a column that the file has."""
    if field not in table.absent:
        flag_rows(report, table, pl.col(field).is_null(), "missing_value", field, f"{field} is empty")


def parse_numbers(report: Report, table: Table, *fields: str, minimum: float | None = None) -> Table:
    """``fields`` as float64; what is no finite number, or is below ``minimum``, is reported and becomes null."""
    for field in fields:
        text, number = pl.col(field), pl.col(field).cast(pl.Float64, strict=False)
        good = number.is_finite()
        flag_missing(report, table, field)
        flag_rows(
            report, table, text.is_not_null() & number.is_null(), "not_a_number", field, f"{{{field}}} is no number"
        )
        flag_rows(report, table, ~good, "not_finite", field, f"{field} is {{{field}}}")
        if minimum is not None:
            cause = f"{field} is {{{field}}}; it must be at least {minimum:g}"
            flag_rows(report, table, good & (number < minimum), "out_of_range", field, cause)
            good &= number >= minimum
        table = table.with_columns(pl.when(good).then(number).alias(field))
    return table


def parse_clock(report: Report, table: Table, *fields: str) -> Table:
    """Times of day HH:MM:SS as int64 seconds since midnight in new columns ``field`` + "_s"; null where refused."""
    for field in fields:
        text = pl.col(field)
        hour, minute, second = (text.str.extract(_CLOCK, group).cast(pl.Int64) for group in (1, 2, 3))
        good = (hour < 24) & (minute < 60) & (second < 60)
        flag_missing(report, table, field)
        bad = text.is_not_null() & ~good.fill_null(False)
        flag_rows(report, table, bad, "not_a_time", field, f"{{{field}}} is no time of day")
        table = table.with_columns(pl.when(good).then(hour * 3600 + minute * 60 + second).alias(field + "_s"))
    return table


def check_ids(report: Report, table: Table, field: str, *, unique: bool = True) -> None:
    """Note empty ids and, where they must be ``unique``, every copy after the first."""
    flag_missing(report, table, field)
    if not unique:
        return
    first = pl.col(LINE).first().over(field)
    copies = Table(table.source, table.frame.with_columns(first.alias("_first")).filter(pl.col(field).is_not_null()))
    cause = f"{field} {{{field}}} stands in line {{_first}} already"
    flag_rows(report, copies, pl.col(LINE) > pl.col("_first"), "duplicate_id", field, cause)


def _csv_rows(text: str, separator: str, source: str, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Line number and values of each line; what is no delimited text is reported and skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            report.add("broken_line", f"the line cannot be split into values: {error}", Where(source, reader.line_num))
            continue
        yield reader.line_num, cells


def _check_header(header: Sequence[str], wanted: Sequence[str], where: Where, report: Report) -> None:
    for name in wanted:
        if name not in header:
            cause = f"there is no column {name}; there are {', '.join(header)}"
            report.add("missing_column", cause, where._replace(field=name))
        elif header.count(name) > 1:
            report.add("repeated_column", f"there are {header.count(name)} columns {name}", where._replace(field=name))


def _frame(
    header: Sequence[str], wanted: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int]
) -> pl.DataFrame:
    """The wanted columns as stripped text, empty text as null; a column that is missing is all null."""
    by_name = dict(zip(header, zip(*rows, strict=True), strict=False)) if rows else {}
    columns = [pl.Series(LINE, lines, pl.Int64)]
    columns += [pl.Series(name, by_name.get(name, [None] * len(rows)), pl.String) for name in wanted]
    text = pl.col(*wanted).str.strip_chars()
    return pl.DataFrame(columns).with_columns(pl.when(text != "").then(text).name.keep())
