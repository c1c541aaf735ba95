"""What a case costs: the policy's amount, and how far a person may go from it."""

from __future__ import annotations

from typing import Final

from dispatch.engine.draft import Draft
from dispatch.errors import ConflictError, InvalidInputError, Issue
from dispatch.model.actor import ActorKind
from dispatch.model.cancel_terms import borne_percent
from dispatch.model.commands import TakeCaseStep
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.payment import AccountState
from dispatch.model.reasons import CaseKind, CaseStage, CaseStep, Party
from dispatch.model.state import CaseState, MarketState
from dispatch.units import Money

PAYS: Final = frozenset({CaseStep.CANCELLED, CaseStep.REFUNDED, CaseStep.COUPON_GIVEN, CaseStep.ITEMS_ACCEPTED})
"""Steps for which an amount can be named."""

_MAY_NEGOTIATE: Final = frozenset({ActorKind.SUPPORT, ActorKind.OPERATIONS, ActorKind.DISPATCHER})


def policy_minor(state: MarketState, case: CaseState, step: CaseStep) -> int:
    """What the customer gets by the policy, in minor units; 0 where the order has no price."""
    account = None if case.order_id is None else state.accounts.get(case.order_id)
    if account is None or case.order_id is None:
        return 0
    rules, total = state.care, account.total.minor
    match step:
        case CaseStep.COUPON_GIVEN:
            return total * rules.coupon_percent // 100
        case CaseStep.ITEMS_ACCEPTED:
            return 0
        case CaseStep.CANCELLED if case.kind is CaseKind.CANCELLATION:
            borne = _borne_percent(state, case)
            return min(account.left_minor, total - total * borne // 100)
        case _:
            return account.left_minor


def _borne_percent(state: MarketState, case: CaseState) -> int:
    """What the customer who changed their mind bears by now."""
    status = OrderStatus.PLACED if case.order_id is None else state.order(case.order_id).status
    return borne_percent(state.care, status, cooked=case.stage is CaseStage.DENIED)


def check_amount(draft: Draft, case: CaseState, command: TakeCaseStep) -> None:
    """Refuse money where none moves, other money, too much of it, and what is far from the policy without a reason.

    Only staff name amounts, and who bears them. Raises ConflictError, InvalidInputError.
    """
    if command.by not in _MAY_NEGOTIATE and command.by is not ActorKind.SYSTEM:
        _check_modest(command)
    if command.money is None:
        return
    account = None if case.order_id is None else draft.state.accounts.get(case.order_id)
    if command.step not in PAYS or account is None:
        cause = f"No money moves with {command.step.value} in case {case.case_id}."
        raise ConflictError(cause, "Leave the amount out.", code="no_money")
    wrong = _wrong(command.money, account)
    if wrong is None and not command.text.strip():
        wrong = _far(draft.state, case, command.step, command.money, account)
    if wrong is not None:
        raise InvalidInputError("case step", [wrong])


def _wrong(money: Money, account: AccountState) -> Issue | None:
    """Why this cannot be given back of the order, if it cannot."""
    if money.currency != account.total.currency:
        cause = f"the order is in {account.total.currency}, not in {money.currency}"
        return Issue("wrong_currency", cause, "Use the order's currency.", field="money")
    if not 0 <= money.minor <= account.left_minor:
        cause = f"{money.minor} is not within 0 and the {account.left_minor} that are left of the order"
        return Issue("out_of_range", cause, "Name an amount in between.", field="money")
    return None


def _far(state: MarketState, case: CaseState, step: CaseStep, money: Money, account: AccountState) -> Issue | None:
    """Why an amount needs a reason, if it does."""
    usual = policy_minor(state, case, step)
    most = account.total.minor * state.care.negotiable_percent // 100
    if abs(money.minor - usual) <= most:
        return None
    cause = f"{money.minor} is more than {most} away from the {usual} of the policy"
    return Issue("reason_missing", cause, "Say why in the text, or stay closer to it.", field="text")


def _check_modest(command: TakeCaseStep) -> None:
    """Those whom a case is about do not say who pays what."""
    if command.money is not None or command.party is not None:
        cause = f"It is not for a {command.by.value} to name an amount, or who bears it."
        raise ConflictError(cause, "Leave it out; customer service can negotiate.", code="not_yours")


def amount(draft: Draft, case: CaseState, command: TakeCaseStep) -> int:
    """What the customer gets with this step, in minor units."""
    return policy_minor(draft.state, case, command.step) if command.money is None else command.money.minor


def bearer(case: CaseState, command: TakeCaseStep) -> Party:
    """Who bears it: who is named, who was found to be at fault, or who usually is in cases of the kind."""
    if command.party is not None:
        return command.party
    if case.party is not None:
        return case.party
    return _USUAL.get((case.kind, case.stage), Party.HOUSE)


_USUAL: Final = {
    (CaseKind.QUALITY, CaseStage.AGREED): Party.MERCHANT,
    (CaseKind.ITEMS_DO_NOT_MATCH, CaseStage.OPEN): Party.MERCHANT,
    (CaseKind.MERCHANT_SILENT, CaseStage.OPEN): Party.NOBODY,
    (CaseKind.CANCELLATION, CaseStage.OPEN): Party.NOBODY,
}
