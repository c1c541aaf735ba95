"""To a person's own system: a signed request for each message, in the form of Standard Webhooks 1.0."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

from dispatch.engine.clock import Clock
from dispatch.errors import DispatchError, Issue
from dispatch.notify.channels.ports import Locate, Outcome, Outgoing, Result, System
from dispatch.units import Instant

_GONE: Final = 410
_LATER: Final = frozenset({408, 425, 429})
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRules:
    """How this service does webhooks. new_secret: makes what both sides sign and verify with.

    sign: the headers for some secrets, a message's id, an instant and a body. issues_of: what is wrong with an address
    as it is written. locate: finds its host, and raises DispatchError for one that must not be reached.
    """

    new_secret: Callable[[], str]
    sign: Callable[[Sequence[str], str, Instant, bytes], Mapping[str, str]]
    issues_of: Callable[[str], Iterable[Issue]]
    locate: Locate


class WebhookWay:
    """Sends to people's own systems. ``webhook-id`` is the message's id, so that one that comes again can be told.

    Only the status of an answer is read: strangers name the addresses.
    """

    def __init__(
        self, rules: WebhookRules, clock: Clock, *, timeout_s: float = 15.0, trust: ssl.SSLContext | None = None
    ) -> None:
        self._rules, self._clock, self._timeout_s = rules, clock, timeout_s
        self._trust = trust or httpx.create_ssl_context(trust_env=False)

    async def send(self, message: Outgoing) -> Outcome:
        """See ``Way.send``."""
        if message.system is None:
            return Outcome(result=Result.REFUSED, error="The message names no system.")
        try:
            async with asyncio.timeout(self._timeout_s):
                return _outcome(await self._post(message, message.system))
        except TimeoutError:
            return Outcome(result=Result.AGAIN, error=f"No answer in {self._timeout_s:g} s.")
        except DispatchError as error:
            return Outcome(result=Result.REFUSED, error=error.cause[:_SHOWN])
        except (httpx.HTTPError, OSError) as error:
            return Outcome(result=Result.AGAIN, error=f"{type(error).__name__}: {error}"[:_SHOWN])

    async def _post(self, message: Outgoing, system: System) -> int:
        target, body = await self._rules.locate(message.to), body_of(message, system)
        signed = self._rules.sign(system.secrets, message.id, self._clock.now(), body)
        headers = {"Host": target.host, "Content-Type": "application/json", **signed}
        async with httpx.AsyncClient(
            timeout=self._timeout_s, trust_env=False, follow_redirects=False, verify=self._trust
        ) as client:
            extensions = {"sni_hostname": target.name}
            async with client.stream(
                "POST", target.url, content=body, headers=headers, extensions=extensions
            ) as response:
                return response.status_code


def body_of(message: Outgoing, system: System) -> bytes:
    """What is sent: facts for the machine, and the words for whoever looks at it."""
    told_at = datetime.fromtimestamp(system.told_at, UTC).isoformat().replace("+00:00", "Z")
    words = {
        "language": message.words.language,
        "title": message.words.title,
        "text": message.words.short,
        "body": message.words.body,
        "url": message.link,
        "ack": message.ack,
    }
    content = {"type": f"notification.{system.occasion}", "timestamp": told_at, "data": {**system.facts, **words}}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _outcome(status: int) -> Outcome:
    if httpx.codes.is_success(status):
        return Outcome(result=Result.DELIVERED)
    error = f"Answered {status}; only 200 to 299 count, and redirects are not followed."
    if status == _GONE:
        return Outcome(result=Result.GONE, error=error)
    final = httpx.codes.is_client_error(status) and status not in _LATER
    return Outcome(result=Result.REFUSED if final else Result.AGAIN, error=error)
