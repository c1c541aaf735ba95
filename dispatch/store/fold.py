"""Folding events into rows: the one way in which projections come about, when events are added and ever after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from dispatch.errors import DispatchError
from dispatch.model.events import Event, OrderPlaced, Recorded
from dispatch.model.fold import apply
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import MarketId
from dispatch.model.state import MarketState, OrderState
from dispatch.store.entities import Entities, Unkept
from dispatch.store.loading import EntityReader
from dispatch.store.rows import PROJECTIONS
from dispatch.store.writes import Row

_NAMES: Final = (
    ("order_id", "orders"),
    ("order_id", "accounts"),
    ("order_id", "cases_of"),
    ("order_id", "etas"),
    ("rider_id", "riders"),
    ("offer_id", "offers"),
    ("case_id", "cases"),
)
_WITH_RIDER: Final = frozenset(
    {
        DispatchStatus.ASSIGNED,
        DispatchStatus.UNDER_WAY,
        DispatchStatus.CARRIED,
        DispatchStatus.RETURNING,
    }
)

_Move = tuple[Recorded, OrderState | None, OrderState]
"""What an event did to an order: before and after."""


@dataclass(slots=True)
class Changes:
    """What a run of events changed in one market.

    spans: for each kind and id the first and the last event that touched it. begun: assignments by order, in the order
    in which they began; ended: what ended of those that began earlier.
    """

    spans: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    begun: dict[tuple[str, int], dict[str, object]] = field(default_factory=dict)
    ended: list[Row] = field(default_factory=list)
    _open: dict[str, int] = field(default_factory=dict)

    def touch(self, kind: str, name: str, seq: int) -> None:
        """An event changed an entity."""
        spans = self.spans.setdefault(kind, {})
        spans[name] = (spans[name][0] if name in spans else seq, seq)

    def begin(self, row: dict[str, object], order_id: str, seq: int) -> None:
        """A rider got an order."""
        self.begun[order_id, seq] = row
        self._open[order_id] = seq

    def end(self, market_id: str, order_id: str, how: str, at: int) -> None:
        """The rider's time with an order is over."""
        seq = self._open.pop(order_id, None)
        if seq is None:
            self.ended.append({"of_market": market_id, "of_order": order_id, "end": how, "ended_at": at})
        else:
            self.begun[order_id, seq].update(end=how, ended_at=at)

    def clear(self) -> None:
        """They have been written."""
        self.spans.clear()
        self.begun.clear()
        self.ended.clear()
        self._open.clear()


class MarketFold:
    """The state of one market as far as it was needed, and the changes since they were last taken."""

    def __init__(self, market_id: MarketId, reader: EntityReader, seq: int, tick: int, policy: tuple[str, int]) -> None:
        self.kinds: dict[str, Entities[Any, Any]] = {kind: reader.entities(market_id, kind) for kind in PROJECTIONS}
        self.state = MarketState(market_id, seq, tick=tick, policy=policy, active=Unkept(), **self.kinds)
        self.changes = Changes()

    def take(self, recorded: Iterable[Recorded]) -> None:
        """Fold the events of one command. Raises what ``apply`` raises; then nothing has changed."""
        state = self.state
        before = (state.seq, state.tick, state.policy)
        touched: list[tuple[str, str, int]] = []
        moves: list[_Move] = []
        try:
            for one in recorded:
                apply(state, one)
                orders = self.kinds["orders"]
                moves += [(one, was, orders[name]) for name, was in orders.touched.items()]
                for kind, entities in self.kinds.items():
                    touched += [(kind, name, one.seq) for name in entities.touched]
                    entities.touched.clear()
        except (DispatchError, ValueError):
            for entities in self.kinds.values():
                entities.discard()
            state.seq, state.tick, state.policy = before
            raise
        for entities in self.kinds.values():
            entities.settle()
        for kind, name, seq in touched:
            self.changes.touch(kind, name, seq)
        for one, was, now in moves:
            self._assigned(one, was, now)

    def _assigned(self, recorded: Recorded, was: OrderState | None, now: OrderState) -> None:
        """Begin and end assignments where an order changed hands."""
        old = was.rider_id if was is not None and was.dispatch in _WITH_RIDER else None
        new = now.rider_id if now.dispatch in _WITH_RIDER else None
        if old == new:
            return
        order_id, how = now.order.id, type(recorded.event).__name__
        if old is not None:
            self.changes.end(recorded.market_id, order_id, how, recorded.occurred_at)
        if new is not None:
            row = {
                "market_id": recorded.market_id,
                "order_id": order_id,
                "seq": recorded.seq,
                "rider_id": new,
                "how": how,
                "assigned_at": recorded.occurred_at,
                "end": "",
                "ended_at": None,
            }
            self.changes.begin(row, order_id, recorded.seq)

    def rows(self, kind: str) -> list[Row]:
        """Rows of the entities of one kind that have changed."""
        entities, projection = self.kinds[kind], PROJECTIONS[kind]
        spans = self.changes.spans.get(kind, {})
        return [
            projection.row(self.state.market_id, name, first, last, entities[name])
            for name, (first, last) in spans.items()
        ]

    def fetch(self, events: Iterable[Event]) -> None:
        """Read at once all entities that the events name."""
        wanted: dict[str, set[str]] = {kind: set() for _, kind in _NAMES}
        for event in events:
            if isinstance(event, OrderPlaced):
                wanted["orders"].add(event.order.id)
            for name, kind in _NAMES:
                named = getattr(event, name, None)
                if named is not None:
                    wanted[kind].add(named)
            wanted["orders"].update(getattr(event, "order_ids", ()))
        for kind, names in wanted.items():
            self.kinds[kind].fetch(names)

    def __len__(self) -> int:
        """How many entities are held in memory."""
        return sum(len(entities) for entities in self.kinds.values())
