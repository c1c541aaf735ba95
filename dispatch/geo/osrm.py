"""Travel times by road from an OSRM server (its table service over HTTP).

Format: the OSRM HTTP API, version 1, https://project-osrm.org/docs/. Coordinates are longitude, latitude there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.blockwise import Block, BlockTravel
from dispatch.geo.json_server import Answer, HttpParams, JsonServer, number_rows
from dispatch.geo.points import Points, whole_metres, whole_seconds

OSRM_PROFILES: Final[Mapping[str, str]] = MappingProxyType(
    {"walk": "foot", "bicycle": "bike", "motorcycle": "driving", "car": "driving", "van": "driving"}
)
"""Our vehicle -> the profile in OSRM's URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OsrmParams:
    """Where OSRM is and what it allows.

    url: the server. profiles: our profile -> OSRM's. profile_urls: servers of their own for some of OSRM's profiles;
    an ``osrm-routed`` process serves the one profile its map was made for, whatever the request says.
    max_table_size: as the server was started with; a request has at most this many origins and destinations.
    max_snap_m: OSRM moves every place to the nearest road, however far; beyond this there is no way from or to it.
    """

    url: str = "http://127.0.0.1:5000"
    profiles: Mapping[str, str] = field(default_factory=lambda: dict(OSRM_PROFILES))
    profile_urls: Mapping[str, str] = field(default_factory=dict)
    max_table_size: int = 100
    max_snap_m: int = 1000
    http: HttpParams = field(default_factory=HttpParams)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.profile_urls) - set(self.profiles.values()))
        if unknown:
            raise ValueError(f"profile_urls names profiles that no vehicle uses: {', '.join(unknown)}")


class OsrmTravel(BlockTravel):
    """TravelTimes of an OSRM server. Raises TravelError where it does not answer, ValueError on an impossible URL.

    A place the server cannot snap to a road fails the whole request (its code NoSegment); no way between two places
    (null) is UNREACHABLE_S.
    """

    def __init__(self, params: OsrmParams, pause: Callable[[float], None] = time.sleep) -> None:
        side = params.max_table_size
        # The server counts cells against the square of its table size; the side keeps the URL short, too.
        super().__init__(params.profiles, max_cells=side * side, max_side=side)
        self._max_snap_m = params.max_snap_m
        self._url_of = {profile: params.profile_urls.get(profile, params.url) for profile in params.profiles.values()}
        self._servers = {url: JsonServer("OSRM", url, params.http, pause) for url in set(self._url_of.values())}

    def close(self) -> None:
        """Give back the connections."""
        for server in self._servers.values():
            server.close()

    def _block(self, origins: Points, destinations: Points, server_profile: str) -> Block:
        server = self._servers[self._url_of[server_profile]]
        answer = server.get(table_path(origins, destinations, server_profile))
        return _read(server, answer, len(origins), len(destinations), self._max_snap_m)


def table_path(origins: Points, destinations: Points, profile: str) -> str:
    """Path and query that ask for seconds and metres from each origin to each destination."""
    n, m = len(origins), len(destinations)
    places = ";".join(f"{lng:.6f},{lat:.6f}" for lat, lng in np.concatenate((origins, destinations)).tolist())
    sources, targets = ";".join(map(str, range(n))), ";".join(map(str, range(n, n + m)))
    wanted = "annotations=duration,distance&generate_hints=false"
    return f"table/v1/{profile}/{places}?sources={sources}&destinations={targets}&{wanted}"


def _read(server: JsonServer, answer: Answer, n: int, m: int, max_snap_m: int) -> Block:
    code = answer.body.get("code")
    if code != "Ok":
        if not isinstance(code, str):
            raise server.malformed(f"status {answer.status} without a code")
        raise server.refused(answer.status, f"{code}, {answer.body.get('message', 'without a message')}")
    seconds, metres = number_rows(answer.body.get("durations"), n, m), number_rows(answer.body.get("distances"), n, m)
    if seconds is None or metres is None:
        raise server.malformed(f"no durations and distances of {n} x {m} numbers")
    from_road, to_road = _snapped_m(answer.body.get("sources"), n), _snapped_m(answer.body.get("destinations"), m)
    if from_road is None or to_road is None:
        raise server.malformed(f"no {n} sources and {m} destinations with their distance from a road")
    far = (from_road > max_snap_m)[:, None] | (to_road > max_snap_m)[None, :]
    seconds[far] = metres[far] = math.inf
    return Block(whole_seconds(seconds), whole_metres(metres))


def _snapped_m(waypoints: object, count: int) -> NDArray[np.float64] | None:
    """How far each place was moved, metres, float64 (count,); None where the answer does not say."""
    if not (isinstance(waypoints, list) and all(isinstance(waypoint, dict) for waypoint in waypoints)):
        return None
    rows = number_rows([[waypoint.get("distance") for waypoint in waypoints]], 1, count)
    return None if rows is None else rows[0]
