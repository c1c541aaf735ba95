"""All parties act at random on a market that is kept in a database: what is read is always what the log adds up to."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import initialize

from dispatch.model.state import MarketState
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

    def teardown(self) -> None:
        try:
            super().teardown()
            assert self.store.load_state(MARKET) == self._state
            with self.store.reading() as connection:
                assert compare(connection, MARKET).examples == []
                assert audit(connection, MARKET).fault == ""
        finally:
            self.store.close()
            shutil.rmtree(self.folder)


TestStoreWalk = StoreWalk.TestCase
TestStoreWalk.settings = settings(max_examples=8, stateful_step_count=25)
