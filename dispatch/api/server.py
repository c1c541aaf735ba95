"""The server process around the app: it lets go of streams and long polls before it waits for requests to end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from dispatch.service.service import Services

GRACE_S = 10
"""How long requests under way may take once the server stops."""


class Server(uvicorn.Server):
    """Serves one app; started where ``started`` says so, stopped by ``should_exit`` or a signal.

    ``listening`` is called once requests are answered, ``ending`` as soon as none are taken any more.
    """

    def __init__(self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 8080) -> None:
        self.app = app
        self.listening: Callable[[], None] | None = None
        self.ending: Callable[[], None] | None = None
        self._timer: asyncio.Task[None] | None = None
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                lifespan="on",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=75,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the service, then listen."""
        await super().startup(sockets)
        if self.listening is not None and self.started:
            self.listening()

    def end_after(self, wall_s: float) -> None:
        """Stop so long after the service is ready."""

        async def wait() -> None:
            await self.app.state.services.ready.wait()
            await asyncio.sleep(wall_s)
            self.should_exit = True

        self._timer = asyncio.create_task(wait())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking requests, end those under way, close the service."""
        if self.ending is not None:
            self.ending()
        services: Services | None = getattr(self.app.state, "services", None)
        if services is not None:
            services.stop()
        await super().shutdown(sockets)
