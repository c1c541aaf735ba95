"""A plan is put into effect, as far as the market still is what it was made for."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.offers import plan_route, withdraw, withdraw_beside
from dispatch.model.commands import ApplyPlan, HoldIntent, OfferIntent, WaitIntent
from dispatch.model.events import (
    OfferId,
    OfferMade,
    OrderAssigned,
    OrderHeld,
    OrderUnassigned,
    RiderSentAhead,
    TickDecided,
)
from dispatch.model.lifecycle import DispatchStatus, OfferStatus
from dispatch.model.order import OrderId
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId
from dispatch.model.state import OrderState, RiderState
from dispatch.model.stops import both_tasks, in_order
from dispatch.units import Seconds

WAITING = (DispatchStatus.OPEN, DispatchStatus.HELD)
"""Nobody has the order, and nobody has been asked."""

GIVEN = (DispatchStatus.ASSIGNED, DispatchStatus.UNDER_WAY)
"""A rider has the order, but not the food."""


def handle_plan(draft: Draft, command: ApplyPlan) -> None:
    """Decide what a plan leads to; what no longer fits is left out."""
    for offer_id in command.withdraw:
        offer = draft.state.offers.get(offer_id)
        if offer is not None and offer.status is OfferStatus.OPEN:
            withdraw(draft, offer_id, UnassignReason.REPLANNED)
    leaving = dict(command.unassign)
    fitting, refused = _sorted_out(draft, command.offers, leaving)
    # Who is asked may say no: until the answer, the order stays with the rider who has it.
    asked = set() if command.auto_accept else {order_id for intent in fitting for order_id in intent.order_ids}
    for order_id, reason in leaving.items():
        if order_id not in refused and order_id not in asked:
            _unassign(draft, order_id, reason)
    for intent in fitting:
        if command.auto_accept:
            _assign(draft, intent)
        else:
            offer_id = _offer(draft, intent, command.offer_s)
            _ask_beside(draft, command, intent, offer_id)
    for route in command.routes:
        if route.rider_id in draft.state.riders:
            plan_route(draft, route.rider_id, route.tasks, route.depart_at)
    for hold in command.holds:
        _hold(draft, hold)
    for wait in command.waits:
        _send_ahead(draft, wait)
    draft.add(
        TickDecided(
            tick=command.tick,
            record_id=command.record_id,
            planned=command.planned,
            held=command.held,
            cost=command.cost,
            problem_orders=command.problem_orders,
            problem_riders=command.problem_riders,
        )
    )


def _send_ahead(draft: Draft, wait: WaitIntent) -> None:
    rider = draft.state.riders.get(wait.rider_id)
    if rider is None or rider.shift is None or rider.leg is not None or rider.tasks or rider.offers:
        return
    if wait.place not in (rider.place, rider.wait_at) and not rider.paused(draft.now):
        draft.add(RiderSentAhead(rider_id=wait.rider_id, place=wait.place))


def _sorted_out(
    draft: Draft, intents: tuple[OfferIntent, ...], leaving: Mapping[OrderId, UnassignReason]
) -> tuple[list[OfferIntent], set[OrderId]]:
    """The intents that fit, and the orders of those that do not (unless another intent has them)."""
    fitting: list[OfferIntent] = []
    taken: set[OrderId] = set()
    for intent in intents:
        if taken.isdisjoint(intent.order_ids) and _fits(draft, intent, leaving):
            fitting.append(intent)
            taken.update(intent.order_ids)
    return fitting, {order_id for intent in intents for order_id in intent.order_ids} - taken


def _fits(draft: Draft, intent: OfferIntent, leaving: Mapping[OrderId, UnassignReason]) -> bool:
    rider = draft.state.riders.get(intent.rider_id)
    if rider is None or rider.shift is None or rider.paused(draft.now):
        return False
    if not _tasks_fit(intent):
        return False
    for order_id in intent.order_ids:
        order = draft.state.orders.get(order_id)
        if order is None:
            return False
        if not _may_have(draft, order, intent.rider_id, order_id in leaving):
            return False
    return True


def _tasks_fit(intent: OfferIntent) -> bool:
    """Whether every order comes once, with both of its tasks in their order."""
    order_ids, asked = intent.order_ids, set(intent.tasks)
    once = bool(order_ids) and len(set(order_ids)) == len(order_ids) and in_order(intent.tasks)
    return once and all(asked.issuperset(both_tasks(order_id)) for order_id in order_ids)


def _may_have(draft: Draft, order: OrderState, rider_id: RiderId, leaves: bool) -> bool:
    free = order.dispatch in WAITING and not order.held(draft.now) and not draft.state.unpaid(order.order.id)
    moving = leaves and order.rider_id != rider_id and _movable(draft, order)
    if not (free or moving):
        return False
    return order.pin(draft.now) in (None, rider_id) and rider_id not in draft.state.bars_of(order)


def _movable(draft: Draft, order: OrderState) -> bool:
    pin = order.pin(draft.now)
    return order.dispatch in GIVEN and order.offer_id is None and (pin is None or pin != order.rider_id)


def _unassign(draft: Draft, order_id: OrderId, reason: UnassignReason) -> None:
    order = draft.state.orders.get(order_id)
    if order is not None and order.rider_id is not None and _movable(draft, order):
        draft.add(OrderUnassigned(order_id=order_id, rider_id=order.rider_id, reason=reason))


def _assign(draft: Draft, intent: OfferIntent) -> None:
    withdraw_beside(draft, intent.rider_id)
    for order_id in intent.order_ids:
        draft.add(OrderAssigned(order_id=order_id, rider_id=intent.rider_id))
    plan_route(draft, intent.rider_id, intent.tasks, intent.depart_at)


def _ask_beside(draft: Draft, command: ApplyPlan, first: OfferIntent, offer_id: OfferId) -> None:
    """Put the orders to further riders, who have nothing to do and were asked for nothing else."""
    if any(draft.state.order(order_id).rider_id is not None for order_id in first.order_ids):
        return
    for intent in command.beside:
        rider = draft.state.riders.get(intent.rider_id)
        free = rider is not None and _idle(rider) and not rider.paused(draft.now)
        if free and intent.order_ids == first.order_ids and _tasks_fit(intent) and _willing(draft, intent):
            _offer(draft, intent, command.offer_s, beside=offer_id)


def _idle(rider: RiderState) -> bool:
    trouble = rider.problem is not None or rider.lost_at is not None
    return rider.shift is not None and not rider.tasks and not rider.offers and not trouble


def _willing(draft: Draft, intent: OfferIntent) -> bool:
    orders = [draft.state.order(order_id) for order_id in intent.order_ids]
    barred = any(intent.rider_id in draft.state.bars_of(order) | order.declined_by for order in orders)
    return not barred and all(order.pin(draft.now) in (None, intent.rider_id) for order in orders)


def _offer(draft: Draft, intent: OfferIntent, offer_s: Seconds, beside: OfferId | None = None) -> OfferId:
    if beside is None:
        withdraw_beside(draft, intent.rider_id)
    offer_id = OfferId(draft.next_name("offer"))
    draft.add(
        OfferMade(
            offer_id=offer_id,
            order_ids=intent.order_ids,
            rider_id=intent.rider_id,
            expires_at=draft.now + offer_s,
            tasks=intent.tasks,
            depart_at=intent.depart_at,
            beside=beside,
        )
    )
    return offer_id


def _hold(draft: Draft, intent: HoldIntent) -> None:
    order = draft.state.orders.get(intent.order_id)
    if order is None or order.dispatch not in WAITING or order.held(draft.now):
        return
    # The same reason tick after tick is one event, not hundreds.
    if (order.verdict, order.planned_rider_id) == (intent.verdict, intent.planned_rider_id):
        return
    draft.add(
        OrderHeld(
            order_id=intent.order_id,
            verdict=intent.verdict,
            until=intent.until,
            planned_rider_id=intent.planned_rider_id,
            help=intent.help,
        )
    )
