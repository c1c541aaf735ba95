"""Every endpoint declares what it asks of its caller, and holds every role to it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from dispatch.service.principals import RIGHTS, Role
from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.support.live_api import Live, live_api
from tests.support.rights import Endpoint, endpoints

FOR_ANYBODY = {
    ("GET", "/"),
    ("GET", "/t/{token}"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("POST", "/v1/auth/token"),
    ("POST", "/v1/auth/refresh"),
    ("POST", "/v1/auth/sign-out"),
    ("POST", "/v1/payments/callbacks/{gateway}"),
    ("POST", "/v1/notifications/reports/sms/{sending_id}"),
    ("POST", "/v1/notifications/opened/{notification_id}"),
    *((one.method, one.path) for one in endpoints() if one.path.startswith("/v1/track/{token}")),
}
FOR_EVERYBODY_KNOWN = {("GET", "/v1/auth/me"), ("POST", "/v1/auth/password")}
OUTSIDE_OF_MARKETS = {
    ("GET", "/v1/accounts"),
    ("POST", "/v1/accounts"),
    ("POST", "/v1/keys"),
    ("DELETE", "/v1/accounts/{account_id}"),
    ("GET", "/v1/markets"),
    ("POST", "/v1/markets"),
    ("POST", "/v1/policies/validate"),
}
TOKENS = {role: "rider-1" if role is Role.RIDER else role.value for role in Role}
EVERY = endpoints()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_api(f"sqlite:///{tmp_path_factory.mktemp('rights')}/api.db", ticking=False) as running:
        yield running


def ask(client: httpx.Client, endpoint: Endpoint) -> int:
    body: dict[str, str] | None = None if endpoint.method in ("GET", "DELETE") else {}
    with client.stream(endpoint.method, endpoint.address, json=body) as answer:
        return answer.status_code


def test_the_description_of_the_api_names_every_endpoint(live: Live) -> None:
    told = httpx.get(f"{live.url}/openapi.json").json()["paths"]
    described = {(method.upper(), path) for path, methods in told.items() for method in methods}
    assert described == {(one.method, one.path) for one in EVERY if one.described}


def test_every_endpoint_declares_a_right() -> None:
    open_to_all = {(one.method, one.path) for one in EVERY if not one.known}
    without_right = {(one.method, one.path) for one in EVERY if one.known and not one.rights}
    assert (open_to_all, without_right) == (FOR_ANYBODY, FOR_EVERYBODY_KNOWN)


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_what_its_rights_say_and_nothing_else(live: Live, role: Role) -> None:
    wrong: list[str] = []
    with live.client(TOKENS[role]) as client:
        for endpoint in (one for one in EVERY if one.rights):
            status = ask(client, endpoint)
            allowed = RIGHTS[role] >= endpoint.rights
            if (status == 403) == allowed or status >= 500 or status == 401:
                wrong.append(f"{endpoint.method} {endpoint.path}: {status}, allowed is {allowed}")
    assert wrong == []


def test_nobody_unknown_reaches_anything(live: Live) -> None:
    with httpx.Client(base_url=live.url) as client:
        assert {ask(client, one) for one in EVERY if one.known} == {401}


def test_a_token_of_another_tenant_finds_nothing(live: Live) -> None:
    found: dict[str, int] = {}
    about_markets = [one for one in EVERY if one.rights and (one.method, one.path) not in OUTSIDE_OF_MARKETS]
    with live.client("elsewhere") as client:
        for one in about_markets:
            if RIGHTS[Role.ADMIN] >= one.rights:
                found[f"{one.method} {one.path}"] = ask(client, one)
        assert client.get("/v1/markets").json() == []
        assert client.get("/v1/accounts").json() == []
    assert {name: status for name, status in found.items() if status != 404} == {}
    assert len(found) > 40


def test_rows_of_others_do_not_exist(live: Live) -> None:
    with live.client("admin") as admin:
        for number in (1, 2):
            admin.post("/v1/merchants", json={"id": f"m{number}", "place": PICKUP}).raise_for_status()
            admin.post("/v1/riders", json={"id": f"r{number}"}).raise_for_status()
        customer = {"name": "Ana", "phone": "+573001234567", "address": "Calle 1"}
        orders = {
            merchant: admin.post(
                "/v1/orders", json={"merchant_id": merchant, "dropoff": DROPOFF, "customer": customer}
            ).json()["id"]
            for merchant in ("m1", "m2")
        }
    with live.client("merchant") as merchant:
        listed = merchant.get("/v1/orders").json()["items"]
        assert [one["id"] for one in listed] == [orders["m1"]]
        assert (listed[0]["customer"]["name"], listed[0]["customer"]["phone"]) == ("Ana", "")
        assert merchant.get(f"/v1/orders/{orders['m2']}").status_code == 404
        assert merchant.post(f"/v1/orders/{orders['m2']}/ready").status_code == 404
        assert merchant.post(f"/v1/orders/{orders['m1']}/accept", json={}).json()["status"] == "accepted"
        told = merchant.get("/v1/events").json()["items"]
        assert {event["stream"] for event in told} == {f"order:{orders['m1']}"}
        assert told[0]["data"]["order"]["customer"] is None
    with live.client("rider-1") as rider:
        rider.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()
        streams = {event["stream"] for event in rider.get("/v1/events").json()["items"]}
        assert streams == {"rider:r1"}
    with live.client("customer") as nobody:
        assert nobody.get("/v1/orders").json()["items"] == []
        assert nobody.get(f"/v1/orders/{orders['m1']}").status_code == 404
