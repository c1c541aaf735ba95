"""Whatever is said about an order and its money: it balances, nothing goes back twice, and all of it is in the log."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.engine.handlers.case_money import PAYS
from dispatch.errors import DispatchError
from dispatch.model import commands as c
from dispatch.model.care import CareRules
from dispatch.model.case_flows import moves_of
from dispatch.model.events import from_dict, to_dict
from dispatch.model.fold import apply
from dispatch.model.order import Fulfilment, Order, OrderId, PaymentMethod
from dispatch.model.payment import OWED, Account, AccountState, PaymentStatus, RefundStatus
from dispatch.model.reasons import CaseKind, Party, RejectReason
from dispatch.model.state import CaseState, MarketState
from dispatch.units import Money
from tests.support.builders import MARKET, NOON, an_order
from tests.support.towns import Town, snapshot

Commands = st.SearchStrategy[c.Command]
O1 = OrderId("o1")
PRICE = Money(20_000, "COP")
AMOUNTS = st.sampled_from([PRICE, PRICE, PRICE, Money(19_999, "COP"), Money(25_000, "COP"), Money(20_000, "VND")])
REFERENCES = st.sampled_from(["pi_1", "pi_2", "pi_3"])
DISPUTES = st.sampled_from(["dp_1", "dp_2"])
SHARES = st.none() | st.builds(Money, st.sampled_from([-1, 1, 5_000, 10_000, 25_000]), st.just("COP"))
KINDS = st.sampled_from([CaseKind.OTHER, CaseKind.OTHER, CaseKind.PAYMENT, CaseKind.REVIEW, CaseKind.QUALITY])


def fetched(total: Money, method: PaymentMethod) -> Order:
    """The order, which its customer fetches."""
    return an_order("o1", total=total, payment=method, fulfilment=Fulfilment.STORE_PICKUP, dropoff=None)


def said(town: Town, data: st.DataObject) -> c.Command:
    """Something that somebody says about the order or its money."""
    state = town.market.state
    open_cases = state.open_cases(O1)
    cases = [*map(_steps, open_cases)] or [st.builds(c.OpenCase, kind=KINDS, order_id=st.just(O1))]
    groups = st.sampled_from([_money(state.account(O1)), st.one_of(cases), _order(state.account(O1))])
    return data.draw(data.draw(groups))


def _money(account: AccountState) -> Commands:
    refunds = st.sampled_from([one.refund_id for one in account.refunds] or ["refund-0"])
    about, words = st.just(O1), st.sampled_from(["", "as agreed"])
    methods = st.sampled_from(PaymentMethod)
    return st.one_of(
        st.builds(c.ReceivePayment, order_id=about, method=methods, amount=AMOUNTS, reference=REFERENCES),
        st.builds(c.ReceivePayment, order_id=about, method=methods, amount=AMOUNTS, reference=REFERENCES),
        st.builds(c.FailPayment, order_id=about, reference=REFERENCES),
        st.builds(c.ClaimTransfer, order_id=about, picture=REFERENCES),
        st.builds(c.CheckTransfer, order_id=about, found=st.booleans(), text=words),
        st.builds(c.SettleRefund, order_id=about, refund_id=refunds, reference=REFERENCES),
        st.builds(c.FailRefund, order_id=about, refund_id=refunds, cause=words),
        st.builds(c.DisputePayment, order_id=about, reference=DISPUTES, amount=AMOUNTS),
        st.builds(c.EndDispute, order_id=about, reference=DISPUTES, amount=AMOUNTS, won=st.booleans()),
    )


def _order(account: AccountState) -> Commands:
    about = st.just(O1)
    prices = st.sampled_from([PRICE, Money(25_000, "COP"), Money(1, "COP")])
    return st.one_of(
        st.builds(c.AcceptOrder, order_id=about, ready_at=st.just(NOON + 900)),
        st.builds(c.MarkReady, order_id=about),
        st.builds(c.CollectOrder, order_id=about),
        st.builds(c.Complain, order_id=about, text=st.just("cold")),
        st.builds(lambda total: c.ChangeOrder(order=fetched(total, account.method)), prices),
        st.builds(c.AskCancellation, order_id=about),
        st.builds(c.RejectOrder, order_id=about, reason=st.just(RejectReason.CLOSED)),
        st.builds(c.EndPaymentWait, order_id=about),
    )


def _steps(case: CaseState) -> Commands:
    """What could be done in a case, mostly steps with money."""
    possible = [move.step for move in moves_of(case.kind, case.stage)]
    paying = [step for step in possible if step in PAYS]
    return st.builds(
        c.TakeCaseStep,
        case_id=st.just(case.case_id),
        step=st.sampled_from([*paying * 4, *possible]),
        text=st.sampled_from(["", "as agreed", "as agreed"]),
        money=SHARES,
        party=st.none() | st.sampled_from(Party),
    )


def check(account: AccountState) -> None:
    """What holds at any moment."""
    balances = {one: account.balance(one) for one in Account}
    own = [one for one in account.refunds if not one.currency]
    settled = sum(one.minor for one in own if not one.open)
    still_open = sum(one.minor for one in own if one.open)
    disputed = sum(one.minor for one in account.disputes if one.won is None)
    assert sum(balances.values()) == 0
    assert balances[Account.DISPUTES] == disputed
    if not account.disputes:
        assert 0 <= account.refunded_minor + account.waived_minor <= account.total.minor
        assert account.paid_minor >= settled
    assert balances[Account.RECEIPTS] == account.paid_minor - settled - disputed
    check_foreign(account)
    assert balances[Account.SALES] <= 0 <= balances[Account.GOODWILL]
    assert balances[Account.COUPONS] <= 0
    assert len(set(account.references)) == len(account.references)
    assert len({one.refund_id for one in account.refunds}) == len(account.refunds)
    # Of more than was due, all that is more goes back.
    assert account.taken_minor <= account.total.minor - account.waived_minor
    assert balances[Account.CUSTOMER] >= -still_open
    if account.status not in OWED:
        assert balances[Account.CUSTOMER] == -still_open
    if account.status is PaymentStatus.PAID:
        assert balances[Account.RECEIPTS] + disputed - still_open == account.total.minor


def check_foreign(account: AccountState) -> None:
    """Money of other currencies stands by itself, and all of it goes back."""
    foreign = [one for one in account.refunds if one.currency]
    assert all(one.over for one in foreign)
    for currency in {one.currency for one in account.entries if one.currency}:
        entries = [one for one in account.entries if one.currency == currency]
        there = sum(one.minor for one in entries if one.account is Account.RECEIPTS)
        assert sum(one.minor for one in entries) == 0
        assert there == sum(one.minor for one in foreign if one.open and one.currency == currency)


def settle_all(town: Town) -> None:
    """Send what still has to go back."""
    for refund in town.market.state.account(O1).refunds:
        if refund.status is not RefundStatus.SETTLED:
            town.do(c.SettleRefund(order_id=O1, refund_id=refund.refund_id, reference=f"end-{refund.refund_id}"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(method=st.sampled_from(PaymentMethod), count=st.integers(1, 25), data=st.data())
def test_money_always_balances(method: PaymentMethod, count: int, data: st.DataObject) -> None:
    town = Town()
    town.do(c.ChangePolicy(name="default", version=1, care=CareRules()))
    town.placed(fetched(PRICE, method))
    for _ in range(count):
        command, before = said(town, data), snapshot(town.market.state)
        try:
            town.do(command)
        except DispatchError:
            assert snapshot(town.market.state) == before
        account = town.market.state.account(O1)
        check(account)
        assert town.order().payment is account.status
    settle_all(town)
    account = town.market.state.account(O1)
    check(account)
    if account.status not in OWED:
        assert account.balance(Account.CUSTOMER) == 0
    replica = MarketState(MARKET)
    for recorded in town.log.read(MARKET):
        apply(replica, recorded._replace(event=from_dict(to_dict(recorded.event))))
    assert snapshot(replica) == snapshot(town.market.state)
