"""Customers who come by a link: the token in the address is all that says who they are."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final

from fastapi import Depends, Response

from dispatch.api.asking import KEY, Asking
from dispatch.api.limits import at_most
from dispatch.api.state import Api, AppRequest
from dispatch.errors import NotFoundError
from dispatch.service.principals import Principal, Role
from dispatch.service.service import Services
from dispatch.service.tokens import hash_secret
from dispatch.service.tracking import Tracked
from dispatch.units import MINUTE_S

_MOST_OF_ONE: Final = 120
"""Requests a minute by one link."""
_MOST_WRONG: Final = 60
"""Wrong links a minute by address; right ones are not counted there, since many customers may share an address."""

PRIVATE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
"""Headers of answers whose address is a secret."""


@dataclass(frozen=True, slots=True)
class Following:
    """A customer and the order; ``asks`` carries out commands as this customer."""

    token: str
    found: Tracked
    asks: Asking


async def find_order(api: Services, token: str, request: AppRequest) -> Tracked:
    """The order of a link. Raises NotFoundError for one that is none or counts no more, TooManyError."""
    await at_most(api, f"link:{hash_secret(token)}", _MOST_OF_ONE, MINUTE_S)
    try:
        return await api.links.follow(token)
    except NotFoundError:
        host = "" if request.client is None else request.client.host
        await at_most(api, f"wrong link:{host}", _MOST_WRONG, MINUTE_S)
        raise


async def _following(
    token: str, request: AppRequest, response: Response, api: Api, key: Annotated[str | None, KEY] = None
) -> Following:
    found = await find_order(api, token, request)
    response.headers.update(PRIVATE)
    who = Principal(
        id=f"link:{found.order_id}",
        role=Role.CUSTOMER,
        markets=frozenset({found.market_id}),
        order_id=found.order_id,
    )
    what = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return Following(token, found, Asking(api, who, found.market_id, key, sha256(what).hexdigest(), None))


Customer = Annotated[Following, Depends(_following)]
"""Write ``customer: Customer`` among the arguments of an endpoint whose path has a ``{token}``."""
