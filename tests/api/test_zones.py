"""Zones go in and out as GeoJSON, and bind the orders that are placed in them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP
from tests.support.live_api import Live, live_api

LON, LAT = DROPOFF["longitude"], DROPOFF["latitude"]
RING = [[LON - 0.01, LAT - 0.01], [LON + 0.01, LAT - 0.01], [LON + 0.01, LAT + 0.01], [LON - 0.01, LAT - 0.01]]
AROUND = {"properties": {"kind": "delivery", "name": "North"}, "geometry": {"type": "Polygon", "coordinates": [RING]}}


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
        yield running


@pytest.fixture
def staff(live: Live) -> Iterator[httpx.Client]:
    with live.client("operations") as client:
        yield client


def test_a_zone_is_made_changed_and_deleted(live: Live, staff: httpx.Client) -> None:
    made = staff.put("/v1/zones/north", json=AROUND)
    assert made.status_code == 201, made.text
    assert (made.json()["id"], made.json()["properties"]["changed_by"]) == ("north", "u-operations")
    seen = {"If-Match": made.headers["ETag"]}
    renamed = {**AROUND, "properties": {"kind": "delivery", "name": "Chapinero"}}
    assert staff.put("/v1/zones/north", json=renamed, headers=seen).status_code == 200
    assert staff.put("/v1/zones/north", json=AROUND, headers=seen).status_code == 412
    listed = staff.get("/v1/zones").json()
    assert (listed["type"], listed["features"][0]["properties"]["name"]) == ("FeatureCollection", "Chapinero")
    with live.client("dispatcher") as dispatcher:
        assert dispatcher.get("/v1/zones/north").status_code == 200
        assert dispatcher.put("/v1/zones/north", json=AROUND).status_code == 403
    assert staff.delete("/v1/zones/north").status_code == 204
    assert staff.get("/v1/zones/north").status_code == 404
    assert staff.delete("/v1/zones/north").status_code == 404


def test_everything_wrong_with_a_zone_is_told_at_once(staff: httpx.Client) -> None:
    ring = [[LON, 95.0], [LON + 0.01, LAT], [LON, LAT + 0.01]]
    wrong = {"properties": {"kind": "party"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    answer = staff.put("/v1/zones/north", json=wrong)
    assert answer.status_code == 422
    assert len(answer.json()["issues"]) >= 2


def test_an_order_is_bound_to_the_zone_of_its_door(staff: httpx.Client) -> None:
    staff.put("/v1/zones/north", json=AROUND).raise_for_status()
    far = {"latitude": LAT + 1, "longitude": LON}
    inside, outside = (
        staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": door}).json() for door in (DROPOFF, far)
    )
    assert (inside["zones"], outside["zones"]) == (["north"], [])
