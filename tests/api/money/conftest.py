"""A service whose orders are paid at a stub of the gateway."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.gateway import StubGateway, stub_gateway
from tests.support.live_api import Live, live_api
from tests.support.shop_api import PLACE


@pytest.fixture
def stub() -> Iterator[StubGateway]:
    with stub_gateway() as server:
        yield server


@pytest.fixture
def live(sqlite_url: str, stub: StubGateway) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False, gateway=stub.adapter()) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "place": PLACE}).raise_for_status()
        yield running


@pytest.fixture
def staff(live: Live) -> Iterator[httpx.Client]:
    with live.client("customer_service") as client:
        yield client
