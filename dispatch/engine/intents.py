"""From a plan to what is done about it: who is asked now, who keeps waiting and why, what changes hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatch.engine.policy import LoopParams
from dispatch.engine.snapshot import Planned
from dispatch.model.commands import ApplyPlan, HoldIntent, OfferIntent, RouteIntent
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId, Task, TaskKind
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import PICKUP, Problem
from dispatch.units import Instant, Seconds

_WAITING = (DispatchStatus.OPEN, DispatchStatus.HELD)
_GIVEN = (DispatchStatus.ASSIGNED, DispatchStatus.UNDER_WAY)
_CARRIED = (DispatchStatus.CARRIED, DispatchStatus.RETURNING)

_SPARE: Final = 1000
"""So many more tasks of a kind may be remembered than a plan's orders need."""

AskEarly = Callable[[RiderId], Seconds]
"""How much earlier than usual a rider is asked, because the answer may be no."""


def on_time(rider_id: RiderId) -> Seconds:
    """Nobody is asked earlier than usual."""
    return 0


@dataclass(frozen=True, slots=True)
class Sequence:
    """A rider's planned tasks, with the instant at which the leg to each has to begin."""

    tasks: tuple[Task, ...]
    depart_at: tuple[Instant, ...]


class TaskMemo:
    """Tasks that were named before, so that they need not be made and compared again in each tick."""

    def __init__(self) -> None:
        self._known: dict[TaskKind, dict[OrderId, Task]] = {kind: {} for kind in TaskKind}

    def of(self, order_id: OrderId, kind: TaskKind) -> Task:
        """The task."""
        found = self._known[kind].get(order_id)
        if found is None:
            found = self._known[kind][order_id] = Task(order_id, kind)
        return found

    def keep(self, most: int) -> None:
        """Forget all of them where there are more than ``most`` of a kind."""
        for known in self._known.values():
            if len(known) > most:
                known.clear()


def sequences_of(problem: Problem, plan: Plan, state: MarketState, memo: TaskMemo) -> dict[RiderId, Sequence]:
    """The plan's routes in the words of the model; riders with nothing to do are left out."""
    start, kinds, orders = plan.routes.start.tolist(), plan.routes.kind.tolist(), plan.routes.order.tolist()
    ids = problem.order_ids
    names = [OrderId(ids[order]) for order in orders]
    tasks = [memo.of(name, _kind(state, name, kind)) for name, kind in zip(names, kinds, strict=True)]
    leave = plan.depart_at.tolist()
    memo.keep(2 * len(ids) + _SPARE)
    return {
        RiderId(problem.rider_ids[rider]): Sequence(
            tuple(tasks[start[rider] : start[rider + 1]]), tuple(leave[start[rider] : start[rider + 1]])
        )
        for rider in np.flatnonzero(np.diff(plan.routes.start)).tolist()
    }


def _kind(state: MarketState, order_id: OrderId, kind: int) -> TaskKind:
    if kind == PICKUP:
        return TaskKind.PICKUP
    returning = state.orders[order_id].dispatch is DispatchStatus.RETURNING
    return TaskKind.RETURN if returning else TaskKind.DROPOFF


def planned_of(problem: Problem, sequences: Mapping[RiderId, Sequence]) -> Planned:
    """What the next snapshot starts from: the tasks of every rider whom the plan knows."""
    planned: dict[RiderId, tuple[Task, ...]] = {RiderId(rider): () for rider in problem.rider_ids}
    planned.update((rider, sequence.tasks) for rider, sequence in sequences.items())
    return planned


