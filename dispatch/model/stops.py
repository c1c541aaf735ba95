"""From a rider's tasks to stops, and back to an order that makes sense after things have changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dispatch.model.lifecycle import TaskStatus
from dispatch.model.order import Order, OrderId
from dispatch.model.place import Place
from dispatch.model.rider import Stop, Task, TaskKind
from dispatch.model.state import OrderState


def task_place(order: Order, kind: TaskKind) -> Place:
    """Where a task is done. Raises ValueError for the drop-off of an order that has none."""
    if kind is not TaskKind.DROPOFF:
        return order.pickup
    if order.dropoff is None:
        raise ValueError(f"order {order.id} is fetched by its customer; it has no drop-off")
    return order.dropoff


def task_status(order: OrderState, kind: TaskKind) -> TaskStatus:
    """How far the order's task of that kind is."""
    if kind is TaskKind.PICKUP:
        return order.pickup_task
    return order.dropoff_task if kind is TaskKind.DROPOFF else order.return_task


def first_stop(tasks: Sequence[Task], orders: Mapping[OrderId, OrderState]) -> Stop | None:
    """The stop that the first tasks make: one drop-off, or all pickups (returns) in a row at one merchant's place."""
    if not tasks:
        return None
    first = tasks[0]
    order = orders[first.order_id].order
    place = task_place(order, first.kind)
    if first.kind is TaskKind.DROPOFF:
        return Stop(place, (first,))
    length = 1
    for task in tasks[1:]:
        other = orders[task.order_id].order
        if task.kind is not first.kind or other.merchant_id != order.merchant_id or other.pickup != place:
            break
        length += 1
    return Stop(place, tuple(tasks[:length]))


def stops_of(tasks: Sequence[Task], orders: Mapping[OrderId, OrderState]) -> tuple[Stop, ...]:
    """All stops of a sequence of tasks."""
    stops: list[Stop] = []
    done = 0
    while (stop := first_stop(tasks[done:], orders)) is not None:
        stops.append(stop)
        done += len(stop.tasks)
    return tuple(stops)


def both_tasks(order_id: OrderId) -> tuple[Task, Task]:
    """Pickup and drop-off of an order."""
    return Task(order_id, TaskKind.PICKUP), Task(order_id, TaskKind.DROPOFF)


def reconciled(wanted: Sequence[Task], present: Sequence[Task]) -> tuple[Task, ...]:
    """The tasks of ``present``, in the order ``wanted`` some time ago.

    What was done or taken away meanwhile falls out; what came meanwhile goes to the end, in its present order.
    """
    left = {(task.order_id, task.kind): task for task in present}
    kept = [left.pop((task.order_id, task.kind)) for task in wanted if (task.order_id, task.kind) in left]
    return (*kept, *left.values())


def in_order(tasks: Collection[Task]) -> bool:
    """Whether no task comes twice and no order is dropped off or returned before its pickup."""
    begun: set[OrderId] = set()
    finished: set[OrderId] = set()
    for task in tasks:
        done = begun if task.kind is TaskKind.PICKUP else finished
        if task.order_id in done or task.order_id in finished:
            return False
        done.add(task.order_id)
    return True


def same_tasks(one: Collection[Task], other: Collection[Task]) -> bool:
    """Whether both have the same tasks, in whatever order."""
    if len(one) != len(other):
        return False
    return {(task.order_id, task.kind) for task in one} == {(task.order_id, task.kind) for task in other}
