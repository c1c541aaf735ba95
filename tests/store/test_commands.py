"""`dispatch db` and `dispatch audit`, as people use them."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from dispatch.cli import main
from dispatch.model.events import OrderReady
from dispatch.model.order import OrderId
from dispatch.store.databases import open_database
from dispatch.store.schema import HEAD
from dispatch.store.store import Store, open_store
from dispatch.store.verify import verify
from dispatch.store.writes import Message, Timer
from tests.support.builders import MARKET, NOON
from tests.support.recorded import KNOWN, an_append, placed
from tests.support.servers import Postgres
from tests.support.towns import Town


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def a_day(store: Store) -> None:
    """A bit of everything."""
    town = Town("r1", "r2", log=store)
    town.placed("o1", "o2", "o3")
    town.on_board("r1", "o1")
    town.offered("r2", "o2")
    seq = store.last_seq(MARKET)
    message = Message(topic="webhook", payload={"name": "Nguyễn"}, due_at=NOON, name="n1")
    timer = Timer(name="t1", kind="k", due_at=NOON + 60)
    store.submit(an_append("last", [KNOWN], seq, messages=[message], timers=[timer], outcome={"ok": True})).result()


def tamper(url: str, statement: str) -> None:
    database = open_database(url)
    with database.writing.begin() as connection:
        connection.execute(text(statement))
    database.close()


def test_an_empty_database_is_set_up(tmp_path: Path, postgres: Postgres) -> None:
    for url in (f"sqlite:///{tmp_path}/new/store.db", postgres.url(postgres.new_database())):
        assert "Run `dispatch db upgrade`" in run("db", "verify", "--db", url).output
        assert run("db", "upgrade", "--db", url).output == f"The database is at form {HEAD} now; it was empty.\n"
        assert run("db", "upgrade", "--db", url).output == f"The database is at form {HEAD} already.\n"
        assert run("db", "verify", "--db", url).output == "Everything agrees.\n"


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "nonsense", "postgresql://h:port/x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    answer = run("db", "upgrade", "--db", url)
    assert answer.exit_code == 2
    assert "no address of a database" in answer.output


def test_a_database_that_does_not_answer_is_told_of() -> None:
    answer = run("db", "verify", "--db", "postgresql://nobody@127.0.0.1:9/none")
    assert answer.exit_code == 2
    assert "did not do what it was asked to" in answer.output


def test_a_sound_database_is_found_sound(store: Store, store_url: str) -> None:
    a_day(store)
    answer = run("db", "verify", "--db", store_url)
    assert answer.exit_code == 0
    assert answer.output.endswith("Everything agrees.\n")
    as_json = json.loads(run("db", "verify", "--db", store_url, "--json").output)
    assert as_json["sound"]
    assert as_json["comparisons"][0]["rows"] >= 9


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE events SET payload = replace(payload, 'r', 's') WHERE seq = 4", "is not what was written"),
        ("UPDATE events SET actor_id = 'ben' WHERE seq = 4", "is not what was written"),
        ("UPDATE events SET occurred_at = occurred_at + 1 WHERE seq = 4", "is not what was written"),
        ("DELETE FROM events WHERE seq = 4", "event 4 is missing"),
        ("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", "the log ends at event"),
        ("UPDATE events SET prev_hash = hash WHERE seq = 4", "does not follow the event before it"),
        ("UPDATE orders SET status = 'delivered' WHERE id = 'o3'", 'orders "o3" has another status'),
        ("DELETE FROM riders WHERE id = 'r2'", 'riders "r2" is missing'),
        ("UPDATE assignments SET rider_id = 'r2'", 'assignments "o1", 11 has another rider_id'),
        ("UPDATE markets SET tick = 99", "tick or policy"),
        ("DELETE FROM commands WHERE command_id = 'last'", "1 events belong to no command"),
    ],
)
def test_what_was_changed_behind_its_back_is_found(store: Store, store_url: str, statement: str, told: str) -> None:
    a_day(store)
    store.close()
    tamper(store_url, statement)
    answer = run("db", "verify", "--db", store_url)
    assert answer.exit_code == 1
    assert told in answer.output
    is_of_the_log = "events SET" in statement or "FROM events" in statement
    assert (run("audit", "verify", "--db", store_url).exit_code == 1) == is_of_the_log


def test_projections_are_made_anew_from_the_log(store: Store, store_url: str) -> None:
    a_day(store)
    store.close()
    tamper(store_url, "UPDATE orders SET status = 'delivered' WHERE id = 'o3'")
    tamper(store_url, "DELETE FROM riders WHERE id = 'r2'")
    assert run("db", "verify", "--db", store_url).exit_code == 1
    answer = run("db", "rebuild", "--db", store_url)
    assert (answer.exit_code, answer.output) == (0, f"The projections were made anew from the logs of: {MARKET}.\n")
    assert run("db", "verify", "--db", store_url).exit_code == 0


def test_a_log_made_anew_from_end_to_end_is_told_by_what_was_noted(store: Store, store_url: str) -> None:
    store.submit(an_append("c1", [KNOWN], 0)).result()
    noted = run("audit", "verify", "--db", store_url).output.strip().removeprefix(f"{MARKET}: ")
    store.submit(an_append("c2", [KNOWN], 1)).result()
    here = ("--db", store_url, "--market", MARKET, "--noted")
    assert run("audit", "verify", *here, noted).exit_code == 0
    seq, _, head = noted.partition(":")
    other = run("audit", "verify", *here, f"{seq}:{'0' * len(head)}")
    assert other.exit_code == 1
    assert "is not the one that was noted" in other.output
    assert run("audit", "verify", *here, "7").exit_code == 2
    assert run("audit", "verify", "--db", store_url, "--market", "lima").exit_code == 2


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_is_restored_into_either_database(
    store: Store, store_url: str, target: str, tmp_path: Path, postgres: Postgres
) -> None:
    a_day(store)
    file = tmp_path / "backup.gz"
    assert run("db", "backup", str(file), "--db", store_url).exit_code == 0
    sqlite = f"sqlite:///{tmp_path}/restored.db"
    url = sqlite if target == "sqlite" else postgres.url(postgres.new_database())
    answer = run("db", "restore", str(file), "--db", url)
    assert answer.exit_code == 0, answer.output
    assert "all agrees" in answer.output
    with open_store(url) as restored:
        assert list(restored.read(MARKET)) == list(store.read(MARKET))
        assert restored.load_state(MARKET) == store.load_state(MARKET)
        assert restored.remembered(MARKET, "last") == store.remembered(MARKET, "last")
        seq = restored.last_seq(MARKET)
        more = [Message(topic="webhook", payload=1, due_at=NOON)]
        restored.submit(an_append("more", [KNOWN, placed("o9")], seq, messages=more)).result()
    assert "is not empty" in run("db", "restore", str(file), "--db", url).output


def test_a_backup_is_as_of_one_moment_though_the_store_is_written(store: Store, store_url: str, tmp_path: Path) -> None:
    a_day(store)
    stop = threading.Event()

    def write() -> None:
        seq = store.last_seq(MARKET)
        while not stop.is_set():
            order = f"w{seq}"
            ready = OrderReady(order_id=OrderId(order))
            store.submit(an_append(order, [placed(order), ready], seq)).result()
            seq += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            file = tmp_path / f"{number}.gz"
            assert run("db", "backup", str(file), "--db", store_url).exit_code == 0
            answer = run("db", "restore", str(file), "--db", f"sqlite:///{tmp_path}/{number}.db")
            assert "all agrees" in answer.output, answer.output
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize("damage", ["cut", "changed", "other", "longer", "newer"])
def test_a_damaged_backup_restores_nothing(sqlite_url: str, tmp_path: Path, damage: str) -> None:
    with open_store(sqlite_url) as store:
        a_day(store)
    file, target = tmp_path / "backup.gz", tmp_path / "restored.db"
    run("db", "backup", str(file), "--db", sqlite_url)
    whole = gzip.decompress(file.read_bytes())
    damaged = {
        "cut": whole[: len(whole) * 2 // 3],
        "changed": whole.replace(b"r2", b"r3"),
        "other": b"hello\n",
        "longer": whole + b"[]\n",
        "newer": whole.replace(b'"format_version":1', b'"format_version":2'),
    }[damage]
    file.write_bytes(gzip.compress(damaged))
    answer = run("db", "restore", str(file), "--db", f"sqlite:///{target}")
    assert answer.exit_code == 2, answer.output
    database = open_database(f"sqlite:///{target}")
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0
    database.close()


def test_a_backup_that_cannot_be_written_is_told_of(sqlite_url: str, tmp_path: Path) -> None:
    answer = run("db", "backup", str(tmp_path / "none" / "b.gz"), "--db", sqlite_url)
    assert answer.exit_code == 2
    assert "could not be written" in answer.output


def test_old_projections_are_made_anew(store: Store, store_url: str) -> None:
    a_day(store)
    store.close()
    tamper(store_url, "UPDATE settings SET value = '0'")
    tamper(store_url, "DELETE FROM orders")
    assert "Run `dispatch db upgrade`" in run("db", "verify", "--db", store_url).output
    assert run("db", "upgrade", "--db", store_url).exit_code == 0
    assert run("db", "verify", "--db", store_url).exit_code == 0
    database = open_database(store_url)
    with database.read() as connection:
        assert verify(connection).faults == []
    database.close()
