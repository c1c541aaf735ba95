"""Fixtures and settings of every test."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.shared_data import MdrpCheck, reason_absent, run_mdrp_check, shared_path

# In CI the same examples are tried on every run, so that a red build can be repeated; people explore new ones.
settings.register_profile("people", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "people")

pytest_plugins = ["tests.support.store_fixtures"]

REAL_DATA_FIXTURES = {"grubhub_dir", "rappi_dir", "mdrp_check"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what reads the data sets beside the repository, so that ``-m 'not real_data'`` leaves it out."""
    if isinstance(item, pytest.Function) and REAL_DATA_FIXTURES & set(item.fixturenames):
        item.add_marker(pytest.mark.real_data)


def _present(relative: str) -> Path:
    path = shared_path(relative)
    if not path.exists():
        pytest.skip(reason_absent(path))
    return path


@pytest.fixture(scope="session")
def grubhub_dir() -> Path:
    """Folder of the public Grubhub MDRP instances, one folder each."""
    return _present("data/grubhub")


@pytest.fixture(scope="session")
def rappi_dir() -> Path:
    """Folder of the public Rappi city-days, one folder each."""
    return _present("data/rappi")


@pytest.fixture(scope="session")
def mdrp_check() -> MdrpCheck:
    """Judge of Grubhub solutions: ``mdrp_check(instance_dir, solution_dir)`` gives its report as a mapping."""
    return partial(run_mdrp_check, _present("mdrp/check.py"))
