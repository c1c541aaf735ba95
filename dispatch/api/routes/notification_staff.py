"""Staff: what anybody was told and whether it got there, devices that stay silent, the matrix, channels."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from dispatch.api.auth import InMarket, Who, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version, version_in
from dispatch.api.routes.notifications import IfMatch, Speak
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.notifications import (
    Begun,
    ChannelOut,
    DeviceOut,
    MatrixIn,
    MatrixOut,
    NotificationOut,
    PreferencesIn,
    PreferencesOut,
    Resent,
    TestSend,
)
from dispatch.api.schemas.webhooks import Rotate
from dispatch.api.state import Api
from dispatch.api.told import Told
from dispatch.errors import InvalidInputError, Issue
from dispatch.notify.expanding import matrix_of
from dispatch.notify.matrix import Audience, Occasion
from dispatch.service.principals import Right
from dispatch.store.notices import NoticeFilter
from dispatch.units import DAY_S, HOUR_S

router = APIRouter(prefix="/v1/notifications", tags=["notifications"])

SEES = [Depends(may(Right.SEE_NOTICES))]
CHANGES = [Depends(may(Right.MANAGE_NOTICES))]
State = Literal["open", "sent", "delivered", "read", "unreached", "expired"]


@router.get("/told", dependencies=SEES)
async def list_told(
    told: Told,
    market_id: InMarket,
    pages: Pages,
    order_id: Name | None = None,
    person: Name | None = None,
    occasion: Occasion | None = None,
    state: State | None = None,
    dead: Annotated[bool, Query(description="Only what could not be sent, or reached nobody.")] = False,
    language: Speak = "",
) -> PageOf[NotificationOut]:
    """What anybody was told, with each message and what came of it; the newest first."""
    wanted = NoticeFilter(
        persons=None if person is None else (person,),
        order_id=order_id,
        occasion=None if occasion is None else occasion.value,
        state=state,
        with_dead=dead,
    )
    cut = pages.cut
    found = await told.desk.notices(market_id, wanted, before=cut.after, limit=cut.limit + 1, language=language)
    shown = found[: cut.limit]
    after = shown[-1].notice.number if len(found) > cut.limit else None
    return PageOf(items=[NotificationOut.of(one, staff=True) for one in shown], next=pages.next(after))


@router.post("/told/{notification_id}/again", status_code=202, dependencies=CHANGES)
async def send_again(notification_id: Name, told: Told, market_id: InMarket) -> Resent:
    """Send what was given up once more, under the same ids."""
    return Resent(messages=await told.desk.again(market_id, notification_id))


@router.get("/devices/all", dependencies=SEES)
async def list_devices(
    told: Told, market_id: InMarket, state: Literal["active", "gone", "denied"] | None = None
) -> list[DeviceOut]:
    """Everybody's devices; with `state=gone` or `denied` those that stay silent."""
    return [DeviceOut.of(one) for one in await told.desk.devices(market_id, state=state)]


@router.get("/people/{person}/preferences", dependencies=SEES)
async def get_preferences(person: Name, told: Told, market_id: InMarket, response: Response) -> PreferencesOut:
    """How somebody wants to be told."""
    found = await told.desk.preferences(market_id, person)
    show_version(response, found.version)
    return PreferencesOut.of(found)


@router.put("/people/{person}/preferences", dependencies=CHANGES)
async def put_preferences(
    person: Name,
    body: PreferencesIn,
    told: Told,
    who: Who,
    market_id: InMarket,
    response: Response,
    if_match: IfMatch = None,
) -> PreferencesOut:
    """Say for somebody how they want to be told: `rider:r1`, `merchant:m1`, `customer:o1`, `account:...`."""
    kind = person.partition(":")[0]
    known = await told.desk.preferences(market_id, person, kind if kind in ("rider", "merchant", "customer") else "")
    if kind not in ("rider", "merchant", "customer") and not (kind == "account" and known.version):
        cause = f"{person!r} is nobody whose wishes are kept"
        action = "Name rider:, merchant: or customer: with an id; staff say theirs first themselves."
        raise InvalidInputError("person", [Issue("person", cause, action, field="person")])
    audience = None if kind == "account" else Audience(kind)
    kept, secret = await told.desk.put_preferences(body.over(known), audience, who.id, version_in(if_match))
    show_version(response, kept.version)
    return PreferencesOut.of(kept, secret)


@router.post("/people/{person}/preferences/webhook/rotate", dependencies=CHANGES)
async def rotate_secret(person: Name, body: Rotate, told: Told, who: Who, market_id: InMarket) -> PreferencesOut:
    """Take a new secret for somebody's webhook, shown this once. For a while messages have two signatures."""
    return PreferencesOut.of(*await told.desk.rotate_webhook(market_id, person, body.overlap_s, who.id))


@router.post("/people/{person}/test", status_code=202, dependencies=CHANGES)
async def send_test(person: Name, body: TestSend, api: Api, told: Told, market_id: InMarket) -> Begun:
    """Send somebody a test."""
    kind = person.partition(":")[0]
    audience = Audience(kind) if kind in ("rider", "merchant", "customer") else Audience.LOGISTICS
    made = await told.desk.test(market_id, person, audience, body.channels, api.new_id("ntf"))
    return Begun(id=made.id)


@router.get("/matrix", dependencies=SEES)
async def get_matrix(told: Told, market_id: InMarket, response: Response) -> MatrixOut:
    """Who is told what over which channels in this market."""
    kept, matrix = await told.desk.matrix(market_id)
    show_version(response, kept.version)
    return MatrixOut.of(kept, matrix)


@router.put("/matrix", dependencies=CHANGES)
async def put_matrix(
    body: MatrixIn, told: Told, who: Who, market_id: InMarket, response: Response, if_match: IfMatch = None
) -> MatrixOut:
    """Keep the next version: the cells named here in place of the defaults, and of those of the version before."""
    kept = await told.desk.put_matrix(market_id, body.kept(), body.language, who.id, version_in(if_match))
    show_version(response, kept.version)
    return MatrixOut.of(kept, matrix_of(kept))


@router.get("/health", dependencies=SEES)
async def get_health(
    told: Told, market_id: InMarket, over_s: Annotated[int, Query(ge=60, le=7 * DAY_S)] = HOUR_S
) -> list[ChannelOut]:
    """How each channel has done lately."""
    return [ChannelOut.of(one) for one in await told.desk.health(market_id, over_s)]
