"""A line that says how it goes: written over on a terminal, repeated now and then where there is none."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

SHOWN_S: Final = 0.5
REPEATED_S: Final = 5.0


@asynccontextmanager
async def telling(say: Callable[[], str]) -> AsyncIterator[None]:
    """Show what ``say`` answers for as long as the context lasts; on a terminal, it leaves nothing behind."""
    task = asyncio.create_task(_over(say) if sys.stdout.isatty() else _below(say))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _below(say: Callable[[], str]) -> None:
    while True:
        await asyncio.sleep(REPEATED_S)
        click.echo(say())


async def _over(say: Callable[[], str]) -> None:
    with Live(console=Console(highlight=False), auto_refresh=False, transient=True) as live:
        while True:
            live.update(Text(say(), no_wrap=True, overflow="ellipsis"), refresh=True)
            await asyncio.sleep(SHOWN_S)
