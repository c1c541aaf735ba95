"""The page to watch a market by: whole in itself, and asking only for what the API has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.support.live_api import Live, live_api


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False) as running:
        yield running


def test_nothing_but_the_page_itself_may_run(live: Live) -> None:
    first, second = (httpx.get(f"{live.url}/") for _ in range(2))
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    assert re.findall(r'<(script|style) nonce="([^"]+)">', first.text) == [("style", nonce), ("script", nonce)]
    assert nonce not in second.headers["Content-Security-Policy"]
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", first.text)
    assert not re.findall(r"\son\w+=|\sstyle=|innerHTML|localStorage", first.text)


def test_it_asks_only_for_what_there_is(live: Live) -> None:
    page = httpx.get(f"{live.url}/").text
    paths = httpx.get(f"{live.url}/openapi.json").json()["paths"]
    asked = {
        path.replace("${encodeURIComponent(market.id)}", "{market_id}")
        for path in re.findall(r'ask\(["`](/v1[^"`?]*)', page)
    }
    assert len(asked) >= 6
    assert asked <= paths.keys()
    statuses = re.findall(r'"(\w+)"', re.findall(r"UNDER_WAY = \[(.*)\]", page)[0])
    with live.client("dispatcher") as staff:
        assert staff.get("/v1/orders", params={"status": statuses}).status_code == 200
