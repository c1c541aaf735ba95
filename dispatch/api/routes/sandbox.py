"""The clock of a sandbox, and robots to ride in it: a service that was started with `--sandbox`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from dispatch.api.asking import Asks
from dispatch.api.auth import may
from dispatch.api.once import once
from dispatch.api.schemas.sandbox import ClockMove, ClockOut, RobotsIn, RobotsOut
from dispatch.api.state import Api
from dispatch.errors import NotFoundError
from dispatch.service.principals import Right
from dispatch.service.sandbox import Moved, Sandbox

router = APIRouter(prefix="/v1/sandbox", tags=["sandbox"])


async def _sandbox(api: Api) -> Sandbox:
    if api.sandbox is None:
        cause = "This service is not a sandbox; its clock goes by itself."
        raise NotFoundError(cause, "Start one with --sandbox.")
    return api.sandbox


InSandbox = Annotated[Sandbox, Depends(_sandbox)]


@router.get("/clock", dependencies=[Depends(may(Right.MOVE_CLOCK))])
async def get_clock(sandbox: InSandbox) -> ClockOut:
    """What time it is in the sandbox."""
    return ClockOut.of(Moved(sandbox.clock.now()))


@router.post("/clock", dependencies=[Depends(may(Right.MOVE_CLOCK))])
async def move_clock(body: ClockMove, api: Api, sandbox: InSandbox) -> ClockOut:
    """Move the clock on, by so many seconds or to an instant; answers when all that was due on the way has happened.

    Timers fire in the order in which they are due, and markets are planned at their pace (every ten seconds if
    nothing else was set). Back is refused (`clock_back`).
    """
    await api.ready.wait()
    return ClockOut.of(await sandbox.move(body.to(sandbox.clock.now()), frozenset(api.markets.all)))


@router.post("/robots", status_code=201, dependencies=[Depends(may(Right.MOVE_CLOCK))])
async def send_robots(body: RobotsIn, asks: Asks, sandbox: InSandbox) -> RobotsOut:
    """Let robot riders begin to work. While the clock is moved they take every offer, ride, collect and deliver."""

    async def make() -> RobotsOut:
        near, vehicle = body.near.to_model(), body.vehicle
        return RobotsOut(
            rider_ids=list(await sandbox.send_robots(asks.market_id, body.count, near, vehicle, body.shift_s))
        )

    return await once(asks, RobotsOut, make)
