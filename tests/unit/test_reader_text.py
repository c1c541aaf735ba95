"""What every delimited file can have wrong with it, whatever it is about."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dispatch.errors import InvalidInputError
from simulations.readers import load_instance
from tests.support.instance_files import edit, example, refused, spots, warned


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ("o3\t600\t3300\t12\tr2\t24", "o3\t600\t3300\t12\tr2", "broken_line", ""),
        ("o3\t600\t3300\t12\tr2\t24", "o3\t600\t3300\t12\tr2\t24\t7", "broken_line", ""),
        ("o3\t600", "o3\tsix hundred", "not_a_number", "x"),
        ("o3\t600", "o3\t0x258", "not_a_number", "x"),
        ("o3\t600", "o3\tnan", "not_finite", "x"),
        ("o3\t600", "o3\t-inf", "not_finite", "x"),
        ("o3\t600", "o3\t1e300", "out_of_range", "x"),
        ("o3\t600", "o3\t", "missing_value", "x"),
        ("3300\t12\tr2", "3300\t-12\tr2", "out_of_range", "placement_time"),
        ("3300\t12\tr2", "3300\t12.3333\tr2", "not_whole_seconds", "placement_time"),
        ("3300\t12\tr2", "3300\t1e12\tr2", "out_of_range", "placement_time"),
        ("3300\t12\tr2\t24", "3300\t25\tr2\t24", "ready_before_placed", "ready_time"),
        ("3300\t12\tr2", "3300\t12\tr9", "unknown_merchant", "restaurant"),
        ("3300\t12\tr2", "3300\t12\t", "missing_value", "restaurant"),
        ("o3\t600", "o1\t600", "duplicate_id", "order"),
        ("o3\t600", "\t600", "missing_value", "order"),
        ("o3\t600", '"o3\t600', "broken_line", ""),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, old: str, new: str, code: str, field: str) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "orders.txt", old, new)
    issues = refused(folder)
    assert [(issue.code, issue.source, issue.field) for issue in issues] == [(code, "orders.txt", field)]
    assert issues[0].line == (4 if '"' not in new else 6)  # an open quote swallows the rest of the file
    assert issues[0].cause
    assert issues[0].action


def test_a_duplicate_names_the_first_line(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "orders.txt", "o5\t", "o2\t")
    (issue,) = refused(folder)
    assert issue.line == 6
    assert issue.cause == "order o2 stands in line 3 already"


def test_all_issues_of_all_files_come_together(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "orders.txt", "o1\t2400", "o1\tx")
    edit(folder / "orders.txt", "o5\t1200\t2700\t31", "o5\t1200\t2700\tlate")
    edit(folder / "couriers.txt", "c2\t2100\t2100\t10\t90", "c1\t2100\t2100\t90\t10")
    edit(folder / "restaurants.txt", "r3\t3300\t600", "r3\t3300")
    edit(folder / "instance_parameters.txt", "300\t4", "0\t4")
    assert spots(refused(folder)) == [
        ("duplicate_id", "couriers.txt", 3, "courier"),
        ("shift_ends_before_start", "couriers.txt", 3, "off_time"),
        ("out_of_range", "instance_parameters.txt", 2, "meters_per_minute"),
        ("not_a_number", "orders.txt", 2, "x"),
        ("unknown_merchant", "orders.txt", 5, "restaurant"),
        ("not_a_number", "orders.txt", 6, "placement_time"),
        ("broken_line", "restaurants.txt", 4, ""),
    ]


def test_the_error_lists_every_issue_for_people(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "orders.txt", "o1\t2400", "o1\tx")
    edit(folder / "orders.txt", "o2\t2700", "o2\ty")
    with pytest.raises(InvalidInputError, match=r"2 issues, nothing was loaded") as caught:
        load_instance(folder)
    assert "orders.txt:2 [x]: x is no number (not_a_number). Write a plain decimal number" in str(caught.value)


@pytest.mark.parametrize("name", ["orders.txt", "couriers.txt", "restaurants.txt", "instance_parameters.txt"])
def test_a_missing_file_is_the_only_issue(tmp_path: Path, name: str) -> None:
    folder = example("grubhub", tmp_path)
    (folder / name).unlink()
    assert spots(refused(folder)) == [("missing_file", name, None, "")]


@pytest.mark.parametrize("content", ["", "\n\n  \n"])
def test_an_empty_file_is_the_only_issue(tmp_path: Path, content: str) -> None:
    folder = example("grubhub", tmp_path)
    (folder / "restaurants.txt").write_text(content, encoding="utf-8")
    assert spots(refused(folder)) == [("empty_file", "restaurants.txt", None, "")]


def test_a_missing_column_is_reported_once(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "orders.txt", "ready_time", "ready")
    (issue,) = refused(folder)
    assert (issue.code, issue.line, issue.field) == ("missing_column", 1, "ready_time")
    assert "order, x, y, placement_time, restaurant, ready" in issue.cause


def test_a_repeated_column_is_refused(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "restaurants.txt", "restaurant\tx\ty", "restaurant\tx\tx")
    assert {issue.code for issue in refused(folder)} == {"repeated_column", "missing_column"}


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    before = load_instance(folder)
    rows = [line.split("\t") for line in (folder / "restaurants.txt").read_text(encoding="utf-8").splitlines()]
    text = "\n".join("\t".join(("more", *reversed(row))) for row in rows)
    (folder / "restaurants.txt").write_text(text, encoding="utf-8")
    assert load_instance(folder) == before


def test_wrong_encoding_names_the_line(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    content = (folder / "couriers.csv").read_bytes().replace(b"2,bicycle", b"2,bicicl\xe9ta")
    (folder / "couriers.csv").write_bytes(content)
    (issue,) = refused(folder)
    assert (issue.code, issue.source, issue.line) == ("wrong_encoding", "couriers.csv", 4)
    assert "0xe9" in issue.cause


def test_utf_16_is_no_utf_8(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    text = (folder / "orders.csv").read_text(encoding="utf-8")
    (folder / "orders.csv").write_bytes(text.encode("utf-16"))
    assert spots(refused(folder)) == [("wrong_encoding", "orders.csv", 1, "")]


def test_byte_order_mark_windows_lines_and_blank_lines_are_let_in(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    before = load_instance(folder)
    text = (folder / "orders.txt").read_text(encoding="utf-8").replace("o3", "\n \no3") + "\n\n"
    (folder / "orders.txt").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    after = load_instance(folder)
    assert after.orders == before.orders
    assert warned(folder) == {
        ("byte_order_mark", "orders.txt", 1, ""),
        ("windows_line_ends", "orders.txt", None, ""),
        ("blank_line", "orders.txt", 4, ""),
        ("blank_line", "orders.txt", 5, ""),
    }


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "orders.txt", "o3\t600", "\n\no3\tx")
    assert spots(refused(folder)) == [("not_a_number", "orders.txt", 6, "x")]


def test_gzip_reads_as_plain(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    plain = load_instance(folder)
    for name in ("orders.csv", "couriers.csv"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    packed = load_instance(folder)
    assert (packed.orders, packed.riders, packed.shifts) == (plain.orders, plain.riders, plain.shifts)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"no gzip at all", id="something else"),
        # Without a time in it, and under a name of its own: tests must be called the same in every process.
        pytest.param(gzip.compress(b"order_id\n" * 999, mtime=0)[:-9], id="cut short"),
    ],
)
def test_damaged_gzip_is_named(tmp_path: Path, content: bytes) -> None:
    folder = example("colombia", tmp_path)
    (folder / "orders.csv").unlink()
    (folder / "orders.csv.gz").write_bytes(content)
    assert spots(refused(folder)) == [("unreadable_file", "orders.csv.gz", None, "")]


def test_plain_and_gzip_together_are_ambiguous(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    (folder / "orders.csv.gz").write_bytes(gzip.compress((folder / "orders.csv").read_bytes()))
    assert spots(refused(folder)) == [("ambiguous_files", "orders.csv", None, "")]


def test_quoted_values_are_read(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    before = load_instance(folder)
    edit(folder / "couriers.csv", "3,walking,5.5410", '"3","walking", 5.5410 ')
    assert load_instance(folder) == before


def test_a_control_character_does_not_end_a_line(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "orders.txt", "o3\t600", "o\x853\tx")
    assert spots(refused(folder)) == [("not_a_number", "orders.txt", 4, "x")]
