"""The room of notifications beside a running service: put together here, because neither of the two knows the other."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial

from dispatch.model.order import MarketId, OrderId
from dispatch.notify.channels.webhook import WebhookRules
from dispatch.notify.people import Face
from dispatch.notify.runner import NoticePacing
from dispatch.notify.setup import Notices, Providers, Surroundings, run_notices
from dispatch.service.service import Services
from dispatch.service.webhook_address import target_of, url_issues
from dispatch.service.webhook_signing import new_signing_secret, signed_headers


def webhook_rules(loopback: bool) -> WebhookRules:
    """How webhooks are done here; ``loopback``: they may lead to this machine."""
    return WebhookRules(
        new_secret=new_signing_secret,
        sign=signed_headers,
        issues_of=partial(url_issues, loopback=loopback, field="webhook"),
        locate=partial(target_of, loopback=loopback),
    )


def noticing(
    services: Services,
    secret: bytes,
    providers: Providers,
    *,
    sending: bool = True,
    pacing: NoticePacing | None = None,
) -> AbstractAsyncContextManager[Notices]:
    """Tell people what happens in the markets of a service; ``sending``: this process sends, too."""

    def face(market_id: MarketId) -> Face:
        market = services.markets.all.get(market_id)
        if market is None:
            return Face()
        return Face(name=market.settings.name, time_zone=market.settings.time_zone)

    async def link(market_id: MarketId, order_id: str) -> str:
        if not services.links.anywhere:
            return ""
        return services.links.url(await services.links.make(market_id, OrderId(order_id), "notifications"))

    here = Surroundings(
        store=services.store,
        clock=services.clock,
        worker=services.name,
        secret=secret,
        webhooks=webhook_rules(services.webhooks.loopback),
        face=face,
        link=link,
        registry=services.measures.registry,
        speed=services.speed,
        traces=services.traces,
    )
    return run_notices(here, providers, sending=sending, pacing=pacing)
