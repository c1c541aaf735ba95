"""Candidates by price: every order is shown the riders whom it would rather have, until few are left who matter.

The nearest riders are not enough where orders crowd: all want the same few. Column generation (Dantzig & Wolfe, 1960;
for assignment problems it is called pricing) looks at few pairs and still ends near the best of all:

1. Price the pairs with the nearest riders. An auction among them tells which riders are wanted by many.
2. Show every order the riders who come at less than what it has now, their prices on top (``price_search.py``).
3. After some turns, match exactly what has been looked at.

While prices are sought a row may go out at little more than its best candidate costs: prices would rise to the way out
else, wherever the nearest riders are too few, and be of no use as a guide. Rows that do go out do so less and less
early.

What is known from a similar matching, as that of the last tick, takes the place of the turns: its prices, and whom each
order was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from dispatch.solver.bundles import Bundles
from dispatch.solver.candidates import nearest_riders, route_ends
from dispatch.solver.grid import make_grid
from dispatch.solver.insertion import Scratch
from dispatch.solver.match_bids import rough_prices
from dispatch.solver.match_own import match_at_prices
from dispatch.solver.match_sides import from_table
from dispatch.solver.pairs import pair_costs
from dispatch.solver.price_search import make_offer, riders_below
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau
from dispatch.solver.view import View
from dispatch.solver.walk import INFEASIBLE

FIRST: Final = 12
"""Nearest riders to begin with."""

SHOWN: Final = 14
"""Riders shown to a bundle at each turn, at most."""

EARLY_S: Final = 150
"""A row may go out at first when all candidates are so many seconds of waiting worse than its best one."""

LATER: Final = 4
"""How many times as much at each turn in which it does."""

BEHIND: Final = 2**62
"""Sorts whoever is not there behind everybody."""


MARGIN = 0
MORE = 0
PRUNE = None


class Known(NamedTuple):
    """What a matching leaves to the next one.

    price: int64 (R,). shown: int64 (B, T), riders for each bundle, -1 padded; one without any is shown riders by price.
    """

    price: Ints
    shown: Ints


@dataclass(frozen=True, slots=True)
class Guided:
    """A matching over candidates by price.

    rider: int64 (B,), -1 for the way out; total: what it costs. price: int64 (R,). shown, cost: int64 (B, T), the
    pairs that were priced, -1 and INFEASIBLE where there is none.
    """

    rider: Ints
    total: int
    price: Ints
    shown: Ints
    cost: Ints

    @property
    def pairs(self) -> int:
        """How many pairs were priced."""
        return int((self.shown >= 0).sum())

    def known(self, most: int) -> Known:
        """What is left to a matching to come: for each bundle the riders at whom it is cheapest, prices on top."""
        at = np.where(self.shown >= 0, self.cost + self.price[self.shown], BEHIND)
        best = np.argsort(at, axis=1, kind="stable")[:, :most]
        return Known(self.price, np.take_along_axis(self.shown, best, axis=1))


def match_guided(view: View, table: Tableau, bundles: Bundles, out: Ints, scratch: Scratch, *, turns: int) -> Guided:
    """Match bundles and riders, one each. out: int64 (B,), what leaving each bundle out costs.

    turns: of showing riders by price, 0 for the nearest only.
    """
    hunt = _Hunt(view, table, bundles, scratch, FIRST + SHOWN * turns)
    hunt.show(nearest_riders(view, table, hunt.lead, FIRST))
    out = np.minimum(out, INFEASIBLE)
    early = np.full(len(out), EARLY_S * view.weights.click_to_door)
    for _ in range(turns):
        ways = np.minimum(out, hunt.least + early)
        price, profit = rough_prices(from_table(hunt.rider, hunt.cost, ways), len(table.length))
        early[profit == 0] *= LATER
        hunt.show(hunt.wanted(price, ways - profit, SHOWN, np.arange(len(out))))
    return hunt.match(out, None)


def match_known(view: View, table: Tableau, bundles: Bundles, out: Ints, scratch: Scratch, known: Known) -> Guided:
    """The same from what is known of a similar matching: only bundles that are new look for riders."""
    hunt = _Hunt(view, table, bundles, scratch, known.shown.shape[1] + SHOWN)
    hunt.show(known.shown)
    new = np.flatnonzero((known.shown < 0).all(axis=1))
    if len(new):
        found = np.full((len(out), SHOWN), -1, np.int64)
        found[new] = hunt.wanted(known.price, np.full(len(new), INFEASIBLE), SHOWN, new)
        hunt.show(found)
    return hunt.match(np.minimum(out, INFEASIBLE), known.price)


class _Hunt:
    """The pairs that have been priced: riders and costs (B, T), and the least cost of each bundle."""

    def __init__(self, view: View, table: Tableau, bundles: Bundles, scratch: Scratch, most: int) -> None:
        self.view, self.table, self.bundles, self.scratch = view, table, bundles, scratch
        self.lead = np.asarray(bundles.members[bundles.start[:-1]], dtype=np.int64)
        self.several = np.diff(bundles.start) > 1
        self.rider = np.full((len(self.lead), most), -1, np.int64)
        self.cost = np.full((len(self.lead), most), INFEASIBLE)
        self.least = np.full(len(self.lead), INFEASIBLE)
        self.filled = 0
        self.grid = make_grid(view, route_ends(view, table))

    def show(self, riders: Ints) -> None:
        """Price the pairs with these riders, (B, K)."""
        row, slot = np.nonzero(riders >= 0)
        block, start, members = np.full(riders.shape, INFEASIBLE), self.bundles.start, self.bundles.members
        block[row, slot] = pair_costs(self.view, self.table, start, members, row, riders[row, slot], self.scratch)
        behind = self.filled + riders.shape[1]
        self.rider[:, self.filled : behind], self.cost[:, self.filled : behind] = riders, block
        self.least, self.filled = np.minimum(self.least, block.min(axis=1, initial=INFEASIBLE)), behind

    def wanted(self, price: Ints, limit: Ints, k: int, rows: Ints) -> Ints:
        """The riders who come to each bundle of ``rows`` at less than its limit at these prices, (rows, k)."""
        found, last = np.empty((len(rows), k), np.int64), np.full(len(price), -1)
        # What the orders behind the first one of a bundle cost nobody knows: their limit says nothing.
        limit = np.where(self.several[rows], INFEASIBLE, limit)
        riders_below(
            self.view, self.table, make_offer(self.view, self.grid, price), self.lead[rows], limit, self.rider[rows],
            found, np.empty(k, np.int64), last,
        )  # fmt: skip
        return found

    def match(self, out: Ints, price: Ints | None) -> Guided:
        """Match all pairs that cost less than leaving the row out."""
        row, slot = np.nonzero(self.cost < out[:, None])
        column, cost = self.rider[row, slot], self.cost[row, slot]
        matching = match_at_prices(row, column, cost, out, price, columns=len(self.table.length))
        rider, kept = np.full(len(out), -1, np.int64), matching.chosen >= 0
        rider[kept] = column[matching.chosen[kept]]
        return Guided(rider, matching.total, matching.price, self.rider, self.cost)
