"""The migrations make what the code expects."""

from __future__ import annotations

from dataclasses import fields

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dispatch.model.state import MarketState
from dispatch.store.rows import PROJECTIONS
from dispatch.store.schema import HEAD
from dispatch.store.store import Store
from dispatch.store.tables import METADATA
from dispatch.store.views import VIEWS


def test_migrated_tables_are_those_of_the_code(store: Store) -> None:
    assert set(VIEWS) <= set(METADATA.tables.values())
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_every_part_of_a_markets_state_is_kept() -> None:
    known = {"market_id", "seq", "tick", "policy", "active", *PROJECTIONS}
    assert {field.name for field in fields(MarketState)} == known, "project it, or load_state will not have it"


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", "dispatch.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
