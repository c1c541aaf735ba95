"""How long kitchens take, learned from the log: shrinkage, quantiles, calibration, and what is done with it."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import Unpack

import pytest

from dispatch.model.commands import AcceptOrder, ChangeReadyTime, MarkReady, PlaceOrder
from dispatch.model.events import Recorded
from dispatch.model.fold import apply
from dispatch.model.order import Item, MerchantId, Order, OrderId
from dispatch.model.prep import (
    KEPT,
    LONGEST_S,
    NOTHING,
    PRIOR,
    PrepTimes,
    SizeClass,
    estimate,
    hour_of,
    names_of,
    of_all,
    size_class,
    value_of,
)
from dispatch.model.state import MarketState
from dispatch.units import DAY_S, HOUR_S, Seconds
from tests.support.builders import MARKET, NOON, OrderFields, an_order
from tests.support.towns import Town

M1, M2, NEW = MerchantId("m1"), MerchantId("m2"), MerchantId("new")
SMALL, LARGE = SizeClass.SMALL, SizeClass.LARGE


class Kitchens:
    """What several merchants' orders have taught."""

    def __init__(self) -> None:
        self.preps: dict[str, PrepTimes] = {}

    def took(self, merchant_id: MerchantId, *seconds: Seconds, hour: int = 12, size: SizeClass = SMALL) -> None:
        for one in seconds:
            for name in names_of(merchant_id, hour, size):
                self.preps[name] = self.preps.get(name, NOTHING).plus(value_of(one))

    def p50(self, merchant_id: MerchantId, hour: int = 12, size: SizeClass = SMALL) -> Seconds:
        found = estimate(self.preps, merchant_id, hour, size)
        assert found is not None
        return found.p50_s


def items(*counts: int) -> tuple[Item, ...]:
    return tuple(Item(name=f"dish {number}", quantity=count) for number, count in enumerate(counts))


def cooked(town: Town, order: Order, seconds: Seconds) -> None:
    """An order is placed, accepted without a time, and ready after so long."""
    town.placed(order)
    town.do(AcceptOrder(order_id=order.id))
    town.wait(seconds)
    town.do(MarkReady(order_id=order.id))


def asked_at(town: Town, name: str, **more: Unpack[OrderFields]) -> Order:
    """An order that is placed now, and wanted in 15 minutes."""
    now = town.clock.now()
    usual = an_order(name, placed_at=now, ready_at=now + 900, promised_at=now + 2700)
    return replace(usual, **more)


@pytest.mark.parametrize(
    ("named", "size", "expected"),
    [
        ((), 1, "small"),
        ((), 2, "medium"),
        ((), 4, "large"),
        ((1, 1), 4, "small"),
        ((2, 1), 1, "medium"),
        ((6,), 1, "large"),
    ],
)
def test_the_size_is_that_of_what_is_cooked(named: tuple[int, ...], size: int, expected: str) -> None:
    assert size_class(an_order(items=items(*named), size=size)) == expected


def test_nothing_is_said_before_the_market_has_had_a_few_orders() -> None:
    known = Kitchens()
    known.took(M1, *[600] * (PRIOR - 1))
    assert estimate(known.preps, M1, 12, SMALL) is None
    known.took(M1, 600)
    assert known.p50(M1) == pytest.approx(600, abs=1)
    assert known.p50(NEW) == pytest.approx(600, abs=1)


def test_a_merchant_of_few_orders_is_drawn_to_the_market_and_one_of_many_is_not() -> None:
    known = Kitchens()
    known.took(M1, *[600] * 300)
    known.took(M2, 1800)
    once = known.p50(M2)
    assert 600 < once < 900
    known.took(M2, *[1800] * 10)
    often = known.p50(M2)
    assert once < often < 1800
    known.took(M2, *[1800] * 200)
    assert 1700 < known.p50(M2) <= 1800
    assert 560 < known.p50(M1) < 640


def test_what_is_usual_for_an_hour_and_a_size_counts_for_merchants_who_are_new_to_it() -> None:
    known = Kitchens()
    known.took(M1, *[600] * 100)
    known.took(M1, *[1200] * 100, size=LARGE)
    known.took(M1, *[900] * 100, hour=20)
    assert known.p50(NEW, size=LARGE) > 1.4 * known.p50(NEW)
    assert known.p50(NEW, hour=20) > 1.1 * known.p50(NEW)
    assert known.p50(M1, hour=3) == pytest.approx(known.p50(M1, hour=4))


