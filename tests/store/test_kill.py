"""A process that writes is killed at random moments: what it acknowledged is there, and everything agrees.

``make endure`` kills it a hundred times.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from pathlib import Path

from sqlalchemy import func, select

from dispatch.store.store import open_store
from dispatch.store.tables import OUTBOX, TIMERS
from dispatch.store.verify import verify
from tests.support.builders import MARKET
from tests.support.busy_market import write_until_killed

KILLS = int(os.environ.get("DISPATCH_KILLS", "20"))
LONGEST_S = 0.4


def test_what_was_acknowledged_outlives_a_kill(store_url: str, tmp_path: Path) -> None:
    chance = random.Random(20_261_121)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.busy_market"])
    notes = tmp_path / "acknowledged"
    kills = KILLS if store_url.startswith("sqlite") else max(1, KILLS // 4)
    for life in range(kills):
        writer = context.Process(target=write_until_killed, args=(store_url, str(notes), life), daemon=True)
        writer.start()
        before = _size(notes)
        while _size(notes) == before:  # the first acknowledgement, then a moment
            assert writer.is_alive()
            time.sleep(0.005)
        time.sleep(chance.random() * LONGEST_S)
        writer.kill()
        writer.join()
        if life % 5 == 4 or life == kills - 1:
            _check(store_url, set(notes.read_text("utf-8").splitlines()))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check(url: str, acknowledged: set[str]) -> None:
    with open_store(url) as store, store.reading() as connection:
        written = [recorded.command_id for recorded in store.read(MARKET)]
        assert len(written) == len(set(written))
        assert acknowledged <= set(written), "an acknowledged command is not in the log"
        assert verify(connection).faults == []
        for table in (OUTBOX, TIMERS):
            names = connection.execute(select(table.c.name)).scalars().all()
            assert sorted(names) == sorted(written), f"{table.name} does not fit the log"
        assert connection.execute(select(func.count()).select_from(OUTBOX)).scalar() == len(written)
    assert len(acknowledged) > len(written) // 2
