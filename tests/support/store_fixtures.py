"""Fixtures of stores in real databases; ``tests/conftest.py`` makes them known to every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.store.databases import open_database
from dispatch.store.schema import upgrade
from dispatch.store.store import Store, open_store
from tests.support.servers import Postgres, Redis

EMPTY = "empty_store"
"""The PostgreSQL database that new ones are copied from."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; its database EMPTY has the tables of a store."""
    server = Postgres()
    server.execute(f"CREATE DATABASE {EMPTY}")
    make_tables(server.url(EMPTY))
    yield server
    server.server.remove()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis server."""
    server = Redis()
    yield server
    server.server.remove()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that has the tables of a store."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(empty_sqlite: Path, tmp_path: Path) -> str:
    """The address of a new store in SQLite."""
    return f"sqlite:///{shutil.copy(empty_sqlite, tmp_path / 'store.db')}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of a new store in PostgreSQL."""
    name = postgres.new_database(EMPTY)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of a new store, in each database in turn."""
    found = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return str(found)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open store, in each database in turn."""
    with open_store(store_url) as opened:
        yield opened


def make_tables(url: str) -> None:
    """Bring the database at an address to its newest form."""
    database = open_database(url)
    upgrade(database)
    database.close()
