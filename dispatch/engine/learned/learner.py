"""Reads a market's log as it grows, and tells the next plan what to expect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dispatch.engine.learned.acceptance import Acceptance
from dispatch.engine.learned.params import LearnedParams
from dispatch.engine.learned.ready import ReadyTimes
from dispatch.engine.learned.workload import Workload
from dispatch.model.events import (
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OrderAssigned,
    OrderCancelled,
    OrderPickedUp,
    OrderPlaced,
    OrderReady,
    OrderReassigned,
    OrderRejected,
    OrderUnassigned,
    Recorded,
    ShiftEnded,
    ShiftStarted,
)
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.order import Order, OrderId
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState
from dispatch.solver.problem import OPEN, Problem
from dispatch.units import Seconds

_COOKING = (OrderStatus.PLACED, OrderStatus.ACCEPTED, OrderStatus.PREPARING)


class Learner:
    """What one market has learned; the same log gives the same, whoever reads it and when."""

    def __init__(self, params: LearnedParams) -> None:
        self._params = params
        self.acceptance = Acceptance(params.acceptance_prior)
        self.ready = ReadyTimes(params.ready_prior)
        self.workload = Workload()
        self.seq = 0
        self._cooking: dict[OrderId, Order] = {}

    def take(self, log: Iterable[Recorded]) -> None:
        """Take in what the log has after ``seq``, in order."""
        for recorded in log:
            if recorded.seq <= self.seq:
                raise ValueError(f"event {recorded.seq} has been taken in already")
            self._see(recorded)
            self.seq = recorded.seq

    def expected(self, problem: Problem, state: MarketState) -> Problem:
        """The problem as it should be planned: with ready times as expected, and without riders above the cap."""
        if self._params.ready:
            problem = self._with_ready_times(problem, state)
        if self._params.unfairness_cap > 0:
            problem = self._without_favoured(problem)
        return problem

    def ask_early_s(self, rider_id: RiderId) -> Seconds:
        """How much earlier to ask the rider: the time that declines are expected to cost until somebody accepts."""
        if not self._params.acceptance:
            return 0
        accepts = self.acceptance.of(rider_id)
        return round((1 - accepts) / accepts * self._params.retry_s)

    def _with_ready_times(self, problem: Problem, state: MarketState) -> Problem:
        ready_at = problem.orders.ready_at.copy()
        for number, name in enumerate(problem.order_ids):
            order = state.orders[OrderId(name)]
            # A newer word of the kitchen knows better than its habit.
            if order.status in _COOKING and order.ready_at == order.order.ready_at:
                asked = order.order
                ready_at[number] = self.ready.expected_at(
                    asked.merchant_id, asked.placed_at, asked.ready_at, self._params.ready_quantile
                )
        return replace(problem, orders=problem.orders._replace(ready_at=ready_at))

    def _without_favoured(self, problem: Problem) -> Problem:
        """Those who have had most take nothing new, as long as enough others do."""
        accepts = problem.riders.accepts.copy()
        waiting = int(((problem.orders.state == OPEN) & (problem.orders.rider < 0)).sum())
        spare = int(accepts.sum()) - int(np.ceil(self._params.spare * waiting))
        number = {name: at for at, name in enumerate(problem.rider_ids)}
        for rider_id in self.workload.above(self._params.unfairness_cap, problem.now):
            at = number.get(rider_id)
            if at is not None and accepts[at] and spare > 0:
                accepts[at] = 0
                spare -= 1
        return replace(problem, riders=problem.riders._replace(accepts=accepts))

    def _see(self, recorded: Recorded) -> None:
        at = recorded.occurred_at
        match recorded.event:
            case OrderPlaced(order=order):
                self._cooking[order.id] = order
            case OrderReady(order_id=order_id):
                asked = self._cooking.pop(order_id, None)
                if asked is not None:
                    self.ready.see(asked.merchant_id, asked.ready_at - asked.placed_at, at - asked.placed_at)
            case OfferAccepted(rider_id=rider_id, order_ids=order_ids):
                self.acceptance.see(rider_id, accepted=True)
                self.workload.give(rider_id, len(order_ids))
            case OfferDeclined(rider_id=rider_id) | OfferExpired(rider_id=rider_id):
                self.acceptance.see(rider_id, accepted=False)
            case OrderAssigned(rider_id=rider_id):
                self.workload.give(rider_id, 1)
            case OrderReassigned(from_rider_id=old, rider_id=rider_id, reason=reason):
                self.workload.give(old, -1)
                if reason is not UnassignReason.BETTER_RIDER:  # else the rider has accepted it, too
                    self.workload.give(rider_id, 1)
            case OrderUnassigned(rider_id=rider_id):
                self.workload.give(rider_id, -1)
            case OrderPickedUp() | OrderCancelled() | OrderRejected():
                self._cooking.pop(recorded.event.order_id, None)  # no word on when it was ready
            case ShiftStarted(rider_id=rider_id):
                self.workload.start(rider_id, at)
            case ShiftEnded(rider_id=rider_id):
                self.workload.end(rider_id, at)
            case _:
                pass
