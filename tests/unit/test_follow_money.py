"""Refunds go to whoever has the money; scheduled orders are not asked about too early."""

from __future__ import annotations

from dispatch.model.care import CareRules
from dispatch.model.commands import AskCancellation, ChangePolicy, ReceivePayment, SettleRefund
from dispatch.model.events import Event
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.reasons import CaseKind
from dispatch.service.follow import follow_ups
from dispatch.service.follow_money import BY_HAND_S, REFUND_WAITS, REFUNDS
from dispatch.service.following import FollowUps
from dispatch.service.timers import FIRES
from dispatch.store.writes import TimerClaim
from dispatch.units import DAY_S, HOUR_S, MINUTE_S, Money
from tests.support.builders import MARKET, NOON, an_order
from tests.support.towns import Town

O1 = OrderId("o1")
PRICE = Money(20_000, "COP")


def a_town(method: PaymentMethod) -> Town:
    """One order, paid in this way."""
    town = Town()
    town.placed(an_order("o1", total=PRICE, payment=method))
    if method is not PaymentMethod.ELSEWHERE:
        town.do(ReceivePayment(order_id=O1, method=method, amount=PRICE, reference="pi_1"))
    return town


def after(town: Town, events: list[Event]) -> FollowUps:
    """What follows."""
    return follow_ups(events, town.market.state, town.clock.now())


def test_a_gateway_is_asked_for_its_refunds() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    (message,) = after(town, town.do(AskCancellation(order_id=O1))).messages
    refund_id = town.market.state.account(O1).refunds[0].refund_id
    assert (message.topic, message.name) == (REFUNDS, f"refund:o1:{refund_id}")
    assert message.payload == {
        "order_id": "o1",
        "refund_id": refund_id,
        "payment": "pi_1",
        "minor": 20_000,
        "currency": "COP",
    }


def test_money_that_should_not_have_come_goes_back_to_where_it_came_from() -> None:
    town = a_town(PaymentMethod.GATEWAY)
    second = ReceivePayment(order_id=O1, method=PaymentMethod.GATEWAY, amount=PRICE, reference="pi_2")
    (message,) = after(town, town.do(second)).messages
    assert message.name == "refund:o1:over-pi_2"
    assert isinstance(message.payload, dict)
    assert message.payload["payment"] == "pi_2"


def test_a_refund_by_hand_becomes_a_case_unless_somebody_sends_it() -> None:
    town = a_town(PaymentMethod.TRANSFER)
    found = after(town, town.do(AskCancellation(order_id=O1)))
    (timer,) = [timer for timer in found.timers if timer.kind == REFUND_WAITS]
    assert (found.messages, timer.due_at) == ([], NOON + BY_HAND_S)
    claim = TimerClaim(
        market_id=MARKET, name=timer.name, kind=timer.kind, due_at=0, payload=timer.payload, generation=1, attempts=1
    )
    town.do(FIRES[REFUND_WAITS](claim))
    (case,) = town.market.state.open_cases(O1)
    assert case.kind is CaseKind.PAYMENT
    assert "20000 COP" in case.text
    refund_id = town.market.state.account(O1).refunds[0].refund_id
    settled = after(town, town.do(SettleRefund(order_id=O1, refund_id=refund_id, reference="bank 1")))
    assert timer.name in settled.cancelled


def test_a_platform_gives_back_itself_and_what_was_never_paid_needs_nothing() -> None:
    town = a_town(PaymentMethod.ELSEWHERE)
    found = after(town, town.do(AskCancellation(order_id=O1)))
    assert (found.messages, [timer for timer in found.timers if timer.kind == REFUND_WAITS]) == ([], [])
    town = Town()
    town.placed(an_order("o1", total=PRICE, payment=PaymentMethod.GATEWAY))
    assert after(town, town.do(AskCancellation(order_id=O1))).messages == []


def waits_until(not_before_s: int | None, ready_s: int) -> int:
    """After how long the merchant of such an order is reminded."""
    town = Town()
    town.do(ChangePolicy(name="default", version=1, care=CareRules(confirm_s=5 * MINUTE_S, ahead_s=2 * HOUR_S)))
    order = an_order(
        "o1",
        not_before_at=None if not_before_s is None else NOON + not_before_s,
        ready_at=NOON + ready_s,
        promised_at=NOON + ready_s + HOUR_S,
    )
    town.placed(order)
    events = [recorded.event for recorded in town.log.read(MARKET)]
    (timer,) = [one for one in after(town, events).timers if one.name == "merchant:o1"]
    return timer.due_at - NOON


def test_an_order_for_tomorrow_is_not_asked_about_tonight() -> None:
    assert waits_until(None, 600) == 5 * MINUTE_S
    assert waits_until(DAY_S, DAY_S - 600) == DAY_S - 600 - 2 * HOUR_S + 5 * MINUTE_S
    assert waits_until(HOUR_S, 1800) == 5 * MINUTE_S
