"""What gateways tell of payments and refunds. Their signature is their only credential."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from dispatch.api.limits import at_most
from dispatch.api.schemas.base import Name
from dispatch.api.schemas.payments import Taken
from dispatch.api.state import Api, AppRequest
from dispatch.units import MINUTE_S

router = APIRouter(prefix="/v1/payments/callbacks", tags=["payments"])
_MOST: Final = 6_000
"""Messages a minute by address: a gateway that catches up after an outage stays below."""


@router.post("/{gateway}")
async def take_callback(gateway: Name, request: AppRequest, api: Api) -> Taken:
    """Take in a message of a gateway. The same message again gets the same answer, and changes nothing.

    What is not signed, or was signed long ago, is refused (400). An order that is not known is a 404: the gateway sends
    the message again and shows its people that it fails, because somebody has paid for something. What is about nothing
    of ours is answered with `ignored`.
    """
    host = "" if request.client is None else request.client.host
    await at_most(api, f"callback:{host}", _MOST, MINUTE_S)
    concerns = await api.payments.take(gateway, dict(request.headers), await request.body())
    return Taken(status="taken" if concerns else "ignored")
