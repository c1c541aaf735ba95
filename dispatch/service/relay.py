"""Feeds of processes that do not hold a market: woken over the live state, filled from the log."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from dispatch.errors import DispatchError
from dispatch.service.feed import EVERYTHING, Feed
from dispatch.store.live.ports import Hub
from dispatch.store.store import Store

LOG: Final = logging.getLogger(__name__)
_LISTEN_S: Final = 2.0
_TOGETHER_S: Final = 0.02
_AT_ONCE: Final = 1_000


def _channel(feed: Feed) -> str:
    return f"feed:{feed.market_id}"


async def tell(hub: Hub, feed: Feed) -> None:
    """Tell other processes of events of a market that this one writes, until cancelled."""
    told = feed.seq
    with feed.watching((EVERYTHING,)) as watch:
        while True:
            if feed.seq == told:
                await watch.wait(60.0)
            await asyncio.sleep(_TOGETHER_S)  # one notice for what comes together
            now = feed.seq
            try:
                await hub.publish(_channel(feed), now)
            except DispatchError as error:
                LOG.warning("market %s: nobody is told: %s", feed.market_id, error)
                await asyncio.sleep(_LISTEN_S)
                continue
            told = now


async def hear(hub: Hub, feed: Feed, store: Store) -> None:
    """Fill the feed with what other processes have written, until cancelled; looks by itself every two seconds, too."""
    seq = 0
    while True:
        try:
            found = await hub.notices(_channel(feed), seq, wait_s=_LISTEN_S)
            seq = found.last_seq
            await catch_up(feed, store)
        except DispatchError as error:
            LOG.warning("market %s: nothing is heard: %s", feed.market_id, error)
            await asyncio.sleep(_LISTEN_S)
            seq = 0  # the live state may come back empty, and count from 1; the log is looked at anyway


async def catch_up(feed: Feed, store: Store) -> None:
    """Take in what the log has and the feed has not."""
    while True:
        found = await asyncio.to_thread(store.events, feed.market_id, feed.seq, limit=_AT_ONCE)
        feed.take(found)
        if len(found) < _AT_ONCE:
            return
