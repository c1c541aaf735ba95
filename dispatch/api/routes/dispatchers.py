"""Dispatchers: decisions over the optimizer's head, looked at before they are made, and kept for good."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import InMarket, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.orders import OrderOut
from dispatch.api.schemas.overrides import NewOverride, OverrideOut, OverrideResult
from dispatch.api.schemas.riders import RiderOut
from dispatch.api.state import Api
from dispatch.model.events import Event, OverrideRecorded, to_dict
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind, OverrideReason
from dispatch.model.rider import RiderId
from dispatch.model.state import OrderState, RiderState
from dispatch.service.asks import Done, Ref
from dispatch.service.principals import Right
from dispatch.store import queries, rows

router = APIRouter(prefix="/v1/overrides", tags=["dispatchers"])


@router.post("", status_code=201, dependencies=[Depends(may(Right.OVERRIDE))])
async def make_override(
    body: NewOverride,
    asks: Asks,
    response: Response,
    dry_run: Annotated[bool, Query(description="Say what would happen, and do nothing.")] = False,
) -> OverrideResult:
    """Decide. It takes effect at once, and the optimizer follows it. `If-Match` is about the order."""
    about = None
    if body.order_id is not None:
        about = Ref("orders", body.order_id)
    elif body.rider_id is not None:
        about = Ref("riders", body.rider_id)
    command = body.to_command(asks.who.id)
    done = await asks.do(command, about, dry_run=dry_run)
    if dry_run:
        response.status_code = 200
    if isinstance(done.entity, OrderState):
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
