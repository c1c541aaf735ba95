"""JSON over HTTP with a road server: retries, and every trouble as a TravelError that says what to do."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import httpx
import numpy as np
from numpy.typing import NDArray

from dispatch.errors import TravelError

BUSY: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may succeed a little later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpParams:
    """How patient a client is.

    timeout_s: for connecting, and for each wait for data. retries: further tries after a failed one.
    wait_s: pause before the first retry; it doubles with each. Raises ValueError where a number makes no sense.
    """

    timeout_s: float = 5.0
    retries: int = 2
    wait_s: float = 0.2

    def __post_init__(self) -> None:
        if not (math.isfinite(self.timeout_s) and self.timeout_s > 0):
            raise ValueError(f"timeout_s must be a positive number, not {self.timeout_s}")
        if self.retries < 0 or not (math.isfinite(self.wait_s) and self.wait_s >= 0):
            raise ValueError(f"retries and wait_s must not be negative, but are {self.retries} and {self.wait_s}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: the HTTP status and the JSON object."""

    status: int
    body: Mapping[str, object]


class JsonServer:
    """One server that speaks JSON objects. ``name`` is for messages, ``pause`` waits between tries."""

    def __init__(self, name: str, url: str, params: HttpParams, pause: Callable[[float], None] = time.sleep) -> None:
        self._params = params
        self._pause = pause
        try:
            self._client = httpx.Client(base_url=url, timeout=params.timeout_s)
        except httpx.InvalidURL as error:
            raise ValueError(f"{url!r} is no URL of a server: {error}") from error
        host = self._client.base_url
        if host.scheme not in {"http", "https"} or not host.host:
            raise ValueError(f"{url!r} is no URL of a server; expected something like 'http://127.0.0.1:5000'")
        # Only scheme, host and port: a path or user part may hold a key that must not reach a log.
        self.title = f"{name} at {host.scheme}://{host.netloc.decode()}"

    def get(self, path: str) -> Answer:
        """GET; raises TravelError."""
        return self._try(self._client.build_request("GET", path))

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """POST a JSON body; raises TravelError."""
        return self._try(self._client.build_request("POST", path, json=body))

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def malformed(self, what: str) -> TravelError:
        """The error for an answer that is not in the server's format."""
        return TravelError(
            f"{self.title} sent an answer that cannot be read: {what}.", f"Check that it is {self.title}."
        )

    def refused(self, status: int, what: str) -> TravelError:
        """The error for a request the server understood and would not answer."""
        return TravelError(
            f"{self.title} refused the request ({status}): {what}.",
            "Check the places against the server's map, and the limits and profiles it was started with.",
        )

    def _try(self, request: httpx.Request) -> Answer:
        wait_s = self._params.wait_s
        for _ in range(self._params.retries):
            try:
                return self._once(request)
            except _PassingError:
                self._pause(wait_s)
                wait_s *= 2
        try:
            return self._once(request)
        except _PassingError as passing:
            raise TravelError(passing.cause, passing.action) from passing

    def _once(self, request: httpx.Request) -> Answer:
        try:
            response = self._client.send(request)
        except httpx.TimeoutException as error:
            raise _PassingError(
                f"{self.title} did not answer within {self._params.timeout_s:g} s.",
                "Look whether it is overloaded, raise timeout_s, or let it answer smaller requests.",
            ) from error
        except httpx.TransportError as error:
            raise _PassingError(
                f"{self.title} cannot be reached: {error}.", "Start the server, or correct its URL in the settings."
            ) from error
        if response.status_code in BUSY:
            raise _PassingError(
                f"{self.title} failed with status {response.status_code}.", "Look into the log of that server."
            )
        return Answer(response.status_code, self._json_object(response))

    def _json_object(self, response: httpx.Response) -> Mapping[str, object]:
        try:
            body: object = json.loads(response.content)
        except ValueError as error:
            raise self.malformed(f"status {response.status_code}, no JSON") from error
        if not isinstance(body, dict):
            raise self.malformed(f"status {response.status_code}, no JSON object")
        return cast(Mapping[str, object], body)


class _PassingError(Exception):
    """A failure worth another try."""

    def __init__(self, cause: str, action: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.action = action


def number_rows(rows: object, n: int, m: int) -> NDArray[np.float64] | None:
    """A JSON matrix of numbers as float64 (n, m), null as infinity; None where it is anything else."""
    if not (isinstance(rows, Sequence) and len(rows) == n):
        return None
    out = np.empty((n, m))
    for index, row in enumerate(rows):
        if not (isinstance(row, Sequence) and len(row) == m and all(_is_amount(cell) for cell in row)):
            return None
        out[index] = [math.inf if cell is None else cell for cell in row]
    return out


def _is_amount(cell: object) -> bool:
    if cell is None:
        return True
    return isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell) and cell >= 0
