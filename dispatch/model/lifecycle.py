"""Which event may follow which status: one table a machine. What a table does not list is refused.

An order runs through three machines at once (a kitchen can cook while no rider is there): what the customer sees
(``OrderStatus``), who carries it (``DispatchStatus``), and each of its tasks (``TaskStatus``). A machine is asked
only about events that appear in its table; an event that several tables list must be legal in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar, cast

from dispatch.errors import ConflictError
from dispatch.model.events import (
    AppealDecided,
    ArrivedAtStop,
    CaseClosed,
    CaseEscalated,
    CaseStepTaken,
    CaseTaken,
    DeliveryCorrected,
    DeliveryFailed,
    Event,
    LegStarted,
    MerchantReminded,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    OrderAccepted,
    OrderAssigned,
    OrderCancelled,
    OrderChanged,
    OrderCollected,
    OrderDelivered,
    OrderHandedOver,
    OrderHeld,
    OrderLost,
    OrderPickedUp,
    OrderReady,
    OrderReassigned,
    OrderRedirected,
    OrderRejected,
    OrderReleased,
    OrderReturned,
    OrderUnassigned,
    PenaltyAppealed,
    PickupCorrected,
    PreparationStarted,
    ReadyTimeChanged,
    RoutePlanned,
)

Status = TypeVar("Status", bound=StrEnum)


class IllegalMove(ConflictError):  # noqa: N818 - the name callers and the error page know
    """An event that the present state does not allow; nothing was changed."""

    code = "illegal_move"


class OrderStatus(StrEnum):
    """What customer and merchant see. A kitchen may skip accepted, preparing and ready."""

    PLACED = "placed"
    ACCEPTED = "accepted"
    PREPARING = "preparing"
    READY = "ready"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    COLLECTED = "collected"
    """Fetched at the store by the customer."""
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """Could not be handed over; the food is on its way back."""
    RETURNED = "returned"
    LOST = "lost"
    """The food is gone with its rider."""


class DispatchStatus(StrEnum):
    """Who carries the order."""

    NOT_NEEDED = "not_needed"
    """The customer fetches it."""
    OPEN = "open"
    HELD = "held"
    """Nobody goes yet, for a reason (``OrderState.verdict``)."""
    OFFERED = "offered"
    ASSIGNED = "assigned"
    UNDER_WAY = "under_way"
    """The rider is on the way to the pickup, or there."""
    CARRIED = "carried"
    RETURNING = "returning"
    """The rider brings the food back."""
    DONE = "done"
    DROPPED = "dropped"
    """Cancelled or refused before a rider had it."""


class TaskStatus(StrEnum):
    """How far a rider is with one task."""

    PLANNED = "planned"
    STARTED = "started"
    ARRIVED = "arrived"
    DONE = "done"
    DROPPED = "dropped"


class OfferStatus(StrEnum):
    """What became of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class CaseStatus(StrEnum):
    """Whether an exception is still being handled."""

    OPEN = "open"
    CLOSED = "closed"


class PenaltyStatus(StrEnum):
    """What became of a mark on a rider's record."""

    GIVEN = "given"
    APPEALED = "appealed"
    UPHELD = "upheld"
    LIFTED = "lifted"


Table = Mapping[tuple[Status, type[Event]], Status]

_IN_KITCHEN: Final = (OrderStatus.PLACED, OrderStatus.ACCEPTED, OrderStatus.PREPARING, OrderStatus.READY)

ORDER_TABLE: Final[Table[OrderStatus]] = {
    (OrderStatus.PLACED, OrderAccepted): OrderStatus.ACCEPTED,
    (OrderStatus.PLACED, PreparationStarted): OrderStatus.PREPARING,
    (OrderStatus.ACCEPTED, PreparationStarted): OrderStatus.PREPARING,
    (OrderStatus.PLACED, ReadyTimeChanged): OrderStatus.PLACED,
    (OrderStatus.ACCEPTED, ReadyTimeChanged): OrderStatus.ACCEPTED,
    (OrderStatus.PREPARING, ReadyTimeChanged): OrderStatus.PREPARING,
    # The kitchen takes "ready" back: something was missing.
    (OrderStatus.READY, ReadyTimeChanged): OrderStatus.PREPARING,
    (OrderStatus.PLACED, OrderReady): OrderStatus.READY,
    (OrderStatus.ACCEPTED, OrderReady): OrderStatus.READY,
    (OrderStatus.PREPARING, OrderReady): OrderStatus.READY,
    (OrderStatus.PLACED, OrderRejected): OrderStatus.REJECTED,
    (OrderStatus.ACCEPTED, OrderRejected): OrderStatus.REJECTED,
    (OrderStatus.PREPARING, OrderRejected): OrderStatus.REJECTED,
    **{(status, OrderChanged): status for status in _IN_KITCHEN},
    **{(status, OrderCancelled): OrderStatus.CANCELLED for status in (*_IN_KITCHEN, OrderStatus.PICKED_UP)},
    (OrderStatus.PLACED, MerchantReminded): OrderStatus.PLACED,
    **{(status, OrderRedirected): status for status in (*_IN_KITCHEN, OrderStatus.PICKED_UP)},
    **{(status, OrderPickedUp): OrderStatus.PICKED_UP for status in _IN_KITCHEN},
    **{
        (status, OrderHandedOver): status
        for status in (OrderStatus.PICKED_UP, OrderStatus.FAILED, OrderStatus.CANCELLED)
    },
    **{(status, OrderCollected): OrderStatus.COLLECTED for status in _IN_KITCHEN},
    (OrderStatus.PICKED_UP, OrderDelivered): OrderStatus.DELIVERED,
    (OrderStatus.PICKED_UP, DeliveryFailed): OrderStatus.FAILED,
    # What was said too early is taken back. Whether the kitchen had the food ready is not known any more.
    (OrderStatus.PICKED_UP, PickupCorrected): OrderStatus.PREPARING,
    (OrderStatus.DELIVERED, DeliveryCorrected): OrderStatus.PICKED_UP,
    (OrderStatus.FAILED, OrderReturned): OrderStatus.RETURNED,
    (OrderStatus.CANCELLED, OrderReturned): OrderStatus.RETURNED,
    **{
        (status, OrderLost): OrderStatus.LOST
        for status in (OrderStatus.PICKED_UP, OrderStatus.FAILED, OrderStatus.CANCELLED)
    },
}

