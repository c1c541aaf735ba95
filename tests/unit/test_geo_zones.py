"""Which zones a place lies in."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from shapely import Polygon

from dispatch.geo.zones import Zone, ZoneIndex, ZoneKind
from tests.support.places import places
from tests.support.zones import square, zone

NO_GO = ZoneKind.NO_GO


def inside(index: ZoneIndex, latitude: float, longitude: float) -> list[bool]:
    return [bool(flag) for flag in index.contains(places((latitude, longitude)))[0]]


def test_inside_outside_and_on_the_border() -> None:
    index = ZoneIndex([zone()])
    points = places((0.5, 0.5), (1.5, 0.5), (0.5, -0.1), (0.0, 0.3), (1.0, 1.0), (1.0 + 1e-8, 1.0))
    assert index.contains(points)[:, 0].tolist() == [True, False, False, True, True, False]


def test_latitude_is_not_longitude() -> None:
    index = ZoneIndex([zone("tall", Polygon([(0, 0), (1, 0), (1, 30), (0, 30)]))])
    assert index.contains(places((20.0, 0.5), (0.5, 20.0)))[:, 0].tolist() == [True, False]


def test_a_hole_is_outside_but_its_border_is_not() -> None:
    index = ZoneIndex([zone("ring", Polygon(square(0, 0, 4), [square(1, 1, 2)]))])
    points = places((0.5, 0.5), (2.0, 2.0), (1.0, 2.0), (3.5, 2.0))
    assert index.contains(points)[:, 0].tolist() == [True, False, True, True]


def test_several_polygons_and_overlapping_zones() -> None:
    index = ZoneIndex(
        [zone("two", Polygon(square(0, 0)), Polygon(square(5, 5))), zone("big", Polygon(square(0, 0, 10)))]
    )
    assert index.ids == ("two", "big")
    assert inside(index, 0.5, 0.5) == [True, True]
    assert inside(index, 5.5, 5.5) == [True, True]
    assert inside(index, 3.0, 3.0) == [False, True]
    assert index.zone_mask(places((0.5, 0.5), (3.0, 3.0), (20.0, 0.0))).tolist() == [0b11, 0b10, 0]


@pytest.mark.parametrize(
    "ring",
    [
        [(179, 0), (-179, 0), (-179, 1), (179, 1)],
        [(179, 0), (181, 0), (181, 1), (179, 1)],
        [(-181, 0), (-179, 0), (-179, 1), (-181, 1)],
        [(-179, 1), (179, 1), (179, 0), (-179, 0)],
        [(539, 0), (541, 0), (541, 1), (539, 1)],
    ],
)
def test_a_zone_across_the_180th_meridian(ring: list[tuple[float, float]]) -> None:
    index = ZoneIndex([zone("fiji", Polygon(ring))])
    for longitude in (179.0, 179.5, 180.0, -180.0, -179.5, -179.0):
        assert inside(index, 0.5, longitude) == [True], longitude
    for longitude in (178.9, -178.9, 0.0, 90.0, -90.0):
        assert inside(index, 0.5, longitude) == [False], longitude


def test_a_hole_across_the_180th_meridian() -> None:
    shell = [(170, -10), (-170, -10), (-170, 10), (170, 10)]
    for hole in ([(179, -1), (-179, -1), (-179, 1), (179, 1)], [(-181, -1), (-179, -1), (-179, 1), (-181, 1)]):
        index = ZoneIndex([zone("atoll", Polygon(shell, [hole]))])
        assert [inside(index, 0.0, lng)[0] for lng in (178, 179.5, 180, -180, -179.5, -178)] == [
            True,
            False,
            False,
            False,
            False,
            True,
        ]


def test_a_zone_that_ends_at_the_180th_meridian_holds_both_its_names() -> None:
    east, west = zone("east", Polygon(square(179, 0))), zone("west", Polygon(square(-180, 0)))
    index = ZoneIndex([east, west])
    assert inside(index, 0.5, 180.0) == [True, True]
    assert inside(index, 0.5, -180.0) == [True, True]
    assert inside(index, 0.5, 179.5) == [True, False]
    assert inside(index, 0.5, -179.5) == [False, True]


def test_a_border_given_in_either_style_is_exact() -> None:
    index = ZoneIndex([zone("fiji", Polygon([(179.3, 0.1), (180.7, 0.1), (180.7, 0.9), (179.3, 0.9)]))])
    assert inside(index, 0.5, -179.3) == [True]
    assert inside(index, 0.5, 179.3) == [True]
    assert inside(index, 0.9, -179.3) == [True]
    assert inside(index, 0.5, -179.2999999) == [False]


def test_delivery_and_no_go() -> None:
    index = ZoneIndex([zone("town", Polygon(square(0, 0, 4))), zone("base", Polygon(square(3, 3, 4)), kind=NO_GO)])
    points = places((1.0, 1.0), (3.5, 3.5), (6.0, 6.0), (9.0, 9.0))
    assert index.outside_delivery(points).tolist() == [False, False, True, True]
    assert index.in_no_go(points).tolist() == [False, True, True, False]


def test_without_delivery_zones_nothing_is_outside() -> None:
    points = places((1.0, 1.0), (50.0, 50.0))
    assert ZoneIndex([]).outside_delivery(points).tolist() == [False, False]
    assert ZoneIndex([zone(kind=NO_GO)]).outside_delivery(points).tolist() == [False, False]
    assert ZoneIndex([]).in_no_go(points).tolist() == [False, False]
    assert ZoneIndex([zone()]).in_no_go(points).tolist() == [False, False]


def test_shapes_of_nothing() -> None:
    none = np.empty((0, 2))
    assert ZoneIndex([]).contains(places((0.0, 0.0))).shape == (1, 0)
    assert ZoneIndex([zone()]).contains(none).shape == (0, 1)
    assert ZoneIndex([]).zone_mask(places((0.0, 0.0))).tolist() == [0]


def test_a_mask_holds_62_zones() -> None:
    many = [zone(f"z{number}") for number in range(62)]
    assert ZoneIndex(many).zone_mask(places((0.5, 0.5), (5.0, 5.0))).tolist() == [2**62 - 1, 0]
    with pytest.raises(ValueError, match="a mask holds 62 zones, but there are 63"):
        ZoneIndex([*many, zone("more")]).zone_mask(places((0.5, 0.5)))


def test_zones_are_values() -> None:
    clockwise = zone("z", Polygon(square(0, 0)[::-1]))
    assert clockwise.polygons[0].exterior.is_ccw
    assert zone() == zone()
    assert zone() != zone("z", Polygon(square(0, 1)))
    assert pickle.loads(pickle.dumps(zone())) == zone()
    assert Zone("z", ZoneKind.DELIVERY, "Z", zone().polygons) == zone()


@pytest.mark.parametrize(
    ("polygon", "flaw"),
    [
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "Self-intersection"),
        (Polygon([(0, 0), (1, 1), (2, 2)]), "Too few points|no area|Self-intersection"),
        (Polygon(square(0, 0), [square(5, 5)]), "Hole lies outside shell"),
        (Polygon(), "it is empty"),
        (Polygon([(0, 0), (math.inf, 0), (1, 1)]), "not finite"),
        (Polygon([(0, 89), (1, 91), (2, 89)]), "a latitude outside -90..90"),
        (Polygon([(0, 80), (120, 80), (-120, 80)]), "goes round a pole"),
    ],
)
def test_refuses_a_polygon_that_is_no_area(polygon: Polygon, flaw: str) -> None:
    with pytest.raises(ValueError, match=rf"polygon 0 of zone bad is not valid: .*({flaw})"):
        zone("bad", polygon)


def test_refuses_misuse() -> None:
    with pytest.raises(ValueError, match="a zone needs an id"):
        zone("")
    with pytest.raises(ValueError, match="zone z has no polygon"):
        Zone("z", ZoneKind.DELIVERY, "z", ())
    with pytest.raises(ValueError, match="there are several of a, b"):
        ZoneIndex([zone("a"), zone("b"), zone("b"), zone("a"), zone("c")])
    with pytest.raises(ValueError, match=r"points\[1\] is no place"):
        ZoneIndex([zone()]).contains(places((0.0, 0.0), (math.nan, 0.0)))
