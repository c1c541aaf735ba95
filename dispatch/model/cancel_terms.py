"""What it costs a customer to cancel, by how far the order is; told before it is done."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from dispatch.model.care import CareRules
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.payment import AccountState
from dispatch.model.state import OrderState
from dispatch.units import Money


class Cancelling(StrEnum):
    """What happens when the customer cancels now."""

    AT_ONCE = "at_once"
    """It is off, and all money goes back."""
    CASE = "case"
    """Customer service and the merchant have a say."""
    TOO_LATE = "too_late"


class CancelTerms(NamedTuple):
    """What cancelling costs the customer now. ``least`` and ``most``: None where the order has no price.

    ``most`` is what the policy says; with the customer's agreement it may be another amount.
    """

    how: Cancelling
    least: Money | None
    most: Money | None


_POSSIBLE: Final = frozenset(
    {OrderStatus.PLACED, OrderStatus.ACCEPTED, OrderStatus.PREPARING, OrderStatus.READY, OrderStatus.PICKED_UP}
)
_MAY_BE_COOKED: Final = frozenset({OrderStatus.ACCEPTED, OrderStatus.PREPARING})


def borne_percent(rules: CareRules, status: OrderStatus, *, cooked: bool = False) -> int:
    """The share of the price that customers bear who change their mind; cooked: the merchant says that it is."""
    if status is OrderStatus.PICKED_UP:
        return rules.carried_percent
    return rules.cooked_percent if cooked or status is OrderStatus.READY else 0


def cancel_terms(order: OrderState, account: AccountState | None, rules: CareRules) -> CancelTerms:
    """What cancelling means for the customer at this moment."""
    if order.status not in _POSSIBLE:
        return CancelTerms(Cancelling.TOO_LATE, None, None)
    how = Cancelling.AT_ONCE if order.status is OrderStatus.PLACED else Cancelling.CASE
    if account is None:
        return CancelTerms(how, None, None)
    least = _part(account, borne_percent(rules, order.status))
    most = _part(account, borne_percent(rules, order.status, cooked=order.status in _MAY_BE_COOKED))
    return CancelTerms(how, least, most)


def _part(account: AccountState, percent: int) -> Money:
    """The part of the price that the customer bears, of what has not gone back already."""
    back = min(account.left_minor, account.total.minor - account.total.minor * percent // 100)
    return Money(account.left_minor - back, account.total.currency)
