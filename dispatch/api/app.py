"""The app, put together: every room of endpoints, every handler of errors, and the state they share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from dispatch import __version__
from dispatch.api.bodies import BodyLimit
from dispatch.api.errors import add_handlers
from dispatch.api.requests import RequestIds
from dispatch.api.routes import (
    access,
    callbacks,
    cases,
    closures,
    crew,
    dispatchers,
    etas,
    exceptions,
    health,
    kitchen,
    links,
    merchants,
    metrics,
    notification_reports,
    notification_staff,
    notifications,
    operations,
    orders,
    payments,
    penalties,
    plans,
    policies,
    riders,
    sandbox,
    streams,
    track,
    track_page,
    watch,
    webhooks,
    zones,
)
from dispatch.api.state import AppState

ROOMS = (
    # What is asked most often comes first, because routes are tried in their order.
    riders,
    orders,
    health,
    metrics,
    access,
    operations,
    zones,
    closures,
    policies,
    merchants,
    kitchen,
    payments,
    callbacks,
    links,
    track,
    exceptions,
    cases,
    plans,
    penalties,
    etas,
    crew,
    dispatchers,
    streams,
    notifications,
    notification_staff,
    notification_reports,
    webhooks,
    sandbox,
    watch,
    track_page,
)

Start = Callable[[], AbstractAsyncContextManager[AppState]]


def create_app(start: Start) -> FastAPI:
    """The app over what ``start`` opens when the server starts, and closes when it stops."""

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[AppState]:
        async with start() as state:
            running.state.services = state["services"]
            yield state

    app = FastAPI(
        title="Dispatch",
        summary="Decides which rider carries which order, and says why.",
        version=__version__,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    add_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestIds)
    for module in ROOMS:
        app.include_router(module.router)
    return app
