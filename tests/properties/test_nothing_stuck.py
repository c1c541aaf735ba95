"""All parties do what they like, sensible and senseless, over thousands of orders, while durable timers come due.

Whatever they do: every order that is not over has a timer or an open case that somebody owns; money adds up; and what
the rules of the business forbid has not happened. When they go on sensibly, everything comes to an end.
"""

from __future__ import annotations

from random import Random

import pytest

from dispatch.errors import DispatchError
from dispatch.model import commands as c
from dispatch.model import events as e
from dispatch.model.actor import ActorKind
from dispatch.model.care import CareRules, LastWord
from dispatch.model.lifecycle import CaseStatus, OrderStatus
from dispatch.model.order import OrderId
from dispatch.model.payment import Account, AccountState, RefundStatus
from dispatch.model.reasons import CaseStep
from dispatch.model.state import MarketState
from tests.support.builders import MARKET, NOON, a_merchant
from tests.support.draining import drain
from tests.support.durable import TimedTown
from tests.support.market_rules import check_market
from tests.support.parties import PARTIES

S = OrderStatus

LEADS_TO = {
    S.PLACED: {S.ACCEPTED, S.PREPARING, S.READY, S.PICKED_UP, S.COLLECTED, S.REJECTED, S.CANCELLED},
    S.ACCEPTED: {S.PREPARING, S.READY, S.PICKED_UP, S.COLLECTED, S.REJECTED, S.CANCELLED},
    S.PREPARING: {S.READY, S.PICKED_UP, S.COLLECTED, S.REJECTED, S.CANCELLED},
    S.READY: {S.PREPARING, S.PICKED_UP, S.COLLECTED, S.CANCELLED},
    S.PICKED_UP: {S.DELIVERED, S.FAILED, S.CANCELLED, S.LOST, S.PREPARING},
    S.DELIVERED: {S.PICKED_UP},
    S.FAILED: {S.RETURNED, S.LOST},
    S.CANCELLED: {S.RETURNED, S.LOST},
}
"""What may become of an order, as people would say it; shares nothing with the tables of the code."""

MEANS = {
    e.OrderAccepted: S.ACCEPTED,
    e.PreparationStarted: S.PREPARING,
    e.OrderReady: S.READY,
    e.OrderRejected: S.REJECTED,
    e.OrderCancelled: S.CANCELLED,
    e.OrderPickedUp: S.PICKED_UP,
    e.OrderDelivered: S.DELIVERED,
    e.OrderCollected: S.COLLECTED,
    e.DeliveryFailed: S.FAILED,
    e.OrderReturned: S.RETURNED,
    e.OrderLost: S.LOST,
    e.PickupCorrected: S.PREPARING,
    e.DeliveryCorrected: S.PICKED_UP,
}
OUTSIDERS_MAY = {
    ActorKind.MERCHANT: {CaseStep.MERCHANT_AGREED, CaseStep.MERCHANT_DENIED, CaseStep.ITEMS_COMPLETED},
    ActorKind.RIDER: {CaseStep.ITEMS_COMPLETED, CaseStep.CUSTOMER_REACHED},
    ActorKind.CUSTOMER: {
        CaseStep.PERSUADED,
        CaseStep.CANCELLED,
        CaseStep.CUSTOMER_WAITS,
        CaseStep.PLAN_AGREED,
        CaseStep.PLAN_REFUSED,
        CaseStep.ITEMS_ACCEPTED,
        CaseStep.ADDRESS_CORRECTED,
    },
}


class Watch:
    """Follows the log with rules of its own."""

    def __init__(self) -> None:
        self.statuses: dict[OrderId, OrderStatus] = {}
        self.closed: set[str] = set()
        self.refused = self.done = 0

    def see(self, command: c.Command, events: list[e.Event]) -> None:
        """Hold what a command led to against the rules of the business."""
        self.done += 1
        if isinstance(command, c.TakeCaseStep) and command.by in OUTSIDERS_MAY:
            assert command.step in OUTSIDERS_MAY[command.by]
            assert (command.money, command.party) == (None, None)
        if isinstance(command, c.AskCancellation):
            accepted = self.statuses[command.order_id] is not S.PLACED
            assert not (accepted and any(isinstance(event, e.OrderCancelled) for event in events))
        for event in events:
            self.hear(event)

    def hear(self, event: e.Event) -> None:
        """Take in an event, whoever caused it."""
        if isinstance(event, e.OrderPlaced):
            assert event.order.id not in self.statuses
            self.statuses[event.order.id] = S.PLACED
            return
        case_id = getattr(event, "case_id", None)
        if isinstance(event, e.CaseTaken | e.CaseStepTaken | e.CaseEscalated | e.CaseClosed):
            assert case_id not in self.closed
        if isinstance(event, e.CaseClosed):
            self.closed.add(event.case_id)
        means = MEANS.get(type(event))
        if means is not None:
            order_id: OrderId = getattr(event, "order_id")  # noqa: B009 - not all events have one
            assert means in LEADS_TO[self.statuses[order_id]], (order_id, self.statuses[order_id], event)
            self.statuses[order_id] = means
        elif isinstance(event, e.ReadyTimeChanged) and self.statuses[event.order_id] is S.READY:
            self.statuses[event.order_id] = S.PREPARING


