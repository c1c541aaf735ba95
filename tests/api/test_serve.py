"""The service as a process of its own: started, stopped, killed, and started again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP

PROGRAM = [sys.executable, "-c", "from dispatch.cli import main; main()"]
PATIENCE_S = 120
PLANNED = {"version", "dispatch", "verdict"}
"""What of an order a tick changes that finds no rider for it."""


class Process:
    """A running `dispatch serve`."""

    def __init__(
        self, *arguments: str, log: IO[str] | int = subprocess.DEVNULL, environment: Mapping[str, str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**not_ours(os.environ), **(environment or {})},
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self.url = self.wait_for(r"Dispatch serves (\S+)")

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)

    def wait_for(self, pattern: str) -> str:
        """The group of the first line that fits."""
        while True:
            try:
                found = re.search(pattern, self._lines.get(timeout=PATIENCE_S))
            except Empty:
                raise AssertionError(f"no line like {pattern!r} came") from None
            if found:
                return found[1]

    def stop(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE_S)
        self._reading.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def sign_in(self, password: str) -> httpx.Client:
        """A client of the administrator."""
        body = {"login": "admin", "password": password}
        tokens = httpx.post(f"{self.url}/v1/auth/token", json=body, timeout=60).raise_for_status().json()
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {tokens['access_token']}"}, timeout=60
        )


def not_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the settings of the tests, which a service would refuse."""
    return {name: value for name, value in environment.items() if not name.startswith("DISPATCH_")}


@contextmanager
def serving(db: Path) -> Iterator[Process]:
    running = Process("--db", f"sqlite:///{db}")
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_was_acknowledged_is_there_however_it_stops(tmp_path: Path, how: signal.Signals) -> None:
    with serving(tmp_path / "city.db") as first:
        password = first.wait_for(r"password (\S+)")
        with first.sign_in(password) as admin:
            admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
            placed = admin.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).raise_for_status().json()
        assert first.stop(how) == (-how if how is signal.SIGKILL else 0)
    assert (tmp_path / "city.db.secret").stat().st_mode & 0o077 == 0
    with serving(tmp_path / "city.db") as second, second.sign_in(password) as admin:
        found = admin.get(f"/v1/orders/{placed['id']}").raise_for_status().json()
        changed = {name for name, value in placed.items() if found[name] != value}
        assert changed <= PLANNED  # a tick may look at the order before and after
        assert httpx.get(f"{second.url}/health/live").json()["status"] == "ok"


def test_a_port_in_use_is_said_before_anything_is_done(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        tried = [*PROGRAM, "serve", "--port", str(port), "--db", f"sqlite:///{tmp_path}/x.db"]
        done = subprocess.run(tried, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"127.0.0.1:{port} is in use" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_served_is_said(tmp_path: Path) -> None:
    wrong = [*PROGRAM, "serve", "--db", "mysql://x/y"]
    done = subprocess.run(wrong, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "no address of a database" in done.stderr
    alone = [*PROGRAM, "serve", "--role", "worker", "--db", f"sqlite:///{tmp_path}/x.db"]
    done = subprocess.run(alone, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "needs Redis" in done.stderr
