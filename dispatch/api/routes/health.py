"""Whether the service lives, and whether it is ready to be asked."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from dispatch.api.state import Api
from dispatch.errors import DispatchError

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """How it is; ``market`` counts those that this process holds."""

    status: Literal["ok", "not_ready"]
    markets_held: int = 0
    cause: str = ""


@router.get("/live")
async def live() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/ready")
async def ready(api: Api, response: Response) -> Health:
    """The process has opened its markets, and the database answers; else 503."""
    held = sum(market.host is not None for market in api.markets.all.values())
    cause = "" if api.ready.is_set() else "The solver is being compiled."
    if api.stopping:
        cause = "The service is stopping."
    try:
        await asyncio.to_thread(api.store.event_count)
    except DispatchError as error:
        cause = error.cause
    if cause:
        response.status_code = 503
    return Health(status="not_ready" if cause else "ok", markets_held=held, cause=cause)
