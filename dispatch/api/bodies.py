"""How large the body of a request may be; one that is larger is refused like everything else, as problem+json."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.api.errors import problem

MOST_BYTES: Final = 1_000_000
_TOO_LARGE: Final = HTTPStatus(413)
_CAUSE: Final = f"The body is larger than {MOST_BYTES} bytes."


class BodyLimit:
    """Refuses bodies that say that they are too large, and stops reading those that turn out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > MOST_BYTES:
            refusal = problem(_TOO_LARGE, _TOO_LARGE.name.lower(), _CAUSE, "Send it in parts.")
            await refusal(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BYTES:
                raise HTTPException(_TOO_LARGE, _CAUSE)
            return message

        await self.app(scope, counted, send)
