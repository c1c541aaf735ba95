"""A page to watch a market by: one file without anything from elsewhere, which asks the API like everybody else."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from dispatch.api.html import page

router = APIRouter(include_in_schema=False)

_PLACE = "NONCE"


@cache
def _page() -> str:
    return files("dispatch.api").joinpath("pages", "watch.html").read_text("utf-8")


@router.get("/", response_class=HTMLResponse)
async def watch() -> HTMLResponse:
    """The page. It holds no data; who signs in on it sees what their account may see."""
    return page(lambda nonce: _page().replace(_PLACE, nonce))
