"""Pages: each is whole in itself, runs only its own script, and holds no data."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from fastapi.responses import HTMLResponse


def page(write: Callable[[str], str], status: int = 200, headers: Mapping[str, str] = {}) -> HTMLResponse:
    """The page that ``write`` gives, which marks its style and script with the nonce that it is handed."""
    nonce = secrets.token_urlsafe(16)
    allowed = {
        "default-src": "'none'",
        "connect-src": "'self'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": f"'nonce-{nonce}'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    safe = {
        "Content-Security-Policy": "; ".join(f"{name} {source}" for name, source in allowed.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(write(nonce), status, headers={**safe, **headers})
