"""The solver compiled before anybody waits for it: a small market is planned once.

Where nothing has been compiled before, that takes a minute or more and most of a core. So it is done in a process of
its own, which leaves what it compiled on the disk and can be stopped at any time; this process then only loads it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from dispatch.engine.decide import drafted
from dispatch.engine.draft import Draft
from dispatch.engine.planner import Planner, Solver
from dispatch.engine.policy import Policy, load_policy
from dispatch.geo.travel import SPEEDS_KMH, StraightLine
from dispatch.model.commands import Command, PlaceOrder, RegisterRider, StartShift
from dispatch.model.order import MarketId, MerchantId, Order, OrderId
from dispatch.model.place import Place
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.model.state import MarketState
from dispatch.solver.solve import solve
from dispatch.units import HOUR_S, Instant

_MARKET: Final = MarketId("warm-up")
_NOW: Final[Instant] = 1_700_000_000
_KITCHENS: Final = (Place(4.60, -74.08), Place(4.61, -74.07))
_FAR_AWAY: Final = Place(40.0, -3.7)
_DOORS: Final = (Place(4.62, -74.06), Place(4.63, -74.08), Place(4.60, -74.05))


async def compile_apart(policies: Sequence[str]) -> None:
    """Compile in another process what these policies need; what goes wrong there is met again here, and told."""
    command = "import sys; from dispatch.service.warm import warm_up_all; warm_up_all(sys.argv[1:])"
    # In a session of its own: Ctrl-C is for this process, which ends the other one.
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", command, *policies, start_new_session=True)
    try:
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()


def warm_up_all(policies: Sequence[str]) -> None:
    """Plan a small market under each of these policies. Raises InvalidInputError."""
    for name in policies:
        warm_up(load_policy(name), solve)


def warm_up(policy: Policy, solver: Solver) -> None:
    """Plan a market of two riders and some orders; takes a minute where nothing has been compiled before.

    There are more orders than candidates, however they are bundled, so that candidates by price are compiled, too. Two
    of them are nobody's: why that is so is said by kernels of its own, first needed on a bad day.
    """
    state = MarketState(_MARKET)
    for number in range(2):
        rider_id = RiderId(f"r{number}")
        shift = Shift(
            id=ShiftId(f"s{number}"),
            rider_id=rider_id,
            starts_at=_NOW,
            ends_at=_NOW + 8 * HOUR_S,
            start=_KITCHENS[number],
        )
        _do(state, RegisterRider(rider=Rider(id=rider_id, market_id=_MARKET)))
        _do(state, StartShift(rider_id=rider_id, shift=shift))
    params = policy.params
    usual = params.bundles.max_size * (params.search.candidates + 1) if params.search.turns else 5
    orders = [_order(number) for number in range(usual + 2)]
    orders[usual:] = (replace(orders[-2], size=99), replace(orders[-1], pickup=_FAR_AWAY, dropoff=_FAR_AWAY))
    for order in orders:
        _do(state, PlaceOrder(order=order))
    planner = Planner(StraightLine(SPEEDS_KMH), policy, solver, checked=True)
    problem = planner.look(state, _NOW + 60)
    if problem is not None:
        planner.solve(problem, 1)


def _order(number: int) -> Order:
    return Order(
        id=OrderId(f"o{number}"),
        market_id=_MARKET,
        merchant_id=MerchantId(f"m{number % 2}"),
        pickup=_KITCHENS[number % 2],
        dropoff=_DOORS[number % 3],
        placed_at=_NOW,
        ready_at=_NOW + 300,
        promised_at=_NOW + 2400,
    )


def _do(state: MarketState, command: Command) -> None:
    draft: Draft = drafted(state, command, _NOW, _NOW)
    draft.settle()
