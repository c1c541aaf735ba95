"""The lock of the other solvers is complete, agrees with the lock that everybody has, and names no address."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support.sources import REPOSITORY

LOCK = (REPOSITORY / "requirements-peers.lock").read_text("utf-8")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", re.MULTILINE)
PINS = dict(PIN.findall(LOCK))
EVERYBODYS = dict(PIN.findall((REPOSITORY / "requirements.lock").read_text("utf-8")))
EXTRAS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]


@pytest.mark.parametrize("asked", EXTRAS["peers"])
def test_what_is_asked_for_is_pinned_and_in_nobody_elses_lock(asked: str) -> None:
    requirement = Requirement(asked)
    assert requirement.name in PINS, "run `make lock`"
    assert requirement.specifier.contains(Version(PINS[requirement.name])), "run `make lock`"
    assert requirement.name not in EVERYBODYS


def test_both_locks_agree() -> None:
    shared = PINS.keys() & EVERYBODYS.keys()
    assert {name: PINS[name] for name in shared} == {name: EVERYBODYS[name] for name in shared}, "run `make lock`"


def test_every_package_has_a_hash_and_no_address_is_named() -> None:
    entries = re.findall(r"^[^\s#].*(?:\n(?!\S).*)*", LOCK, re.MULTILINE)
    assert len(entries) == len(PINS)
    assert not [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert "://" not in LOCK
