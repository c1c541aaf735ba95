"""The dispatch loop's one step: look, solve, check, decide, record."""

from __future__ import annotations

from dataclasses import replace

from dispatch.engine.market import Market
from dispatch.engine.planner import Keep, Planner, Solver, UnsoundPlanError
from dispatch.engine.policy import Policy
from dispatch.geo.travel import TravelTimes
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.events import Recorded
from dispatch.solver.summary import Summary

__all__ = ["Dispatcher", "Keep", "Solver", "UnsoundPlanError"]


class Dispatcher:
    """Decides for one market, tick after tick; the only writer of plans there.

    checked: every plan is judged by the independent checker before it counts. accepts_at_once: riders are not asked.
    explained: every plan is summed up; ``summary`` is the last tick's, None where it had no orders or no sound plan.
    keep: where decisions are recorded, if they are.
    """

    def __init__(
        self,
        market: Market,
        travel: TravelTimes,
        policy: Policy,
        solver: Solver,
        *,
        seed: int = 0,
        checked: bool = False,
        accepts_at_once: bool = False,
        explained: bool = True,
        keep: Keep | None = None,
    ) -> None:
        self._market, self._accepts_at_once = market, accepts_at_once
        self._planner = Planner(travel, policy, solver, seed=seed, checked=checked, explained=explained, keep=keep)
        self.summary: Summary | None = None
        self._actor = Actor(ActorKind.SYSTEM, "dispatcher")
        self.tick_number = market.state.tick

    def tick(self) -> tuple[Recorded, ...]:
        """See who is gone, plan the market as it is now and put the plan into effect. Raises UnsoundPlanError."""
        self.tick_number += 1
        return self._without_absent() + self._plan()

    def _without_absent(self) -> tuple[Recorded, ...]:
        """Go on without riders who have fallen silent."""
        found = list(self._planner.absent(self._market.state, self._market.clock.now()))
        written: tuple[Recorded, ...] = ()
        for number, command in enumerate(found):
            written += self._market.execute(command, self._actor, f"tick-{self.tick_number}-absent-{number}")
        return written

    def _plan(self) -> tuple[Recorded, ...]:
        state, planner = self._market.state, self._planner
        self.summary = None
        if planner.learner is not None:
            planner.learner.take(self._market.since(planner.learner.seq))
        problem = planner.look(state, self._market.clock.now())
        if problem is None:
            return ()
        solved = planner.solve(problem, self.tick_number)
        self.summary = solved.plan.summary
        command = replace(planner.command(state, solved, self.tick_number), auto_accept=self._accepts_at_once)
        return self._market.execute(command, self._actor, f"tick-{self.tick_number}")
