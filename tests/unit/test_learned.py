"""What a market learns from its log: riders' answers, ready times, and who has had how much work."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.dispatcher import Dispatcher
from dispatch.engine.learned import Acceptance, LearnedParams, Learner, ReadyTimes, Workload
from dispatch.engine.policy import LoopParams, Policy, parse_policy
from dispatch.engine.snapshot import snapshot
from dispatch.errors import InvalidInputError
from dispatch.geo.travel import StraightLine
from dispatch.model.commands import AcceptOffer, ChangeReadyTime, DeclineOffer, EndShift, MarkReady
from dispatch.model.events import OfferMade
from dispatch.model.order import MerchantId
from dispatch.model.override import OverrideKind
from dispatch.model.rider import RiderId
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.units import HOUR_S, MINUTE_S
from simulations.policies.nearest import nearest
from tests.support.builders import MARKET, NOON, an_order
from tests.support.towns import Town, an_override

R1, R2, R3 = RiderId("r1"), RiderId("r2"), RiderId("r3")
M1, M2 = MerchantId("m1"), MerchantId("m2")


def learned(town: Town, params: LearnedParams) -> Learner:
    learner = Learner(params)
    learner.take(town.log.read(MARKET))
    return learner


def problem_of(town: Town) -> Problem:
    return snapshot(town.market.state, town.clock.now(), StraightLine(), Rules(), LoopParams(), {})


def test_a_rider_of_whom_nothing_is_known_is_like_the_market() -> None:
    acceptance = Acceptance(prior=10)
    assert acceptance.of(R1) == pytest.approx(0.95)
    for number in range(1000):
        acceptance.see(R2, accepted=number % 2 == 0)
    assert acceptance.of(R1) == pytest.approx(0.5, abs=0.01)
    assert acceptance.of(R2) == pytest.approx(0.5, abs=0.01)


def test_answers_draw_a_rider_away_from_the_market_bit_by_bit() -> None:
    acceptance = Acceptance(prior=10)
    for _ in range(500):
        acceptance.see(R2, accepted=True)
    found = [acceptance.of(R1)]
    for _ in range(30):
        acceptance.see(R1, accepted=False)
        found.append(acceptance.of(R1))
    assert found == sorted(found, reverse=True)
    assert 0.9 < found[0] <= 1
    assert 0.2 < found[30] < 0.35


@given(st.lists(st.tuples(st.sampled_from([R1, R2, R3]), st.booleans()), max_size=60), st.integers(1, 40))
def test_acceptance_is_always_a_probability_one_can_divide_by(answers: list[tuple[RiderId, bool]], prior: int) -> None:
    acceptance = Acceptance(prior)
    for rider_id, accepted in answers:
        acceptance.see(rider_id, accepted)
    assert all(0 < acceptance.of(rider_id) <= 1 for rider_id in (R1, R2, R3))


def test_a_kitchen_that_is_always_late_is_expected_late_and_a_new_one_like_the_market() -> None:
    ready = ReadyTimes(prior=8)
    assert ready.expected_at(M1, NOON, NOON + 600) == NOON + 600
    for _ in range(200):
        ready.see(M1, 600, 900)
    assert ready.expected_at(M1, NOON, NOON + 600) == pytest.approx(NOON + 900, abs=10)
    assert ready.expected_at(M2, NOON, NOON + 600) == pytest.approx(NOON + 900, abs=15)
    ready.see(M2, 600, 300)
    assert NOON + 600 < ready.expected_at(M2, NOON, NOON + 600) < NOON + 900


def test_caution_expects_later_and_more_so_where_kitchens_differ() -> None:
    steady, moody = ReadyTimes(prior=8), ReadyTimes(prior=8)
    for number in range(400):
        steady.see(M1, 600, 600)
        moody.see(M1, 600, 400 if number % 2 else 900)
    cautious = [ready.expected_at(M1, NOON, NOON + 600, 0.8) for ready in (steady, moody)]
    assert NOON + 600 < cautious[0] < cautious[1]
    assert moody.spread == pytest.approx(math.log(900 / 400) / 2, abs=0.02)
    assert steady.spread < 0.06


@given(st.lists(st.tuples(st.integers(-60, 4000), st.integers(-60, 40000)), max_size=40), st.floats(0.05, 0.95))
def test_expected_times_never_lie_before_the_order(seen: list[tuple[int, int]], quantile: float) -> None:
    ready = ReadyTimes(prior=3)
    for promised_s, taken_s in seen:
        ready.see(M1, promised_s, taken_s)
    assert ready.expected_at(M1, NOON, NOON + 600, quantile) > NOON
    assert ready.expected_at(M1, NOON, NOON - 5, quantile) == NOON - 5


def test_who_has_had_more_than_the_cap_allows() -> None:
    workload = Workload()
    for rider_id, orders in ((R1, 12), (R2, 4), (R3, 2)):
        workload.start(rider_id, NOON)
        workload.give(rider_id, orders)
    now = NOON + 2 * HOUR_S
    # 18 orders in 6 hours: three an hour, six for each.
    assert workload.above(0.5, now) == [R1]
    assert workload.above(1.0, now) == []
    workload.end(R1, now)
    assert workload.above(0.0, now) == []
    assert workload.seconds(R1, now + HOUR_S) == 2 * HOUR_S


def test_one_order_more_is_nobodys_privilege() -> None:
    workload = Workload()
    for rider_id in (R1, R2):
        workload.start(rider_id, NOON)
    workload.give(R1, 1)
    assert workload.above(0.1, NOON + 60) == []


def test_answers_in_the_log_tell_how_early_to_ask() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2", "o3")
    town.do(DeclineOffer(rider_id=R1, offer_id=town.offered("r1", "o1")))
    town.do(AcceptOffer(rider_id=R2, offer_id=town.offered("r2", "o2")))
    learner = learned(town, LearnedParams(acceptance=True, retry_s=600))
    assert learner.ask_early_s(R1) > learner.ask_early_s(R3) > learner.ask_early_s(R2) > 0
    assert learned(town, LearnedParams()).ask_early_s(R1) == 0
    assert learner.seq == town.log.last_seq(MARKET)
    with pytest.raises(ValueError, match="taken in already"):
        learner.take(town.log.read(MARKET))


def test_a_rider_who_often_declines_is_asked_earlier() -> None:
    def asked_after(declines: int) -> int:
        town = Town("r1")
        for number in range(declines):
            order = an_order(f"x{number}")
            town.placed(order)
            town.do(DeclineOffer(rider_id=R1, offer_id=town.offered("r1", order.id)))
            town.do(an_override(OverrideKind.HOLD, order_id=order.id))
        town.placed(an_order("o1", ready_at=NOON + 40 * MINUTE_S))
        policy = Policy(name="test", version=1, learned=LearnedParams(acceptance=True, acceptance_prior=1, retry_s=60))
        ticking = Dispatcher(town.market, StraightLine(), policy, nearest, checked=True)
        for minute in range(40):
            if any(isinstance(entry.event, OfferMade) for entry in ticking.tick()):
                return minute
            town.wait(60)
        raise AssertionError("nobody was asked")

    assert asked_after(4) < asked_after(0)


def test_a_merchant_who_is_late_is_planned_with_as_such_until_there_is_a_newer_word() -> None:
    town = Town()
    for number in range(30):
        town.placed(an_order(f"x{number}", placed_at=town.clock.now(), ready_at=town.clock.now() + 600))
        town.wait(1200)
        town.do(MarkReady(order_id=an_order(f"x{number}").id))
    now = town.clock.now()
    town.placed(an_order("new", placed_at=now, ready_at=now + 600))
    learner = learned(town, LearnedParams(ready=True))
    problem = problem_of(town)
    expected = learner.expected(problem, town.market.state)
    at = problem.order_ids.index("new")
    assert now + 1000 < expected.orders.ready_at[at] <= now + 1200
    others = np.arange(problem.order_count) != at
    assert (expected.orders.ready_at[others] == problem.orders.ready_at[others]).all()
    town.do(ChangeReadyTime(order_id=an_order("new").id, ready_at=now + 300, reason="quick today"))
    assert learner.expected(problem_of(town), town.market.state).orders.ready_at[at] == now + 300


def test_riders_above_the_cap_take_nothing_new_while_there_are_enough_others() -> None:
    town = Town("r1", "r2", "r3")
    town.placed(*(f"o{number}" for number in range(5)))
    town.given("r1", "o0", "o1", "o2", "o3")
    town.wait(HOUR_S)
    learner = learned(town, LearnedParams(unfairness_cap=0.2, spare=2.0))
    problem = problem_of(town)
    assert learner.expected(problem, town.market.state).riders.accepts.tolist() == [0, 1, 1]
    short = learned(town, LearnedParams(unfairness_cap=0.2, spare=3.0))
    assert short.expected(problem, town.market.state).riders.accepts.tolist() == [1, 1, 1]


def test_orders_that_leave_a_rider_do_not_count_as_work() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.given("r1", "o1", "o2")
    town.do(AcceptOffer(rider_id=R2, offer_id=town.offered("r2", "o1")))
    town.do(an_override(OverrideKind.REASSIGN, order_id="o2", rider_id="r2"))
    assert learned(town, LearnedParams()).workload.orders == {R1: 0, R2: 2}
    town.do(EndShift(rider_id=R1))
    assert R1 not in learned(town, LearnedParams()).workload.since


def test_the_same_log_teaches_the_same_however_it_is_read() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.do(AcceptOffer(rider_id=R2, offer_id=town.offered("r2", "o2")))
    events = list(town.log.read(MARKET))
    whole, parts = learned(town, LearnedParams()), Learner(LearnedParams())
    for recorded in events:
        parts.take([recorded])
    assert (whole.acceptance, whole.ready, whole.workload) == (parts.acceptance, parts.ready, parts.workload)


@pytest.mark.parametrize(
    "line",
    ["ready_prior = 0", "ready_quantile = 1.0", "retry_s = -1", "unfairness_cap = -0.1", "spare = -1.0"],
)
def test_knobs_out_of_range_are_refused(line: str) -> None:
    with pytest.raises(InvalidInputError, match="must"):
        parse_policy(f'name = "x"\nversion = 1\n[learned]\n{line}\n', "test")


def test_nothing_learned_is_used_unless_the_policy_says_so() -> None:
    assert not LearnedParams().anything
    town = Town()
    town.placed("o1")
    problem = problem_of(town)
    assert learned(town, LearnedParams()).expected(problem, town.market.state) is problem
