"""Consoles on the stream of events: what they saw, and whether they saw it once."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

_EVENT: Final = re.compile(rb"event: (\w+)\nid: (\d+)\n")
_MESSAGE_ENDS: Final = b"\n\n"


class Console:
    """One reader of the stream. ``told`` gets the type, the data and the instant (by the wall) of each event."""

    def __init__(self, url: str, token: str, told: Callable[[str, Any, float], None] | None = None) -> None:
        self._url, self._token, self._told = urlsplit(url), token, told
        self.seen = 0
        self.placed = 0
        self.last_id = 0
        self.out_of_order = 0
        self.ready = asyncio.Event()

    async def watch(self) -> None:
        """Read until cancelled. Raises RuntimeError where the stream ends."""
        reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port, limit=2**22)
        lines = [
            "GET /v1/events/stream HTTP/1.1",
            f"Host: {self._url.hostname}",
            f"Authorization: Bearer {self._token}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        left = b""
        try:
            while data := await reader.read(2**16):
                whole, _, left = (left + data).rpartition(_MESSAGE_ENDS)
                self._take(whole)
        finally:
            writer.close()
        raise RuntimeError("the stream ended")

    def _take(self, text: bytes) -> None:
        for kind, number in _EVENT.findall(text):
            at = int(number)
            if kind == b"ready":
                self.last_id = at
                self.ready.set()
                continue
            self.seen += 1
            self.placed += kind == b"OrderPlaced"
            self.out_of_order += at <= self.last_id
            self.last_id = at
        if self._told is not None:
            self._tell(text)

    def _tell(self, text: bytes) -> None:
        now = time.time()
        for message in text.split(_MESSAGE_ENDS):
            found = _EVENT.search(message)
            begin = message.find(b"data: ")
            if found is not None and begin >= 0 and self._told is not None and found[1] != b"ready":
                self._told(found[1].decode(), json.loads(message[begin + 6 :]), now)
