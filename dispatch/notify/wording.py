"""Texts by language: read from the package once, checked as a whole, filled in with checked placeholders."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Formatter
from typing import Any, Final

from dispatch.errors import InvalidInputError, Issue
from dispatch.notify.matrix import DEFAULTS, Occasion

FALLBACK: Final = "en"
LANGUAGES: Final = ("en", "es", "vi", "ms", "zh")
PHRASES: Final = {
    "hello": frozenset({"name"}),
    "hello_nobody": frozenset[str](),
    "link": frozenset[str](),
    "bye": frozenset({"market"}),
}
"""What every e-mail is put together with, and what each of them may name."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One occasion's text for one audience. title: subject and push title; short: SMS, push, in-app; more: e-mail."""

    title: str
    short: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """All texts of one language; ``wordings`` by occasion and voice, ``words`` by group and code."""

    code: str
    phrases: Mapping[str, str]
    wordings: Mapping[tuple[Occasion, str], Wording]
    words: Mapping[str, Mapping[str, str]]

    def word(self, group: str, code: str) -> str:
        """A code in words; the code itself, readably, where it is newer than the texts."""
        return self.words.get(group, {}).get(code, code.replace("_", " "))


class Texts:
    """Every language. Raises InvalidInputError, with all that is missing or wrong, where the files do not fit."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self._languages = languages
        issues = [issue for language in languages.values() for issue in issues_of(language)]
        if FALLBACK not in languages:
            issues.append(Issue("field_missing", f"there are no texts in {FALLBACK}", "Add them.", field=FALLBACK))
        if issues:
            raise InvalidInputError("texts", issues)

    def language(self, wanted: str) -> Language:
        """The language of a tag such as "es-MX"; that of the fallback where nobody has written it."""
        code = wanted.replace("_", "-").partition("-")[0].lower()
        return self._languages.get(code, self._languages[FALLBACK])


def load_texts() -> Texts:
    """The texts of the package."""
    folder = files("dispatch.notify") / "texts"
    read = {code: tomllib.loads((folder / f"{code}.toml").read_text("utf-8")) for code in LANGUAGES}
    return Texts({code: language_of(code, table) for code, table in read.items()})


def language_of(code: str, table: Mapping[str, Any]) -> Language:
    """A language from the tables of its file."""
    wordings = {
        (occasion, voice): Wording(**wording)
        for occasion in Occasion
        for voice, wording in table.get(occasion.value, {}).items()
    }
    return Language(code, table.get("phrases", {}), wordings, table.get("words", {}))


def voices(occasion: Occasion) -> frozenset[str]:
    """Whose texts an occasion needs."""
    return frozenset(audience.voice for audience in DEFAULTS[occasion].cells)


def issues_of(language: Language) -> Iterator[Issue]:
    """All that is missing in a language, and every placeholder that nobody fills in."""
    for occasion, row in DEFAULTS.items():
        for voice in sorted(voices(occasion)):
            where = f"{language.code}.{occasion.value}.{voice}"
            wording = language.wordings.get((occasion, voice))
            if wording is None or not (wording.title and wording.short):
                yield Issue("field_missing", f"there is no text {where}", "Write it.", field=where)
                continue
            for text in (wording.title, wording.short, wording.more):
                yield from _strange(text, row.values, where)
    for name, known in PHRASES.items():
        where = f"{language.code}.phrases.{name}"
        if name not in language.phrases:
            yield Issue("field_missing", f"there is no text {where}", "Write it.", field=where)
        yield from _strange(language.phrases.get(name, ""), known, where)


def _strange(text: str, known: frozenset[str], where: str) -> Iterator[Issue]:
    for name in sorted(placeholders(text) - known):
        cause = f"{where} names {name!r}, which is not among the values of its occasion"
        yield Issue("unknown_key", cause, f"Use one of: {', '.join(sorted(known)) or 'none'}.", field=where)


def placeholders(text: str) -> frozenset[str]:
    """What a text names in braces."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)
