"""Tasks that go on by themselves until the service ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Final

LOG: Final = logging.getLogger(__name__)
_AGAIN_S: Final = 0.5


class Background:
    """A group of tasks; one that breaks is told of in the log, and does not take the others with it."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Background:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        """Begin a task."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("The %s has stopped.", task.get_name(), exc_info=error)

    async def stop(self) -> None:
        """End all tasks, and wait until they have ended."""
        while running := tuple(self._running):
            for task in running:
                task.cancel()
            # Now and then something below swallows a cancellation that comes together with what it waited for.
            await asyncio.wait(running, timeout=_AGAIN_S)
