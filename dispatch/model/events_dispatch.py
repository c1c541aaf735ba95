"""Who gets an order: offers, assignments, and why nobody goes yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from dispatch.model.order import OrderId
from dispatch.model.reasons import DeclineReason, UnassignReason
from dispatch.model.rider import RiderId, Task
from dispatch.units import Instant

OfferId = NewType("OfferId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade:
    """Orders were put to a rider. ``tasks`` is the rider's whole remaining sequence if the offer is accepted.

    beside: another open offer of the same orders; the first rider who accepts gets them.
    """

    offer_id: OfferId
    order_ids: tuple[OrderId, ...]
    rider_id: RiderId
    expires_at: Instant
    tasks: tuple[Task, ...]
    depart_at: Instant | None = None
    beside: OfferId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted:
    """The rider took the orders of an offer."""

    offer_id: OfferId
    order_ids: tuple[OrderId, ...]
    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined:
    """The rider did not want the orders."""

    offer_id: OfferId
    order_ids: tuple[OrderId, ...]
    rider_id: RiderId
    reason: DeclineReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferExpired:
    """The rider did not answer in time."""

    offer_id: OfferId
    order_ids: tuple[OrderId, ...]
    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn:
    """The offer was taken back before the rider answered."""

    offer_id: OfferId
    order_ids: tuple[OrderId, ...]
    rider_id: RiderId
    reason: UnassignReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAssigned:
    """A rider was given the order without being asked; ``forced`` by a person, else by the plan."""

    order_id: OrderId
    rider_id: RiderId
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnassigned:
    """The order was taken from the rider before the pickup."""

    order_id: OrderId
    rider_id: RiderId
    reason: UnassignReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReassigned:
    """The order went from one rider to another before the pickup."""

    order_id: OrderId
    from_rider_id: RiderId
    rider_id: RiderId
    reason: UnassignReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeld:
    """Nobody goes for the order yet: ``verdict`` is the code of why, ``help`` what would change it."""

    order_id: OrderId
    verdict: str
    until: Instant | None = None
    planned_rider_id: RiderId | None = None
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReleased:
    """A person's hold is over; riders may go for the order."""

    order_id: OrderId


OfferEvent = OfferMade | OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn
"""What happens to an offer and the orders in it."""

AssignmentEvent = OrderAssigned | OrderUnassigned | OrderReassigned | OrderHeld | OrderReleased
"""Who has an order, without asking a rider."""