def test_quantiles_hold_for_orders_to_come() -> None:
    rng, known = Random(7), Kitchens()
    usual = {MerchantId(f"m{number}"): rng.uniform(400, 1500) for number in range(20)}
    inside = {"p50": 0, "p90": 0}
    told = 0
    for number in range(6_000):
        merchant_id = rng.choice([*usual])
        took_s = round(usual[merchant_id] * math.exp(rng.gauss(0, 0.3)))
        found = estimate(known.preps, merchant_id, 12, SMALL)
        if found is not None and number > 2_000:
            told += 1
            inside["p50"] += took_s <= found.p50_s
            inside["p90"] += took_s <= found.p90_s
        known.took(merchant_id, took_s)
    assert inside["p50"] / told == pytest.approx(0.5, abs=0.03)
    assert inside["p90"] / told == pytest.approx(0.9, abs=0.03)


def test_what_is_long_ago_fades() -> None:
    known = Kitchens()
    known.took(M1, *[600] * 1_000)
    known.took(M1, *[1200] * (2 * KEPT))
    assert 1050 < known.p50(M1) < 1200
    assert known.preps[of_all(M1)].orders == KEPT


def test_who_accepts_without_a_time_promises_what_is_usual() -> None:
    town = Town()
    for number in range(PRIOR):
        cooked(town, asked_at(town, f"o{number}"), 600)
        assert town.order(f"o{number}").promised_ready_at == town.clock.now() + 300  # as it was wanted
    town.placed(asked_at(town, "next"))
    town.do(AcceptOrder(order_id=OrderId("next")))
    assert town.order("next").ready_at == pytest.approx(town.clock.now() + 600, abs=1)
    town.placed(asked_at(town, "said"))
    town.do(AcceptOrder(order_id=OrderId("said"), ready_at=town.clock.now() + 77))
    assert town.order("said").ready_at == town.clock.now() + 77


def test_orders_for_later_are_ready_when_they_are_wanted_and_teach_nothing() -> None:
    town = Town()
    for number in range(PRIOR):
        cooked(town, asked_at(town, f"o{number}"), 600)
    before = dict(town.market.state.preps)
    now = town.clock.now()
    cooked(town, asked_at(town, "later", ready_at=now + 2 * HOUR_S, promised_at=now + 3 * HOUR_S), 7000)
    assert town.order("later").promised_ready_at == now + 2 * HOUR_S
    cooked(town, asked_at(town, "window", not_before_at=town.clock.now() + 900), 600)
    cooked(town, asked_at(town, "forgotten"), LONGEST_S + 1)
    town.placed(asked_at(town, "unanswered"))
    town.do(MarkReady(order_id=OrderId("unanswered")))
    assert dict(town.market.state.preps) == before


def test_estimates_are_judged_by_the_orders_that_come_after_them() -> None:
    town = Town()
    for number in range(PRIOR):
        cooked(town, asked_at(town, f"o{number}"), 600 + number)
    assert town.market.state.preps[of_all(M1)].told == 0
    for name, seconds in (("quick", 300), ("slow", 2_400)):
        cooked(town, asked_at(town, name), seconds)
    for name in (of_all(M1), of_all(None)):
        found = town.market.state.preps[name]
        assert (found.told, found.in_p50, found.in_p90) == (2, 1, 1)


def test_what_is_learned_follows_from_the_log_alone() -> None:
    town, rng = Town(), Random(3)
    for number in range(20):
        cooked(town, asked_at(town, f"o{number}", items=items(rng.randint(1, 8))), rng.randint(300, 1_500))
    town.do(ChangeReadyTime(order_id=OrderId("o19"), ready_at=town.clock.now() + 60))
    again = MarketState(MARKET)
    log: list[Recorded] = [*town.log.read(MARKET)]
    for recorded in log:
        apply(again, recorded)
    assert again.preps == town.market.state.preps
    assert again.orders == town.market.state.orders


def test_the_hour_is_that_of_the_day() -> None:
    assert [hour_of(NOON // DAY_S * DAY_S + at) for at in (0, HOUR_S - 1, 23 * HOUR_S)] == [0, 0, 23]


def test_an_order_that_is_placed_again_teaches_once() -> None:
    town = Town()
    order = asked_at(town, "o1")
    cooked(town, order, 600)
    town.do(PlaceOrder(order=order))
    assert town.market.state.preps[of_all(None)].orders == 1
