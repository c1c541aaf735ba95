"""A heap of keys with a node each, the smallest first; four children a parent, so that it is flat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.problem import Ints


class Heap(NamedTuple):
    """Entries in both arrays alike; how many there are is kept by who uses it."""

    key: Ints
    node: Ints


def make_heap(entries: int) -> Heap:
    """Room for so many."""
    return Heap(np.empty(entries, np.int64), np.empty(entries, np.int64))


@inlined_kernel
def push(heap: Heap, count: int, key: int, node: int) -> int:
    """Put one in; answers the new count."""
    at = count
    while at > 0 and heap.key[(at - 1) >> 2] > key:
        above = (at - 1) >> 2
        heap.key[at], heap.node[at] = heap.key[above], heap.node[above]
        at = above
    heap.key[at], heap.node[at] = key, node
    return count + 1


@inlined_kernel
def pop(heap: Heap, count: int) -> int:
    """Drop the smallest, which is the first; answers the new count."""
    count -= 1
    key, node = heap.key[count], heap.node[count]
    at = 0
    while 4 * at + 1 < count:
        least = 4 * at + 1
        for child in range(least + 1, min(least + 4, count)):
            if heap.key[child] < heap.key[least]:
                least = child
        if heap.key[least] >= key:
            break
        heap.key[at], heap.node[at] = heap.key[least], heap.node[least]
        at = least
    heap.key[at], heap.node[at] = key, node
    return count
