"""Orders called off, and their money given back."""

from __future__ import annotations

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.offers import take_back_offer
from dispatch.model.actor import ActorKind
from dispatch.model.events import CaseId, OrderCancelled, RefundGranted
from dispatch.model.order import OrderId
from dispatch.model.reasons import CancelReason, Party, UnassignReason
from dispatch.units import Money


def call_off(
    draft: Draft,
    order_id: OrderId,
    by: ActorKind,
    reason: CancelReason,
    text: str = "",
    *,
    minor: int | None = None,
    party: Party = Party.NOBODY,
    case_id: CaseId | None = None,
) -> None:
    """Cancel an order and give ``minor`` of its price back: all that is left of it, if nothing is said.

    party: who caused it, and bears it if merchant or rider. Raises IllegalMove, NotFoundError.
    """
    take_back_offer(draft, order_id, UnassignReason.ORDER_GONE)
    draft.add(OrderCancelled(order_id=order_id, by=by, reason=reason, text=text))
    give_back(draft, order_id, minor, party, case_id, reason.value)


def give_back(
    draft: Draft, order_id: OrderId, minor: int | None, party: Party, case_id: CaseId | None, text: str
) -> None:
    """Grant a refund of ``minor``, or of all that is left; nothing where the order has no price, or nothing is left."""
    account = draft.state.accounts.get(order_id)
    if account is None:
        return
    minor = account.left_minor if minor is None else minor
    if minor > 0:
        draft.add(
            RefundGranted(
                order_id=order_id,
                refund_id=draft.next_name("refund"),
                amount=Money(minor, account.total.currency),
                party=party,
                case_id=case_id,
                text=text,
            )
        )
