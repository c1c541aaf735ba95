"""Finds the public data sets, which are no part of the project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dispatch.errors import DispatchError

REPOSITORY: Final = Path(__file__).resolve().parents[2]

VARIABLE: Final = "DISPATCH_SHARED"
"""Environment variable with the folder that holds ``data/``; unset: ``shared`` beside the repository."""


class DataAbsentError(DispatchError):
    """A protocol needs instances that are not there."""

    code = "data_absent"


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder with the data sets ``grubhub`` and ``rappi``. Raises DataAbsentError where there is none."""
    named = environment.get(VARIABLE)
    folder = (Path(named) if named else REPOSITORY.parent / "shared") / "data"
    if not folder.is_dir():
        raise DataAbsentError(f"The public data sets are not in {folder}.", HOW)
    return folder


HOW: Final = (
    "Get grubhub/mdrplib and sebastian-quintero/mdrp-sim from GitHub, and put their instances as data/grubhub/INSTANCE "
    f"and data/rappi/DAY into a folder `shared` beside the repository, or into the folder that {VARIABLE} names."
)


def existing(folder: Path) -> Path:
    """The folder of an instance. Raises DataAbsentError where it is not there."""
    if not folder.is_dir():
        raise DataAbsentError(f"The instance {folder} is not there.", HOW)
    return folder
