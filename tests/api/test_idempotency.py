"""Whatever is made takes an ``Idempotency-Key``, and the same key makes one thing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from tests.api.test_orders import PICKUP
from tests.support.live_api import Live, live_api

REPEATABLE_ANYWAY: Final = {
    "/v1/riders/{rider_id}/devices",  # the same account, whatever the device is sent
    "/v1/notifications/devices",  # the same subscription
}
"""What makes something and needs no key, because the same content is about the same thing."""

MAKES: Final[dict[str, dict[str, Any]]] = {
    "/v1/accounts": {"login": "dora", "role": "dispatcher"},
    "/v1/keys": {"name": "web shop", "role": "integrator"},
    "/v1/markets": {"id": "cali"},
    "/v1/merchants": {"id": "m7", "place": PICKUP},
    "/v1/riders": {"id": "r7"},
    "/v1/webhooks": {"url": "http://127.0.0.1:9/hook"},
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_api(f"sqlite:///{tmp_path_factory.mktemp('once')}/api.db", ticking=False, guarded=True) as running:
        yield running


@pytest.fixture(scope="module")
def admin(live: Live) -> Iterator[httpx.Client]:
    body = {"login": "admin", "password": live.password}
    token = httpx.post(f"{live.url}/v1/auth/token", json=body).raise_for_status().json()["access_token"]
    with httpx.Client(base_url=live.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


def test_every_endpoint_that_makes_something_takes_a_key(live: Live) -> None:
    paths = httpx.get(f"{live.url}/openapi.json").json()["paths"]
    making = {
        path: methods["post"]
        for path, methods in paths.items()
        if "201" in methods.get("post", {}).get("responses", {})
    }
    takes = {
        path
        for path, post in making.items()
        if any(one["name"].lower() == "idempotency-key" for one in post.get("parameters", ()))
    }
    assert making.keys() - takes == REPEATABLE_ANYWAY
    assert takes >= MAKES.keys()


@pytest.mark.parametrize("path", MAKES)
def test_the_same_key_makes_one_thing(admin: httpx.Client, path: str) -> None:
    key = {"Idempotency-Key": f"make {path}".replace(" ", "-")}
    where = {} if path in ("/v1/accounts", "/v1/keys", "/v1/markets") else {"market_id": "bogota"}
    first, again = (admin.post(path, json=MAKES[path], headers=key, params=where) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), again.text
    changing = ("secret", "now", "held", "place")
    shown = [{name: value for name, value in one.json().items() if name not in changing} for one in (first, again)]
    assert shown[0] == shown[1]
    other = admin.post(path, json=MAKES[path] | {"name": "Another"}, headers=key, params=where)
    assert (other.status_code, other.json()["code"]) == (
        422,
        "key_reused" if path != "/v1/webhooks" else "invalid_input",
    )


def test_what_is_secret_is_shown_once_and_kept_nowhere(live: Live, admin: httpx.Client) -> None:
    body = {"name": "secret keeper", "role": "integrator"}
    first, again = (admin.post("/v1/keys", json=body, headers={"Idempotency-Key": "k-secret"}).json() for _ in range(2))
    assert first["secret"]
    assert again == {**first, "secret": None}
    with live.store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT outcome FROM commands WHERE market_id = ''").scalars().all()
    assert kept
    assert not any(first["secret"] in text for text in kept)


def test_many_at_once_make_one_thing(admin: httpx.Client) -> None:
    answers: list[httpx.Response] = []

    def make() -> None:
        with httpx.Client(base_url=admin.base_url, headers=admin.headers, timeout=60) as client:
            body = {"name": "many at once", "role": "integrator"}
            answers.append(client.post("/v1/keys", json=body, headers={"Idempotency-Key": "k-many"}))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    named = [one for one in admin.get("/v1/accounts").json() if one["name"] == "many at once"]
    assert len(named) == 1
