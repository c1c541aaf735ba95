"""PostgreSQL: whoever hangs in the middle of writing does not keep the others from their market."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import text

from dispatch.store.leases import fence_market
from dispatch.store.store import Store, open_store
from tests.support.builders import MARKET
from tests.support.recorded import KNOWN, an_append

Session = psycopg.Connection[tuple[object, ...]]


@contextmanager
def another_writer(url: str, program: str = "dispatch") -> Iterator[Session]:
    """A transaction of another process that has written to the row of the market."""
    with closing(psycopg.connect(url, application_name=program)) as session:
        session.execute("UPDATE markets SET tick = 7")
        yield session


def hang_between(_: Session) -> None:
    """The process stops between two statements: nothing more is sent."""


def hang_in_a_batch(session: Session) -> None:
    """The process stops while it sends a batch, which the server takes for no idle transaction."""
    session.pgconn.enter_pipeline_mode()
    session.pgconn.send_close_prepared(b"none")
    session.pgconn.send_flush_request()
    session.pgconn.flush()


@pytest.mark.parametrize("hang", [hang_between, hang_in_a_batch])
def test_a_session_that_hangs_is_ended_by_the_next_holder(postgres_url: str, hang: Callable[[Session], None]) -> None:
    with open_store(postgres_url) as store:
        store.submit(an_append("c1", [KNOWN], 0)).result()
        with another_writer(postgres_url) as hanging:
            hang(hanging)
            began = time.monotonic()
            store.run(lambda c: fence_market(c, MARKET, 5)).result(30)
            assert 1 < time.monotonic() - began < 15
            assert not _is_there(store, hanging.info.backend_pid)
        store.submit(an_append("c2", [KNOWN], 1, fence=5)).result()


def test_a_session_that_works_is_waited_for(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.submit(an_append("c1", [KNOWN], 0)).result()
        with another_writer(postgres_url) as working:
            fencing = threading.Thread(target=store.run(lambda c: fence_market(c, MARKET, 5)).result, args=(30,))
            fencing.start()
            working.execute("SELECT pg_sleep(3)")
            working.commit()
            fencing.join()
        with store.reading() as connection:
            assert connection.execute(text("SELECT fence, tick FROM markets")).one() == (5, 7)


def test_other_programs_are_left_alone(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.submit(an_append("c1", [KNOWN], 0)).result()
        with another_writer(postgres_url, "psql") as person:
            fenced = store.run(lambda c: fence_market(c, MARKET, 5))
            time.sleep(3.5)
            assert not fenced.done()
            person.commit()
            fenced.result(30)


def _is_there(store: Store, process: int) -> bool:
    with store.reading() as connection:
        found = connection.execute(text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), {"pid": process})
        return bool(found.scalar_one())
