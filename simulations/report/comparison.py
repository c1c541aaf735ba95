"""A comparison as one HTML file, and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from dispatch import __version__
from simulations.comparison import Comparison, Difference, Row
from simulations.metrics.wording import Wording
from simulations.report.compare_charts import draw_gaps, draw_waiting, gaps, waiting
from simulations.report.drawing import figure, style
from simulations.report.page import environment

PICTURE_DPI = 130


def write_comparison(path: Path, found: Comparison, instances: Sequence[str], world: Sequence[str]) -> None:
    """Write the page of a comparison; ``world`` says what was changed about the instances. Raises OSError."""
    text = (
        environment()
        .get_template("compare.html.j2")
        .render(
            version=__version__,
            policies=found.policies,
            instances=instances,
            world=world,
            how=found.how,
            notes=found.notes,
            rows=[(row.wording, _cells(row)) for row in found.rows],
            waiting=waiting(found),
            gaps=gaps(found),
        )
    )
    path.write_text(text, "utf-8", newline="\n")


def write_picture(path: Path, found: Comparison) -> None:
    """Write the charts of a comparison as a PNG on white."""
    with style(), mpl.rc_context({"savefig.facecolor": "white"}):
        drawn = figure(4.4 + 0.28 * len(found.policies))
        halves = drawn.subfigures(2, 1, squeeze=False, height_ratios=[3, 1.2 + 0.28 * len(found.policies)])
        draw_waiting(halves[0, 0].subplots(), found)
        draw_gaps(halves[1, 0], found)
        drawn.savefig(path, dpi=PICTURE_DPI, metadata={"Software": None})


def gap_text(wording: Wording, difference: Difference) -> str:
    """A difference with its interval, as a person reads it."""
    if difference.mean == 0 and difference.low in (None, 0.0) and difference.high in (None, 0.0):
        return "same"
    text = wording.number(difference.mean, signed=True)
    if difference.low is None or difference.high is None:
        return text
    return f"{text} [{wording.number(difference.low, signed=True)}, {wording.number(difference.high, signed=True)}]"


def verdict(wording: Wording, difference: Difference) -> str:
    """Answer "good" or "bad" where the difference surely is one, else nothing."""
    if not difference.sure or wording.better == 0:
        return ""
    return "good" if difference.mean * wording.better > 0 else "bad"


def _cells(row: Row) -> list[tuple[str, str, str]]:
    """(mean, difference, class) for each policy."""
    return [
        (
            row.wording.text(mean),
            "" if difference is None else gap_text(row.wording, difference),
            "" if difference is None else verdict(row.wording, difference),
        )
        for mean, difference in zip(row.means, row.differences, strict=True)
    ]
