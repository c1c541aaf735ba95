"""What every endpoint can reach: made by the lifespan of the app, typed."""

from __future__ import annotations

from typing import Annotated, Protocol, TypedDict

from fastapi import Depends, Request

from dispatch.notify.setup import Notices
from dispatch.service.principals import Principal
from dispatch.service.service import Services


class Guard(Protocol):
    """Tells who somebody is from the credentials of a request."""

    async def principal(self, token: str) -> Principal:
        """Whose token it is. Raises UnauthenticatedError."""
        ...


class AppState(TypedDict):
    """The state of the app while it runs."""

    services: Services
    guard: Guard
    secret: bytes
    notices: Notices


class AppRequest(Request[AppState]):
    """A request with the state of the app; FastAPI hands in a plain one, which has the same."""


async def services_of(request: AppRequest) -> Services:
    """The service behind the app."""
    return request.state["services"]


Api = Annotated[Services, Depends(services_of)]
"""Write ``api: Api`` among the arguments of an endpoint to get the service."""
