"""People, devices and servers come in, and are let go again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from dispatch.engine.clock import SimulatedClock
from dispatch.service.access import GRACE_S, Access, NewAccount
from dispatch.service.principals import Role, UnauthenticatedError
from dispatch.store.store import open_store
from tests.api.test_orders import PICKUP, START
from tests.support.builders import NOON
from tests.support.live_api import Live, live_api

PASSWORD = "correct horse battery"


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False, guarded=True) as running:
        yield running


@pytest.fixture
def admin(live: Live) -> Iterator[httpx.Client]:
    with live.client(sign_in(live, "admin", live.password)["access_token"]) as client:
        yield client


def sign_in(live: Live, login: str, password: str) -> dict[str, Any]:
    answer = httpx.post(f"{live.url}/v1/auth/token", json={"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_first_start_makes_an_administrator(live: Live, admin: httpx.Client) -> None:
    me = admin.get("/v1/auth/me").json()
    assert me["role"] == "admin"
    assert "access:write" in me["rights"]
    wrong = httpx.post(f"{live.url}/v1/auth/token", json={"login": "admin", "password": "wrong"})
    nobody = httpx.post(f"{live.url}/v1/auth/token", json={"login": "nobody", "password": "wrong"})
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json() == nobody.json()


def renewed(live: Live, refresh_token: str) -> httpx.Response:
    return httpx.post(f"{live.url}/v1/auth/refresh", json={"refresh_token": refresh_token})


def test_a_refresh_token_counts_once_and_a_stolen_one_ends_the_session(live: Live, admin: httpx.Client) -> None:
    first = sign_in(live, "admin", live.password)["refresh_token"]
    second = renewed(live, first).json()["refresh_token"]
    third = renewed(live, second).json()["refresh_token"]
    assert renewed(live, first).status_code == 401
    assert renewed(live, third).status_code == 401


def test_who_lost_the_answer_to_a_refresh_gets_it_again(live: Live, admin: httpx.Client) -> None:
    first = sign_in(live, "admin", live.password)["refresh_token"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: renewed(live, first), range(4)))
    (second,) = {answer.json()["refresh_token"] for answer in answers}
    assert second not in (first, "")
    for answer in answers:
        with live.client(answer.json()["access_token"]) as client:
            assert client.get("/v1/auth/me").status_code == 200
    assert renewed(live, second).status_code == 200


def test_after_a_minute_the_same_refresh_is_a_theft(sqlite_url: str) -> None:
    async def play() -> None:
        clock = SimulatedClock(NOON)
        access = Access(store, b"k" * 32, clock)
        _, password = await access.add_person(NewAccount(login="eva", role=Role.DISPATCHER), by="test")
        first = (await access.sign_in("eva", password)).refresh_token
        clock.set(NOON + 100)
        second = await access.renew(first)
        clock.set(NOON + 100 + GRACE_S)
        assert (await access.renew(first)).refresh_token == second.refresh_token
        clock.set(NOON + 101 + GRACE_S)
        with pytest.raises(UnauthenticatedError, match="has a copy"):
            await access.renew(first)
        with pytest.raises(UnauthenticatedError, match="over"):
            await access.renew(second.refresh_token)

    with open_store(sqlite_url) as store:
        asyncio.run(play())


def test_a_person_is_let_in_and_let_go(live: Live, admin: httpx.Client) -> None:
    body = {"login": "eva", "role": "dispatcher", "password": PASSWORD}
    account = admin.post("/v1/accounts", json=body)
    assert account.status_code == 201, account.text
    assert account.json()["secret"] is None
    assert admin.post("/v1/accounts", json=body).json()["code"] == "login_taken"
    token = sign_in(live, "eva", PASSWORD)["access_token"]
    with live.client(token) as eva:
        assert eva.get("/v1/orders").status_code == 200
        assert eva.get("/v1/accounts").status_code == 403
    admin.delete(f"/v1/accounts/{account.json()['id']}").raise_for_status()
    again = httpx.post(f"{live.url}/v1/auth/token", json={"login": "eva", "password": PASSWORD})
    assert again.status_code == 401


def test_the_key_of_a_server_is_narrow_and_can_be_taken_back(live: Live, admin: httpx.Client) -> None:
    made = admin.post("/v1/keys", json={"name": "shop", "scopes": ["orders:read"]}).json()
    with live.client(made["secret"]) as shop:
        assert shop.get("/v1/orders").status_code == 200
        assert shop.post("/v1/orders", json={}).status_code == 403
        admin.delete(f"/v1/accounts/{made['id']}").raise_for_status()
        assert shop.get("/v1/orders").status_code == 401
    with live.client(made["secret"] + "x") as wrong:
        assert wrong.get("/v1/orders").status_code == 401


def test_a_rider_comes_in_on_a_device(live: Live, admin: httpx.Client) -> None:
    admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
    admin.post("/v1/riders", json={"id": "r1"}).raise_for_status()
    device = admin.post("/v1/riders/r1/devices", json={"device_id": "phone-1"}).json()
    tokens = httpx.post(f"{live.url}/v1/auth/refresh", json={"refresh_token": device["refresh_token"]}).json()
    with live.client(tokens["access_token"]) as phone:
        assert phone.get("/v1/auth/me").json()["rider_id"] == "r1"
        assert phone.post("/v1/riders/me/shift", json={"start": START}).status_code == 201
        assert phone.get("/v1/riders/me/tasks").json()["rider"]["on_shift"] is True
        assert phone.get("/v1/orders").status_code == 403


def test_a_forged_token_is_none(live: Live, admin: httpx.Client) -> None:
    token = sign_in(live, "admin", live.password)["access_token"]
    head, claims, _ = token.split(".")
    for forged in (f"{head}.{claims}.AAAA", f"{claims}.{head}.x", "a.b.c", "dsk_a.b", "'; DROP TABLE accounts; --"):
        with live.client(forged) as client:
            assert client.get("/v1/auth/me").status_code == 401


def test_guessing_passwords_is_slowed_down(live: Live) -> None:
    def guess(number: int) -> httpx.Response:
        body = {"login": "admin", "password": f"wrong {number}"}
        return httpx.post(f"{live.url}/v1/auth/token", json=body, timeout=60)

    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(guess, range(16)))
    assert {answer.status_code for answer in seen} == {401, 429}
    late = next(answer for answer in seen if answer.status_code == 429)
    assert int(late.headers["Retry-After"]) >= 1
