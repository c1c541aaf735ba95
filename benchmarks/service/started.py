"""A service of its own for a measurement: `dispatch serve` as a process, and how much of the processor it takes."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.service.wire import Connection

PROGRAM: Final = (sys.executable, "-c", "from dispatch.cli import main; main()")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_STOP_S: Final = 30


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: where it answers, the key of its office, and its process."""

    url: str
    key: str
    pid: int

    def cpu_s(self) -> float:
        """Seconds of the processor that the process has taken so far, with processes it has waited for."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(") ")[2].split()
        return sum(int(field) for field in fields[11:15]) / _TICKS


@asynccontextmanager
async def started(db: str, more: Sequence[str] = (), *, log: Path) -> AsyncIterator[Service]:
    """Serve from an empty database until the block ends; ready to plan. Raises RuntimeError."""
    environment = {"DISPATCH_SECRET": secrets.token_hex(), "DISPATCH_LOG": "warning", **os.environ}
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", "0", "--db", db, *more],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
        try:
            yield await _signed_in(process)
        finally:
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait, _STOP_S)
            if process.stdout is not None:
                process.stdout.close()


async def _signed_in(process: subprocess.Popen[str]) -> Service:
    url = await asyncio.to_thread(_line, process, r"Dispatch serves (\S+)")
    password = await asyncio.to_thread(_line, process, r"password (\S+)")
    connection = Connection(url)
    body: dict[str, object] = {"login": "admin", "password": password}
    tokens = (await connection.ask("POST", "/v1/auth/token", body)).json()
    body = {"name": "benchmark", "role": "admin"}
    made = (await connection.ask("POST", "/v1/keys", body, token=tokens["access_token"])).json()
    while (await connection.ask("GET", "/health/ready")).status != 200:
        await asyncio.sleep(0.2)
    connection.close()
    return Service(url, made["secret"], process.pid)


def _line(process: subprocess.Popen[str], pattern: str) -> str:
    """The group of the next line of output that fits."""
    for line in process.stdout or ():
        found = re.search(pattern, line)
        if found is not None:
            return found[1]
    raise RuntimeError("the service ended before it was ready; its log says why")
