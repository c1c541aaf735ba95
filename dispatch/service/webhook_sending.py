"""One attempt to deliver one event: body, signature, request, and what came back, all of it bounded."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

from dispatch import __version__
from dispatch.model.codec import Json
from dispatch.model.events import Recorded, to_dict
from dispatch.service.webhook_address import AddressRefusedError, Resolve, resolve_host, target_of
from dispatch.service.webhook_signing import signed_headers
from dispatch.store.webhooks import Webhook, valid_secrets
from dispatch.units import Instant

GONE: Final = 410
_READ_BYTES: Final = 4096
_SHOWN: Final = 500
_SENT_BY: Final = f"Dispatch-Webhooks/{__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far webhooks reach. loopback: this machine, too, without TLS; for tests and sandboxes.

    timeout_s: for everything, from the name to the answer. trust: whose certificates count.
    """

    loopback: bool = False
    timeout_s: float = 15.0
    resolve: Resolve = resolve_host
    trust: ssl.SSLContext | bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one attempt; ``status`` is None where no answer came. error: "" where it was delivered."""

    at: Instant
    took_ms: int
    status: int | None = None
    answer: str = ""
    error: str = ""

    def to_json(self) -> dict[str, Json]:
        """For the store."""
        return {
            "at": self.at,
            "took_ms": self.took_ms,
            "status": self.status,
            "answer": self.answer,
            "error": self.error,
        }


def body_of(recorded: Recorded) -> bytes:
    """What is sent of an event: the same bytes at every attempt."""
    event = to_dict(recorded.event)
    kind = event.pop("type")
    body = {
        "type": kind,
        "timestamp": _text(recorded.recorded_at),
        "data": {
            "seq": recorded.seq,
            "market_id": recorded.market_id,
            "type": kind,
            "stream": recorded.stream,
            "version": recorded.version,
            "occurred_at": _text(recorded.occurred_at),
            "recorded_at": _text(recorded.recorded_at),
            "actor_kind": recorded.actor.kind.value,
            "actor_id": recorded.actor.id,
            "command_id": recorded.command_id,
            "data": event,
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _text(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


class Sender:
    """Sends events; an async context manager. No proxy of the environment is used: it would choose the address."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            verify=reach.trust,
            timeout=reach.timeout_s,
            # No connection is kept: it would be known by its address, and serve other names at the same one.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, webhook: Webhook, message_id: str, body: bytes, now: Instant) -> Result:
        """One attempt."""
        began = time.monotonic()
        status, answer, error = None, "", ""
        try:
            async with asyncio.timeout(self._reach.timeout_s):
                status, answer = await self._post(webhook, message_id, body, now)
        except TimeoutError:
            error = f"No answer in {self._reach.timeout_s:g} s."
        except AddressRefusedError as refused:
            error = refused.cause
        except (httpx.HTTPError, OSError) as fault:
            error = f"{type(fault).__name__}: {fault}"[:_SHOWN]
        if status is not None and not httpx.codes.is_success(status):
            error = f"Answered {status}; only 200 to 299 count, and redirects are not followed."
        took_ms = round((time.monotonic() - began) * 1000)
        return Result(at=now, took_ms=took_ms, status=status, answer=answer, error=error)

    async def _post(self, webhook: Webhook, message_id: str, body: bytes, now: Instant) -> tuple[int, str]:
        target = await target_of(webhook.url, loopback=self._reach.loopback, resolve=self._reach.resolve)
        secrets = valid_secrets(webhook.secret, webhook.old_secret, webhook.old_secret_until, now)
        headers = {
            "Host": target.host,
            "Content-Type": "application/json",
            "User-Agent": _SENT_BY,
            "Accept-Encoding": "identity",
            **signed_headers(secrets, message_id, now, body),
        }
        extensions = {"sni_hostname": target.name}
        async with self._client.stream(
            "POST", target.url, content=body, headers=headers, extensions=extensions
        ) as response:
            return response.status_code, await _start_of(response)


async def _start_of(response: httpx.Response) -> str:
    """The first characters of an answer; no more of it is read, and nothing is unpacked."""
    read = b""
    async for part in response.aiter_raw(_READ_BYTES):
        read += part
        if len(read) >= _READ_BYTES:
            break
    return read[:_READ_BYTES].decode("utf-8", "replace").replace("\x00", "")[:_SHOWN]
