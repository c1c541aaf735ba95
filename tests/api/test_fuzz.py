"""What the description of the API allows, and much that it does not, is answered as described, and never with 5xx.

`make fuzz` tries many more examples than a run of the tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import response_schema_conformance

from dispatch.service.quota import Quota
from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.support.live_api import Live, live_api

EXAMPLES: Final = int(os.environ.get("DISPATCH_FUZZ", "3"))
pytestmark = pytest.mark.skipif("DISPATCH_FUZZ" not in os.environ, reason="takes minutes: make fuzz")

ENDLESS: Final = ("/v1/events/stream", "/v1/track/stream")
"""Answers without an end."""
WAITS: Final = "wait_s"
RIDERS: Final = "/v1/riders/me/"
PLENTY: Final = 10**6


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    url = f"sqlite:///{tmp_path_factory.mktemp('fuzz')}/api.db"
    with live_api(url, ticking=False, quota=Quota(people=PLENTY, servers=PLENTY)) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
            admin.post("/v1/riders", json={"id": "r1"}).raise_for_status()
            for name in ("o1", "o2"):
                order = {"id": name, "merchant_id": "m1", "dropoff": DROPOFF}
                admin.post("/v1/orders", json=order).raise_for_status()
        with running.client("rider-1") as rider:
            rider.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()
        yield running


def test_what_the_description_allows_and_more_is_answered_as_described(live: Live) -> None:
    schema = openapi.from_dict(described(live))
    failed: list[str] = []
    asked: list[int] = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.path in ENDLESS:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                try_out(live, operation, mode, asked)
            except Unsatisfiable:
                continue  # nothing can be wrong with a request that has no parameters
            except (FailureGroup, AssertionError) as error:
                failed.append(f"{operation.method.upper()} {operation.path} ({mode.value}): {told(error)}")
    assert not failed, "\n\n".join(failed)
    assert len(asked) > 100


def described(live: Live) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{live.url}/openapi.json").raise_for_status().json()
    return found


def try_out(live: Live, operation: Any, mode: GenerationMode, asked: list[int]) -> None:  # noqa: ANN401 - untyped there
    """Ask one operation for some examples."""
    token = "rider-1" if operation.path.startswith(RIDERS) else "admin"
    headers = {"Authorization": f"Bearer {token}"}

    @seed(20_261_122)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        if WAITS in (case.query or {}):
            case.query[WAITS] = 0
        answer = case.call(base_url=live.url, headers=headers, timeout=30)
        asked.append(answer.status_code)
        case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])

    ask()


def told(error: BaseException) -> str:
    """The first lines of what went wrong."""
    causes = error.exceptions if isinstance(error, FailureGroup) else (error,)
    return "\n".join(str(one)[:600] for one in causes)
