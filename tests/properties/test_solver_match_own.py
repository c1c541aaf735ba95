"""The product's own matching: its duals prove it, and from any prices it costs as little as the other matchers'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.solver.match import MATCHERS
from dispatch.solver.match_own import Matching, exact_sum, match_at_prices
from dispatch.solver.problem import Ints


@dataclass(frozen=True)
class Market:
    """Candidate pairs, what leaving each row out costs, and the number of columns."""

    row: Ints
    column: Ints
    cost: Ints
    out: Ints
    columns: int

    def match(self, price: Ints | None = None) -> Matching:
        """The own matching."""
        return match_at_prices(self.row, self.column, self.cost, self.out, price)

    def least(self, matcher: str) -> int:
        """What another matcher's choice costs."""
        chosen = MATCHERS[matcher](self.row, self.column, self.cost, self.out)
        return exact_sum(self.cost[chosen[chosen >= 0]]) + exact_sum(self.out[chosen < 0])


def drawn(rng: np.random.Generator, rows: int, columns: int, low: int, high: int) -> Market:
    """Any share of all pairs, in any order; costs and ways out from [low, high]."""
    row, column = np.nonzero(rng.random((rows, columns)) < rng.random())
    shuffled = rng.permutation(len(row))
    cost = rng.integers(low, high, len(row), endpoint=True)
    return Market(row[shuffled], column[shuffled], cost, rng.integers(low, high, rows, endpoint=True), columns)


def assert_proven(market: Market, found: Matching) -> None:
    """Judge by definition alone: a matching, feasible duals, and both sums equal. That is a proof of optimality."""
    kept = np.flatnonzero(found.chosen >= 0)
    pairs = found.chosen[kept]
    assert (market.row[pairs] == kept).all()
    assert len(set(market.column[pairs].tolist())) == len(pairs)
    assert (found.price >= 0).all()
    assert (found.profit >= 0).all()
    gains = market.out[market.row] - market.cost
    assert (found.profit[market.row] + found.price[market.column] >= gains).all()
    total = sum(market.cost[pairs].tolist()) + sum(market.out[found.chosen < 0].tolist())
    duals = sum(market.out.tolist()) - sum(found.price.tolist()) - sum(found.profit.tolist())
    assert found.total == found.bound == total == duals


COSTS = pytest.mark.parametrize(
    ("low", "high"),
    [(0, 2), (7, 7), (0, 0), (-6, 6), (1, 10**6), (-(2**50), 2**50), (2**50 - 3, 2**50), (0, 2**58)],
    ids=["ties", "all-equal", "zero", "around-zero", "usual", "huge", "huge-ties", "beyond-others"],
)


@COSTS
def test_the_duals_prove_every_matching(low: int, high: int) -> None:
    for seed in range(300):
        rng = np.random.default_rng(seed)
        market = drawn(rng, int(rng.integers(0, 12)), int(rng.integers(1, 12)), low, high)
        assert_proven(market, market.match())
        assert_proven(market, market.match(rng.integers(-3, max(3, high), market.columns)))


@COSTS
def test_larger_markets_of_any_shape_are_proven(low: int, high: int) -> None:
    for seed, (rows, columns) in enumerate([(1, 200), (200, 1), (150, 40), (40, 150), (90, 90)]):
        market = drawn(np.random.default_rng(seed), rows, columns, low, high)
        assert_proven(market, market.match())


@pytest.mark.parametrize("matcher", ["flow", "sparse"])
@pytest.mark.parametrize(("low", "high"), [(0, 4), (-6, 6), (1, 10**6), (10**9, 10**11)])
def test_it_costs_what_the_other_matchers_find(matcher: str, low: int, high: int) -> None:
    for seed in range(250):
        rng = np.random.default_rng(seed)
        market = drawn(rng, int(rng.integers(1, 30)), int(rng.integers(1, 30)), low, high)
        assert market.match().total == market.least(matcher)


def test_costs_of_2_to_the_50_cost_what_the_flow_finds() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        market = drawn(rng, int(rng.integers(1, 9)), int(rng.integers(1, 9)), 0, 2**50)
        assert market.match().total == market.least("flow")


