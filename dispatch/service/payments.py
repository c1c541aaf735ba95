"""What goes on with gateways: where customers pay, and what gateways tell of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final, assert_never

from dispatch.engine.clock import Clock
from dispatch.errors import ConflictError, NotFoundError
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.commands import (
    Command,
    DisputePayment,
    EndDispute,
    FailPayment,
    FailRefund,
    OpenCase,
    ReceivePayment,
    SettleRefund,
)
from dispatch.model.order import MarketId, OrderId, PaymentMethod
from dispatch.model.payment import OWED
from dispatch.model.reasons import CaseKind
from dispatch.pay.gateway import (
    Charge,
    Checkout,
    DisputeNews,
    DisputeStage,
    Gateway,
    Going,
    Notice,
    PaymentCame,
    PaymentDidNotCome,
    Repaid,
    RepaymentNews,
)
from dispatch.service.asks import Ask
from dispatch.service.markets import Markets
from dispatch.service.read import Reads
from dispatch.store import rows
from dispatch.units import HOUR_S, Seconds

LOG: Final = logging.getLogger(__name__)
_SAME_PAGE_S: Final[Seconds] = 12 * HOUR_S
"""Who asks for a page to pay at twice in this time gets the same; gateways keep pages open for a day."""


class Payments:
    """The gateway of a service, if it has one. ``wall`` is the clock by which gateways sign."""

    def __init__(self, markets: Markets, reads: Reads, wall: Clock, gateway: Gateway | None = None) -> None:
        self._markets, self._reads, self._wall, self._gateway = markets, reads, wall, gateway

    async def checkout(self, market_id: MarketId, order_id: OrderId) -> Checkout:
        """A page where the customer pays an order.

        Raises NotFoundError, ConflictError (codes "nothing_due", "no_gateway", "gateway_refused"), GatewayAwayError.
        """
        account = await self._reads.one(rows.ACCOUNTS, market_id, order_id)
        if account.method is not PaymentMethod.GATEWAY or account.status not in OWED:
            cause = f"Order {order_id} is to be paid by {account.method.value}, and is {account.status.value}."
            raise ConflictError(cause, "Look at its payment again.", code="nothing_due")
        if self._gateway is None:
            raise ConflictError("No gateway is set up.", "Ask operations to set one up.", code="no_gateway")
        amount = account.total
        key = f"pay/{market_id}/{order_id}/{amount.minor}{amount.currency}/{self._wall.now() // _SAME_PAGE_S}"
        return await self._gateway.checkout(Charge(market_id=market_id, order_id=order_id, amount=amount, key=key))

    async def take(self, name: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Take in what a gateway tells; whether it concerns anything here. The same message again changes nothing.

        Raises NotFoundError (an unknown gateway, market or order: money may be waiting for somebody to look at it),
        CallbackRefusedError, and what commands raise.
        """
        gateway = self._gateway
        if gateway is None or gateway.name != name:
            raise NotFoundError(f"There is no gateway {name!r} here.", "Check the address, and the settings.")
        notice = await gateway.read(headers, body, self._wall.now())
        if notice is None:
            return False
        command = command_of(notice)
        actor = Actor(ActorKind.PLATFORM, name)
        if command is not None:
            await self._carry_out(
                notice,
                command,
                Ask(command=command, actor=actor, command_id=f"{name}:{notice.event_id}", repeatable=True),
            )
        return True

    async def _carry_out(self, notice: Notice, command: Command, ask: Ask) -> None:
        try:
            await self._markets.execute(notice.market_id, ask)
        except NotFoundError as error:
            LOG.warning("The gateway tells of what is not here: %s (%s)", error, type(command).__name__)
            raise
        except ConflictError as error:
            await self._markets.execute(notice.market_id, contradiction(ask, notice.order_id, error))


def contradiction(ask: Ask, order_id: OrderId, error: ConflictError) -> Ask:
    """Let a person look at what a gateway says and the log does not allow, such as a refund that came back."""
    text = f"the gateway says otherwise: {error.cause}"
    opening = OpenCase(kind=CaseKind.PAYMENT, order_id=order_id, text=text)
    return Ask(command=opening, actor=ask.actor, command_id=f"{ask.command_id}:case", repeatable=True)


def command_of(notice: Notice) -> Command | None:
    """What is to be done about a message; None where the end is not there yet."""
    match notice:
        case PaymentCame():
            return ReceivePayment(
                order_id=notice.order_id,
                method=PaymentMethod.GATEWAY,
                amount=notice.amount,
                reference=notice.reference,
            )
        case PaymentDidNotCome():
            return FailPayment(order_id=notice.order_id, reference=notice.reference, cause=notice.cause)
        case RepaymentNews():
            return end_of(notice.order_id, notice.refund_id, notice.repaid)
        case DisputeNews():
            return _about_dispute(notice)
        case _:
            assert_never(notice)


def _about_dispute(notice: DisputeNews) -> DisputePayment | EndDispute | OpenCase:
    if notice.stage is DisputeStage.ASKED:
        text = f"{notice.reference}: the customer's bank asks about {notice.amount.minor} {notice.amount.currency}"
        return OpenCase(kind=CaseKind.CHARGEBACK, order_id=notice.order_id, text=f"{text} ({notice.cause})")
    if notice.stage is DisputeStage.OPENED:
        return DisputePayment(
            order_id=notice.order_id,
            reference=notice.reference,
            amount=notice.amount,
            cause=notice.cause,
            answer_by=notice.answer_by,
        )
    won = notice.stage is DisputeStage.WON
    return EndDispute(order_id=notice.order_id, reference=notice.reference, amount=notice.amount, won=won)


def end_of(order_id: OrderId, refund_id: str, repaid: Repaid) -> SettleRefund | FailRefund | None:
    """The end of a refund, if it is there."""
    match repaid.going:
        case Going.SENT:
            return SettleRefund(order_id=order_id, refund_id=refund_id, reference=repaid.reference)
        case Going.REFUSED:
            return FailRefund(order_id=order_id, refund_id=refund_id, cause=repaid.cause)
        case Going.UNDER_WAY:
            return None
        case _:
            assert_never(repaid.going)
