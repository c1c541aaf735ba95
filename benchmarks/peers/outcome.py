"""Runs a router in a process of its own, and judges what it answers; a router that fails is an outcome, too."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peers.judge import Judgement, judge
from benchmarks.peers.static import make_static
from dispatch.engine.policy import load_policy

ROOT: Final = Path(__file__).parents[2]
LOOK_S: Final = 0.2
"""CPU seconds spent on finding out how busy the machine is."""
NOISE: Final = 1.05
"""Below this a machine counts as idle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A size, a seed, a policy, the seconds to search, and after how many the process is ended."""

    orders: int
    riders: int
    seed: int
    policy: str
    seconds: float
    patience_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of one router: its judged routes and how long they took, or why there are none."""

    router: str
    judgement: Judgement | None = None
    took_s: float = 0.0
    cpu_s: float = 0.0
    why_not: str = ""


def wall_of_cpu_second() -> float:
    """How many seconds of wall time one of CPU time takes now: 1 on a machine with nothing else to do."""
    began, began_cpu = time.perf_counter(), time.process_time()
    while time.process_time() - began_cpu < LOOK_S:
        pass
    longer = (time.perf_counter() - began) / LOOK_S
    return longer if longer > NOISE else 1.0


def run_router(router: str, task: Task) -> Outcome:
    """Run one router and judge its routes.

    Where other processes keep the machine busy, its seconds are as much longer as a second of CPU time is just now.
    """
    longer = wall_of_cpu_second()
    patience_s = task.patience_s * longer
    command = [sys.executable, "-m", "benchmarks.peers.worker", router, str(task.orders), str(task.riders)]
    command += ["--seed", str(task.seed), "--seconds", str(task.seconds * longer), "--policy", task.policy]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=patience_s, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(router=router, why_not=f"ended after {patience_s:.0f} s without an answer")
    return outcome_of(router, task, done.returncode, done.stdout)


def outcome_of(router: str, task: Task, code: int, printed: str) -> Outcome:
    """The outcome of a process that ended with ``code`` after printing this."""
    last = printed.strip().splitlines()[-1:]
    if code != 0 or not last:
        return Outcome(router=router, why_not=f"its process ended with code {code}")
    answer = json.loads(last[0])
    if "why_not" in answer:
        return Outcome(router=router, why_not=answer["why_not"])
    problem = make_static(task.orders, task.riders, task.seed)
    rows = [[(order, kind) for order, kind in row] for row in answer["rows"]]
    try:
        judgement = judge(problem, load_policy(task.policy).params, rows)
    except ValueError as fault:
        return Outcome(router=router, why_not=str(fault))
    return Outcome(router=router, judgement=judgement, took_s=answer["took_s"], cpu_s=answer["cpu_s"])
