"""What a gateway can do, whichever it is: a page to pay at, money sent back, and messages about both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from dispatch.errors import ConflictError, DispatchError
from dispatch.model.order import MarketId, OrderId
from dispatch.units import Instant, Money


class GatewayAwayError(DispatchError):
    """The gateway does not answer, or not now (HTTP 503); the same again may work."""

    code = "gateway_away"


class GatewayRefusedError(ConflictError):
    """The gateway does not want to do this, and will not when asked again (HTTP 409)."""

    code = "gateway_refused"


class CallbackRefusedError(DispatchError):
    """A message that claims to come from a gateway does not, is too old, or cannot be read (HTTP 400)."""

    code = "callback_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a customer is to pay. key: the same charge again gives the same page."""

    market_id: MarketId
    order_id: OrderId
    amount: Money
    key: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the customer pays; ``reference`` is the gateway's name for it."""

    url: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """Money of a payment that goes back. key: however often it is asked for, it goes back once."""

    market_id: MarketId
    order_id: OrderId
    refund_id: str
    payment: str
    amount: Money
    key: str


class Going(StrEnum):
    """How far a repayment is."""

    SENT = "sent"
    UNDER_WAY = "under_way"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Repaid:
    """What the gateway says of a repayment; ``reference`` is its name for it, ``cause`` why it was refused."""

    going: Going
    reference: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCame:
    """The gateway has the customer's money; ``event_id`` names the message, which may come more than once."""

    event_id: str
    market_id: MarketId
    order_id: OrderId
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDidNotCome:
    """The customer tried to pay in vain, and may try again."""

    event_id: str
    market_id: MarketId
    order_id: OrderId
    reference: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentNews:
    """A repayment has come further."""

    event_id: str
    market_id: MarketId
    order_id: OrderId
    refund_id: str
    repaid: Repaid


class DisputeStage(StrEnum):
    """How far a dispute is."""

    ASKED = "asked"
    """The bank asks, and has not taken the money."""
    OPENED = "opened"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeNews:
    """A customer's bank wants money back, or has decided. answer_by: evidence is taken until then."""

    event_id: str
    market_id: MarketId
    order_id: OrderId
    reference: str
    amount: Money
    stage: DisputeStage
    cause: str = ""
    answer_by: Instant | None = None


Notice = PaymentCame | PaymentDidNotCome | RepaymentNews | DisputeNews
"""What gateways tell."""


class Gateway(Protocol):
    """One gateway."""

    @property
    def name(self) -> str:
        """Its name in addresses."""
        ...

    async def checkout(self, charge: Charge) -> Checkout:
        """A page where the customer pays. Raises GatewayAwayError, GatewayRefusedError."""
        ...

    async def repay(self, wanted: Repayment) -> Repaid:
        """Send money back, or say how far that is where it was asked for before. Raises GatewayAwayError."""
        ...

    async def read(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Notice | None:
        """What a message says, once its signature is found to be right; None where it is of no concern.

        ``headers`` by their names in small letters; ``now`` by the clock of the wall. Raises CallbackRefusedError, and
        GatewayAwayError where the gateway has to be asked what a message is about.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