@given(st.data())
def test_any_pairs_are_proven_from_any_prices(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(0, 6)), data.draw(st.integers(1, 6))
    places = data.draw(st.lists(st.sampled_from([(r, c) for r in range(rows) for c in range(columns)]), unique=True)
                       if rows else st.just([]))  # fmt: skip
    number = st.integers(-9, 9)
    cost = data.draw(st.lists(number, min_size=len(places), max_size=len(places)))
    out = data.draw(st.lists(number, min_size=rows, max_size=rows))
    price = data.draw(st.none() | st.lists(st.integers(-5, 30), min_size=columns, max_size=columns))
    where = np.array(places, np.int64).reshape(-1, 2)
    market = Market(where[:, 0].copy(), where[:, 1].copy(), np.array(cost, np.int64), np.array(out, np.int64), columns)
    assert_proven(market, market.match(None if price is None else np.array(price, np.int64)))


def test_from_the_prices_of_before_a_changed_market_is_matched_as_cheaply() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        before = drawn(rng, int(rng.integers(1, 40)), int(rng.integers(1, 40)), 0, 1000)
        after = changed(before, rng)
        found = after.match(before.match().price)
        assert_proven(after, found)
        assert found.total == after.match().total == after.least("sparse")


def changed(market: Market, rng: np.random.Generator) -> Market:
    """Costs, ways out, rows and columns of a market changed at random, and three columns more."""
    every = market.columns + 3
    gone_rows, gone_columns = rng.random(len(market.out)) < 0.2, rng.random(every) < 0.2
    table = np.full((len(market.out), every), -1)
    table[market.row, market.column] = np.maximum(0, market.cost + rng.integers(-200, 200, len(market.cost)))
    table[gone_rows] = rng.integers(0, 1000, (int(gone_rows.sum()), every))
    table[:, gone_columns] = -1
    row, column = np.nonzero(table >= 0)
    return Market(row, column, table[row, column], rng.integers(0, 1000, len(market.out)), every)


def test_right_prices_are_answered_as_they_are() -> None:
    for seed in range(50):
        market = drawn(np.random.default_rng(seed), 30, 25, 0, 10**6)
        found = market.match()
        again = market.match(found.price)
        assert again.total == found.total
        assert_proven(market, again)


def test_the_same_pairs_are_matched_the_same_way() -> None:
    market = drawn(np.random.default_rng(5), 80, 60, 0, 3)
    assert (market.match().chosen == market.match().chosen).all()


def test_a_war_over_few_columns_ends() -> None:
    row, column = np.divmod(np.arange(600 * 20), 20)
    market = Market(row, column, np.full(len(row), 10), np.full(600, 2**40), 20)
    assert_proven(market, market.match())
    assert (market.match().chosen >= 0).sum() == 20


def test_towns_that_do_not_meet_are_matched_each() -> None:
    rng = np.random.default_rng(3)
    towns = [drawn(rng, 30, 20, 0, 500) for _ in range(4)]
    row = np.concatenate([town.row + 30 * number for number, town in enumerate(towns)])
    column = np.concatenate([town.column + 20 * number for number, town in enumerate(towns)])
    cost, out = np.concatenate([town.cost for town in towns]), np.concatenate([town.out for town in towns])
    assert Market(row, column, cost, out, 80).match().total == sum(town.match().total for town in towns)


def test_rows_and_columns_that_do_not_exist_are_refused() -> None:
    one, out = np.ones(1, np.int64), np.full(1, 5)
    for row, column in ((one, one), (-one, one), (one - 1, -one)):
        with pytest.raises(ValueError, match="must be among"):
            match_at_prices(row, column, one, out)


def test_gains_beyond_the_range_are_refused() -> None:
    none = np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="less than"):
        match_at_prices(none, none, np.array([-(2**60)]), np.array([1]))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_sums_are_exact_beyond_int64(values: list[int]) -> None:
    assert exact_sum(np.array(values, np.int64)) == sum(values)
