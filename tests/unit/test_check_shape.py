"""Plans whose arrays cannot be read: told, never an exception."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dispatch.solver.check import ViolationCode, check
from dispatch.solver.problem import DROPOFF
from dispatch.solver.rules import Rules
from tests.support.plans import plan, with_value
from tests.support.problems import market

BASE = market("a 1 A . b 2 B", "1A", "2B")
SOUND = plan(BASE, {"a": "+1A -1A", "b": "+2B -2B"})
EMPTY = np.zeros(0, np.int64)
ROUTES = SOUND.routes
UNREADABLE = {
    "start too short": replace(SOUND, routes=ROUTES._replace(start=ROUTES.start[:-1])),
    "start of nothing": replace(SOUND, routes=ROUTES._replace(start=EMPTY)),
    "start not from 0": with_value(SOUND, "routes.start", 0, 1),
    "start beyond the tasks": with_value(SOUND, "routes.start", 2, 5),
    "start going back": with_value(SOUND, "routes.start", 1, 5),
    "start below 0": with_value(SOUND, "routes.start", 1, -1),
    "order of nobody": with_value(SOUND, "routes.order", 0, -1),
    "order of the far end": with_value(SOUND, "routes.order", 3, 2**62),
    "kind unknown": with_value(SOUND, "routes.kind", 0, DROPOFF + 1),
    "kinds missing": replace(SOUND, routes=ROUTES._replace(kind=EMPTY)),
    "order of floats": replace(SOUND, routes=ROUTES._replace(order=ROUTES.order.astype(np.float64))),
    "order of two dimensions": replace(SOUND, routes=ROUTES._replace(order=ROUTES.order.reshape(2, 2))),
    "order of small integers": replace(SOUND, routes=ROUTES._replace(order=ROUTES.order.astype(np.int32))),
    "frozen too long": replace(SOUND, routes=ROUTES._replace(frozen=np.zeros(3, np.int64))),
    "times missing": replace(SOUND, event_at=EMPTY),
    "times of floats": replace(SOUND, leave_at=SOUND.leave_at.astype(np.float64)),
    "times not an array": replace(SOUND, arrive_at=SOUND.arrive_at.tolist()),
    "verdicts missing": replace(SOUND, verdict=EMPTY),
    "verdict unknown": with_value(SOUND, "verdict", 0, 99),
    "terms missing": replace(SOUND, terms=np.zeros((2, 0), np.int64)),
    "terms of nobody": replace(SOUND, terms=np.zeros((0, 3), np.int64)),
    "terms flat": replace(SOUND, terms=np.zeros(2, np.int64)),
    "terms not an array": replace(SOUND, terms=[[1], [1, 2]]),  # type: ignore[arg-type]
    "cost a fraction": replace(SOUND, cost=1.5),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_unreadable_plan_is_told_and_never_an_exception(case: str) -> None:
    violations = check(BASE, UNREADABLE[case], Rules())
    assert {violation.code for violation in violations} == {ViolationCode.MALFORMED}


TEXTS = {
    "start too short": "routes.start has shape (2,), not (3,)",
    "start not from 0": "routes.start goes from 1 to 4, not from 0 to 4",
    "start going back": "routes.start[2] is 4, smaller than the one before",
    "order of floats": "routes.order has type float64, not int64",
    "kind unknown": "routes.kind[0] is 2, neither pickup nor drop-off",
    "times not an array": "arrive_at is a list, not an array",
    "verdict unknown": "verdict[0] is 99, not a verdict",
    "terms missing": "terms has shape (2, 0), not (2, 1)",
    "cost a fraction": "cost is 1.5, not an integer",
}


@pytest.mark.parametrize("case", TEXTS)
def test_what_cannot_be_read_is_told_with_what_was_expected(case: str) -> None:
    assert [violation.text for violation in check(BASE, UNREADABLE[case], Rules())] == [TEXTS[case]]


def test_many_bad_values_are_told_once() -> None:
    answer = replace(SOUND, routes=ROUTES._replace(order=ROUTES.order + 7))
    (violation,) = check(BASE, answer, Rules())
    assert violation.text == "routes.order[0] is 7, not the index of an order (and 3 more)"


def test_a_plan_for_another_problem_is_unreadable() -> None:
    violations = check(market("a 1 A", "1A"), SOUND, Rules())
    assert {violation.code for violation in violations} == {ViolationCode.MALFORMED}
