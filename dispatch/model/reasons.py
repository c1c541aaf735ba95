"""Why things happen: every reason code in one place; ``docs/reasons.md`` says what each means and what helps.

Values are stored in logs and shown by the API: they may be added to, never renamed or reused.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

HELD_BY_PERSON: Final = "held_by_person"
"""Verdict of an order that a dispatcher holds back; all other verdicts are names of
``dispatch.solver.plan.Verdict``.
"""


class CancelReason(StrEnum):
    """Why an order was cancelled."""

    CUSTOMER_CHANGED_MIND = "customer_changed_mind"
    WAITED_TOO_LONG = "waited_too_long"
    """The customer gave up waiting."""
    NO_RIDER_FOUND = "no_rider_found"
    """The operator gave up looking for a rider."""
    MERCHANT_CLOSED = "merchant_closed"
    OUT_OF_STOCK = "out_of_stock"
    WRONG_ADDRESS = "wrong_address"
    PAYMENT_FAILED = "payment_failed"
    DUPLICATE = "duplicate"
    FRAUD = "fraud"
    FORCE_MAJEURE = "force_majeure"
    MERCHANT_SILENT = "merchant_silent"
    """The merchant never answered."""
    RIDER_PROBLEM = "rider_problem"
    ITEMS_DO_NOT_MATCH = "items_do_not_match"
    OTHER = "other"


class RejectReason(StrEnum):
    """Why a merchant refused an order."""

    CLOSED = "closed"
    TOO_BUSY = "too_busy"
    OUT_OF_STOCK = "out_of_stock"
    WRONG_PRICE = "wrong_price"
    CANNOT_FULFIL = "cannot_fulfil"
    OTHER = "other"


class DeclineReason(StrEnum):
    """Why a rider declined an offer."""

    TOO_FAR = "too_far"
    TOO_MUCH = "too_much"
    """Too many or too large orders on board."""
    PAY_TOO_LOW = "pay_too_low"
    UNSAFE_AREA = "unsafe_area"
    VEHICLE = "vehicle"
    ENDING_SHIFT = "ending_shift"
    OTHER = "other"


class UnassignReason(StrEnum):
    """Why an order was taken from a rider, or an offer from the rider who had not answered it."""

    BETTER_RIDER = "better_rider"
    OVERRIDE = "override"
    RIDER_PAUSED = "rider_paused"
    RIDER_PROBLEM = "rider_problem"
    RIDER_LOST = "rider_lost"
    """Nothing was heard from the rider any more."""
    SHIFT_ENDED = "shift_ended"
    ORDER_GONE = "order_gone"
    """An order of the offer was cancelled, refused or given to somebody else."""
    REPLANNED = "replanned"
    """The plan changed; the order is not given to another rider at once."""


class FailureReason(StrEnum):
    """Why an order on board could not be handed to its customer."""

    CUSTOMER_ABSENT = "customer_absent"
    CUSTOMER_REFUSED = "customer_refused"
    WRONG_ADDRESS = "wrong_address"
    DAMAGED = "damaged"
    RIDER_ACCIDENT = "rider_accident"
    VEHICLE_BREAKDOWN = "vehicle_breakdown"
    NO_ACCESS = "no_access"
    OTHER = "other"


class ProblemKind(StrEnum):
    """What a rider reports from the road or at a stop."""

    TRAFFIC = "traffic"
    WEATHER = "weather"
    ACCIDENT = "accident"
    BREAKDOWN = "breakdown"
    ROAD_CLOSED = "road_closed"
    MERCHANT_NOT_READY = "merchant_not_ready"
    ITEMS_DO_NOT_MATCH = "items_do_not_match"
    CUSTOMER_NOT_FOUND = "customer_not_found"
    WRONG_ADDRESS = "wrong_address"
    OTHER = "other"

    @property
    def stops_the_rider(self) -> bool:
        """Whether the rider can carry nothing on until somebody has helped."""
        return self in (ProblemKind.ACCIDENT, ProblemKind.BREAKDOWN)


class CaseKind(StrEnum):
    """What an exception is about."""

    CANCELLATION = "cancellation"
    QUALITY = "quality"
    LATENESS = "lateness"
    MERCHANT_SILENT = "merchant_silent"
    RIDER_PROBLEM = "rider_problem"
    ITEMS_DO_NOT_MATCH = "items_do_not_match"
    CUSTOMER_UNREACHABLE = "customer_unreachable"
    WRONG_ADDRESS = "wrong_address"
    FAILED_DELIVERY = "failed_delivery"
    """The food did not reach its customer: it is on its way back, or gone."""
    PAYMENT = "payment"
    CHARGEBACK = "chargeback"
    """The customer's bank has taken the money back."""
    REVIEW = "review"
    OTHER = "other"


