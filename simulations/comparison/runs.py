"""Many runs, in as many processes as wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from dispatch.errors import DispatchError
from simulations.metrics import Metrics, measured
from simulations.policies import contender
from simulations.readers import load_instance
from simulations.runner import Simulation
from simulations.worlds import AS_TOLD, World

Done = Callable[[], None]
"""Told each time that a run is over."""

COLUMNS = ("order_id", "status", "click_to_door_s", "ready_to_pickup_s", "ready_to_door_s", "lateness_s")
"""What is kept of each order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run to be done: everything that is random in the world comes from the seed, whatever the policy."""

    path: Path
    policy: str
    seed: int
    thin: int = 1
    world: World = AS_TOLD
    checked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came out of a job; ``orders`` has COLUMNS, in the order of placing."""

    instance: str
    policy: str
    seed: int
    metrics: Metrics
    orders: pl.DataFrame


class RunFailedError(DispatchError):
    """A run ended with a refusal; the whole comparison has no result."""

    code = "run_failed"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A DispatchError on its way out of another process."""

    cause: str
    action: str


def run_all(jobs: Sequence[Job], workers: int, done: Done) -> list[Run]:
    """Do all jobs and answer their runs in the same order. Raises RunFailedError for the first one that is refused."""
    found: dict[int, Run] = {}
    if workers <= 1:
        for number, job in enumerate(jobs):
            found[number] = _taken(job, _attempt(job))
            done()
        return [found[number] for number in range(len(jobs))]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        numbers = {pool.submit(_attempt, job): number for number, job in enumerate(jobs)}
        try:
            for future in as_completed(numbers):
                found[numbers[future]] = _taken(jobs[numbers[future]], future.result())
                done()
        except RunFailedError:
            pool.shutdown(cancel_futures=True)
            raise
    return [found[number] for number in range(len(jobs))]


def _attempt(job: Job) -> Run | _Refusal:
    """Run one job, in whatever process this is."""
    try:
        instance = load_instance(job.path, thin=job.thin)
        chosen = contender(job.policy, instance.rules.policy)
        outcome = Simulation(
            instance, chosen.policy, chosen.solver, seed=job.seed, world=job.world, checked=job.checked
        ).run()
    except DispatchError as error:
        return _Refusal(error.cause, error.action)
    found = measured(outcome)
    return Run(
        instance=str(job.path),
        policy=chosen.name,
        seed=job.seed,
        metrics=found.metrics,
        orders=found.orders.select(COLUMNS),
    )


def _taken(job: Job, result: Run | _Refusal) -> Run:
    if isinstance(result, _Refusal):
        where = f"{job.path} under {job.policy} with seed {job.seed}"
        raise RunFailedError(f"The run of {where} was refused: {result.cause}", result.action)
    return result
