"""A real browser without a window: Chromium, spoken to by its DevTools protocol over two pipes."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_S = 30.0
START = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for name, end in zip((3, 4), ends):
    os.dup2(end, name)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Becomes the browser, which hears on descriptor 3 and answers on 4."""


@dataclass
class Tab:
    """A page of the browser, as wide as a telephone."""

    asked: int
    answered: int
    errors: list[str] = field(default_factory=list)
    """What the page's script threw, and what its policy or the network refused."""
    _session: str = ""
    _number: int = 0
    _buffer: bytes = b""
    _answers: dict[int, Json] = field(default_factory=dict)

    def call(self, method: str, **params: object) -> Json:
        """Ask the browser for something; its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self.asked, json.dumps(message).encode() + b"\0")
        number, until = self._number, time.monotonic() + PATIENCE_S
        while number not in self._answers:
            self._hear(until)
        answer = self._answers.pop(number)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def _hear(self, until: float) -> None:
        ready, _, _ = select.select([self.answered], [], [], max(0.0, until - time.monotonic()))
        assert ready, "the browser does not answer"
        heard = os.read(self.answered, 1 << 20)
        assert heard, "the browser has ended"
        self._buffer += heard
        *messages, self._buffer = self._buffer.split(b"\0")
        for message in map(json.loads, messages):
            self._take(message)

    def _take(self, message: Json) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif message["method"] == "Runtime.exceptionThrown":
            self.errors.append(str(message["params"]["exceptionDetails"]))
        elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.errors.append(str(message["params"]["entry"]["text"]))

    def attach(self) -> None:
        """Open an empty page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{part}.enable")
        self.call("Emulation.setTimezoneOverride", timezoneId="UTC")
        self.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)

    def speak(self, *languages: str) -> None:
        """What the browser's user reads, the best first."""
        agent = self.call("Runtime.evaluate", expression="navigator.userAgent")["result"]["value"]
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=",".join(languages))

    def open(self, url: str) -> None:
        """Go to a page; it may still be loading."""
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> object:
        """What a script of the page comes to."""
        told = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until a script comes to something."""
        until = time.monotonic() + PATIENCE_S
        while not self.run(script):
            assert time.monotonic() < until, f"{script} stayed so: {self.text()}"
            time.sleep(0.05)

    def text(self) -> str:
        """What stands on the page for people to read."""
        return str(self.run("document.body?.innerText ?? ''"))

    def until_text(self, wanted: str) -> None:
        """Wait until it stands there."""
        self.until(f"document.body?.innerText.includes({json.dumps(wanted)})")

    def click(self, selector: str) -> None:
        """Click on something that is there to be seen."""
        seen = f"document.querySelector({json.dumps(selector)})"
        self.until(f"{seen}?.checkVisibility() && !{seen}.disabled")
        self.run(f"{seen}.click()")

    def write(self, selector: str, text: str) -> None:
        """Fill in a field."""
        self.run(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}")

    def picture(self, path: Path) -> None:
        """Take a picture of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        found = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Tab]:
    """A browser with an empty page, that keeps its things in a folder; skips the test where there is none."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("there is no Chromium here")
    (asking, asked), (answered, answering) = os.pipe(), os.pipe()
    options = ["--headless", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-sandbox", "--disable-gpu"]
    options += ["--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
    words = [sys.executable, "-c", START, str(asking), str(answering), program, *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, pass_fds=(asking, answering), stdout=log, stderr=log)
    os.close(asking)
    os.close(answering)
    tab = Tab(asked, answered)
    try:
        tab.attach()
        yield tab
        tab._session = ""
        tab.call("Browser.close")
    finally:
        os.close(asked)
        os.close(answered)
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
