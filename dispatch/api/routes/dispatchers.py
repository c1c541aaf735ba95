"""Dispatchers: decisions over the optimizer's head, looked at before they are made, and kept for good."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import InMarket, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.orders import OrderOut
from dispatch.api.schemas.overrides import (
    ForeseenOut,
    IssueOut,
    ManyOverrides,
    ManyResults,
    NewOverride,
    OneOfMany,
    OverrideItem,
    OverrideOut,
    OverrideResult,
    Undo,
)
from dispatch.api.schemas.riders import RiderOut
from dispatch.api.state import Api
from dispatch.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from dispatch.model.commands import MakeOverride
from dispatch.model.events import Event, OverrideRecorded, to_dict
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind, OverrideReason
from dispatch.model.rider import RiderId
from dispatch.model.state import OrderState, RiderState
from dispatch.service.asks import Done, Ref
from dispatch.service.principals import Right
from dispatch.store import queries, rows

router = APIRouter(prefix="/v1/overrides", tags=["dispatchers"])

DryRun = Annotated[bool, Query(description="Say what would happen, and do nothing.")]


@router.post("", status_code=201, dependencies=[Depends(may(Right.OVERRIDE))])
async def make_override(
    body: NewOverride,
    asks: Asks,
    response: Response,
    dry_run: DryRun = False,
) -> OverrideResult:
    """Decide. It takes effect at once, and the optimizer follows it. `If-Match` is about the order."""
    done = await asks.do(body.to_command(asks.who.id), body.about, dry_run=dry_run)
    return _answered(response, done, asks, dry_run=dry_run)


@router.post("/bulk", dependencies=[Depends(may(Right.OVERRIDE))])
async def make_many(body: ManyOverrides, asks: Asks, dry_run: DryRun = False) -> ManyResults:
    """Decide many things, one after the other; each stands for itself, and so does each answer."""
    items = [await _one_of_many(index, wanted, asks, dry_run=dry_run) for index, wanted in enumerate(body.items)]
    refused = sum(item.status == "refused" for item in items)
    return ManyResults.model_construct(items=items, done=0 if dry_run else len(items) - refused, refused=refused)


async def _one_of_many(index: int, wanted: OneOfMany, asks: Asking, *, dry_run: bool) -> OverrideItem:
    key = None if asks.key is None else f"{asks.key}/{index}"
    one = replace(asks, key=key, version=wanted.version)
    try:
        done = await one.do(wanted.to_command(asks.who.id), wanted.about, dry_run=dry_run)
    except (ConflictError, NotFoundError, InvalidInputError, StaleError) as error:
        issues = error.issues if isinstance(error, InvalidInputError) else ()
        return OverrideItem(
            index=index,
            status="refused",
            code=error.code,
            cause=error.cause,
            action=error.action,
            issues=[IssueOut(code=i.code, cause=i.cause, action=i.action, field=i.field) for i in issues],
        )
    result = _result(done, asks, dry_run=dry_run)
    return OverrideItem.model_construct(index=index, status="would" if dry_run else "done", result=result)


@router.post("/{override_id}/undo", status_code=201, dependencies=[Depends(may(Right.OVERRIDE))])
async def undo_override(
    override_id: Name, body: Undo, asks: Asks, response: Response, dry_run: DryRun = False
) -> OverrideResult:
    """Take a decision back: what it changed is as before. Both stay on record."""
    undone = await asks.api.reads.one(rows.OVERRIDES, asks.market_id, override_id)
    about = Ref("riders", undone.rider_id) if undone.rider_id is not None else None
    if undone.order_id is not None:
        about = Ref("orders", undone.order_id)
    command = MakeOverride(kind=OverrideKind.UNDO, reason=body.reason, text=body.text, by=asks.who.id, undoes=undone.id)
    done = await asks.do(command, about, dry_run=dry_run)
    return _answered(response, done, asks, dry_run=dry_run)


def _answered(response: Response, done: Done, asks: Asking, *, dry_run: bool) -> OverrideResult:
    if dry_run:
        response.status_code = 200
    if isinstance(done.entity, OrderState | RiderState):
        show_version(response, done.entity.version)
    return _result(done, asks, dry_run=dry_run)


def _result(done: Done, asks: Asking, *, dry_run: bool) -> OverrideResult:
    events: list[Event] = [*done.would, *(recorded.event for recorded in done.events)]
    override = next(event.override for event in events if isinstance(event, OverrideRecorded))
    return OverrideResult.model_construct(
        dry_run=dry_run,
        override=OverrideOut.of(override),
        order_before=OrderOut.of(done.before) if isinstance(done.before, OrderState) else None,
        order=OrderOut.of(done.entity) if isinstance(done.entity, OrderState) else None,
        rider=RiderOut.of(done.entity, asks.now) if isinstance(done.entity, RiderState) else None,
        events=[to_dict(event) for event in events if not isinstance(event, OverrideRecorded)],
        foreseen=None if done.foreseen is None else ForeseenOut.of(done.foreseen),
    )


@router.get("", dependencies=[Depends(may(Right.SEE_OVERRIDES))])
async def list_overrides(
    api: Api,
    market_id: InMarket,
    pages: Pages,
    order_id: Name | None = None,
    rider_id: Name | None = None,
    by: Name | None = None,
    kind: Annotated[list[OverrideKind] | None, Query()] = None,
    reason: Annotated[list[OverrideReason] | None, Query()] = None,
) -> PageOf[OverrideOut]:
    """Decisions of people, the newest first."""
    page = await api.reads.run(
        lambda c: queries.overrides(
            c,
            market_id,
            pages.cut,
            order_id=None if order_id is None else OrderId(order_id),
            rider_id=None if rider_id is None else RiderId(rider_id),
            by=by,
            kinds=kind or (),
            reasons=reason or (),
        )
    )
    return PageOf(items=[OverrideOut.of(found.value) for found in page.items], next=pages.next(page.after))


@router.get("/{override_id}", dependencies=[Depends(may(Right.SEE_OVERRIDES))])
async def get_override(override_id: Name, api: Api, market_id: InMarket) -> OverrideOut:
    """One decision."""
    return OverrideOut.of(await api.reads.one(rows.OVERRIDES, market_id, override_id))
