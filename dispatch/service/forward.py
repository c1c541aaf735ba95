"""Commands that reach a process which does not hold the market go to the one that does, and its answers come back.

The way is the live state's channels, which may lose things: so a command is sent again until it is answered, always
under the same id, and counts once. While a market changes hands, its commands wait for the next holder.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from dispatch.engine.background import Background
from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.errors import DispatchError
from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.service.asks import Ask, Done
from dispatch.service.hearing import said
from dispatch.service.host import Host
from dispatch.service.packing import pack_ask, pack_done, pack_error, unpack_ask, unpack_done, unpack_error
from dispatch.store.live.ports import Hub

LOG: Final = logging.getLogger(__name__)
PATIENCE_S: Final = 10.0
_AGAIN_S: Final = 1.5
_LISTEN_S: Final = 5.0
_PAUSE_S: Final = 0.2


class MarketAwayError(DispatchError):
    """No process holds the market at this moment, or none answered in time (HTTP 503)."""

    code = "market_away"


class Forwarder:
    """Sends commands to other processes, and takes in their answers."""

    def __init__(self, hub: Hub, name: str, *, patience_s: float = PATIENCE_S, traces: Traces = NO_TRACES) -> None:
        self._hub, self._name, self._patience_s, self._traces = hub, name, patience_s, traces
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}

    async def execute(self, market_id: MarketId, ask: Ask) -> Done:
        """Have a command carried out elsewhere. Raises what it is refused with, and MarketAwayError."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        note: dict[str, Json] = {"reply_to": self._name, "number": number, "ask": pack_ask(ask)}
        if trace := self._traces.here():
            note["trace"] = {**trace}
        until = time.monotonic() + self._patience_s
        try:
            while time.monotonic() < until:
                await self._hub.publish(_commands(market_id), note)
                done, _ = await asyncio.wait((answer,), timeout=_AGAIN_S)
                if done:
                    return _read(answer.result())
        finally:
            self._waiting.pop(number, None)
        cause = f"No process that holds market {market_id} has answered."
        raise MarketAwayError(cause, "Send the command again with the same id in a few seconds.")

    async def listen(self) -> None:
        """Take in answers until cancelled."""
        async for notices in said(self._hub, f"replies:{self._name}", _LISTEN_S):
            for notice in notices:
                self._take(notice.data)

    def _take(self, data: Json) -> None:
        answer = self._waiting.get(int(str(data["number"]))) if isinstance(data, dict) else None
        if answer is not None and not answer.done():
            answer.set_result(data)  # type: ignore[arg-type]


async def serve(hub: Hub, host: Host) -> None:
    """Carry out what other processes send for a market that this one holds, until cancelled."""
    async with Background() as work:
        async for notices in said(hub, _commands(host.market_id), _LISTEN_S):
            for number, note in [(one.seq, one.data) for one in notices if isinstance(one.data, dict)]:
                work.start(_carry_out(hub, host, note), f"command {number}")


async def _carry_out(hub: Hub, host: Host, note: Mapping[str, Any]) -> None:
    try:
        ask = unpack_ask(note["ask"])
        with host.traces.span("handed on", parent=note.get("trace")):
            done = await host.execute(ask)
        reply: dict[str, Json] = {"done": pack_done(ask, done)}
    except DispatchError as error:
        if host.lost:
            return  # the next holder answers it
        reply = {"error": pack_error(error)}
    try:
        await hub.publish(f"replies:{note['reply_to']}", {"number": note["number"], **reply})
    except DispatchError as error:
        LOG.warning("market %s: a command will be asked for again: %s", host.market_id, error)


def _read(data: Mapping[str, Any]) -> Done:
    if "error" in data:
        raise unpack_error(data["error"])
    return unpack_done(data["done"])


def _commands(market_id: MarketId) -> str:
    return f"commands:{market_id}"
