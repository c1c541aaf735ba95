"""Riders' records: what they were blamed for, their appeals, and what came of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import InMarket, Me, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version
from dispatch.api.schemas.base import Name, PageOf, When, instant
from dispatch.api.schemas.penalties import Appeal, NewPenalty, PenaltyOut, Verdict
from dispatch.api.state import Api
from dispatch.errors import NotFoundError
from dispatch.model.care import NO_RULES, CareRules
from dispatch.model.commands import AppealPenalty, DecideAppeal
from dispatch.model.events import PenaltyGiven, PenaltyId
from dispatch.model.lifecycle import PenaltyStatus
from dispatch.model.order import MarketId
from dispatch.model.rider import RiderId
from dispatch.model.state import CARE
from dispatch.service.asks import Ref
from dispatch.service.principals import Right
from dispatch.service.service import Services
from dispatch.store import queries, rows
from dispatch.store.cases import penalties

router = APIRouter(prefix="/v1", tags=["penalties"])


@router.get("/penalties", dependencies=[Depends(may(Right.SEE_PENALTIES))])
async def list_penalties(
    api: Api,
    market_id: InMarket,
    pages: Pages,
    rider_id: Name | None = None,
    status: Annotated[list[PenaltyStatus] | None, Query()] = None,
    given_from: When | None = None,
    given_before: When | None = None,
) -> PageOf[PenaltyOut]:
    """What riders were blamed for, the newest first. Appeals to be decided have the status `appealed`."""
    named = None if rider_id is None else RiderId(rider_id)
    first = None if given_from is None else instant(given_from)
    before = None if given_before is None else instant(given_before)
    page = await api.reads.run(
        lambda c: penalties(
            c, market_id, pages.cut, rider_id=named, statuses=status or (), given_from=first, given_before=before
        )
    )
    rules = await _rules(api, market_id)
    items = [PenaltyOut.of(one.value, rules.appeal_s) for one in page.items]
    return PageOf(items=items, next=pages.next(page.after))


@router.post("/penalties", status_code=201, dependencies=[Depends(may(Right.MANAGE_PENALTIES))])
async def give_penalty(body: NewPenalty, asks: Asks, response: Response) -> PenaltyOut:
    """Warn a rider, or take money off the pay, and say why."""
    done = await asks.do(body.to_command())
    given = next(one.event for one in done.events if isinstance(one.event, PenaltyGiven))
    return await _shown(asks, given.penalty_id, response)


@router.post("/penalties/{penalty_id}/decision", dependencies=[Depends(may(Right.MANAGE_PENALTIES))])
async def decide_appeal(penalty_id: Name, body: Verdict, asks: Asks, response: Response) -> PenaltyOut:
    """Answer a rider's appeal: the penalty is lifted, or it stands."""
    command = DecideAppeal(penalty_id=PenaltyId(penalty_id), lifted=body.lifted, text=body.text)
    await asks.do(command, Ref("penalties", penalty_id))
    return await _shown(asks, penalty_id, response)


@router.get("/riders/me/penalties")
async def list_own_penalties(me: Me, api: Api, market_id: InMarket, pages: Pages) -> PageOf[PenaltyOut]:
    """What the rider who asks was blamed for, the newest first."""
    page = await api.reads.run(lambda c: penalties(c, market_id, pages.cut, rider_id=me))
    rules = await _rules(api, market_id)
    items = [PenaltyOut.of(one.value, rules.appeal_s) for one in page.items]
    return PageOf(items=items, next=pages.next(page.after))


@router.post("/riders/me/penalties/{penalty_id}/appeal")
async def appeal(penalty_id: Name, body: Appeal, me: Me, asks: Asks, response: Response) -> PenaltyOut:
    """Say why the penalty is not right. Operations look at it again."""
    found = await asks.api.reads.one(rows.PENALTIES, asks.market_id, penalty_id)
    if found.rider_id != me:
        raise NotFoundError(f"There is no penalty {penalty_id!r} in this market.", "Check the penalty's id.")
    command = AppealPenalty(penalty_id=found.penalty_id, rider_id=me, text=body.text)
    await asks.do(command, Ref("penalties", penalty_id))
    return await _shown(asks, penalty_id, response)


async def _shown(asks: Asking, penalty_id: str, response: Response) -> PenaltyOut:
    found = await asks.api.reads.one(rows.PENALTIES, asks.market_id, penalty_id)
    show_version(response, found.version)
    return PenaltyOut.of(found, (await _rules(asks.api, asks.market_id)).appeal_s)


async def _rules(api: Services, market_id: MarketId) -> CareRules:
    return await api.reads.run(lambda c: queries.look(c, rows.CARES, market_id, CARE)) or NO_RULES
