"""Whole logs as tables, for Parquet files that anybody can read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

import polars as pl

from dispatch.model.codec import encode
from dispatch.model.events import Event, OrderPlaced, Recorded, RiderRegistered, ShiftPlanned

SCHEMA: Final = pl.Schema(
    {
        "seq": pl.Int64,
        "occurred_at": pl.Int64,
        "recorded_at": pl.Int64,
        "type": pl.String,
        "order_id": pl.String,
        "rider_id": pl.String,
        "stream": pl.String,
        "version": pl.Int64,
        "actor_kind": pl.String,
        "actor_id": pl.String,
        "command_id": pl.String,
        "market_id": pl.String,
        "payload": pl.String,
    }
)


def events_frame(log: Iterable[Recorded]) -> pl.DataFrame:
    """One row for each event: SCHEMA.

    ``order_id`` and ``rider_id`` are null where an event concerns none, or several; ``payload`` holds all fields of the
    event as JSON. Instants are epoch seconds.
    """
    return pl.DataFrame([_row(recorded) for recorded in log], schema=SCHEMA, orient="row")


def _row(recorded: Recorded) -> tuple[object, ...]:
    event = recorded.event
    return (
        recorded.seq,
        recorded.occurred_at,
        recorded.recorded_at,
        type(event).__name__,
        _order_id(event),
        _rider_id(event),
        recorded.stream,
        recorded.version,
        recorded.actor.kind.value,
        recorded.actor.id,
        recorded.command_id,
        recorded.market_id,
        json.dumps(encode(event), separators=(",", ":"), ensure_ascii=False),
    )


def _order_id(event: Event) -> str | None:
    if isinstance(event, OrderPlaced):
        return event.order.id
    found: str | None = getattr(event, "order_id", None)
    return found


def _rider_id(event: Event) -> str | None:
    match event:
        case RiderRegistered(rider=rider):
            return rider.id
        case ShiftPlanned(shift=shift):
            return shift.rider_id
        case _:
            found: str | None = getattr(event, "rider_id", None)
            return found
