"""What lies ahead of riders is kept in as many rows as there are: with few of them it is ridden again, and the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.phases import make_bench
from benchmarks.snapshots import make_snapshot
from dispatch.solver.params import Params
from dispatch.solver.tableau import SPARE


def test_with_room_for_a_single_route_everything_is_the_same() -> None:
    roomy = make_bench(make_snapshot(60, 90), Params())
    table = roomy.table
    rows = int(table.length.max()) + 1 + SPARE
    own = {name: getattr(table, name).copy() for name in ("row_ahead", "room_ahead", "known")}
    tight = replace(roomy, table=table._replace(ahead=table.ahead[:rows].copy(), **own))
    near = roomy.near()
    assert (tight.near() == near).all()
    row, slot = np.nonzero(near >= 0)
    assert (tight.prices(row, near[row, slot]) == roomy.prices(row, near[row, slot])).all()
