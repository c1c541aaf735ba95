"""Secrets of all kinds: passwords, keys of servers, refresh tokens, and the short tokens that requests carry."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatch.model.order import MarketId, MerchantId
from dispatch.model.rider import RiderId
from dispatch.service.principals import Principal, Right, Role, UnauthenticatedError
from dispatch.units import MINUTE_S, Instant, Seconds

ACCESS_S: Final[Seconds] = 15 * MINUTE_S
KEY_PREFIX: Final = "dsk_"
_ISSUER: Final = "dispatch"
_ALGORITHM: Final = "HS256"


def hash_password(password: str) -> str:
    """What is kept of a password (argon2id); takes some 50 ms by design."""
    return PasswordHasher().hash(password)


def is_password(kept: str, password: str) -> bool:
    """Whether this is the password of which that was kept."""
    try:
        return PasswordHasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def new_secret(prefix: str = "") -> str:
    """A secret that nobody guesses."""
    return prefix + secrets.token_urlsafe(32)


def next_secret(secret: str, session_id: str, key: bytes) -> str:
    """The refresh token after this one: always the same, and made by nobody who does not know the service's key."""
    mac = hmac.new(key, f"refresh {session_id}.{secret}".encode(), sha256)
    return urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def hash_secret(secret: str) -> str:
    """What is kept of a secret of ours; there is nothing to guess in it, so a plain hash does."""
    return sha256(secret.encode()).hexdigest()


def same_secret(kept: str, secret: str) -> bool:
    """Whether this is the secret of which that was kept."""
    return hmac.compare_digest(kept, hash_secret(secret))


def access_token(principal: Principal, session_id: str, key: bytes, now: Instant) -> str:
    """A signed token that says who somebody is, for fifteen minutes."""
    claims = {
        "iss": _ISSUER,
        "sub": principal.id,
        "sid": session_id,
        "role": principal.role.value,
        "name": principal.name,
        "markets": sorted(principal.markets),
        "scopes": None if principal.scopes is None else sorted(principal.scopes),
        "rider": principal.rider_id,
        "merchant": principal.merchant_id,
        "order": principal.order_id,
        "device": principal.device_id,
        "iat": now,
        "exp": now + ACCESS_S,
    }
    return jwt.encode(claims, key, _ALGORITHM)


def read_token(token: str, key: bytes) -> tuple[Principal, Instant]:
    """Who a token says that somebody is, and from when on it counts no more. Raises UnauthenticatedError."""
    required = ["exp", "iss", "sub", "role"]
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[_ALGORITHM], issuer=_ISSUER, options={"require": required}
        )
    except jwt.ExpiredSignatureError:
        raise UnauthenticatedError("The token has run out.", "Renew it with the refresh token.") from None
    except jwt.InvalidTokenError:
        raise UnauthenticatedError("The token is none of this service.", "Sign in.") from None
    scopes = claims.get("scopes")
    rider, merchant = claims.get("rider"), claims.get("merchant")
    who = Principal(
        id=claims["sub"],
        role=Role(claims["role"]),
        name=claims.get("name", ""),
        markets=frozenset(MarketId(name) for name in claims.get("markets", ())),
        rider_id=None if rider is None else RiderId(rider),
        merchant_id=None if merchant is None else MerchantId(merchant),
        order_id=claims.get("order"),
        scopes=None if scopes is None else frozenset(Right(name) for name in scopes),
        device_id=claims.get("device", ""),
    )
    return who, int(claims["exp"])
