"""The words of a shop follow from what happens to an order, and what cancelling costs from how far it is."""

from __future__ import annotations

import pytest

from dispatch.model.cancel_terms import Cancelling, cancel_terms
from dispatch.model.care import CareRules
from dispatch.model.commands import (
    AcceptOrder,
    AskCancellation,
    ChangePolicy,
    CollectOrder,
    FailDelivery,
    MarkReady,
    ReceivePayment,
    RejectOrder,
    TakeCaseStep,
)
from dispatch.model.order import Fulfilment, Order, OrderId, PaymentMethod
from dispatch.model.reasons import CaseStep, FailureReason, RejectReason
from dispatch.model.rider import RiderId
from dispatch.model.shop import ShopStatus, shop_status
from dispatch.units import Money
from tests.support.builders import NOON, an_order
from tests.support.towns import Town

O1 = OrderId("o1")
PRICE = Money(20_000, "COP")
RULES = CareRules()


def a_town(order: Order) -> Town:
    """One order under the usual rules."""
    town = Town()
    town.do(ChangePolicy(name="default", version=1, care=RULES))
    town.placed(order)
    return town


def status(town: Town) -> ShopStatus:
    """What the shop sees."""
    return shop_status(town.order())


def pay(town: Town) -> None:
    """The gateway has the money."""
    town.do(ReceivePayment(order_id=O1, method=PaymentMethod.GATEWAY, amount=PRICE, reference="pi_1"))


def test_an_order_that_is_fetched_goes_from_pending_to_completed() -> None:
    fetched = an_order(fulfilment=Fulfilment.STORE_PICKUP, dropoff=None, total=PRICE, payment=PaymentMethod.GATEWAY)
    town = a_town(fetched)
    assert status(town) is ShopStatus.PENDING
    assert town.refused(MarkReady(order_id=O1)).code == "unpaid"
    assert town.refused(CollectOrder(order_id=O1)).code == "unpaid"
    pay(town)
    assert status(town) is ShopStatus.PAID
    town.do(MarkReady(order_id=O1))
    assert status(town) is ShopStatus.READY
    town.do(CollectOrder(order_id=O1))
    assert status(town) is ShopStatus.COMPLETED


def test_an_order_that_is_delivered_is_shipped_in_between() -> None:
    town = a_town(an_order(total=PRICE, payment=PaymentMethod.GATEWAY))
    pay(town)
    version = town.order().version
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 600))
    town.do(MarkReady(order_id=O1))
    assert (status(town), town.order().version) == (ShopStatus.READY, version + 2)
    town.on_board("r1", "o1")
    assert status(town) is ShopStatus.SHIPPED
    town.delivered("r1", "o1")
    assert status(town) is ShopStatus.COMPLETED


def test_cash_is_pending_until_the_goods_are_ready_and_no_price_is_none() -> None:
    assert status(a_town(an_order(total=PRICE, payment=PaymentMethod.CASH))) is ShopStatus.PENDING
    assert status(a_town(an_order())) is ShopStatus.PAID
    assert status(a_town(an_order(total=Money(0, "COP")))) is ShopStatus.PAID


def test_what_is_called_off_or_goes_back_says_so() -> None:
    town = a_town(an_order(total=PRICE))
    town.do(RejectOrder(order_id=O1, reason=RejectReason.CLOSED))
    assert status(town) is ShopStatus.CANCELLED
    town = a_town(an_order(total=PRICE))
    town.on_board("r1", "o1")
    town.ride("r1")
    town.do(FailDelivery(rider_id=RiderId("r1"), order_id=O1, reason=FailureReason.CUSTOMER_ABSENT))
    assert status(town) is ShopStatus.FAILED
    town = a_town(an_order(total=PRICE))
    town.do(AskCancellation(order_id=O1))
    assert status(town) is ShopStatus.CANCELLED


def terms(town: Town) -> tuple[Cancelling, int, int]:
    """What cancelling costs now: how, the least and the most."""
    found = cancel_terms(town.order(), town.market.state.account(O1), town.market.state.care)
    assert found.least is not None
    assert found.most is not None
    return found.how, found.least.minor, found.most.minor


def test_cancelling_costs_more_the_later_it_is() -> None:
    town = a_town(an_order(total=PRICE))
    assert terms(town) == (Cancelling.AT_ONCE, 0, 0)
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 600))
    assert terms(town) == (Cancelling.CASE, 0, 10_000)
    town.do(MarkReady(order_id=O1))
    assert terms(town) == (Cancelling.CASE, 10_000, 10_000)
    town.on_board("r1", "o1")
    assert terms(town) == (Cancelling.CASE, 16_000, 16_000)
    town.delivered("r1", "o1")
    over = cancel_terms(town.order(), town.market.state.account(O1), town.market.state.care)
    assert over == (Cancelling.TOO_LATE, None, None)
    assert cancel_terms(a_town(an_order()).order(), None, RULES) == (Cancelling.AT_ONCE, None, None)


@pytest.mark.parametrize("stage", ["accepted", "ready", "carried"])
def test_what_was_told_is_what_it_costs(stage: str) -> None:
    town = a_town(an_order(total=PRICE))
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 600))
    if stage != "accepted":
        town.do(MarkReady(order_id=O1))
    if stage == "carried":
        town.on_board("r1", "o1")
    _, least, _ = terms(town)
    town.do(AskCancellation(order_id=O1))
    (case,) = town.market.state.open_cases(O1)
    town.do(TakeCaseStep(case_id=case.case_id, step=CaseStep.CANCELLED))
    assert PRICE.minor - town.market.state.account(O1).refunded_minor == least
