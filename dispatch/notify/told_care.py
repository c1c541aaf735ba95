"""What is told of exceptions, money, penalties and decisions: from each event of the log to its occasion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from dispatch.model.codec import Json
from dispatch.model.events import (
    AppealDecided,
    CaseClosed,
    CaseEscalated,
    CaseOpened,
    CaseStepTaken,
    ClosureDeclared,
    CouponGranted,
    Event,
    OverrideRecorded,
    PaymentFailed,
    PaymentReceived,
    PenaltyAppealed,
    PenaltyGiven,
    Recorded,
    RefundFailed,
    RefundGranted,
    RefundSettled,
    TransferClaimed,
    TransferRefused,
)
from dispatch.model.override import Override, OverrideKind
from dispatch.model.reasons import CaseKind, CaseStep, Party
from dispatch.model.rider import RiderId
from dispatch.model.state import CaseState
from dispatch.notify.matrix import Occasion
from dispatch.notify.telling import Look, Telling, at, money, of_order, only, shown_name, shown_order, text, word
from dispatch.units import Instant, Money

_DATE: Final = "%Y-%m-%d %H:%M"
_CUSTOMERS_OWN: Final = frozenset(
    {CaseKind.CANCELLATION, CaseKind.QUALITY, CaseKind.ITEMS_DO_NOT_MATCH, CaseKind.REVIEW, CaseKind.PAYMENT}
)
"""Cases that the customer hears of as such; of the others, what comes of them is told."""

CARE_EVENTS: Final[tuple[type[Event], ...]] = (
    CaseOpened, CaseStepTaken, CaseEscalated, CaseClosed, PaymentReceived, PaymentFailed, TransferClaimed,
    TransferRefused, RefundGranted, RefundSettled, RefundFailed, CouponGranted, PenaltyGiven, PenaltyAppealed,
    AppealDecided, OverrideRecorded, ClosureDeclared,
)  # fmt: skip


def told_of_care(look: Look, entry: Recorded) -> Iterator[Telling]:
    """What an event gives to tell about an exception, money, a penalty or a decision."""
    match entry.event:
        case CaseOpened() | CaseStepTaken() | CaseEscalated() | CaseClosed():
            yield from _of_case(look, entry.event, entry.recorded_at)
        case PaymentReceived() | PaymentFailed() | TransferClaimed() | TransferRefused():
            yield from _of_payment(look, entry.event)
        case RefundGranted() | RefundSettled() | RefundFailed() | CouponGranted():
            yield from _given_back(look, entry.event)
        case PenaltyGiven() | PenaltyAppealed() | AppealDecided():
            yield _of_penalty(look, entry.event, entry.recorded_at)
        case OverrideRecorded(override=override):
            yield from _of_override(look, override)
        case ClosureDeclared():
            yield from _of_closure(look, entry.event)


def _of_case(
    look: Look, event: CaseOpened | CaseStepTaken | CaseEscalated | CaseClosed, now: Instant
) -> Iterator[Telling]:
    case = look.case(event.case_id)
    if case is None:
        return
    state, _, values = of_order(look, case.order_id)
    values |= {"kind": word("case_kind", case.kind.value)}
    own = case.kind in _CUSTOMERS_OWN
    told = Telling(occasion=Occasion.CASE_OPENED, values=values, order=state, staff=True, about={"case": case.case_id})
    match event:
        case CaseOpened():
            yield _opened(look, told, case, event.due_at or now)
        case CaseEscalated():
            yield replace(told, occasion=Occasion.CASE_ESCALATED, values=values | {"until": at(event.due_at)})
        case CaseClosed():
            values |= {"result": word("case_result", event.result.value)}
            yield replace(told, occasion=Occasion.CASE_CLOSED, values=values, customer=own)
        case CaseStepTaken(step=CaseStep.PLAN_PROPOSED, plan=plan) if plan is not None:
            values |= {"plan": word("rescue_plan", plan.value)}
            told = replace(told, occasion=Occasion.PLAN_PROPOSED, values=values, customer=True)
            yield replace(told, riders=only(case.rider_id, event.rider_id))


def _opened(look: Look, told: Telling, case: CaseState, due_at: Instant) -> Telling:
    if case.kind is CaseKind.MERCHANT_SILENT:
        merchant = None if told.order is None else look.merchant(told.order.order.merchant_id)
        return replace(told, occasion=Occasion.MERCHANT_SILENT, merchant=merchant)
    if case.kind is CaseKind.LATENESS and told.order is not None:
        values = {**told.values, "when": at(told.order.order.promised_at)}
        return replace(told, occasion=Occasion.ORDER_LATE, values=values, customer=True)
    return replace(told, values={**told.values, "until": at(due_at)}, customer=case.kind in _CUSTOMERS_OWN)


def _of_payment(
    look: Look, event: PaymentReceived | PaymentFailed | TransferClaimed | TransferRefused
) -> Iterator[Telling]:
    state, _, values = of_order(look, event.order_id)
    account = look.account(event.order_id)
    if state is None or account is None:
        return
    amount = event.amount if isinstance(event, PaymentReceived) else account.total
    told = Telling(
        occasion=Occasion.PAYMENT_RECEIVED, values=values | {"amount": money(amount)}, order=state, staff=True
    )
    match event:
        case PaymentReceived():
            yield replace(told, customer=True)
        case TransferClaimed():
            yield replace(told, occasion=Occasion.TRANSFER_CLAIMED)
        case PaymentFailed() | TransferRefused():
            yield replace(told, occasion=Occasion.PAYMENT_FAILED, customer=True)


def _given_back(look: Look, event: RefundGranted | RefundSettled | RefundFailed | CouponGranted) -> Iterator[Telling]:
    state, merchant, values = of_order(look, event.order_id)
    if state is None:
        return
    told = Telling(occasion=Occasion.REFUND_GRANTED, order=state, customer=True)
    match event:
        case RefundGranted():
            bears = merchant if event.party is Party.MERCHANT else None
            yield replace(told, values=values | {"amount": money(event.amount)}, merchant=bears)
        case CouponGranted():
            values |= {"amount": money(event.amount), "code": event.code}
            yield replace(told, occasion=Occasion.COUPON_GRANTED, values=values)
        case RefundSettled() | RefundFailed():
            account = look.account(event.order_id)
            refunds = () if account is None else account.refunds
            known = next((refund for refund in refunds if refund.refund_id == event.refund_id), None)
            back = None if account is None or known is None else Money(known.minor, account.currency_of(known))
            values |= {"amount": money(back)}
            if isinstance(event, RefundSettled):
                yield replace(told, occasion=Occasion.REFUND_SETTLED, values=values)
            else:
                values |= {"text": text(event.cause)}
                yield replace(told, occasion=Occasion.REFUND_FAILED, values=values, customer=False, staff=True)


def _of_penalty(look: Look, event: PenaltyGiven | PenaltyAppealed | AppealDecided, now: Instant) -> Telling:
    about = {"penalty": str(event.penalty_id)}
    match event:
        case PenaltyGiven():
            amount = None if event.amount is None else money(event.amount)
            kind = word("penalty_kind", event.kind.value)
            values = {"kind": kind, "text": text(event.text), "until": at(now + look.care.appeal_s, _DATE)}
            values |= {} if amount is None else {"amount": amount}
            return Telling(occasion=Occasion.PENALTY_GIVEN, values=values, riders=(event.rider_id,), about=about)
        case PenaltyAppealed():
            rider = look.rider(event.rider_id)
            name = "" if rider is None else rider.rider.name
            values = {"rider": text(name or shown_name(event.rider_id)), "text": text(event.text)}
            return Telling(occasion=Occasion.PENALTY_APPEALED, values=values, staff=True, about=about)
        case AppealDecided():
            result = word("appeal", "lifted" if event.lifted else "stands")
            values = {"result": result, "text": text(event.text)}
            return Telling(occasion=Occasion.APPEAL_DECIDED, values=values, riders=(event.rider_id,), about=about)


_LOSES: Final = (OverrideKind.UNASSIGN, OverrideKind.REASSIGN, OverrideKind.SPLIT)


def _of_override(look: Look, override: Override) -> Iterator[Telling]:
    """The rider whom a decision is about, and the one who loses an order by it."""
    before = None if override.earlier is None else override.earlier.rider_id
    if override.kind in _LOSES and before is not None and before != override.rider_id:
        yield _decided(look, override, OverrideKind.UNASSIGN, before)
    if override.rider_id is not None and override.kind not in (OverrideKind.UNASSIGN, OverrideKind.SPLIT):
        gets = OverrideKind.ASSIGN if override.kind is OverrideKind.REASSIGN else override.kind
        yield _decided(look, override, gets, override.rider_id)


def _decided(look: Look, override: Override, kind: OverrideKind, rider_id: RiderId) -> Telling:
    state = None if override.order_id is None else look.order(override.order_id)
    about = "" if state is None else shown_order(state)
    decision: Json = {"word": ["override_kind", kind.value], "about": about}
    return Telling(
        occasion=Occasion.OVERRIDE_MADE,
        values={"decision": decision, "text": text(override.text)},
        order=state,
        riders=(rider_id,),
        about={"override": str(override.id)},
    )


def _of_closure(look: Look, event: ClosureDeclared) -> Iterator[Telling]:
    values = {"kind": word("closure_kind", event.kind.value), "until": at(event.ends_at), "text": text(event.text)}
    told = Telling(
        occasion=Occasion.CLOSURE_DECLARED,
        values=values | {"order": ""},
        about={"closure": str(event.closure_id)},
        until_at=event.ends_at,
    )
    yield replace(told, staff=True, riders=look.riders_on_shift(event.zones))
    for state in look.active_orders(event.zones):
        yield replace(told, values=values | {"order": shown_order(state)}, order=state, customer=True)
