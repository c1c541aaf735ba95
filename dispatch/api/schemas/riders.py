"""Riders, shifts, positions and tasks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dispatch.api.schemas.base import Line, Name, Place, Schema, Text, When, instant, maybe_when, when
from dispatch.api.schemas.orders import Customer, Item, customer_out
from dispatch.model import place as places
from dispatch.model import rider as model
from dispatch.model.events import ProofKind
from dispatch.model.lifecycle import OfferStatus, OrderStatus, TaskStatus
from dispatch.model.order import MarketId, Vehicle, ZoneId
from dispatch.model.reasons import DeclineReason, FailureReason, ProblemKind
from dispatch.model.rider import RiderId, ShiftId, TaskKind
from dispatch.model.state import OfferState, RiderState
from dispatch.model.stops import stops_of, task_status
from dispatch.service.read import RiderTasks
from dispatch.units import HOUR_S, Instant


class NewRider(Schema):
    """A rider to be made known."""

    id: Name | None = None
    name: Line = ""
    vehicle: Vehicle = Vehicle.MOTORCYCLE
    capacity: Annotated[int, Field(ge=1, le=100)] = 3
    zones: frozenset[Name] = frozenset()

    def to_model(self, rider_id: RiderId, market_id: MarketId) -> model.Rider:
        """The value of the model."""
        return model.Rider(
            id=rider_id,
            market_id=market_id,
            vehicle=self.vehicle,
            capacity=self.capacity,
            zones=frozenset(ZoneId(zone) for zone in self.zones),
            name=self.name,
        )


class PositionIn(Place):
    """Where a rider was seen, by the clock of the device."""

    occurred_at: When
    accuracy_m: Annotated[int, Field(ge=0, le=100_000)] | None = None
    speed_kmh: Annotated[float, Field(ge=0, le=300)] | None = None
    heading_deg: Annotated[float, Field(ge=0, le=360)] | None = None

    def to_position(self) -> places.Position:
        """The value of the model."""
        return places.Position(
            self.to_model(), instant(self.occurred_at), self.accuracy_m, self.speed_kmh, self.heading_deg
        )


class Positions(Schema):
    """Some positions of one rider, in any order; late ones and those sent twice do no harm."""

    positions: Annotated[list[PositionIn], Field(min_length=1, max_length=500)]


class ShiftIn(Schema):
    """A shift that begins now, at ``start``."""

    id: Name | None = None
    start: Place
    ends_at: When | None = None

    def to_model(self, shift_id: ShiftId, rider_id: RiderId, now: Instant) -> model.Shift:
        """The value of the model; eight hours where no end is given."""
        ends_at = now + 8 * HOUR_S if self.ends_at is None else instant(self.ends_at)
        return model.Shift(
            id=shift_id, rider_id=rider_id, starts_at=now, ends_at=max(ends_at, now + 1), start=self.start.to_model()
        )


class RiderOut(Schema):
    """A rider as it is now."""

    id: str
    market_id: str
    version: int
    name: str
    vehicle: Vehicle
    capacity: int
    on_shift: bool
    shift_id: str | None
    shift_ends_at: datetime | None
    place: Place | None
    seen_at: datetime | None
    lost_at: datetime | None
    paused: bool
    problem: ProblemKind | None
    tasks: int

    @classmethod
    def of(cls, state: RiderState, now: Instant) -> RiderOut:
        """For the wire."""
        rider, shift = state.rider, state.shift
        return cls.model_construct(
            id=rider.id,
            market_id=rider.market_id,
            version=state.version,
            name=rider.name,
            vehicle=rider.vehicle,
            capacity=rider.capacity,
            on_shift=shift is not None,
            shift_id=None if shift is None else shift.id,
            shift_ends_at=None if shift is None else when(shift.ends_at),
            place=None if state.place is None else Place.of(state.place),
            seen_at=when(state.seen_at) if state.seen_at else None,
            lost_at=maybe_when(state.lost_at),
            paused=state.paused(now),
            problem=state.problem,
            tasks=len(state.tasks),
        )


class TaskOut(Schema):
    """One thing to do at a stop, with all that the rider has to know for it."""

    order_id: str
    kind: TaskKind
    status: TaskStatus
    order_status: OrderStatus
    ready_at: datetime
    promised_at: datetime
    not_before_at: datetime | None
    external_id: str
    items: list[Item]
    customer: Customer | None
    notes: str


class StopOut(Schema):
    """A place with one or more tasks."""

    place: Place
    name: str
    tasks: list[TaskOut]


class OfferOut(Schema):
    """Orders put to the rider; ``stops`` is the whole route if they are accepted."""

    id: str
    order_ids: list[str]
    expires_at: datetime
    made_at: datetime
    status: OfferStatus
    stops: list[StopOut]


class LegOut(Schema):
    """A way under way."""

    origin: Place
    destination: Place
    departed_at: datetime
    arrives_at: datetime


class TasksOut(Schema):
    """All that a rider's device shows."""

    rider: RiderOut
    leg: LegOut | None
    depart_at: datetime | None
    busy_until: datetime | None
    stops: list[StopOut]
    offers: list[OfferOut]


def tasks_out(found: RiderTasks, now: Instant) -> TasksOut:
    """For the wire. A customer's data is shown with the drop-off only, and not in offers."""
    rider = found.rider
    leg = None
    if rider.leg is not None:
        leg = LegOut(
            origin=Place.of(rider.leg.origin),
            destination=Place.of(rider.leg.destination),
            departed_at=when(rider.leg.departed_at),
            arrives_at=when(rider.leg.arrives_at),
        )
    return TasksOut.model_construct(
        rider=RiderOut.of(rider, now),
        leg=leg,
        depart_at=maybe_when(rider.depart_at),
        busy_until=when(rider.busy_until) if rider.busy_until > now else None,
        stops=_stops(found, rider.tasks, shown=True),
        offers=[_offer(found, offer) for offer in found.offers if offer.status is OfferStatus.OPEN],
    )


