"""The lock is complete: what the project asks for is in it, everything is pinned and hashed, no address is named."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support.sources import REPOSITORY

LOCK = (REPOSITORY / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
ASKED = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["dev"],
    *PROJECT["project"]["optional-dependencies"]["traces"],
    *PROJECT["build-system"]["requires"],
]
PINS = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", LOCK, re.MULTILINE))


@pytest.mark.parametrize("asked", sorted(set(ASKED)))
def test_what_is_asked_for_is_pinned(asked: str) -> None:
    requirement = Requirement(asked)
    assert requirement.name in PINS, "run `make lock`"
    assert requirement.specifier.contains(Version(PINS[requirement.name])), "run `make lock`"


def test_every_package_has_one_version_for_all_platforms_and_a_hash() -> None:
    entries = re.findall(r"^[^\s#].*(?:\n(?!\S).*)*", LOCK, re.MULTILINE)
    assert len(entries) == len(PINS)
    assert not [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]


def test_no_address_is_named() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^--|@ ", LOCK, re.MULTILINE)
