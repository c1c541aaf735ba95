"""What is true in a market now: the sum of its events.

The states of orders and riders are named tuples, not dataclasses: they are as frozen, and a changed copy
(``_replace``, which the type checker reads) costs a tenth of ``dataclasses.replace``; a busy day folds some 400,000
events.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dispatch.errors import NotFoundError
from dispatch.model.actor import ActorKind
from dispatch.model.care import NO_RULES, CareRules
from dispatch.model.eta import EtaState
from dispatch.model.events import CaseId, ClosureId, OfferId, PenaltyId, PenaltyKind
from dispatch.model.lifecycle import CaseStatus, DispatchStatus, OfferStatus, OrderStatus, PenaltyStatus, TaskStatus
from dispatch.model.order import MarketId, Merchant, MerchantId, Order, OrderId, ZoneId
from dispatch.model.override import Override, OverrideId
from dispatch.model.payment import OWED, AccountState, PaymentStatus
from dispatch.model.place import Place, Position
from dispatch.model.prep import PrepTimes
from dispatch.model.reasons import CaseKind, CaseResult, CaseStage, ClosureKind, Party, ProblemKind, RescuePlan
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId, Task
from dispatch.units import Instant, Money, Seconds


class Leg(NamedTuple):
    """A rider's way to the next stop; ``arrives_at`` as estimated when the rider set out."""

    origin: Place
    destination: Place
    departed_at: Instant
    arrives_at: Instant


class OrderState(NamedTuple):
    """One order now.

    ready_at: the latest word on when the food is ready (once it is: when it was). rider_id: who has it (who brought
    it, once delivered). offer_id: the open offer it is in; a rider who has it keeps it until another rider accepts.
    beside: further open offers, where it is put to several riders at once; the first counts for the plan.
    pinned_to, pinned_until: only this rider, until then. held_until: nobody goes before, by a
    person's decision. barred: riders who must not carry it (see also ``MarketState.bars_of``). verdict,
    planned_rider_id: why nobody goes yet and who is likely to. reminders: how often the merchant was asked for an
    answer. promised_ready_at: the merchant's first promise; food_ready_at: when it was kept. rider_late_s: by how
    much its rider came later to merchant and customer than expected on setting out. payment: how far its money is.
    stars: how the customer found it.
    version: how many events changed it.
    """

    order: Order
    status: OrderStatus
    dispatch: DispatchStatus
    ready_at: Instant
    priority: int
    rider_id: RiderId | None = None
    offer_id: OfferId | None = None
    assigned_at: Instant | None = None
    picked_up_at: Instant | None = None
    delivered_at: Instant | None = None
    cancelled_at: Instant | None = None
    pinned_to: RiderId | None = None
    pinned_until: Instant | None = None
    held_until: Instant | None = None
    barred: frozenset[RiderId] = frozenset()
    declined_by: frozenset[RiderId] = frozenset()
    verdict: str = ""
    planned_rider_id: RiderId | None = None
    pickup_task: TaskStatus = TaskStatus.PLANNED
    dropoff_task: TaskStatus = TaskStatus.PLANNED
    return_task: TaskStatus = TaskStatus.PLANNED
    reminders: int = 0
    accepted_at: Instant | None = None
    promised_ready_at: Instant | None = None
    food_ready_at: Instant | None = None
    rider_late_s: Seconds = 0
    payment: PaymentStatus = PaymentStatus.NONE
    beside: tuple[OfferId, ...] = ()
    stars: int | None = None
    version: int = 1

    @property
    def open_offers(self) -> tuple[OfferId, ...]:
        """Every open offer that it is in, the first one first."""
        return () if self.offer_id is None else (self.offer_id, *self.beside)

    def without_offer(self, offer_id: OfferId) -> OrderState:
        """Without one of its open offers; the next one then counts as the first."""
        left = [one for one in self.open_offers if one != offer_id]
        return self._replace(offer_id=left[0] if left else None, beside=tuple(left[1:]))

    def pin(self, now: Instant) -> RiderId | None:
        """The only rider who may have the order now, if a person said so."""
        return self.pinned_to if self.pinned_until is not None and now < self.pinned_until else None

    def held(self, now: Instant) -> bool:
        """Whether a person holds the order back now."""
        return self.held_until is not None and now < self.held_until

    @property
    def over(self) -> bool:
        """Whether nobody has to do anything about its delivery any more."""
        return self.dispatch in (DispatchStatus.DONE, DispatchStatus.DROPPED)