def _offer(found: RiderTasks, offer: OfferState) -> OfferOut:
    return OfferOut.model_construct(
        id=offer.offer_id,
        order_ids=list(offer.order_ids),
        expires_at=when(offer.expires_at),
        made_at=when(offer.made_at),
        status=offer.status,
        stops=_stops(found, offer.tasks, shown=False),
    )


def _stops(found: RiderTasks, tasks: tuple[model.Task, ...], *, shown: bool) -> list[StopOut]:
    orders = {order.order.id: order for order in found.orders}
    names = {merchant.id: merchant.name for merchant in found.merchants}
    known = [task for task in tasks if task.order_id in orders]
    stops: list[StopOut] = []
    for stop in stops_of(known, orders):
        first = orders[stop.tasks[0].order_id].order
        at_door = stop.tasks[0].kind is TaskKind.DROPOFF
        name = first.customer.address if at_door and shown else names.get(first.merchant_id, "")
        stops.append(
            StopOut.model_construct(
                place=Place.of(stop.place), name=name, tasks=[_task(found, task, shown=shown) for task in stop.tasks]
            )
        )
    return stops


def _task(found: RiderTasks, task: model.Task, *, shown: bool) -> TaskOut:
    state = next(order for order in found.orders if order.order.id == task.order_id)
    order = state.order
    at_door = task.kind is TaskKind.DROPOFF
    items = [Item.model_construct(name=i.name, quantity=i.quantity, sku=i.sku, unit_price=None) for i in order.items]
    return TaskOut.model_construct(
        order_id=order.id,
        kind=task.kind,
        status=task_status(state, task.kind),
        order_status=state.status,
        ready_at=when(state.ready_at),
        promised_at=when(order.promised_at),
        not_before_at=maybe_when(order.not_before_at),
        external_id=order.external_id,
        items=items,
        customer=customer_out(order.customer) if at_door and shown else None,
        notes=order.notes if shown else "",
    )


class _Action(Schema):
    """What the device counts: ``sequence`` grows by each action, ``occurred_at`` is by its own clock."""

    sequence: Annotated[int, Field(ge=0, le=2**53)]
    occurred_at: When | None = None


class Accept(_Action):
    """Take the orders of an offer."""

    kind: Literal["accept"]
    offer_id: Name


class Decline(_Action):
    """Do not take the orders of an offer."""

    kind: Literal["decline"]
    offer_id: Name
    reason: DeclineReason = DeclineReason.OTHER


class Depart(_Action):
    """Set out for the next stop; ``destination`` only where there is none."""

    kind: Literal["depart"]
    arrives_at: When | None = None
    destination: Place | None = None


class Arrived(_Action):
    """The rider is where the leg goes."""

    kind: Literal["arrived"]


class Counted(Schema):
    """How many of an item were handed over; named as in the order, by its `sku` or its `name`."""

    item: Line
    quantity: Annotated[int, Field(ge=0, le=10_000)]


class Check(Schema):
    """What was counted of one order; items that are left out were not there."""

    order_id: Name
    counted: Annotated[list[Counted], Field(max_length=200)]


class PickedUp(_Action):
    """These orders of the present stop were checked and taken.

    checks: what was counted; where that is not what was ordered, a case is opened, and the order only taken `anyway`.
    """

    kind: Literal["picked_up"]
    order_ids: Annotated[list[Name], Field(min_length=1, max_length=50)]
    checks: Annotated[list[Check], Field(max_length=50, default_factory=list)]
    anyway: bool = False

    @model_validator(mode="after")
    def _each_once(self) -> PickedUp:
        if len(set(self.order_ids)) != len(self.order_ids):
            raise ValueError("each order must be named once")
        return self


class Proof(Schema):
    """How a drop-off is proved."""

    kind: ProofKind
    reference: Line


class Delivered(_Action):
    """The customer has the order."""

    kind: Literal["delivered"]
    order_id: Name
    proof: Proof | None = None


class Failed(_Action):
    """The order cannot be handed over; it goes back to its merchant."""

    kind: Literal["failed"]
    order_id: Name
    reason: FailureReason


class Returned(_Action):
    """The merchant has the food back."""

    kind: Literal["returned"]
    order_id: Name


class TookOver(_Action):
    """The rider has met the one who had the food, and has it now; where customer service has planned that."""

    kind: Literal["took_over"]
    order_id: Name


class Correct(_Action):
    """A pickup or drop-off that was reported has not been done after all; within 15 minutes."""

    kind: Literal["correct"]
    order_id: Name
    task: Literal["pickup", "dropoff"]
    text: Text = ""


class Problem(_Action):
    """Trouble on the road or at a stop."""

    kind: Literal["problem"]
    problem: ProblemKind
    text: Text = ""
    order_id: Name | None = None


Action = Annotated[
    Accept | Decline | Depart | Arrived | PickedUp | Delivered | Failed | Returned | TookOver | Correct | Problem,
    Field(discriminator="kind"),
]


class Actions(Schema):
    """What a rider did, in the order in which it happened; what was sent before is answered as before."""

    actions: Annotated[list[Action], Field(min_length=1, max_length=200)]


class ActionResult(Schema):
    """What became of one action; ``code``, ``cause`` and ``action`` where it was refused."""

    sequence: int
    status: Literal["done", "repeated", "refused"]
    code: str = ""
    cause: str = ""
    action: str = ""


class ActionResults(Schema):
    """One result an action, in the same order, and the tasks as they are after all of them."""

    results: list[ActionResult]
    tasks: TasksOut
