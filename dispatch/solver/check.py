"""An independent judge of plans: it works everything out again from the routes, and shares no code with the solver.

Every test, simulation and benchmark asks it; production can, too. It reads a problem and a plan as data and has its own
formulas for travel, times, loads and rules, in plain numpy and Python, so that a mistake of the solver cannot hide in a
function that both call.
"""

from __future__ import annotations

from dispatch.solver.check_rules import check_rules
from dispatch.solver.check_shape import check_shape
from dispatch.solver.check_tasks import check_tasks
from dispatch.solver.check_times import check_times, timetable
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.solver.violation import Violation, ViolationCode

__all__ = ["Violation", "ViolationCode", "check"]


def check(problem: Problem, plan: Plan, rules: Rules) -> tuple[Violation, ...]:
    """Everything wrong with ``plan`` as an answer to a consistent ``problem`` under ``rules``; empty where it is sound.

    A plan whose arrays cannot be read is only told so. Hard rules are held against a plan where its own decisions break
    them: ``check_rules`` says how that is known. Prices are not looked at, and so neither is the cost.
    """
    malformed = check_shape(problem, plan)
    if malformed:
        return malformed
    times = timetable(problem, plan.routes)
    return (
        *check_tasks(problem, plan, times.rider),
        *check_times(problem, plan, times),
        *check_rules(problem, plan.routes, times, rules),
    )