class RiderState(NamedTuple):
    """One rider now.

    shift: the one being worked. place: where the rider stands, or stood last while under way; since: from when (the
    arrival at the present stop). leg: None while standing. tasks: all that is left to do, in order: both tasks of
    every order assigned, the drop-off of every order on board, the return of every order that goes back. depart_at:
    not to leave earlier for the first of them. busy_until: end of the handling after the last pickup or drop-off.
    offers: those not answered yet. problem: what the rider reported last and nobody has cleared. seen_at: the last
    sign of life; unanswered: offers that ran out since then; overdue_at: when the rider should have left since then,
    had the route not been planned anew; lost_at: since when the market goes on without the rider.
    wait_at: where the rider is asked to wait while there are no tasks.
    version: how many events changed it.
    """

    rider: Rider
    shift: Shift | None = None
    place: Place | None = None
    since: Instant = 0
    leg: Leg | None = None
    tasks: tuple[Task, ...] = ()
    depart_at: Instant | None = None
    busy_until: Instant = 0
    position: Position | None = None
    paused_until: Instant | None = None
    offers: frozenset[OfferId] = frozenset()
    problem: ProblemKind | None = None
    seen_at: Instant = 0
    unanswered: int = 0
    overdue_at: Instant | None = None
    lost_at: Instant | None = None
    wait_at: Place | None = None
    version: int = 1

    def paused(self, now: Instant) -> bool:
        """Whether the rider takes no new orders now."""
        return self.paused_until is not None and now < self.paused_until

    def heard(self, at: Instant) -> RiderState:
        """The rider after a sign of life."""
        return self._replace(seen_at=max(self.seen_at, at), unanswered=0, overdue_at=None, lost_at=None)


class OfferState(NamedTuple):
    """One offer; ``tasks`` is the rider's whole sequence if it is accepted, as planned when it was made."""

    offer_id: OfferId
    rider_id: RiderId
    order_ids: tuple[OrderId, ...]
    tasks: tuple[Task, ...]
    depart_at: Instant | None
    made_at: Instant
    expires_at: Instant
    status: OfferStatus = OfferStatus.OPEN


class CaseState(NamedTuple):
    """One exception.

    owner: whose turn it is; person: who of them has taken it; due_at: until when the next step has to be done, after
    which it escalates; level: how often that has happened. plan, plan_rider_id, plan_place: what was proposed last.
    party: whose doing it was, as far as is known. version: how many events changed it.
    """

    case_id: CaseId
    kind: CaseKind
    order_id: OrderId | None
    rider_id: RiderId | None
    opened_at: Instant
    status: CaseStatus = CaseStatus.OPEN
    steps: int = 0
    result: CaseResult | None = None
    stage: CaseStage = CaseStage.OPEN
    owner: ActorKind = ActorKind.SUPPORT
    person: str = ""
    due_at: Instant | None = None
    level: int = 0
    text: str = ""
    plan: RescuePlan | None = None
    plan_rider_id: RiderId | None = None
    plan_place: Place | None = None
    party: Party | None = None
    closed_at: Instant | None = None
    version: int = 1


class PenaltyState(NamedTuple):
    """A mark on a rider's record; ``until``: it can be appealed against until then."""

    penalty_id: PenaltyId
    rider_id: RiderId
    kind: PenaltyKind
    text: str
    amount: Money | None
    order_id: OrderId | None
    case_id: CaseId | None
    given_at: Instant
    status: PenaltyStatus = PenaltyStatus.GIVEN
    appeal: str = ""
    answer: str = ""
    version: int = 1


class ClosureState(NamedTuple):
    """A time of force majeure."""

    closure_id: ClosureId
    kind: ClosureKind
    starts_at: Instant
    ends_at: Instant
    zones: frozenset[ZoneId]
    text: str = ""

    def covers(self, order: Order, at: Instant) -> bool:
        """Whether what is late about the order at that time is nobody's fault."""
        return self.starts_at <= at < self.ends_at and (not self.zones or bool(self.zones & order.zones))


class OpenCases(NamedTuple):
    """The cases of an order that are open."""

    case_ids: tuple[CaseId, ...] = ()


class RiderRecord(NamedTuple):
    """What a rider was blamed for and not forgiven."""

    warnings: int = 0
    deductions: int = 0


CARE: Final = "care"
"""The key of ``MarketState.cares``."""


