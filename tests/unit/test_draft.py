"""Changes laid over a state until they are recorded."""

from __future__ import annotations

import pytest

from dispatch.engine.draft import Draft, Overlay
from dispatch.model.actor import ActorKind
from dispatch.model.events import OrderCancelled, OrderPlaced, TickDecided
from dispatch.model.order import OrderId
from dispatch.model.reasons import CancelReason
from tests.support.builders import NOON, an_order
from tests.support.towns import Town, snapshot


def test_an_overlay_shows_its_changes_and_leaves_what_is_below() -> None:
    below = {"a": 1, "b": 2}
    overlay = Overlay(below)
    overlay["a"] = 10
    overlay["c"] = 3
    del overlay["b"]
    assert dict(overlay) == {"a": 10, "c": 3}
    assert (len(overlay), "b" in overlay, overlay.get("b"), overlay.get("c")) == (2, False, None, 3)
    assert below == {"a": 1, "b": 2}
    overlay.settle()
    assert below == {"a": 10, "c": 3}


def test_what_is_not_there_cannot_be_deleted() -> None:
    overlay = Overlay({"a": 1})
    del overlay["a"]
    with pytest.raises(KeyError):
        del overlay["a"]
    with pytest.raises(KeyError):
        del overlay["b"]
    overlay["a"] = 2
    assert list(overlay) == ["a"]
    del overlay["a"]
    assert list(overlay) == []
    overlay["b"] = 1
    del overlay["b"]
    assert "b" not in overlay


def test_what_was_deleted_and_set_again_is_there_after_settling() -> None:
    below = {"a": 1}
    overlay = Overlay(below)
    del overlay["a"]
    overlay["a"] = 2
    overlay.settle()
    assert below == {"a": 2}


def test_a_draft_sees_its_own_events_and_settles_into_its_base() -> None:
    town = Town()
    town.placed("o1")
    state = town.market.state
    before, seq = snapshot(state), state.seq
    draft = Draft(state, NOON, NOON)
    assert draft.next_name("offer") == f"offer-{state.seq + 1}"
    draft.add(OrderPlaced(order=an_order("o2")))
    draft.add(OrderCancelled(order_id=OrderId("o1"), by=ActorKind.SUPPORT, reason=CancelReason.OTHER))
    draft.add(TickDecided(tick=5))
    assert draft.next_name("offer") == f"offer-{state.seq + 4}"
    assert list(draft.state.active) == ["o2"]
    assert snapshot(state) == before
    draft.settle()
    assert list(state.active) == ["o2"]
    assert (state.tick, state.seq) == (5, seq + 3)
    assert type(state.orders) is dict
