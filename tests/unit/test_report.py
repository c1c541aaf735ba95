"""The report: one file, whatever the run was like."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from dispatch.errors import Issue
from dispatch.geo.travel import StraightLine
from dispatch.model.order import MarketId
from simulations.comparison import Run, compare
from simulations.instance import Instance, WorldRules
from simulations.metrics import measured, order_table, rider_spans
from simulations.metrics.figures import Measured, metrics_of
from simulations.report import render_report
from simulations.report.cells_map import ORDERS_A_CELL, resolution_for
from simulations.report.charts import PARTS
from simulations.report.comparison import write_comparison, write_picture
from simulations.report.drawing import Ink
from simulations.runner import Outcome
from tests.support.run_log import ORDERS, story

EMPTY = Instance(
    name="<empty> & co",
    market_id=MarketId("city"),
    timezone="America/Bogota",
    orders=(),
    riders=(),
    shifts=(),
    merchants=(),
    travel=StraightLine(),
    rules=WorldRules(),
)


class Page(HTMLParser):
    """What a page shows and asks for; complains about tags that are not closed."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.ids: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        assert not [name for name, _ in attrs if name in ("src", "srcset", "onload")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def known() -> tuple[Outcome, Measured]:
    """The run of the log written by hand."""
    log, ticks = story(), (0.001, 0.5, 0.002)
    instance = replace(EMPTY, name="known", orders=ORDERS)
    orders, spans = order_table(log), rider_spans(log)
    return Outcome(instance, "x", log, ticks), Measured(metrics_of(orders, spans, ticks), orders, spans)


def page_of(outcome: Outcome, found: Measured) -> tuple[str, Page]:
    text = render_report(outcome, found, policy="nearest")
    return text, Page(text)


def test_the_figures_and_the_lost_orders_are_on_the_page() -> None:
    _, page = page_of(*known())
    for shown in ("23.7 min", "customer: waited too long", "not yet", "policy nearest"):
        assert shown in page.text
    assert "2 of 4" in page.text


def test_a_run_of_nothing_has_a_page() -> None:
    outcome = Outcome(EMPTY, "x", (), ())
    text, page = page_of(outcome, measured(outcome))
    assert "Nothing to deliver" in page.text
    assert "<svg" not in text


def test_names_cannot_break_the_page() -> None:
    outcome = Outcome(EMPTY, "x", (), ())
    text, page = page_of(outcome, measured(outcome))
    assert "<empty>" not in text
    assert "<empty> & co" in page.text


def test_the_page_needs_nothing_else() -> None:
    text, page = page_of(*known())
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", text))
    assert {address for address in addresses if not address.startswith("http://www.w3.org/")} == set()
    assert "@import" not in text
    assert len(page.ids) == len(set(page.ids)), "two drawings share an id"


def test_drawings_take_all_their_colours_from_the_page() -> None:
    text, _ = page_of(*known())
    svg = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    ink = [value for name, value in vars(Ink).items() if name.isupper()]
    assert svg
    assert not [colour for colour in ink if colour in svg]
    named = set(re.findall(r"var\((--[a-z]+)\)", text))
    assert named <= set(re.findall(r"(--[a-z]+):", text))


def test_the_same_run_gives_the_same_page() -> None:
    assert render_report(*known(), policy="x") == render_report(*known(), policy="x")


def test_oddities_of_the_instance_are_counted() -> None:
    outcome, found = known()
    odd = tuple(Issue("remote_place", f"rider {number} is far", "Check it.") for number in range(3))
    page = Page(render_report(replace(outcome, instance=replace(outcome.instance, warnings=odd)), found, policy="x"))
    assert re.search(r"remote_place\s*3", page.text)
    assert "rider 0 is far" in page.text


def test_the_parts_of_the_waiting_add_up() -> None:
    done = order_table(story()).filter(pl.col("status") == "delivered")
    parts = pl.sum_horizontal(pl.col(end) - pl.col(start) for start, end, *_ in PARTS)
    assert done.select(parts.alias("sum"))["sum"].equals(done["click_to_door_s"].alias("sum"))


@pytest.mark.parametrize("side_km", [1.0, 5.0, 25.0])
def test_cells_fit_the_city(side_km: float) -> None:
    degrees = side_km / 111.195
    places = np.random.default_rng(0).uniform(0, degrees, (20_000, 2))
    centre_to_centre_km = 2200 / 7 ** (resolution_for(places) / 2)
    assert 12 <= side_km / centre_to_centre_km <= 48


def test_cells_are_larger_where_orders_are_few() -> None:
    places = np.random.default_rng(0).uniform(0, 0.1, (20_000, 2))
    assert resolution_for(places[:200]) < resolution_for(places)
    assert resolution_for(places[:1]) >= 0
    assert ORDERS_A_CELL > 1


def test_a_comparison_has_a_page_and_a_picture(tmp_path: Path) -> None:
    _, found = known()
    better = found.orders.with_columns(pl.col("click_to_door_s") - 60)
    runs = [
        Run(instance="day", policy=policy, seed=0, metrics=found.metrics, orders=orders)
        for policy, orders in (("<first>", found.orders), ("second", better))
    ]
    result = compare(runs)
    write_comparison(tmp_path / "page.html", result, ["day"], ["one seed"])
    write_picture(tmp_path / "picture.png", result)
    page = Page((tmp_path / "page.html").read_text("utf-8"))
    assert "\u22121.0 [\u22121.0, \u22121.0]" in page.text
    assert "<first>" in page.text
    assert (tmp_path / "picture.png").stat().st_size < 300_000


def test_a_comparison_of_nothing_has_a_page(tmp_path: Path) -> None:
    found = measured(Outcome(EMPTY, "x", (), ()))
    result = compare([Run(instance="day", policy="x", seed=0, metrics=found.metrics, orders=found.orders)])
    write_comparison(tmp_path / "page.html", result, ["day"], [])
    write_picture(tmp_path / "picture.png", result)
    assert "x" in Page((tmp_path / "page.html").read_text("utf-8")).text
