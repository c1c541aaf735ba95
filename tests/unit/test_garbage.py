"""What stays is looked through once, and freed all the same."""

from __future__ import annotations

import gc
import weakref

from dispatch.service.garbage import keep_out_what_stays


class Node:
    """Something that may refer to itself."""

    def __init__(self) -> None:
        self.other: Node | None = None


def test_what_stays_is_no_longer_looked_through_and_still_freed() -> None:
    stays = [Node() for _ in range(1000)]
    seen = weakref.ref(stays[0])
    try:
        keep_out_what_stays()
        looked_through = {id(one) for one in gc.get_objects()}
        assert looked_through.isdisjoint(map(id, stays))
        stays.clear()
        assert seen() is None
    finally:
        gc.unfreeze()


def test_what_is_made_afterwards_is_collected_as_ever() -> None:
    try:
        keep_out_what_stays()
        loop = Node()
        loop.other = loop
        seen = weakref.ref(loop)
        del loop
        assert seen() is not None
        gc.collect()
        assert seen() is None
    finally:
        gc.unfreeze()
