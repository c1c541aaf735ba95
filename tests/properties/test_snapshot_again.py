"""All parties act at random: who looks again and again sees what somebody sees who looks for the first time."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from dispatch.engine.policy import LoopParams
from dispatch.engine.route_rows import Planned
from dispatch.engine.snapshot import Snapshots, snapshot
from dispatch.geo.travel import StraightLine
from dispatch.model.rider import RiderId, Task
from dispatch.model.stops import both_tasks
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from tests.properties.test_market_walk import MarketWalk
from tests.support.random_commands import RIDER_IDS

TRAVEL, RULES, LOOP = StraightLine(), Rules(), LoopParams()


class LookingAgain(MarketWalk):
    """The market's walk, looked at after each step; the last plan is any plan."""

    def __init__(self) -> None:
        super().__init__()
        self.snapshots = Snapshots(TRAVEL, RULES, LOOP)
        self.planned: Planned = {}

    @rule(data=st.data())
    def somebody_plans(self, data: st.DataObject) -> None:
        state = self.town.market.state
        planned: dict[RiderId, tuple[Task, ...]] = {}
        for rider_id in RIDER_IDS:
            more = data.draw(st.lists(st.sampled_from(list(state.orders)), max_size=2, unique=True))
            planned[rider_id] = (*state.riders[rider_id].tasks, *(task for key in more for task in both_tasks(key)))
        self.planned = planned

    @invariant()
    def nothing_is_seen_of_yesterday(self) -> None:
        state, now = self.town.market.state, self.town.clock.now()
        again = self.snapshots.take(state, now, self.planned)
        assert arrays_of(again) == arrays_of(snapshot(state, now, TRAVEL, RULES, LOOP, self.planned))


def arrays_of(problem: Problem) -> dict[str, object]:
    """The problem as plain values that can be compared."""
    assert problem.changed is not None
    groups = (problem.travel, problem.orders, problem.riders, problem.routes)
    named = [(type(group).__name__ + name, value) for group in groups for name, value in group._asdict().items()]
    named += [("bars", problem.bars), ("changed", problem.changed), ("now", problem.now)]
    named += [("orders", problem.order_ids), ("riders", problem.rider_ids), ("zones", problem.zone_names)]
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in named}


TestLookingAgain = LookingAgain.TestCase
TestLookingAgain.settings = settings(max_examples=25, stateful_step_count=30)
