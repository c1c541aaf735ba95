"""What was told of the plans of a run, added up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from dispatch.solver.changes import Changes
from dispatch.solver.explain_text import OBSTACLES
from dispatch.solver.explanation import Obstacle
from dispatch.solver.params import Params
from dispatch.solver.solve import solve
from dispatch.solver.summary import Summary, summarize
from simulations.plans_told import SCHEMA, plan_row, plans_frame, plans_told
from tests.support.problems import OrderAt, RiderAt, market

TOWN = market("a 1 . A\nb . . .", "1A", OrderAt("1A", name="big", size=9), RiderAt("b", accepts=False))


def summary() -> Summary:
    return summarize(TOWN, Params(), solve(TOWN, Params()))


def test_a_row_holds_the_numbers_of_a_plan(tmp_path: Path) -> None:
    told = summary()
    frame = plans_frame([plan_row(60, told)])
    assert frame.schema == SCHEMA
    row = frame.row(0, named=True)
    assert (row["at"], row["cost"], row["bound"]) == (60, told.cost, told.bound)
    assert sum(row[name] for name in row if name.startswith("term_")) + row["left_out"] == row["cost"]
    assert (row["verdict_planned"], row["verdict_no_capacity"], row["planned"]) == (1, 1, 1)
    assert (row["kept_away_size"], row["kept_away_not_accepting"]) == (1, 1)
    frame.write_parquet(tmp_path / "plans.parquet")
    assert pl.read_parquet(tmp_path / "plans.parquet").equals(frame)


def test_plans_add_up() -> None:
    told = summary()
    dearer = replace(told, bound=told.bound - 1000, changes=told.changes._replace(moved=3))
    both = plans_told(plans_frame([plan_row(0, told), plan_row(60, dearer)]))
    assert both.plans == 2
    assert both.gap == (2 * told.cost - 2 * told.bound + 1000) / (2 * told.cost)
    assert abs(sum(share for _, share in both.terms) - 1) < 1e-9
    assert both.terms[0][0] == "orders left out"
    assert both.verdicts == (("no capacity", 2),)
    assert dict(both.kept_away) == {OBSTACLES[Obstacle.SIZE]: 2, OBSTACLES[Obstacle.NOT_ACCEPTING]: 2}
    assert both.changes == Changes(planned=2, moved=3, dropped=0, taken_back=0, resequenced=0)


def test_a_run_without_plans_has_nothing_to_tell() -> None:
    nothing = plans_told(plans_frame([]))
    assert (nothing.plans, nothing.gap, nothing.terms, nothing.kept_away) == (0, None, (), ())
