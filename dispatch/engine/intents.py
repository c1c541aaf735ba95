"""From a plan to what is done about it: who is asked now, who keeps waiting and why, what changes hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

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

_SPARE: Final = 1000
"""So many more tasks of a kind may be remembered than a plan's orders need."""

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
    """Tasks that were named before, so that they need not be made and compared again in each tick."""

    def __init__(self) -> None:
        self._known: dict[OrderId, tuple[Task, Task]] = {}
        self._returns: dict[OrderId, tuple[Task, Task]] = {}

    def of(self, order_id: OrderId, returning: bool) -> tuple[Task, Task]:
        """The order's tasks, at PICKUP and at DROPOFF; of food on its way back the latter is the return."""
        known = self._returns if returning else self._known
        found = known.get(order_id)
        if found is None:
            last = TaskKind.RETURN if returning else TaskKind.DROPOFF
            found = known[order_id] = (Task(order_id, TaskKind.PICKUP), Task(order_id, last))
        return found

    def keep(self, most: int) -> None:
        """Forget all of them where there are more than ``most`` of a kind."""
        for known in (self._known, self._returns):
            if len(known) > most:
                known.clear()


def sequences_of(problem: Problem, plan: Plan, state: MarketState, memo: TaskMemo) -> dict[RiderId, Sequence]:
    """The plan's routes in the words of the model; riders with nothing to do are left out."""
    start, kinds, orders = plan.routes.start.tolist(), plan.routes.kind.tolist(), plan.routes.order.tolist()
    returning, ids, known = DispatchStatus.RETURNING, problem.order_ids, state.orders
    of_order = [memo.of(name, known[name].dispatch is returning) for name in map(OrderId, ids)]
    tasks = tuple([of_order[order][kind] for order, kind in zip(orders, kinds, strict=True)])
    leave = tuple(plan.depart_at.tolist())
    memo.keep(2 * len(ids) + _SPARE)
    return {
        RiderId(problem.rider_ids[rider]): Sequence(
            tasks[start[rider] : start[rider + 1]], leave[start[rider] : start[rider + 1]]
        )
        for rider in np.flatnonzero(np.diff(plan.routes.start)).tolist()
    }


def planned_of(problem: Problem, sequences: Mapping[RiderId, Sequence]) -> Planned:
    """What the next snapshot starts from: the tasks of every rider whom the plan knows."""
    planned: dict[RiderId, tuple[Task, ...]] = dict.fromkeys(map(RiderId, problem.rider_ids), ())
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
            routes.extend(_told(state, rider, sequence.tasks, sequence.depart_at[0]))
            continue
        share = _share(state, rider, sequence, now, loop, loop.commit_s + ask_early_s(rider_id))
        tasks, depart_at = _part(sequence, share.given)
        for order_id in share.new:
            if state.orders[order_id].rider_id is not None:
                leaving[order_id] = UnassignReason.BETTER_RIDER
        if share.new:
            offers.append(OfferIntent(rider_id=rider_id, order_ids=tuple(share.new), tasks=tasks, depart_at=depart_at))
        else:
            routes.extend(_told(state, rider, tasks, depart_at))
        holds.extend(share.holds)
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


class _Share(NamedTuple):
    """What becomes of a rider's planned orders.

    given: those that are the rider's when this is done. new: those of them that are not yet. holds: of the others, what
    has not been said of them before.
    """

    given: set[OrderId]
    new: list[OrderId]
    holds: list[HoldIntent]


def _share(
    state: MarketState, rider: RiderState, sequence: Sequence, now: Instant, loop: LoopParams, commit_s: Seconds
) -> _Share:
    """Sort the orders of a sequence: each is due by its first task, as no later leg begins sooner."""
    share, rider_id, due_before = _Share(set(), [], []), rider.rider.id, now + commit_s
    here = rider.shift is not None  # else only planned with
    seen: set[OrderId] = set()
    for task, depart_at in zip(*sequence, strict=True):
        order_id = task.order_id
        if order_id in seen:
            continue
        seen.add(order_id)
        order = state.orders[order_id]
        if here and (order.rider_id == rider_id or order.dispatch in _CARRIED):
            share.given.add(order_id)
        elif here and order.offer_id is None and _is_due(order, depart_at, due_before, now, loop):
            share.given.add(order_id)
            share.new.append(order_id)
        elif order.dispatch in _WAITING and (order.verdict != _PLANNED or order.planned_rider_id != rider_id):
            hold = HoldIntent(order_id=order_id, verdict=_PLANNED, until=depart_at, planned_rider_id=rider_id)
            share.holds.append(hold)
    return share


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


def _told(
    state: MarketState, rider: RiderState, tasks: tuple[Task, ...], depart_at: Instant | None
) -> Iterator[RouteIntent]:
    """What the rider has to be told of the route, if anything."""
    if _differs(rider, tasks, depart_at) and not _on_loan(state, rider):
        yield RouteIntent(rider_id=rider.rider.id, tasks=tasks, depart_at=depart_at)
