"""Matchings drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dispatch.solver.match import MATCHERS, Matcher

MATCHER = pytest.mark.parametrize("matcher", MATCHERS.values(), ids=MATCHERS.keys())


def chosen(matcher: Matcher, pairs: dict[tuple[int, int], int], *out: int) -> list[int | None]:
    """The column that each row gets, None for the way out."""
    places = np.array(list(pairs), np.int64).reshape(-1, 2)
    costs, ways_out = np.array(list(pairs.values()), np.int64), np.array(out, np.int64)
    answer = matcher(places[:, 0].copy(), places[:, 1].copy(), costs, ways_out)
    return [None if pair < 0 else int(places[pair, 1]) for pair in answer.tolist()]


@MATCHER
def test_no_rows(matcher: Matcher) -> None:
    assert chosen(matcher, {}) == []


@MATCHER
def test_no_pairs(matcher: Matcher) -> None:
    assert chosen(matcher, {}, 5, 6) == [None, None]


@MATCHER
def test_a_row_without_pairs_goes_out(matcher: Matcher) -> None:
    assert chosen(matcher, {(1, 3): 4}, 9, 9, 9) == [None, 3, None]


@MATCHER
def test_the_way_out_is_taken_where_it_is_cheaper(matcher: Matcher) -> None:
    assert chosen(matcher, {(0, 0): 4, (1, 1): 4}, 3, 5) == [None, 1]
    assert chosen(matcher, {(0, 0): 0}, -1) == [None]
    assert chosen(matcher, {(0, 0): -1}, 0) == [0]


@MATCHER
def test_a_column_wanted_by_all_goes_to_whom_it_helps_most(matcher: Matcher) -> None:
    pairs = {(row, 0): 1 for row in range(6)}
    assert chosen(matcher, pairs, 5, 6, 9, 8, 2, 3) == [None, None, 0, None, None, None]


@MATCHER
def test_the_nearest_rider_is_left_to_who_has_no_other(matcher: Matcher) -> None:
    assert chosen(matcher, {(0, 0): 1, (0, 1): 3, (1, 0): 2}, 99, 99) == [1, 0]


@MATCHER
def test_a_chain_of_three_is_turned_over(matcher: Matcher) -> None:
    pairs = {(0, 0): 1, (0, 1): 2, (1, 1): 1, (1, 2): 2, (2, 2): 1, (3, 0): 1}
    assert chosen(matcher, pairs, 50, 50, 3, 50) == [1, 2, None, 0]


@MATCHER
def test_equal_columns_serve_as_many_rows(matcher: Matcher) -> None:
    pairs = {(row, column): 7 for row in range(3) for column in (4, 9)}
    found = chosen(matcher, pairs, 20, 20, 30)
    assert sorted(column for column in found if column is not None) == [4, 9]
    assert found[2] is not None


@MATCHER
def test_two_towns_do_not_meet(matcher: Matcher) -> None:
    pairs = {(0, 0): 5, (1, 0): 4, (2, 8): 5, (3, 8): 6, (3, 9): 7}
    assert chosen(matcher, pairs, 90, 100, 90, 90) == [None, 0, 8, 9]


def test_a_cost_beyond_the_range_of_the_flow_is_said() -> None:
    with pytest.raises(RuntimeError, match="flow ended with status"):
        chosen(MATCHERS["flow"], {(0, 0): 2**62, (1, 0): 2**61}, 2**62, 2**62)
