"""What happens to an order in the kitchen, in a rider's bag and at the door."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatch.model.actor import ActorKind
from dispatch.model.order import Order, OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CancelReason, FailureReason, RejectReason
from dispatch.model.rider import RiderId
from dispatch.units import Instant


class ProofKind(StrEnum):
    """How a delivery is proved."""

    CODE = "code"
    PHOTO = "photo"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Proof:
    """Proof of a delivery; ``reference`` is the code, or the name under which photo or signature is kept."""

    kind: ProofKind
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    """An order became real."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccepted:
    """The merchant took the order and says when the food is ready."""

    order_id: OrderId
    ready_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationStarted:
    """The kitchen began."""

    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyTimeChanged:
    """The merchant gave a new time at which the food is ready."""

    order_id: OrderId
    ready_at: Instant
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReady:
    """The food waits for its rider or customer."""

    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected:
    """The merchant refused the order."""

    order_id: OrderId
    reason: RejectReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """The order was edited before its pickup; ``order`` is all of it as it is now."""

    order_id: OrderId
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """The order is off. Food that is already on board goes back to its merchant."""

    order_id: OrderId
    by: ActorKind
    reason: CancelReason
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCollected:
    """The customer fetched the order at the store."""

    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPickedUp:
    """The rider has the food."""

    order_id: OrderId
    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDelivered:
    """The customer has the food."""

    order_id: OrderId
    rider_id: RiderId
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed:
    """The food could not be handed over; it goes back to its merchant."""

    order_id: OrderId
    rider_id: RiderId
    reason: FailureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReturned:
    """The food is back at its merchant."""

    order_id: OrderId
    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLost:
    """The food is gone with its rider: it reaches nobody and does not come back."""

    order_id: OrderId
    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupCorrected:
    """The rider said too early to have the food: it still has to be picked up."""

    order_id: OrderId
    rider_id: RiderId
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCorrected:
    """The rider said too early that the customer has the food: it is still on board."""

    order_id: OrderId
    rider_id: RiderId
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHandedOver:
    """Food went from one rider's bag into another's."""

    order_id: OrderId
    rider_id: RiderId
    to_rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantReminded:
    """The merchant has not answered and was asked again, for the ``nth`` time."""

    order_id: OrderId
    nth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRedirected:
    """The customer is somewhere else."""

    order_id: OrderId
    dropoff: Place
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMessaged:
    """The customer wrote something about the order."""

    order_id: OrderId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRated:
    """The customer says how it was, from 1 to 5 stars."""

    order_id: OrderId
    stars: int
    text: str = ""


KitchenEvent = (
    OrderPlaced
    | OrderAccepted
    | PreparationStarted
    | ReadyTimeChanged
    | OrderReady
    | OrderRejected
    | OrderChanged
    | OrderCancelled
    | OrderCollected
    | MerchantReminded
    | OrderRedirected
    | CustomerMessaged
    | OrderRated
)
"""What customer and merchant do with an order."""

CustodyEvent = (
    OrderPickedUp
    | OrderDelivered
    | DeliveryFailed
    | OrderReturned
    | OrderLost
    | OrderHandedOver
    | PickupCorrected
    | DeliveryCorrected
)
"""What happens to food in a rider's hands."""
