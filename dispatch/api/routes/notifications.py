"""Everybody: what one is told, how one wants it, and the devices that one is told on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from dispatch.api.auth import InMarket, Who
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version, version_in
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.notifications import (
    Begun,
    DeviceOut,
    NotificationOut,
    Permission,
    PreferencesIn,
    PreferencesOut,
    PushKey,
    Subscription,
    TestSend,
)
from dispatch.api.schemas.webhooks import Rotate
from dispatch.api.state import Api
from dispatch.api.told import Myself, Self, Told
from dispatch.model.order import MarketId
from dispatch.notify.desk import NoticeDesk
from dispatch.service.service import Services
from dispatch.service.webhook_address import check_url
from dispatch.store.notice_people import NoticeDevice
from dispatch.store.notices import NoticeFilter

router = APIRouter(prefix="/v1/notifications", tags=["notifications"])

_LOOK_S: Final = 1.0
_ALIVE_S: Final = 15.0
_AT_ONCE: Final = 100
Speak = Annotated[str, Query(max_length=20, description="Another language than the person's.")]
IfMatch = Annotated[str | None, Header(description='The ETag last seen, such as "7".')]


@router.get("")
async def list_mine(
    told: Told, me: Myself, market_id: InMarket, pages: Pages, unread: bool = False, language: Speak = ""
) -> PageOf[NotificationOut]:
    """What you were told, the newest first; staff see what their whole desk is told, too."""
    wanted = NoticeFilter(persons=me.persons, unread=unread)
    cut = pages.cut
    found = await told.desk.notices(market_id, wanted, before=cut.after, limit=cut.limit + 1, language=language)
    shown = found[: cut.limit]
    after = shown[-1].notice.number if len(found) > cut.limit else None
    return PageOf(items=[NotificationOut.of(one, staff=False) for one in shown], next=pages.next(after))


@router.post("/{notification_id}/read")
async def read_one(notification_id: Name, told: Told, me: Myself, market_id: InMarket, who: Who) -> Begun:
    """Say that you have seen it: nothing is sent over another channel any more."""
    return Begun(id=(await told.desk.read(market_id, notification_id, me.persons, who.id)).id)


@router.get("/stream", response_class=StreamingResponse)
async def stream_mine(
    api: Api, told: Told, me: Myself, market_id: InMarket, last_event_id: Annotated[int | None, Header(ge=0)] = None
) -> StreamingResponse:
    """What you are told, as it comes (server-sent events); `Last-Event-ID` says where to go on, else from now."""
    text = _stream(api, told.desk, me, market_id, last_event_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(text, media_type="text/event-stream", headers=headers)


async def _stream(
    api: Services, desk: NoticeDesk, me: Self, market_id: MarketId, after: int | None
) -> AsyncIterator[str]:
    newest = await desk.notices(market_id, NoticeFilter(persons=me.persons), before=None, limit=1)
    last = after if after is not None else max([0, *(one.notice.number for one in newest)])
    yield f"retry: 2000\nevent: ready\nid: {last}\ndata: {{}}\n\n"
    silent_s = 0.0
    while not api.stopping:
        wanted = NoticeFilter(persons=me.persons, after=last)
        found = await desk.notices(market_id, wanted, before=None, limit=_AT_ONCE)
        for one in reversed(found):
            last = max(last, one.notice.number)
            yield f"event: notification\nid: {last}\ndata: {NotificationOut.of(one, staff=False).model_dump_json()}\n\n"
        silent_s = 0.0 if found else silent_s + _LOOK_S
        if silent_s >= _ALIVE_S:
            silent_s = 0.0
            yield ": still there\n\n"
        await asyncio.sleep(_LOOK_S)


@router.get("/preferences")
async def get_mine(told: Told, me: Myself, market_id: InMarket, response: Response) -> PreferencesOut:
    """How you want to be told."""
    found = await told.desk.preferences(market_id, me.person, me.role)
    show_version(response, found.version)
    return PreferencesOut.of(found)


@router.put("/preferences")
async def put_mine(
    body: PreferencesIn,
    told: Told,
    me: Myself,
    market_id: InMarket,
    who: Who,
    response: Response,
    if_match: IfMatch = None,
) -> PreferencesOut:
    """Say how you want to be told. Riders and merchants cannot switch off what somebody waits for them to answer."""
    known = await told.desk.preferences(market_id, me.person, me.role)
    kept, secret = await told.desk.put_preferences(body.over(known), me.audience, who.id, version_in(if_match))
    show_version(response, kept.version)
    return PreferencesOut.of(kept, secret)


@router.post("/preferences/webhook/rotate")
async def rotate_my_secret(body: Rotate, told: Told, me: Myself, market_id: InMarket, who: Who) -> PreferencesOut:
    """Take a new secret for your webhook, shown this once. For a while messages have two signatures."""
    return PreferencesOut.of(*await told.desk.rotate_webhook(market_id, me.person, body.overlap_s, who.id))


@router.get("/push-key")
async def get_push_key(told: Told, _: Myself, __: InMarket) -> PushKey:
    """What a browser subscribes to."""
    return PushKey(key=told.desk.push_key)


@router.get("/devices")
async def list_my_devices(told: Told, me: Myself, market_id: InMarket) -> list[DeviceOut]:
    """Your devices, those that take nothing any more among them."""
    return [DeviceOut.of(one) for one in await told.desk.devices(market_id, person=me.person)]


@router.post("/devices", status_code=201)
async def subscribe(body: Subscription, api: Api, told: Told, me: Myself, market_id: InMarket) -> DeviceOut:
    """Be told on this device. The same subscription again is the same device."""
    return await add_device(body, api, told, me, market_id)


async def add_device(body: Subscription, api: Services, told: Told, me: Self, market_id: MarketId) -> DeviceOut:
    """Make a device of somebody known."""
    check_url(body.endpoint, loopback=api.webhooks.loopback)
    now = api.clock.now()
    wanted = NoticeDevice(
        id="",
        market_id=market_id,
        person=me.person,
        role=me.role,
        endpoint=body.endpoint,
        public_key=body.keys.p256dh,
        auth=body.keys.auth,
        label=body.label,
        created_at=now,
        changed_at=now,
    )
    return DeviceOut.of(await told.desk.subscribe(wanted))


@router.patch("/devices/{device_id}")
async def tell_permission(device_id: Name, body: Permission, told: Told, me: Myself, market_id: InMarket) -> DeviceOut:
    """A page tells whether its browser may still be pushed to, so that nobody counts on a device that stays silent."""
    found = await told.desk.device_permission(market_id, device_id, me.person, granted=body.granted)
    return DeviceOut.of(found)


@router.delete("/devices/{device_id}", status_code=204)
async def unsubscribe(device_id: Name, told: Told, me: Myself, market_id: InMarket) -> None:
    """Be told on this device no more."""
    await told.desk.unsubscribe(market_id, device_id, me.person)


@router.post("/test", status_code=202)
async def test_mine(body: TestSend, api: Api, told: Told, me: Myself, market_id: InMarket) -> Begun:
    """Send yourself a test; what came of it is in the list."""
    name = api.new_id("ntf")
    return Begun(id=(await told.desk.test(market_id, me.person, me.audience, body.channels, name)).id)
