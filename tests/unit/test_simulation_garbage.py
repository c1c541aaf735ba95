"""What has happened in a day is not looked through by its ticks, and everything is as usual afterwards."""

from __future__ import annotations

import gc

from simulations.garbage import keep_out_what_stays, without_full_collections


class Node:
    """Something that the collector knows."""


def test_what_has_happened_is_looked_through_again_only_afterwards() -> None:
    usual = gc.get_threshold()
    stays = [Node() for _ in range(100)]
    with without_full_collections():
        keep_out_what_stays()
        assert gc.get_threshold()[2] > usual[2]
        assert {id(one) for one in gc.get_objects()}.isdisjoint(map(id, stays))
    assert gc.get_threshold() == usual
    assert {id(one) for one in gc.get_objects()}.issuperset(map(id, stays))
