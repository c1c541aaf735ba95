"""The page by which customers follow orders: it holds no data, and asks ``/v1/track/{token}`` like everybody else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, StrictUndefined, Template

from dispatch.api.following import PRIVATE, find_order
from dispatch.api.html import page
from dispatch.api.limits import TooManyError
from dispatch.api.state import Api, AppRequest
from dispatch.errors import NotFoundError
from dispatch.notify.rendering import NO_CENTS
from dispatch.notify.wording import FALLBACK, LANGUAGES, load_texts

router = APIRouter(include_in_schema=False)

NAMES: Final[Mapping[str, str]] = {
    "en": "English",
    "es": "Español",
    "vi": "Tiếng Việt",
    "ms": "Bahasa Melayu",
    "zh": "中文",
}


@dataclass(frozen=True)
class _Page:
    """What the page is made of."""

    template: Template
    style: str
    script: str
    words: Mapping[str, Mapping[str, Any]]


@cache
def _page() -> _Page:
    folder = files("dispatch.api").joinpath("pages", "track")
    told = load_texts()
    words = {
        code: tomllib.loads(folder.joinpath(f"{code}.toml").read_text("utf-8"))
        | {"plans": told.language(code).words["rescue_plan"], "no_cents": sorted(NO_CENTS)}
        for code in LANGUAGES
    }
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text, style, script = (folder.joinpath(f"page.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return _Page(environment.from_string(text), style, script, words)


@router.get("/t/{token}", response_class=HTMLResponse)
async def follow_order(
    token: str,
    request: AppRequest,
    api: Api,
    lang: Annotated[str, Query(max_length=35)] = "",
    accept_language: Annotated[str, Header(max_length=500)] = "",
) -> HTMLResponse:
    """The page of a link; one that says so where the link is none, or counts no more (404)."""
    spoken = language_of(lang, accept_language)
    try:
        await find_order(api, token, request)
    except NotFoundError:
        return _written(spoken, 404, "gone")
    except TooManyError as error:
        return _written(spoken, 429, "too_many", {"Retry-After": str(error.retry_after_s)})
    return _written(spoken, 200)


def _written(lang: str, status: int, refusal: str = "", headers: Mapping[str, str] = {}) -> HTMLResponse:
    made = _page()

    def write(nonce: str) -> str:
        return made.template.render(
            lang=lang,
            languages=NAMES,
            words=made.words[lang],
            nonce=nonce,
            style=made.style,
            script=made.script,
            refusal=refusal,
        )

    return page(write, status, {**PRIVATE, "Content-Language": lang, **headers})


def language_of(chosen: str, accepted: str) -> str:
    """The language that was chosen, else the one of ours that a browser likes best (RFC 9110, 12.5.4)."""
    wishes = [_wish(one) for one in accepted.split(",")]
    liked = [name for weight, name in sorted(wishes, key=lambda wish: -wish[0]) if weight > 0]
    known = (name.strip().partition("-")[0].lower() for name in (chosen, *liked))
    return next((name for name in known if name in LANGUAGES), FALLBACK)


def _wish(text: str) -> tuple[float, str]:
    name, _, weight = text.partition(";")
    try:
        return float(weight.strip().removeprefix("q=") or 1), name
    except ValueError:
        return 0.0, name
