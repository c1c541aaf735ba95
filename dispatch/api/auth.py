"""Who asks, and about which market: the first thing every endpoint knows.

Everything that endpoints depend on is ``async``, also where nothing is waited for: other functions would each go to a
thread and back, which costs more than the rest of a short request. And nothing here depends on more than the
credentials: FastAPI works out all that is below a dependency anew for each that needs it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

from fastapi import Depends, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from dispatch.api.limits import within_quota
from dispatch.api.state import AppRequest
from dispatch.errors import ConflictError
from dispatch.model.order import MarketId
from dispatch.model.rider import RiderId
from dispatch.service.principals import Principal, Right, UnauthenticatedError
from dispatch.service.service import Services

_BEARER = HTTPBearer(auto_error=False, description="An access token of a person or a device, or the key of a server.")


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
"""What a request says of who sends it."""
_KNOWN: Final = "dispatch.principal"


async def principal_of(request: AppRequest, response: Response, credentials: Credentials) -> Principal:
    """Who asks, if not too often; found out once for each request. Raises UnauthenticatedError, TooManyError."""
    known: Principal | None = request.scope.get(_KNOWN)
    if known is not None:
        return known
    if credentials is None:
        raise UnauthenticatedError("The request has no credentials.", "Send the header `Authorization: Bearer ...`.")
    who = await request.state["guard"].principal(credentials.credentials)
    await within_quota(request.state["services"], who, response)
    request.scope[_KNOWN] = who
    return who


Who = Annotated[Principal, Depends(principal_of)]
"""Write ``who: Who`` among the arguments of an endpoint to get the principal."""


_MARKET: Final = "Needed where there is a choice."
MarketName = Annotated[str | None, Query(description=_MARKET)]
"""The market that a request names."""


async def market_of(
    request: AppRequest, response: Response, credentials: Credentials, market_id: MarketName = None
) -> MarketId:
    """The market that the request is about, one of the principal's. Raises what ``principal_of`` and ``market`` do."""
    who = await principal_of(request, response, credentials)
    wanted = None if market_id is None else MarketId(market_id)
    return who.market(wanted, frozenset(request.state["services"].markets.all))


InMarket = Annotated[MarketId, Depends(market_of)]
"""Write ``market_id: InMarket`` to get the market that the request is about, which is one of the principal's."""


def may(right: Right) -> Callable[..., Awaitable[None]]:
    """For ``dependencies=[Depends(may(Right.X))]`` of an endpoint: only for those who have the right."""

    async def check(request: AppRequest, response: Response, credentials: Credentials) -> None:
        (await principal_of(request, response, credentials)).need(right)

    check.__dict__["right"] = right
    return check


async def rider_who_asks(request: AppRequest, response: Response, credentials: Credentials) -> RiderId:
    """The rider who asks. Raises ForbiddenError, ConflictError (code "no_rider")."""
    who = await principal_of(request, response, credentials)
    who.need(Right.RIDE)
    if who.rider_id is None:
        raise ConflictError("These credentials belong to no rider.", "Sign in as a rider.", code="no_rider")
    return who.rider_id


rider_who_asks.__dict__["right"] = Right.RIDE

Me = Annotated[RiderId, Depends(rider_who_asks)]
"""Write ``me: Me`` to get the rider who asks."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """A rider's device that reports."""

    api: Services
    rider_id: RiderId
    market_id: MarketId


async def reporter_of(request: AppRequest, response: Response) -> Reporter:
    """Who reports. Raises what ``market_of`` and ``rider_who_asks`` do.

    Devices report all the time, so what tells who it is gets read straight from the request: working out parameters
    and dependencies is a large part of what FastAPI spends on so short a request.
    """
    credentials = await _BEARER(cast(Request, request))
    market_id = await market_of(request, response, credentials, request.query_params.get("market_id"))
    rider_id = await rider_who_asks(request, response, credentials)
    return Reporter(request.state["services"], rider_id, market_id)


reporter_of.__dict__["right"] = Right.RIDE

Reports = Annotated[Reporter, Depends(reporter_of)]
"""Write ``reporter: Reports`` to get the rider's device that reports, and ``openapi_extra=READ_STRAIGHT``."""
READ_STRAIGHT: Final[dict[str, Any]] = {
    "security": [{_BEARER.scheme_name: []}],
    "parameters": [
        {
            "name": "market_id",
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "description": _MARKET,
        }
    ],
}
"""What the description of the API cannot know of endpoints that take ``Reports``."""
