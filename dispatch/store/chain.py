"""The chain of hashes through a market's log: whoever changes, takes out or adds an event breaks it from there on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from dispatch.model.codec import Json
from dispatch.model.events import Recorded

GENESIS: Final = "0" * 64
"""What stands for the hash before a market's first event."""


_CANONICAL: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: Json) -> str:
    """The one way in which a JSON value is written: sorted keys, no blanks. Raises ValueError on NaN and infinity."""
    return _CANONICAL.encode(value)


def event_row(recorded: Recorded, payload: str, prev_hash: str) -> dict[str, object]:
    """The row of one event, given how it is stored and the hash of the one before it."""
    row: dict[str, object] = {
        "market_id": recorded.market_id,
        "seq": recorded.seq,
        "stream": recorded.stream,
        "version": recorded.version,
        "type": type(recorded.event).__name__,
        "payload": payload,
        "occurred_at": recorded.occurred_at,
        "recorded_at": recorded.recorded_at,
        "actor_kind": recorded.actor.kind.value,
        "actor_id": recorded.actor.id,
        "command_id": recorded.command_id,
        "prev_hash": prev_hash,
    }
    return row | {"hash": hash_of(row)}


def hash_of(row: Mapping[str, object]) -> str:
    """The hash of an event's row: SHA-256 over every other column, the hash before it included."""
    envelope = _CANONICAL.encode([row[name] for name in _ENVELOPE])
    return sha256(f"{envelope}\n{row['payload']}".encode()).hexdigest()


_ENVELOPE: Final = (
    "prev_hash",
    "market_id",
    "seq",
    "stream",
    "version",
    "type",
    "occurred_at",
    "recorded_at",
    "actor_kind",
    "actor_id",
    "command_id",
)
