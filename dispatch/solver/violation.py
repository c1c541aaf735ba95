"""What can be wrong with a plan, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatch.solver.problem import PICKUP, Problem


class ViolationCode(StrEnum):
    """What a plan does that it must not. Codes are stable: they are counted and stored."""

    MALFORMED = "malformed"
    """An array has the wrong type, shape or range; nothing else was looked at."""
    TASK_REPEATED = "task_repeated"
    """A pickup or drop-off is there more than once."""
    TASK_MISSING = "task_missing"
    """An order is picked up and not dropped off, or the reverse."""
    ORDER_SPLIT = "order_split"
    """One rider picks the order up and another one drops it off."""
    DROPOFF_FIRST = "dropoff_first"
    """The drop-off comes before the pickup."""
    PICKUP_ON_BOARD = "pickup_on_board"
    """An order that is on board already is to be picked up."""
    HELD_LOST = "held_lost"
    """An order that is fixed or on board is in no route."""
    HELD_MOVED = "held_moved"
    """An order that is fixed or on board is with another rider."""
    FROZEN_CHANGED = "frozen_changed"
    """The leading tasks that must stay as they are did not."""
    VERDICT_WRONG = "verdict_wrong"
    """The verdict says planned of an order in no route, or something else of an order in a route."""
    TIMES_WRONG = "times_wrong"
    """A time is not the one that follows from the route."""
    NOT_ACCEPTING = "not_accepting"
    """A rider who takes no new orders is given one."""
    VEHICLE = "vehicle"
    """The rider's vehicle may not carry the order."""
    ZONE = "zone"
    """The rider works in none of the order's zones."""
    BARRED = "barred"
    """The rider is barred from the order."""
    CAPACITY = "capacity"
    """More is on board than fits."""
    ORDERS_ON_BOARD = "orders_on_board"
    """More orders are on board at once than the rules allow."""
    MERCHANTS_MIXED = "merchants_mixed"
    """Something is picked up while the bag is not empty, where the rules ask for one merchant on board."""
    PICKUP_AFTER_SHIFT = "pickup_after_shift"
    """A pickup happens after the end of the rider's shift."""
    TOO_MANY_TASKS = "too_many_tasks"
    """The route has more tasks than the rules allow."""
    UNREACHABLE = "unreachable"
    """There is no way to a stop."""
    FOOD_TOO_OLD = "food_too_old"
    """More time than the rules allow lies between an order's pickup and its drop-off."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a plan; ``rider`` and ``order`` are indices of the problem, None where it concerns none."""

    code: ViolationCode
    rider: int | None
    order: int | None
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def rider_name(problem: Problem, rider: int) -> str:
    """How a text calls a rider; index -1 is nobody."""
    return f"rider {problem.rider_ids[rider]}" if rider >= 0 else "nobody"


def order_name(problem: Problem, order: int) -> str:
    """How a text calls an order."""
    return f"order {problem.order_ids[order]}"


def task_name(problem: Problem, order: int, kind: int) -> str:
    """How a text calls a task."""
    return f"the {'pickup' if kind == PICKUP else 'drop-off'} of {order_name(problem, order)}"
