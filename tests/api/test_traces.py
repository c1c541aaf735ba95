"""Traces reach a real collector over OTLP/HTTP: requests, commands, ticks and what is sent out, by the log's ids."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dispatch.commands.traced import traces_of
from dispatch.engine.traces import NO_TRACES
from dispatch.errors import InvalidInputError
from tests.api.test_orders import DROPOFF, PICKUP
from tests.api.test_riders import Phone
from tests.api.test_serve import Process, not_ours
from tests.support.builders import MARKET
from tests.support.live_api import live_api
from tests.support.servers import Redis

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra 'traces' is not installed")

from tests.support.collector import Collector, collecting

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
OFTEN = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
FIRST = f"{MARKET}:1"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


def test_a_request_is_one_trace_from_the_caller_to_the_commit(
    sqlite_url: str, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, collector.url)
    traces = traces_of(os.environ)
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-Id": "req-1", "Idempotency-Key": "k1"}
    with live_api(sqlite_url, ticking=False, traces=traces) as live, live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}, headers=headers).raise_for_status()
        hold = {"kind": "hold", "order_id": "none", "reason": "urgent_order", "text": "x"}
        admin.post("/v1/overrides", json=hold, headers={"X-Request-Id": "req-2"})
    traces.close()
    request = collector.named("POST /v1/merchants", request_id="req-1")
    assert (request.trace, request.parent, request.kind, request.service) == (TRACE, CALLER, 2, "dispatch")
    assert request.fields["http.response.status_code"] == 201
    command = collector.named("command RegisterMerchant", request_id="req-1")
    assert command.fields["command_id"] == "u-admin:k1"
    (commit,) = collector.parts_of(command)
    assert (commit.name, commit.fields["events"], commit.trace) == ("commit", 1, TRACE)
    assert command in collector.parts_of(request)
    assert request.took_ns >= command.took_ns >= commit.took_ns > 0
    refused = collector.named("POST /v1/overrides", request_id="req-2")
    assert (refused.fields["http.response.status_code"], refused.failed) == (404, False)
    assert collector.named("command MakeOverride", request_id="req-2").fields["refused"] == "not_found"


def test_secrets_in_addresses_stand_in_no_trace(
    sqlite_url: str, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, collector.url)
    traces = traces_of(os.environ)
    with live_api(sqlite_url, ticking=False, traces=traces) as live:
        httpx.get(f"{live.url}/v1/track/very-secret-token?x=hidden")
    traces.close()
    seen = collector.named("GET /v1/track/{token}")
    assert "secret" not in repr(collector.spans)
    assert "hidden" not in repr(collector.spans)
    assert not seen.failed


def test_a_tick_has_its_phases(sqlite_url: str, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, collector.url)
    traces = traces_of(os.environ)
    with live_api(sqlite_url, sandbox=True, traces=traces) as live:
        with live.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
            admin.post("/v1/riders", json={"id": "r1"}).raise_for_status()
            admin.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).raise_for_status()
        with live.client("rider-1") as client:
            Phone(client).start_shift()
        live.advance(10)
    traces.close()
    tick = collector.named("tick", tick_id=FIRST, market_id=MARKET)
    assert [one.name for one in collector.parts_of(tick)][-5:] == ["snapshot", "solve", "decide", "etas", "shadow"]
    solve = collector.named("solve")
    assert (solve.fields["orders"], solve.fields["riders"], solve.fields["tick_id"]) == (1, 1, FIRST)
    decide = collector.named("decide", tick_id=FIRST)
    assert [one.name for one in collector.parts_of(decide)] == ["command ApplyPlan"]


def test_a_webhook_is_a_span_with_what_came_of_it(
    sqlite_url: str, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, collector.url)
    traces = traces_of(os.environ)
    with live_api(sqlite_url, ticking=False, traces=traces) as live, live.client("admin") as admin:
        hook = {"url": f"{collector.url}/elsewhere", "kinds": ["MerchantRegistered"]}
        made = admin.post("/v1/webhooks", json=hook).raise_for_status().json()
        admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
        sent = collector.named("webhook", webhook_id=made["id"], attempt=1)
    traces.close()
    assert sent.fields["http.response.status_code"] == 404


def test_a_process_that_serves_sends_what_other_processes_did_in_the_same_trace(
    tmp_path: Path, collector: Collector, postgres_url: str, redis_server: Redis
) -> None:
    redis_server.empty()
    environment = {ENDPOINT: collector.url, "OTEL_SERVICE_NAME": "bogota", "DISPATCH_SECRET": "s" * 40, **OFTEN}
    words = ("--db", postgres_url, "--redis", redis_server.url, "--role")
    running: list[Process] = []
    try:
        for role in ("worker", "api"):
            running.append(Process(*words, role, environment=environment))
        with running[1].sign_in(running[1].wait_for(r"password (\S+)")) as admin:
            body = {"id": "m1", "place": PICKUP}
            admin.post("/v1/merchants", json=body, headers={"X-Request-Id": "req-7"}).raise_for_status()
        request = collector.named("POST /v1/merchants", request_id="req-7")
        handed_on = collector.named("handed on")
        command = collector.named("command RegisterMerchant")
    finally:
        for process in running:
            assert process.stop(signal.SIGTERM) == 0
    assert {one.trace for one in (request, handed_on, command)} == {request.trace}
    assert (handed_on.parent, command.parent) == (request.id, handed_on.id)
    assert {one.service for one in (request, command)} == {"bogota"}


@pytest.mark.parametrize(
    "told",
    [
        {},
        {ENDPOINT: ""},
        {ENDPOINT: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
        {ENDPOINT: "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_without_a_collector_there_are_no_traces(told: dict[str, str]) -> None:
    assert traces_of(told) is NO_TRACES
    assert NO_TRACES.here() == {}


def test_other_ways_to_send_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="http/protobuf"):
        traces_of({ENDPOINT: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})


def test_what_sends_traces_is_not_even_loaded_where_there_are_none() -> None:
    program = (
        "import os, sys\n"
        "import dispatch.commands.serving\n"
        "from dispatch.commands.traced import traces_of\n"
        "traces_of(os.environ)\n"
        "assert not [name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))]"
    )
    environment = {name: value for name, value in not_ours(os.environ).items() if not name.startswith("OTEL_")}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_a_collector_that_is_away_keeps_nothing_from_ending(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    traces = traces_of(os.environ)
    with live_api(sqlite_url, ticking=False, traces=traces) as live, live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
    began = time.monotonic()
    traces.close()
    assert time.monotonic() - began < 6
