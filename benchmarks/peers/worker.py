"""`python -m benchmarks.peers.worker`: one router on one static problem, in a process of its own.

So a router that crashes, hangs or brings libraries that cannot be loaded beside others harms nobody else. Answers one
line of JSON behind whatever the router may have printed.
"""

from __future__ import annotations

import json
import time

import click

from benchmarks.peers.registry import PEER_FAULTS, load_router, told
from benchmarks.peers.static import make_static
from dispatch.engine.policy import load_policy


@click.command()
@click.argument("router")
@click.argument("orders", type=click.IntRange(0))
@click.argument("riders", type=click.IntRange(0))
@click.option("--seed", default=1)
@click.option("--seconds", default=2.0)
@click.option("--policy", "policy_name", required=True)
def main(router: str, orders: int, riders: int, seed: int, seconds: float, policy_name: str) -> None:
    """Search for so many seconds and print what was found."""
    problem, params = make_static(orders, riders, seed), load_policy(policy_name).params
    try:
        search = load_router(router)(problem, params)
        began, began_cpu = time.perf_counter(), time.process_time()
        rows = search(seconds)
    except PEER_FAULTS as fault:
        print(json.dumps({"why_not": told(fault)}), flush=True)
        return
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    print(json.dumps({"rows": rows, "took_s": took_s, "cpu_s": cpu_s}), flush=True)


if __name__ == "__main__":
    main()
