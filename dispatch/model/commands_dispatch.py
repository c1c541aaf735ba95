"""What the dispatch loop and dispatchers want done."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.care import CareRules
from dispatch.model.eta import Eta
from dispatch.model.events_dispatch import OfferId
from dispatch.model.order import MerchantId, OrderId
from dispatch.model.override import OverrideId, OverrideKind, OverrideReason
from dispatch.model.place import Place
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId, Task
from dispatch.units import Cost, Instant, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferIntent:
    """Put orders to a rider; ``tasks`` is the rider's whole remaining sequence with them."""

    rider_id: RiderId
    order_ids: tuple[OrderId, ...]
    tasks: tuple[Task, ...]
    depart_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteIntent:
    """Put the tasks a rider has into this order."""

    rider_id: RiderId
    tasks: tuple[Task, ...]
    depart_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldIntent:
    """Say why nobody goes for an order yet."""

    order_id: OrderId
    verdict: str
    until: Instant | None = None
    planned_rider_id: RiderId | None = None
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitIntent:
    """Ask a rider without tasks to wait at a place."""

    rider_id: RiderId
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPlan:
    """Put a plan into effect. An intent that no longer fits the market is left out; the others are done.

    offer_s: seconds until an offer runs out. auto_accept: riders are not asked, orders are assigned at once.
    withdraw: offers to take back. unassign: orders to take from their riders, with the reason; where an offer intent
    names the order too, both happen or neither. beside: the same orders as one of ``offers``, for further riders who
    are asked at the same time. tick, record_id, cost, problem_*: what ``TickDecided`` keeps.
    """

    tick: int
    offers: tuple[OfferIntent, ...] = ()
    unassign: tuple[tuple[OrderId, UnassignReason], ...] = ()
    routes: tuple[RouteIntent, ...] = ()
    holds: tuple[HoldIntent, ...] = ()
    waits: tuple[WaitIntent, ...] = ()
    withdraw: tuple[OfferId, ...] = ()
    beside: tuple[OfferIntent, ...] = ()
    offer_s: Seconds = 60
    auto_accept: bool = False
    record_id: str = ""
    planned: int = 0
    held: int = 0
    cost: Cost = 0
    problem_orders: int = 0
    problem_riders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateEtas:
    """Say when orders come; what has hardly changed is not said again."""

    etas: tuple[Eta, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireOffer:
    """The time of an offer is over; no error and no change if it was answered meanwhile."""

    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeOverride:
    """A person decides; ``text`` is mandatory. ``dispatch.model.override.NEEDS`` lists what each kind requires.

    ``preferred_rider_id`` and ``cost_difference`` say what the optimizer would have done, where that is known.
    """

    kind: OverrideKind
    reason: OverrideReason
    text: str
    by: str
    order_id: OrderId | None = None
    rider_id: RiderId | None = None
    merchant_id: MerchantId | None = None
    priority: int | None = None
    until: Instant | None = None
    preferred_rider_id: RiderId | None = None
    cost_difference: Cost | None = None
    undoes: OverrideId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePolicy:
    """Dispatch by this policy from now on; ``care``: what it says beside the delivery."""

    name: str
    version: int
    care: CareRules | None = None
