"""An order's money: paid, checked by hand, given back, and always adding up."""

from __future__ import annotations

import pytest

from dispatch.model.commands import (
    AcceptOrder,
    AskCancellation,
    ChangeOrder,
    CheckTransfer,
    ClaimTransfer,
    EndPaymentWait,
    FailRefund,
    ReceivePayment,
    RejectOrder,
    SettleRefund,
)
from dispatch.model.lifecycle import IllegalMove, OrderStatus
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import Account, AccountState, PaymentStatus, RefundStatus
from dispatch.model.reasons import CaseKind, RejectReason
from dispatch.units import Money
from tests.support.builders import NOON, an_order
from tests.support.towns import Town, kinds

O1 = OrderId("o1")
PRICE = Money(20_000, "COP")


def a_town(method: PaymentMethod) -> Town:
    """One order, to be paid in this way."""
    town = Town()
    town.placed(an_order("o1", total=PRICE, payment=method))
    return town


def account(town: Town) -> AccountState:
    """The order's account, which must add up."""
    found = town.market.state.account(O1)
    assert sum(entry.minor for entry in found.entries) == 0
    return found


def pay(reference: str = "tx-1", amount: Money = PRICE) -> ReceivePayment:
    """The gateway says that the money is there."""
    return ReceivePayment(order_id=O1, method=PaymentMethod.GATEWAY, amount=amount, reference=reference)


def test_an_order_that_is_paid_first_waits_for_its_money() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    assert account(town).status is PaymentStatus.DUE
    assert town.refused(AcceptOrder(order_id=O1, ready_at=NOON + 900)).code == "unpaid"
    assert kinds(town.do(pay())) == ["PaymentReceived"]
    assert account(town).status is PaymentStatus.PAID
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 900))
    assert town.order().status is OrderStatus.ACCEPTED


def test_the_same_payment_counts_once() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    town.do(pay())
    assert town.do(pay()) == []
    assert account(town).paid_minor == PRICE.minor


@pytest.mark.parametrize("amount", [Money(19_999, "COP"), Money(20_001, "COP"), Money(20_000, "VND")])
def test_another_amount_or_currency_is_a_case_and_no_payment(amount: Money) -> None:
    town = a_town(PaymentMethod.GATEWAY)
    assert kinds(town.do(pay(amount=amount))) == ["PaymentUnmatched", "CaseOpened"]
    (case,) = town.market.state.open_cases(O1)
    assert case.kind is CaseKind.PAYMENT
    assert str(amount.minor) in case.text
    assert account(town).status is PaymentStatus.DUE


def test_money_for_a_cancelled_order_goes_back() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    town.do(AskCancellation(order_id=O1))
    assert account(town).balance(Account.CUSTOMER) == 0
    town.do(pay())
    (refund,) = account(town).refunds
    assert (refund.minor, refund.status) == (PRICE.minor, RefundStatus.GRANTED)
    town.do(SettleRefund(order_id=O1, refund_id=refund.refund_id, reference="back-1"))
    assert account(town).balance(Account.RECEIPTS) == 0
    assert account(town).balance(Account.CUSTOMER) == 0
    assert town.do(SettleRefund(order_id=O1, refund_id=refund.refund_id, reference="back-1")) == []


def test_money_that_comes_twice_goes_back_once() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    town.do(pay("tx-1"))
    town.do(pay("tx-2"))
    (refund,) = account(town).refunds
    assert refund.minor == PRICE.minor
    assert account(town).status is PaymentStatus.PAID
    assert account(town).left_minor == PRICE.minor


def test_nobody_waits_for_ever_for_money() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    town.do(EndPaymentWait(order_id=O1))
    assert town.order().status is OrderStatus.CANCELLED
    assert account(town).status is PaymentStatus.REFUNDED
    assert account(town).refunds == ()
    assert account(town).balance(Account.CUSTOMER) == 0


def test_a_transfer_is_checked_by_hand() -> None:
    town = a_town(PaymentMethod.TRANSFER)
    assert town.refused(CheckTransfer(order_id=O1, found=True)).code == "no_transfer"
    town.do(ClaimTransfer(order_id=O1, picture="receipt-1.jpg"))
    assert town.refused(CheckTransfer(order_id=O1, found=False)).code == "invalid_input"
    town.do(CheckTransfer(order_id=O1, found=False, text="no such transfer"))
    assert account(town).status is PaymentStatus.DUE
    town.do(ClaimTransfer(order_id=O1, picture="receipt-2.jpg"))
    town.do(EndPaymentWait(order_id=O1))
    assert town.order().status is OrderStatus.PLACED
    assert [case.kind for case in town.market.state.open_cases(O1)] == [CaseKind.PAYMENT]
    town.do(CheckTransfer(order_id=O1, found=True))
    assert account(town).status is PaymentStatus.PAID
    assert account(town).references == ("receipt-2.jpg",)


def test_cash_comes_with_the_delivery() -> None:
    town = a_town(PaymentMethod.CASH)
    town.given("r1", "o1")
    town.carried("r1", "o1")
    assert account(town).status is PaymentStatus.DUE
    town.delivered("r1", "o1")
    assert account(town).status is PaymentStatus.PAID


def test_a_platform_has_the_money_already() -> None:
    assert account(a_town(PaymentMethod.ELSEWHERE)).status is PaymentStatus.PAID


def test_what_a_merchant_refuses_is_paid_back() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    town.do(pay())
    town.do(RejectOrder(order_id=O1, reason=RejectReason.CLOSED))
    assert account(town).refunded_minor == PRICE.minor
    assert account(town).balance(Account.SALES) == 0


def test_a_refund_that_fails_is_a_case() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    town.do(pay())
    town.do(AskCancellation(order_id=O1))
    (refund,) = account(town).refunds
    town.do(FailRefund(order_id=O1, refund_id=refund.refund_id, cause="card closed"))
    assert account(town).refunds[0].status is RefundStatus.FAILED
    assert [case.kind for case in town.market.state.open_cases(O1)] == [CaseKind.PAYMENT]
    town.do(SettleRefund(order_id=O1, refund_id=refund.refund_id, reference="by hand"))
    assert account(town).refunds[0].status is RefundStatus.SETTLED
    assert isinstance(
        town.refused(SettleRefund(order_id=O1, refund_id=refund.refund_id, reference="again")), IllegalMove
    )


def test_a_price_changes_only_before_it_is_paid() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    dearer = an_order("o1", total=Money(25_000, "COP"), payment=PaymentMethod.GATEWAY)
    town.do(ChangeOrder(order=dearer))
    assert account(town).total == Money(25_000, "COP")
    town.do(pay(amount=Money(25_000, "COP")))
    cheaper = an_order("o1", total=PRICE, payment=PaymentMethod.GATEWAY)
    assert isinstance(town.refused(ChangeOrder(order=cheaper)), IllegalMove)
