"""All parties act at random on a market that is kept in a database: what is read is always what the log adds up to."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import initialize

from dispatch.engine.decide import drafted
from dispatch.engine.planner import Planner
from dispatch.engine.policy import load_policy
from dispatch.engine.record_arrays import problem_parts
from dispatch.errors import DispatchError
from dispatch.geo.travel import StraightLine
from dispatch.model.commands import Command
from dispatch.model.events import Event
from dispatch.model.state import MarketState
from dispatch.solver.solve import solve
from dispatch.store.audit import audit
from dispatch.store.rebuild import compare
from dispatch.store.store import Store, open_store
from tests.properties.test_market_walk import MarketWalk
from tests.support.builders import MARKET
from tests.support.random_commands import RIDER_IDS
from tests.support.towns import Town


class StoreWalk(MarketWalk):
    """The walk of ``test_market_walk``, in SQLite."""

    store: Store
    folder: Path

    @initialize()
    def open_town(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dispatch-walk-"))
        self.store = open_store(f"sqlite:///{self.folder}/store.db", upgrading=True)
        self.town = Town(*RIDER_IDS, log=self.store)
        self.town.placed("o1", "o2", "o3")
        self.replica = MarketState(MARKET)

    def _carry_out(self, command: Command) -> None:
        # Who has just taken the market over decides as one who was there from the beginning.
        assert self._decided(self.store.load_state(MARKET), command) == self._decided(self._state, command)
        super()._carry_out(command)

    def _decided(self, state: MarketState, command: Command) -> list[Event] | str:
        try:
            return drafted(state, command, self._now, self._now).events
        except DispatchError as refusal:
            return str(refusal)

    def _looked_at(self, state: MarketState) -> object:
        """What a plan would be made from."""
        problem = Planner(StraightLine(), load_policy("default"), solve).look(state, self._now)
        if problem is None:
            return None
        header, arrays = problem_parts(problem)
        return header, {name: values.tolist() for name, values in arrays.items()}

    def teardown(self) -> None:
        try:
            super().teardown()
            assert self._looked_at(self.store.load_state(MARKET)) == self._looked_at(self._state)
            assert self.store.load_state(MARKET) == self._state
            with self.store.reading() as connection:
                assert compare(connection, MARKET).examples == []
                assert audit(connection, MARKET).fault == ""
        finally:
            self.store.close()
            shutil.rmtree(self.folder)


TestStoreWalk = StoreWalk.TestCase
TestStoreWalk.settings = settings(max_examples=8, stateful_step_count=25)
