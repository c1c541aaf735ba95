"""Disputes: the customer's bank takes money back at once, and decides later whose it is."""

from __future__ import annotations

from dispatch.model.effects.ledger import minor_of, moved, standing
from dispatch.model.events import DisputeEnded, PaymentDisputed
from dispatch.model.lifecycle import IllegalMove
from dispatch.model.payment import DISPUTED, Account, AccountState, Dispute, Refund, RefundStatus
from dispatch.units import Instant


def disputed(account: AccountState, event: PaymentDisputed | DisputeEnded, at: Instant) -> AccountState:
    """The account after one event of a dispute. Raises IllegalMove."""
    known = next((one for one in account.disputes if one.reference == event.reference), None)
    if isinstance(event, PaymentDisputed):
        return _opened(account, known, event, at)
    if known is None or known.won is not None:
        cause = f"Dispute {event.reference} of order {account.order_id} is not open."
        raise IllegalMove(cause, "Look at it in the gateway's dashboard.")
    return _ended(account, known, event, at)


def _opened(account: AccountState, known: Dispute | None, event: PaymentDisputed, at: Instant) -> AccountState:
    if known is not None:
        raise IllegalMove(f"Dispute {event.reference} is known already.", "Do not send it again.")
    dispute = Dispute(event.reference, minor_of(account, event.amount))
    if dispute.minor > account.disputable_minor:
        cause = f"Only {account.disputable_minor} of order {account.order_id} can be disputed, not {dispute.minor}."
        raise IllegalMove(cause, "Look at it in the gateway's dashboard.")
    account = account._replace(disputes=(*account.disputes, dispute))
    return moved(account, at, f"disputed {event.reference}", Account.RECEIPTS, Account.DISPUTES, dispute.minor)


def _ended(account: AccountState, known: Dispute, event: DisputeEnded, at: Instant) -> AccountState:
    disputes = tuple(one._replace(won=event.won) if one is known else one for one in account.disputes)
    account = account._replace(disputes=disputes)
    if event.won:
        return moved(account, at, f"won {event.reference}", Account.DISPUTES, Account.RECEIPTS, known.minor)
    # The customer has the money already: nothing is left of it to give back, and the house bears it.
    refund = Refund(f"{DISPUTED}{event.reference}", known.minor, at, RefundStatus.SETTLED, event.reference)
    account = account._replace(refunds=(*account.refunds, refund))
    return standing(moved(account, at, f"lost {event.reference}", Account.DISPUTES, Account.GOODWILL, known.minor))
