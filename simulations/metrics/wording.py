"""How figures are called and written, the same in tables, pages and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Write = Callable[[float], str]

NOTHING: Final = "–"  # noqa: RUF001 - a dash stands for no value


@dataclass(frozen=True, slots=True)
class Wording:
    """A field of ``Metrics``: ``label`` for people, ``write`` with its unit, ``what`` as a sentence.

    better: -1 where less is better, 1 where more is, 0 where neither. scale: what to multiply with before ``write``.
    """

    name: str
    label: str
    unit: str
    digits: int
    better: int
    what: str
    scale: float = 1.0

    def text(self, value: float | None, *, signed: bool = False) -> str:
        """A value with its unit; a dash for None."""
        if value is None:
            return NOTHING
        return f"{self.number(value, signed=signed)}{self.unit}"

    def number(self, value: float, *, signed: bool = False) -> str:
        """A value without its unit, with a minus sign rather than a hyphen; means of counts get a decimal."""
        digits = self.digits if self.digits or float(value).is_integer() else 1
        rounded = round(value * self.scale, digits)
        written = f"{rounded or 0:{'+' if signed and rounded else ''},.{digits}f}"
        return written.replace("-", "−")  # noqa: RUF001


def _minutes(name: str, label: str, what: str) -> Wording:
    return Wording(name, label, " min", 1, -1, what)


def _share(name: str, label: str, better: int, what: str) -> Wording:
    return Wording(name, label, " %", 1, better, what, 100.0)


def _count(name: str, label: str, better: int, what: str) -> Wording:
    return Wording(name, label, "", 0, better, what)


WORDINGS: Final = (
    _count("orders", "Orders", 0, "Orders that were to be delivered."),
    _count("delivered", "Delivered", 1, "Orders that their customers have."),
    _count("cancelled", "Cancelled", -1, "Orders called off by customer, operator or merchant."),
    _count("undelivered", "Undelivered", -1, "Orders that were neither delivered nor cancelled."),
    _minutes("click_to_door_mean_min", "Click to door, mean", "From placing an order to having it; delivered orders."),
    _minutes("click_to_door_median_min", "Click to door, median", "Half of the delivered orders took less."),
    _minutes("click_to_door_p90_min", "Click to door, 90 %", "Nine of ten delivered orders took less."),
    _minutes("penalised_mean_min", "Click to door, penalised", "The mean where an order not delivered counts 90 min."),
    _minutes("ready_to_pickup_mean_min", "Ready to pickup", "How long the food stood at the merchant, mean."),
    _minutes("ready_to_door_mean_min", "Ready to door", "How old the food was on arrival, mean."),
    _share("late_share", "Late", -1, "Delivered orders that came after the promise."),
    _minutes("lateness_mean_min", "Lateness, mean", "Time after the promise; kept promises count 0."),
    _count("riders", "Riders", 0, "Riders who worked."),
    _share("utilisation", "Riders busy", 0, "Share of the shifts spent riding or handling orders."),
    _share("waiting_share", "Riders waiting at stops", -1, "Share of the shifts spent waiting for food or customers."),
    Wording("delivered_per_rider_hour", "Delivered a rider hour", "", 2, 1, "Orders delivered in an hour of shift."),
    Wording("orders_per_bundle", "Orders a pickup", "", 2, 0, "Orders collected in one stop at a merchant, mean."),
    Wording(
        "inequality", "Inequality of riders", "", 3, -1, "Gini coefficient of orders an hour of shift; 0: all equal."
    ),
    _count("offers", "Offers", -1, "How often an order was put to a rider."),
    _count("reassignments", "Reassignments", -1, "How often an order passed to another rider before its pickup."),
    _count("ticks", "Ticks", 0, "How often the dispatcher planned."),
    Wording("tick_cpu_p50_ms", "CPU a tick, median", " ms", 1, -1, "CPU time of one tick."),
    Wording("tick_cpu_p99_ms", "CPU a tick, 99 %", " ms", 1, -1, "CPU time that one tick in a hundred exceeds."),
    Wording("tick_cpu_max_ms", "CPU a tick, longest", " ms", 1, -1, "Where nothing was compiled yet, that is in it."),
)
"""Every field of ``Metrics``, in its order."""

BLOCKS: Final = ("orders", "click_to_door_mean_min", "riders", "ticks")
"""The figures that begin a block: of orders, of waiting, of riders and of planning."""