class CaseStep(StrEnum):
    """What was done in a case; ``dispatch.model.case_flows`` says which step is possible when, and for whom."""

    NOTED = "noted"
    CUSTOMER_CONTACTED = "customer_contacted"
    MERCHANT_CONTACTED = "merchant_contacted"
    RIDER_CONTACTED = "rider_contacted"
    APOLOGISED = "apologised"
    MERCHANT_AGREED = "merchant_agreed"
    """Nothing is cooked yet; the complaint is right; the order is accepted after all."""
    MERCHANT_DENIED = "merchant_denied"
    """It is cooked already; the complaint is wrong."""
    PERSUADED = "persuaded"
    """The customer keeps the order."""
    CANCELLED = "cancelled"
    """The order is called off; money goes back as far as policy or agreement say."""
    PLAN_PROPOSED = "plan_proposed"
    PLAN_AGREED = "plan_agreed"
    PLAN_REFUSED = "plan_refused"
    FAULT_ATTRIBUTED = "fault_attributed"
    CUSTOMER_WAITS = "customer_waits"
    ITEMS_COMPLETED = "items_completed"
    ITEMS_ACCEPTED = "items_accepted"
    """The customer takes the order as it is."""
    CUSTOMER_REACHED = "customer_reached"
    ADDRESS_CORRECTED = "address_corrected"
    GIVEN_UP = "given_up"
    """The food goes back to its merchant."""
    REFUNDED = "refunded"
    CHARGED = "charged"
    COUPON_GIVEN = "coupon_given"
    REDELIVERY_ORDERED = "redelivery_ordered"
    RIDER_WARNED = "rider_warned"
    RIDER_CHARGED = "rider_charged"
    APPEALED = "appealed"
    REFUSED = "refused"
    """The customer gets nothing, and is told why."""
    SETTLED = "settled"
    """A person says that nothing is left to do."""


class CaseStage(StrEnum):
    """How far a case is."""

    OPEN = "open"
    CARRIED = "carried"
    """The food is on its way already."""
    MERCHANT_ASKED = "merchant_asked"
    AGREED = "agreed"
    DENIED = "denied"
    PROPOSED = "proposed"
    ATTRIBUTED = "attributed"
    WAITING = "waiting"
    """The customer has been told and waits."""
    HANDING_OVER = "handing_over"
    CLOSED = "closed"


class Party(StrEnum):
    """Whose doing something was."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    RIDER = "rider"
    HOUSE = "house"
    """Dispatch itself: no rider found, or too late."""
    FORCE_MAJEURE = "force_majeure"
    NOBODY = "nobody"


class RescuePlan(StrEnum):
    """What can be done about a rider in trouble."""

    WAIT = "wait"
    REASSIGN = "reassign"
    """Another rider collects the order; for food that is not on board."""
    HAND_OVER = "hand_over"
    """Another rider meets the first and takes the food."""
    CANCEL = "cancel"


class ClosureKind(StrEnum):
    """Why nobody is to blame for what is late."""

    WEATHER = "weather"
    ROAD_CLOSED = "road_closed"
    UNREST = "unrest"
    OUTAGE = "outage"
    OTHER = "other"


class CaseResult(StrEnum):
    """How a case ended."""

    RESOLVED = "resolved"
    COMPENSATED = "compensated"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    NOTHING_TO_DO = "nothing_to_do"
