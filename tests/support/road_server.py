"""A real HTTP server on the loopback that speaks the formats of OSRM's table and Valhalla's matrix."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Coordinates = tuple[float, float]
"""Latitude, longitude."""

NO_ROAD_ABOVE = 80.0
"""Nothing snaps to a road north of this latitude."""
DESERT_ABOVE = 60.0
"""Places between this latitude and ISLAND_ABOVE are DESERT_M away from the next road."""
DESERT_M = 5000.0
ISLAND_ABOVE = 70.0
"""Places between this latitude and NO_ROAD_ABOVE are reached only from each other."""


def road_s(a: Coordinates, b: Coordinates) -> float | None:
    """Seconds of the stub's roads: unlike in latitude, longitude and direction, so that no mix-up goes unseen."""
    if (a[0] > ISLAND_ABOVE) != (b[0] > ISLAND_ABOVE):
        return None
    uphill = 5.4 if a < b else 0.0
    return round(abs(a[0] - b[0]) * 20_000 + abs(a[1] - b[1]) * 10_000 + uphill, 1)


def road_m(a: Coordinates, b: Coordinates) -> float | None:
    """Metres of the stub's roads."""
    seconds = road_s(a, b)
    return None if seconds is None else round(seconds * 7.0, 1)


@dataclass(frozen=True)
class Trouble:
    """An answer given instead of the right one."""

    status: int = 200
    body: bytes = b""
    delay_s: float = 0.0


@dataclass
class Script:
    """What the server allows, what goes wrong (first come first served), and what it was asked."""

    max_table_size: int = 100
    max_matrix_location_pairs: int = 2500
    troubles: deque[Trouble] = field(default_factory=deque)
    requests: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)


class RoadServer:
    """Use as a context manager; ``url`` is where it listens, ``script`` what it does."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        handler = type("Handler", (_RoadHandler,), {"script": self.script})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _RoadHandler(BaseHTTPRequestHandler):
    # Buffered, so that an answer leaves in one packet instead of waiting for the client's acknowledgement.
    wbufsize = -1
    script: Script

    def do_GET(self) -> None:
        self._serve(self._osrm)

    def do_POST(self) -> None:
        self._serve(self._valhalla)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _serve(self, answer: Callable[[bytes], tuple[int, dict[str, Any]]]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.script.requests.append(f"{self.command} {self.path}")
        if self.script.troubles:
            trouble = self.script.troubles.popleft()
            time.sleep(trouble.delay_s)
            self._send(trouble.status, trouble.body)
        else:
            status, content = answer(body)
            self._send(status, json.dumps(content).encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _osrm(self, _: bytes) -> tuple[int, dict[str, Any]]:
        url = urlsplit(self.path)
        parts = url.path.strip("/").split("/")
        if parts[-4:-2] != ["table", "v1"]:
            return 400, {"code": "InvalidUrl", "message": "URL string malformed close to position 1"}
        query = {name: values[0] for name, values in parse_qs(url.query, separator="&").items()}
        places = [(float(lat), float(lng)) for lng, lat in (place.split(",") for place in parts[-1].split(";"))]
        rows = [int(index) for index in query["sources"].split(";")]
        columns = [int(index) for index in query["destinations"].split(";")]
        self.script.sizes.append((len(rows), len(columns)))
        if len(rows) * len(columns) > self.script.max_table_size**2:
            return 400, {"code": "TooBig", "message": "Too many table coordinates"}
        for index, place in enumerate(places):
            if place[0] > NO_ROAD_ABOVE:
                message = f"Could not find a matching segment for coordinate {index}"
                return 400, {"code": "NoSegment", "message": message}
        sources, destinations = [_waypoint(places[i]) for i in rows], [_waypoint(places[j]) for j in columns]
        answer: dict[str, Any] = {"code": "Ok", "sources": sources, "destinations": destinations}
        if "duration" in query["annotations"].split(","):
            answer["durations"] = [[road_s(places[i], places[j]) for j in columns] for i in rows]
        if "distance" in query["annotations"].split(","):
            answer["distances"] = [[road_m(places[i], places[j]) for j in columns] for i in rows]
        return 200, answer

    def _valhalla(self, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.path != "/sources_to_targets":
            return 404, _valhalla_error(106, "Try any of: '/sources_to_targets'", 404)
        question = json.loads(body)
        sources = [(place["lat"], place["lon"]) for place in question["sources"]]
        targets = [(place["lat"], place["lon"]) for place in question["targets"]]
        self.script.sizes.append((len(sources), len(targets)))
        if question["costing"] not in {"auto", "bicycle", "pedestrian", "motorcycle", "motor_scooter"}:
            return 400, _valhalla_error(125, f"No costing method found: '{question['costing']}'", 400)
        if len(sources) * len(targets) > self.script.max_matrix_location_pairs:
            return 400, _valhalla_error(
                150, "Exceeded max locations:" + str(self.script.max_matrix_location_pairs), 400
            )
        if any(place[0] > NO_ROAD_ABOVE for place in sources + targets):
            return 400, _valhalla_error(171, "No suitable edges near location", 400)
        cells = [[_valhalla_cell(i, a, j, b) for j, b in enumerate(targets)] for i, a in enumerate(sources)]
        return 200, {"sources_to_targets": cells, "units": "kilometers", "algorithm": "costmatrix"}


def _waypoint(place: Coordinates) -> dict[str, Any]:
    moved_m = DESERT_M if DESERT_ABOVE < place[0] <= ISLAND_ABOVE else 3.5
    return {"hint": "", "name": "Calle 1", "location": [place[1], place[0]], "distance": moved_m}


def _valhalla_cell(i: int, a: Coordinates, j: int, b: Coordinates) -> dict[str, Any]:
    seconds, metres = road_s(a, b), road_m(a, b)
    return {
        "time": None if seconds is None else int(seconds),
        "distance": None if metres is None else round(metres / 1000.0, 3),
        "from_index": i,
        "to_index": j,
    }


def _valhalla_error(code: int, text: str, status: int) -> dict[str, Any]:
    return {"error_code": code, "error": text, "status_code": status, "status": "Bad Request"}
