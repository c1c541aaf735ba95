"""Orders put to several riders at once: the first who accepts gets them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.policy import LoopParams
from dispatch.model.actor import ActorKind
from dispatch.model.commands import (
    AcceptOffer,
    ApplyPlan,
    CancelOrder,
    Command,
    DeclineOffer,
    ExpireOffer,
    OfferIntent,
    PauseRider,
)
from dispatch.model.events import OfferId, OfferMade, OfferWithdrawn
from dispatch.model.lifecycle import DispatchStatus, IllegalMove, OfferStatus
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind
from dispatch.model.reasons import CancelReason, DeclineReason, UnassignReason
from dispatch.model.rider import RiderId
from tests.support.builders import NOON
from tests.support.towns import Town, an_override, kinds


def asked(town: Town, *order_ids: str, riders: tuple[str, ...] = ("r1", "r2", "r3")) -> list[OfferId]:
    """Put orders to all of these riders at once."""
    first, *others = (town.intent(rider_id, *order_ids) for rider_id in riders)
    events = town.do(ApplyPlan(tick=1, offers=(first,), beside=tuple(others)))
    return [event.offer_id for event in events if isinstance(event, OfferMade)]


def a_town(riders: int = 3) -> Town:
    town = Town(*(f"r{number}" for number in range(1, riders + 1)))
    town.placed("o1", "o2")
    return town


def accept(town: Town, rider_id: str, offer_id: OfferId) -> list[str]:
    return kinds(town.do(AcceptOffer(rider_id=RiderId(rider_id), offer_id=offer_id)))


def decline(rider_id: str, offer_id: OfferId) -> DeclineOffer:
    return DeclineOffer(rider_id=RiderId(rider_id), offer_id=offer_id, reason=DeclineReason.TOO_FAR)


@pytest.mark.parametrize("winner", [0, 1, 2])
def test_the_first_who_accepts_gets_them_and_the_others_are_asked_no_more(winner: int) -> None:
    town = a_town()
    offers = asked(town, "o1", "o2")
    assert len(offers) == 3
    assert (town.order().dispatch, town.order().open_offers) == (DispatchStatus.OFFERED, tuple(offers))
    told = accept(town, f"r{winner + 1}", offers[winner])
    assert told[:3] == ["OfferWithdrawn", "OfferWithdrawn", "OfferAccepted"]
    for order_id in ("o1", "o2"):
        order = town.order(order_id)
        assert (order.rider_id, order.dispatch, order.open_offers) == (
            f"r{winner + 1}",
            DispatchStatus.ASSIGNED,
            (),
        )
    assert all(town.rider(f"r{number}").offers == frozenset() for number in (1, 2, 3))
    assert town.tasks(f"r{winner + 1}") == "+o1 +o2 -o1 -o2"
    late = offers[(winner + 1) % 3]
    assert town.market.state.offer(late).status is OfferStatus.WITHDRAWN
    with pytest.raises(IllegalMove):
        accept(town, f"r{(winner + 1) % 3 + 1}", late)


def test_after_a_no_the_next_one_counts_as_the_first() -> None:
    town = a_town()
    offers = asked(town, "o1")
    town.do(decline("r1", offers[0]))
    assert (town.order().dispatch, town.order().offer_id, town.order().beside) == (
        DispatchStatus.OFFERED,
        offers[1],
        (offers[2],),
    )
    town.do(decline("r3", offers[2]))
    assert town.order().open_offers == (offers[1],)
    town.wait(60)
    town.do(ExpireOffer(offer_id=offers[1]))
    order = town.order()
    assert (order.dispatch, order.open_offers) == (DispatchStatus.OPEN, ())
    assert sorted(order.declined_by) == ["r1", "r3"]
    assert town.rider("r2").unanswered == 1


def test_only_riders_who_are_free_and_may_have_them_are_asked_beside() -> None:
    town = a_town(4)
    town.given("r2", "o2")
    town.do(PauseRider(rider_id=RiderId("r3"), until=NOON + 600))
    offers = asked(town, "o1", riders=("r1", "r2", "r3", "r4"))
    assert [town.market.state.offer(one).rider_id for one in offers] == ["r1", "r4"]
    other = a_town()
    other.do(an_override(OverrideKind.BAR, order_id="o1", rider_id="r2"))
    offers = asked(other, "o1")
    assert [other.market.state.offer(one).rider_id for one in offers] == ["r1", "r3"]


def test_an_order_that_a_rider_has_is_put_to_one_rider_only() -> None:
    town = a_town()
    town.given("r1", "o1")
    first, other = town.intent("r2", "o1"), town.intent("r3", "o1")
    better = ((first.order_ids[0], UnassignReason.BETTER_RIDER),)
    events = town.do(ApplyPlan(tick=1, offers=(first,), unassign=better, beside=(other,)))
    assert kinds(events).count("OfferMade") == 1


def test_who_gets_something_else_is_not_asked_beside_others_any_more() -> None:
    town = a_town()
    _, second, third = asked(town, "o1")
    town.do(ApplyPlan(tick=2, offers=(town.intent("r2", "o2"),)))
    assert town.market.state.offer(second).status is OfferStatus.WITHDRAWN
    assert town.order("o1").beside == (third,)
    town.do(ApplyPlan(tick=3, offers=(), auto_accept=True))
    (own,) = town.rider("r2").offers
    assert accept(town, "r2", own) == ["OfferAccepted"]
    assert town.order("o1").dispatch is DispatchStatus.OFFERED


@pytest.mark.parametrize(
    ("what", "left"),
    [
        (CancelOrder(order_id=OrderId("o1"), by=ActorKind.DISPATCHER, reason=CancelReason.OTHER), 0),
        (an_override(OverrideKind.ASSIGN, order_id="o1", rider_id="r3"), 0),
        (replace(an_override(OverrideKind.HOLD, order_id="o1"), until=NOON + 600), 0),
        (an_override(OverrideKind.BAR, order_id="o1", rider_id="r2"), 2),
        (an_override(OverrideKind.PIN, order_id="o1", rider_id="r2"), 1),
    ],
)
def test_decisions_of_people_end_the_offers_that_they_touch(what: Command, left: int) -> None:
    town = a_town()
    asked(town, "o1")
    withdrawn = [event for event in town.do(what) if isinstance(event, OfferWithdrawn)]
    assert len(withdrawn) == 3 - left
    assert len(town.order("o1").open_offers) == left
    assert sum(len(town.rider(f"r{number}").offers) for number in (1, 2, 3)) == left


def test_intents_that_are_no_tasks_of_the_orders_are_left_out() -> None:
    town = a_town()
    odd = replace(town.intent("r2", "o1"), tasks=())
    events = town.do(ApplyPlan(tick=1, offers=(town.intent("r1", "o1"),), beside=(odd,)))
    assert kinds(events).count("OfferMade") == 1
    nobody = OfferIntent(rider_id=RiderId("r9"), order_ids=odd.order_ids, tasks=town.intent("r1", "o1").tasks)
    assert kinds(a_town().do(ApplyPlan(tick=1, beside=(nobody,)))) == ["TickDecided"]


def test_how_many_are_asked_is_bounded() -> None:
    for wrong in (0, 11):
        with pytest.raises(ValueError, match="offer_to must be 1 to 10 riders"):
            LoopParams(offer_to=wrong)
