"""The sequence of orders: each once, those of one merchant together, neighbours near each other."""

from __future__ import annotations

import numpy as np

from benchmarks.phases import make_bench
from benchmarks.snapshots import make_snapshot
from dispatch.solver.params import Params
from dispatch.solver.sweep import by_place


def test_every_order_comes_once_and_merchants_stay_together() -> None:
    bench = make_bench(make_snapshot(300, 200), Params())
    sequence = by_place(bench.view, bench.lead)
    assert sorted(sequence) == list(range(len(bench.lead)))
    merchants = bench.view.orders.merchant[bench.lead[sequence]]
    assert np.count_nonzero(np.diff(merchants)) + 1 == len(np.unique(merchants))


def test_the_way_from_one_to_the_next_is_short() -> None:
    bench = make_bench(make_snapshot(300, 200), Params())
    spots = bench.view.travel.points[bench.view.orders.pickup[bench.lead]]
    ways = [
        np.linalg.norm(np.diff(spots[at], axis=0), axis=1).sum()
        for at in (by_place(bench.view, bench.lead), slice(None))
    ]
    assert ways[0] < ways[1] / 2


def test_no_orders_have_no_sequence() -> None:
    bench = make_bench(make_snapshot(10, 10), Params())
    assert len(by_place(bench.view, bench.lead[:0])) == 0
