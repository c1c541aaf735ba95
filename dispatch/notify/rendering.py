"""From an occasion and its values to what is sent: title, short text, and the e-mail in two forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from dispatch.model.codec import Json
from dispatch.notify.matrix import Audience, Occasion
from dispatch.notify.wording import Language, Texts
from dispatch.units import Instant, Money

NO_CENTS: Final = frozenset({"CLP", "JPY", "KRW", "PYG", "VND"})
"""Currencies without a minor unit."""
_WHOLE: Final = frozenset({"COP", "IDR"})
"""Currencies with a minor unit that nobody writes."""
_SMS_CHARS: Final = 480
"""Three parts of an SMS in most scripts; what is longer is cut."""

Value = Mapping[str, Json]
"""A value before it is put into words: ``{"at": 0}``, ``{"minor": 5, "currency": "USD"}``, ``{"word": [group, code]}``,
or ``{"text": ""}``; ``about``, if there, follows in brackets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom something is put into words."""

    language: str
    time_zone: str
    name: str = ""
    market: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message in words."""

    language: str
    title: str
    short: str
    body: str
    html: str


def render(
    texts: Texts, occasion: Occasion, audience: Audience, values: Mapping[str, Json], reader: Reader
) -> Rendered:
    """Put an occasion into words. Raises KeyError for a value that the text names and nobody gave."""
    language = texts.language(reader.language)
    wording = language.wordings[occasion, audience.voice]
    words = {name: _in_words(value, language, reader.time_zone) for name, value in values.items()}
    title, short, more = (text.format_map(words) for text in (wording.title, wording.short, wording.more))
    hello = language.phrases["hello" if reader.name else "hello_nobody"].format_map({"name": reader.name})
    bye = language.phrases["bye"].format_map({"market": reader.market or "Dispatch"})
    parts = [hello, f"{short} {more}".strip(), bye]
    if reader.link:
        parts.insert(2, f"{language.phrases['link']} {reader.link}")
    return Rendered(
        language=language.code,
        title=_line(title),
        short=_line(short)[:_SMS_CHARS],
        body="\n\n".join(parts) + "\n",
        html=_html(language, title, parts, reader.link),
    )


def _in_words(value: Json, language: Language, time_zone: str) -> str:
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    words = _plain(value, language, time_zone)
    return f"{words} ({value['about']})" if value.get("about") else words


def _plain(value: Mapping[str, Json], language: Language, time_zone: str) -> str:
    match value:
        case {"at": int(at), "form": str(form)}:
            return local_time(at, time_zone, form)
        case {"at": int(at)}:
            return local_time(at, time_zone)
        case {"minor": int(minor), "currency": str(currency)}:
            return money_text(Money(minor, currency))
        case {"word": [str(group), str(code)]}:
            return language.word(group, code)
        case {"text": str(text)}:
            return text
    raise ValueError(f"no words for {value!r}")


def local_time(at: Instant, time_zone: str, form: str = "%H:%M") -> str:
    """An instant as a clock on the wall there shows it."""
    return datetime.fromtimestamp(at, ZoneInfo(time_zone)).strftime(form)


def money_text(money: Money) -> str:
    """An amount as people write it, with the code of its currency: "12.50 MYR", "45,000 VND"."""
    if money.currency in _WHOLE:
        return f"{money.minor // 100:,} {money.currency}"
    if money.currency in NO_CENTS:
        return f"{money.minor:,} {money.currency}"
    return f"{money.minor / 100:,.2f} {money.currency}"


def _line(text: str) -> str:
    """One line: what people typed may have more, and a subject must not."""
    return " ".join(text.split())


def _html(language: Language, title: str, parts: list[str], link: str) -> str:
    shown = [escape(part).replace("\n", "<br>") for part in parts]
    if link:
        safe = escape(link, quote=True)
        shown[2] = f'{escape(language.phrases["link"])} <a href="{safe}">{safe}</a>'
    body = "\n".join(f"<p>{part}</p>" for part in shown)
    return (
        f'<!doctype html>\n<html lang="{language.code}">\n'
        f'<head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )
