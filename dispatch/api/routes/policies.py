"""Operations: policies, the one that counts, and one that decides beside it without acting."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from dispatch.api.asking import Asks
from dispatch.api.auth import InMarket, Who, may
from dispatch.api.cursors import Pages
from dispatch.api.once import once
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.policies import (
    Checked,
    NewPolicy,
    NewShadow,
    PolicyChangeOut,
    PolicyDetailOut,
    PolicyName,
    PolicyOut,
    PolicyText,
    ShadowOut,
    ShadowReport,
)
from dispatch.api.state import Api
from dispatch.errors import NotFoundError
from dispatch.model.commands import ChangePolicy
from dispatch.service.policies import issues_of
from dispatch.service.principals import Right

router = APIRouter(prefix="/v1", tags=["policies"])

SEES = [Depends(may(Right.SEE_POLICIES))]
CHANGES = [Depends(may(Right.MANAGE_POLICIES))]
Version = Annotated[int, Path(ge=1, le=2**31)]


@router.get("/policies", dependencies=SEES)
async def list_policies(api: Api, market_id: InMarket) -> list[PolicyOut]:
    """Every version that the market could be planned by; those of the package, and its own."""
    active = await api.policies.active(market_id)
    return [PolicyOut.of(one, active) for one in await api.policies.versions(market_id)]


@router.post("/policies", status_code=201, dependencies=CHANGES)
async def add_policy(body: NewPolicy, asks: Asks) -> PolicyDetailOut:
    """Keep a new version; 422 with everything that is wrong with it."""

    async def make() -> PolicyDetailOut:
        policies, market_id = asks.api.policies, asks.market_id
        version, policy = await policies.add(market_id, body.name, body.given, note=body.note, by=asks.who.id)
        return PolicyDetailOut.with_settings(version, policy, await policies.active(market_id))

    return await once(asks, PolicyDetailOut, make)


@router.post("/policies/validate", dependencies=SEES)
async def validate_policy(body: PolicyText) -> Checked:
    """Say everything that is wrong with a policy; nothing is kept."""
    error = await asyncio.to_thread(issues_of, body.name, body.given)
    return Checked.of(() if error is None else error.issues)


@router.get("/policies/history", dependencies=SEES)
async def list_changes(api: Api, market_id: InMarket, pages: Pages) -> PageOf[PolicyChangeOut]:
    """When the market was put under which policy, and by whom; the newest first."""
    cut = pages.cut
    found = await api.policies.changes(market_id, cut.after, cut.limit + 1)
    shown = found[: cut.limit]
    after = shown[-1].seq if len(found) > cut.limit else None
    return PageOf(items=[PolicyChangeOut.of(one) for one in shown], next=pages.next(after))


@router.get("/policies/{name}", dependencies=SEES)
async def get_policy(
    name: PolicyName, api: Api, market_id: InMarket, version: Annotated[int | None, Query(ge=1, le=2**31)] = None
) -> PolicyDetailOut:
    """One version with all its settings; the newest where none is named."""
    found, policy = await api.policies.one(market_id, name, version)
    return PolicyDetailOut.with_settings(found, policy, await api.policies.active(market_id))


@router.post("/policies/{name}/{version}/activate", dependencies=CHANGES)
async def activate_policy(name: PolicyName, version: Version, asks: Asks) -> PolicyDetailOut:
    """Plan the market by this version from the next tick on. The log has who decided that."""
    found, policy = await asks.api.policies.one(asks.market_id, name, version)
    await asks.do(ChangePolicy(name=found.name, version=found.version, care=policy.care))
    return PolicyDetailOut.with_settings(found, policy, policy)


@router.get("/shadows", dependencies=SEES)
async def list_shadows(api: Api, market_id: InMarket) -> list[ShadowOut]:
    """Policies that decide, or have decided, beside the market's own; the newest first."""
    return [ShadowOut.of(one) for one in await api.policies.shadows(market_id)]


@router.post("/shadows", status_code=201, dependencies=CHANGES)
async def start_shadow(body: NewShadow, asks: Asks) -> ShadowOut:
    """Let a policy decide beside the market's own from the next tick on, without acting. The one before it ends."""

    async def make() -> ShadowOut:
        start = asks.api.policies.start_shadow
        return ShadowOut.of(await start(asks.market_id, body.name, body.version, note=body.note, by=asks.who.id))

    return await once(asks, ShadowOut, make)


@router.delete("/shadows", status_code=204, dependencies=CHANGES)
async def end_shadow(api: Api, who: Who, market_id: InMarket) -> None:
    """Let no policy decide beside the market's own any more."""
    await api.policies.end_shadow(market_id, who.id)


@router.get("/shadows/{shadow_id}", dependencies=SEES)
async def get_shadow(
    shadow_id: Name,
    api: Api,
    market_id: InMarket,
    ticks: Annotated[int, Query(ge=1, le=10_000, description="Of the last so many ticks.")] = 1000,
) -> ShadowReport:
    """What a shadow would have done, beside what was done, in figures."""
    shadow = next((one for one in await api.policies.shadows(market_id) if one.id == shadow_id), None)
    if shadow is None:
        raise NotFoundError(f"There is no shadow {shadow_id!r} in this market.", "Look at the list of shadows.")
    return ShadowReport.over(shadow, await api.policies.shadow_ticks(market_id, shadow.id, ticks))
