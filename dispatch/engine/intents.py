"""From a plan to what is done about it: who is asked now, who keeps waiting and why, what changes hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import compress, count
from typing import Final, NamedTuple, cast

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
from dispatch.solver.problem import Problem
from dispatch.units import Instant, Seconds

_WAITING = (DispatchStatus.OPEN, DispatchStatus.HELD)
_GIVEN = (DispatchStatus.ASSIGNED, DispatchStatus.UNDER_WAY)
_CARRIED = (DispatchStatus.CARRIED, DispatchStatus.RETURNING)
_PLANNED: Final = Verdict.PLANNED.name.lower()

AskEarly = Callable[[RiderId], Seconds]
"""How much earlier than usual a rider is asked, because the answer may be no."""


def on_time(rider_id: RiderId) -> Seconds:
    """Nobody is asked earlier than usual."""
    return 0


class Sequence(NamedTuple):
    """A rider's planned tasks, with the instant at which the leg to each has to begin."""

    tasks: tuple[Task, ...]
    depart_at: tuple[Instant, ...]


class TaskMemo:
    """The tasks that the last plan named, so that they need not be made again, and compare at once, in the next one."""

    def __init__(self) -> None:
        self._known: dict[OrderId, tuple[Task, Task]] = {}

    def of(self, names: tuple[OrderId, ...], orders: Mapping[OrderId, OrderState]) -> list[tuple[Task, Task]]:
        """Each order's tasks, at PICKUP and at DROPOFF; of food on its way back the latter is the return."""
        returning = DispatchStatus.RETURNING
        found = [known or _tasks(name, False) for name, known in zip(names, map(self._known.get, names), strict=True)]
        self._known = dict(zip(names, found, strict=True))
        for at in compress(count(), [orders[name].dispatch is returning for name in names]):
            found[at] = _tasks(names[at], True)
        return found


def _tasks(order_id: OrderId, returning: bool) -> tuple[Task, Task]:
    last = TaskKind.RETURN if returning else TaskKind.DROPOFF
    return Task(order_id, TaskKind.PICKUP), Task(order_id, last)


def sequences_of(problem: Problem, plan: Plan, state: MarketState, memo: TaskMemo) -> dict[RiderId, Sequence]:
    """The plan's routes in the words of the model; riders with nothing to do are left out."""
    start, kinds, orders = plan.routes.start.tolist(), plan.routes.kind.tolist(), plan.routes.order.tolist()
    of_order = memo.of(cast("tuple[OrderId, ...]", problem.order_ids), state.orders)
    riders = cast("tuple[RiderId, ...]", problem.rider_ids)
    tasks = tuple([of_order[order][kind] for order, kind in zip(orders, kinds, strict=True)])
    leave = tuple(plan.depart_at.tolist())
    spans = zip(riders, start, start[1:], strict=False)
    return {rider: Sequence(tasks[first:end], leave[first:end]) for rider, first, end in spans if first < end}


def planned_of(problem: Problem, sequences: Mapping[RiderId, Sequence]) -> Planned:
    """What the next snapshot starts from: the tasks of every rider whom the plan knows."""
    planned: dict[RiderId, tuple[Task, ...]] = dict.fromkeys(cast("tuple[RiderId, ...]", problem.rider_ids), ())
    planned.update({rider: sequence.tasks for rider, sequence in sequences.items()})
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
        rider, tasks = state.riders[rider_id], sequence.tasks
        depart_at: Instant | None = sequence.depart_at[0]
        new: list[OrderId] = []
        if tasks != rider.tasks:  # else all of it is the rider's already
            commit_s = loop.commit_s + ask_early_s(rider_id)
            given, new, waiting = _share(state, rider, sequence, now, loop, commit_s)
            tasks, depart_at = _part(sequence, given)
            holds += waiting
        if new:
            leaving |= {name: UnassignReason.BETTER_RIDER for name in new if state.orders[name].rider_id is not None}
            offers.append(OfferIntent(rider_id=rider_id, order_ids=tuple(new), tasks=tasks, depart_at=depart_at))
        elif _differs(rider, tasks, depart_at) and not _on_loan(state, rider):
            routes.append(RouteIntent(rider_id=rider_id, tasks=tasks, depart_at=depart_at))
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


def _share(
    state: MarketState, rider: RiderState, sequence: Sequence, now: Instant, loop: LoopParams, commit_s: Seconds
) -> tuple[set[OrderId], list[OrderId], list[HoldIntent]]:
    """(orders that are the rider's when this is done, those of them that are not yet, what is new of the others).

    An order is due by its first task: no later leg begins sooner.
    """
    given: set[OrderId] = set()
    seen: set[OrderId] = set()
    new: list[OrderId] = []
    holds: list[HoldIntent] = []
    rider_id, here, due_before = rider.rider.id, rider.shift is not None, now + commit_s
    for task, depart_at in zip(*sequence, strict=True):
        order_id = task.order_id
        if order_id in seen:
            continue
        seen.add(order_id)
        order = state.orders[order_id]
        if here and (order.rider_id == rider_id or order.dispatch in _CARRIED):
            given.add(order_id)
        elif here and order.offer_id is None and _is_due(order, depart_at, due_before, now, loop):
            given.add(order_id)
            new.append(order_id)
        elif order.dispatch in _WAITING and (order.verdict != _PLANNED or order.planned_rider_id != rider_id):
            hold = HoldIntent(order_id=order_id, verdict=_PLANNED, until=depart_at, planned_rider_id=rider_id)
            holds.append(hold)
    return given, new, holds


def _is_due(order: OrderState, depart_at: Instant, due_before: Instant, now: Instant, loop: LoopParams) -> bool:
    """Whether an order that the rider does not have yet has to be given now."""
    return depart_at < due_before or order.dispatch in _GIVEN or now - order.order.placed_at >= loop.commit_age_s


def _part(sequence: Sequence, given: set[OrderId]) -> tuple[tuple[Task, ...], Instant | None]:
    """(the tasks of the orders given, when the leg to the first of them has to begin)."""
    if not given:
        return (), None
    some = [at for at, task in enumerate(sequence.tasks) if task.order_id in given]
    return tuple([sequence.tasks[at] for at in some]), sequence.depart_at[some[0]]


def _on_loan(state: MarketState, rider: RiderState) -> bool:
    """Whether another rider is asked to take over an order: the route stays as it is until the answer."""
    return any(state.orders[task.order_id].offer_id is not None for task in rider.tasks)


def _differs(rider: RiderState, tasks: tuple[Task, ...], depart_at: Instant | None) -> bool:
    """Whether the rider has to be told: another order of tasks, or another time to leave while still standing."""
    if rider.tasks != tasks:
        return True
    return rider.leg is None and rider.depart_at is not None and rider.depart_at != depart_at
