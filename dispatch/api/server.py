"""The server process around the app: it lets go of streams and long polls before it waits for requests to end."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from dispatch.service.service import Services

GRACE_S = 10
"""How long requests under way may take once the server stops."""


class Server(uvicorn.Server):
    """Serves one app; started where ``started`` says so, stopped by ``should_exit`` or a signal."""

    def __init__(self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 8080) -> None:
        self.app = app
        self.listening: Callable[[int], None] | None = None
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
        """Open the service, then listen; ``listening`` is told the port."""
        await super().startup(sockets)
        if self.listening is not None and self.started:
            self.listening(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking requests, end those under way, close the service."""
        services: Services | None = getattr(self.app.state, "services", None)
        if services is not None:
            services.stop()
        await super().shutdown(sockets)