def intents(
    state: MarketState,
    problem: Problem,
    plan: Plan,
    sequences: Mapping[RiderId, Sequence],
    loop: LoopParams,
    tick: int,
    ask_early_s: AskEarly = on_time,
) -> ApplyPlan:
    """What the plan asks of the market now; offers and moves of orders, new sequences, and reasons to wait."""
    now = problem.now
    offers: list[OfferIntent] = []
    routes: list[RouteIntent] = []
    leaving: dict[OrderId, UnassignReason] = {}
    holds: list[HoldIntent] = []
    for rider_id, sequence in sequences.items():
        rider = state.riders[rider_id]
        if sequence.tasks == rider.tasks:  # all of it is the rider's already
            if sequence.depart_at[0] != rider.depart_at and not _on_loan(state, rider):
                routes.extend(_told(rider, sequence.tasks, sequence.depart_at[0]))
            continue
        given, new = _to_give(state, rider, sequence, now, loop, loop.commit_s + ask_early_s(rider_id))
        tasks = tuple(task for task in sequence.tasks if task.order_id in given)
        depart_at = next(
            (at for task, at in zip(sequence.tasks, sequence.depart_at, strict=True) if task.order_id in given), None
        )
        for order_id in new:
            if state.orders[order_id].rider_id is not None:
                leaving[order_id] = UnassignReason.BETTER_RIDER
        if new:
            offers.append(OfferIntent(rider_id=rider_id, order_ids=tuple(new), tasks=tasks, depart_at=depart_at))
        elif not _on_loan(state, rider):
            routes.extend(_told(rider, tasks, depart_at))
        holds.extend(_waiting(state, sequence, given, rider_id))
    for number in np.flatnonzero(plan.verdict != Verdict.PLANNED).tolist():
        order = state.orders[OrderId(problem.order_ids[number])]
        verdict = Verdict(int(plan.verdict[number])).name.lower()
        if order.dispatch in _GIVEN:
            leaving[order.order.id] = UnassignReason.REPLANNED
        holds.append(HoldIntent(order_id=order.order.id, verdict=verdict))
    return ApplyPlan(
        tick=tick,
        offers=tuple(offers),
        unassign=tuple(leaving.items()),
        routes=tuple(routes),
        holds=tuple(holds),
        offer_s=loop.offer_s,
        planned=int((plan.verdict == Verdict.PLANNED).sum()),
        held=int((plan.verdict != Verdict.PLANNED).sum()),
        cost=plan.cost,
        problem_orders=problem.order_count,
        problem_riders=problem.rider_count,
    )


def _to_give(
    state: MarketState, rider: RiderState, sequence: Sequence, now: Instant, loop: LoopParams, commit_s: Seconds
) -> tuple[set[OrderId], list[OrderId]]:
    """(orders that are the rider's when this is done, those of them that are not yet)."""
    given: set[OrderId] = set()
    new: list[OrderId] = []
    if rider.shift is None:  # planned with, but not here yet
        return given, new
    for task, depart_at in zip(sequence.tasks, sequence.depart_at, strict=True):
        order = state.orders[task.order_id]
        if task.order_id in given or not _is_due(order, rider, depart_at, now, loop, commit_s):
            continue
        given.add(task.order_id)
        if not _has(rider, order):
            new.append(task.order_id)
    return given, new


def _has(rider: RiderState, order: OrderState) -> bool:
    return order.dispatch in _CARRIED or order.rider_id == rider.rider.id


def _is_due(
    order: OrderState, rider: RiderState, depart_at: Instant, now: Instant, loop: LoopParams, commit_s: Seconds
) -> bool:
    """Whether the order has to be with the rider when this is done."""
    if _has(rider, order):
        return True
    if order.offer_id is not None:
        return False
    return order.dispatch in _GIVEN or depart_at < now + commit_s or _is_old(order, now, loop)


def _is_old(order: OrderState, now: Instant, loop: LoopParams) -> bool:
    return now - order.order.placed_at >= loop.commit_age_s


def _on_loan(state: MarketState, rider: RiderState) -> bool:
    """Whether another rider is asked to take over an order: the route stays as it is until the answer."""
    return any(state.orders[task.order_id].offer_id is not None for task in rider.tasks)


def _differs(rider: RiderState, tasks: tuple[Task, ...], depart_at: Instant | None) -> bool:
    """Whether the rider has to be told: another order of tasks, or another time to leave while still standing."""
    if rider.tasks != tasks:
        return True
    return rider.leg is None and rider.depart_at is not None and rider.depart_at != depart_at


def _told(rider: RiderState, tasks: tuple[Task, ...], depart_at: Instant | None) -> Iterator[RouteIntent]:
    """What the rider has to be told of the route, if anything."""
    if _differs(rider, tasks, depart_at):
        yield RouteIntent(rider_id=rider.rider.id, tasks=tasks, depart_at=depart_at)


def _waiting(state: MarketState, sequence: Sequence, given: set[OrderId], rider_id: RiderId) -> list[HoldIntent]:
    """Planned orders whose rider need not leave yet."""
    return [
        HoldIntent(
            order_id=task.order_id, verdict=Verdict.PLANNED.name.lower(), until=depart_at, planned_rider_id=rider_id
        )
        for task, depart_at in zip(sequence.tasks, sequence.depart_at, strict=True)
        if task.kind is TaskKind.PICKUP
        and task.order_id not in given
        and state.orders[task.order_id].dispatch in _WAITING
    ]
