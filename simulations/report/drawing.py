"""Charts as SVG that takes its colours from the page, so that one drawing fits light and dark.

A chart is drawn with the colours of ``Ink``; in the SVG each becomes a CSS variable of the page's style sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

WIDTH_IN: Final = 7.6


class Ink:
    """Colours by what they are for, as they are on the light page."""

    TEXT: Final = "#1c2431"
    MUTED: Final = "#64708a"
    LINE: Final = "#dfe4ec"
    PAPER: Final = "#fefefe"
    MAIN: Final = "#2f6fde"
    LATE: Final = "#e2711d"
    THIRD: Final = "#2a9d8f"
    QUIET: Final = "#b9c4d8"


_VARIABLES: Final = {
    Ink.TEXT: "text",
    Ink.MUTED: "muted",
    Ink.LINE: "line",
    Ink.PAPER: "paper",
    Ink.MAIN: "main",
    Ink.LATE: "late",
    Ink.THIRD: "third",
    Ink.QUIET: "quiet",
}

_STYLE: Final[dict[RcKeyType, object]] = {
    "axes.edgecolor": Ink.LINE,
    "axes.facecolor": "none",
    "axes.labelcolor": Ink.MUTED,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.titlecolor": Ink.TEXT,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "font.size": 9.5,
    "grid.color": Ink.LINE,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.labelcolor": Ink.TEXT,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "text.color": Ink.TEXT,
    "xtick.color": Ink.MUTED,
    "ytick.color": Ink.MUTED,
    "ytick.left": False,
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing as it goes into the page: ``svg`` and, for those who cannot see it, ``says``."""

    svg: str
    says: str


@contextmanager
def style() -> Iterator[None]:
    """The look of all charts; nothing outside is changed."""
    with mpl.rc_context(_STYLE):
        yield


def figure(height_in: float) -> Figure:
    """An empty figure of the page's width."""
    return Figure(figsize=(WIDTH_IN, height_in))


def to_svg(drawn: Figure, name: str) -> str:
    """The figure as an SVG element; ``name`` keeps the ids of several drawings in one page apart."""
    with mpl.rc_context({"svg.hashsalt": name}):
        buffer = StringIO()
        drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    return text
