"""People who sign in at an issuer of OpenID Connect come in with its tokens, which really are signed and verified."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from dispatch.errors import InvalidInputError
from dispatch.service.oidc import Oidc
from tests.support.builders import MARKET
from tests.support.live_api import Live, live_api

AUDIENCE = "dispatch-here"
Signing = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class StubIssuer:
    """An issuer on a port of this machine: it describes itself, and has keys that can be changed."""

    def __init__(self, url: str) -> None:
        self.url, self.asked = url, 0
        self.keys: dict[str, Signing] = {}

    def answer(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            self.asked += 1
            return {"keys": [public(name, key) for name, key in self.keys.items()]}
        return None

    def token(self, kid: str, claims: Mapping[str, object], key: Signing | None = None) -> str:
        now = int(time.time())
        told = {"iss": self.url, "aud": AUDIENCE, "sub": "ana", "iat": now, "exp": now + 300, **claims}
        signing = self.keys[kid] if key is None else key
        algorithm = "ES256" if isinstance(signing, ec.EllipticCurvePrivateKey) else "RS256"
        return jwt.encode(told, signing, algorithm, headers={"kid": kid})


def public(kid: str, key: Signing) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        found = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    else:
        found = json.loads(ECAlgorithm.to_jwk(key.public_key()))
    return {**found, "kid": kid, "use": "sig"}


@contextmanager
def stub_issuer() -> Iterator[StubIssuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = stub.answer(self.path)
            body = json.dumps(found or {}).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub = StubIssuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def issuer() -> Iterator[StubIssuer]:
    with stub_issuer() as running:
        running.keys["k1"] = rsa.generate_private_key(65537, 2048)
        running.keys["k2"] = ec.generate_private_key(ec.SECP256R1())
        yield running


@pytest.fixture
def live(sqlite_url: str, issuer: StubIssuer) -> Iterator[Live]:
    oidc = Oidc(issuer=issuer.url, audience=AUDIENCE)
    with live_api(sqlite_url, ticking=False, guarded=True, oidc=oidc) as running:
        yield running


def status(live: Live, token: str, path: str = "/v1/orders") -> int:
    with live.client(token) as client:
        return client.get(path).status_code


DISPATCHER = {"dispatch_role": "dispatcher", "dispatch_markets": [MARKET]}


def test_tokens_of_the_issuer_say_who_somebody_is(live: Live, issuer: StubIssuer) -> None:
    for kid in ("k1", "k2"):
        with live.client(issuer.token(kid, {**DISPATCHER, "name": "Ana"})) as ana:
            me = ana.get("/v1/auth/me").json()
            assert (me["id"], me["role"], me["name"]) == ("oidc:ana", "dispatcher", "Ana")
            assert ana.get("/v1/orders").status_code == 200
            assert ana.get("/v1/accounts").status_code == 403
    assert issuer.asked == 1
    elsewhere = issuer.token("k1", {**DISPATCHER, "dispatch_markets": ["elsewhere"]})
    assert status(live, elsewhere) == 404
    rider = {"dispatch_role": "rider", "dispatch_markets": ["*"], "dispatch_rider": "r1"}
    with live.client(issuer.token("k1", rider)) as phone:
        assert phone.get("/v1/auth/me").json()["rider_id"] == "r1"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another service"},
        {"iss": "http://127.0.0.1:1"},
        {"exp": 1_700_000_000},
        {"iat": None},
        {"dispatch_role": "king"},
        {"dispatch_role": None},
        {"dispatch_markets": None},
        {"dispatch_markets": []},
        {"dispatch_markets": "*"},
        {"dispatch_role": "rider"},
        {"dispatch_role": "customer"},
    ],
)
def test_what_a_token_lacks_keeps_its_owner_out(live: Live, issuer: StubIssuer, claims: dict[str, Any]) -> None:
    told = {name: value for name, value in {**DISPATCHER, **claims}.items() if value is not None}
    token = issuer.token("k1", told)
    if "iat" in claims:
        plain = jwt.decode(token, options={"verify_signature": False})
        del plain["iat"]
        token = jwt.encode(plain, issuer.keys["k1"], "RS256", headers={"kid": "k1"})
    assert status(live, token) == 401


def test_forged_tokens_are_none(live: Live, issuer: StubIssuer) -> None:
    other = rsa.generate_private_key(65537, 2048)
    assert status(live, issuer.token("k1", DISPATCHER, other)) == 401
    assert status(live, issuer.token("k9", DISPATCHER, other)) == 401
    asked = issuer.asked
    assert status(live, issuer.token("k8", DISPATCHER, other)) == 401
    assert issuer.asked == asked, "unknown keys must not make the issuer be asked again and again"
    claims = {"iss": issuer.url, "aud": AUDIENCE, "sub": "ana", "exp": int(time.time()) + 300, **DISPATCHER}
    assert status(live, jwt.encode(claims, "a secret that is long enough, and not ours", "HS256")) == 401
    assert status(live, jwt.encode(claims, "", "none")) == 401


def test_own_tokens_go_on_to_count(live: Live) -> None:
    body = {"login": "admin", "password": live.password}
    token = httpx.post(f"{live.url}/v1/auth/token", json=body).json()["access_token"]
    assert status(live, token, "/v1/accounts") == 200


def test_an_issuer_that_is_away_is_told(sqlite_url: str, issuer: StubIssuer) -> None:
    away = Oidc(issuer="http://127.0.0.1:9", audience=AUDIENCE)
    with live_api(sqlite_url, ticking=False, guarded=True, oidc=away) as live:
        with live.client(issuer.token("k1", DISPATCHER)) as client:
            answer = client.get("/v1/orders")
        assert (answer.status_code, answer.json()["code"]) == (503, "issuer_away")
        assert "Retry-After" in answer.headers


def test_an_issuer_is_reached_by_tls_and_has_an_audience() -> None:
    with pytest.raises(InvalidInputError):
        Oidc(issuer="http://login.example", audience=AUDIENCE)
    with pytest.raises(InvalidInputError):
        Oidc(issuer="https://login.example", audience="")
