"""Signatures of webhooks as Standard Webhooks 1.0 has them: an HMAC of the id, the instant and the body."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from dispatch.units import Instant

PREFIX: Final = "whsec_"
_BYTES: Final = 32


def new_signing_secret() -> str:
    """A secret that both sides sign and verify with."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signature(secret: str, message_id: str, at: Instant, body: bytes) -> str:
    """One signature, version 1 (HMAC-SHA256)."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = f"{message_id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def signed_headers(keys: Iterable[str], message_id: str, at: Instant, body: bytes) -> dict[str, str]:
    """The three headers of a message; a signature for every secret that counts, the newest first."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signature(key, message_id, at, body) for key in keys),
    }
