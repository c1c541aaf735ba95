"""The checker on plans made by hand: what is sound passes, and each thing that can be wrong is called by its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import dispatch.solver.check as check_module
from dispatch.solver.check import Violation, ViolationCode, check
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from tests.support.plans import plan, with_value
from tests.support.problems import OrderAt, RiderAt, market

Code = ViolationCode
CITY = """
    a . 1 . A
    . . . . .
    b . 2 . B
"""
BASE = market(CITY, "1A", "2B")
SOUND = plan(BASE, {"a": "+1A -1A", "b": "+2B -2B"})
FIXED_TO_A = market(CITY, OrderAt("1A", fixed=True), RiderAt("a", tasks="+1A -1A"))
ON_BOARD_OF_A = market(CITY, "1A", RiderAt("a", tasks="-1A"))
FROZEN = market(CITY, "1A", "2A", RiderAt("a", tasks="+1A +2A -1A -2A", frozen=2))


def breaking(
    code: Code, rules: Rules, tasks: str, *parts: OrderAt | RiderAt, no_way: str = "", bar: str = ""
) -> tuple[Code, Problem, Plan, Rules]:
    """Rider a does ``tasks``, which breaks a rule; orders not spelt out are plain."""
    named = {part.id for part in parts if isinstance(part, OrderAt)}
    plain = sorted({task[1:] for task in tasks.split()} - named)
    no_ways, bars = [no_way] if no_way else [], [(bar, "a")] if bar else []
    problem = market(CITY, *plain, *parts, minutes_a_cell=(1, 2), no_way=no_ways, bars=bars)
    return code, problem, plan(problem, {"a": tasks}), rules


WRONG = [
    (Code.MALFORMED, BASE, with_value(SOUND, "routes.order", 1, 2), Rules()),
    (Code.TASK_REPEATED, BASE, plan(BASE, {"a": "+1A +1A -1A"}), Rules()),
    (Code.TASK_REPEATED, BASE, plan(BASE, {"a": "+1A -1A -1A"}), Rules()),
    (Code.TASK_MISSING, BASE, plan(BASE, {"a": "+1A"}), Rules()),
    (Code.TASK_MISSING, BASE, plan(BASE, {"a": "-1A"}), Rules()),
    (Code.TASK_MISSING, FIXED_TO_A, plan(FIXED_TO_A, {"a": "-1A"}), Rules()),
    (Code.ORDER_SPLIT, BASE, plan(BASE, {"a": "+1A", "b": "-1A"}), Rules()),
    (Code.DROPOFF_FIRST, BASE, plan(BASE, {"a": "-1A +1A"}), Rules()),
    (Code.PICKUP_ON_BOARD, ON_BOARD_OF_A, plan(ON_BOARD_OF_A, {"a": "+1A -1A"}), Rules()),
    (Code.HELD_LOST, FIXED_TO_A, plan(FIXED_TO_A, {}), Rules()),
    (Code.HELD_LOST, ON_BOARD_OF_A, plan(ON_BOARD_OF_A, {}), Rules()),
    (Code.HELD_MOVED, FIXED_TO_A, plan(FIXED_TO_A, {"b": "+1A -1A"}), Rules()),
    (Code.HELD_MOVED, ON_BOARD_OF_A, plan(ON_BOARD_OF_A, {"b": "-1A"}), Rules()),
    (Code.FROZEN_CHANGED, FROZEN, plan(FROZEN, {"a": "+2A +1A -1A -2A"}), Rules()),
    (Code.FROZEN_CHANGED, FROZEN, with_value(plan(FROZEN, {"a": "+1A +2A -1A -2A"}), "routes.frozen", 0, 1), Rules()),
    (Code.VERDICT_WRONG, BASE, with_value(SOUND, "verdict", 0, Verdict.TOO_COSTLY), Rules()),
    (Code.VERDICT_WRONG, BASE, with_value(plan(BASE, {}), "verdict", 0, Verdict.PLANNED), Rules()),
    (Code.TIMES_WRONG, BASE, with_value(SOUND, "depart_at", 0, 1), Rules()),
    (Code.TIMES_WRONG, BASE, with_value(SOUND, "arrive_at", 1, 239), Rules()),
    (Code.TIMES_WRONG, BASE, with_value(SOUND, "event_at", 2, 121), Rules()),
    (Code.TIMES_WRONG, BASE, with_value(SOUND, "leave_at", 3, -(2**63)), Rules()),
    breaking(Code.NOT_ACCEPTING, Rules(), "+1A -1A", RiderAt("a", accepts=False)),
    breaking(Code.VEHICLE, Rules(), "+1A -1A", OrderAt("1A", vehicles=(1,))),
    breaking(Code.ZONE, Rules(), "+1A -1A", OrderAt("1A", zones=0b01), RiderAt("a", zones=0b10)),
    breaking(Code.BARRED, Rules(), "+1A -1A", bar="1A"),
    breaking(Code.CAPACITY, Rules(), "+1A -1A", OrderAt("1A", size=4)),
    breaking(Code.CAPACITY, Rules(), "+1A +2B -2B -1A", OrderAt("1A", size=2), OrderAt("2B", size=2)),
    breaking(Code.ORDERS_ON_BOARD, Rules(max_orders_on_board=1), "+1A +2B -2B -1A"),
    breaking(Code.MERCHANTS_MIXED, Rules(one_merchant_on_board=True), "+1A +2B -2B -1A"),
    breaking(Code.MERCHANTS_MIXED, Rules(one_merchant_on_board=True), "+1A +1B -1A +x -1B -x", OrderAt("1A", name="x")),
    breaking(Code.PICKUP_AFTER_SHIFT, Rules(), "+1A -1A", RiderAt("a", off_at=119)),
    breaking(Code.TOO_MANY_TASKS, Rules(max_stops=3), "+1A +2B -2B -1A"),
    breaking(Code.UNREACHABLE, Rules(), "+1A -1A", no_way="1A"),
    breaking(Code.FOOD_TOO_OLD, Rules(max_food_age_s=119), "+1A -1A"),
]


@pytest.mark.parametrize(
    ("code", "problem", "answer", "rules"), WRONG, ids=[f"{case[0]}-{i}" for i, case in enumerate(WRONG)]
)
def test_each_fault_is_called_by_its_name_and_nothing_else(
    code: Code, problem: Problem, answer: Plan, rules: Rules
) -> None:
    assert [violation.code for violation in check(problem, answer, rules)] == [code]


def test_there_is_a_case_for_every_code() -> None:
    assert {case[0] for case in WRONG} == set(Code)


def test_a_violation_names_rider_and_order() -> None:
    problem = market(CITY, "1A", "2B", bars=[("2B", "b")])
    violations = check(problem, SOUND, Rules())
    assert violations == (Violation(Code.BARRED, 1, 1, "rider b is barred from order 2B"),)
    assert str(violations[0]) == "barred: rider b is barred from order 2B"


TEXTS = {
    Code.MALFORMED: "routes.order[1] is 2, not the index of an order",
    Code.TASK_REPEATED: "the pickup of order 1A is there again with rider a",
    Code.TASK_MISSING: "the drop-off of order 1A is missing from the route of rider a",
    Code.ORDER_SPLIT: "order 1A is picked up by rider a and dropped off by rider b",
    Code.DROPOFF_FIRST: "rider a drops order 1A off before picking it up",
    Code.PICKUP_ON_BOARD: "order 1A, on board of rider a, is to be picked up again by rider a",
    Code.HELD_LOST: "order 1A, fixed to rider a, is dropped off by nobody",
    Code.HELD_MOVED: "order 1A, fixed to rider a, is in the route of rider b",
    Code.FROZEN_CHANGED: "the pickup of order 1A is frozen and has left its place with rider a",
    Code.VERDICT_WRONG: "order 1A is in a route, its verdict is TOO_COSTLY",
    Code.TIMES_WRONG: "depart_at of the pickup of order 1A by rider a is 1, the route gives 0",
    Code.NOT_ACCEPTING: "rider a takes no new orders and is given order 1A",
    Code.VEHICLE: "rider a has no vehicle for order 1A",
    Code.ZONE: "rider a works in no zone of order 1A",
    Code.BARRED: "rider a is barred from order 1A",
    Code.CAPACITY: "rider a does the pickup of order 1A with 4 units on board, room is for 3",
    Code.ORDERS_ON_BOARD: "rider a does the pickup of order 2B with 2 orders on board, 1 are allowed",
    Code.MERCHANTS_MIXED: "rider a does the pickup of order 2B with other orders on board already",
    Code.PICKUP_AFTER_SHIFT: "rider a picks order 1A up at 120, after the shift's end at 119",
    Code.TOO_MANY_TASKS: "rider a has 4 tasks, 3 are allowed",
    Code.UNREACHABLE: "rider a has no way to the drop-off of order 1A",
    Code.FOOD_TOO_OLD: "order 1A is 120 s with rider a, 119 s are allowed",
}


@pytest.mark.parametrize("code", Code)
def test_a_violation_is_told_in_a_sentence(code: Code) -> None:
    _, problem, answer, rules = next(case for case in WRONG if case[0] == code)
    assert [violation.text for violation in check(problem, answer, rules)] == [TEXTS[code]]


def test_the_task_that_is_missing_is_named() -> None:
    (violation,) = check(BASE, plan(BASE, {"b": "-1A"}), Rules())
    assert (violation.rider, violation.order) == (1, 0)
    assert violation.text == "the pickup of order 1A is missing from the route of rider b"


def test_the_first_frozen_task_that_moved_is_named() -> None:
    problem = market(CITY, "1A", "2A", RiderAt("a", tasks="+1A +2A -1A -2A", frozen=3))
    (violation,) = check(problem, plan(problem, {"a": "+1A +2A -2A -1A"}), Rules())
    assert violation.text == "the drop-off of order 1A is frozen and has left its place with rider a"
    (shorter,) = check(FROZEN, with_value(plan(FROZEN, {"a": "+1A +2A -1A -2A"}), "routes.frozen", 0, 1), Rules())
    assert shorter.text == "rider a has 1 frozen tasks, 2 were given"


def test_all_faults_are_told() -> None:
    problem = market(CITY, OrderAt("1A", size=4), RiderAt("a", off_at=119), bars=[("1A", "a")])
    answer = with_value(plan(problem, {"a": "+1A -1A"}), "depart_at", 1, 0)
    expected = {Code.CAPACITY, Code.PICKUP_AFTER_SHIFT, Code.BARRED, Code.TIMES_WRONG}
    assert {violation.code for violation in check(problem, answer, Rules())} == expected


def test_a_sound_plan_has_no_violations() -> None:
    assert check(BASE, SOUND, Rules()) == ()


def test_nobody_and_nothing_to_do_is_sound() -> None:
    for drawing, parts in (("a", ()), ("1 A", ("1A",)), (CITY, ("1A", "2B"))):
        problem = market(drawing, *parts)
        assert check(problem, plan(problem, {}), Rules()) == ()


AT_THE_LIMIT = [
    (Rules(), "+1A -1A", [RiderAt("a", off_at=120)]),
    (Rules(last_pickup_in_shift=False), "+1A -1A", [RiderAt("a", off_at=-1)]),
    (Rules(), "+1A +1B -1A -1B", [OrderAt("1A", size=2)]),
    (Rules(), "+1A -1A +2B -2B", [OrderAt("1A", size=3), OrderAt("2B", size=3)]),
    (Rules(max_orders_on_board=2), "+1A +1B -1A -1B", []),
    (Rules(one_merchant_on_board=True), "+1A +1B -1A -1B +2B -2B", []),
    (Rules(max_stops=4), "+1A +1B -1A -1B", []),
    (Rules(max_food_age_s=120), "+1A -1A", []),
    (Rules(), "+1A -1A", [OrderAt("1A", vehicles=(0,)), OrderAt("2B", vehicles=(1,))]),
    (Rules(), "+1A -1A", [OrderAt("1A", zones=0b110), RiderAt("a", zones=0b011)]),
    (Rules(), "+1A -1A", [OrderAt("1A", zones=0b100)]),
    (Rules(), "+1A -1A", [OrderAt("1A", zones=0)]),
    (Rules(), "+1A -1A", [RiderAt("a", zones=0)]),
]


@pytest.mark.parametrize(("rules", "tasks", "parts"), AT_THE_LIMIT)
def test_what_just_fits_is_sound(rules: Rules, tasks: str, parts: list[OrderAt | RiderAt]) -> None:
    named = {part.id for part in parts if isinstance(part, OrderAt)}
    problem = market(CITY, *sorted({"1A", "1B", "2B"} - named), *parts)
    assert check(problem, plan(problem, {"a": tasks}), rules) == ()


def test_the_checker_imports_data_only() -> None:
    """It may know what a problem, a plan and the rules look like; a function of the solver or of travel is not data."""
    data = {"dispatch.solver.problem", "dispatch.solver.plan", "dispatch.solver.rules", "dispatch.units"}
    own = {"dispatch.solver.violation"}
    folder = Path(str(check_module.__file__)).parent
    for file in (*folder.glob("check*.py"), folder / "violation.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not str(node.module).startswith("dispatch."):
                continue
            names = {alias.name for alias in node.names}
            from_checker = node.module in own or str(node.module).startswith("dispatch.solver.check")
            travel = node.module == "dispatch.geo.kernel" and names == {"TravelTable"}
            assert from_checker or travel or node.module in data, f"{file.name} imports {names} from {node.module}"
