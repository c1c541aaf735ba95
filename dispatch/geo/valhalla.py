"""Travel times by road from a Valhalla server (its time-distance matrix over HTTP).

Format: POST to ``sources_to_targets``, https://valhalla.github.io/valhalla/api/matrix/api-reference/.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from dispatch.geo.blockwise import Block, BlockTravel
from dispatch.geo.json_server import Answer, HttpParams, JsonServer, number_rows
from dispatch.geo.points import Points, whole_metres, whole_seconds

VALHALLA_COSTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"walk": "pedestrian", "bicycle": "bicycle", "motorcycle": "motorcycle", "car": "auto", "van": "auto"}
)
"""Our vehicle -> Valhalla's costing model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValhallaParams:
    """Where Valhalla is and what it allows.

    url: the server. profiles: our profile -> costing model.
    max_matrix_location_pairs: the server's limit of cells a request, the smallest of the costings used.
    """

    url: str = "http://127.0.0.1:8002"
    profiles: Mapping[str, str] = field(default_factory=lambda: dict(VALHALLA_COSTINGS))
    max_matrix_location_pairs: int = 2500
    http: HttpParams = field(default_factory=HttpParams)


class ValhallaTravel(BlockTravel):
    """TravelTimes of a Valhalla server. Raises TravelError where it does not answer, ValueError on an impossible URL.

    A place without a road nearby fails the whole request (error 171); no way between two places (null) is
    UNREACHABLE_S.
    """

    def __init__(self, params: ValhallaParams, pause: Callable[[float], None] = time.sleep) -> None:
        pairs = params.max_matrix_location_pairs
        super().__init__(params.profiles, max_cells=pairs, max_side=pairs)
        self._server = JsonServer("Valhalla", params.url, params.http, pause)

    def close(self) -> None:
        """Give back the connections."""
        self._server.close()

    def _block(self, origins: Points, destinations: Points, server_profile: str) -> Block:
        question = {
            "sources": _locations(origins),
            "targets": _locations(destinations),
            "costing": server_profile,
            "units": "kilometers",
            "verbose": True,
        }
        answer = self._server.post("sources_to_targets", question)
        return _read(self._server, answer, len(origins), len(destinations))


def _locations(points: Points) -> list[dict[str, float]]:
    return [{"lat": round(lat, 6), "lon": round(lng, 6)} for lat, lng in points.tolist()]


def _read(server: JsonServer, answer: Answer, n: int, m: int) -> Block:
    body = answer.body
    if "error" in body or "error_code" in body:
        raise server.refused(answer.status, f"error {body.get('error_code', 'unknown')}, {body.get('error', '')}")
    rows = body.get("sources_to_targets")
    seconds, kilometres = number_rows(_column(rows, "time"), n, m), number_rows(_column(rows, "distance"), n, m)
    if seconds is None or kilometres is None:
        raise server.malformed(f"status {answer.status} without times and distances of {n} x {m} cells")
    return Block(whole_seconds(seconds), whole_metres(kilometres * 1000.0))


def _column(rows: object, name: str) -> list[list[object]] | None:
    """One value of every cell; None where the answer is no matrix of cells with that value."""
    if not (isinstance(rows, Sequence) and all(isinstance(row, Sequence) for row in rows)):
        return None
    if not all(isinstance(cell, Mapping) and name in cell for row in rows for cell in row):
        return None
    return [[cell[name] for cell in row] for row in rows]
