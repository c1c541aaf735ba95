"""A problem and a plan as named arrays and back, with every flaw of what is read listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from dispatch.engine.record_file import Arrays, Header
from dispatch.errors import InvalidInputError, Issue
from dispatch.geo.kernel import TravelTable
from dispatch.solver.costs import TERMS
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import ON_BOARD, Orders, Problem, Riders, Routes

_PLAN_TIMES: Final = ("arrive_at", "event_at", "leave_at", "depart_at")
_NAMES: Final = ("order_ids", "rider_ids", "profile_names", "zone_names")
_ACTION: Final = "Report it with the file: no version of Dispatch should have written it."


def problem_parts(problem: Problem) -> tuple[Header, Arrays]:
    """The problem as a header and arrays."""
    travel = problem.travel
    header: Header = {name: list(getattr(problem, name)) for name in _NAMES}
    header |= {"now": int(problem.now), "radius_m": float(travel.radius_m), "step_s": int(travel.step_s)}
    arrays: Arrays = {
        "travel.points": travel.points,
        "travel.pace": travel.pace,
        "travel.matrix": travel.matrix,
        **_named("orders", problem.orders),
        **_named("riders", problem.riders),
        **_named("routes", problem.routes),
        "bars": problem.bars,
    }
    may_lack = {"changed": problem.changed, "onward_m": problem.onward_m}
    arrays |= {name: array for name, array in may_lack.items() if array is not None}
    return header, arrays


def plan_parts(plan: Plan) -> tuple[Header, Arrays]:
    """The plan as a header and arrays."""
    arrays = _named("plan.routes", plan.routes)
    arrays |= {f"plan.{name}": getattr(plan, name) for name in (*_PLAN_TIMES, "verdict", "terms")}
    return {"cost": int(plan.cost)}, arrays


def read_parts(header: Mapping[str, Any], arrays: Arrays, source: str) -> tuple[Problem, Plan]:
    """The problem and plan that were taken apart. Raises InvalidInputError listing every flaw found at that level."""
    for flaws in (_shape_flaws(header, arrays), _value_flaws(header, arrays)):
        issues = [Issue("record_value", cause, _ACTION, source) for cause in flaws]
        if issues:
            raise InvalidInputError("decision record", issues)
    problem = Problem(
        now=header["now"],
        travel=TravelTable(
            arrays["travel.points"],
            header["radius_m"],
            arrays["travel.pace"],
            header["step_s"],
            arrays["travel.matrix"],
        ),
        orders=Orders(*_values("orders", Orders, arrays)),
        riders=Riders(*_values("riders", Riders, arrays)),
        routes=Routes(*_values("routes", Routes, arrays)),
        bars=arrays["bars"],
        changed=arrays.get("changed"),
        onward_m=arrays.get("onward_m"),
        **{name: tuple(header[name]) for name in _NAMES},
    )
    plan = Plan(
        routes=Routes(*_values("plan.routes", Routes, arrays)),
        verdict=arrays["plan.verdict"],
        terms=arrays["plan.terms"],
        cost=header["cost"],
        summary=None,
        view=None,
        unsearched=None,
        work=0,
        **{name: arrays[f"plan.{name}"] for name in _PLAN_TIMES},
    )
    return problem, plan


def _named(prefix: str, group: Any) -> Arrays:  # noqa: ANN401 - any of the named tuples of arrays
    return {f"{prefix}.{name}": array for name, array in group._asdict().items()}


def _values(prefix: str, kind: type[Orders | Riders | Routes], arrays: Arrays) -> list[Any]:
    return [arrays[f"{prefix}.{name}"] for name in kind._fields]


def _shape_flaws(header: Mapping[str, Any], arrays: Arrays) -> Iterator[str]:
    """What is missing from a record, or has another type or shape than the rest asks for."""
    for name, kind in {"now": int, "cost": int, "radius_m": float, "step_s": int}.items():
        if type(header.get(name)) is not kind:
            yield f"{name} is no {kind.__name__}"
    lists = {name: header.get(name) for name in _NAMES}
    for name, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            yield f"{name} is no list of texts"
    orders, riders = (len(lists[name] or ()) for name in ("order_ids", "rider_ids"))
    for name, (dtype, shape) in _wanted(arrays, orders, riders).items():
        array = arrays.get(name)
        if array is None:
            yield f"the array {name} is missing"
        elif array.dtype != dtype or array.shape != shape:
            yield f"the array {name} is {array.dtype} {list(array.shape)}, not {np.dtype(dtype)} {list(shape)}"


def _wanted(arrays: Arrays, orders: int, riders: int) -> dict[str, tuple[type[Any], tuple[int, ...]]]:
    """Type and shape of every array of a record with so many orders and riders."""

    def length(name: str) -> int:
        return len(arrays[name]) if name in arrays and arrays[name].ndim else 0

    places, profiles = length("travel.points"), length("travel.pace")
    wanted: dict[str, tuple[type[Any], tuple[int, ...]]] = {
        "travel.points": (np.float64, (places, 3)),
        "travel.pace": (np.float64, (profiles,)),
        "travel.matrix": (np.int32, (profiles, places, places) if length("travel.matrix") else (0, 0, 0)),
        "bars": (np.int64, (length("bars"), 2)),
        **{f"orders.{name}": (np.int64, (orders,)) for name in Orders._fields},
        **{f"riders.{name}": (np.int64, (riders,)) for name in Riders._fields[:-2]},
        "riders.heading": (np.float64, (riders, 3)),
        "riders.heading_trust": (np.float64, (riders,)),
        **{f"plan.{name}": (np.int64, (length("plan.routes.order"),)) for name in _PLAN_TIMES},
        "plan.verdict": (np.int64, (orders,)),
        "plan.terms": (np.int64, (riders, len(TERMS))),
    }
    for prefix in ("routes", "plan.routes"):
        tasks = length(f"{prefix}.order")
        shapes = {"start": (riders + 1,), "order": (tasks,), "kind": (tasks,), "frozen": (riders,)}
        wanted |= {f"{prefix}.{name}": (np.int64, shape) for name, shape in shapes.items()}
    may_lack: dict[str, tuple[type[Any], tuple[int, ...]]] = {
        "changed": (np.int64, (riders,)),
        "onward_m": (np.int64, (places,)),
    }
    return wanted | {name: kind for name, kind in may_lack.items() if name in arrays}


def _value_flaws(header: Mapping[str, Any], arrays: Arrays) -> Iterator[str]:
    """Numbers that compiled loops would follow out of their arrays, or divide by."""
    orders, riders = len(header["order_ids"]), len(header["rider_ids"])
    places, profiles = len(arrays["travel.points"]), len(arrays["travel.pace"])
    limits: dict[str, tuple[int, int]] = {
        **dict.fromkeys(("orders.pickup", "orders.dropoff", "riders.place"), (0, places - 1)),
        **dict.fromkeys(("routes.order", "plan.routes.order"), (0, orders - 1)),
        **dict.fromkeys(("routes.kind", "plan.routes.kind"), (0, 1)),
        "riders.profile": (0, profiles - 1),
        "riders.capacity": (1, 2**62),
        "orders.rider": (-1, riders - 1),
        "orders.state": (0, ON_BOARD),
        "plan.verdict": (0, max(Verdict)),
    }
    if header["step_s"] < 1:
        yield f"step_s is {header['step_s']}, less than 1"
    for name, (low, high) in limits.items():
        array = arrays[name]
        if array.size and not low <= int(array.min()) <= int(array.max()) <= high:
            yield f"the array {name} has values outside {low} to {high}"
    pairs = arrays["bars"]
    if pairs.size and (pairs.min() < 0 or (pairs.max(axis=0) >= (orders, riders)).any()):
        yield "the array bars names an order or rider that there is not"
    for prefix in ("routes", "plan.routes"):
        yield from _route_flaws(prefix, Routes(*_values(prefix, Routes, arrays)))


def _route_flaws(prefix: str, routes: Routes) -> Iterator[str]:
    start, tasks = routes.start, len(routes.order)
    count = np.diff(start)
    if start[0] != 0 or start[-1] != tasks or (count < 0).any():
        yield f"the array {prefix}.start does not part {tasks} tasks"
    elif ((routes.frozen < 0) | (routes.frozen > count)).any():
        yield f"the array {prefix}.frozen freezes tasks that there are not"
