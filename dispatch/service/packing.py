"""Asks and answers as JSON, for the way between processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from dispatch.engine.foresee import Foreseen
from dispatch.errors import (
    ConflictError,
    DispatchError,
    InvalidInputError,
    Issue,
    NotFoundError,
    StaleError,
)
from dispatch.model.actor import Actor
from dispatch.model.codec import Json, decode, encode
from dispatch.model.commands import Command
from dispatch.model.events import Recorded, from_dict, to_dict
from dispatch.model.order import MarketId
from dispatch.model.state import CaseState, OrderState, RiderState
from dispatch.service.asks import Ask, Done, Entity, Expected, Ref
from dispatch.service.host import VersionError
from dispatch.store.rows import PROJECTIONS

_COMMANDS: Final[Mapping[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Command)}
_ERRORS: Final[Mapping[str, type[DispatchError]]] = {
    kind.__name__: kind for kind in (NotFoundError, StaleError, ConflictError)
}


_WITH_VERSION: Final[Mapping[str, type[Any]]] = {
    "orders": OrderState,
    "riders": RiderState,
    "cases": CaseState,
}
"""Entities that a caller may have seen in another version."""


def pack_ask(ask: Ask) -> dict[str, Json]:
    """An ask that is sent to another process; it counts once there, however often it comes."""
    if ask.command is None or ask.fired is not None:
        raise ValueError("only commands are sent to other processes, not timers")
    return {
        "command": {"type": type(ask.command).__name__, **encode(ask.command)},
        "actor": encode(ask.actor),
        "command_id": ask.command_id,
        "fingerprint": ask.fingerprint,
        "occurred_at": ask.occurred_at,
        "about": _pack_ref(ask.about),
        "expected": None if ask.expected is None else [*_ref(ask.expected.ref), ask.expected.version],
        "dry_run": ask.dry_run,
    }


def unpack_ask(data: Mapping[str, Any]) -> Ask:
    """What ``pack_ask`` was given. Raises InvalidInputError, KeyError for what another version has packed."""
    fields = dict(data["command"])
    kind = _COMMANDS[fields.pop("type")]
    expected = data["expected"]
    return Ask(
        command=decode(kind, fields, f"command {kind.__name__}"),
        actor=decode(Actor, data["actor"], "actor"),
        command_id=data["command_id"],
        repeatable=True,
        fingerprint=data["fingerprint"],
        occurred_at=data["occurred_at"],
        about=None if data["about"] is None else Ref(*data["about"]),
        expected=None if expected is None else Expected(Ref(*expected[:2]), expected[2]),
        dry_run=data["dry_run"],
    )


def pack_done(ask: Ask, done: Done) -> dict[str, Json]:
    """The answer to an ask."""
    return {
        "events": [_pack_event(recorded) for recorded in done.events],
        "entity": _pack_entity(ask, done.entity),
        "before": _pack_entity(ask, done.before),
        "repeated": done.repeated,
        "would": [to_dict(event) for event in done.would],
        "about": _pack_ref(ask.about),
        "foreseen": None if done.foreseen is None else encode(done.foreseen),
    }


def unpack_done(data: Mapping[str, Any]) -> Done:
    """What ``pack_done`` was given."""
    kind = "" if data["about"] is None else data["about"][0]
    return Done(
        tuple(_unpack_event(event) for event in data["events"]),
        _unpack_entity(kind, data["entity"]),
        data["repeated"],
        _unpack_entity(kind, data["before"]),
        tuple(from_dict(event) for event in data["would"]),
        None if data["foreseen"] is None else decode(Foreseen, data["foreseen"], "foreseen"),
    )


def pack_error(error: DispatchError) -> dict[str, Json]:
    """A refusal."""
    kind = next((name for name, known in _ERRORS.items() if isinstance(error, known)), "")
    packed: dict[str, Json] = {"kind": kind, "code": error.code, "cause": error.cause, "action": error.action}
    if isinstance(error, VersionError):
        found = next((kind for kind, type_ in _WITH_VERSION.items() if isinstance(error.present, type_)), None)
        packed["present"] = None if found is None else [found, PROJECTIONS[found].to_state(error.present)]
    if isinstance(error, InvalidInputError):
        packed["issues"] = [encode(issue) for issue in error.issues]
    return packed


def unpack_error(data: Mapping[str, Any]) -> DispatchError:
    """What ``pack_error`` was given, as far as callers tell refusals apart."""
    if "issues" in data:
        invalid = InvalidInputError("command", [decode(Issue, issue, "issue") for issue in data["issues"]])
        invalid.cause, invalid.action = data["cause"], data["action"]
        return invalid
    if data.get("present") is not None:
        name, text = data["present"]
        return VersionError(data["cause"], data["action"], PROJECTIONS[name].from_state(text))
    kind = _ERRORS.get(data["kind"], DispatchError)
    return kind(data["cause"], data["action"], code=data["code"])


def _ref(ref: Ref) -> list[Json]:
    return [ref.kind, ref.id]


def _pack_ref(ref: Ref | None) -> Json:
    return None if ref is None else _ref(ref)


def _pack_entity(ask: Ask, entity: Entity | None) -> Json:
    return None if ask.about is None or entity is None else PROJECTIONS[ask.about.kind].to_state(entity)


def _unpack_entity(kind: str, text: str | None) -> Entity | None:
    entity: Entity | None = None if text is None else PROJECTIONS[kind].from_state(text)
    return entity


def _pack_event(recorded: Recorded) -> Json:
    return [*recorded[:6], encode(recorded.actor), recorded.command_id, to_dict(recorded.event)]


def _unpack_event(data: list[Any]) -> Recorded:
    seq, market_id, stream, version, occurred_at, recorded_at, actor, command_id, event = data
    return Recorded(
        seq,
        MarketId(market_id),
        stream,
        version,
        occurred_at,
        recorded_at,
        decode(Actor, actor, "actor"),
        command_id,
        from_dict(event),
    )
