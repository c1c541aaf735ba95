"""Orders that are paid over HTTP: how tests place them, pay them, and look at their money."""

from __future__ import annotations

import httpx

from tests.support.shop_api import TO_DOOR, Json

TOTAL = {"minor": 20_000, "currency": "COP"}


def placed(client: httpx.Client, payment: str = "gateway", **more: object) -> str:
    """The id of a new order that is to be paid in this way."""
    body = {"merchant_id": "m1", "dropoff": TO_DOOR, "total": TOTAL, "payment": payment, **more}
    answer = client.post("/v1/orders", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def checked_out(client: httpx.Client, order_id: str) -> str:
    """The reference of the page where the order is paid."""
    answer = client.post(f"/v1/orders/{order_id}/payment/checkout", json={})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["reference"])


def money(client: httpx.Client, order_id: str) -> Json:
    """The account of an order, which must add up."""
    found: Json = client.get(f"/v1/orders/{order_id}/payment").raise_for_status().json()
    assert sum(entry["minor"] for entry in found["entries"]) == 0
    return found
