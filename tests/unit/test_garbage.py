"""What stays is looked through once, and freed all the same."""

from __future__ import annotations

import asyncio
import gc
import weakref

from dispatch.service.garbage import collect_at_set_times, keep_out_what_stays


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


def test_full_collections_come_at_set_times_only_and_find_what_was_made_since() -> None:
    usual = gc.get_threshold()

    async def collected() -> None:
        task = asyncio.create_task(collect_at_set_times(every_s=0.01))
        await asyncio.sleep(0)
        assert gc.get_threshold()[:2] == usual[:2]
        assert gc.get_threshold()[2] > 10**6
        loop = Node()
        loop.other = loop
        seen = weakref.ref(loop)
        del loop
        async with asyncio.timeout(10):
            while seen() is not None:
                await asyncio.sleep(0.01)
        assert gc.get_freeze_count() > 0
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(collected())
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0
