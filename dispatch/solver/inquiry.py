"""What an explanation starts from: one order tried in every route of a plan, with and without the other orders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dispatch.solver.assign import way_out_costs
from dispatch.solver.explanation import Obstacle
from dispatch.solver.insertion import Scratch, make_scratch
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import OPEN, Ints, Problem, Routes
from dispatch.solver.trials import Mask, Trials, must_routes, pair_breaks, route_obstacles, try_order
from dispatch.solver.view import View, make_view
from dispatch.units import Cost, Instant


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """One order of one plan. home: the rider who has it, None for nobody."""

    problem: Problem
    params: Params
    plan: Plan
    order: int
    view: View
    scratch: Scratch
    home: int | None

    @cached_property
    def movable(self) -> bool:
        """Whether the plan was free to give the order to somebody else."""
        if self.home is None:
            return bool(self.problem.orders.state[self.order] == OPEN)
        row = self.row(self.home)
        leading = row[: self.plan.routes.frozen[self.home]]
        return bool(self.problem.orders.state[self.order] == OPEN and not (leading >> 1 == self.order).any())

    @property
    def ready_at(self) -> Instant:
        """When the food is ready."""
        return int(self.problem.orders.ready_at[self.order])

    @property
    def looked_at_from(self) -> Instant:
        """From when on a solver looks for a rider."""
        return self.ready_at - self.params.search.horizon_s

    @cached_property
    def left_out(self) -> Cost:
        """Points that it counts to leave the order out."""
        return int(way_out_costs(self.view, np.array([self.order], np.int64), self.params.options)[0])

    @cached_property
    def breaks(self) -> dict[Obstacle, Mask]:
        """Hard rules of the pair alone, each with the riders who break it."""
        if not self.movable and self.home is not None:
            return {Obstacle.HELD: np.arange(self.problem.rider_count) != self.home}
        return pair_breaks(self.view, self.order)

    @cached_property
    def allowed(self) -> Ints:
        """Riders other than the one who has it who break no rule of the pair."""
        broken = np.zeros(self.problem.rider_count, np.bool_)
        for mask in self.breaks.values():
            broken |= mask
        if self.home is not None:
            broken[self.home] = True
        return np.flatnonzero(~broken)

    def only(self, obstacle: Obstacle) -> Ints:
        """Riders who break this rule of the pair and no other one."""
        count = np.sum(list(self.breaks.values()), axis=0)
        nobody = np.zeros(self.problem.rider_count, np.bool_)
        return np.flatnonzero(self.breaks.get(obstacle, nobody) & (count == 1))

    @cached_property
    def trials(self) -> Trials:
        """The order in the routes of the plan; for the rider who has it, where it would be cheapest."""
        return self.try_in(self.plan.routes, self._tried)

    @cached_property
    def alone(self) -> Trials:
        """The order in routes that hold only what nobody may take out."""
        return self.try_in(must_routes(self.problem, self.plan.routes), self._tried)

    @cached_property
    def _tried(self) -> Ints:
        mine = [self.home] if self.home is not None and self.movable else []
        return np.array([*self.allowed.tolist(), *mine], np.int64)

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """The riders other than the one who has it who could have it, cheapest first."""
        fit = [r for r in self.allowed.tolist() if self.trials.fits(r)]
        return tuple(sorted(fit, key=lambda r: (int(self.trials.total[r]), r)))

    @cached_property
    def obstacles(self) -> dict[int, Obstacle]:
        """The one hard rule that keeps each of the other riders from the order."""
        found: dict[int, Obstacle] = {}
        for obstacle, mask in reversed(self.breaks.items()):
            found |= dict.fromkeys(np.flatnonzero(mask).tolist(), obstacle)
        found.pop(-1 if self.home is None else self.home, None)
        out = [r for r in self.allowed.tolist() if not self.trials.fits(r)]
        blocked = np.array(out, np.int64)
        return found | route_obstacles(self.view, self.plan.routes, self.order, blocked, self.trials, self.scratch)

    def try_in(self, routes: Routes, riders: Ints, view: View | None = None) -> Trials:
        """The cheapest place for the order in the routes of ``riders``."""
        return try_order(self.view if view is None else view, routes, self.order, riders, self.scratch)

    def row(self, rider: int) -> Ints:
        """The rider's planned tasks, ``order * 2 + kind``."""
        routes = self.plan.routes
        first, end = routes.start[rider], routes.start[rider + 1]
        return np.asarray(routes.order[first:end] * 2 + routes.kind[first:end])


def inquire(problem: Problem, params: Params, plan: Plan, order: int) -> Inquiry:
    """Prepare to explain where ``plan`` has the order."""
    width = max(params.rules.max_stops, int(np.diff(plan.routes.start).max(initial=0)))
    tasks = np.flatnonzero(plan.routes.order == order)
    return Inquiry(
        problem=problem,
        params=params,
        plan=plan,
        order=order,
        view=make_view(problem, params.rules, params.weights),
        scratch=make_scratch(width, problem.order_count),
        home=int(np.searchsorted(plan.routes.start, tasks[0], side="right")) - 1 if tasks.size else None,
    )
