"""Orders placed, cooked, changed, called off, fetched."""

from __future__ import annotations

import pytest

from dispatch.errors import ConflictError, NotFoundError
from dispatch.model.actor import ActorKind
from dispatch.model.commands import (
    AcceptOrder,
    CancelOrder,
    ChangeOrder,
    ChangeReadyTime,
    CollectOrder,
    CorrectTask,
    MarkReady,
    PlaceOrder,
    RateOrder,
    RegisterMerchant,
    RejectOrder,
    StartPreparation,
)
from dispatch.model.lifecycle import DispatchStatus, IllegalMove, OrderStatus, TaskStatus
from dispatch.model.order import MarketId, MerchantId, Order, OrderId
from dispatch.model.reasons import CancelReason, RejectReason
from dispatch.model.rider import RiderId, TaskKind
from dispatch.units import MINUTE_S
from tests.support.builders import CORNER, NOON, a_merchant, a_store_pickup, an_order
from tests.support.towns import Town, kinds

O1 = OrderId("o1")


def cancel(order_id: str = "o1") -> CancelOrder:
    return CancelOrder(order_id=OrderId(order_id), by=ActorKind.CUSTOMER, reason=CancelReason.CUSTOMER_CHANGED_MIND)


def test_an_order_is_placed_once() -> None:
    town = Town()
    assert kinds(town.do(PlaceOrder(order=an_order()))) == ["OrderPlaced"]
    assert town.do(PlaceOrder(order=an_order())) == []
    assert list(town.market.state.active) == ["o1"]


def test_another_order_of_the_same_id_is_refused() -> None:
    town = Town()
    town.placed("o1")
    assert town.refused(PlaceOrder(order=an_order(size=2))).code == "order_exists"


def test_an_order_of_another_market_is_refused() -> None:
    order = an_order(market_id=MarketId("cali"))
    assert Town().refused(PlaceOrder(order=order)).code == "wrong_market"
    merchant = a_merchant(market_id=MarketId("cali"))
    assert Town().refused(RegisterMerchant(merchant=merchant)).code == "wrong_market"


def test_the_kitchen_goes_through_its_states() -> None:
    town = Town()
    town.placed("o1")
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 12 * MINUTE_S))
    assert (town.order().status, town.order().ready_at) == (OrderStatus.ACCEPTED, NOON + 12 * MINUTE_S)
    town.do(StartPreparation(order_id=O1))
    town.do(ChangeReadyTime(order_id=O1, ready_at=NOON + 20 * MINUTE_S, reason="oven broke"))
    assert (town.order().status, town.order().ready_at) == (OrderStatus.PREPARING, NOON + 20 * MINUTE_S)
    ready_at = town.wait(15 * MINUTE_S)
    town.do(MarkReady(order_id=O1))
    assert (town.order().status, town.order().ready_at) == (OrderStatus.READY, ready_at)
    assert town.order().dispatch is DispatchStatus.OPEN
    town.do(ChangeReadyTime(order_id=O1, ready_at=ready_at + 60))
    assert town.order().status is OrderStatus.PREPARING
    assert town.order().version == 6


def test_a_delivery_is_rated_once_and_another_one_anew() -> None:
    town = Town()
    town.placed("o1")
    town.on_board("r1", "o1")
    assert town.refused(RateOrder(order_id=O1, stars=5)).code == "too_early"
    town.delivered("r1", "o1")
    assert kinds(town.do(RateOrder(order_id=O1, stars=2))) == ["OrderRated"]
    assert town.refused(RateOrder(order_id=O1, stars=5)).code == "rated"
    assert town.order().stars == 2
    town.do(CorrectTask(rider_id=RiderId("r1"), order_id=O1, kind=TaskKind.DROPOFF))
    assert town.order().stars is None


def test_what_a_device_reports_late_counts_from_when_it_happened() -> None:
    town = Town()
    town.placed("o1")
    town.wait(600)
    town.do(MarkReady(order_id=O1), occurred_at=NOON + 420)
    assert town.order().ready_at == NOON + 420
    recorded = [*town.log.read(town.market.market_id)][-1]
    assert (recorded.occurred_at, recorded.recorded_at) == (NOON + 420, NOON + 600)


def test_a_clock_that_runs_ahead_is_not_believed() -> None:
    town = Town()
    town.placed("o1")
    town.do(MarkReady(order_id=O1), occurred_at=NOON + 420)
    assert town.order().ready_at == NOON


