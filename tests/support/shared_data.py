"""Finds the public data sets and the MDRP judge that may be kept beside the repository.

They are not part of the project: they carry no licence to pass them on. ``data/README.md`` tells where to get them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias, cast

REPOSITORY = Path(__file__).resolve().parents[2]

VARIABLE = "DISPATCH_SHARED"
"""Environment variable with the folder that holds ``data/`` and ``mdrp/``; unset: ``shared`` beside the repository."""

Report: TypeAlias = Mapping[str, object]
MdrpCheck: TypeAlias = Callable[[Path, Path], Report]


def shared_path(relative: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Where ``relative`` would be in the shared folder, whether it exists or not."""
    root = Path(environment[VARIABLE]) if environment.get(VARIABLE) else REPOSITORY.parent / "shared"
    return root / relative


def reason_absent(path: Path) -> str:
    """Why a test that needs ``path`` is skipped, and what would let it run."""
    return f"{path.name} is not beside the repository ({path}); put it there or set {VARIABLE}"


def run_mdrp_check(script: Path, instance: Path, solution: Path) -> Report:
    """Judge the solution folder of a Grubhub instance with the independent script; its report as it printed it.

    Raises ValueError where the script could not judge at all (a file is missing or unreadable).
    """
    done = subprocess.run(
        [sys.executable, str(script), str(instance), str(solution)], capture_output=True, text=True, check=False
    )
    if not done.stdout.strip():
        raise ValueError(f"{script.name} could not judge {solution}: {done.stderr.strip()}")
    return cast(Report, json.loads(done.stdout))
