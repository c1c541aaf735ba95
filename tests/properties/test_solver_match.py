"""All matchers against each other and against a dense assignment, on thousands of small markets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from dispatch.solver.match import MATCHERS
from dispatch.solver.problem import Ints


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs and what leaving each row out costs."""

    row: Ints
    column: Ints
    cost: Ints
    out: Ints

    def total(self, chosen: Ints) -> int:
        """Cost of a choice, after making sure that it is one."""
        rows = np.flatnonzero(chosen >= 0)
        assert chosen.shape == self.out.shape
        assert (self.row[chosen[rows]] == rows).all()
        taken = self.column[chosen[rows]]
        assert len(set(taken.tolist())) == len(taken)
        return int(self.cost[chosen[rows]].sum() + self.out[chosen < 0].sum())

    def least_by_dense_assignment(self) -> int:
        """The least total: columns, and one way out of its own for each row."""
        rows, columns = len(self.out), int(self.column.max(initial=-1)) + 1
        dense = np.full((rows, columns + rows), 10.0**15)
        dense[self.row, self.column] = self.cost
        dense[np.arange(rows), columns + np.arange(rows)] = self.out
        return int(dense[linear_sum_assignment(dense)].sum())


def drawn(seed: int, low: int, high: int) -> Pairs:
    """Up to 7 rows and 9 columns (numbers with gaps), each pair with one chance, costs from [low, high]."""
    rng = np.random.default_rng(seed)
    rows, columns, share = int(rng.integers(0, 8)), int(rng.integers(1, 10)), rng.random()
    row, column = np.nonzero(rng.random((rows, columns)) < share)
    names = np.sort(rng.choice(50, columns, replace=False))
    shuffled = rng.permutation(len(row))
    row, column = row[shuffled], names[column[shuffled]]
    return Pairs(
        row, column, rng.integers(low, high, len(row), endpoint=True), rng.integers(low, high, rows, endpoint=True)
    )


def assert_least(pairs: Pairs) -> None:
    least = pairs.least_by_dense_assignment()
    for matcher in MATCHERS.values():
        chosen = matcher(pairs.row, pairs.column, pairs.cost, pairs.out)
        assert chosen.dtype == np.int64
        assert pairs.total(chosen) == least
        assert (matcher(pairs.row, pairs.column, pairs.cost, pairs.out) == chosen).all()
    # Nobody takes a rider where the way out is cheaper: leaving it instead would lower the total.
    kept = np.flatnonzero(chosen >= 0)
    assert (pairs.cost[chosen[kept]] <= pairs.out[kept]).all()


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 3), (0, 0), (-5, 5), (1, 10**6), (-(10**9), -1), (10**9, 10**10)],
    ids=["many-ties", "all-free", "around-zero", "usual", "all-negative", "large"],
)
def test_no_matching_costs_less(low: int, high: int) -> None:
    for seed in range(500):
        assert_least(drawn(seed, low, high))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), unique=True, max_size=20),
    st.lists(st.integers(-20, 20), min_size=20, max_size=20),
    st.lists(st.integers(-20, 20), min_size=6, max_size=6),
)
def test_no_matching_of_any_pairs_costs_less(found: list[tuple[int, int]], costs: list[int], out: list[int]) -> None:
    places = np.array(found, np.int64).reshape(-1, 2)
    assert_least(Pairs(places[:, 0], places[:, 1], np.array(costs[: len(found)], np.int64), np.array(out, np.int64)))


def test_a_day_of_a_city_is_matched_at_the_same_cost() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        row = np.repeat(np.arange(400), 20)
        column = np.concatenate([rng.choice(500, 20, replace=False) for _ in range(400)])
        assert_least(Pairs(row, column, rng.integers(10**5, 10**6, 8000), rng.integers(5 * 10**5, 10**6, 400)))