DISPATCH_TABLE: Final[Table[DispatchStatus]] = {
    (DispatchStatus.NOT_NEEDED, OrderCollected): DispatchStatus.DONE,
    (DispatchStatus.OPEN, OrderHeld): DispatchStatus.HELD,
    (DispatchStatus.HELD, OrderHeld): DispatchStatus.HELD,
    (DispatchStatus.HELD, OrderReleased): DispatchStatus.OPEN,
    (DispatchStatus.OPEN, OfferMade): DispatchStatus.OFFERED,
    (DispatchStatus.HELD, OfferMade): DispatchStatus.OFFERED,
    # To several riders at once.
    (DispatchStatus.OFFERED, OfferMade): DispatchStatus.OFFERED,
    (DispatchStatus.OFFERED, OfferAccepted): DispatchStatus.ASSIGNED,
    (DispatchStatus.OFFERED, OfferDeclined): DispatchStatus.OPEN,
    (DispatchStatus.OFFERED, OfferExpired): DispatchStatus.OPEN,
    (DispatchStatus.OFFERED, OfferWithdrawn): DispatchStatus.OPEN,
    # Another rider is asked: until the answer, and after a "no", the order stays with the rider who has it.
    **{
        (status, event): status
        for status in (DispatchStatus.ASSIGNED, DispatchStatus.UNDER_WAY)
        for event in (OfferMade, OfferDeclined, OfferExpired, OfferWithdrawn)
    },
    # The order has been handed on to the rider who accepts (``OrderReassigned``).
    (DispatchStatus.ASSIGNED, OfferAccepted): DispatchStatus.ASSIGNED,
    (DispatchStatus.OPEN, OrderAssigned): DispatchStatus.ASSIGNED,
    (DispatchStatus.HELD, OrderAssigned): DispatchStatus.ASSIGNED,
    (DispatchStatus.ASSIGNED, OrderReassigned): DispatchStatus.ASSIGNED,
    (DispatchStatus.UNDER_WAY, OrderReassigned): DispatchStatus.ASSIGNED,
    # Where somebody else has been asked already, the order is then offered (``fold_assignment``).
    (DispatchStatus.ASSIGNED, OrderUnassigned): DispatchStatus.OPEN,
    (DispatchStatus.UNDER_WAY, OrderUnassigned): DispatchStatus.OPEN,
    (DispatchStatus.ASSIGNED, LegStarted): DispatchStatus.UNDER_WAY,
    (DispatchStatus.ASSIGNED, ArrivedAtStop): DispatchStatus.UNDER_WAY,
    (DispatchStatus.UNDER_WAY, ArrivedAtStop): DispatchStatus.UNDER_WAY,
    # A new route puts another stop before this pickup.
    (DispatchStatus.UNDER_WAY, RoutePlanned): DispatchStatus.ASSIGNED,
    (DispatchStatus.ASSIGNED, OrderPickedUp): DispatchStatus.CARRIED,
    (DispatchStatus.UNDER_WAY, OrderPickedUp): DispatchStatus.CARRIED,
    (DispatchStatus.CARRIED, OrderDelivered): DispatchStatus.DONE,
    (DispatchStatus.CARRIED, OrderHandedOver): DispatchStatus.CARRIED,
    (DispatchStatus.RETURNING, OrderHandedOver): DispatchStatus.RETURNING,
    (DispatchStatus.CARRIED, DeliveryFailed): DispatchStatus.RETURNING,
    (DispatchStatus.CARRIED, PickupCorrected): DispatchStatus.ASSIGNED,
    (DispatchStatus.DONE, DeliveryCorrected): DispatchStatus.CARRIED,
    (DispatchStatus.CARRIED, OrderCancelled): DispatchStatus.RETURNING,
    (DispatchStatus.RETURNING, OrderReturned): DispatchStatus.DONE,
    (DispatchStatus.CARRIED, OrderLost): DispatchStatus.DONE,
    (DispatchStatus.RETURNING, OrderLost): DispatchStatus.DONE,
    # An order with an open offer is never cancelled: the offer is withdrawn first, for the sake of the others in it.
    **{
        (status, event): DispatchStatus.DROPPED
        for status in (
            DispatchStatus.NOT_NEEDED,
            DispatchStatus.OPEN,
            DispatchStatus.HELD,
            DispatchStatus.ASSIGNED,
            DispatchStatus.UNDER_WAY,
        )
        for event in (OrderCancelled, OrderRejected)
    },
}

