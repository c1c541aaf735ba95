"""What is asked of a market, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dispatch.engine.foresee import Foreseen
from dispatch.model.actor import Actor
from dispatch.model.codec import Json
from dispatch.model.commands import Command
from dispatch.model.events import Event, Recorded
from dispatch.model.order import Merchant
from dispatch.model.override import Override
from dispatch.model.payment import AccountState
from dispatch.model.rider import Shift
from dispatch.model.state import CaseState, ClosureState, MarketState, OfferState, OrderState, PenaltyState, RiderState
from dispatch.store.writes import TimerClaim
from dispatch.units import Instant

Entity: TypeAlias = (
    OrderState
    | RiderState
    | OfferState
    | CaseState
    | Override
    | Merchant
    | Shift
    | AccountState
    | PenaltyState
    | ClosureState
)
"""Anything that has an id and a projection."""


@dataclass(frozen=True, slots=True)
class Ref:
    """One entity of a market; ``kind`` is a field of ``MarketState``, such as "orders"."""

    kind: str
    id: str

    def find(self, state: MarketState) -> Entity | None:
        """The entity as it is in a state, if it is there."""
        found: Entity | None = getattr(state, self.kind).get(self.id)
        return found


@dataclass(frozen=True, slots=True)
class Expected:
    """The caller has seen version ``version`` of an entity, and wants nothing done if it is another by now."""

    ref: Ref
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A command, and all that travels beside it.

    repeatable: ``command_id`` is the caller's own, and may come again; the first answer is then given once more.
    fingerprint: of the whole request; the same id with another one is refused. about: the entity to answer with. fired:
    the timer that this carries out; where ``command`` is None, the timer ends and nothing else happens. dry_run: say
    what would happen, and do nothing.
    """

    command: Command | None
    actor: Actor
    command_id: str
    repeatable: bool = False
    fingerprint: str = ""
    occurred_at: Instant | None = None
    about: Ref | None = None
    expected: Expected | None = None
    fired: TimerClaim | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: the events, the entity asked about as it is after them, and whether it was done before.

    before: the entity before them; for a repetition only that of an override. would: the events of a dry run.
    foreseen: what an override changes in the plan, where this process plans the market.
    """

    events: tuple[Recorded, ...] = ()
    entity: Entity | None = None
    repeated: bool = False
    before: Entity | None = None
    would: tuple[Event, ...] = ()
    foreseen: Foreseen | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is remembered of an answer beside its events; kept as JSON under the command's id.

    state: the entity after the events. before: the entity before them, kept for overrides.
    """

    kind: str = ""
    id: str = ""
    state: str = ""
    before: str = ""

    @classmethod
    def read(cls, found: Json) -> Outcome:
        """What was kept, or nothing."""
        if not isinstance(found, dict):
            return cls()
        return cls(*(str(found.get(name, "")) for name in ("kind", "id", "state", "before")))
