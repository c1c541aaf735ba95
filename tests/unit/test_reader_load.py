"""Which reader a folder is given to, and thinning."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.errors import InvalidInputError
from simulations.readers import load_instance
from tests.support.instance_files import EXAMPLES, edit, example, refused


@pytest.mark.parametrize(
    ("name", "orders", "riders", "shifts"), [("grubhub", 5, 2, 2), ("colombia", 6, 4, 5), ("own", 4, 2, 2)]
)
def test_the_examples_load(name: str, orders: int, riders: int, shifts: int) -> None:
    instance = load_instance(EXAMPLES / name)
    assert (len(instance.orders), len(instance.riders), len(instance.shifts)) == (orders, riders, shifts)
    assert [order.id for order in instance.orders] == [
        order.id for order in sorted(instance.orders, key=lambda order: (order.placed_at, order.id))
    ]
    assert list(instance.riders) == sorted(instance.riders, key=lambda rider: rider.id)
    assert list(instance.merchants) == sorted(instance.merchants, key=lambda merchant: merchant.id)
    assert list(instance.shifts) == sorted(instance.shifts, key=lambda shift: (shift.starts_at, shift.id))
    assert {order.merchant_id for order in instance.orders} <= {merchant.id for merchant in instance.merchants}
    assert {shift.rider_id for shift in instance.shifts} <= {rider.id for rider in instance.riders}


def test_a_folder_of_nothing_says_what_was_looked_for(tmp_path: Path) -> None:
    (issue,) = refused(tmp_path)
    assert issue.code == "unknown_format"
    for name in ("orders.txt", "orders.csv", "orders.csv.gz", "instance.json", "orders.parquet", "orders.geojson"):
        assert name in issue.cause


def test_no_folder_is_said(tmp_path: Path) -> None:
    assert [issue.code for issue in refused(tmp_path / "nowhere")] == ["missing_folder"]
    (tmp_path / "day.zip").write_text("", encoding="utf-8")
    assert [(issue.code, issue.cause) for issue in refused(tmp_path / "day.zip")] == [
        ("missing_folder", "this is a file")
    ]


def test_two_formats_in_one_folder_are_refused(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    (folder / "instance.json").write_text("{}", encoding="utf-8")
    (issue,) = refused(folder)
    assert issue.code == "ambiguous_files"
    assert "instance.json" in issue.cause
    assert "restaurants.txt" in issue.cause


def test_thin_keeps_multiples_and_their_shifts() -> None:
    instance = load_instance(EXAMPLES / "colombia", thin=2)
    assert [rider.id for rider in instance.riders] == ["2", "8"]
    assert {shift.rider_id for shift in instance.shifts} == {"2", "8"}
    assert instance.orders == load_instance(EXAMPLES / "colombia").orders


def test_thin_reads_the_number_in_an_id() -> None:
    assert [rider.id for rider in load_instance(EXAMPLES / "grubhub", thin=2).riders] == ["c2"]


def test_thin_needs_numbers() -> None:
    with pytest.raises(InvalidInputError, match="2 issues") as caught:
        load_instance(EXAMPLES / "own", thin=2)
    assert {issue.code for issue in caught.value.issues} == {"no_number_in_id"}
    assert "rider ada has no number" in str(caught.value)


@pytest.mark.parametrize("thin", [0, -1])
def test_thin_must_be_positive(thin: int) -> None:
    with pytest.raises(ValueError, match="thin must be at least 1"):
        load_instance(EXAMPLES / "grubhub", thin=thin)


@pytest.mark.parametrize("name", ["grubhub", "colombia"])
def test_no_orders_and_no_riders_load(tmp_path: Path, name: str) -> None:
    folder = example(name, tmp_path)
    for path in folder.iterdir():
        if path.name != "instance_parameters.txt":
            path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    instance = load_instance(folder)
    assert (instance.orders, instance.riders, instance.shifts, instance.merchants) == ((), (), (), ())
    assert instance.starts_at == 0
    assert load_instance(folder, thin=3).riders == ()


def test_the_name_is_that_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = example("grubhub", tmp_path)
    monkeypatch.chdir(folder)
    assert load_instance(Path()).name == "grubhub"


def test_a_warning_does_not_refuse(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "restaurants.txt", "r3\t3300\t600", "r3\t3300\t600\nr4\t1\t1")
    instance = load_instance(folder)
    assert [issue.code for issue in instance.warnings] == ["merchant_without_orders"]
    assert "r4" in {merchant.id for merchant in instance.merchants}
