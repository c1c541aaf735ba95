"""Knobs of what is learned."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedParams:
    """What is done with what a market has learned; as it is, nothing.

    ready: plan with learned ready times; ready_prior: orders of its own after which a merchant counts as much as the
    market. ready_quantile: how cautious: 0.5 expects as many to be earlier as later.
    acceptance: ask riders who often decline earlier; acceptance_prior: the same in offers; retry_s: what a decline
    costs, the time until somebody else has been asked.
    unfairness_cap: riders who have had this much more orders an hour than all (0.5: half as much again) get nothing
    new while there are enough others; 0.0: no cap. spare: what is enough: accepting riders for each waiting order.
    Raises ValueError for what is out of range.
    """

    ready: bool = False
    ready_prior: int = 8
    ready_quantile: float = 0.5
    acceptance: bool = False
    acceptance_prior: int = 10
    retry_s: Seconds = 60
    unfairness_cap: float = 0.0
    spare: float = 2.0

    def __post_init__(self) -> None:
        if min(self.ready_prior, self.acceptance_prior) < 1 or self.retry_s < 0:
            raise ValueError("ready_prior and acceptance_prior must be at least 1, and retry_s must not be negative")
        if not 0 < self.ready_quantile < 1:
            raise ValueError("ready_quantile must lie between 0 and 1")
        if not (self.unfairness_cap >= 0 and self.spare >= 0):
            raise ValueError("unfairness_cap and spare must not be negative")

    @property
    def anything(self) -> bool:
        """Whether anything is done."""
        return self.ready or self.acceptance or self.unfairness_cap > 0
