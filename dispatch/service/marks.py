"""What is under way where a line of the log is written: set once, read by the log."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of one."""

TICK_ID: Final[ContextVar[str]] = ContextVar("tick_id", default="")
"""The market and number of the tick that is under way, or was last, in this task; empty outside of a dispatch loop."""
