"""From any prices to the best matching: shortest augmenting paths, first for columns, then for rows.

Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
Computing 38, 1987; here on sparse sides, where each node may stay alone.

Every node has a dual: what a row gains, what a column costs, never below 0. Two things hold at all times: the duals of
a pair are together no less than its gain, and equal to it where the pair is matched. When on top of that every
node with a dual above 0 is matched, the matching is the best. A node that is not, seeks: its dual is lowered, along
with those of nodes that hold what it wants, until one is found that is free, or can do without.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel
from dispatch.solver.match_heap import Heap, make_heap, pop, push
from dispatch.solver.match_sides import Side
from dispatch.solver.problem import Ints

FAR: Final = 2**62


class Work(NamedTuple):
    """Work space of a search, int64 (N,) each.

    slack: by how much the seeker's dual must fall to reach each far node, FAR where it is not reached. via: from which
    seeker. seen: the far nodes that were reached. done: those of them in the order in which they are gone through.
    """

    slack: Ints
    via: Ints
    seen: Ints
    done: Ints
    heap: Heap


class Hunt(NamedTuple):
    """State of a search.

    best: length of the shortest complete path so far. last: its last seeker; end: the free node that it ends at, -1
    where the last seeker stays alone. Then counts: entries of the heap, nodes seen, nodes gone through, and nodes that
    are ready to be, those gone through among them.
    """

    best: int
    last: int
    end: int
    heap: int
    seen: int
    done: int
    ready: int


def make_work(nodes: int, pairs: int) -> Work:
    """Work space for sides of up to so many nodes."""
    lists = np.empty((3, nodes), np.int64)
    return Work(np.full(nodes, FAR, np.int64), lists[0], lists[1], lists[2], make_heap(pairs))


@kernel
def settle(rows: Side, price: Ints, profit: Ints, mate: Ints, holder: Ints) -> None:
    """Given prices, fill in what each row gains at best, and match it with a column where it does, if one is free."""
    for row in range(profit.shape[0]):
        best, where = 0, -1
        for at in range(rows.start[row], rows.start[row + 1]):
            column = rows.far[at]
            worth = rows.gain[at] - price[column]
            if worth > best or (worth == best and where >= 0 and holder[where] >= 0):
                best, where = worth, column
        profit[row] = best
        if where >= 0 and holder[where] < 0:
            mate[row], holder[where] = where, row


@kernel
def serve(side: Side, own: Ints, other: Ints, mate: Ints, holder: Ints, work: Work) -> None:
    """Match every node of the side whose dual is above 0, or lower the dual to 0.

    own, mate: dual of each node of the side, and its partner (-1: none); other, holder: the same of the far side.
    """
    for seeker in range(own.shape[0]):
        if mate[seeker] < 0 and own[seeker] > 0:
            hunt = _search(side, own, other, mate, holder, seeker, work)
            _shift(own, other, holder, seeker, hunt, work)
            _turn(mate, holder, seeker, hunt, work)
            for k in range(hunt.seen):
                work.slack[work.seen[k]] = FAR


@inlined_kernel
def _search(side: Side, own: Ints, other: Ints, mate: Ints, holder: Ints, seeker: int, work: Work) -> Hunt:
    """Find the shortest path from the seeker to a free far node, or to a seeker who can do without a partner."""
    hunt, here, slack = Hunt(FAR, seeker, -1, 0, 0, 0, 0), seeker, 0
    while True:
        hunt = _look_around(side, own, other, holder, here, slack, hunt, work)
        if hunt.best <= slack:
            return hunt
        if hunt.ready == hunt.done:
            hunt = _take_nearest(hunt, work)
            if hunt.ready == hunt.done:
                return hunt
        node = work.done[hunt.done]
        slack, here = work.slack[node], holder[node]
        hunt = Hunt(hunt.best, hunt.last, hunt.end, hunt.heap, hunt.seen, hunt.done + 1, hunt.ready)


@inlined_kernel
def _look_around(
    side: Side, own: Ints, other: Ints, holder: Ints, here: int, slack: int, hunt: Hunt, work: Work
) -> Hunt:
    """Reach what can be reached from one seeker, itself reached at ``slack``."""
    best, last, end, heap, seen, done, ready = hunt
    base = slack + own[here]
    if base < best:
        best, last, end = base, here, -1
    if best <= slack:
        return Hunt(best, last, end, heap, seen, done, ready)
    for at in range(side.start[here], side.start[here + 1]):
        node = side.far[at]
        reach = base + other[node] - side.gain[at]
        if reach >= best or reach >= work.slack[node]:
            continue
        if holder[node] < 0:
            best, last, end = reach, here, node
            continue
        if work.slack[node] == FAR:
            work.seen[seen] = node
            seen += 1
        work.slack[node], work.via[node] = reach, here
        if reach == slack:
            work.done[ready] = node  # no other can be nearer: it need not go through the heap
            ready += 1
        else:
            heap = push(work.heap, heap, reach, node)
    return Hunt(best, last, end, heap, seen, done, ready)


@inlined_kernel
def _take_nearest(hunt: Hunt, work: Work) -> Hunt:
    """Make the nearest node ready, unless the path found so far is as short."""
    heap, ready, key = hunt.heap, hunt.ready, work.heap.key
    while heap > 0 and key[0] < hunt.best and ready == hunt.ready:
        reach, node = key[0], work.heap.node[0]
        heap = pop(work.heap, heap)
        if reach == work.slack[node]:  # else it has been reached on a shorter way meanwhile
            work.done[ready] = node
            ready += 1
    return Hunt(hunt.best, hunt.last, hunt.end, heap, hunt.seen, hunt.done, ready)


@inlined_kernel
def _shift(own: Ints, other: Ints, holder: Ints, seeker: int, hunt: Hunt, work: Work) -> None:
    """Lower the duals of the seekers on the way, and raise those of what they hold, so that the path fits exactly."""
    own[seeker] -= hunt.best
    for k in range(hunt.done):
        node = work.done[k]
        step = hunt.best - work.slack[node]
        other[node] += step
        own[holder[node]] -= step


@inlined_kernel
def _turn(mate: Ints, holder: Ints, seeker: int, hunt: Hunt, work: Work) -> None:
    """Give each seeker of the path the next far node on it."""
    here, node = hunt.last, hunt.end
    while True:
        before = mate[here]
        mate[here] = node
        if node >= 0:
            holder[node] = here
        if here == seeker:
            return
        here, node = work.via[before], before
