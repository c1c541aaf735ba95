"""Events as they happen: a stream that can be taken up where it broke off, and the same as pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse

from dispatch.api.auth import InMarket, Who, may
from dispatch.api.schemas.base import Schema
from dispatch.api.schemas.events import EventOut
from dispatch.api.state import Api
from dispatch.errors import InvalidInputError, Issue
from dispatch.model.events import EVENT_TYPES, PositionReported, Recorded
from dispatch.service.feed import EVERYTHING, Feed
from dispatch.service.principals import Principal, Right, Role
from dispatch.service.sight import Sight

router = APIRouter(prefix="/v1/events", tags=["events"])

HEARTBEAT_S: Final = 15.0
_AT_ONCE: Final = 500
_GATHER_S: Final = 0.2
"""What happens so soon after something was sent goes out together."""
_SEQ = Query(ge=0, le=2**53)
_TYPES = Query(description="Only these types; without, all but positions.", max_length=100)


class EventsOut(Schema):
    """Some events; ask for those after `last_seq` next."""

    items: list[EventOut]
    last_seq: int


@router.get("", dependencies=[Depends(may(Right.SEE_EVENTS))])
async def list_events(
    api: Api,
    who: Who,
    market_id: InMarket,
    after: Annotated[int, _SEQ] = 0,
    limit: Annotated[int, Query(ge=1, le=_AT_ONCE)] = 100,
    type: Annotated[list[str] | None, _TYPES] = None,
) -> EventsOut:
    """Events of the market in their order, after a number. The page may be short, also where there are more."""
    wanted = _wanted(type)
    found = await api.markets.get(market_id).feed.after(after, limit)
    items = [_out(entry, who) for entry in found if await _shown(api.sight, who, entry, wanted)]
    return EventsOut(items=items, last_seq=found[-1].seq if found else after)


@router.get("/stream", dependencies=[Depends(may(Right.SEE_EVENTS))], response_class=StreamingResponse)
async def stream_events(
    api: Api,
    who: Who,
    market_id: InMarket,
    after: Annotated[int | None, _SEQ] = None,
    type: Annotated[list[str] | None, _TYPES] = None,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**53)] = None,
) -> StreamingResponse:
    """Events as they happen (server-sent events). `Last-Event-ID`, or `after`, says where to go on; else from now."""
    feed = api.markets.get(market_id).feed
    begin = last_event_id if last_event_id is not None else after
    text = _stream(api.sight, who, feed, feed.seq if begin is None else begin, _wanted(type))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(text, media_type="text/event-stream", headers=headers)


async def _stream(sight: Sight, who: Principal, feed: Feed, seq: int, wanted: frozenset[str]) -> AsyncIterator[str]:
    yield f"retry: 2000\nevent: ready\nid: {seq}\ndata: {{}}\n\n"
    with feed.watching((EVERYTHING,)) as watch:
        while not feed.closed:
            found = await feed.after(seq, _AT_ONCE)
            seq = found[-1].seq if found else seq
            shown = [entry for entry in found if await _shown(sight, who, entry, wanted)]
            if shown:
                yield "".join([_message(feed, entry, who) for entry in shown])
                await asyncio.sleep(_GATHER_S)
            if not found and not await watch.wait(HEARTBEAT_S):
                # Also tells where a reader is that sees few of the events.
                yield f": still there\nid: {seq}\n\n"


def _message(feed: Feed, entry: Recorded, who: Principal) -> str:
    """An event as a message; written once for all who may see the same of it."""
    return feed.written(entry, _write_whole if _sees_customers(who) else _write_bare)


def _write_whole(entry: Recorded) -> str:
    return _write(EventOut.of(entry))


def _write_bare(entry: Recorded) -> str:
    return _write(EventOut.of(entry, customers=False))


def _write(out: EventOut) -> str:
    return f"event: {out.type}\nid: {out.seq}\ndata: {out.model_dump_json()}\n\n"


def _sees_customers(who: Principal) -> bool:
    return who.role is not Role.MERCHANT


def _out(entry: Recorded, who: Principal) -> EventOut:
    return EventOut.of(entry, customers=_sees_customers(who))


async def _shown(sight: Sight, who: Principal, entry: Recorded, wanted: frozenset[str]) -> bool:
    name = type(entry.event).__name__
    chosen = name in wanted if wanted else not isinstance(entry.event, PositionReported)
    return chosen and await sight.sees(who, entry)


def _wanted(types: list[str] | None) -> frozenset[str]:
    strange = sorted(set(types or ()) - EVENT_TYPES.keys())
    if strange:
        action = f"Use some of: {', '.join(sorted(EVENT_TYPES))}."
        issues = [Issue("event_unknown", f"{name!r} is no type of event", action, field="type") for name in strange]
        raise InvalidInputError("query", issues)
    return frozenset(types or ())
