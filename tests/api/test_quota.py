"""Nobody asks for more than the others can spare, and everybody is told what is left."""

from __future__ import annotations

from dispatch.service.quota import Quota
from tests.support.live_api import live_api


def test_what_is_left_is_told_and_too_much_is_refused(sqlite_url: str) -> None:
    with live_api(sqlite_url, ticking=False, quota=Quota(people=5)) as live:
        with live.client("dispatcher") as client:
            answers = [client.get("/v1/orders") for _ in range(7)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
            first, late = answers[0], answers[-1]
            assert first.headers["RateLimit-Policy"] == '"requests";q=5;w=60'
            assert first.headers["RateLimit"].startswith('"requests";r=4;t=')
            assert late.json()["code"] == "too_many_requests"
            assert 1 <= int(late.headers["Retry-After"]) <= 12
            assert late.headers["RateLimit"].startswith('"requests";r=0;')
        with live.client("admin") as other:
            assert other.get("/v1/orders").status_code == 200
