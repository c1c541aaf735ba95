"""How a day that is being played goes: where each order is, in one line, and added up in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from statistics import median

from dispatch.model.order import Order


class Stage(Enum):
    """Where an order is, in words."""

    OPEN = "open"
    ASSIGNED = "assigned"
    ON_BOARD = "on board"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Progress:
    """What the robots have seen so far; ``refused`` counts steps that the service did not allow."""

    refused: int = 0
    not_placed: int = 0
    declined: int = 0
    _stages: dict[str, Stage] = field(default_factory=dict)
    _late: int = 0
    _took_s: list[float] = field(default_factory=list)

    def stage(self, order_id: str) -> Stage | None:
        """Where an order is; None for one that was never placed."""
        return self._stages.get(order_id)

    def move(self, order_ids: Iterable[str], stage: Stage) -> None:
        """These orders are there now."""
        for order_id in order_ids:
            self._stages[order_id] = stage

    def deliver(self, order: Order, at: float) -> None:
        """The customer has it."""
        self.move((order.id,), Stage.DELIVERED)
        self._late += at > order.promised_at
        self._took_s.append(at - order.placed_at)

    def line(self) -> str:
        """All of it in one line."""
        found = Counter(self._stages.values())
        told = [f"{found[stage]} {stage.value}" for stage in Stage if found[stage] or stage is not Stage.CANCELLED]
        late = f" ({100 * self._late / len(self._took_s):.0f} % late)" if self._took_s else ""
        return f"{len(self._stages)} orders: {', '.join(told)}{late}"

    def summary(self) -> str:
        """What the day came to, in a sentence or two."""
        found = Counter(self._stages.values())
        if not self._stages:
            return "No order was placed."
        told = f"{len(self._stages)} orders placed, {found[Stage.DELIVERED]} delivered"
        if self._took_s:
            told += f": {median(self._took_s) / 60:.0f} min from order to door in the median, {self._late} late"
        return f"{told}; {found[Stage.CANCELLED]} cancelled; {self.refused} steps of robots refused."
