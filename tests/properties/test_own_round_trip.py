"""Whatever an instance holds, its own format gives it back."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine.policy import shipped_policies
from dispatch.geo.travel import PlanarTravel, StraightLine, TravelTimes
from dispatch.model.order import (
    Channel,
    Customer,
    Fulfilment,
    Handling,
    Item,
    MarketId,
    Merchant,
    MerchantId,
    Order,
    OrderId,
    Vehicle,
    ZoneId,
)
from dispatch.model.place import Place
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.units import Money
from simulations.instance import Instance, WorldRules
from simulations.readers import load_instance
from simulations.readers.own import TableFormat, write_instance

MARKET = MarketId("any")

texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = texts.filter(lambda text: bool(text.strip()))
places = st.builds(Place, st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
seconds = st.integers(0, 80_000)
instants = st.integers(1_700_000_000, 1_702_000_000)
money = st.builds(Money, st.integers(-(2**53), 2**53), st.from_regex(r"[A-Z]{3}", fullmatch=True))
handling = st.builds(Handling, seconds, seconds)
items = st.builds(Item, texts, st.integers(0, 99), texts, st.none() | money)
zones = st.frozensets(names.map(ZoneId), max_size=3)


@st.composite
def orders(draw: st.DrawFn, merchant: Merchant, order_id: str) -> Order:
    placed_at = draw(instants)
    fulfilment = draw(st.sampled_from(Fulfilment))
    anywhere = places if fulfilment is Fulfilment.DELIVERY else st.none() | places
    return Order(
        id=OrderId(order_id),
        market_id=MARKET,
        merchant_id=merchant.id,
        pickup=draw(st.just(merchant.place) | places),
        dropoff=draw(anywhere),
        placed_at=placed_at,
        ready_at=placed_at + draw(seconds),
        promised_at=placed_at + draw(seconds),
        not_before_at=draw(st.none() | instants),
        channel=draw(st.sampled_from(Channel)),
        platform=draw(texts),
        external_id=draw(texts),
        fulfilment=fulfilment,
        size=draw(st.integers(1, 50)),
        vehicles=draw(st.frozensets(st.sampled_from(Vehicle))),
        zones=draw(zones),
        pickup_handling=draw(handling),
        dropoff_handling=draw(handling),
        priority=draw(st.integers(0, 9)),
        items=draw(st.lists(items, max_size=2).map(tuple)),
        total=draw(st.none() | money),
        customer=Customer(*draw(st.tuples(texts, texts, texts, texts))),
        notes=draw(texts),
        linked_to=draw(st.none() | names.map(OrderId)),
        attributes=draw(st.lists(st.tuples(names, texts), max_size=2).map(tuple)),
    )


travels: st.SearchStrategy[TravelTimes] = st.one_of(
    st.builds(StraightLine, road_factor=st.floats(0.1, 3), step_s=st.integers(1, 90)),
    st.builds(PlanarTravel, st.tuples(st.floats(-60, 60), st.floats(-170, 170)), st.floats(1, 999)),
)
rules = st.builds(
    WorldRules,
    tick_s=st.integers(1, 600),
    accept_s=seconds,
    cancel_after_s=st.none() | seconds,
    cancel_probability=st.floats(0, 1),
    give_up_after_s=st.none() | seconds,
    policy=st.sampled_from(shipped_policies()),
)


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    ids = sorted(draw(st.lists(names, unique=True, min_size=1, max_size=4)))
    merchants = [Merchant(id=MerchantId(i), market_id=MARKET, place=draw(places), name=draw(texts)) for i in ids]
    made = [draw(orders(draw(st.sampled_from(merchants)), i)) for i in ids]
    riders = [
        Rider(
            id=RiderId(i),
            market_id=MARKET,
            vehicle=draw(st.sampled_from(Vehicle)),
            capacity=draw(st.integers(1, 99)),
            zones=draw(zones),
            name=draw(texts),
        )
        for i in ids
    ]
    starts = draw(st.lists(instants, min_size=len(ids), max_size=len(ids)))
    shifts = [
        Shift(id=ShiftId(i), rider_id=RiderId(i), starts_at=at, ends_at=at + 1 + draw(seconds), start=draw(places))
        for i, at in zip(ids, starts, strict=True)
    ]
    return Instance(
        name=draw(names),
        market_id=MARKET,
        timezone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu"])),
        orders=tuple(sorted(made, key=lambda order: (order.placed_at, order.id))),
        riders=tuple(riders),
        shifts=tuple(sorted(shifts, key=lambda shift: (shift.starts_at, shift.id))),
        merchants=tuple(merchants),
        travel=draw(travels),
        rules=draw(rules),
    )


@given(instances(), st.sampled_from(("parquet", "geojson")))
@settings(max_examples=25)
def test_what_was_written_reads_equal(instance: Instance, table_format: TableFormat) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_instance(Path(folder), instance, table_format=table_format)
        assert replace(load_instance(Path(folder)), warnings=()) == instance
