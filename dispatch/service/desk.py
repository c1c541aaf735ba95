"""What a dispatch loop reads and leaves behind beside the log: its policy, its plans, and those of its shadow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from dispatch.engine.beside import beside
from dispatch.engine.planner import Keep, Solver
from dispatch.engine.policy import Policy
from dispatch.engine.records import Record, to_bytes
from dispatch.errors import DispatchError
from dispatch.model.codec import Json, encode
from dispatch.model.order import MarketId
from dispatch.service.policies import Policies
from dispatch.solver.costs import TERMS
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.summary import Summary
from dispatch.store import plans as rows
from dispatch.store.plans import KeptPlan, ShadowTick
from dispatch.store.policies import Shadow, shadow_now
from dispatch.store.store import Store

LOG: Final = logging.getLogger(__name__)
PLANS_KEPT: Final = 360
"""Ticks whose plans are kept: an hour at ten seconds a tick."""
SHADOW_TICKS_KEPT: Final = 8_640


@dataclass(slots=True)
class Desk:
    """The desk of one market's loop. plans_kept: of so many ticks; keep: where decisions are recorded besides."""

    market_id: MarketId
    store: Store
    policies: Policies
    solver: Solver
    plans_kept: int = PLANS_KEPT
    keep: Keep | None = None

    def policy_of(self, named: tuple[str, int]) -> Policy:
        """The policy that the log names. Raises NotFoundError, InvalidInputError."""
        return self.policies.load(self.market_id, *named)

    def keeping(self, policy: Callable[[], Policy]) -> Keep:
        """Keeps every plan with its record, under the policy of that moment."""

        def keep(problem: Problem, params: Params, seed: int, plan: Plan) -> str:
            if self.keep is not None:
                self.keep(problem, params, seed, plan)
            if self.plans_kept < 1:
                return f"{seed:07d}-{problem.now}"
            record = Record(problem=problem, params=params, seed=seed, plan=plan, tick=seed)
            kept = KeptPlan(
                market_id=self.market_id,
                id=f"{seed:07d}-{problem.now}",
                tick=seed,
                at=problem.now,
                policy_name=policy().name,
                policy_version=policy().version,
                orders=problem.order_count,
                riders=problem.rider_count,
                summary=None if plan.summary is None else summary_json(plan.summary),
            )
            data = to_bytes(record)
            self._write(self.store.run(lambda c: rows.put_plan(c, kept, data, self.plans_kept)))
            return kept.id

        return keep

    def shadow(self) -> Shadow | None:
        """The policy that decides beside the market's own now."""
        with self.store.reading() as connection:
            return shadow_now(connection, self.market_id)

    def decide_beside(self, shadow: Shadow, policy: Policy, problem: Problem, acting: Plan, tick: int) -> None:
        """Let the shadow plan the same problem, and keep how it compares."""
        theirs = self.policies.load(self.market_id, shadow.name, shadow.version).params
        plan = self.solver(problem, theirs, seed=tick)
        found = ShadowTick(
            market_id=self.market_id,
            shadow_id=shadow.id,
            tick=tick,
            at=problem.now,
            policy_name=policy.name,
            policy_version=policy.version,
            figures=encode(beside(problem, policy.params, acting, plan)),
        )
        self._write(self.store.run(lambda c: rows.put_shadow_tick(c, found, SHADOW_TICKS_KEPT)))

    def _write(self, written: Future[None]) -> None:
        """Nobody waits for the disk here; what goes wrong is told."""
        written.add_done_callback(self._told)

    def _told(self, written: Future[None]) -> None:
        error = None if written.cancelled() else written.exception()
        if isinstance(error, DispatchError):
            LOG.warning("market %s: a plan was not kept: %s", self.market_id, error)
        elif error is not None:
            LOG.error("market %s: a plan was not kept", self.market_id, exc_info=error)


def summary_json(told: Summary) -> dict[str, Json]:
    """The figures of a plan by name."""
    return {
        "cost": told.cost,
        "left_out": told.left_out,
        "bound": told.bound,
        "gap": told.gap,
        "terms": dict(zip(TERMS, told.terms.tolist(), strict=True)),
        "verdicts": {verdict.name.lower(): int(told.verdicts[verdict]) for verdict in Verdict},
        "changes": dict(told.changes._asdict()),
        "chosen": told.chosen,
        "short": told.short,
    }
