"""The solution files of the Grubhub problem, from a log of events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.model.events import OfferAccepted, OfferId, OrderAssigned, OrderDelivered, OrderPickedUp
from dispatch.model.order import Order, OrderId
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from simulations.instance import Instance
from simulations.readers import load_instance
from simulations.readers.grubhub_solution import write_solution
from tests.support.instance_files import EXAMPLES
from tests.support.shared_data import MdrpCheck
from tests.support.solution_log import Happening, leg, one_by_one, recorded

C1, C2 = RiderId("c1"), RiderId("c2")
FILES = ("assignments", "orders", "couriers")


@pytest.fixture
def instance() -> Instance:
    return load_instance(EXAMPLES / "grubhub")


def order_of(instance: Instance, order_id: str) -> Order:
    return next(order for order in instance.orders if order.id == order_id)


def end(order: Order) -> Place:
    assert order.dropoff is not None
    return order.dropoff


def written(folder: Path, instance: Instance, happenings: Iterable[Happening]) -> dict[str, list[str]]:
    """The lines of each file, without the header."""
    write_solution(folder, instance, recorded(instance, happenings))
    return {name: (folder / f"solution_info_{name}.txt").read_text().splitlines()[1:] for name in FILES}


def assigned(minute: int, order_id: str, rider_id: RiderId) -> Happening:
    return minute * 60, OrderAssigned(order_id=OrderId(order_id), rider_id=rider_id, forced=False)


def picked_up(minute: int, order_id: str, rider_id: RiderId) -> Happening:
    return minute * 60, OrderPickedUp(order_id=OrderId(order_id), rider_id=rider_id)


def delivered(minute: int, order_id: str, rider_id: RiderId) -> Happening:
    return minute * 60, OrderDelivered(order_id=OrderId(order_id), rider_id=rider_id)


def bundle(instance: Instance) -> list[Happening]:
    """c1 carries o1 and o2 together, o2 first."""
    o1, o2 = order_of(instance, "o1"), order_of(instance, "o2")
    start = instance.shifts[0].start
    return [
        assigned(6, "o1", C1),
        (8 * 60, OfferAccepted(offer_id=OfferId("x"), order_ids=(o1.id, o2.id), rider_id=C1)),
        leg(9 * 60, C1, start, o1.pickup, 11 * 60),
        picked_up(20, "o1", C1),
        picked_up(20, "o2", C1),
        leg(22 * 60, C1, o2.pickup, end(o2), 27 * 60),
        delivered(29, "o2", C1),
        leg(31 * 60, C1, end(o2), end(o1), 33 * 60),
        delivered(35, "o1", C1),
    ]


def test_a_bundle_is_one_line_in_drop_off_sequence(tmp_path: Path, instance: Instance) -> None:
    assert written(tmp_path, instance, bundle(instance)) == {
        "assignments": ["8 20 c1 o2 o1"],
        "orders": ["o2 7 20 20 29 c1", "o1 5 18 20 35 c1"],
        "couriers": ["c1 9 0 r1", "c1 22 r1 o2", "c1 31 o2 o1"],
    }


def test_orders_collected_one_after_the_other_at_a_stop_are_one_bundle(tmp_path: Path, instance: Instance) -> None:
    log = [happening for happening in bundle(instance) if happening != picked_up(20, "o1", C1)]
    files = written(tmp_path, instance, [*log, picked_up(18, "o1", C1)])
    assert files["assignments"] == ["8 20 c1 o2 o1"]
    assert files["orders"][1] == "o1 5 18 20 35 c1"


def test_the_last_assignment_to_the_carrier_counts(tmp_path: Path, instance: Instance) -> None:
    log = [*bundle(instance), assigned(7, "o2", C2), assigned(12, "o1", C1), assigned(10, "o2", C1)]
    assert written(tmp_path, instance, log)["assignments"] == ["12 20 c1 o2 o1"]


def test_waiting_at_a_merchant_without_a_task_is_a_move_there(tmp_path: Path, instance: Instance) -> None:
    o3, o4 = order_of(instance, "o3"), order_of(instance, "o4")
    log = [
        leg(10 * 60, C2, instance.shifts[1].start, o4.pickup, 18 * 60),
        leg(20 * 60, C2, o4.pickup, o3.pickup, 31 * 60),
        assigned(32, "o3", C2),
        picked_up(33, "o3", C2),
        leg(35 * 60, C2, o3.pickup, end(o3), 39 * 60),
        delivered(41, "o3", C2),
        leg(43 * 60, C2, end(o3), o4.pickup, 60 * 60),
    ]
    assert written(tmp_path, instance, log) == {
        "assignments": ["32 33 c2 o3"],
        "orders": ["o3 12 24 33 41 c2"],
        "couriers": ["c2 10 0 r3", "c2 20 r3 r2", "c2 35 r2 o3", "c2 43 o3 r3"],
    }


def test_an_unfinished_bundle_shows_what_was_collected(tmp_path: Path, instance: Instance) -> None:
    files = written(tmp_path, instance, bundle(instance)[:-1])
    assert files == {
        "assignments": ["8 20 c1 o2 o1"],
        "orders": ["o2 7 20 20 29 c1"],
        "couriers": ["c1 9 0 r1", "c1 22 r1 o2"],
    }


def test_things_at_one_place_keep_their_names(tmp_path: Path, instance: Instance) -> None:
    # o1 goes to the house above the restaurant r1, and r2 has moved in next door.
    r1 = order_of(instance, "o1").pickup
    orders = tuple(
        replace(order, dropoff=r1) if order.id == "o1" else replace(order, pickup=r1) if order.id == "o3" else order
        for order in instance.orders
    )
    merchants = tuple(
        replace(merchant, place=r1) if merchant.id == "r2" else merchant for merchant in instance.merchants
    )
    crowded = replace(instance, orders=orders, merchants=merchants)
    log = [
        assigned(6, "o1", C1),
        leg(6 * 60, C1, instance.shifts[0].start, r1, 8 * 60),
        picked_up(18, "o1", C1),
        delivered(22, "o1", C1),
        assigned(22, "o3", C1),
        picked_up(26, "o3", C1),
        leg(28 * 60, C1, r1, end(order_of(instance, "o3")), 36 * 60),
        delivered(38, "o3", C1),
    ]
    assert written(tmp_path, crowded, log)["couriers"] == ["c1 6 0 r1", "c1 20 r1 o1", "c1 24 o1 r2", "c1 28 r2 o3"]


def test_seconds_within_a_minute_are_kept(tmp_path: Path, instance: Instance) -> None:
    log = [(at + 15 if isinstance(event, OrderDelivered) else at, event) for at, event in bundle(instance)]
    assert written(tmp_path, instance, log)["orders"] == ["o2 7 20 20 29.25 c1", "o1 5 18 20 35.25 c1"]


def test_nothing_happened(tmp_path: Path, instance: Instance) -> None:
    assert written(tmp_path / "new" / "folder", instance, []) == {name: [] for name in FILES}


def test_a_stop_that_no_leg_leads_to_is_refused(tmp_path: Path, instance: Instance) -> None:
    log = bundle(instance)
    with pytest.raises(ValueError, match="no leg that leads from 0 to r1"):
        written(tmp_path, instance, [*log[:2], *log[3:]])
    with pytest.raises(ValueError, match="no leg that leads from o2 to o1"):
        written(tmp_path, instance, [*log[:-2], log[-1]])
    assert list(tmp_path.iterdir()) == []


def test_the_judge_finds_the_examples_feasible(tmp_path: Path, instance: Instance, mdrp_check: MdrpCheck) -> None:
    for name, log in (("bundle", bundle(instance)), ("alone", one_by_one(instance))):
        written(tmp_path / name, instance, log)
        report = mdrp_check(EXAMPLES / "grubhub", tmp_path / name)
        assert report["first"] == []
        assert report["feasible"] is True
    assert report["undelivered"] == 0


@pytest.mark.parametrize("name", ["0o100t100s1p100", "5r50t75s2p125"])
def test_the_judge_finds_a_whole_day_feasible(
    tmp_path: Path, grubhub_dir: Path, mdrp_check: MdrpCheck, name: str
) -> None:
    day = load_instance(grubhub_dir / name)
    log = one_by_one(day)
    written(tmp_path, day, log)
    report = mdrp_check(grubhub_dir / name, tmp_path)
    done = sum(isinstance(event, OrderDelivered) for _, event in log)
    assert report["first"] == []
    assert report["orders"] == len(day.orders)
    assert report["undelivered"] == len(day.orders) - done
    assert done > len(day.orders) // 2
