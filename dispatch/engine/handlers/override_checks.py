"""What an override needs before it counts, and how it is put into words."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.engine.draft import Draft
from dispatch.errors import ConflictError, InvalidInputError, Issue
from dispatch.model.commands import MakeOverride
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.override import NEEDS, OverrideId, OverrideKind
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, OrderState

_BEFORE_PICKUP = (
    OverrideKind.ASSIGN,
    OverrideKind.REASSIGN,
    OverrideKind.UNASSIGN,
    OverrideKind.PIN,
    OverrideKind.HOLD,
    OverrideKind.BAR,
    OverrideKind.SPLIT,
)
_ON_BOARD = (DispatchStatus.CARRIED, DispatchStatus.RETURNING)
_OF_MERCHANTS = (OverrideKind.BAR, OverrideKind.UNBAR)
_FROM_WHO_HAS_IT = (OverrideKind.UNASSIGN, OverrideKind.PIN, OverrideKind.SPLIT)


def checked(draft: Draft, command: MakeOverride) -> tuple[OrderState | None, RiderId | None]:
    """The order concerned, if any, and the rider, if any: the one named, else the one who has the order.

    Raises InvalidInputError with all that is missing, NotFoundError, and ConflictError where it cannot be done now.
    """
    issues = tuple(_issues(command))
    if issues:
        raise InvalidInputError(f"override {command.kind.value}", issues)
    state = draft.state
    if command.rider_id is not None:
        state.rider(command.rider_id)
    if command.merchant_id is not None:
        state.merchant(command.merchant_id)
    if command.order_id is None:
        return None, command.rider_id
    order = state.order(command.order_id)
    kind = command.kind
    if kind is OverrideKind.UNDO and command.undoes is not None:
        kind = state.overrides[command.undoes].kind
    _check_stage(kind, order)
    rider_id = command.rider_id
    if rider_id is None and command.kind in _FROM_WHO_HAS_IT:
        rider_id = _who_has(state, order)
        if rider_id is None:
            cause = f"Nobody has order {command.order_id}."
            raise ConflictError(cause, "Name a rider, or leave it to the optimizer.", code="nobody_has_it")
    _check_rider(state, command, order, rider_id)
    _check_hold(draft, command, order)
    return order, rider_id


def in_words(
    state: MarketState, command: MakeOverride, order: OrderState | None, rider_id: RiderId | None
) -> tuple[str, str]:
    """What was so before the override, and what is so after it."""
    kind = command.kind
    if kind is OverrideKind.UNDO:
        undone = state.overrides[OverrideId(command.undoes or "")]
        return undone.after, f"as before {undone.id}: {undone.before}"
    until = "" if command.until is None else f" until {command.until}"
    if order is None:
        if kind in _OF_MERCHANTS:
            return "", f"rider {rider_id} {kind.value}red for merchant {command.merchant_id}"
        return "", f"rider {rider_id} {'paused' if kind is OverrideKind.PAUSE_RIDER else 'resumed'}{until}"
    who = _who_has(state, order)
    before = order.dispatch.value if who is None else f"{order.dispatch.value} {who}"
    words = {
        OverrideKind.ASSIGN: (before, f"assigned {rider_id}, pinned{until}"),
        OverrideKind.REASSIGN: (before, f"assigned {rider_id}, pinned{until}"),
        OverrideKind.UNASSIGN: (before, f"open, {rider_id} barred"),
        OverrideKind.SPLIT: (before, f"open, {rider_id} barred"),
        OverrideKind.PIN: (f"pinned to {order.pinned_to}", f"pinned to {rider_id}{until}"),
        OverrideKind.UNPIN: (f"pinned to {order.pinned_to}", "not pinned"),
        OverrideKind.HOLD: (before, f"held{until}"),
        OverrideKind.RELEASE: (before, "open"),
        OverrideKind.PRIORITISE: (f"priority {order.priority}", f"priority {command.priority}"),
    }
    return words.get(kind, (before, f"{rider_id} {kind.value}red"))


def _issues(command: MakeOverride) -> Iterator[Issue]:
    if not command.text.strip():
        yield Issue("text_missing", "the text is blank", "Say in a few words why.", field="text")
    for name in NEEDS[command.kind]:
        if getattr(command, name) is None:
            yield Issue("field_missing", f"{command.kind.value} needs {name}", f"Give {name}.", field=name)
    if command.priority is not None and command.priority < 0:
        # A negative one would make lateness a gain.
        cause = f"priority is {command.priority}, less than 0"
        yield Issue("priority_negative", cause, "Give 0 for none, 1 and more for urgent.", field="priority")
    if command.kind in _OF_MERCHANTS and (command.order_id is None) == (command.merchant_id is None):
        cause = f"{command.kind.value} is about either an order or a merchant"
        yield Issue("order_or_merchant", cause, "Give one of order_id and merchant_id.", field="order_id")
    about_rider = command.kind in (OverrideKind.PAUSE_RIDER, OverrideKind.RESUME_RIDER)
    if about_rider and command.order_id is not None:
        yield Issue("field_unknown", f"{command.kind.value} is about a rider", "Leave order_id out.", field="order_id")


def _check_stage(kind: OverrideKind, order: OrderState) -> None:
    order_id = order.order.id
    if order.over or order.dispatch is DispatchStatus.NOT_NEEDED:
        cause = f"Order {order_id} is {order.status.value}; there is nothing to decide about its dispatch."
        raise ConflictError(cause, "Look at the order again.", code="order_over")
    if kind in _BEFORE_PICKUP and order.dispatch in _ON_BOARD:
        cause = f"Order {order_id} is on board of rider {order.rider_id}."
        raise ConflictError(cause, "Open a case: it has to be delivered, handed over or returned.", code="on_board")


def _check_rider(state: MarketState, command: MakeOverride, order: OrderState, rider_id: RiderId | None) -> None:
    if rider_id is None:
        return
    kind = command.kind
    if kind in (OverrideKind.ASSIGN, OverrideKind.REASSIGN) and state.rider(rider_id).shift is None:
        raise ConflictError(f"Rider {rider_id} is not on shift.", "Start the shift, or name another rider.")
    who = _who_has(state, order)
    if kind in (OverrideKind.UNASSIGN, OverrideKind.SPLIT) and who != rider_id:
        raise ConflictError(f"Rider {rider_id} does not have order {order.order.id}.", "Leave the rider out.")
    if kind is OverrideKind.SPLIT and not _others_of(state, order, rider_id):
        cause = f"Rider {rider_id} has no other order together with {order.order.id}."
        raise ConflictError(cause, "Unassign it, or reassign it.", code="nothing_to_split")
    if kind is OverrideKind.PIN and order.rider_id not in (None, rider_id):
        cause = f"Order {order.order.id} is with rider {order.rider_id}."
        raise ConflictError(cause, "Reassign it: that pins it, too.", code="with_another")


def _others_of(state: MarketState, order: OrderState, rider_id: RiderId) -> set[OrderId]:
    """Other orders that the rider has, or is offered together with this one."""
    offer = None if order.offer_id is None else state.offer(order.offer_id)
    offered = () if offer is None or offer.rider_id != rider_id else offer.order_ids
    return {*(task.order_id for task in state.rider(rider_id).tasks), *offered} - {order.order.id}


def _check_hold(draft: Draft, command: MakeOverride, order: OrderState) -> None:
    if command.kind is OverrideKind.RELEASE and not order.held(draft.now):
        raise ConflictError(f"Nobody holds order {order.order.id} back.", "Nothing to release.", code="not_held")


def _who_has(state: MarketState, order: OrderState) -> RiderId | None:
    """The rider who has the order, else the one who has been asked."""
    if order.rider_id is None and order.offer_id is not None:
        return state.offer(order.offer_id).rider_id
    return order.rider_id
