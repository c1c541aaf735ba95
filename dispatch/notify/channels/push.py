"""Web push: an encrypted message to the push service of each browser (RFC 8030)."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

import httpx

from dispatch.engine.clock import Clock
from dispatch.errors import DispatchError
from dispatch.notify.channels.ports import Locate, Outcome, Outgoing, Result
from dispatch.notify.channels.push_encryption import Identity, encoded, encrypt

_GONE: Final = frozenset({404, 410})
_LATER: Final = frozenset({401, 403, 408, 425, 429})
_SHOWN: Final = 300
_BODY_CHARS: Final = 900


class PushWay:
    """Sends web push. ``Topic`` is made of the message's id: a push service that still has it replaces it."""

    def __init__(self, identity: Identity, locate: Locate, clock: Clock, *, timeout_s: float = 15.0) -> None:
        self._identity, self._locate, self._clock, self._timeout_s = identity, locate, clock, timeout_s

    async def send(self, message: Outgoing) -> Outcome:
        """See ``Way.send``."""
        if message.device is None:
            return Outcome(result=Result.REFUSED, error="The message names no device.")
        try:
            body = encrypt(payload_of(message), message.device.key, message.device.auth)
            response = await self._post(message, message.device.endpoint, body)
        except ValueError as error:
            return Outcome(result=Result.GONE, error=f"The keys of the device are none: {error}"[:_SHOWN])
        except DispatchError as error:
            return Outcome(result=Result.REFUSED, error=str(error)[:_SHOWN])
        except (httpx.HTTPError, OSError) as error:
            return Outcome(result=Result.AGAIN, error=f"{type(error).__name__}: {error}"[:_SHOWN])
        return _outcome(response)

    async def _post(self, message: Outgoing, endpoint: str, body: bytes) -> httpx.Response:
        target = await self._locate(endpoint)
        headers = {
            "Host": target.host,
            "Authorization": self._identity.authorization(endpoint, self._clock.now()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(message.keep_s),
            "Urgency": "high" if message.urgent else "normal",
            "Topic": topic_of(message.id),
        }
        async with httpx.AsyncClient(timeout=self._timeout_s, trust_env=False, follow_redirects=False) as client:
            extensions = {"sni_hostname": target.name}
            return await client.post(target.url, content=body, headers=headers, extensions=extensions)


def topic_of(message_id: str) -> str:
    """A push service's name for a message: 32 characters at most, of base64url."""
    return encoded(sha256(message_id.encode()).digest())[:32]


def payload_of(message: Outgoing) -> bytes:
    """What the browser's worker shows; it answers to ``ack`` with the id when somebody opens it."""
    shown = {
        "id": message.id,
        "title": message.words.title[:200],
        "body": message.words.short[:_BODY_CHARS],
        "language": message.words.language,
        "url": message.link,
        "ack": message.ack,
        "urgent": message.urgent,
    }
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


def _outcome(response: httpx.Response) -> Outcome:
    if response.is_success:
        return Outcome(result=Result.SENT, provider_id=response.headers.get("location", "")[:_SHOWN])
    error = f"Answered {response.status_code}: {response.text[:200]}".strip()
    if response.status_code in _GONE:
        return Outcome(result=Result.GONE, error=error)
    later = response.status_code in _LATER or not response.is_client_error
    return Outcome(result=Result.AGAIN if later else Result.REFUSED, error=error)
