"""Reading from the projections: filters, pages, names."""

from __future__ import annotations

import pytest

from dispatch.errors import NotFoundError
from dispatch.model.actor import ActorKind
from dispatch.model.commands import CancelOrder, OpenCase
from dispatch.model.lifecycle import CaseStatus, DispatchStatus, OfferStatus, OrderStatus
from dispatch.model.order import Channel, MarketId, MerchantId, OrderId, Vehicle, ZoneId
from dispatch.model.override import OverrideKind, OverrideReason
from dispatch.model.reasons import CancelReason, CaseKind
from dispatch.model.rider import RiderId
from dispatch.store import queries, rows
from dispatch.store.cases import CaseFilter, cases
from dispatch.store.queries import Cut, OrderFilter
from dispatch.store.store import Store
from tests.support.builders import MARKET, NOON, an_order
from tests.support.towns import Town, an_override

R1 = RiderId("r1")


@pytest.fixture
def town(store: Store) -> Town:
    return Town("r1", "r2", log=store)


def found(store: Store, cut: Cut | None = None, **fields: object) -> list[str]:
    with store.reading() as connection:
        page = queries.orders(connection, MARKET, OrderFilter(**fields), cut or Cut())  # type: ignore[arg-type]
        return [item.value.order.id for item in page.items]


def test_orders_are_found_by_what_people_ask_for(store: Store, town: Town) -> None:
    north, south = ZoneId("north"), ZoneId("north_2")
    town.placed(
        an_order("o1", zones=frozenset({north}), placed_at=NOON - 100, external_id="A1"),
        an_order("o2", zones=frozenset({south, ZoneId("x")}), placed_at=NOON - 50, channel=Channel.CHAT),
        an_order("o3", merchant_id=MerchantId("m1"), placed_at=NOON),
    )
    town.given("r1", "o1")
    town.do(CancelOrder(order_id=OrderId("o3"), by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    assert found(store) == ["o3", "o2", "o1"]
    assert found(store, Cut(newest_first=False)) == ["o1", "o2", "o3"]
    assert found(store, statuses=[OrderStatus.CANCELLED, OrderStatus.READY]) == ["o3"]
    assert found(store, dispatches=[DispatchStatus.ASSIGNED]) == ["o1"]
    assert found(store, rider_id=R1) == ["o1"]
    assert found(store, zone_id=north) == ["o1"]
    assert found(store, zone_id=south) == ["o2"]
    assert found(store, zone_id=ZoneId("north%")) == []
    assert found(store, channel=Channel.CHAT) == ["o2"]
    assert found(store, external_id="A1") == ["o1"]
    assert found(store, external_id="A1' OR 1=1 --") == []
    assert found(store, merchant_id=MerchantId("m9")) == []
    assert found(store, placed_from=NOON - 50, placed_before=NOON) == ["o2"]


def test_pages_show_every_order_once_though_more_come_in(store: Store, town: Town) -> None:
    town.placed(*(f"o{n}" for n in range(10)))
    shown: list[str] = []
    after: int | None = None
    for turn in range(4):
        with store.reading() as connection:
            page = queries.orders(connection, MARKET, OrderFilter(), Cut(after, limit=3))
        shown += [item.value.order.id for item in page.items]
        after = page.after
        town.placed(f"late{turn}")
    assert shown == [f"o{n}" for n in reversed(range(10))]
    assert after is None


def test_an_order_is_found_by_its_id_and_by_its_channels_name(store: Store, town: Town) -> None:
    town.placed(an_order("o1", platform="grab", external_id="A-7"))
    with store.reading() as connection:
        order = queries.find(connection, rows.ORDERS, MARKET, "o1")
        assert order.value == town.order("o1")
        assert order.created_seq == order.changed_seq == town.market.state.seq
        by_name = queries.order_by_external_id(connection, MARKET, Channel.PLATFORM, "grab", "A-7")
        assert by_name == order
        assert queries.order_by_external_id(connection, MARKET, Channel.CHAT, "grab", "A-7") is None
        assert queries.order_by_external_id(connection, MarketId("cali"), Channel.PLATFORM, "grab", "A-7") is None
        with pytest.raises(NotFoundError, match="no order 'o9'"):
            queries.find(connection, rows.ORDERS, MARKET, "o9")
        with pytest.raises(NotFoundError, match="no merchant bar"):
            queries.find(connection, rows.BARS, MARKET, "m9")


def test_the_rest_is_found_too(store: Store, town: Town) -> None:
    town.placed("o1", "o2")
    offer_id = town.offered("r1", "o1")
    town.do(an_override(OverrideKind.HOLD, order_id="o2"))
    town.do(OpenCase(kind=CaseKind.QUALITY, order_id=OrderId("o2"), text="cold"))
    cut = Cut()
    with store.reading() as c:
        assert [r.value.rider.id for r in queries.riders(c, MARKET, cut, on_shift=True).items] == ["r2", "r1"]
        assert queries.riders(c, MARKET, cut, on_shift=False).items == ()
        assert queries.riders(c, MARKET, cut, vehicle=Vehicle.CAR).items == ()
        assert len(queries.shifts(c, MARKET, cut, rider_id=R1, ends_from=NOON, starts_before=NOON + 1).items) == 1
        assert queries.shifts(c, MARKET, cut, ends_from=NOON + 10**6).items == ()
        open_offers = queries.offers(c, MARKET, cut, rider_id=R1, statuses=[OfferStatus.OPEN])
        assert [o.value.offer_id for o in open_offers.items] == [offer_id]
        assert queries.offers(c, MARKET, cut, statuses=[OfferStatus.EXPIRED]).items == ()
        held = queries.overrides(c, MARKET, cut, order_id=OrderId("o2"), kinds=[OverrideKind.HOLD])
        assert [o.value.order_id for o in held.items] == ["o2"]
        assert queries.overrides(c, MARKET, cut, reasons=[OverrideReason.WEATHER], by="nobody").items == ()
        found_cases = cases(c, MARKET, CaseFilter(statuses=[CaseStatus.OPEN], kinds=[CaseKind.QUALITY]), cut)
        assert [case.value.order_id for case in found_cases.items] == ["o2"]
        assert cases(c, MARKET, CaseFilter(order_id=OrderId("o1")), cut).items == ()
        assert [m.value.id for m in queries.merchants(c, MARKET, cut).items] == ["m1"]


def test_who_had_an_order_is_kept(store: Store, town: Town) -> None:
    town.placed("o1", "o2")
    town.given("r1", "o1")
    town.do(an_override(OverrideKind.REASSIGN, order_id="o1", rider_id="r2"))
    town.on_board("r1", "o2")
    with store.reading() as connection:
        hands = queries.assignments(connection, MARKET, Cut(newest_first=False), order_id=OrderId("o1"))
        assert [(h.rider_id, h.how, h.end) for h in hands] == [
            ("r1", "OrderAssigned", "OrderReassigned"),
            ("r2", "OrderReassigned", ""),
        ]
        assert hands[0].ended_at == hands[1].assigned_at
        (last,) = queries.assignments(connection, MARKET, Cut(limit=1), rider_id=R1)
        assert last.order_id == "o2"
        (before,) = queries.assignments(connection, MARKET, Cut(after=last.seq), rider_id=R1)
        assert before.order_id == "o1"
