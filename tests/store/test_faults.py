"""When the database fails: nothing is half written, everybody is told, and it goes on when the database does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from dispatch.model.events import MerchantRegistered
from dispatch.store.databases import StoreUnavailableError, open_database
from dispatch.store.schema import SchemaError
from dispatch.store.store import Store, open_store
from dispatch.store.verify import verify
from tests.support.builders import MARKET, a_merchant
from tests.support.recorded import KNOWN, an_append
from tests.support.servers import Postgres
from tests.support.store_fixtures import make_tables


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server that the test may kill."""
    server = Postgres(durable=True)
    yield server
    server.server.remove()


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:

        def room_for(pages: int) -> None:
            store.run(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar()).result()

        store.submit(an_append("c1", [KNOWN], 0)).result()
        room_for(1)  # as many as there are already
        long = [MerchantRegistered(merchant=a_merchant(name="x" * 5000))] * 20
        futures = [store.submit(an_append(f"big{n}", long, 1)) for n in range(3)]
        for future in futures:
            with pytest.raises(StoreUnavailableError, match="full"):
                future.result()
        room_for(2**30)
        store.submit(an_append("c2", long, 1)).result()
        with store.reading() as connection:
            assert verify(connection).faults == []


def test_a_server_that_is_killed_and_comes_back_loses_nothing(own_postgres: Postgres) -> None:
    name = own_postgres.new_database()
    url = own_postgres.url(name)
    make_tables(url)
    with open_store(url) as store:
        acknowledged = _write_on(store, own_postgres)
        with store.reading() as connection:
            assert verify(connection).faults == []
        written = {recorded.command_id for recorded in store.read(MARKET)}
        assert acknowledged <= written
        store.submit(an_append("after", [KNOWN], store.last_seq(MARKET))).result()


def _write_on(store: Store, server: Postgres) -> set[str]:
    """Write through a kill and a restart of the server; what was acknowledged."""
    acknowledged: set[str] = set()
    failed = threading.Event()
    enough = threading.Event()

    def write() -> None:
        number = 0
        while not enough.is_set():
            number += 1
            try:
                store.submit(an_append(f"c{number}", [KNOWN], store.last_seq(MARKET))).result(30)
                acknowledged.add(f"c{number}")
            except StoreUnavailableError:
                failed.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(acknowledged) < 20:
            enough.wait(0.01)
        server.server.kill()
        assert failed.wait(20)
        server.server.start()
        before = len(acknowledged)
        while len(acknowledged) < before + 20:
            enough.wait(0.01)
    finally:
        enough.set()
        writer.join()
    return acknowledged


def test_a_database_of_another_form_is_not_opened(tmp_path: Path, sqlite_url: str) -> None:
    with pytest.raises(SchemaError, match="empty"):
        open_store(f"sqlite:///{tmp_path}/empty.db")
    database = open_database(sqlite_url)
    with database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(SchemaError, match="9999"):
        open_store(sqlite_url)


def test_a_file_that_is_no_database_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database " * 100, "utf-8")
    with pytest.raises(StoreUnavailableError, match="not a database"):
        open_store(f"sqlite:///{tmp_path}/x.db", upgrading=True)


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(StoreUnavailableError), store.reading() as connection:
        connection.exec_driver_sql("DELETE FROM events")


def test_an_upgrade_that_fails_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    database = open_database(url)
    with database.writing.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE timers (in_the_way integer)")
    database.close()
    with pytest.raises(StoreUnavailableError, match="already exists"):
        open_store(url, upgrading=True)
    database = open_database(url)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["timers"]
    database.close()
