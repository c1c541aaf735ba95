"""What comes back from providers, browsers and customers' pages: their signature or token is their only credential."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Header, Query

from dispatch.api.following import Customer
from dispatch.api.limits import at_most
from dispatch.api.routes.notifications import add_device
from dispatch.api.schemas.base import Name
from dispatch.api.schemas.notifications import (
    DeviceOut,
    NotificationOut,
    PreferencesIn,
    PreferencesOut,
    PushKey,
    Subscription,
)
from dispatch.api.state import Api, AppRequest
from dispatch.api.told import Told, self_of
from dispatch.notify.channels.sms import is_signed
from dispatch.notify.setup import REPORTS
from dispatch.service.principals import UnauthenticatedError
from dispatch.store.notices import NoticeFilter
from dispatch.units import MINUTE_S

router = APIRouter(prefix="/v1", tags=["notifications"])
_MOST: Final = 6_000
_MOST_OPENED: Final = 600


@router.post("/notifications/reports/sms/{sending_id}", status_code=204)
async def take_report(
    sending_id: Name,
    request: AppRequest,
    api: Api,
    told: Told,
    signature: Annotated[str, Header(alias="X-Twilio-Signature")] = "",
) -> None:
    """What became of an SMS, as its provider tells. What is not signed is refused (401)."""
    host = "" if request.client is None else request.client.host
    await at_most(api, f"sms report:{host}", _MOST, MINUTE_S)
    body = (await request.body()).decode("utf-8", "replace")
    form = dict(parse_qsl(body, keep_blank_values=True))
    url = f"{told.public_url}{REPORTS}{sending_id}"
    if told.sms is None or not is_signed(told.sms.token, url, form, signature):
        raise UnauthenticatedError("The report is not signed by the provider.", "Sign it with the account's token.")
    await told.desk.reported(
        sending_id, form.get("MessageStatus", ""), f"The provider says {form.get('ErrorCode', '')}."
    )


@router.post("/notifications/opened/{notification_id}", status_code=204)
async def opened(
    notification_id: Name,
    request: AppRequest,
    api: Api,
    told: Told,
    token: Annotated[str, Query(max_length=64)] = "",
) -> None:
    """A browser tells that somebody has opened a notification; the address came with the push."""
    host = "" if request.client is None else request.client.host
    await at_most(api, f"opened:{host}", _MOST_OPENED, MINUTE_S)
    await told.desk.opened(notification_id, token)


@router.get("/track/{token}/notifications")
async def list_customers(customer: Customer, told: Told) -> list[NotificationOut]:
    """What the customer was told of the order, the newest first."""
    me = self_of(customer.asks.who)
    wanted = NoticeFilter(persons=me.persons)
    found = await told.desk.notices(customer.asks.market_id, wanted, before=None, limit=100)
    return [NotificationOut.of(one, staff=False) for one in found]


@router.post("/track/{token}/notifications/{notification_id}/read", status_code=204)
async def read_customers(notification_id: Name, customer: Customer, told: Told) -> None:
    """The customer has seen it."""
    me = self_of(customer.asks.who)
    await told.desk.read(customer.asks.market_id, notification_id, me.persons, me.person)


@router.get("/track/{token}/notifications/preferences")
async def get_customers(customer: Customer, told: Told) -> PreferencesOut:
    """How the customer wants to be told of the order."""
    me = self_of(customer.asks.who)
    return PreferencesOut.of(await told.desk.preferences(customer.asks.market_id, me.person, me.role))


@router.put("/track/{token}/notifications/preferences")
async def put_customers(body: PreferencesIn, customer: Customer, told: Told) -> PreferencesOut:
    """Say how the customer wants to be told of the order."""
    me = self_of(customer.asks.who)
    known = await told.desk.preferences(customer.asks.market_id, me.person, me.role)
    return PreferencesOut.of(*await told.desk.put_preferences(body.over(known), me.audience, me.person))


@router.get("/track/{token}/notifications/push-key")
async def get_customers_key(_: Customer, told: Told) -> PushKey:
    """What the customer's browser subscribes to."""
    return PushKey(key=told.desk.push_key)


@router.post("/track/{token}/notifications/devices", status_code=201)
async def subscribe_customers(body: Subscription, customer: Customer, told: Told) -> DeviceOut:
    """Tell the customer of the order on this device."""
    asks = customer.asks
    return await add_device(body, asks.api, told, self_of(asks.who), asks.market_id)


@router.delete("/track/{token}/notifications/devices/{device_id}", status_code=204)
async def unsubscribe_customers(device_id: Name, customer: Customer, told: Told) -> None:
    """Tell the customer on this device no more."""
    await told.desk.unsubscribe(customer.asks.market_id, device_id, self_of(customer.asks.who).person)
