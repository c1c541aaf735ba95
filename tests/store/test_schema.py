"""The migrations make what the code expects."""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from dispatch.model.state import MarketState
from dispatch.store.databases import open_database
from dispatch.store.notice_people import NO_HOOK, preferences
from dispatch.store.rows import PROJECTIONS
from dispatch.store.schema import HEAD, migrate, upgrade
from dispatch.store.store import Store
from dispatch.store.tables import METADATA
from dispatch.store.views import VIEWS
from tests.support.builders import MARKET, NOON


def test_migrated_tables_are_those_of_the_code(store: Store) -> None:
    assert set(VIEWS) <= set(METADATA.tables.values())
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_wishes_from_before_there_were_webhooks_are_kept_and_have_none(tmp_path: Path) -> None:
    name = {"market_id": MARKET, "person": "rider:r1", "role": "rider"}
    wishes = {"language": "vi", "time_zone": "", "email": "", "phone": "", "choices": "{}"}
    row = {**name, **wishes, "version": 1, "changed_at": NOON, "changed_by": "u1"}
    with closing(open_database(f"sqlite:///{tmp_path}/old.db")) as database:
        with database.writing.begin() as connection:
            migrate(connection, "0010")
            values = ", ".join(f":{column}" for column in row)
            connection.execute(text(f"INSERT INTO preferences ({', '.join(row)}) VALUES ({values})"), row)
        assert upgrade(database) == "0010"
        with database.read() as connection:
            found = preferences(connection, MARKET, ["rider:r1"])["rider:r1"]
    assert (found.language, found.hook) == ("vi", NO_HOOK)


def test_every_part_of_a_markets_state_is_kept() -> None:
    known = {"market_id", "seq", "tick", "policy", "active", *PROJECTIONS}
    assert {field.name for field in fields(MarketState)} == known, "project it, or load_state will not have it"


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", "dispatch.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
