"""Every request has an id: the caller's, or a new one; it is in the answer and in every line of the log.

How long requests take is measured here, too, and those that were refused or failed are written to the log.
"""

from __future__ import annotations

import logging
import re
import secrets
from itertools import count
from time import perf_counter
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.api.logs import FIELDS
from dispatch.engine.traces import Span
from dispatch.service.marks import REQUEST_ID
from dispatch.service.service import Services

LOG: Final = logging.getLogger(__name__)
HEADER: Final = "X-Request-Id"
_SOUND: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_TRACE_HEADERS: Final = ("traceparent", "tracestate")
_NOWHERE: Final = "none"
"""The route of a request that no endpoint takes: its path could be anything."""


class RequestIds:
    """Gives every request its id, and tells how it went."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # Numbers of a series that no other process has: asking the system for chance each time would cost more.
        self._series, self._numbers = secrets.token_hex(6), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(HEADER, "")
        request_id = given if _SOUND.fullmatch(given) else f"req_{self._series}{next(self._numbers):08x}"
        REQUEST_ID.set(request_id)
        began, status = perf_counter(), 500

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        services: Services = scope["state"]["services"]
        parent = {name: headers[name] for name in _TRACE_HEADERS if name in headers}
        with services.traces.span(scope["method"], parent=parent, serving=True) as span:
            try:
                await self.app(scope, receive, tell)
            finally:
                _note(scope, status, perf_counter() - began, span)


def _note(scope: Scope, status: int, took_s: float, span: Span) -> None:
    route = getattr(scope.get("route"), "path", _NOWHERE)
    services: Services = scope["state"]["services"]
    services.measures.request(scope["method"], route, status, took_s)
    span.rename(f"{scope['method']} {route}")
    span.note(**{"http.request.method": scope["method"], "http.route": route, "http.response.status_code": status})
    level = logging.DEBUG if status < 400 else logging.INFO
    # An address that is a secret does not stand in the log.
    path = route if "{token}" in route else scope["path"]
    fields = {"method": scope["method"], "path": path, "status": status, "took_ms": round(1000 * took_s)}
    LOG.log(level, "answered with %s", status, extra={FIELDS: fields})