def check_owned(state: MarketState, timers: set[str]) -> None:
    """Every order that is not over has a timer or an open case; every open case has an owner and a timer."""
    told: set[OrderId] = set()
    for case in state.cases.values():
        if case.status is CaseStatus.OPEN:
            assert case.owner
            assert case.due_at is not None
            assert f"case:{case.case_id}" in timers
            if case.order_id is not None:
                told.add(case.order_id)
    for order_id, order in state.orders.items():
        own = {f"{what}:{order_id}" for what in ("merchant", "pay", "late", "back")} & timers
        assert order.over or order_id in told or own, (order_id, order.status, order.dispatch, order.rider_id)


def check_money(account: AccountState) -> None:
    """The entries of an account add up, and are what its parts say."""
    assert sum(entry.minor for entry in account.entries) == 0
    assert 0 <= account.left_minor <= account.total.minor
    own = [one for one in account.refunds if not one.currency]
    settled = sum(one.minor for one in own if one.status is RefundStatus.SETTLED)
    gone = account.waived_minor + account.refunded_minor
    assert account.balance(Account.CUSTOMER) == account.total.minor - account.paid_minor - gone + settled
    disputed = sum(one.minor for one in account.disputes if one.won is None)
    lost = sum(one.minor for one in account.disputes if one.won is False)
    assert account.balance(Account.RECEIPTS) == account.paid_minor - settled - disputed
    assert account.balance(Account.DISPUTES) == disputed
    assert sum(one.minor for one in own) <= account.paid_minor + lost
    assert len(set(account.references)) == len(account.references)


def a_town(rng: Random) -> TimedTown:
    """Three merchants of different patience and four riders, under rules drawn by chance."""
    town = TimedTown("r1", "r2", "r3", "r4")
    town.do(c.RegisterMerchant(merchant=a_merchant("m2", confirm_s=60)))
    town.do(c.RegisterMerchant(merchant=a_merchant("m3", confirm_s=0)))
    rules = CareRules(
        reminders=rng.randint(0, 3),
        last_word=rng.choice([*LastWord]),
        warnings=rng.randint(0, 2),
        deduction_minor=rng.choice([0, 500]),
    )
    town.do(c.ChangePolicy(name="walk", version=1, care=rules))
    return town


def walk(town: TimedTown, rng: Random, steps: int) -> Watch:
    """Let all parties act, and time go on."""
    watch = Watch()
    parties, often = zip(*PARTIES, strict=True)
    for step in range(steps):
        says = parties[3] if step == 0 else rng.choices(parties, often)[0]
        command = says(rng, town.market.state, town.clock.now())
        try:
            watch.see(command, town.do(command))
        except DispatchError:
            watch.refused += 1
        seq = town.market.state.seq
        town.pass_time(rng.choice([0, 0, 5, 20, 60, 120]))
        for recorded in town.log.read(MARKET, seq):
            watch.hear(recorded.event)
        if step % 20 == 0:
            check_all(town, watch)
    return watch


def check_all(town: TimedTown, watch: Watch) -> None:
    """Everything of this module."""
    state = town.market.state
    check_owned(state, set(town.timers))
    check_market(state)
    for account in state.accounts.values():
        check_money(account)
    assert {order_id: order.status for order_id, order in state.orders.items()} == watch.statuses


@pytest.mark.parametrize("seed", range(8))
def test_whatever_they_do_somebody_is_told_and_it_comes_to_an_end(seed: int) -> None:
    rng = Random(seed)
    town = a_town(rng)
    watch = walk(town, rng, 7_000)
    check_all(town, watch)
    assert len(watch.statuses) > 400
    assert watch.refused > 200
    assert watch.done > 1_500
    assert town.clock.now() > NOON
    drain(town)
    state = town.market.state
    assert [order_id for order_id, order in state.orders.items() if not order.over] == []
    assert [case.case_id for case in state.cases.values() if case.status is CaseStatus.OPEN] == []
    assert [name for name in town.timers if name.split(":")[0] in ("merchant", "pay", "late", "back", "case")] == []
    for account in state.accounts.values():
        check_money(account)
