"""Reads the documents: links, code, tables, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.leaks import project_files
from tests.support.sources import REPOSITORY

_FENCE = re.compile(r"^(?P<fence>```+)(?P<language>\w*).*?\n(?P<body>.*?)^(?P=fence)\s*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
SHELLS = frozenset({"sh", "bash", "console", "shell"})


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file; ``path`` is relative to the repository."""

    path: str
    text: str

    @property
    def prose(self) -> str:
        """The text without code blocks, code spans, link targets and comments."""
        text = _SPAN.sub("", _FENCE.sub("", _COMMENT.sub("", self.text)))
        return _LINK.sub(lambda found: found.group().split("](")[0], text)

    @property
    def links(self) -> list[str]:
        """Targets of all links outside code."""
        return _LINK.findall(_SPAN.sub("", _FENCE.sub("", self.text)))

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Level and text of every heading."""
        found = re.findall(r"^(#+) (.+)$", _FENCE.sub("", self.text), re.MULTILINE)
        return [(len(marks), title.strip()) for marks, title in found]

    @property
    def anchors(self) -> set[str]:
        """What a link may name after '#': headings in small letters, spaces as dashes, punctuation dropped."""
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in self.headings}

    def commands(self, program: str) -> Iterator[str]:
        """Command lines that begin with ``program``, in shell blocks and code spans; continued lines are joined."""
        lines = list(_SPAN.findall(_FENCE.sub("", self.text)))
        for block in _FENCE.finditer(self.text):
            if block["language"] in SHELLS:
                lines += block["body"].replace("\\\n", " ").splitlines()
        for line in lines:
            words = line.removeprefix("$ ").strip().removeprefix(".venv/bin/")
            if words == program or words.startswith(f"{program} "):
                yield words.split(" #")[0].strip()

    def rows(self, first: str) -> list[list[str]]:
        """Cells of every row of the tables whose first column is headed ``first``."""
        found: list[list[str]] = []
        inside = False
        for line in _FENCE.sub("", self.text).splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
            if not cells or set(cells[0]) <= set("-: "):
                inside = inside and bool(cells)
            elif inside:
                found.append(cells)
            else:
                inside = cells[0] == first
        return found

    def sections(self, level: int) -> dict[str, str]:
        """Text below each heading of ``level``, up to the next heading of that level or above."""
        found = re.split(rf"^#{{1,{level}}} (?=\S)", self.text, flags=re.MULTILINE)[1:]
        parts = [part.partition("\n") for part in found]
        return {title.strip(): body for title, _, body in parts}


def document(path: str) -> Document:
    """One Markdown file by its path relative to the repository."""
    return Document(path, (REPOSITORY / path).read_text("utf-8"))


def documents() -> list[Document]:
    """Every Markdown file of the project."""
    paths = [path for path in project_files(REPOSITORY) if path.suffix == ".md"]
    return [document(path.relative_to(REPOSITORY).as_posix()) for path in paths]


def broken_links(page: Document, root: Path = REPOSITORY) -> Iterator[str]:
    """Relative links that lead nowhere: to no file, or to no heading of a file."""
    for target in page.links:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (root / page.path).parent / name if name else root / page.path
        if not file.exists():
            yield f"{page.path}: the link {target} leads to no file"
        elif anchor and anchor not in Document(name, file.read_text("utf-8")).anchors:
            yield f"{page.path}: the link {target} leads to no heading"
