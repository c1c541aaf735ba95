"""Which live state to use."""

from __future__ import annotations

from dispatch.errors import DispatchError
from dispatch.store.live.memory import MemoryLive
from dispatch.store.live.ports import LiveState

SCHEMES = ("redis://", "rediss://", "unix://")


class LiveUrlError(DispatchError):
    """The address of the Redis server makes no sense."""

    code = "live_url"


def open_live(url: str | None = None) -> LiveState:
    """Live state in the process, or in the Redis server at an address, connected to when first used.

    Raises LiveUrlError.
    """
    if url is None:
        return MemoryLive()
    if not url.startswith(SCHEMES):
        cause = f"'{url.split('@')[-1]}' is no address of a Redis server."
        raise LiveUrlError(cause, "Write redis://host:6379/0, or leave it out to keep live state in the process.")
    # Late: whoever runs in one process needs no client.
    from dispatch.store.live.redis_live import RedisLive  # noqa: PLC0415

    return RedisLive(url)
