"""After the warm-up nothing is left to compile, however scarce riders are."""

from __future__ import annotations

import subprocess
import sys

import pytest

WATCH = """
import sys
from numba.core.dispatcher import Dispatcher
from benchmarks.snapshots import make_snapshot
from dispatch.engine.policy import load_policy
from dispatch.service.warm import warm_up
from dispatch.solver.solve import solve
from dispatch.solver.summary import with_summary

def compiled():
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("dispatch.")]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)]
    kernels = {id(value): value for value in found}
    return {f"{kernel.__module__}.{kernel.__name__}": len(kernel.signatures) for kernel in kernels.values()}

policy = load_policy(sys.argv[1])
warm_up(policy, solve)
before = compiled()
for orders, riders in ((60, 8), (8, 60), (300, 12)):
    problem = make_snapshot(orders, riders, seed=orders)
    with_summary(problem, policy.params, solve(problem, policy.params))
after = compiled()
print("kernels", sum(before.values()) > 20)
print("late", sorted(name for name, count in after.items() if count > before.get(name, 0)))
"""


@pytest.mark.parametrize("policy", ["default", "grubhub"])
def test_no_kernel_is_compiled_after_the_warm_up(policy: str) -> None:
    done = subprocess.run([sys.executable, "-c", WATCH, policy], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["kernels True", "late []"], done.stderr
