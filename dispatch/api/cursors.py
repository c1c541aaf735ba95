"""Where a page ended, as a signed text that says nothing: callers hand it back, and cannot make one up."""

from __future__ import annotations

import base64
import hmac
from binascii import Error as NoBase64Error
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Query

from dispatch.api.state import AppRequest
from dispatch.errors import InvalidInputError, Issue
from dispatch.store.queries import Cut

MOST: Final = 500
_MAC_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is wanted, and the name of the one after it."""

    cut: Cut
    scope: str
    secret: bytes

    def next(self, after: int | None) -> str | None:
        """The cursor of the next page, None where there is none."""
        return None if after is None else _signed(after, self.scope, self.secret)


def _signed(after: int, scope: str, secret: bytes) -> str:
    text = str(after).encode()
    return base64.urlsafe_b64encode(_mac(text, scope, secret) + text).decode().rstrip("=")


def _mac(text: bytes, scope: str, secret: bytes) -> bytes:
    return hmac.digest(secret, f"cursor {scope} ".encode() + text, "sha256")[:_MAC_BYTES]


def read_cursor(cursor: str, scope: str, secret: bytes) -> int:
    """Where the page begins. Raises InvalidInputError for what was not given for this very list."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (NoBase64Error, ValueError):
        raw = b""
    mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not text.isdigit() or not hmac.compare_digest(mac, _mac(text, scope, secret)):
        action = "Send the `next` of the page before, or leave it out to begin anew."
        raise InvalidInputError("query", [Issue("cursor", "the cursor is not of this list", action, field="cursor")])
    return int(text)


async def _paging(
    request: AppRequest,
    cursor: Annotated[str | None, Query(max_length=200, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Paging:
    secret, scope = request.state["secret"], request.url.path
    after = None if cursor is None else read_cursor(cursor, scope, secret)
    return Paging(Cut(after, limit), scope, secret)


Pages = Annotated[Paging, Depends(_paging)]
"""Write ``pages: Pages`` among the arguments of an endpoint that lists something."""
