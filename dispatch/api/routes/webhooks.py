"""Integrators: webhooks, and what came of delivering to them. How to verify a message is in docs/webhooks.md."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Response

from dispatch.api.asking import Asks
from dispatch.api.auth import InMarket, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version, version_in
from dispatch.api.once import once
from dispatch.api.schemas.base import Name, PageOf, instant
from dispatch.api.schemas.webhooks import (
    ChangeWebhook,
    DeliveryOut,
    NewWebhook,
    Replay,
    Replayed,
    Rotate,
    WebhookOut,
)
from dispatch.api.state import Api
from dispatch.service.principals import Right

router = APIRouter(prefix="/v1/webhooks", tags=["integrators"], dependencies=[Depends(may(Right.MANAGE_WEBHOOKS))])


@router.post("", status_code=201)
async def add_webhook(body: NewWebhook, asks: Asks, response: Response) -> WebhookOut:
    """Be told of what happens from now on. The secret that messages are signed with is shown this once."""

    async def make() -> WebhookOut:
        webhooks, by = asks.api.webhooks, asks.who.id
        made = await webhooks.add(asks.market_id, body.url, kinds=body.kinds, description=body.description, by=by)
        return WebhookOut.of(made, made.secret)

    shown = await once(asks, WebhookOut, make)
    response.headers["Location"] = f"/v1/webhooks/{shown.id}"
    show_version(response, shown.version)
    return shown


@router.get("")
async def list_webhooks(api: Api, market_id: InMarket) -> list[WebhookOut]:
    """The webhooks of a market."""
    return [WebhookOut.of(one) for one in await api.webhooks.all(market_id)]


@router.get("/{webhook_id}")
async def get_webhook(webhook_id: Name, api: Api, market_id: InMarket, response: Response) -> WebhookOut:
    """One webhook."""
    found = await api.webhooks.one(market_id, webhook_id)
    show_version(response, found.version)
    return WebhookOut.of(found)


@router.patch("/{webhook_id}")
async def change_webhook(
    webhook_id: Name,
    body: ChangeWebhook,
    api: Api,
    market_id: InMarket,
    response: Response,
    if_match: Annotated[str | None, Header(description='The ETag last seen, such as "7".')] = None,
) -> WebhookOut:
    """Change a webhook. What happens while it is disabled is told by a replay only."""
    changed = await api.webhooks.change(market_id, webhook_id, body.to_change(), version_in(if_match))
    show_version(response, changed.version)
    return WebhookOut.of(changed)


@router.delete("/{webhook_id}", status_code=204)
async def remove_webhook(webhook_id: Name, api: Api, market_id: InMarket) -> None:
    """Tell it nothing any more, and forget its deliveries."""
    await api.webhooks.remove(market_id, webhook_id)


@router.post("/{webhook_id}/rotate")
async def rotate_secret(webhook_id: Name, body: Rotate, api: Api, market_id: InMarket) -> WebhookOut:
    """Take a new secret, shown this once. For a while messages have two signatures, of the new one and the old one."""
    changed = await api.webhooks.rotate(market_id, webhook_id, body.overlap_s)
    return WebhookOut.of(changed, changed.secret)


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    webhook_id: Name,
    api: Api,
    market_id: InMarket,
    pages: Pages,
    state: Literal["waiting", "delivered", "dead"] | None = None,
) -> PageOf[DeliveryOut]:
    """What was delivered, what waits and what was given up, with every attempt; the newest event first."""
    cut = pages.cut
    found = await api.webhooks.deliveries(market_id, webhook_id, state=state, before_seq=cut.after, limit=cut.limit + 1)
    shown = found[: cut.limit]
    after = shown[-1].seq if len(found) > cut.limit else None
    return PageOf(items=[DeliveryOut.of(one) for one in shown], next=pages.next(after))


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202)
async def replay_delivery(webhook_id: Name, delivery_id: Name, api: Api, market_id: InMarket) -> DeliveryOut:
    """Send one event again, now, under the same `webhook-id`."""
    return DeliveryOut.of(await api.webhooks.replay(market_id, webhook_id, delivery_id))


@router.post("/{webhook_id}/replay", status_code=202)
async def replay_time(webhook_id: Name, body: Replay, api: Api, market_id: InMarket) -> Replayed:
    """Send again all events of a time that the webhook wants, or only those that were given up."""
    since, before = instant(body.since), instant(body.before)
    count = await api.webhooks.replay_between(market_id, webhook_id, since, before, dead_only=body.dead_only)
    return Replayed(events=count)
