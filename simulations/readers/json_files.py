"""JSON files, and the lines on which the features of a GeoJSON file begin, so that issues can name them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final, NamedTuple, cast

from simulations.readers.tables import read_text
from simulations.readers.validation import Report, Where

_BETWEEN: Final = re.compile(r"[\s,:]*")
_HALF_CHARACTER: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""A surrogate of UTF-16 on its own, as an escape of JSON."""
_FEATURES: Final = "features"


class Document(NamedTuple):
    """What a JSON file holds, and its text."""

    content: object
    text: str

    def feature_lines(self) -> list[int]:
        """The 1-based line on which each member of the list ``features`` begins; empty where there is no such list."""
        if not (isinstance(self.content, dict) and isinstance(self.content.get(_FEATURES), list)):
            return []
        lines, line, seen = [], 1, 0
        for start in _feature_starts(self.text):
            line += self.text.count("\n", seen, start)
            seen = start
            lines.append(line)
        return lines


def read_json(path: Path, report: Report) -> Document | None:
    """Read a JSON file; None, and an issue, where it cannot be had."""
    text = read_text(path, report)
    if text is None:
        return None
    if not text.strip():
        report.add("empty_file", "the file is empty", Where(path.name))
        return None
    try:
        content = cast(object, json.loads(text))
    except json.JSONDecodeError as error:
        report.add("unreadable_file", f"the file is no JSON: {error.msg}", Where(path.name, error.lineno))
        return None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets in thousands of brackets
        report.add("unreadable_file", f"the file is no JSON that can be read: {error}", Where(path.name))
        return None
    half = _HALF_CHARACTER.search(text)
    if half and _is_broken(content):
        line = text.count("\n", 0, half.start()) + 1
        report.add("wrong_encoding", f"{half[0]} is half a character without the other half", Where(path.name, line))
        return None
    return Document(content, text)


def _is_broken(content: object) -> bool:
    """Whether a text holds half a character, which no file and no page can."""
    try:
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _feature_starts(text: str) -> list[int]:
    """Where the members of the list ``features`` begin in the text of a valid JSON object that has it."""
    decode = json.JSONDecoder().raw_decode
    starts: list[int] = []
    at = _next(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = decode(text, at)
        at = _next(text, at)
        # Of two lists of that name the last one counts, as it does for json.loads.
        if name == _FEATURES and text[at] == "[":
            starts = []
            at = _next(text, at + 1)
            while text[at] != "]":
                starts.append(at)
                at = _next(text, decode(text, at)[1])
            at += 1
        else:
            at = decode(text, at)[1]
        at = _next(text, at)
    return starts


def _next(text: str, at: int) -> int:
    """Where the next thing begins: behind white space, commas and colons."""
    found = _BETWEEN.match(text, at)
    return found.end() if found else at
