"""A client of HTTP/1.1 that costs next to nothing, so that a load from the same machine leaves room for the service.

One request at a time on a connection, which stays open; only what the service does is understood.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_ETAG: Final = re.compile(rb'etag: ("[^"]*")', re.IGNORECASE)
_HEAD_ENDS: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and ETag of an answer."""

    status: int
    body: bytes
    tag: str

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body. Raises RuntimeError where the service refused."""
        if self.status >= 400:
            raise RuntimeError(f"the service answered with {self.status}: {self.body[:500]!r}")
        return json.loads(self.body)


class _Answers(asyncio.Protocol):
    """Reads answers; one is waited for at a time."""

    def __init__(self) -> None:
        self.waiting: asyncio.Future[Answer] | None = None
        self.open = False
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Requests can be sent."""
        self.open = True

    def data_received(self, data: bytes) -> None:
        """Some more of an answer."""
        self._read += data
        end = self._read.find(_HEAD_ENDS)
        if end < 0:
            return
        head = self._read[: end + 2]
        length = _LENGTH.search(head)
        whole = end + 4 + (0 if length is None else int(length[1]))
        if len(self._read) < whole:
            return
        tag = _ETAG.search(head)
        answer = Answer(int(head[9:12]), self._read[end + 4 : whole], "" if tag is None else tag[1].decode())
        self._read = self._read[whole:]
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """The service, or its connection, is gone."""
        self.open = False
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionError(f"the connection ended: {exc}"))


class Connection:
    """A connection to the service at ``url``, opened when it is needed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._transport: asyncio.Transport | None = None
        self._answers = _Answers()

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str = "", key: str = "", tag: str = ""
    ) -> Answer:
        """The answer to one request. Raises ConnectionError, OSError."""
        if self._transport is None or not self._answers.open:
            loop = asyncio.get_running_loop()
            self._transport, self._answers = await loop.create_connection(_Answers, self._host, self._port)
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(content)}"]
        if body is not None:
            lines.append("Content-Type: application/json")
        for name, value in (("Authorization", token and f"Bearer {token}"), ("Idempotency-Key", key)):
            lines += [f"{name}: {value}"] if value else []
        lines += [f"If-None-Match: {tag}"] if tag else []
        answers = self._answers
        answers.waiting = asyncio.get_running_loop().create_future()
        self._transport.write("\r\n".join(lines).encode() + _HEAD_ENDS + content)
        try:
            return await answers.waiting
        except asyncio.CancelledError:
            self.close()  # else the next one to ask would get this answer
            raise

    def close(self) -> None:
        """Hang up."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()


class Pool:
    """Some connections that many share."""

    def __init__(self, url: str, size: int) -> None:
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        self._all = [Connection(url) for _ in range(size)]
        for one in self._all:
            self._free.put_nowait(one)

    async def ask(self, method: str, path: str, body: object = None, *, token: str = "", key: str = "") -> Answer:
        """The answer to one request, on the next connection that is free."""
        connection = await self._free.get()
        try:
            return await connection.ask(method, path, body, token=token, key=key)
        finally:
            self._free.put_nowait(connection)

    def close(self) -> None:
        """Hang up."""
        for one in self._all:
            one.close()
