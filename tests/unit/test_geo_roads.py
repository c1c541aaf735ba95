"""Travel times from road servers, against a real local server that speaks their formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatch.errors import TravelError
from dispatch.geo.blockwise import BlockTravel
from dispatch.geo.json_server import HttpParams
from dispatch.geo.kernel import travel_s
from dispatch.geo.osrm import OsrmParams, OsrmTravel
from dispatch.geo.travel import TravelTimes
from dispatch.geo.valhalla import ValhallaParams, ValhallaTravel
from dispatch.units import UNREACHABLE_S
from tests.support.places import BOGOTA, MEDELLIN, QUITO, city_arrays, places
from tests.support.road_server import RoadServer, Script, Trouble, road_m, road_s

DESERT, ISLAND, POLE = (65.0, 10.0), (75.0, 10.0), (89.0, 0.0)
CITIES = places(BOGOTA, MEDELLIN, QUITO)


class Pauses(list[float]):
    """Waits for nothing, and remembers how long."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Clients:
    """Connects clients of one kind, and closes them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.pauses = Pauses()
        self._open: list[OsrmTravel | ValhallaTravel] = []

    def __call__(self, url: str, *, retries: int = 2, timeout_s: float = 5.0, limit: int = 10) -> BlockTravel:
        http = HttpParams(timeout_s=timeout_s, retries=retries, wait_s=0.5)
        client: OsrmTravel | ValhallaTravel
        if self.kind == "osrm":
            client = OsrmTravel(OsrmParams(url=url, http=http, max_table_size=limit), self.pauses)
        else:
            params = ValhallaParams(url=url, http=http, max_matrix_location_pairs=limit * limit)
            client = ValhallaTravel(params, self.pauses)
        self._open.append(client)
        return client

    def close(self) -> None:
        for client in self._open:
            client.close()


@pytest.fixture
def server() -> Iterator[RoadServer]:
    with RoadServer() as running:
        yield running


@pytest.fixture(params=["osrm", "valhalla"])
def connect(request: pytest.FixtureRequest) -> Iterator[Clients]:
    with closing(Clients(request.param)) as clients:
        yield clients


@pytest.fixture
def osrm() -> Iterator[Clients]:
    with closing(Clients("osrm")) as clients:
        yield clients


@pytest.fixture
def valhalla() -> Iterator[Clients]:
    with closing(Clients("valhalla")) as clients:
        yield clients


def expected_s(kind: str, a: tuple[float, float], b: tuple[float, float]) -> int:
    seconds = road_s((round(a[0], 6), round(a[1], 6)), (round(b[0], 6), round(b[1], 6)))
    if seconds is None:
        return UNREACHABLE_S
    return int(seconds) if kind == "valhalla" else int(np.ceil(seconds))


def expected_matrix(kind: str, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> list[list[int]]:
    return [[expected_s(kind, (a[0], a[1]), (b[0], b[1])) for b in columns.tolist()] for a in rows.tolist()]


def test_matrix_pairs_and_table_say_the_same(connect: Clients, server: RoadServer) -> None:
    travel: TravelTimes = connect(server.url)
    expected = expected_matrix(connect.kind, CITIES, CITIES)
    assert travel.profiles == ("walk", "bicycle", "motorcycle", "car", "van")
    assert travel.matrix(CITIES, CITIES, "car").tolist() == expected
    assert travel.pairs(CITIES, CITIES[::-1].copy(), "walk").tolist() == [expected[i][2 - i] for i in range(3)]
    table = travel.table(CITIES)
    assert table.matrix.dtype == np.int32
    assert [travel_s(table, 2, i, j) for i in range(3) for j in range(3)] == [cell for row in expected for cell in row]


def test_metres_by_road(connect: Clients, server: RoadServer) -> None:
    metres = connect(server.url).distance_pairs_m(places(BOGOTA, BOGOTA), places(MEDELLIN, ISLAND))
    assert metres[0] == pytest.approx(road_m(BOGOTA, MEDELLIN), abs=1.0)
    assert metres[1] == 0


def test_no_way_is_unreachable(connect: Clients, server: RoadServer) -> None:
    mixed = places(BOGOTA, ISLAND)
    seconds = connect(server.url).matrix(mixed, mixed, "car")
    assert seconds.tolist() == [[0, UNREACHABLE_S], [UNREACHABLE_S, 0]]


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
@settings(max_examples=25)
@given(rows=city_arrays(max_size=9), columns=city_arrays(max_size=9), limit=st.integers(1, 4))
def test_any_size_is_cut_to_the_servers_limits(
    kind: str, rows: NDArray[np.float64], columns: NDArray[np.float64], limit: int
) -> None:
    script = Script(max_table_size=limit, max_matrix_location_pairs=limit * limit)
    with RoadServer(script) as server, closing(Clients(kind)) as clients:
        travel = clients(server.url, limit=limit)
        expected = expected_matrix(kind, rows, columns)
        assert travel.matrix(rows, columns, "car").tolist() == expected
        n = min(len(rows), len(columns))
        assert travel.pairs(rows[:n], columns[:n], "car").tolist() == [expected[i][i] for i in range(n)]
        assert all(a * b <= limit * limit for a, b in script.sizes)


def test_a_narrow_question_is_one_request(connect: Clients, server: RoadServer) -> None:
    many = np.column_stack((np.linspace(4, 5, 10), np.linspace(-74, -73, 10)))
    connect(server.url).matrix(many, CITIES, "car")
    assert server.script.sizes == [(10, 3)]


def test_what_shares_a_server_profile_is_asked_once(connect: Clients, server: RoadServer) -> None:
    connect(server.url).table(np.concatenate((CITIES, CITIES)))
    assert server.script.sizes == [(3, 3)] * (4 if connect.kind == "valhalla" else 3)


def test_nothing_to_ask_asks_nothing(connect: Clients, server: RoadServer) -> None:
    travel, none = connect(server.url), np.empty((0, 2))
    assert travel.matrix(none, CITIES, "car").shape == (0, 3)
    assert travel.pairs(none, none, "car").shape == (0,)
    assert travel.table(none).matrix.shape == (5, 0, 0)
    assert server.script.requests == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(connect: Clients, server: RoadServer, status: int) -> None:
    server.script.troubles.extend([Trouble(status, b"busy")] * 2)
    assert connect(server.url).pairs(CITIES[:1], CITIES[:1], "car").tolist() == [0]
    assert connect.pauses == [0.5, 1.0]
    assert len(server.script.requests) == 3


def test_a_server_that_stays_busy_is_an_error(connect: Clients, server: RoadServer) -> None:
    server.script.troubles.extend([Trouble(502)] * 3)
    with pytest.raises(TravelError, match="failed with status 502") as caught:
        connect(server.url).matrix(CITIES, CITIES, "car")
    assert caught.value.code == "travel_unavailable"
    assert "log of that server" in caught.value.action
    assert len(server.script.requests) == 3


def test_a_slow_server_is_an_error(connect: Clients, server: RoadServer) -> None:
    server.script.troubles.extend([Trouble(200, b"{}", delay_s=0.4)] * 2)
    with pytest.raises(TravelError, match=r"did not answer within 0\.05 s") as caught:
        connect(server.url, retries=1, timeout_s=0.05).matrix(CITIES, CITIES, "car")
    assert "timeout_s" in caught.value.action


def test_no_server_is_an_error(connect: Clients) -> None:
    with RoadServer() as gone:
        url = gone.url
    with pytest.raises(TravelError, match="cannot be reached") as caught:
        connect(url).matrix(CITIES, CITIES, "car")
    assert url in caught.value.cause
    assert "Start the server" in caught.value.action
    assert connect.pauses == [0.5, 1.0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[1, 2]",
        b"{}",
        b'{"code": "Ok"}',
        b'{"code": "Ok", "durations": [[0]], "distances": [[0, 0], [0, 0]]}',
        b'{"code": "Ok", "durations": [[0, NaN], [0, 0]], "distances": [[0, 0], [0, 0]]}',
        b'{"code": "Ok", "durations": [[0, -4], [0, 0]], "distances": [[0, 0], [0, 0]]}',
        b'{"code": "Ok", "durations": [[0, "4"], [0, 0]], "distances": [[0, 0], [0, 0]]}',
        b'{"code": "Ok", "durations": [[0, 4], [0, 0]], "distances": [[0, 0], "00"]}',
        b'{"code": "Ok", "durations": [[0, 4], [0, 0]], "distances": [[0, 0], [0, 0]], "sources": [1, 2]}',
        b'{"code": "Ok", "durations": [[0, 4], [0, 0]], "distances": [[0, 0], [0, 0]], "sources": [{"distance": -1}]}',
        b'{"sources_to_targets": [[]]}',
        b'{"sources_to_targets": [[{"time": 1}, {"time": 1}], [{"time": 1}, {"time": 1}]]}',
        b'{"sources_to_targets": [[{"time": 1, "distance": true}, {}], [{}, {}]]}',
        b'{"sources_to_targets": [[1, 2], [3, 4]]}',
        b'{"sources_to_targets": 7}',
    ],
)
def test_an_answer_in_another_format_is_an_error_at_once(connect: Clients, server: RoadServer, body: bytes) -> None:
    server.script.troubles.append(Trouble(200, body))
    with pytest.raises(TravelError, match="sent an answer that cannot be read") as caught:
        connect(server.url).matrix(CITIES[:2], CITIES[:2], "car")
    assert "Check that it is" in caught.value.action
    assert len(server.script.requests) == 1


@pytest.mark.parametrize("code", ["NoTable", "InvalidQuery", "InvalidValue", "TooBig", "NotImplemented"])
def test_an_osrm_refusal_is_an_error_with_its_code(osrm: Clients, server: RoadServer, code: str) -> None:
    server.script.troubles.append(Trouble(400, json.dumps({"code": code, "message": "the reason"}).encode()))
    with pytest.raises(TravelError, match=rf"refused the request \(400\): {code}, the reason") as caught:
        osrm(server.url).matrix(CITIES, CITIES, "car")
    assert "limits" in caught.value.action
    assert len(server.script.requests) == 1


def test_an_osrm_place_off_the_map_is_an_error(osrm: Clients, server: RoadServer) -> None:
    with pytest.raises(TravelError, match="NoSegment, Could not find a matching segment for coordinate 1"):
        osrm(server.url).matrix(places(BOGOTA, POLE), CITIES, "car")


def test_an_osrm_place_far_from_every_road_has_no_way(osrm: Clients, server: RoadServer) -> None:
    mixed = places(BOGOTA, DESERT)
    expected = [[0, UNREACHABLE_S], [UNREACHABLE_S, UNREACHABLE_S]]
    assert osrm(server.url).matrix(mixed, mixed, "car").tolist() == expected
    assert osrm(server.url).distance_pairs_m(mixed[:1], mixed[1:]).tolist() == [0]
    with closing(OsrmTravel(OsrmParams(url=server.url, max_snap_m=5000))) as tolerant:
        assert tolerant.matrix(mixed, mixed, "car").tolist() == expected_matrix("osrm", mixed, mixed)


def test_an_osrm_limit_smaller_than_told_is_an_error(osrm: Clients, server: RoadServer) -> None:
    server.script.max_table_size = 2
    with pytest.raises(TravelError, match="TooBig, Too many table coordinates"):
        osrm(server.url, limit=10).matrix(CITIES, CITIES, "car")


def test_a_valhalla_refusal_is_an_error_with_its_code(valhalla: Clients, server: RoadServer) -> None:
    with pytest.raises(TravelError, match=r"refused the request \(400\): error 171, No suitable edges near location"):
        valhalla(server.url).matrix(places(POLE), CITIES, "car")
    server.script.max_matrix_location_pairs = 2
    with pytest.raises(TravelError, match="error 150, Exceeded max locations:2"):
        valhalla(server.url).matrix(CITIES, CITIES, "car")
    params = ValhallaParams(url=server.url, profiles={"drone": "fly"})
    fault = pytest.raises(TravelError, match="error 125, No costing method found: 'fly'")
    with closing(ValhallaTravel(params)) as unknown, fault:
        unknown.matrix(CITIES, CITIES, "drone")


def test_osrm_is_asked_in_its_format(osrm: Clients, server: RoadServer) -> None:
    osrm(server.url).matrix(places((4.5, -74.25)), places((6.0, -75.5), (-0.25, -78.5)), "bicycle")
    assert server.script.requests == [
        "GET /table/v1/bike/-74.250000,4.500000;-78.500000,-0.250000;-75.500000,6.000000"
        "?sources=0&destinations=1;2&annotations=duration,distance&generate_hints=false"
    ]


def test_osrm_servers_of_single_profiles(server: RoadServer) -> None:
    with RoadServer() as feet:
        params = OsrmParams(url=server.url, profile_urls={"foot": feet.url + "/walkers"})
        with closing(OsrmTravel(params)) as travel:
            travel.matrix(CITIES, CITIES, "walk")
            travel.matrix(CITIES, CITIES, "van")
        assert [request.split("/v1/")[0] for request in feet.script.requests] == ["GET /walkers/table"]
        assert [request.split("/v1/")[0] for request in server.script.requests] == ["GET /table"]


def test_a_key_in_the_url_stays_out_of_messages(connect: Clients) -> None:
    with RoadServer() as gone:
        url = gone.url.replace("http://", "http://someone:s3cret@") + "/s3cret"
    with pytest.raises(TravelError) as caught:
        connect(url, retries=0).matrix(CITIES, CITIES, "car")
    assert "s3cret" not in str(caught.value)


def test_misuse_is_a_value_error(connect: Clients, server: RoadServer) -> None:
    with pytest.raises(ValueError, match="unknown travel profile 'jet'; known are walk"):
        connect(server.url).matrix(CITIES, CITIES, "jet")
    with pytest.raises(ValueError, match=r"origins\[0\] is no place"):
        connect(server.url).pairs(places((float("nan"), 0.0)), places(BOGOTA), "car")
    with pytest.raises(ValueError, match="a request needs room for a cell"):
        connect(server.url, limit=0)
    for url in ("127.0.0.1:5000", "ftp://somewhere", "", "http://:99999999"):
        with pytest.raises(ValueError, match="is no URL of a server"):
            connect(url)
    assert server.script.requests == []


def test_parameters_without_sense() -> None:
    with pytest.raises(ValueError, match="timeout_s must be a positive number, not 0"):
        HttpParams(timeout_s=0)
    with pytest.raises(ValueError, match="retries and wait_s must not be negative"):
        HttpParams(retries=-1)
    with pytest.raises(ValueError, match="profile_urls names profiles that no vehicle uses: boat"):
        OsrmParams(profile_urls={"boat": "http://127.0.0.1"})
    with pytest.raises(ValueError, match="at least one profile"):
        ValhallaTravel(ValhallaParams(profiles={}))
