"""People who sign in elsewhere: tokens of one OpenID Connect issuer, verified with the keys that it publishes.

The issuer's description (``/.well-known/openid-configuration``) names where its keys are. They are read when they are
first needed, and again after an hour, or when a token names a key that is not among them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

import httpx
import jwt
from jwt import PyJWK, PyJWKSet

from dispatch.errors import DispatchError, InvalidInputError, Issue
from dispatch.model.order import MarketId, MerchantId
from dispatch.model.rider import RiderId
from dispatch.service.principals import Principal, Role, UnauthenticatedError

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
EVERY_MARKET: Final = "*"
_KEPT_S: Final = 3600.0
_AGAIN_S: Final = 30.0
"""Unknown keys make the issuer be asked at most this often."""
_LEEWAY_S: Final = 30
_TIMEOUT_S: Final = 5.0
_REQUIRED: Final = ["exp", "iat", "iss", "aud", "sub"]


class IssuerAwayError(DispatchError):
    """The issuer of tokens does not say what its keys are (HTTP 503)."""

    code = "issuer_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """One issuer, and where its tokens say what somebody is.

    issuer: its address, as in the claim ``iss``. audience: what it calls this service. role, markets, rider, merchant:
    names of claims; ``markets`` is a list, ["*"] for all.
    """

    issuer: str
    audience: str
    role: str = "dispatch_role"
    markets: str = "dispatch_markets"
    rider: str = "dispatch_rider"
    merchant: str = "dispatch_merchant"

    def __post_init__(self) -> None:
        url = httpx.URL(self.issuer)
        if url.scheme != "https" and not _is_loopback(url.host):
            cause = f"the issuer {self.issuer!r} is not reached by TLS"
            raise InvalidInputError(
                "settings", [Issue("out_of_range", cause, "Write https://...", field="oidc_issuer")]
            )
        if not self.audience:
            cause = "an issuer is named, and not what it calls this service"
            action = "Set DISPATCH_OIDC_AUDIENCE."
            raise InvalidInputError("settings", [Issue("field_missing", cause, action, field="oidc_audience")])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_of_issuer(token: str) -> bool:
    """Whether a token is signed as those of an issuer are, and not as ours; nothing of it has been verified."""
    try:
        return jwt.get_unverified_header(token).get("alg") in ALGORITHMS
    except jwt.InvalidTokenError:
        return False


class Issuer:
    """Verifies tokens of an issuer."""

    def __init__(self, oidc: Oidc) -> None:
        self._oidc = oidc
        self._keys: Mapping[str, PyJWK] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def principal(self, token: str) -> Principal:
        """Whose token it is. Raises UnauthenticatedError, IssuerAwayError."""
        try:
            kid = str(jwt.get_unverified_header(token).get("kid", ""))
        except jwt.InvalidTokenError:
            raise UnauthenticatedError("The token cannot be read.", "Sign in.") from None
        key = await self._key(kid)
        oidc = self._oidc
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=oidc.audience,
                issuer=oidc.issuer,
                leeway=_LEEWAY_S,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise UnauthenticatedError("The token has run out.", "Get a new one from its issuer.") from None
        except jwt.InvalidTokenError:
            raise UnauthenticatedError("The token is not for this service.", "Sign in.") from None
        return principal_of(oidc, claims)

    async def _key(self, kid: str) -> PyJWK:
        now = time.monotonic()
        age_s = None if self._read_at is None else now - self._read_at
        if age_s is None or age_s > _KEPT_S or (kid not in self._keys and age_s > _AGAIN_S):
            await self._read()
        found = self._keys.get(kid)
        if found is None:
            raise UnauthenticatedError("The token is signed with a key that its issuer does not have.", "Sign in.")
        return found

    async def _read(self) -> None:
        """Ask the issuer for its keys; where it does not answer, those known go on to count."""
        before = self._read_at
        async with self._reading:
            if self._read_at != before:
                return  # somebody else has just asked
            try:
                self._keys = await self._ask()
            except (httpx.HTTPError, jwt.PyJWTError, KeyError, ValueError) as error:
                if not self._keys:
                    cause = f"The issuer of the token does not say what its keys are ({type(error).__name__})."
                    raise IssuerAwayError(cause, "Try again in a moment.") from error
            self._read_at = time.monotonic()

    async def _ask(self) -> dict[str, PyJWK]:
        address = self._oidc.issuer.rstrip("/") + "/.well-known/openid-configuration"
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
            described = (await client.get(address)).raise_for_status().json()
            if described["issuer"] != self._oidc.issuer:
                raise ValueError("the description is of another issuer")
            keys = (await client.get(described["jwks_uri"])).raise_for_status().json()
        return {key.key_id: key for key in PyJWKSet.from_dict(keys).keys if key.key_id}


def principal_of(oidc: Oidc, claims: Mapping[str, Any]) -> Principal:
    """Who verified claims say that somebody is. Raises UnauthenticatedError where they do not say enough."""
    try:
        role = Role(claims.get(oidc.role, ""))
    except ValueError:
        cause = f"The token names no role of this service in {oidc.role}."
        raise UnauthenticatedError(cause, "Have the issuer name one.") from None
    markets = claims.get(oidc.markets)
    if not isinstance(markets, list) or not markets or not all(isinstance(name, str) for name in markets):
        cause = f"The token names no markets in {oidc.markets}."
        raise UnauthenticatedError(cause, f"Have the issuer list them, or [{EVERY_MARKET!r}] for all.")
    rider, merchant = claims.get(oidc.rider), claims.get(oidc.merchant)
    unbound = (role is Role.RIDER and not rider) or (role is Role.MERCHANT and not merchant)
    if unbound or role is Role.CUSTOMER:
        cause = f"The token does not say of which {role.value} it is."
        raise UnauthenticatedError(cause, f"Have the issuer name it in {oidc.rider} or {oidc.merchant}.")
    return Principal(
        id=f"oidc:{claims['sub']}",
        role=role,
        name=str(claims.get("name", "")),
        markets=frozenset() if EVERY_MARKET in markets else frozenset(MarketId(name) for name in markets),
        rider_id=RiderId(str(rider)) if role is Role.RIDER else None,
        merchant_id=MerchantId(str(merchant)) if role is Role.MERCHANT else None,
        device_id=f"oidc:{claims['sub']}" if role is Role.RIDER else "",
    )
