"""The office looks at riders' work: shifts, offers, assignments, positions, tasks."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query

from dispatch.api.asking import Asks
from dispatch.api.auth import InMarket, may
from dispatch.api.cursors import Pages
from dispatch.api.schemas.base import Name, PageOf, When, instant
from dispatch.api.schemas.crew import AssignmentOut, NewShift, OfferListed, PositionOut, ShiftOut
from dispatch.api.schemas.riders import TasksOut, tasks_out
from dispatch.api.state import Api
from dispatch.errors import InvalidInputError, Issue
from dispatch.model.commands import PlanShift
from dispatch.model.lifecycle import OfferStatus
from dispatch.model.order import OrderId
from dispatch.model.rider import RiderId, ShiftId
from dispatch.service.asks import Ref
from dispatch.service.principals import Right
from dispatch.store import queries
from dispatch.store.queries import Cut
from dispatch.units import MINUTE_S

router = APIRouter(prefix="/v1", tags=["riders"])

SEES = [Depends(may(Right.SEE_RIDERS))]
STALE_S: Final = 2 * MINUTE_S
"""A position older than this is shown as stale."""


@router.get("/shifts", dependencies=SEES)
async def list_shifts(
    api: Api,
    market_id: InMarket,
    pages: Pages,
    rider_id: Name | None = None,
    ends_from: When | None = None,
    starts_before: When | None = None,
) -> PageOf[ShiftOut]:
    """Shifts that overlap a span of time, the newest first."""
    page = await api.reads.run(
        lambda c: queries.shifts(
            c,
            market_id,
            pages.cut,
            rider_id=None if rider_id is None else RiderId(rider_id),
            ends_from=None if ends_from is None else instant(ends_from),
            starts_before=None if starts_before is None else instant(starts_before),
        )
    )
    return PageOf(items=[ShiftOut.of(found.value) for found in page.items], next=pages.next(page.after))


@router.post("/shifts", status_code=201, dependencies=[Depends(may(Right.MANAGE_RIDERS))])
async def plan_shift(body: NewShift, asks: Asks) -> ShiftOut:
    """Announce when a rider is going to work, or change that."""
    if body.ends_at <= body.starts_at:
        issue = Issue("out_of_range", "the shift ends before it starts", "Give a later end.", field="ends_at")
        raise InvalidInputError("shift", [issue])
    await asks.api.reads.rider(asks.market_id, RiderId(body.rider_id))
    shift = body.to_model(ShiftId(body.id or asks.api.new_id("shf")))
    await asks.do(PlanShift(shift=shift), Ref("shifts", shift.id))
    return ShiftOut.of(shift)


@router.get("/offers", dependencies=SEES)
async def list_offers(
    api: Api,
    market_id: InMarket,
    pages: Pages,
    rider_id: Name | None = None,
    status: Annotated[list[OfferStatus] | None, Query()] = None,
) -> PageOf[OfferListed]:
    """Offers to riders and what became of them, the newest first."""
    named = None if rider_id is None else RiderId(rider_id)
    page = await api.reads.run(lambda c: queries.offers(c, market_id, pages.cut, rider_id=named, statuses=status or ()))
    return PageOf(items=[OfferListed.of(found.value) for found in page.items], next=pages.next(page.after))


@router.get("/assignments", dependencies=SEES)
async def list_assignments(
    api: Api, market_id: InMarket, pages: Pages, order_id: Name | None = None, rider_id: Name | None = None
) -> PageOf[AssignmentOut]:
    """Who had which order, from when until when; the newest first."""
    order = None if order_id is None else OrderId(order_id)
    rider = None if rider_id is None else RiderId(rider_id)
    cut = Cut(pages.cut.after, pages.cut.limit + 1)
    found = await api.reads.run(lambda c: queries.assignments(c, market_id, cut, order_id=order, rider_id=rider))
    shown = found[: pages.cut.limit]
    after = shown[-1].seq if len(found) > len(shown) else None
    return PageOf(items=[AssignmentOut.of(one) for one in shown], next=pages.next(after))


@router.get("/positions", dependencies=SEES)
async def list_positions(api: Api, market_id: InMarket) -> list[PositionOut]:
    """Where each rider was seen last, with its age; stale ones are shown as such."""
    seen, now = await api.live.positions(market_id), api.clock.now()
    return [PositionOut.of(rider_id, found, now, STALE_S) for rider_id, found in sorted(seen.items())]


@router.get("/riders/{rider_id}/tasks", dependencies=SEES)
async def get_rider_tasks(rider_id: Name, api: Api, market_id: InMarket) -> TasksOut:
    """What a rider has to do, as the rider's device shows it."""
    return tasks_out(await api.reads.tasks(market_id, RiderId(rider_id)), api.clock.now())
