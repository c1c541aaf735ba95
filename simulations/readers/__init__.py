"""Readers of instances: one day to be dispatched, from a folder in any of the formats known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from simulations.instance import Instance
from simulations.readers import colombia, grubhub, own
from simulations.readers.validation import Report, Where

__all__ = ["load_instance"]


class _Format(NamedTuple):
    """A format, and the files by which its folders are recognised: any one counts, so a missing one can be named."""

    name: str
    files: tuple[str, ...]
    read: Callable[[Path], Instance]


_FORMATS: Final = (
    _Format("Grubhub", grubhub.FILES, grubhub.read_grubhub),
    _Format("Colombia", colombia.FILES, colombia.read_colombia),
    _Format("own", own.FILES, own.read_own),
)


def load_instance(path: Path, *, thin: int = 1) -> Instance:
    """Load the instance in the folder ``path``, whatever its format.

    ``thin`` keeps only the riders the number in whose id is a multiple of it, with their shifts.
    Raises InvalidInputError with all issues of all files; ValueError where ``thin`` is not positive.
    """
    if thin < 1:
        raise ValueError(f"thin must be at least 1, not {thin}")
    instance = _recognise(path).read(path)
    return instance if thin == 1 else _thinned(instance, thin, path)


def _recognise(path: Path) -> _Format:
    found = [known for known in _FORMATS if any((path / name).exists() for name in known.files)]
    if len(found) == 1:
        return found[0]
    report = Report()
    where = Where(str(path))
    if found:
        files = sorted(name for known in found for name in known.files if (path / name).exists())
        cause = f"the folder holds files of the formats {_names(found)}: {', '.join(files)}"
        report.add("ambiguous_files", cause, where)
    elif not path.is_dir():
        report.add("missing_folder", "this is a file" if path.exists() else "there is no such folder", where)
    else:
        looked = "; ".join(f"{known.name}: {', '.join(known.files)}" for known in _FORMATS)
        report.add("unknown_format", f"no instance was recognised; looked for any of {looked}", where)
    report.refuse(f"instance {path.name}")
    raise ValueError("a folder that was not recognised must have been reported")


def _names(formats: Iterable[_Format]) -> str:
    return " and ".join(known.name for known in formats)


def _thinned(instance: Instance, thin: int, path: Path) -> Instance:
    report = Report()
    kept = []
    for rider in instance.riders:
        number = re.search(r"\d+", rider.id)
        if number is None:
            report.add("no_number_in_id", f"rider {rider.id} has no number to thin by", Where(str(path)))
        elif int(number.group()) % thin == 0:
            kept.append(rider)
    report.refuse(f"instance {path.resolve().name}, one rider in {thin}")
    ids = {rider.id for rider in kept}
    return replace(
        instance, riders=tuple(kept), shifts=tuple(shift for shift in instance.shifts if shift.rider_id in ids)
    )
