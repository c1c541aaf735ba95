"""Web push's own cryptography: message encryption (RFC 8291 over RFC 8188) and the sender's identity (RFC 8292)."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatch.units import HOUR_S, Instant

_RECORD: Final = 4096
MOST_BYTES: Final = 3993
"""The longest message that every push service takes."""
_AUTH_BYTES: Final = 16
_POINT_BYTES: Final = 65
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256."""
_TOKEN_S: Final = 12 * HOUR_S


def decoded(text: str) -> bytes:
    """Bytes from base64url without padding. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def encoded(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def check_keys(key: str, auth: str) -> None:
    """Raise ValueError unless these are the keys of a subscription."""
    if len(decoded(auth)) != _AUTH_BYTES:
        raise ValueError(f"the secret of a subscription has {_AUTH_BYTES} bytes")
    EllipticCurvePublicKey.from_encoded_point(SECP256R1(), decoded(key))


def encrypt(
    message: bytes, key: str, auth: str, *, salt: bytes | None = None, ephemeral: EllipticCurvePrivateKey | None = None
) -> bytes:
    """The body of a push message that only one browser can read. Raises ValueError for keys that are none.

    salt, ephemeral: by chance, unless a test says which.
    """
    if len(message) > MOST_BYTES:
        raise ValueError(f"a push message has {MOST_BYTES} bytes at most, not {len(message)}")
    theirs, secret = decoded(key), decoded(auth)
    salt = os.urandom(16) if salt is None else salt
    own = ephemeral or generate_private_key(SECP256R1())
    ours = _point(own)
    shared = own.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), theirs))
    keying = _derived(secret, shared, b"WebPush: info\x00" + theirs + ours, 32)
    content_key = _derived(salt, keying, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(salt, keying, b"Content-Encoding: nonce\x00", 12)
    header = salt + _RECORD.to_bytes(4, "big") + bytes([_POINT_BYTES]) + ours
    # The byte 2 says that this record is the last one.
    return header + AESGCM(content_key).encrypt(nonce, message + b"\x02", None)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _point(key: EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends: browsers subscribe to this key, push services know the sender by it. contact: "mailto:..."."""

    key: EllipticCurvePrivateKey
    contact: str

    @property
    def public(self) -> str:
        """What a browser needs to subscribe (``applicationServerKey``)."""
        return encoded(_point(self.key))

    def authorization(self, endpoint: str, now: Instant) -> str:
        """The header that shows a push service who sends."""
        parsed = urlsplit(endpoint)
        claims = {"aud": f"{parsed.scheme}://{parsed.netloc}", "exp": now + _TOKEN_S, "sub": self.contact}
        token = jwt.encode(claims, self.key, algorithm="ES256")
        return f"vapid t={token}, k={self.public}"


def identity_of(secret: bytes, contact: str) -> Identity:
    """The identity that belongs to a secret, the same in every process; another secret ends all subscriptions."""
    number = int.from_bytes(sha256(b"web push 1 " + secret).digest() + sha256(b"web push 2 " + secret).digest(), "big")
    return Identity(derive_private_key(number % (_ORDER - 1) + 1, SECP256R1()), contact)
