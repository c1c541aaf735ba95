"""Folders that results are written to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.errors import DispatchError


class OutputError(DispatchError):
    """A folder or file for results cannot be written."""

    code = "output_failed"


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """The folder, made where it is not there. Raises OutputError where it, or what is written inside, cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        cause = f"{error.filename or folder} cannot be written: {error.strerror or error}."
        raise OutputError(cause, "Name another folder, or see to its rights and the room on its disk.") from error
