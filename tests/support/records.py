"""Decision records for tests."""

from __future__ import annotations

from dataclasses import replace

from dispatch.engine.records import Record, RecordStore
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from simulations.instance import Instance


def a_record(problem: Problem, *, params: Params | None = None, tick: int = 7) -> Record:
    """The record of our solver's decision on a problem."""
    params = Params() if params is None else params
    return Record(problem=problem, params=params, seed=tick, plan=solve(problem, params, seed=tick), tick=tick)


class SomeTicks:
    """Keeps the record of every ``each``-th decision in a store."""

    def __init__(self, store: RecordStore, each: int) -> None:
        self._store, self._each, self._asked = store, each, 0

    def keep(self, problem: Problem, params: Params, seed: int, plan: Plan) -> str:
        """What a dispatcher asks for."""
        self._asked += 1
        return self._store.keep(problem, params, seed, plan) if self._asked % self._each == 0 else ""


def first_orders(instance: Instance, count: int) -> Instance:
    """The instance until its ``count``-th order."""
    return replace(instance, orders=instance.orders[:count])
