"""A real SMTP server on a port of this machine, which keeps the letters it gets and refuses as told."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """``answers``: what recipients or letters are answered with, by address; else they are taken."""

    url: str = ""
    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 - the server asks for this name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        told = self.answers.get(address)
        if told is None:
            envelope.rcpt_tos.append(address)
        return told or "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        told = self.answers.get("data")
        if told is None:
            found = message_from_bytes(envelope.original_content or b"", policy=policy.default)
            assert isinstance(found, EmailMessage)
            self.letters.append(found)
        return told or "250 OK"

    @property
    def ids(self) -> list[str]:
        return [str(letter["Message-ID"]) for letter in self.letters]


class _Known:
    def __call__(self, _: SMTP, __: Session, ___: object, ____: str, given: object) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"post", b"secret")
        return AuthResult(success=right)


@contextmanager
def mailbox(certificate: Path | None = None, *, port: int = 0, known: Mailbox | None = None) -> Iterator[Mailbox]:
    """Serve; with a certificate over STARTTLS and with a password, as a provider does."""
    box = known or Mailbox()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    options: dict[str, Any] = {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": _Known(),
        "auth_required": True,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        server = Controller(box, hostname="127.0.0.1", port=port or _free_port(), **(options if context else {}))
    server.start()
    box.port = server.port
    box.url = f"smtp://post:secret@localhost:{box.port}" if context else f"smtp+plain://127.0.0.1:{box.port}"
    try:
        yield box
    finally:
        server.stop()


def _free_port() -> int:
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
