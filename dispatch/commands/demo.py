"""The robots of `dispatch serve --demo`: a process of their own that drives the service through its API."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from dispatch.model.order import MarketId

DEMO_MARKET: Final = MarketId("demo")
DEMO_SPEED: Final = 20.0
"""How fast the clock of a demo goes where nothing else is asked for: an hour in three minutes."""
QUIET: Final = {"DISPATCH_LOG": "warning", "DISPATCH_LOG_FORMAT": "text"}
"""Settings of a demo where the environment says nothing else."""
ROBOTS_KEY: Final = "ROBOTS_KEY"
"""The environment variable in which the robots find their key."""
_PATIENCE_S: Final = 3.0


class Robots:
    """Robots in a process of their own, so that they take no time from the service."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, url: str, key: str) -> None:
        """Let them begin."""
        command = [sys.executable, "-c", "from dispatch.cli import main; main()", "drive", url, "--market", DEMO_MARKET]
        self._process = subprocess.Popen(command, env={**os.environ, ROBOTS_KEY: key})

    def send_home(self) -> None:
        """Tell them to end, where they have begun; they sum up what they have seen."""
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> None:
        """Wait until they have ended, but not for long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
