"""What every event log promises, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from dispatch.errors import ConflictError, StaleError
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.events import (
    CaseClosed,
    CaseId,
    Event,
    MerchantRegistered,
    OfferId,
    OfferWithdrawn,
    OrderAssigned,
    OrderPlaced,
    OrderReady,
    PolicyChanged,
    PreparationStarted,
    Recorded,
    RiderRegistered,
    RiderResumed,
    ShiftPlanned,
    stream_of,
)
from dispatch.model.order import MarketId, OrderId
from dispatch.model.reasons import CaseResult, UnassignReason
from dispatch.model.rider import RiderId
from dispatch.store.log import EventLog
from dispatch.store.memory import MemoryLog
from dispatch.store.store import Store, open_store
from tests.support.builders import MARKET, NOON, a_merchant, a_rider, a_shift, an_order

ANA = Actor(ActorKind.DISPATCHER, "ana")
READY = OrderReady(order_id=OrderId("o1"))
PREPARING = PreparationStarted(order_id=OrderId("o1"))
KNOWN = MerchantRegistered(merchant=a_merchant())
"""An event that can follow on any other, itself included."""


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def log(request: pytest.FixtureRequest) -> Iterator[EventLog]:
    if request.param == "memory":
        yield MemoryLog()
        return
    store: Store = open_store(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))
    yield store
    store.close()


def append(
    log: EventLog, events: Sequence[Event], expected_seq: int, command_id: str, market_id: MarketId = MARKET
) -> tuple[Recorded, ...]:
    return log.append(
        market_id,
        events,
        expected_seq=expected_seq,
        occurred_at=NOON,
        recorded_at=NOON + 2,
        actor=ANA,
        command_id=command_id,
    )


def test_an_empty_log(log: EventLog) -> None:
    assert list(log.read(MARKET)) == []
    assert log.last_seq(MARKET) == 0
    assert log.written_by(MARKET, "c1") == ()


def test_events_are_numbered_in_the_market_and_in_their_stream(log: EventLog) -> None:
    placed = OrderPlaced(order=an_order())
    written = append(log, [placed, RiderRegistered(rider=a_rider()), PREPARING], 0, "c1")
    assert [(r.seq, r.stream, r.version) for r in written] == [
        (1, "order:o1", 1),
        (2, "rider:r1", 1),
        (3, "order:o1", 2),
    ]
    assert written[0] == Recorded(1, MARKET, "order:o1", 1, NOON, NOON + 2, ANA, "c1", placed)
    more = append(log, [READY], 3, "c2")
    assert (more[0].seq, more[0].version) == (4, 3)
    assert list(log.read(MARKET)) == [*written, *more]
    assert list(log.read(MARKET, after_seq=2)) == [written[2], *more]
    assert list(log.read(MARKET, after_seq=4)) == []
    assert log.last_seq(MARKET) == 4


def test_who_is_behind_writes_nothing(log: EventLog) -> None:
    append(log, [KNOWN], 0, "c1")
    for expected_seq in (0, 2):
        with pytest.raises(StaleError):
            append(log, [KNOWN], expected_seq, "c2")
    assert log.last_seq(MARKET) == 1
    assert log.written_by(MARKET, "c2") == ()


def test_a_command_is_written_once(log: EventLog) -> None:
    written = append(log, [KNOWN, KNOWN], 0, "c1")
    with pytest.raises(ConflictError) as caught:
        append(log, [KNOWN], 2, "c1")
    assert caught.value.code == "command_repeated"
    assert log.written_by(MARKET, "c1") == written
    assert log.last_seq(MARKET) == 2


def test_markets_are_apart(log: EventLog) -> None:
    append(log, [KNOWN], 0, "c1")
    (other,) = append(log, [KNOWN], 0, "c1", MarketId("cali"))
    assert (other.seq, other.version) == (1, 1)
    assert log.written_by(MarketId("cali"), "c1") == (other,)
    assert log.last_seq(MARKET) == 1


def test_what_is_read_is_what_was_written_before_the_read_began(log: EventLog) -> None:
    append(log, [KNOWN], 0, "c1")
    reading = log.read(MARKET)
    append(log, [KNOWN], 1, "c2")
    assert [recorded.seq for recorded in reading] == [1]


@pytest.mark.parametrize(
    ("event", "stream"),
    [
        (OrderPlaced(order=an_order()), "order:o1"),
        (READY, "order:o1"),
        (OrderAssigned(order_id=OrderId("o1"), rider_id=RiderId("r1")), "order:o1"),
        (RiderRegistered(rider=a_rider()), "rider:r1"),
        (ShiftPlanned(shift=a_shift()), "rider:r1"),
        (RiderResumed(rider_id=RiderId("r1")), "rider:r1"),
        (
            OfferWithdrawn(
                offer_id=OfferId("x"), order_ids=(), rider_id=RiderId("r1"), reason=UnassignReason.ORDER_GONE
            ),
            "rider:r1",
        ),
        (MerchantRegistered(merchant=a_merchant()), "merchant:m1"),
        (CaseClosed(case_id=CaseId("case-1"), result=CaseResult.RESOLVED), "case:case-1"),
        (PolicyChanged(name="rain", version=1), "market:bogota"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_event_goes_to_the_stream_of_what_it_is_about(event: Event, stream: str) -> None:
    assert stream_of(event, MARKET) == stream
