"""The words and numbers of an explanation: why one order is where the plan has it, and not elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatch.solver.plan import Verdict
from dispatch.units import Cost, Instant


class Obstacle(StrEnum):
    """The hard rule that keeps an order from a rider. Codes are stable: they are stored and counted."""

    HELD = "held"
    """The order stays with the rider who has it."""
    NOT_ACCEPTING = "not_accepting"
    """The rider takes no new orders."""
    VEHICLE = "vehicle"
    """The rider's vehicle may not carry the order."""
    ZONE = "zone"
    """The rider works in none of the order's zones."""
    SIZE = "size"
    """The order alone is larger than what the rider can carry."""
    BARRED = "barred"
    """The rider is barred from the order."""
    ROUTE_BROKEN = "route_broken"
    """What the rider has already breaks a rule, and so nothing is added."""
    TOO_MANY_TASKS = "too_many_tasks"
    """The route would have more tasks than the rules allow."""
    MERCHANTS_MIXED = "merchants_mixed"
    """Orders of two merchants would be on board together."""
    CAPACITY = "capacity"
    """More would be on board on the way than fits, or than the rules allow."""
    SHIFT_ENDS = "shift_ends"
    """A pickup would come after the end of the shift."""
    FOOD_TOO_OLD = "food_too_old"
    """More time than the rules allow would lie between a pickup and its drop-off."""
    UNREACHABLE = "unreachable"
    """The rider has no way there."""


class Standing(StrEnum):
    """How a rider who could have the order compares with what the plan does. Codes are stable."""

    CHOSEN = "chosen"
    """Has it in the plan."""
    DEARER = "dearer"
    """Would cost as much as what the plan does, or more."""
    NEEDED_ELSEWHERE = "needed_elsewhere"
    """Cheaper if this order were alone; dearer because of the other orders that the plan gives to the rider."""
    CHEAPER = "cheaper"
    """Would make the plan cheaper: the search has missed it."""


class HelpKind(StrEnum):
    """What would give an order a rider. Codes are stable; ``Help.amount`` is in the unit named here."""

    WAIT = "wait"
    """Nothing but time; epoch seconds at which the order is looked at again."""
    FREE_RIDER = "free_rider"
    """A rider with nothing to do near the merchant; seconds of travel to the merchant at most."""
    RESUME = "resume"
    """The rider takes new orders again."""
    VEHICLE = "vehicle"
    """A vehicle that may carry it."""
    ZONE = "zone"
    """A rider who works in one of its zones."""
    LARGER_VEHICLE = "larger_vehicle"
    """Capacity units."""
    LIFT_BAR = "lift_bar"
    """The rider is no longer barred."""
    LONGER_SHIFT = "longer_shift"
    """Minutes by which the shift would have to end later."""
    FEWER_ORDERS = "fewer_orders"
    """The rider is given fewer other orders."""
    WAY = "way"
    """A place that can be reached."""
    PRICE = "price"
    """A higher price of leaving the order out; points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A rider who could have the order, at the cheapest place in the rest of the rider's route; chosen: as planned.

    total: what the order adds to the route; terms, in the order of ``TERMS``, sum to it.
    alone: the same if the rider had only what cannot be taken away; None where it would not fit even then.
    plan_cost: of the whole plan with the order here. tasks_before: tasks in the route before the first of the order.
    pickup_at: None where it is on board already.
    """

    rider: int
    rider_id: str
    standing: Standing
    total: Cost
    terms: tuple[Cost, ...]
    alone: Cost | None
    plan_cost: Cost
    tasks_before: int
    pickup_at: Instant | None
    dropoff_at: Instant
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Riders whom one hard rule keeps from the order; each rider is in one exclusion at most.

    but_for_others: those of them who could have it if the plan gave them none of the orders that can still be moved.
    """

    obstacle: Obstacle
    riders: tuple[int, ...]
    but_for_others: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Something that would give the order a rider, or help to. total: what it would cost then, in points.

    enough: whether that is less than leaving the order out, so that it would be planned if nothing else changed.
    """

    kind: HelpKind
    rider: int | None = None
    amount: int | None = None
    total: Cost | None = None
    enough: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one order is where the plan has it.

    rider: who has it, None for nobody. movable: whether the plan was free to give it to somebody else.
    left_out: points that it counts to leave the order without a rider. plan_cost: of the whole plan.
    candidates: the chosen one, then the others by cost, as many as were asked for of ``possible``.
    exclusions: everybody else, the most frequent rule first. helps: for an order without a rider.
    """

    order: int
    order_id: str
    now: Instant
    verdict: Verdict
    text: str
    rider: int | None
    movable: bool
    left_out: Cost
    plan_cost: Cost
    possible: int
    candidates: tuple[Candidate, ...]
    exclusions: tuple[Exclusion, ...]
    helps: tuple[Help, ...]
