"""What is kept beside the log works on PostgreSQL as on SQLite, from the request to the row."""

from __future__ import annotations

from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.api.test_plans import eventually, place, plan_with
from tests.api.test_zones import AROUND
from tests.support.live_api import live_api


def test_plans_policies_zones_and_overrides_on_postgresql(postgres_url: str) -> None:
    with live_api(postgres_url) as live, live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
        admin.post("/v1/riders", json={"id": "r1"}).raise_for_status()
        with live.client("rider-1") as rider:
            rider.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()
        admin.put("/v1/zones/north", json=AROUND).raise_for_status()
        body = {"name": "calm", "settings": {"loop": {"offer_s": 20}}}
        key = {"Idempotency-Key": "policy-1"}
        first, again = (admin.post("/v1/policies", json=body, headers=key).json() for _ in range(2))
        assert first == again
        admin.post("/v1/policies/calm/1/activate").raise_for_status()
        shadow = admin.post("/v1/shadows", json={"name": "default", "version": 1}).json()
        order_id = place(admin)
        eventually(lambda: plan_with(admin, order_id)["policy"] == "calm" or None)
        eventually(lambda: admin.get(f"/v1/shadows/{shadow['id']}").json()["ticks"] or None)
        plan = plan_with(admin, order_id)
        told = admin.get(f"/v1/orders/{order_id}/explanation", params={"plan_id": plan["id"]}).json()
        assert told["rider_id"] == "r1"
        assert admin.get(f"/v1/orders/{order_id}").json()["zones"] == ["north"]
        another = admin.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()["id"]
        hold = {"kind": "hold", "order_id": another, "reason": "other", "text": "wait"}
        made = admin.post("/v1/overrides", json=hold).json()["override"]["id"]
        undone = admin.post(f"/v1/overrides/{made}/undo", json={"text": "go"})
        assert undone.status_code == 201, undone.text
        assert undone.json()["order"]["held_until"] is None
