"""Play several policies on the same days with the same chances, and write down how far apart they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dispatch.errors import InvalidInputError, Issue
from simulations.comparison import Comparison, Job, Run, compare, run_all
from simulations.comparison.runs import Done
from simulations.folder import writing
from simulations.policies import contender
from simulations.readers import load_instance
from simulations.report.comparison import write_comparison, write_picture
from simulations.worlds import AS_TOLD, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to compare on what. ``seeds`` counts from 0; ``out`` None keeps nothing."""

    instances: tuple[Path, ...]
    policies: tuple[str, ...]
    seeds: int = 1
    thin: int = 1
    world: World = AS_TOLD
    checked: bool = True
    jobs: int = 1
    out: Path | None = None
    quiet: bool = False


def run_comparison(request: Request) -> tuple[Comparison, dict[str, Path]]:
    """Compare, and answer the result with the files written. Raises DispatchError."""
    _look_at(request)
    if request.out is not None:
        with writing(request.out):  # before the runs, so that none is lost
            pass
    jobs = [
        Job(
            path=path,
            policy=policy,
            seed=seed,
            thin=request.thin,
            world=request.world,
            checked=request.checked,
        )
        for path in request.instances
        for seed in range(request.seeds)
        for policy in request.policies
    ]
    with _progress(len(jobs), shown=not request.quiet) as done:
        found = compare(run_all(jobs, min(request.jobs, len(jobs)), done))
    files: dict[str, Path] = {}
    if request.out is not None:
        with writing(request.out) as folder:
            files = _write(folder, request, found)
    return found, files


def _look_at(request: Request) -> None:
    """Refuse what is wrong with instances and policies before anything is run. Raises InvalidInputError."""
    issues: list[Issue] = []
    if not request.policies:
        issues.append(Issue("missing_value", "there is no policy to compare", "Name two or more, by commas."))
    if len(set(request.instances)) < len(request.instances):
        issues.append(Issue("duplicate_id", "an instance is named more than once", "Name each once."))
    usual = [load_instance(path, thin=request.thin).rules.policy for path in request.instances]
    names = [contender(policy, usual[0]).name for policy in request.policies]
    if len(set(names)) < len(names):
        cause = f"two of the policies go by one name: {', '.join(names)}"
        issues.append(Issue("duplicate_id", cause, "Name each once, or give one of the files another name."))
    if issues:
        raise InvalidInputError("comparison", issues)


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[Done]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("runs over"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as bar:
        row = bar.add_task("runs", total=total)
        yield lambda: bar.advance(row)


def _write(folder: Path, request: Request, found: Comparison) -> dict[str, Path]:
    names = {"runs": "runs.parquet", "figures": "compare.json", "picture": "compare.png", "report": "compare.html"}
    files = {what: folder / name for what, name in names.items()}
    pl.DataFrame([_row(run) for run in found.runs], infer_schema_length=None).write_parquet(files["runs"])
    files["figures"].write_text(json.dumps(found.as_json(), indent=2) + "\n", "utf-8", newline="\n")
    write_picture(files["picture"], found)
    write_comparison(files["report"], found, [str(path) for path in request.instances], _world(request))
    return files


def _world(request: Request) -> list[str]:
    """What is not as the instances say, in words."""
    parts = [f"{request.seeds} seeds" if request.seeds > 1 else "one seed"]
    if request.thin > 1:
        parts.append(f"one rider in {request.thin}")
    return [*parts, *request.world.words()]


def _row(run: Run) -> dict[str, object]:
    return {"instance": run.instance, "policy": run.policy, "seed": run.seed, **asdict(run.metrics)}
