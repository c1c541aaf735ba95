"""SMS over an HTTP provider: a form by POST, basic auth, and signed reports of what became of each message.

The shape is that of the Messages resource of Twilio, which several other providers take, too.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from dispatch.errors import InvalidInputError, Issue
from dispatch.notify.channels.ports import Outcome, Outgoing, Result

_SHOWN: Final = 300
_LATER: Final = frozenset({401, 403, 404, 408, 425, 429})
"""Statuses that speak of the account or of the moment, not of the message."""
_SERVICE: Final = "MG"

REPORTED: Final[Mapping[str, str]] = {"delivered": "delivered", "read": "read", "undelivered": "dead", "failed": "dead"}
"""What the provider's words for a message's fate mean here; all others say that it is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsProvider:
    """Where SMS are handed in, and as whom: an account, its token, and the sender's number or service."""

    base: str
    account: str
    token: str = field(repr=False)
    sender: str
    timeout_s: float = 15.0


def sms_provider(url: str, sender: str) -> SmsProvider:
    """A provider from "https://account:token@host/2010-04-01". Raises InvalidInputError."""
    parsed = urlsplit(url)
    if parsed.scheme not in ("https", "http") or not (parsed.hostname and parsed.username and parsed.password):
        action = "Write https://account:token@host/version."
        raise InvalidInputError("settings", [Issue("sms_provider", "the address is none", action, field="sms")])
    if not sender:
        issue = Issue("field_missing", "SMS need a sender", "Set the number or service.", field="sms_from")
        raise InvalidInputError("settings", [issue])
    place = parsed.hostname if parsed.port is None else f"{parsed.hostname}:{parsed.port}"
    base = urlunsplit((parsed.scheme, place, parsed.path.rstrip("/"), "", ""))
    return SmsProvider(base=base, account=unquote(parsed.username), token=unquote(parsed.password), sender=sender)


class SmsWay:
    """Sends SMS. ``report_to``: where the provider reports on a message; "" for nowhere."""

    def __init__(self, provider: SmsProvider, report_to: Callable[[str], str] = lambda _: "") -> None:
        self._provider, self._report_to = provider, report_to

    async def send(self, message: Outgoing) -> Outcome:
        """See ``Way.send``."""
        to = self._provider
        auth = httpx.BasicAuth(to.account, to.token)
        url = f"{to.base}/Accounts/{to.account}/Messages.json"
        # Providers that know the header take a message of one id once; the others may double it after a crash.
        headers = {"Idempotency-Key": message.id}
        try:
            async with httpx.AsyncClient(timeout=to.timeout_s, trust_env=False) as client:
                response = await client.post(url, data=self._form(message), auth=auth, headers=headers)
        except httpx.HTTPError as error:
            return Outcome(result=Result.AGAIN, error=f"{type(error).__name__}: {error}"[:_SHOWN])
        return _outcome(response)

    def _form(self, message: Outgoing) -> dict[str, str]:
        sender = "MessagingServiceSid" if self._provider.sender.startswith(_SERVICE) else "From"
        form = {"To": message.to, sender: self._provider.sender, "Body": message.words.short}
        if message.link:
            form["Body"] = f"{message.words.short} {message.link}"
        if report_to := self._report_to(message.id):
            form["StatusCallback"] = report_to
        if message.keep_s:
            form["ValidityPeriod"] = str(min(max(message.keep_s, 1), 14_400))
        return form


def _outcome(response: httpx.Response) -> Outcome:
    try:
        found = response.json()
    except ValueError:
        found = {}
    answer = found if isinstance(found, dict) else {}
    if response.is_success:
        return Outcome(result=Result.SENT, provider_id=str(answer.get("sid", "")))
    error = f"Answered {response.status_code}: {answer.get('code', '')} {answer.get('message', '')}".strip()[:_SHOWN]
    later = response.status_code in _LATER or not response.is_client_error
    return Outcome(result=Result.AGAIN if later else Result.REFUSED, error=error)


def report_signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """How the provider signs a report: the address and the sorted form, by HMAC-SHA1 with the account's token."""
    signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def is_signed(token: str, url: str, form: Mapping[str, str], signature: str) -> bool:
    """Whether a report comes from the provider."""
    return hmac.compare_digest(report_signature(token, url, form).encode(), signature.encode())
