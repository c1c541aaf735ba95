"""Force majeure: one switch for a storm."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import InMarket, may
from dispatch.api.cursors import Pages
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.penalties import ClosureOut, NewClosure
from dispatch.api.state import Api
from dispatch.model.commands import EndClosure
from dispatch.model.events import ClosureDeclared, ClosureId
from dispatch.service.principals import Right
from dispatch.store import rows
from dispatch.store.cases import closures

router = APIRouter(prefix="/v1/closures", tags=["operations"])


@router.get("", dependencies=[Depends(may(Right.SEE_MARKETS))])
async def list_closures(api: Api, market_id: InMarket, pages: Pages, *, going_on: bool = False) -> PageOf[ClosureOut]:
    """Times of force majeure, the newest first; with `going_on` only those of this moment."""
    now = api.clock.now()
    page = await api.reads.run(lambda c: closures(c, market_id, pages.cut, at=now if going_on else None))
    return PageOf(items=[ClosureOut.of(one.value, now) for one in page.items], next=pages.next(page.after))


@router.post("", status_code=201, dependencies=[Depends(may(Right.MANAGE_CLOSURES))])
async def declare_closure(body: NewClosure, asks: Asks) -> ClosureOut:
    """Nobody is blamed for what is late in these zones meanwhile, and customers are told why they wait."""
    done = await asks.do(body.to_command(asks.now))
    declared = next(one.event for one in done.events if isinstance(one.event, ClosureDeclared))
    return await _shown(asks, declared.closure_id)


@router.post("/{closure_id}/end", dependencies=[Depends(may(Right.MANAGE_CLOSURES))])
async def end_closure(closure_id: Name, asks: Asks) -> ClosureOut:
    """It is over earlier than was said."""
    await asks.do(EndClosure(closure_id=ClosureId(closure_id)))
    return await _shown(asks, closure_id)


async def _shown(asks: Asking, closure_id: str) -> ClosureOut:
    return ClosureOut.of(await asks.api.reads.one(rows.CLOSURES, asks.market_id, closure_id), asks.now)
