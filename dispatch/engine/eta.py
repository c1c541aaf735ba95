"""When orders come, by the plan; and how sure that is, by how far such words were off before.

Errors (delivered less expected) are kept by how far ahead the word was given. A quantile of few errors is drawn
towards what one would guess without any: as many guesses as ``PRIOR`` count beside them (a bootstrap of pseudo
observations; Efron, Tibshirani 1993, chapter 5 on the smoothed bootstrap).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Final

from dispatch.model.eta import Eta
from dispatch.model.events import EtaChanged, OrderDelivered, Recorded
from dispatch.model.order import OrderId
from dispatch.model.state import MarketState
from dispatch.solver.plan import Plan
from dispatch.solver.problem import PICKUP, Problem
from dispatch.units import MINUTE_S, Instant, Seconds

AHEAD_S: Final = (5 * MINUTE_S, 10 * MINUTE_S, 20 * MINUTE_S, 40 * MINUTE_S)
"""Words are of one kind that were given as far ahead: up to these, and beyond."""

PRIOR: Final = 20
KEPT: Final = 400
EARLY: Final = 0.1
LATE: Final = 0.9

_NOBODY_S: Final = 30 * MINUTE_S
"""An order for which nobody is planned is expected this long after it is ready, if nothing is known."""


_RANKS: Final = [NormalDist().inv_cdf((rank + 0.5) / PRIOR) for rank in range(PRIOR)]
"""Quantiles of the normal distribution, in standard deviations."""


def _guesses(ahead_s: Seconds) -> list[Seconds]:
    """Errors one would expect without any experience: the more, the farther ahead; late more than early."""
    mean_s, deviation_s = 0.1 * ahead_s, MINUTE_S + 0.2 * ahead_s
    return [round(mean_s + rank * deviation_s) for rank in _RANKS]


@dataclass(slots=True)
class EtaErrors:
    """How far words on arrivals were off; ``seq``: up to which event of the log they have been looked at."""

    seq: int = 0
    _errors: tuple[deque[Seconds], ...] = field(
        default_factory=lambda: tuple(deque(maxlen=KEPT) for _ in range(len(AHEAD_S) + 1))
    )
    _sorted: dict[int, list[Seconds]] = field(default_factory=dict)
    _said: dict[OrderId, list[tuple[Instant, Instant]]] = field(default_factory=dict)

    def take(self, log: Iterable[Recorded]) -> None:
        """Take in what the log has after ``seq``, in order."""
        for recorded in log:
            self.seq = recorded.seq
            match recorded.event:
                case EtaChanged(order_id=order_id, dropoff_at=dropoff_at):
                    self._said.setdefault(order_id, []).append((recorded.occurred_at, dropoff_at))
                case OrderDelivered(order_id=order_id):
                    for said_at, dropoff_at in self._said.pop(order_id, ()):
                        self._see(dropoff_at - said_at, recorded.occurred_at - dropoff_at)
                case _:
                    pass

    def _see(self, ahead_s: Seconds, error_s: Seconds) -> None:
        kind = bisect_right(AHEAD_S, ahead_s)
        self._errors[kind].append(error_s)
        self._sorted.pop(kind, None)

    def spread(self, ahead_s: Seconds) -> list[Seconds]:
        """Errors to expect of a word given so far ahead, from small to large."""
        kind = bisect_right(AHEAD_S, ahead_s)
        if kind not in self._sorted:
            self._sorted[kind] = sorted(self._errors[kind])
        return sorted(self._sorted[kind] + _guesses(max(0, ahead_s)))


def eta(errors: EtaErrors, order_id: OrderId, now: Instant, at: Instant, promised_at: Instant) -> Eta:
    """When an order comes that the plan has at its customer ``at``."""
    spread = errors.spread(at - now)
    count = len(spread)
    late = count - bisect_right(spread, promised_at - at)
    median = max(now, at + spread[count // 2])
    return Eta(
        order_id=order_id,
        dropoff_at=median,
        early_at=min(median, max(now, at + spread[int(EARLY * count)])),
        late_at=max(median, at + spread[int(LATE * count)]),
        late_percent=round(100 * late / count),
    )


def etas_of(problem: Problem, plan: Plan, state: MarketState, errors: EtaErrors) -> list[Eta]:
    """When each order of a plan comes; for one without a rider, what is to be expected of such."""
    now = problem.now
    pickups: dict[int, Instant] = {}
    dropoffs: dict[int, Instant] = {}
    rows = zip(plan.routes.order.tolist(), plan.routes.kind.tolist(), plan.event_at.tolist(), strict=True)
    for number, kind, at in rows:
        (pickups if kind == PICKUP else dropoffs)[number] = at
    found = []
    for number, name in enumerate(problem.order_ids):
        order = state.orders.get(OrderId(name))
        if order is None or order.over:
            continue
        at = dropoffs.get(number, max(now, order.ready_at) + _NOBODY_S)
        one = eta(errors, OrderId(name), now, at, order.order.promised_at)
        found.append(replace(one, pickup_at=pickups.get(number)))
    return found
