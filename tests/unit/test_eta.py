"""When orders are expected: how sure that is, and when it is said anew."""

from __future__ import annotations

import random

import pytest

from dispatch.engine.eta import AHEAD_S, EtaErrors, eta
from dispatch.engine.eta_accuracy import accuracy
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.care import CareRules
from dispatch.model.commands import Arrive, ChangePolicy, StartLeg, UpdateEtas
from dispatch.model.eta import Eta
from dispatch.model.events import EtaChanged, Event, OrderDelivered, Recorded
from dispatch.model.order import OrderId
from dispatch.model.reasons import CaseKind
from dispatch.model.rider import RiderId
from dispatch.units import Instant, Seconds
from tests.support.builders import MARKET, NOON, an_order
from tests.support.towns import Town, kinds

O1 = OrderId("o1")


def recorded(seq: int, at: Instant, event: Event) -> Recorded:
    """An event of a log."""
    return Recorded(seq, MARKET, "order:o1", 1, at, at, SYSTEM_ACTOR, f"c{seq}", event)


def a_log(errors: list[Seconds], ahead_s: Seconds) -> list[Recorded]:
    """Orders of which it was said, so far ahead, when they come, and that were off by so much."""
    log: list[Recorded] = []
    for number, error_s in enumerate(errors):
        name, at = OrderId(f"o{number}"), NOON + 10 * number
        due_at = at + ahead_s
        word = EtaChanged(order_id=name, dropoff_at=due_at, early_at=due_at, late_at=due_at, late_percent=50)
        log.append(recorded(2 * number + 1, at, word))
        done = OrderDelivered(order_id=name, rider_id=RiderId("r1"))
        log.append(recorded(2 * number + 2, due_at + error_s, done))
    return log


@pytest.mark.parametrize("ahead_s", [60, *AHEAD_S, 2 * AHEAD_S[-1]])
def test_times_are_in_order_without_any_experience(ahead_s: Seconds) -> None:
    found = eta(EtaErrors(), O1, NOON, NOON + ahead_s, NOON + ahead_s)
    assert NOON <= found.early_at <= found.dropoff_at <= found.late_at
    assert 0 < found.late_percent < 100


def test_farther_ahead_is_less_sure() -> None:
    widths = []
    for ahead_s in (120, 900, 3600):
        found = eta(EtaErrors(), O1, NOON, NOON + ahead_s, NOON + ahead_s)
        widths.append(found.late_at - found.early_at)
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_a_later_promise_is_never_likelier_to_be_broken() -> None:
    percents = [
        eta(EtaErrors(), O1, NOON, NOON + 1200, NOON + 1200 + late).late_percent for late in range(-900, 900, 60)
    ]
    assert percents == sorted(percents, reverse=True)
    assert percents[0] == 100
    assert percents[-1] == 0


def test_experience_moves_and_narrows_what_is_said() -> None:
    errors = EtaErrors()
    before = eta(errors, O1, NOON, NOON + 900, NOON + 900)
    errors.take(a_log([240] * 300, 900))
    after = eta(errors, O1, NOON, NOON + 900, NOON + 900)
    assert after.dropoff_at == NOON + 900 + 240
    assert after.late_at - after.early_at < before.late_at - before.early_at
    assert after.late_percent > before.late_percent


def test_times_hold_what_they_say() -> None:
    rng = random.Random(7)
    draws = [round(rng.gauss(100, 180)) for _ in range(800)]
    errors = EtaErrors()
    errors.take(a_log(draws[:400], 900))
    inside = late = said = 0
    for error_s in draws[400:]:
        found = eta(errors, O1, NOON, NOON + 900, NOON + 1000)
        came_at = NOON + 900 + error_s
        inside += found.early_at <= came_at <= found.late_at
        late += came_at > NOON + 1000
        said += found.late_percent
    assert 0.72 < inside / 400 < 0.88
    assert abs(late / 400 - said / 40_000) < 0.08


def test_the_same_log_teaches_the_same() -> None:
    one, other = EtaErrors(), EtaErrors()
    log = a_log([30, -20, 400, 0] * 5, 700)
    one.take(log)
    for entry in log:
        other.take([entry])
    assert one.spread(700) == other.spread(700)
    assert one.seq == other.seq == len(log)


def test_accuracy_counts_by_how_far_ahead_words_were() -> None:
    rows = accuracy(a_log([60, -60, 0], 120) + a_log([600], 3600), {OrderId("o0"): NOON})
    assert [row.count for row in rows] == [3, 0, 0, 0, 1]
    assert (rows[0].error_s, rows[0].bias_s, rows[0].inside) == (120, 0, 1)
    assert (rows[0].late, rows[4].late) == (1, 1)


def a_town() -> Town:
    """One order under rules."""
    town = Town()
    town.do(ChangePolicy(name="default", version=1, care=CareRules(eta_shift_s=180)))
    town.placed(an_order("o1"))
    return town


def word(dropoff_at: Instant, late_percent: int = 0, pickup_at: Instant | None = NOON + 600) -> UpdateEtas:
    """What a plan says of the order."""
    times = {"early_at": dropoff_at - 60, "late_at": dropoff_at + 60}
    one = Eta(order_id=O1, dropoff_at=dropoff_at, late_percent=late_percent, pickup_at=pickup_at, **times)
    return UpdateEtas(etas=(one,))


def test_only_news_are_told() -> None:
    town = a_town()
    assert kinds(town.do(word(NOON + 1200))) == ["EtaChanged"]
    assert town.do(word(NOON + 1379)) == []
    assert kinds(town.do(word(NOON + 1380))) == ["EtaChanged"]
    assert kinds(town.do(word(NOON + 1380, pickup_at=None))) == ["EtaChanged"]
    assert kinds(town.do(word(NOON + 1380, 30, None))) == ["EtaChanged"]
    assert town.market.state.etas[O1].version == 4


def test_who_is_as_good_as_sure_to_be_late_becomes_a_case_once() -> None:
    town = a_town()
    late_at = town.order().order.promised_at + 900
    assert kinds(town.do(word(late_at, 79))) == ["EtaChanged"]
    assert kinds(town.do(word(late_at, 80))) == ["CaseOpened"]
    assert town.do(word(late_at, 95)) == []
    assert [case.kind for case in town.market.state.open_cases(O1)] == [CaseKind.LATENESS]


def test_nothing_is_said_of_what_is_over() -> None:
    town = a_town()
    town.do(word(NOON + 1200))
    town.on_board("r1", "o1")
    town.delivered("r1", "o1")
    assert not town.market.state.etas[O1].open
    assert town.do(word(NOON + 3000)) == []


def test_a_rider_who_loiters_is_seen_in_the_log() -> None:
    town = a_town()
    town.on_board("r1", "o1")
    assert town.order().rider_late_s == 0
    town.do(StartLeg(rider_id=RiderId("r1"), arrives_at=town.clock.now() + 300))
    town.wait(420)
    town.do(Arrive(rider_id=RiderId("r1")))
    assert town.order().rider_late_s == 120
