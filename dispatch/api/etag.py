"""Versions of entities in HTTP: ``ETag`` says which one was shown, ``If-Match`` which one was seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from fastapi import Response

from dispatch.errors import InvalidInputError, Issue, StaleError

_TAG: Final = re.compile(r'(?:W/)?"?(\d{1,15})"?')


class OutdatedError(StaleError):
    """The caller has seen another version (HTTP 412); ``present`` is what the caller may see of how it is now."""

    def __init__(self, error: StaleError, present: Mapping[str, object], version: int) -> None:
        super().__init__(error.cause, error.action)
        self.present, self.version = present, version


def tag_of(content: object) -> str:
    """An ETag for what has no version of its own; ``content`` is told apart by how it is written."""
    return f'"{sha256(repr(content).encode()).hexdigest()[:20]}"'


def show_version(response: Response, version: int) -> None:
    """Say which version the answer shows."""
    response.headers["ETag"] = f'"{version}"'


def version_in(header: str | None) -> int | None:
    """The version that ``If-Match`` names; None where it names none. Raises InvalidInputError."""
    if header is None or header.strip() == "*":
        return None
    found = _TAG.fullmatch(header.strip())
    if found is None:
        issue = Issue("if_match", f"{header!r} is no version", "Send the ETag as it was given.", field="If-Match")
        raise InvalidInputError("header", [issue])
    return int(found[1])
