"""Refunds reach the gateway once, whoever dies when, and end with a person where the gateway does not answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator

import pytest

from dispatch.engine.clock import SimulatedClock
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.commands import AskCancellation, Command, PlaceOrder, ReceivePayment, RegisterMerchant
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import Account, AccountState, RefundStatus
from dispatch.model.reasons import CaseKind
from dispatch.service.asks import Ask
from dispatch.service.feed import Feed
from dispatch.service.host import Host
from dispatch.service.markets import Market, Markets, MarketSettings
from dispatch.service.refunds import RefundPacing, RefundRunner
from dispatch.store.outbox import outbox_depth
from dispatch.store.store import Store, open_store
from dispatch.units import Money
from tests.support.builders import MARKET, NOON, a_merchant, an_order
from tests.support.gateway import StubGateway, stub_gateway

O1 = OrderId("o1")
PRICE = Money(20_000, "COP")
QUICK = RefundPacing(back_off_s=(10, 10))


@pytest.fixture
def stub() -> Iterator[StubGateway]:
    with stub_gateway() as server:
        found = {"id": "pi_1", "amount_received": 20_000, "currency": "cop", "metadata": {}}
        server.payments["pi_1"] = found
        yield server


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, upgrading=True) as found:
        yield found


class Process:
    """A process that holds the market and sends refunds; ``again``: another one after its death."""

    def __init__(self, store: Store, clock: SimulatedClock, name: str) -> None:
        self.store, self.clock, self.name = store, clock, name
        self.host = Host(MARKET, store, clock)
        self.markets = Markets()
        self.markets.add(Market(MarketSettings(id=MARKET), Feed(MARKET, store), self.host))

    async def do(self, *commands: Command) -> None:
        """Carry out commands."""
        for number, command in enumerate(commands):
            await self.host.execute(Ask(command=command, actor=SYSTEM_ACTOR, command_id=f"{self.name}-{number}"))

    def account(self) -> AccountState:
        """The order's money."""
        return self.store.load_state(MARKET).account(O1)


async def a_refund_waits(process: Process) -> None:
    """An order that was paid at the gateway and is called off."""
    await process.do(
        RegisterMerchant(merchant=a_merchant()),
        PlaceOrder(order=an_order("o1", total=PRICE, payment=PaymentMethod.GATEWAY)),
        ReceivePayment(order_id=O1, method=PaymentMethod.GATEWAY, amount=PRICE, reference="pi_1"),
        AskCancellation(order_id=O1),
    )


def played(store: Store, stub: StubGateway, play: Callable[[Process, RefundRunner], Awaitable[None]]) -> Process:
    """Let somebody act on a process with a refund that waits."""

    async def run() -> Process:
        process = Process(store, SimulatedClock(NOON), "p1")
        adapter = stub.adapter()
        try:
            await a_refund_waits(process)
            await play(process, RefundRunner(store, process.markets, adapter, process.clock, "p1", QUICK))
        finally:
            await adapter.close()
        return process

    return asyncio.run(run())


def test_a_refund_is_sent_and_settled(store: Store, stub: StubGateway) -> None:
    async def play(_: Process, runner: RefundRunner) -> None:
        assert await runner.run_once() == 1
        assert await runner.run_once() == 0

    account = played(store, stub, play).account()
    (refund,) = account.refunds
    assert (refund.status, refund.reference) == (RefundStatus.SETTLED, "re_1")
    assert account.balance(Account.CUSTOMER) == account.balance(Account.RECEIPTS) == 0


def test_a_process_that_dies_after_sending_leaves_it_to_the_next_which_sends_nothing_twice(
    store: Store, stub: StubGateway
) -> None:
    async def play(process: Process, runner: RefundRunner) -> None:
        stub.losing = 1  # the money is on its way, and the process has gone before it knew
        await runner.run_once()
        stub.keys.clear()
        process.clock.set(NOON + 10)
        heir = Process(store, process.clock, "p2")
        adapter = stub.adapter()
        await heir.host.open()
        assert await RefundRunner(store, heir.markets, adapter, process.clock, "p2", QUICK).run_once() == 1
        await adapter.close()

    account = played(store, stub, play).account()
    assert account.refunds[0].status is RefundStatus.SETTLED
    assert [one["amount"] for one in stub.refunds.values()] == [20_000]


def test_a_claim_that_ran_out_is_taken_over_and_settles_once(store: Store, stub: StubGateway) -> None:
    async def play(process: Process, runner: RefundRunner) -> None:
        await runner.run_once()
        # The process died after it had settled the refund, before it had noted that the message was sent.
        await asyncio.wrap_future(
            store.run(lambda c: c.exec_driver_sql("UPDATE outbox SET state = 'claimed', claimed_until = 0"))
        )
        process.clock.set(NOON + 100)
        assert await runner.run_once() == 1

    played(store, stub, play)
    settled = [one for one in store.read(MARKET) if type(one.event).__name__ == "RefundSettled"]
    assert (len(settled), len(stub.refunds)) == (1, 1)


def test_a_gateway_that_is_away_is_asked_again_and_in_the_end_a_person_is(store: Store, stub: StubGateway) -> None:
    async def play(process: Process, runner: RefundRunner) -> None:
        stub.failing = [503] * 9
        for wait in (0, 5, 10, 20, 30):
            process.clock.set(NOON + wait)
            await runner.run_once()

    process = played(store, stub, play)
    state = store.load_state(MARKET)
    assert process.account().refunds[0].status is RefundStatus.FAILED
    assert [case.kind for case in state.open_cases(O1)] == [CaseKind.PAYMENT]
    with store.reading() as connection:
        assert outbox_depth(connection) == {("refunds", "dead"): 1}
    assert stub.refunds == {}
    assert stub.asked == ["GET /v1/refunds"] * 3


def test_what_the_bank_takes_its_time_for_is_looked_at_again(store: Store, stub: StubGateway) -> None:
    stub.refunds_are = "pending"

    async def play(process: Process, runner: RefundRunner) -> None:
        await runner.run_once()
        assert process.account().refunds[0].status is RefundStatus.GRANTED
        stub.refund_event("re_1", "succeeded")
        process.clock.set(NOON + 10)
        await runner.run_once()

    assert played(store, stub, play).account().refunds[0].status is RefundStatus.SETTLED
    assert json.dumps(stub.asked).count("POST /v1/refunds") == 1
