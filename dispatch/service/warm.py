"""The solver compiled before anybody waits for it: a small market is planned once."""

from __future__ import annotations

from typing import Final

from dispatch.engine.decide import drafted
from dispatch.engine.draft import Draft
from dispatch.engine.planner import Planner, Solver
from dispatch.engine.policy import Policy
from dispatch.geo.travel import SPEEDS_KMH, StraightLine
from dispatch.model.commands import Command, PlaceOrder, RegisterRider, StartShift
from dispatch.model.order import MarketId, MerchantId, Order, OrderId
from dispatch.model.place import Place
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.model.state import MarketState
from dispatch.units import HOUR_S, Instant

_MARKET: Final = MarketId("warm-up")
_NOW: Final[Instant] = 1_700_000_000
_KITCHENS: Final = (Place(4.60, -74.08), Place(4.61, -74.07))
_DOORS: Final = (Place(4.62, -74.06), Place(4.63, -74.08), Place(4.60, -74.05))


def warm_up(policy: Policy, solver: Solver) -> None:
    """Plan a market of two riders and some orders; takes a minute where nothing has been compiled before."""
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
    for number in range(5):
        _do(state, PlaceOrder(order=_order(number)))
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
