"""What operations want done with the market as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.events_market import ClosureId
from dispatch.model.order import ZoneId
from dispatch.model.reasons import ClosureKind
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareClosure:
    """Force majeure: nobody is blamed for what is late in these zones (all, where none is named) meanwhile."""

    kind: ClosureKind
    starts_at: Instant
    ends_at: Instant
    zones: frozenset[ZoneId] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndClosure:
    """It is over."""

    closure_id: ClosureId


ClosureCommand = DeclareClosure | EndClosure
"""How force majeure begins and ends."""
