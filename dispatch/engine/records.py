"""Decision records: what was known, how it was decided and what came out, so that a decision can be made again.

A record replays to the same plan, bit for bit: the problem, the parameters and the seed are all that a solver may read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from dispatch import __version__
from dispatch.engine.policy import as_table, policy_of
from dispatch.engine.record_arrays import plan_parts, problem_parts, read_parts
from dispatch.engine.record_file import RecordError, pack, unpack
from dispatch.engine.summary_parts import read_summary, summary_parts
from dispatch.errors import NotFoundError
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem

SUFFIX: Final = ".record"
OWN_SOLVER: Final = "dispatch.solver.solve"
_PLAIN: Final = {"seed": int, "tick": int, "solver": str, "version": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One decision. tick: the number of the tick; solver, version: what decided, and of which release of Dispatch."""

    problem: Problem
    params: Params
    seed: int
    plan: Plan
    tick: int
    solver: str = OWN_SOLVER
    version: str = __version__


@dataclass(frozen=True, slots=True)
class RecordStore:
    """A folder with the records of one market, one file each; ``keep`` is what a dispatcher asks for.

    seed: the dispatcher's; it solves tick n with seed + n, which is how the store knows the number of the tick.
    """

    folder: Path
    seed: int = 0
    solver: str = OWN_SOLVER

    def keep(self, problem: Problem, params: Params, seed: int, plan: Plan) -> str:
        """Write a record; answers its id, the name of its file without the ending.

        The file appears at once and whole. It is not forced onto the disk: a power cut may cost the last ones.
        Raises RecordError where it cannot be written.
        """
        tick = seed - self.seed
        if tick < 0:
            raise ValueError(f"the store counts ticks from seed {self.seed} and was given seed {seed}")
        record_id = f"{tick:07d}-{problem.now}"
        record = Record(problem=problem, params=params, seed=seed, plan=plan, tick=tick, solver=self.solver)
        path = self.path(record_id)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_record(path, record)
        except OSError as error:
            cause = f"The decision record {path.name} cannot be written: {error.strerror}."
            raise RecordError(cause, "See to the disk and the rights of its folder.", code="record_not_kept") from error
        return record_id

    def path(self, record_id: str) -> Path:
        """The file of a record."""
        return self.folder / f"{record_id}{SUFFIX}"

    def paths(self) -> tuple[Path, ...]:
        """The files of all records, by tick and then by time."""
        return tuple(sorted(self.folder.glob(f"*{SUFFIX}")))

    def at_tick(self, tick: int) -> Path:
        """The (last) record of a tick. Raises NotFoundError; a tick that had no orders keeps no record."""
        found = sorted(self.folder.glob(f"{tick:07d}-*{SUFFIX}"))
        if not found:
            cause = f"{self.folder} has no record of tick {tick}; {self._span()}."
            raise NotFoundError(cause, "Name another tick; one without orders keeps no record.")
        return found[-1]

    def newest_first(self) -> Iterator[Record]:
        """Every record, read when it is asked for."""
        return (load_record(path) for path in reversed(self.paths()))

    def _span(self) -> str:
        ticks = [path.name.partition("-")[0].lstrip("0") or "0" for path in self.paths()]
        return f"it has {len(ticks)}, of ticks {ticks[0]} to {ticks[-1]}" if ticks else "it has none at all"


def write_record(path: Path, record: Record) -> None:
    """Write a record to a file that is whole as soon as it is there."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(to_bytes(record))
    unfinished.replace(path)


def load_record(path: Path) -> Record:
    """Read a record. Raises NotFoundError, RecordError where it is damaged or of another format, InvalidInputError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.", "Check the name of the file.") from None
    return from_bytes(data, str(path))


def to_bytes(record: Record) -> bytes:
    """The contents of the record's file."""
    header, arrays = problem_parts(record.problem)
    more, plan_arrays = plan_parts(record.plan)
    header |= more | {name: getattr(record, name) for name in _PLAIN}
    if record.plan.summary is not None:
        told, tables = summary_parts(record.plan.summary)
        header, arrays = header | told, arrays | tables
    return pack(header | {"params": as_table(record.params)}, arrays | plan_arrays)


def from_bytes(data: bytes, source: str) -> Record:
    """The record with these contents; ``source`` is named in errors. Raises like ``load_record``."""
    header, arrays = unpack(data, source)
    problem, plan = read_parts(header, arrays, source)
    for name, kind in _PLAIN.items():
        if type(header.get(name)) is not kind:
            raise RecordError(f"{source} does not say its {name}.", "Report it with the file.")
    summary = read_summary(header, arrays, problem.order_count, problem.rider_count, source)
    return Record(
        problem=problem,
        plan=replace(plan, summary=summary),
        params=_params(header.get("params"), source),
        **{name: header[name] for name in _PLAIN},
    )


def _params(table: Any, source: str) -> Params:  # noqa: ANN401 - a file says it
    """The parameters that ``as_table`` was given."""
    return policy_of({"name": "recorded", "version": 1, "params": table}, source).params
