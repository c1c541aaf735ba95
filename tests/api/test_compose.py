"""The compose file says what works: its commands are run here as processes, on a real PostgreSQL and a real Redis.

Containers, images and their networks are not part of this.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from tests.api.test_orders import DROPOFF, PICKUP
from tests.api.test_serve import PATIENCE_S, PROGRAM, Process
from tests.support.servers import Postgres, Redis
from tests.support.sources import REPOSITORY

FILE: Final = "compose.yaml"
Compose = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> Compose:
    found: Compose = yaml.safe_load((REPOSITORY / FILE).read_text("utf-8"))
    return found


@pytest.fixture
def environment(compose: Compose, postgres: Postgres, redis_server: Redis, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the file sets, with the database, Redis and secrets of this test in place of those in containers."""
    redis_server.empty()
    name = postgres.new_database()
    secrets = {"database_url": postgres.url(name), "token_secret": "of this test and of nothing else"}
    for secret, text in secrets.items():
        (tmp_path / secret).write_text(text + "\n")
    found: dict[str, str] = dict(compose["services"]["api"]["environment"])
    found = {key: text.replace("/run/secrets", str(tmp_path)) for key, text in found.items()}
    assert found.keys() == {"DISPATCH_DB_FILE", "DISPATCH_REDIS", "DISPATCH_SECRET_FILE", "DISPATCH_HOST"}
    yield {**found, "DISPATCH_REDIS": redis_server.url, "DISPATCH_HOST": "127.0.0.1"}
    postgres.drop_database(name)


def test_services_and_secrets_are_named_where_they_are_used(compose: Compose) -> None:
    services = compose["services"]
    for service in services.values():
        assert services.keys() >= service.get("depends_on", {}).keys()
        assert compose["secrets"].keys() >= set(service.get("secrets", ()))
    assert {name: service["deploy"]["replicas"] for name, service in services.items() if "deploy" in service} == {
        "worker": 2,
        "api": 2,
    }


def test_the_commands_make_a_service_that_outlives_a_worker(compose: Compose, environment: dict[str, str]) -> None:
    services = compose["services"]
    program, *upgrading = services["upgrade"]["command"]
    assert program == "dispatch"
    subprocess.run([*PROGRAM, *upgrading], env={**os.environ, **environment}, check=True, timeout=PATIENCE_S)
    with ExitStack() as stack:

        def start(name: str) -> Process:
            words = services[name]["command"]
            assert words[:2] == ["dispatch", "serve"]
            one = Process(*words[2 : words.index("--port")], environment=environment)
            stack.callback(one.stop, signal.SIGKILL)
            return one

        workers = [start("worker") for _ in range(2)]
        apis = [start("api") for _ in range(2)]
        with apis[0].sign_in(apis[0].wait_for(r"password (\S+)")) as admin:
            admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
            order = admin.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).raise_for_status().json()
            other = httpx.get(f"{apis[1].url}/v1/orders/{order['id']}", headers=admin.headers)
            assert other.raise_for_status().json()["id"] == order["id"]
            workers[0].stop(signal.SIGKILL)
            again = admin.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF})
            assert again.status_code == 201, again.text
