"""Decisions of people are taken back: the market is as before, and both decisions stay on record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.model.commands import MakeOverride
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import MerchantId
from dispatch.model.override import OverrideId, OverrideKind
from dispatch.model.rider import RiderId
from tests.support.builders import NOON
from tests.support.towns import Town, an_override, kinds

BEFORE = {
    OverrideKind.ASSIGN: ("o2", "r2"),
    OverrideKind.REASSIGN: ("o1", "r2"),
    OverrideKind.UNASSIGN: ("o1", None),
    OverrideKind.SPLIT: ("o1", None),
    OverrideKind.PIN: ("o1", None),
    OverrideKind.HOLD: ("o1", None),
    OverrideKind.BAR: ("o1", "r1"),
}


def two_riders() -> Town:
    """r1 has o1 and o3; nobody has o2."""
    town = Town("r1", "r2")
    town.placed("o1", "o2", "o3")
    town.given("r1", "o1", "o3")
    return town


def undoing(town: Town) -> MakeOverride:
    """Take back the newest override."""
    return replace(an_override(OverrideKind.UNDO), undoes=[*town.market.state.overrides][-1])


@pytest.mark.parametrize("kind", BEFORE)
def test_an_order_is_as_before(kind: OverrideKind) -> None:
    order_id, rider_id = BEFORE[kind]
    town = two_riders()
    before = town.order(order_id)
    named = {"order_id": order_id} | ({} if rider_id is None else {"rider_id": rider_id})
    town.do(an_override(kind, **named))
    assert town.order(order_id) != before
    town.do(undoing(town))
    after = town.order(order_id)
    assert after._replace(version=before.version, assigned_at=before.assigned_at) == before
    assert len(town.market.state.overrides) == 2


def test_priority_release_and_unbar_are_taken_back() -> None:
    town = two_riders()
    town.do(replace(an_override(OverrideKind.PRIORITISE, order_id="o2"), priority=7))
    town.do(undoing(town))
    assert town.order("o2").priority == 0
    town.do(replace(an_override(OverrideKind.HOLD, order_id="o2"), until=NOON + 900))
    town.do(an_override(OverrideKind.RELEASE, order_id="o2"))
    events = town.do(undoing(town))
    assert kinds(events) == ["OverrideRecorded", "OrderHeld"]
    assert (town.order("o2").held_until, town.order("o2").dispatch) == (NOON + 900, DispatchStatus.HELD)
    town.do(an_override(OverrideKind.BAR, order_id="o1", rider_id="r2"))
    town.do(an_override(OverrideKind.UNBAR, order_id="o1", rider_id="r2"))
    town.do(undoing(town))
    assert town.order("o1").barred == frozenset({RiderId("r2")})


def test_a_pause_and_a_bar_of_a_merchant_are_taken_back() -> None:
    town = two_riders()
    town.do(an_override(OverrideKind.PAUSE_RIDER, rider_id="r1"))
    assert town.rider("r1").paused(NOON)
    assert kinds(town.do(undoing(town))) == ["OverrideRecorded", "RiderResumed"]
    merchant_id = MerchantId("m1")
    town.do(replace(an_override(OverrideKind.BAR, rider_id="r2"), merchant_id=merchant_id))
    assert town.market.state.merchant_bars[merchant_id] == frozenset({RiderId("r2")})
    town.do(undoing(town))
    assert town.market.state.merchant_bars[merchant_id] == frozenset()


def test_what_cannot_be_taken_back_says_why() -> None:
    town = two_riders()
    assert town.refused(replace(an_override(OverrideKind.UNDO), undoes=OverrideId("override-9"))).code == "not_found"
    town.do(an_override(OverrideKind.ASSIGN, order_id="o2", rider_id="r2"))
    first = undoing(town)
    town.do(an_override(OverrideKind.REASSIGN, order_id="o2", rider_id="r1"))
    assert town.refused(first).code == "override_followed"
    second = undoing(town)
    town.do(second)
    assert town.refused(second).code == "already_undone"
    assert town.refused(undoing(town)).code == "not_undoable"
    town.do(first)
    assert (town.order("o2").rider_id, town.order("o2").pinned_to) == (None, None)
    town.do(an_override(OverrideKind.PIN, order_id="o1"))
    pinned = undoing(town)
    town.on_board("r1", "o1")
    assert town.refused(pinned).code == "on_board"


def test_splitting_needs_orders_that_are_together() -> None:
    town = two_riders()
    town.given("r2", "o2")
    assert town.refused(an_override(OverrideKind.SPLIT, order_id="o2")).code == "nothing_to_split"
    town.do(an_override(OverrideKind.SPLIT, order_id="o3"))
    assert (town.order("o3").rider_id, town.order("o3").barred) == (None, frozenset({RiderId("r1")}))
    assert town.tasks("r1") == "+o1 -o1"
