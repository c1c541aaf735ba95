"""A page to watch a market by: one file without anything from elsewhere, which asks the API like everybody else."""

from __future__ import annotations

import secrets
from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_PLACE = "NONCE"


@cache
def _page() -> str:
    return files("dispatch.api").joinpath("pages", "watch.html").read_text("utf-8")


@router.get("/", response_class=HTMLResponse)
async def watch() -> HTMLResponse:
    """The page. It holds no data; who signs in on it sees what their account may see."""
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
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {source}" for name, source in allowed.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(_page().replace(_PLACE, nonce), headers=headers)
