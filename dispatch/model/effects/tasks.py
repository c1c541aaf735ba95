"""How a rider's list of tasks changes."""

from __future__ import annotations

from collections.abc import Iterable

from dispatch.model.order import OrderId
from dispatch.model.rider import Task, TaskKind
from dispatch.model.state import RiderState
from dispatch.model.stops import both_tasks
from dispatch.units import Instant


def with_orders(rider: RiderState, order_ids: Iterable[OrderId]) -> RiderState:
    """The rider with pickup and drop-off of these orders after everything else."""
    tasks = [*rider.tasks]
    for order_id in order_ids:
        tasks.extend(both_tasks(order_id))
    return rider._replace(tasks=tuple(tasks), version=rider.version + 1)


def without_order(rider: RiderState, order_id: OrderId) -> RiderState:
    """The rider without any task of the order."""
    return _with_tasks(rider, tuple([task for task in rider.tasks if task.order_id != order_id]))


def after_task(rider: RiderState, order_id: OrderId, kind: TaskKind, busy_until: Instant) -> RiderState:
    """The rider with one task done, and busy with it until then."""
    tasks = tuple([task for task in rider.tasks if task.order_id != order_id or task.kind is not kind])
    return rider._replace(
        tasks=tasks,
        depart_at=_depart_at(rider, tasks),
        busy_until=max(rider.busy_until, busy_until),
        version=rider.version + 1,
    )


def task_again(rider: RiderState, order_id: OrderId, kind: TaskKind, *, here: bool) -> RiderState:
    """The rider with a task still to be done that had been taken for done: first where it is ``here``, else last."""
    again = both_tasks(order_id) if kind is TaskKind.PICKUP else (Task(order_id, kind),)
    others = tuple(task for task in rider.tasks if task not in again)
    tasks = (*again, *others) if here else (*others, *again)
    return rider._replace(tasks=tasks, depart_at=None, version=rider.version + 1)


def back_to_merchant(rider: RiderState, order_id: OrderId) -> RiderState:
    """The rider with the order's return in the place of its drop-off."""
    dropoff = Task(order_id, TaskKind.DROPOFF)
    back = Task(order_id, TaskKind.RETURN)
    return _with_tasks(rider, tuple(back if task == dropoff else task for task in rider.tasks))


def _with_tasks(rider: RiderState, tasks: tuple[Task, ...]) -> RiderState:
    return rider._replace(tasks=tasks, depart_at=_depart_at(rider, tasks), version=rider.version + 1)


def _depart_at(rider: RiderState, tasks: tuple[Task, ...]) -> Instant | None:
    # A time to leave was meant for the first stop; for another one it says nothing.
    return rider.depart_at if tasks and tasks[0] is rider.tasks[0] else None
