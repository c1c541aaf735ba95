"""What is loaded at a start: nothing that is not used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.sources import REPOSITORY

HEAVY = ("alembic", "numba", "polars", "psycopg", "redis")


@pytest.mark.parametrize(
    ("start", "unwanted"),
    [
        ("import dispatch.store.store, dispatch.store.queries, dispatch.store.leases", HEAVY),
        ("from dispatch.store.live.open import open_live; open_live()", (*HEAVY, "sqlalchemy")),
        ("import dispatch.commands.db, dispatch.commands.audit", (*HEAVY, "sqlalchemy")),
    ],
)
def test_only_what_is_used_is_loaded(start: str, unwanted: tuple[str, ...]) -> None:
    code = f"{start}\nimport sys\nprint(*(name for name in {unwanted!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