TASK_TABLE: Final[Table[TaskStatus]] = {
    (TaskStatus.PLANNED, LegStarted): TaskStatus.STARTED,
    (TaskStatus.PLANNED, ArrivedAtStop): TaskStatus.ARRIVED,
    (TaskStatus.STARTED, ArrivedAtStop): TaskStatus.ARRIVED,
    (TaskStatus.STARTED, RoutePlanned): TaskStatus.PLANNED,
    (TaskStatus.ARRIVED, RoutePlanned): TaskStatus.PLANNED,
    # A task given to a rider who already stands there is done without a leg.
    **{
        (status, event): TaskStatus.DONE
        for status in (TaskStatus.PLANNED, TaskStatus.ARRIVED)
        for event in (OrderPickedUp, OrderDelivered, OrderReturned)
    },
    # Whoever was on the way is not on the way to that place, or not any more.
    **{
        (status, event): TaskStatus.PLANNED
        for status in (TaskStatus.PLANNED, TaskStatus.STARTED, TaskStatus.ARRIVED)
        for event in (OrderRedirected, OrderHandedOver)
    },
    (TaskStatus.DONE, PickupCorrected): TaskStatus.PLANNED,
    (TaskStatus.DONE, DeliveryCorrected): TaskStatus.PLANNED,
    **{
        (status, event): TaskStatus.PLANNED
        for status in (TaskStatus.PLANNED, TaskStatus.STARTED, TaskStatus.ARRIVED)
        for event in (OrderUnassigned, OrderReassigned)
    },
    **{
        (status, event): TaskStatus.DROPPED
        for status in (TaskStatus.PLANNED, TaskStatus.STARTED, TaskStatus.ARRIVED)
        for event in (OrderCancelled, OrderRejected, DeliveryFailed, OrderLost)
    },
}

OFFER_TABLE: Final[Table[OfferStatus]] = {
    (OfferStatus.OPEN, OfferAccepted): OfferStatus.ACCEPTED,
    (OfferStatus.OPEN, OfferDeclined): OfferStatus.DECLINED,
    (OfferStatus.OPEN, OfferExpired): OfferStatus.EXPIRED,
    (OfferStatus.OPEN, OfferWithdrawn): OfferStatus.WITHDRAWN,
}

CASE_TABLE: Final[Table[CaseStatus]] = {
    (CaseStatus.OPEN, CaseTaken): CaseStatus.OPEN,
    (CaseStatus.OPEN, CaseStepTaken): CaseStatus.OPEN,
    (CaseStatus.OPEN, CaseEscalated): CaseStatus.OPEN,
    (CaseStatus.OPEN, CaseClosed): CaseStatus.CLOSED,
}

PENALTY_TABLE: Final[Table[PenaltyStatus]] = {
    (PenaltyStatus.GIVEN, PenaltyAppealed): PenaltyStatus.APPEALED,
    # Which of the two it is, the event says.
    (PenaltyStatus.APPEALED, AppealDecided): PenaltyStatus.UPHELD,
}

_TABLES: Final[Mapping[type[StrEnum], object]] = {
    OrderStatus: ORDER_TABLE,
    DispatchStatus: DISPATCH_TABLE,
    TaskStatus: TASK_TABLE,
    OfferStatus: OFFER_TABLE,
    CaseStatus: CASE_TABLE,
    PenaltyStatus: PENALTY_TABLE,
}


def table_of(machine: type[Status]) -> Table[Status]:
    """The table of a machine, given its status enum. Raises KeyError for an enum that is no machine's."""
    return cast("Table[Status]", _TABLES[machine])


def legal(status: StrEnum, event_type: type[Event]) -> bool:
    """Whether an event of this type may happen in this status."""
    return (status, event_type) in table_of(type(status))


def legal_events(status: StrEnum) -> tuple[type[Event], ...]:
    """The types of events that may happen in this status, in the order of the table."""
    return tuple(event_type for (before, event_type) in table_of(type(status)) if before is status)


def after(table: Table[Status], status: Status, event: Event, what: str, name: str) -> Status:
    """The status after an event. Raises IllegalMove, naming ``what`` ("order") and ``name``, where it is not listed."""
    moved = table.get((status, type(event)))
    if moved is None:
        possible = ", ".join(kind.__name__ for kind in legal_events(status)) or "nothing any more"
        cause = f"{what.capitalize()} {name} is {status.value}: {type(event).__name__} cannot happen now."
        raise IllegalMove(cause, f"Look at it again; what can happen is: {possible}.")
    return moved
