"""What happens to the market as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from dispatch.model.care import CareRules
from dispatch.model.order import Merchant, ZoneId
from dispatch.model.override import Override
from dispatch.model.reasons import ClosureKind
from dispatch.units import Cost, Instant

ClosureId = NewType("ClosureId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantRegistered:
    """A merchant is known, or known anew with other data."""

    merchant: Merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChanged:
    """From here on the market is dispatched by this policy; ``care``: what it says beside the delivery."""

    name: str
    version: int
    care: CareRules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureDeclared:
    """Force majeure: what is late in these zones (all, where none is named) meanwhile is nobody's fault."""

    closure_id: ClosureId
    kind: ClosureKind
    starts_at: Instant
    ends_at: Instant
    zones: frozenset[ZoneId] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureEnded:
    """It was over earlier."""

    closure_id: ClosureId


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRecorded:
    """A person decided over the optimizer's head."""

    override: Override


@dataclass(frozen=True, slots=True, kw_only=True)
class TickDecided:
    """A plan was made and put into effect; ``record_id`` names the record from which it can be replayed."""

    tick: int
    record_id: str = ""
    planned: int = 0
    held: int = 0
    cost: Cost = 0
    problem_orders: int = 0
    problem_riders: int = 0


MarketEvent = MerchantRegistered | PolicyChanged | OverrideRecorded | TickDecided | ClosureDeclared | ClosureEnded
"""What concerns the market rather than one order or rider."""
