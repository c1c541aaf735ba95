"""Riders: what the office knows of them, and what their devices do."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel

from dispatch.api.actions import carry_out
from dispatch.api.asking import Asks
from dispatch.api.auth import READ_STRAIGHT, InMarket, Me, Reports, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version, tag_of
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.riders import (
    ActionResults,
    Actions,
    NewRider,
    Positions,
    RiderOut,
    ShiftIn,
    TasksOut,
    tasks_out,
)
from dispatch.api.state import Api
from dispatch.model.commands import EndShift, RegisterRider, StartShift
from dispatch.model.order import MarketId
from dispatch.model.rider import RiderId, ShiftId
from dispatch.model.state import RiderState
from dispatch.service.asks import Ref
from dispatch.service.positions import take_in
from dispatch.service.principals import Right
from dispatch.service.read import RiderTasks
from dispatch.service.service import Services
from dispatch.store import queries

router = APIRouter(prefix="/v1/riders", tags=["riders"])

LONGEST_WAIT_S = 60


@router.post("", status_code=201, dependencies=[Depends(may(Right.MANAGE_RIDERS))])
async def register_rider(body: NewRider, asks: Asks) -> RiderOut:
    """Make a rider known, or change what is known."""
    rider = body.to_model(RiderId(body.id or asks.api.new_id("rdr")), asks.market_id)
    done = await asks.do(RegisterRider(rider=rider), Ref("riders", rider.id))
    return _shown(done.entity, asks.api)


@router.get("", dependencies=[Depends(may(Right.SEE_RIDERS))])
async def list_riders(api: Api, market_id: InMarket, pages: Pages, on_shift: bool | None = None) -> PageOf[RiderOut]:
    """Riders, the newest first."""
    page = await api.reads.run(lambda c: queries.riders(c, market_id, pages.cut, on_shift=on_shift))
    now = api.clock.now()
    return PageOf(items=[RiderOut.of(found.value, now) for found in page.items], next=pages.next(page.after))


@router.post("/me/shift", status_code=201)
async def start_shift(body: ShiftIn, me: Me, asks: Asks) -> RiderOut:
    """Begin to work, at the place where the rider is."""
    shift = body.to_model(ShiftId(body.id or asks.api.new_id("shf")), me, asks.now)
    done = await asks.do(StartShift(rider_id=me, shift=shift), Ref("riders", me))
    return _shown(done.entity, asks.api)


@router.delete("/me/shift")
async def end_shift(me: Me, asks: Asks) -> RiderOut:
    """Go home. Orders not collected yet go back to the market; what is on board must be handed over first."""
    done = await asks.do(EndShift(rider_id=me), Ref("riders", me))
    return _shown(done.entity, asks.api)


class Taken(BaseModel):
    """How many positions were taken in."""

    taken: int


@router.post("/me/positions", status_code=202, openapi_extra=READ_STRAIGHT)
async def report_positions(body: Positions, reporter: Reports) -> Taken:
    """Say where the rider was."""
    found = [one.to_position() for one in body.positions]
    api = reporter.api
    await take_in(api.live, reporter.market_id, reporter.rider_id, found, api.clock.now())
    return Taken(taken=len(found))


@router.get("/me/tasks", response_model=TasksOut, responses={304: {"description": "Nothing has changed."}})
async def get_tasks(
    me: Me,
    api: Api,
    market_id: InMarket,
    response: Response,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Wait so long for a change.")] = 0.0,
    if_none_match: Annotated[str | None, Header(description="The ETag last seen; 304 if nothing changed.")] = None,
) -> TasksOut | Response:
    """What the rider has to do: stops in their order, and offers to answer. With `wait_s`, waits for a change."""
    found = await _changed(api, market_id, me, if_none_match, wait_s)
    tag = _tag(found)
    if tag == if_none_match:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return tasks_out(found, api.clock.now())


async def _changed(
    api: Services, market_id: MarketId, rider_id: RiderId, seen: str | None, wait_s: float
) -> RiderTasks:
    """The tasks once they are not what the device has seen, or as they are when that takes too long."""
    feed = api.markets.get(market_id).feed
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_s
    found = await api.reads.tasks(market_id, rider_id)
    while _tag(found) == seen and loop.time() < until and not feed.closed:
        topics = {f"rider:{rider_id}", *(f"order:{order.order.id}" for order in found.orders)}
        with feed.watching(topics) as watch:
            # Once more, now that nothing can happen unseen.
            found = await api.reads.tasks(market_id, rider_id)
            if _tag(found) == seen and await watch.wait(max(0.0, until - loop.time())):
                found = await api.reads.tasks(market_id, rider_id)
    return found


def _tag(found: RiderTasks) -> str:
    """Another one with every change of what the device shows, and not with every position."""
    rider = found.rider
    shown = (rider.shift, rider.leg, rider.tasks, rider.depart_at, rider.busy_until, rider.paused_until, rider.problem)
    versions = [(order.order.id, order.version) for order in found.orders]
    return tag_of((shown, sorted(rider.offers), versions))


@router.post("/me/actions")
async def act(body: Actions, me: Me, asks: Asks, response: Response) -> ActionResults:
    """Say what the rider did. Each action counts once, however often it is sent. The ETag is that of the tasks."""
    results = await carry_out(asks, me, body.actions)
    found = await asks.api.reads.tasks(asks.market_id, me)
    response.headers["ETag"] = _tag(found)
    return ActionResults(results=results, tasks=tasks_out(found, asks.now))


@router.get("/{rider_id}", dependencies=[Depends(may(Right.SEE_RIDERS))])
async def get_rider(rider_id: Name, api: Api, market_id: InMarket, response: Response) -> RiderOut:
    """One rider."""
    state = await api.reads.rider(market_id, RiderId(rider_id))
    show_version(response, state.version)
    return RiderOut.of(state, api.clock.now())


def _shown(entity: object, api: Services) -> RiderOut:
    if not isinstance(entity, RiderState):
        raise TypeError("a rider was asked about, and something else came back")
    return RiderOut.of(entity, api.clock.now())
