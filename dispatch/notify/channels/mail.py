"""E-mail over SMTP, on a thread: one connection for each message, closed in good order."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

from dispatch.errors import InvalidInputError, Issue
from dispatch.notify.channels.ports import Outcome, Outgoing, Result

_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_PERMANENT: Final = 500
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where e-mail is handed in. tls: "starttls", "implicit" or "none"; trust: whose certificates count."""

    host: str
    port: int
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str
    timeout_s: float = 20.0
    trust: ssl.SSLContext | None = None


def mail_server(url: str, sender: str, trust: ssl.SSLContext | None = None) -> MailServer:
    """A server from "smtp://user:password@host:587" (STARTTLS), "smtps://..." or "smtp+plain://..." (no TLS).

    Raises InvalidInputError.
    """
    parsed = urlsplit(url)
    issues = []
    if parsed.scheme not in _PORTS or not parsed.hostname:
        action = "Write smtp://user:password@host:587."
        issues.append(Issue("mail_server", "the address of the mail server is none", action, field="smtp"))
    if "@" not in parseaddr(sender)[1]:
        issues.append(Issue("mail_sender", f"{sender!r} is no sender", "Write Name <name@host>.", field="mail_from"))
    if issues:
        raise InvalidInputError("settings", issues)
    tls = {"smtp": "starttls", "smtps": "implicit"}.get(parsed.scheme, "none")
    return MailServer(
        host=parsed.hostname or "",
        port=parsed.port or _PORTS[parsed.scheme],
        tls=tls,
        user=unquote(parsed.username or ""),
        password=unquote(parsed.password or ""),
        sender=sender,
        trust=trust,
    )


class MailWay:
    """Sends e-mail. ``Message-ID`` is made of the message's own id, so that a doubled one can be told."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._context = server.trust or ssl.create_default_context()

    async def send(self, message: Outgoing) -> Outcome:
        """See ``Way.send``."""
        try:
            letter = letter_of(message, self._server.sender)
        except ValueError as error:
            return Outcome(result=Result.REFUSED, error=f"{message.to!r} is no address: {error}")
        return await asyncio.to_thread(self._hand_in, letter)

    def _hand_in(self, letter: EmailMessage) -> Outcome:
        try:
            with self._connect() as connection:
                connection.send_message(letter)
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            return _refusal(code, text)
        except smtplib.SMTPAuthenticationError as error:
            # Somebody will correct the password: no message is given up for it.
            return Outcome(result=Result.AGAIN, error=f"Sign-in failed: {_text(error.smtp_error)}")
        except smtplib.SMTPResponseException as error:
            return _refusal(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return Outcome(result=Result.AGAIN, error=f"{type(error).__name__}: {error}"[:_SHOWN])
        return Outcome(result=Result.SENT, provider_id=str(letter["Message-ID"]))

    def _connect(self) -> smtplib.SMTP:
        to = self._server
        if to.tls == "implicit":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(to.host, to.port, timeout=to.timeout_s, context=self._context)
        else:
            connection = smtplib.SMTP(to.host, to.port, timeout=to.timeout_s)
        try:
            if to.tls == "starttls":
                connection.starttls(context=self._context)
            if to.user:
                connection.login(to.user, to.password)
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise
        return connection


def letter_of(message: Outgoing, sender: str) -> EmailMessage:
    """The e-mail: text, and the same as HTML. Raises ValueError for an address that is none."""
    name, address = parseaddr(sender)
    letter = EmailMessage()
    letter["From"] = Address(display_name=name, addr_spec=address)
    letter["To"] = Address(addr_spec=message.to)
    letter["Subject"] = message.words.title
    letter["Message-ID"] = f"<{message.id}@{address.partition('@')[2]}>"
    letter["Content-Language"] = message.words.language
    letter["Auto-Submitted"] = "auto-generated"
    if message.urgent:
        letter["Importance"] = "high"
    letter.set_content(message.words.body)
    letter.add_alternative(message.words.html, subtype="html")
    return letter


def _refusal(code: int, text: bytes | str) -> Outcome:
    result = Result.REFUSED if code >= _PERMANENT else Result.AGAIN
    return Outcome(result=result, error=f"{code} {_text(text)}"[:_SHOWN])


def _text(raw: bytes | str) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