def test_a_merchant_refuses() -> None:
    town = Town()
    town.placed("o1")
    town.do(RejectOrder(order_id=O1, reason=RejectReason.TOO_BUSY))
    order = town.order()
    assert (order.status, order.dispatch) == (OrderStatus.REJECTED, DispatchStatus.DROPPED)
    assert (order.pickup_task, order.dropoff_task) == (TaskStatus.DROPPED, TaskStatus.DROPPED)
    assert order.over
    assert O1 not in town.market.state.active
    assert isinstance(town.refused(AcceptOrder(order_id=O1, ready_at=NOON)), IllegalMove)


def test_cancelling_frees_the_rider() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1", "o2")
    town.wait(60)
    assert kinds(town.do(cancel())) == ["OrderCancelled"]
    assert town.tasks() == "+o2 -o2"
    assert town.order().rider_id is None
    assert town.order().cancelled_at == NOON + 60
    assert isinstance(town.refused(cancel()), IllegalMove)


def test_cancelling_an_offered_order_withdraws_the_offer_for_all_in_it() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.offered("r1", "o1", "o2")
    assert kinds(town.do(cancel())) == ["OfferWithdrawn", "OrderCancelled"]
    assert town.order("o2").dispatch is DispatchStatus.OPEN
    assert town.rider().offers == frozenset()


def test_food_on_board_of_a_cancelled_order_goes_back() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.on_board("r1", "o1", "o2")
    town.do(cancel())
    order = town.order()
    assert (order.status, order.dispatch) == (OrderStatus.CANCELLED, DispatchStatus.RETURNING)
    assert (order.rider_id, order.dropoff_task) == ("r1", TaskStatus.DROPPED)
    assert town.tasks() == "~o1 -o2"
    assert O1 in town.market.state.active


def test_an_edit_changes_what_may_change() -> None:
    town = Town()
    town.placed("o1")
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 900))
    town.do(ChangeOrder(order=an_order(dropoff=CORNER, notes="ring twice")))
    assert town.order().order.dropoff == CORNER
    assert town.order().ready_at == NOON + 900
    town.do(ChangeOrder(order=an_order(dropoff=CORNER, ready_at=NOON + 1200, priority=3)))
    assert (town.order().ready_at, town.order().priority) == (NOON + 1200, 3)
    assert town.do(ChangeOrder(order=town.order().order)) == []


@pytest.mark.parametrize(
    "order",
    [an_order(merchant_id=MerchantId("m2")), an_order(pickup=CORNER), an_order(placed_at=NOON - 1), a_store_pickup()],
)
def test_an_edit_cannot_make_another_order_of_it(order: Order) -> None:
    town = Town()
    town.placed("o1")
    assert town.refused(ChangeOrder(order=order)).code == "field_fixed"


def test_an_order_on_board_cannot_be_edited() -> None:
    town = Town()
    town.placed("o1")
    town.on_board("r1", "o1")
    assert isinstance(town.refused(ChangeOrder(order=an_order(notes="no onions"))), IllegalMove)


def test_a_customer_fetches_an_order_at_the_store() -> None:
    town = Town()
    town.placed(a_store_pickup())
    assert town.order().dispatch is DispatchStatus.NOT_NEEDED
    assert O1 not in town.market.state.active
    town.do(MarkReady(order_id=O1))
    town.do(CollectOrder(order_id=O1))
    assert (town.order().status, town.order().dispatch) == (OrderStatus.COLLECTED, DispatchStatus.DONE)


def test_a_delivery_cannot_be_fetched() -> None:
    town = Town()
    town.placed("o1")
    assert isinstance(town.refused(CollectOrder(order_id=O1)), IllegalMove)


def test_a_merchant_is_registered_anew_only_when_something_changed() -> None:
    town = Town()
    assert town.do(RegisterMerchant(merchant=a_merchant())) == []
    assert kinds(town.do(RegisterMerchant(merchant=a_merchant(name="La Esquina")))) == ["MerchantRegistered"]
    assert town.market.state.merchant(MerchantId("m1")).name == "La Esquina"


@pytest.mark.parametrize(
    "command",
    [
        AcceptOrder(order_id=O1, ready_at=NOON),
        StartPreparation(order_id=O1),
        ChangeReadyTime(order_id=O1, ready_at=NOON),
        MarkReady(order_id=O1),
        RejectOrder(order_id=O1, reason=RejectReason.CLOSED),
        CollectOrder(order_id=O1),
        ChangeOrder(order=an_order()),
        cancel(),
    ],
    ids=lambda command: type(command).__name__,
)
def test_an_unknown_order_is_not_found(command: AcceptOrder) -> None:
    refusal = Town().refused(command)
    assert isinstance(refusal, NotFoundError)
    assert "'o1'" in refusal.cause


def test_a_conflict_says_what_to_do() -> None:
    town = Town()
    town.placed("o1")
    refusal = town.refused(PlaceOrder(order=an_order(size=2)))
    assert isinstance(refusal, ConflictError)
    assert refusal.action
