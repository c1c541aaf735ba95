"""The checker on random problems: sound plans pass, and whatever is changed about one is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.solver.check import ViolationCode, check
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, OPEN, PICKUP, Problem
from dispatch.solver.rules import Rules
from tests.support.plans import Task, greedy, held_tasks, plan_of, rows_of, scatter, visits, with_value
from tests.support.problems import to_routes
from tests.support.random_problems import Pick, problems, rules

Code = ViolationCode
TIMES = ("depart_at", "arrive_at", "event_at", "leave_at")


def found(problem: Problem, plan: Plan, limits: Rules) -> set[Code]:
    return {violation.code for violation in check(problem, plan, limits)}


def picker(data: st.DataObject) -> Pick:
    return lambda low, high: data.draw(st.integers(low, high))


@given(problems(), rules())
def test_greedy_plans_are_sound(problem: Problem, limits: Rules) -> None:
    assert check(problem, greedy(problem, limits), limits) == ()


@given(problems(), rules())
def test_doing_only_what_is_held_is_sound_whatever_the_rules(problem: Problem, limits: Rules) -> None:
    rows = [held_tasks(problem, rider) for rider in range(problem.rider_count)]
    assert check(problem, plan_of(problem, rows), limits) == ()


@given(problems(max_orders=10, max_riders=3), rules(), st.data())
def test_the_slow_formula_gives_the_same_times_on_any_routes(
    problem: Problem, limits: Rules, data: st.DataObject
) -> None:
    assert Code.TIMES_WRONG not in found(problem, scatter(problem, picker(data)), limits)


@given(problems(max_orders=10, max_riders=3), rules(), st.data())
def test_no_order_is_lost_or_doubled_on_any_routes(problem: Problem, limits: Rules, data: st.DataObject) -> None:
    """Putting open orders anywhere breaks hard rules at most, never what the plan says of its tasks."""
    hard = set(Code) - {Code.MALFORMED, Code.TIMES_WRONG, Code.VERDICT_WRONG, Code.FROZEN_CHANGED}
    hard -= {Code.TASK_REPEATED, Code.TASK_MISSING, Code.ORDER_SPLIT, Code.DROPOFF_FIRST}
    hard -= {Code.PICKUP_ON_BOARD, Code.HELD_LOST, Code.HELD_MOVED}
    assert found(problem, scatter(problem, picker(data)), limits) <= hard


def freed(problem: Problem) -> Problem:
    """The problem with everything still at its merchant and with nobody, so that every order is a new one."""
    nothing = np.zeros(problem.order_count, np.int64)
    empty = to_routes([[]] * problem.rider_count, [0] * problem.rider_count)
    return replace(problem, orders=problem.orders._replace(rider=nothing - 1, state=nothing + OPEN), routes=empty)


def broken(problem: Problem, rider: int, row: list[Task], limits: Rules) -> set[Code]:
    """The limits that a route of new orders breaks, one task at a time."""
    times = visits(problem, rider, row)
    codes = {Code.TOO_MANY_TASKS} if len(row) > limits.max_stops else set()
    bag: dict[int, int] = {}
    for i, (order, kind) in enumerate(row):
        if kind == DROPOFF:
            picked_at = bag.pop(order)
            old = limits.max_food_age_s and times[i].event_at - picked_at > limits.max_food_age_s
            codes |= {Code.FOOD_TOO_OLD} if old else set()
            continue
        together = (
            i > 0 and row[i - 1][1] == PICKUP and times[i - 1] == times[i] and same_stop(problem, row[i - 1], row[i])
        )
        codes |= {Code.MERCHANTS_MIXED} if bag and not together and limits.one_merchant_on_board else set()
        bag[order] = times[i].event_at
        codes |= {Code.CAPACITY} if problem.orders.size[list(bag)].sum() > problem.riders.capacity[rider] else set()
        codes |= {Code.ORDERS_ON_BOARD} if len(bag) > limits.max_orders_on_board else set()
        late = limits.last_pickup_in_shift and times[i].event_at > problem.riders.off_at[rider]
        codes |= {Code.PICKUP_AFTER_SHIFT} if late else set()
    return codes


def same_stop(problem: Problem, one: Task, other: Task) -> bool:
    columns = (problem.orders.pickup, problem.orders.merchant)
    return all(column[one[0]] == column[other[0]] for column in columns)


@given(problems(max_orders=10, max_riders=2), rules(), st.data())
def test_limits_are_broken_where_a_walk_through_the_tasks_breaks_them(
    problem: Problem, limits: Rules, data: st.DataObject
) -> None:
    problem = freed(problem)
    plan = scatter(problem, picker(data))
    walked = [broken(problem, rider, row, limits) for rider, row in enumerate(rows_of(plan.routes))]
    judged = {Code.TOO_MANY_TASKS, Code.FOOD_TOO_OLD, Code.MERCHANTS_MIXED}
    judged |= {Code.CAPACITY, Code.ORDERS_ON_BOARD, Code.PICKUP_AFTER_SHIFT}
    assert found(problem, plan, limits) & judged == set().union(*walked)


# Each of these changes a sound plan so that it cannot be sound any more.


def shift_a_time(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    name, task = TIMES[pick(0, 3)], pick(0, plan.routes.order.size - 1)
    change = pick(1, 7200) * (1 if pick(0, 1) else -1)
    return with_value(plan, name, task, int(getattr(plan, name)[task]) + change)


def drop_a_task(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    rows = rows_of(plan.routes)
    row = _some_row(rows, pick)
    row.pop(pick(0, len(row) - 1))
    return plan_of(problem, rows)


def repeat_a_task(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    rows = rows_of(plan.routes)
    order = int(plan.routes.order[pick(0, plan.routes.order.size - 1)])
    rows[pick(0, len(rows) - 1)].append((order, PICKUP if pick(0, 1) else DROPOFF))
    return plan_of(problem, rows)


def swap_pickup_and_dropoff(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    rows = rows_of(plan.routes)
    row = _some_row(rows, pick)
    order = row[pick(0, len(row) - 1)][0]
    first, *rest = (i for i, task in enumerate(row) if task[0] == order)
    assume(rest)
    row[first], row[rest[0]] = row[rest[0]], row[first]
    return plan_of(problem, rows)


def move_a_task_to_another_rider(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    rows = rows_of(plan.routes)
    assume(len(rows) > 1)
    row = _some_row(rows, pick)
    task = row.pop(pick(0, len(row) - 1))
    others = [other for other in rows if other is not row]
    others[pick(0, len(others) - 1)].append(task)
    return plan_of(problem, rows)


def forget_the_times(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    nothing = np.zeros_like(plan.event_at)
    return replace(plan, arrive_at=nothing, event_at=nothing, leave_at=nothing, depart_at=nothing)


def swap_tasks_and_keep_the_times(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    """Swapping within a stop is no fault: those tasks share their times."""
    order, kind = plan.routes.order.copy(), plan.routes.kind.copy()
    a, b = pick(0, order.size - 1), pick(0, order.size - 1)
    assume(plan.event_at[a] != plan.event_at[b])
    order[[a, b]], kind[[a, b]] = order[[b, a]], kind[[b, a]]
    retimed = plan_of(problem, rows_of(plan.routes._replace(order=order, kind=kind)))
    assume(not retimed.same_as(replace(plan, routes=retimed.routes)))
    return replace(plan, routes=plan.routes._replace(order=order, kind=kind))


def change_a_verdict(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    order = pick(0, problem.order_count - 1)
    other = Verdict.NOT_YET if plan.verdict[order] == Verdict.PLANNED else Verdict.PLANNED
    return with_value(plan, "verdict", order, other)


def break_an_array(problem: Problem, plan: Plan, pick: Pick) -> Plan:
    name = ("routes.start", "routes.order", "routes.kind", "verdict")[pick(0, 3)]
    array = plan.verdict if name == "verdict" else getattr(plan.routes, name.removeprefix("routes."))
    return with_value(plan, name, pick(0, array.size - 1), -pick(1, 2**62))


CHANGES = (
    shift_a_time,
    drop_a_task,
    repeat_a_task,
    swap_pickup_and_dropoff,
    move_a_task_to_another_rider,
    forget_the_times,
    swap_tasks_and_keep_the_times,
    change_a_verdict,
    break_an_array,
)


def _some_row(rows: list[list[Task]], pick: Pick) -> list[Task]:
    busy = [row for row in rows if row]
    return busy[pick(0, len(busy) - 1)]


@pytest.mark.parametrize("change", CHANGES)
@given(problem=problems(), limits=rules(), data=st.data())
def test_a_changed_plan_is_never_sound(
    change: Callable[[Problem, Plan, Pick], Plan], problem: Problem, limits: Rules, data: st.DataObject
) -> None:
    plan = greedy(problem, limits)
    assume(plan.routes.order.size)
    assert check(problem, change(problem, plan, picker(data)), limits) != ()


@given(problems(), rules(), st.data())
def test_an_order_moved_to_a_barred_rider_is_noticed(problem: Problem, limits: Rules, data: st.DataObject) -> None:
    pick = picker(data)
    orders = np.flatnonzero(problem.orders.state == OPEN)
    assume(orders.size and problem.rider_count)
    order, rider = int(orders[pick(0, orders.size - 1)]), pick(0, problem.rider_count - 1)
    bars = np.array(sorted({*map(tuple, problem.bars.tolist()), (order, rider)}), np.int64)
    barred = replace(problem, bars=bars)
    rows = [[task for task in row if task[0] != order] for row in rows_of(greedy(barred, limits).routes)]
    rows[rider] += [(order, PICKUP), (order, DROPOFF)]
    assert Code.BARRED in found(barred, plan_of(barred, rows), limits)
