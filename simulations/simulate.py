"""Play one instance under one policy, and write down what happened."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dispatch.engine.records import RecordStore
from dispatch.errors import DispatchError
from dispatch.geo.travel import PlanarTravel
from dispatch.model.events import OrderCancelled, OrderCollected, OrderDelivered
from simulations.folder import writing
from simulations.instance import Instance
from simulations.metrics import Measured, events_frame, measured
from simulations.plans_told import plans_frame, plans_told
from simulations.policies import Contender, contender
from simulations.progress import progress_bar
from simulations.readers import load_instance
from simulations.readers.grubhub_solution import write_solution
from simulations.report import write_report
from simulations.runner import Outcome, Simulation
from simulations.worlds import AS_TOLD, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to play and what to keep. ``policy`` None is the one that the instance names; ``out`` None keeps nothing."""

    instance: Path
    policy: str | None = None
    thin: int = 1
    seed: int = 0
    world: World = AS_TOLD
    out: Path | None = None
    grubhub_solution: Path | None = None
    checked: bool = True
    records: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out, and the files that were written by what they hold."""

    outcome: Outcome
    measured: Measured
    contender: Contender
    files: dict[str, Path]

    def as_json(self, request: Request) -> dict[str, Any]:
        """Everything that a program may want to know of the run."""
        instance = self.outcome.instance
        return {
            "instance": {
                "name": instance.name,
                "orders": len(instance.orders),
                "riders": len(instance.riders),
                "warnings": len(instance.warnings),
            },
            "policy": {"name": self.contender.policy.name, "version": self.contender.policy.version},
            "seed": request.seed,
            "thin": request.thin,
            "world": asdict(request.world),
            "metrics": asdict(self.measured.metrics),
            "plans": plans_told(plans_frame(self.outcome.plans)).as_json(),
            "files": {what: str(path) for what, path in self.files.items()},
        }


class NotGrubhubError(DispatchError):
    """A solution of the Grubhub problem was asked for, and the instance is of another kind."""

    code = "not_grubhub"


def simulate(request: Request) -> Answer:
    """Load, play, measure and write. Raises DispatchError for what is wrong with input, output or a plan."""
    instance = load_instance(request.instance, thin=request.thin)
    chosen = contender(request.policy or "dispatch", instance.rules.policy)
    if request.grubhub_solution is not None and not isinstance(instance.travel, PlanarTravel):
        cause = f"{request.instance} is no Grubhub instance, so there is no Grubhub solution to it."
        raise NotGrubhubError(cause, "Leave --grubhub-solution away.")
    for folder in (request.out, request.grubhub_solution):
        if folder is not None:
            with writing(folder):  # before the run, so that none is lost
                pass
    outcome = _play(request, instance, chosen)
    answer = Answer(outcome, measured(outcome), chosen, {})
    if request.out is not None:
        with writing(request.out) as folder:
            _write(folder, request, answer)
    if request.grubhub_solution is not None:
        with writing(request.grubhub_solution) as folder:
            write_solution(folder, instance, outcome.events)
            answer.files["grubhub_solution"] = folder
    return answer


def _play(request: Request, instance: Instance, chosen: Contender) -> Outcome:
    store = None
    if request.records and request.out is not None:
        solver = getattr(chosen.solver, "__module__", chosen.name)
        with writing(request.out / "records") as folder:
            store = RecordStore(folder, request.seed, solver)
            for old in store.paths():
                old.unlink()
    with progress_bar(instance, shown=not request.quiet) as progress:
        outcome = Simulation(
            instance,
            chosen.policy,
            chosen.solver,
            seed=request.seed,
            world=request.world,
            checked=request.checked,
            keep=None if store is None else store.keep,
            progress=progress,
        ).run()
        # Ticks tell how far the run is, and the last orders may be over after the last of them.
        progress(instance.ends_at, _over(outcome))
    return outcome


def _over(outcome: Outcome) -> int:
    return sum(isinstance(entry.event, OrderDelivered | OrderCancelled | OrderCollected) for entry in outcome.events)


def _write(folder: Path, request: Request, answer: Answer) -> None:
    """Events and tables as Parquet, figures as JSON, and the report."""
    tables = {
        "events": events_frame(answer.outcome.events),
        "orders": answer.measured.orders,
        "rider_spans": answer.measured.spans,
        "plans": plans_frame(answer.outcome.plans),
    }
    for name, table in tables.items():
        answer.files[name] = folder / f"{name}.parquet"
        table.write_parquet(answer.files[name])
    if request.records:
        answer.files["records"] = folder / "records"
    answer.files["metrics"] = folder / "metrics.json"
    answer.files["report"] = folder / "report.html"
    text = json.dumps(answer.as_json(request), indent=2)
    answer.files["metrics"].write_text(text + "\n", "utf-8", newline="\n")
    write_report(answer.files["report"], answer.outcome, answer.measured, policy=answer.contender.policy.name)
