"""What customers, merchants and staff want done with an order."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.actor import ActorKind
from dispatch.model.order import Merchant, Order, OrderId
from dispatch.model.reasons import CancelReason, RejectReason
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Make an order real. The same order again is no error and changes nothing."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrder:
    """Edit an order before its pickup; merchant, pickup place, fulfilment and time of placing stay as they are."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptOrder:
    """The merchant takes the order and promises when it is ready; None: as soon as is usual."""

    order_id: OrderId
    ready_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPreparation:
    """The kitchen begins."""

    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReadyTime:
    """The kitchen will be earlier or later than it said."""

    order_id: OrderId
    ready_at: Instant
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReady:
    """The food waits."""

    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectOrder:
    """The merchant cannot do it."""

    order_id: OrderId
    reason: RejectReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Call an order off, at any stage before the customer has it."""

    order_id: OrderId
    by: ActorKind
    reason: CancelReason
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOrder:
    """The customer fetched the order at the store."""

    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMerchant:
    """Make a merchant known, or change what is known."""

    merchant: Merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class PressMerchant:
    """The merchant should have answered by now: remind, call customer service, or have the last word."""

    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteMessage:
    """The customer says something about the order."""

    order_id: OrderId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateOrder:
    """The customer says how it was, from 1 to 5 stars."""

    order_id: OrderId
    stars: int
    text: str = ""


OrderCommand = (
    PlaceOrder
    | ChangeOrder
    | AcceptOrder
    | StartPreparation
    | ChangeReadyTime
    | MarkReady
    | RejectOrder
    | CancelOrder
    | CollectOrder
    | RegisterMerchant
    | PressMerchant
    | WriteMessage
    | RateOrder
)
"""What is said about an order outside its delivery."""
