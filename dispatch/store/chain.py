"""The chain of hashes through a market's log: whoever changes, takes out or adds an event breaks it from there on."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

from dispatch.errors import DispatchError
from dispatch.model.codec import Json
from dispatch.model.events import Recorded, to_dict

GENESIS: Final = "0" * 64
"""What stands for the hash before a market's first event."""


class BrokenChainError(DispatchError):
    """An event of the log is not what was written."""

    code = "chain_broken"


def canonical(value: Json) -> str:
    """The one way in which a JSON value is written: sorted keys, no blanks. Raises ValueError on NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def payload_of(recorded: Recorded) -> str:
    """The event of a record as it is stored."""
    return canonical(to_dict(recorded.event))


def hash_of(prev_hash: str, recorded: Recorded, payload: str) -> str:
    """The hash of one event, given that of the event before it. Raises UnicodeEncodeError on half characters."""
    envelope = canonical(
        [
            prev_hash,
            recorded.market_id,
            recorded.seq,
            recorded.stream,
            recorded.version,
            recorded.occurred_at,
            recorded.recorded_at,
            recorded.actor.kind.value,
            recorded.actor.id,
            recorded.command_id,
        ]
    )
    return sha256(f"{envelope}\n{payload}".encode()).hexdigest()
