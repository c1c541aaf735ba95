"""The snapshot that all micro benchmarks share."""

from __future__ import annotations

import pytest

from benchmarks.phases import Bench, Pairs, make_bench
from benchmarks.snapshots import make_snapshot
from dispatch.engine.policy import load_policy


@pytest.fixture(scope="session")
def bench() -> Bench:
    """100 waiting orders and 150 riders under the default policy."""
    return make_bench(make_snapshot(100, 150), load_policy("default").params)


@pytest.fixture(scope="session")
def pairs(bench: Bench) -> Pairs:
    """The candidate pairs of the snapshot, priced."""
    return bench.pairs()