@dataclass(slots=True)
class MarketState:
    """One market now; changed only by ``dispatch.model.fold``.

    active: the orders that dispatch still has to do with, in the order in which they came (a dict as an ordered set).
    merchant_bars: riders who must not carry anything from a merchant. shifts: all ever planned. accounts: the money of
    each order that has a price. cares: the policy's rules beside the delivery, under ``CARE``. cases_of: the cases of
    each order that are open. records: what riders were blamed for. etas: when orders are expected. preps: how long
    kitchens took, by what ``dispatch.model.prep`` calls it.
    """

    market_id: MarketId
    seq: int = 0
    orders: MutableMapping[OrderId, OrderState] = field(default_factory=dict)
    riders: MutableMapping[RiderId, RiderState] = field(default_factory=dict)
    merchants: MutableMapping[MerchantId, Merchant] = field(default_factory=dict)
    merchant_bars: MutableMapping[MerchantId, frozenset[RiderId]] = field(default_factory=dict)
    shifts: MutableMapping[ShiftId, Shift] = field(default_factory=dict)
    offers: MutableMapping[OfferId, OfferState] = field(default_factory=dict)
    overrides: MutableMapping[OverrideId, Override] = field(default_factory=dict)
    cases: MutableMapping[CaseId, CaseState] = field(default_factory=dict)
    active: MutableMapping[OrderId, None] = field(default_factory=dict)
    tick: int = 0
    policy: tuple[str, int] = ("", 0)
    accounts: MutableMapping[OrderId, AccountState] = field(default_factory=dict)
    penalties: MutableMapping[PenaltyId, PenaltyState] = field(default_factory=dict)
    closures: MutableMapping[ClosureId, ClosureState] = field(default_factory=dict)
    cares: MutableMapping[str, CareRules] = field(default_factory=dict)
    cases_of: MutableMapping[OrderId, OpenCases] = field(default_factory=dict)
    records: MutableMapping[RiderId, RiderRecord] = field(default_factory=dict)
    etas: MutableMapping[OrderId, EtaState] = field(default_factory=dict)
    preps: MutableMapping[str, PrepTimes] = field(default_factory=dict)

    def order(self, order_id: OrderId) -> OrderState:
        """The order of that id. Raises NotFoundError."""
        try:
            return self.orders[order_id]
        except KeyError:
            raise unknown("order", order_id) from None

    def rider(self, rider_id: RiderId) -> RiderState:
        """The rider of that id. Raises NotFoundError."""
        try:
            return self.riders[rider_id]
        except KeyError:
            raise unknown("rider", rider_id) from None

    def offer(self, offer_id: OfferId) -> OfferState:
        """The offer of that id. Raises NotFoundError."""
        try:
            return self.offers[offer_id]
        except KeyError:
            raise unknown("offer", offer_id) from None

    def merchant(self, merchant_id: MerchantId) -> Merchant:
        """The merchant of that id. Raises NotFoundError."""
        try:
            return self.merchants[merchant_id]
        except KeyError:
            raise unknown("merchant", merchant_id) from None

    def case(self, case_id: CaseId) -> CaseState:
        """The case of that id. Raises NotFoundError."""
        try:
            return self.cases[case_id]
        except KeyError:
            raise unknown("case", case_id) from None

    def account(self, order_id: OrderId) -> AccountState:
        """The money of an order. Raises NotFoundError, also where it has no price."""
        try:
            return self.accounts[order_id]
        except KeyError:
            raise unknown("account of order", order_id) from None

    def penalty(self, penalty_id: PenaltyId) -> PenaltyState:
        """The penalty of that id. Raises NotFoundError."""
        try:
            return self.penalties[penalty_id]
        except KeyError:
            raise unknown("penalty", penalty_id) from None

    @property
    def care(self) -> CareRules:
        """The rules in force beside the delivery."""
        return self.cares.get(CARE, NO_RULES)

    def open_cases(self, order_id: OrderId) -> tuple[CaseState, ...]:
        """The cases of an order that are open, in the order in which they were opened."""
        found = self.cases_of.get(order_id)
        return () if found is None else tuple(self.case(case_id) for case_id in found.case_ids)

    def unpaid(self, order_id: OrderId) -> bool:
        """Whether an order has to be paid before anybody does anything about it, and is not."""
        account = self.accounts.get(order_id)
        return account is not None and account.method.first and account.status in OWED

    def bars_of(self, order: OrderState) -> frozenset[RiderId]:
        """All riders who must not carry the order, because of itself or of its merchant."""
        return order.barred | self.merchant_bars.get(order.order.merchant_id, frozenset())


def unknown(what: str, name: str) -> NotFoundError:
    """The refusal for an id that names nothing."""
    return NotFoundError(f"There is no {what} {name!r} in this market.", f"Check the {what}'s id and the market.")
