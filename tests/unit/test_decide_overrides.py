"""A person decides, over the plan's head and for the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.errors import InvalidInputError, NotFoundError
from dispatch.model.actor import ActorKind
from dispatch.model.commands import ApplyPlan, CancelOrder, HoldIntent, MakeOverride, RegisterRider
from dispatch.model.events import OverrideRecorded
from dispatch.model.lifecycle import DispatchStatus, TaskStatus
from dispatch.model.order import MerchantId, OrderId
from dispatch.model.override import NEEDS, Earlier, Override, OverrideId, OverrideKind, OverrideReason
from dispatch.model.reasons import HELD_BY_PERSON, CancelReason
from dispatch.model.rider import RiderId
from dispatch.units import NEVER
from tests.support.builders import NOON, a_rider, a_store_pickup
from tests.support.towns import Town, an_override, kinds

R1, R2 = RiderId("r1"), RiderId("r2")
M1 = MerchantId("m1")


def two_riders() -> Town:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    return town


def recorded(town: Town, command: MakeOverride) -> Override:
    event = town.do(command)[0]
    assert isinstance(event, OverrideRecorded)
    return event.override


def test_an_override_keeps_who_when_why_and_what() -> None:
    town = two_riders()
    town.do(ApplyPlan(tick=1, holds=(HoldIntent(order_id=OrderId("o1"), verdict="not_yet", planned_rider_id=R2),)))
    town.wait(30)
    command = MakeOverride(
        kind=OverrideKind.ASSIGN,
        order_id=OrderId("o1"),
        rider_id=R1,
        reason=OverrideReason.URGENT_ORDER,
        text="  medicine  ",
        by="ana",
        cost_difference=120,
    )
    override = recorded(town, command)
    assert override == Override(
        id=OverrideId(f"override-{town.market.state.seq - 1}"),
        kind=OverrideKind.ASSIGN,
        order_id=OrderId("o1"),
        rider_id=R1,
        reason=OverrideReason.URGENT_ORDER,
        text="medicine",
        by="ana",
        made_at=NOON + 30,
        before="held",
        after="assigned r1, pinned",
        preferred_rider_id=R2,
        cost_difference=120,
        earlier=Earlier(),
    )
    assert town.market.state.overrides == {override.id: override}


def test_assigning_gives_the_order_at_once_and_pins_it() -> None:
    town = two_riders()
    events = town.do(an_override(OverrideKind.ASSIGN, order_id="o1", rider_id="r1"))
    assert kinds(events) == ["OverrideRecorded", "OrderAssigned"]
    order = town.order()
    assert (order.rider_id, order.pinned_to, order.pinned_until) == ("r1", "r1", NEVER)
    assert order.pin(NOON) == "r1"
    again = town.do(an_override(OverrideKind.ASSIGN, order_id="o1", rider_id="r1"))
    assert kinds(again) == ["OverrideRecorded"]


def test_assigning_overrules_hold_bar_and_offer() -> None:
    town = two_riders()
    town.do(an_override(OverrideKind.BAR, order_id="o1", rider_id="r1"))
    town.do(an_override(OverrideKind.HOLD, order_id="o1"))
    town.do(an_override(OverrideKind.ASSIGN, order_id="o1", rider_id="r1"))
    assert (town.order().barred, town.order().held_until) == (frozenset(), None)
    town.offered("r2", "o2")
    events = town.do(an_override(OverrideKind.ASSIGN, order_id="o2", rider_id="r1"))
    assert kinds(events) == ["OverrideRecorded", "OfferWithdrawn", "OrderAssigned"]
    assert town.tasks() == "+o1 -o1 +o2 -o2"


def test_reassigning_moves_the_order() -> None:
    town = two_riders()
    town.given("r1", "o1")
    town.ride()
    override = recorded(town, an_override(OverrideKind.REASSIGN, order_id="o1", rider_id="r2"))
    assert (override.before, override.after) == ("under_way r1", "assigned r2, pinned")
    assert override.preferred_rider_id == "r1"
    assert (town.tasks("r1"), town.tasks("r2")) == ("", "+o1 -o1")
    assert (town.order().dispatch, town.order().pickup_task) == (DispatchStatus.ASSIGNED, TaskStatus.PLANNED)


def test_a_rider_off_shift_gets_nothing() -> None:
    town = two_riders()
    town.do(RegisterRider(rider=a_rider("r3")))
    assert "not on shift" in town.refused(an_override(OverrideKind.ASSIGN, order_id="o1", rider_id="r3")).cause


def test_unassigning_keeps_the_order_from_going_back() -> None:
    town = two_riders()
    town.given("r1", "o1")
    override = recorded(town, an_override(OverrideKind.UNASSIGN, order_id="o1"))
    assert (override.rider_id, override.after) == ("r1", "open, r1 barred")
    order = town.order()
    assert (order.dispatch, order.rider_id, order.barred) == (DispatchStatus.OPEN, None, frozenset({R1}))
    assert town.refused(an_override(OverrideKind.UNASSIGN, order_id="o1")).code == "nobody_has_it"
    assert "does not have" in town.refused(an_override(OverrideKind.UNASSIGN, order_id="o1", rider_id="r2")).cause


def test_an_order_taken_from_a_rider_who_waits_for_it_is_open_again() -> None:
    town = two_riders()
    town.given("r1", "o1")
    town.ride()
    town.do(an_override(OverrideKind.UNASSIGN, order_id="o1"))
    assert (town.order().dispatch, town.order().pickup_task) == (DispatchStatus.OPEN, TaskStatus.PLANNED)
    assert town.order().assigned_at is None


def test_unassigning_an_offered_order_takes_the_offer_back() -> None:
    town = two_riders()
    town.offered("r1", "o1")
    events = town.do(an_override(OverrideKind.UNASSIGN, order_id="o1"))
    assert kinds(events) == ["OverrideRecorded", "OfferWithdrawn"]
    assert town.order().barred == {R1}


def test_pin_and_unpin() -> None:
    town = two_riders()
    assert town.refused(an_override(OverrideKind.PIN, order_id="o1")).code == "nobody_has_it"
    town.given("r1", "o1")
    override = recorded(town, an_override(OverrideKind.PIN, order_id="o1"))
    assert (override.rider_id, override.before, override.after) == ("r1", "pinned to None", "pinned to r1")
    assert town.refused(an_override(OverrideKind.PIN, order_id="o1", rider_id="r2")).code == "with_another"
    town.do(an_override(OverrideKind.UNPIN, order_id="o1"))
    assert town.order().pin(NOON) is None
    assert town.order().rider_id == "r1"


def test_pinning_to_a_rider_takes_back_the_offer_to_another_only() -> None:
    town = two_riders()
    town.offered("r1", "o1")
    assert kinds(town.do(an_override(OverrideKind.PIN, order_id="o1"))) == ["OverrideRecorded"]
    events = town.do(an_override(OverrideKind.PIN, order_id="o1", rider_id="r2"))
    assert kinds(events) == ["OverrideRecorded", "OfferWithdrawn"]


def test_hold_and_release() -> None:
    town = two_riders()
    assert town.refused(an_override(OverrideKind.RELEASE, order_id="o1")).code == "not_held"
    town.given("r1", "o1")
    events = town.do(replace(an_override(OverrideKind.HOLD, order_id="o1"), until=NOON + 600))
    assert kinds(events) == ["OverrideRecorded", "OrderUnassigned", "OrderHeld"]
    assert (town.order().dispatch, town.order().verdict) == (DispatchStatus.HELD, HELD_BY_PERSON)
    assert town.order().held(NOON + 599)
    assert not town.order().held(NOON + 600)
    assert kinds(town.do(ApplyPlan(tick=1, holds=(HoldIntent(order_id=OrderId("o1"), verdict="barred"),)))) == [
        "TickDecided"
    ]
    assert kinds(town.do(an_override(OverrideKind.RELEASE, order_id="o1"))) == ["OverrideRecorded", "OrderReleased"]
    assert (town.order().dispatch, town.order().verdict) == (DispatchStatus.OPEN, "")


def test_a_hold_ends_by_itself() -> None:
    town = two_riders()
    town.do(replace(an_override(OverrideKind.HOLD, order_id="o1"), until=NOON + 600))
    plan = ApplyPlan(tick=1, offers=(town.intent("r1", "o1"),), auto_accept=True)
    assert kinds(town.do(plan)) == ["TickDecided"]
    town.wait(600)
    assert kinds(town.do(plan)) == ["OrderAssigned", "TickDecided"]


def test_barring_takes_the_order_from_the_rider() -> None:
    town = two_riders()
    town.given("r1", "o1")
    town.do(an_override(OverrideKind.PIN, order_id="o1"))
    events = town.do(an_override(OverrideKind.BAR, order_id="o1", rider_id="r1"))
    assert kinds(events) == ["OverrideRecorded", "OrderUnassigned"]
    assert (town.order().barred, town.order().pin(NOON)) == (frozenset({R1}), None)
    assert kinds(town.do(an_override(OverrideKind.BAR, order_id="o2", rider_id="r1"))) == ["OverrideRecorded"]
    town.do(an_override(OverrideKind.UNBAR, order_id="o1", rider_id="r1"))
    assert town.order().barred == frozenset()


def test_barring_for_a_merchant_takes_all_that_is_not_on_board() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2", "o3")
    town.on_board("r1", "o1")
    town.given("r1", "o2")
    town.offered("r1", "o3")
    bar = replace(an_override(OverrideKind.BAR, rider_id="r1"), merchant_id=M1)
    assert kinds(town.do(bar)) == ["OverrideRecorded", "OrderUnassigned", "OfferWithdrawn"]
    assert town.tasks() == "-o1"
    assert town.market.state.bars_of(town.order("o2")) == {R1}
    town.do(replace(an_override(OverrideKind.UNBAR, rider_id="r1"), merchant_id=M1))
    assert town.market.state.bars_of(town.order("o2")) == frozenset()


def test_a_negative_priority_is_refused() -> None:
    refusal = two_riders().refused(replace(an_override(OverrideKind.PRIORITISE, order_id="o1"), priority=-1))
    assert isinstance(refusal, InvalidInputError)
    assert [(issue.code, issue.field) for issue in refusal.issues] == [("priority_negative", "priority")]


def test_priority_is_raised_also_on_board() -> None:
    town = two_riders()
    town.on_board("r1", "o1")
    override = recorded(town, replace(an_override(OverrideKind.PRIORITISE, order_id="o1"), priority=9))
    assert (override.before, override.after) == ("priority 0", "priority 9")
    assert town.order().priority == 9


def test_a_rider_is_paused_and_resumed() -> None:
    town = two_riders()
    town.offered("r1", "o1")
    pause = replace(an_override(OverrideKind.PAUSE_RIDER, rider_id="r1"), until=NOON + 60)
    assert kinds(town.do(pause)) == ["OverrideRecorded", "OfferWithdrawn", "RiderPaused"]
    assert town.rider().paused_until == NOON + 60
    town.do(an_override(OverrideKind.RESUME_RIDER, rider_id="r1"))
    assert town.rider().paused_until is None


@pytest.mark.parametrize("kind", [kind for kind in OverrideKind if "order_id" in NEEDS[kind]])
def test_nothing_is_decided_about_an_order_that_is_over(kind: OverrideKind) -> None:
    town = Town()
    town.placed("o1", a_store_pickup("o2"))
    town.do(CancelOrder(order_id=OrderId("o1"), by=ActorKind.MERCHANT, reason=CancelReason.OTHER))
    for order_id in ("o1", "o2"):
        command = replace(an_override(kind, order_id=order_id, rider_id="r1"), priority=1)
        assert town.refused(command).code == "order_over"


@pytest.mark.parametrize(
    "kind",
    [OverrideKind.ASSIGN, OverrideKind.REASSIGN, OverrideKind.UNASSIGN, OverrideKind.PIN, OverrideKind.HOLD],
)
def test_what_is_on_board_is_not_moved(kind: OverrideKind) -> None:
    town = two_riders()
    town.on_board("r1", "o1")
    assert town.refused(an_override(kind, order_id="o1", rider_id="r2")).code == "on_board"


@pytest.mark.parametrize("kind", list(OverrideKind))
def test_everything_missing_is_said_at_once(kind: OverrideKind) -> None:
    refusal = Town().refused(replace(an_override(kind), text=" "))
    assert isinstance(refusal, InvalidInputError)
    fields = [issue.field for issue in refusal.issues]
    assert fields[0] == "text"
    assert set(NEEDS[kind]) <= set(fields)


def test_a_bar_is_about_an_order_or_a_merchant_and_a_pause_about_neither() -> None:
    town = two_riders()
    both = replace(an_override(OverrideKind.BAR, order_id="o1", rider_id="r1"), merchant_id=M1)
    assert isinstance(town.refused(both), InvalidInputError)
    assert isinstance(town.refused(an_override(OverrideKind.BAR, rider_id="r1")), InvalidInputError)
    pause = an_override(OverrideKind.PAUSE_RIDER, rider_id="r1", order_id="o1")
    assert isinstance(town.refused(pause), InvalidInputError)


def test_what_is_named_must_exist() -> None:
    town = two_riders()
    for command in (
        an_override(OverrideKind.HOLD, order_id="o9"),
        an_override(OverrideKind.ASSIGN, order_id="o1", rider_id="r9"),
        replace(an_override(OverrideKind.BAR, rider_id="r1"), merchant_id=MerchantId("m9")),
    ):
        assert isinstance(town.refused(command), NotFoundError)


def test_an_override_without_a_text_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no text"):
        Override(
            id=OverrideId("override-1"),
            kind=OverrideKind.HOLD,
            order_id=OrderId("o1"),
            reason=OverrideReason.OTHER,
            text="\t",
            by="ana",
            made_at=NOON,
        )
