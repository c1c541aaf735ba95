"""The catalogue of exceptions: who looks after each kind, which step is possible when, for whom, and what ends it.

``docs/cases.md`` is written from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dispatch.model.actor import ActorKind
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.reasons import CaseKind, CaseResult, CaseStage, CaseStep
from dispatch.units import HOUR_S, MINUTE_S, Seconds


class Need(StrEnum):
    """What a step has to come with."""

    TEXT = "text"
    RIDER = "rider"
    PLACE = "place"
    PLAN = "plan"
    PARTY = "party"
    ORDER = "order"
    """The case is about an order."""


@dataclass(frozen=True, slots=True)
class Move:
    """One possible step: where it leads, who may take it, what it needs, and the result where it ends the case."""

    step: CaseStep
    to: CaseStage
    by: frozenset[ActorKind]
    needs: frozenset[Need] = frozenset()
    result: CaseResult | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """The life of one kind of case.

    due_s: for the first step, and for each one after it. settled_by: states of the order in which nothing is left to
    do, with the result.
    """

    owner: ActorKind
    moves: Mapping[CaseStage, tuple[Move, ...]]
    due_s: Seconds = 10 * MINUTE_S
    first: CaseStage = CaseStage.OPEN
    settled_by: Mapping[OrderStatus, CaseResult] = field(default_factory=dict)


ESCALATES_TO: Final = ActorKind.OPERATIONS
"""Who gets a case when its owner has let the time pass."""

_STAFF: Final = frozenset({ActorKind.SUPPORT, ActorKind.DISPATCHER, ActorKind.OPERATIONS})
_CARE: Final = frozenset({ActorKind.SUPPORT, ActorKind.OPERATIONS})
_CUSTOMER: Final = _CARE | {ActorKind.CUSTOMER}
_MERCHANT: Final = _CARE | {ActorKind.MERCHANT}
_RIDER: Final = _STAFF | {ActorKind.RIDER}
_AT_ONCE: Final = 3 * MINUTE_S
_OVER: Final = {
    OrderStatus.DELIVERED: CaseResult.NOTHING_TO_DO,
    OrderStatus.COLLECTED: CaseResult.NOTHING_TO_DO,
    OrderStatus.CANCELLED: CaseResult.NOTHING_TO_DO,
    OrderStatus.REJECTED: CaseResult.NOTHING_TO_DO,
    OrderStatus.FAILED: CaseResult.NOTHING_TO_DO,
    OrderStatus.RETURNED: CaseResult.NOTHING_TO_DO,
    OrderStatus.LOST: CaseResult.NOTHING_TO_DO,
}
"""The order is over, one way or another."""


def _ends(step: CaseStep, by: frozenset[ActorKind], result: CaseResult, needs: frozenset[Need] = frozenset()) -> Move:
    return Move(step, CaseStage.CLOSED, by, needs, result)


_NOTHING: Final[frozenset[Need]] = frozenset()
_TEXT: Final = frozenset({Need.TEXT})
_ORDER: Final = frozenset({Need.ORDER})

_NOTES: Final = (
    (CaseStep.NOTED, _STAFF, _TEXT),
    (CaseStep.CUSTOMER_CONTACTED, _STAFF, _NOTHING),
    (CaseStep.MERCHANT_CONTACTED, _STAFF, _NOTHING),
    (CaseStep.RIDER_CONTACTED, _STAFF, _NOTHING),
    (CaseStep.APOLOGISED, _STAFF, _NOTHING),
)
"""What staff may write down at any stage; it changes nothing but the time until the next step is due."""

_SETTLED: Final = _ends(CaseStep.SETTLED, _STAFF, CaseResult.RESOLVED, _TEXT)
_PERSUADED: Final = _ends(CaseStep.PERSUADED, _CUSTOMER, CaseResult.WITHDRAWN)
_CANCELLED: Final = _ends(CaseStep.CANCELLED, _CARE, CaseResult.COMPENSATED, _ORDER)
_REFUNDED: Final = _ends(CaseStep.REFUNDED, _CARE, CaseResult.COMPENSATED, _ORDER)
_REDELIVERED: Final = _ends(CaseStep.REDELIVERY_ORDERED, _CARE, CaseResult.COMPENSATED, _ORDER)
_COUPON: Final = _ends(CaseStep.COUPON_GIVEN, _CARE, CaseResult.COMPENSATED, _ORDER)
_REFUSED: Final = _ends(CaseStep.REFUSED, _CARE, CaseResult.REFUSED, _TEXT)
_GIVEN_UP: Final = _ends(CaseStep.GIVEN_UP, _STAFF, CaseResult.RESOLVED, _ORDER)

FLOWS: Final[Mapping[CaseKind, Flow]] = {
    CaseKind.CANCELLATION: Flow(
        ActorKind.SUPPORT,
        {
            CaseStage.OPEN: (
                _ends(CaseStep.MERCHANT_AGREED, _MERCHANT, CaseResult.COMPENSATED, _ORDER),
                Move(CaseStep.MERCHANT_DENIED, CaseStage.DENIED, _MERCHANT),
                _PERSUADED,
                _CANCELLED,
            ),
            CaseStage.DENIED: (_PERSUADED, _CANCELLED),
            CaseStage.CARRIED: (_PERSUADED, _CANCELLED),
        },
        due_s=_AT_ONCE,
        settled_by=_OVER,
    ),
    CaseKind.QUALITY: Flow(
        ActorKind.SUPPORT,
        {
            CaseStage.MERCHANT_ASKED: (
                Move(CaseStep.MERCHANT_AGREED, CaseStage.AGREED, _MERCHANT),
                Move(CaseStep.MERCHANT_DENIED, CaseStage.DENIED, _MERCHANT, _TEXT),
            ),
            CaseStage.AGREED: (_REFUNDED, _REDELIVERED, _COUPON),
            CaseStage.DENIED: (_REFUNDED, _COUPON, _REFUSED),
        },
        due_s=HOUR_S,
        first=CaseStage.MERCHANT_ASKED,
    ),
    CaseKind.LATENESS: Flow(
        ActorKind.SUPPORT,
        {
            CaseStage.OPEN: (
                Move(
                    CaseStep.FAULT_ATTRIBUTED,
                    CaseStage.ATTRIBUTED,
                    _CARE | {ActorKind.SYSTEM},
                    frozenset({Need.PARTY}),
                ),
                Move(CaseStep.CUSTOMER_WAITS, CaseStage.WAITING, _CUSTOMER),
                _ends(CaseStep.CANCELLED, _CUSTOMER, CaseResult.COMPENSATED, _ORDER),
            ),
            CaseStage.WAITING: (
                Move(
                    CaseStep.FAULT_ATTRIBUTED,
                    CaseStage.ATTRIBUTED,
                    _CARE | {ActorKind.SYSTEM},
                    frozenset({Need.PARTY}),
                ),
                _ends(CaseStep.CANCELLED, _CUSTOMER, CaseResult.COMPENSATED, _ORDER),
            ),
            CaseStage.ATTRIBUTED: (
                Move(CaseStep.RIDER_WARNED, CaseStage.ATTRIBUTED, _CARE | {ActorKind.SYSTEM}),
                Move(CaseStep.RIDER_CHARGED, CaseStage.ATTRIBUTED, _CARE | {ActorKind.SYSTEM}),
                _ends(CaseStep.SETTLED, _CARE | {ActorKind.SYSTEM}, CaseResult.RESOLVED),
                _REFUNDED,
                _COUPON,
            ),
        },
        due_s=15 * MINUTE_S,
        settled_by={
            status: result
            for status, result in _OVER.items()
            if status not in (OrderStatus.DELIVERED, OrderStatus.COLLECTED)
        },
    ),
    CaseKind.MERCHANT_SILENT: Flow(
        ActorKind.SUPPORT,
        {
            CaseStage.OPEN: (
                _ends(CaseStep.MERCHANT_AGREED, _MERCHANT, CaseResult.RESOLVED, _ORDER),
                _CANCELLED,
            ),
        },
        due_s=5 * MINUTE_S,
        settled_by={
            **_OVER,
            OrderStatus.ACCEPTED: CaseResult.RESOLVED,
            OrderStatus.PREPARING: CaseResult.RESOLVED,
            OrderStatus.READY: CaseResult.RESOLVED,
            OrderStatus.PICKED_UP: CaseResult.RESOLVED,
        },
    ),
    CaseKind.RIDER_PROBLEM: Flow(
        ActorKind.SUPPORT,
        {
            CaseStage.OPEN: (Move(CaseStep.PLAN_PROPOSED, CaseStage.PROPOSED, _STAFF, frozenset({Need.PLAN})),),
            CaseStage.PROPOSED: (
                Move(CaseStep.PLAN_AGREED, CaseStage.AGREED, _CUSTOMER | _STAFF),
                Move(CaseStep.PLAN_REFUSED, CaseStage.OPEN, _CUSTOMER | _STAFF),
                Move(CaseStep.PLAN_PROPOSED, CaseStage.PROPOSED, _STAFF, frozenset({Need.PLAN})),
            ),
            CaseStage.AGREED: (Move(CaseStep.PLAN_PROPOSED, CaseStage.PROPOSED, _STAFF, frozenset({Need.PLAN})),),
        },
        due_s=_AT_ONCE,
        settled_by=_OVER,
    ),
    CaseKind.ITEMS_DO_NOT_MATCH: Flow(
        ActorKind.SUPPORT,
        {
            CaseStage.OPEN: (
                _ends(CaseStep.ITEMS_COMPLETED, _RIDER | _MERCHANT, CaseResult.RESOLVED),
                _ends(CaseStep.ITEMS_ACCEPTED, _CUSTOMER, CaseResult.COMPENSATED, _ORDER),
                _CANCELLED,
            ),
        },
        due_s=_AT_ONCE,
        settled_by=_OVER,
    ),
    CaseKind.CUSTOMER_UNREACHABLE: Flow(
        ActorKind.SUPPORT,
        {CaseStage.OPEN: (_ends(CaseStep.CUSTOMER_REACHED, _RIDER, CaseResult.RESOLVED), _GIVEN_UP)},
        due_s=_AT_ONCE,
        settled_by=_OVER,
    ),
    CaseKind.WRONG_ADDRESS: Flow(
        ActorKind.SUPPORT,
        {
            CaseStage.OPEN: (
                _ends(
                    CaseStep.ADDRESS_CORRECTED,
                    _CUSTOMER | _STAFF,
                    CaseResult.RESOLVED,
                    frozenset({Need.PLACE, Need.ORDER}),
                ),
                _GIVEN_UP,
            )
        },
        due_s=_AT_ONCE,
        settled_by=_OVER,
    ),
    CaseKind.FAILED_DELIVERY: Flow(
        ActorKind.SUPPORT, {CaseStage.OPEN: (_REDELIVERED, _REFUNDED, _COUPON, _REFUSED)}, due_s=15 * MINUTE_S
    ),
    CaseKind.PAYMENT: Flow(ActorKind.SUPPORT, {CaseStage.OPEN: (_REFUNDED, _REFUSED)}, due_s=HOUR_S),
    CaseKind.CHARGEBACK: Flow(ActorKind.SUPPORT, {CaseStage.OPEN: ()}, due_s=24 * HOUR_S),
    CaseKind.REVIEW: Flow(ActorKind.SUPPORT, {CaseStage.OPEN: (_REFUNDED, _COUPON, _REFUSED)}, due_s=24 * HOUR_S),
    CaseKind.OTHER: Flow(ActorKind.SUPPORT, {CaseStage.OPEN: (_REFUNDED, _COUPON)}, due_s=HOUR_S),
}
"""Every kind of case."""


def moves_of(kind: CaseKind, stage: CaseStage) -> tuple[Move, ...]:
    """All that can be done in a case of this kind at this stage; nothing once it is closed."""
    if stage is CaseStage.CLOSED:
        return ()
    notes = tuple(Move(step, stage, by, needs) for step, by, needs in _NOTES)
    # Cases of logs older than stages all stand at "open".
    moves = FLOWS[kind].moves.get(stage, ())
    settled = () if any(move.step is CaseStep.SETTLED for move in moves) else (_SETTLED,)
    return (*moves, *settled, *notes)


def move_of(kind: CaseKind, stage: CaseStage, step: CaseStep) -> Move | None:
    """What a step leads to, or None where it cannot be taken now."""
    return next((move for move in moves_of(kind, stage) if move.step is step), None)
