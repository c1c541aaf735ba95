"""Exceptions go the way of their catalogue, and do what they say."""

from __future__ import annotations

import pytest

from dispatch.model.actor import ActorKind
from dispatch.model.care import CareRules, LastWord
from dispatch.model.case_flows import FLOWS, moves_of
from dispatch.model.commands import (
    AcceptOrder,
    AppealPenalty,
    AskCancellation,
    ChangePolicy,
    Command,
    Complain,
    ConfirmDropoff,
    CorrectTask,
    DecideAppeal,
    DeclareClosure,
    EscalateCase,
    HandOver,
    MarkReady,
    OpenCase,
    PressMerchant,
    ReportLateness,
    ReportProblem,
    StartLeg,
    TakeCase,
    TakeCaseStep,
)
from dispatch.model.lifecycle import CaseStatus, DispatchStatus, IllegalMove, OrderStatus, PenaltyStatus, TaskStatus
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import Account, PaymentStatus
from dispatch.model.place import Place
from dispatch.model.reasons import (
    CaseKind,
    CaseResult,
    CaseStage,
    CaseStep,
    ClosureKind,
    Party,
    ProblemKind,
    RescuePlan,
)
from dispatch.model.rider import RiderId, TaskKind
from dispatch.model.state import CaseState
from dispatch.units import Money
from tests.support.builders import NOON, an_order
from tests.support.towns import Town, kinds

O1, R1 = OrderId("o1"), RiderId("r1")
PRICE = Money(20_000, "COP")
RULES = CareRules(deduction_minor=3_000)


def a_town(*rider_ids: str, rules: CareRules = RULES) -> Town:
    """One order that is paid, under rules."""
    town = Town(*rider_ids)
    town.do(ChangePolicy(name="default", version=1, care=rules))
    town.placed(an_order("o1", total=PRICE))
    return town


def accepted() -> Town:
    """The merchant has accepted it."""
    town = a_town("r1", "r2")
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 900))
    return town


def on_board() -> Town:
    """Rider r1 has it on board."""
    town = accepted()
    town.given("r1", "o1")
    town.carried("r1", "o1")
    return town


def only_case(town: Town) -> CaseState:
    """The last case."""
    return list(town.market.state.cases.values())[-1]


def step(town: Town, taken: CaseStep, by: ActorKind = ActorKind.SUPPORT, **more: object) -> Command:
    """A step of the last case."""
    return TakeCaseStep(case_id=only_case(town).case_id, step=taken, by=by, **more)  # type: ignore[arg-type]


def refunded(town: Town) -> int:
    """What goes back to the customer, of an account that adds up."""
    account = town.market.state.account(O1)
    assert sum(entry.minor for entry in account.entries) == 0
    return account.refunded_minor


def test_every_kind_of_case_has_a_flow_that_ends() -> None:
    assert set(FLOWS) == set(CaseKind)
    for kind, flow in FLOWS.items():
        seen, ahead = set(), [flow.first]
        while ahead:
            stage = ahead.pop()
            if stage not in seen:
                seen.add(stage)
                ahead += [move.to for move in moves_of(kind, stage)]
        assert CaseStage.CLOSED in seen, kind
        assert set(flow.moves) <= seen | {CaseStage.CARRIED}, kind


def test_a_cancellation_before_the_merchant_accepts_is_at_once() -> None:
    town = a_town()
    assert kinds(town.do(AskCancellation(order_id=O1))) == ["OrderCancelled", "RefundGranted"]
    assert refunded(town) == PRICE.minor


def test_nothing_is_cooked_yet_and_all_goes_back() -> None:
    town = accepted()
    town.do(AskCancellation(order_id=O1))
    town.do(step(town, CaseStep.MERCHANT_AGREED, ActorKind.MERCHANT))
    assert town.order().status is OrderStatus.CANCELLED
    assert refunded(town) == PRICE.minor
    assert only_case(town).result is CaseResult.COMPENSATED


def test_who_cancels_what_is_cooked_bears_a_part() -> None:
    town = accepted()
    town.do(AskCancellation(order_id=O1))
    town.do(step(town, CaseStep.MERCHANT_DENIED, ActorKind.MERCHANT))
    town.do(step(town, CaseStep.CANCELLED))
    assert refunded(town) == PRICE.minor // 2


def test_who_cancels_what_is_on_its_way_bears_more_and_the_food_goes_back() -> None:
    town = on_board()
    town.do(AskCancellation(order_id=O1))
    assert only_case(town).stage is CaseStage.CARRIED
    town.do(step(town, CaseStep.CANCELLED))
    assert refunded(town) == PRICE.minor // 5
    assert town.order().dispatch is DispatchStatus.RETURNING
    assert town.tasks() == "~o1"


def test_an_amount_can_be_negotiated_and_beyond_a_limit_needs_a_reason() -> None:
    town = accepted()
    town.do(AskCancellation(order_id=O1))
    town.do(step(town, CaseStep.MERCHANT_DENIED))
    assert town.refused(step(town, CaseStep.CANCELLED, money=Money(20_000, "COP"))).code == "invalid_input"
    assert town.refused(step(town, CaseStep.CANCELLED, money=Money(20_001, "COP"), text="why")).code == "invalid_input"
    assert town.refused(step(town, CaseStep.CANCELLED, money=Money(9_000, "VND"))).code == "invalid_input"
    assert town.refused(step(town, CaseStep.MERCHANT_CONTACTED, money=Money(1, "COP"))).code == "no_money"
    town.do(step(town, CaseStep.CANCELLED, money=Money(14_000, "COP")))
    assert refunded(town) == 14_000


def test_a_customer_may_keep_the_order() -> None:
    town = accepted()
    town.do(AskCancellation(order_id=O1))
    town.do(step(town, CaseStep.PERSUADED, ActorKind.CUSTOMER))
    assert (only_case(town).result, refunded(town)) == (CaseResult.WITHDRAWN, 0)
    assert town.order().status is OrderStatus.ACCEPTED


def test_an_order_that_arrives_ends_the_question_of_its_cancellation() -> None:
    town = on_board()
    town.do(AskCancellation(order_id=O1))
    town.delivered("r1", "o1")
    cancelling = next(c for c in town.market.state.cases.values() if c.kind is CaseKind.CANCELLATION)
    assert cancelling.result is CaseResult.NOTHING_TO_DO
    assert town.market.state.open_cases(O1) == ()


def test_steps_are_for_those_whom_they_concern() -> None:
    town = accepted()
    town.do(AskCancellation(order_id=O1))
    assert town.refused(step(town, CaseStep.CANCELLED, ActorKind.CUSTOMER)).code == "not_yours"
    assert isinstance(town.refused(step(town, CaseStep.REFUNDED)), IllegalMove)


@pytest.mark.parametrize(
    ("remedy", "came"),
    [
        (CaseStep.REFUNDED, "RefundGranted"),
        (CaseStep.COUPON_GIVEN, "CouponGranted"),
        (CaseStep.REDELIVERY_ORDERED, "OrderPlaced"),
    ],
)
def test_a_complaint_that_is_right_is_made_good_by_the_merchant(remedy: CaseStep, came: str) -> None:
    town = on_board()
    town.delivered("r1", "o1")
    town.do(Complain(order_id=O1, text="cold"))
    town.do(step(town, CaseStep.MERCHANT_AGREED, ActorKind.MERCHANT))
    assert came in kinds(town.do(step(town, remedy)))
    case = only_case(town)
    assert (case.status, case.result) == (CaseStatus.CLOSED, CaseResult.COMPENSATED)
    borne = town.market.state.account(O1).balance(Account.MERCHANT)
    assert borne == {"RefundGranted": PRICE.minor, "CouponGranted": PRICE.minor // 5}.get(came, 0)


def test_a_redelivery_is_another_order_and_costs_nothing() -> None:
    town = on_board()
    town.delivered("r1", "o1")
    town.do(Complain(order_id=O1, text="wrong dish"))
    town.do(step(town, CaseStep.MERCHANT_AGREED))
    town.do(step(town, CaseStep.REDELIVERY_ORDERED))
    (again,) = [order for order in town.market.state.orders.values() if order.order.linked_to == O1]
    assert again.order.id not in town.market.state.accounts
    assert again.priority == 1


def test_a_complaint_that_is_wrong_is_refused_with_a_reason() -> None:
    town = on_board()
    assert isinstance(town.refused(Complain(order_id=O1, text="cold")), IllegalMove)
    town.delivered("r1", "o1")
    town.do(Complain(order_id=O1, text="cold"))
    assert town.refused(step(town, CaseStep.MERCHANT_DENIED)).code == "invalid_input"
    town.do(step(town, CaseStep.MERCHANT_DENIED, text="it left hot"))
    assert town.refused(step(town, CaseStep.REFUSED)).code == "invalid_input"
    town.do(step(town, CaseStep.REFUSED, text="the rider took six minutes"))
    assert only_case(town).result is CaseResult.REFUSED


def test_a_silent_merchant_is_reminded_then_taken_over_then_done_without() -> None:
    town = a_town()
    assert kinds(town.do(PressMerchant(order_id=O1))) == ["MerchantReminded"]
    assert kinds(town.do(PressMerchant(order_id=O1))) == ["MerchantReminded", "CaseOpened"]
    assert only_case(town).kind is CaseKind.MERCHANT_SILENT
    assert kinds(town.do(PressMerchant(order_id=O1))) == ["OrderCancelled", "RefundGranted", "CaseClosed"]
    assert refunded(town) == PRICE.minor
    assert town.do(PressMerchant(order_id=O1)) == []


def test_the_last_word_may_be_to_accept() -> None:
    town = a_town(rules=CareRules(reminders=0, last_word=LastWord.ACCEPT))
    assert kinds(town.do(PressMerchant(order_id=O1))) == ["CaseOpened"]
    assert kinds(town.do(PressMerchant(order_id=O1))) == ["OrderAccepted", "CaseClosed"]
    assert only_case(town).result is CaseResult.RESOLVED


def test_an_answer_in_the_same_second_counts() -> None:
    town = a_town()
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 900))
    assert town.do(PressMerchant(order_id=O1)) == []
    assert kinds(town.do(AskCancellation(order_id=O1))) == ["CaseOpened"]


def test_a_case_that_nobody_works_on_goes_up() -> None:
    town = accepted()
    town.do(AskCancellation(order_id=O1))
    case = only_case(town)
    town.do(TakeCase(case_id=case.case_id, person="ana"))
    assert town.do(EscalateCase(case_id=case.case_id)) == []
    town.wait(FLOWS[CaseKind.CANCELLATION].due_s)
    assert kinds(town.do(EscalateCase(case_id=case.case_id))) == ["CaseEscalated"]
    after = only_case(town)
    assert (after.owner, after.person, after.level) == (ActorKind.OPERATIONS, "", 1)


def test_a_rider_in_trouble_hands_over() -> None:
    town = on_board()
    town.do(ReportProblem(rider_id=R1, kind=ProblemKind.BREAKDOWN, order_id=O1, text="tyre"))
    meet = Place(4.61, -74.08)
    assert town.refused(step(town, CaseStep.PLAN_PROPOSED, plan=RescuePlan.REASSIGN)).code == "invalid_input"
    assert town.refused(step(town, CaseStep.PLAN_PROPOSED, plan=RescuePlan.HAND_OVER)).code == "invalid_input"
    plan = step(town, CaseStep.PLAN_PROPOSED, plan=RescuePlan.HAND_OVER, rider_id=RiderId("r2"), place=meet)
    town.do(plan)
    town.do(step(town, CaseStep.PLAN_AGREED, ActorKind.CUSTOMER))
    case = only_case(town)
    assert (case.plan, case.plan_rider_id, case.plan_place) == (RescuePlan.HAND_OVER, "r2", meet)
    town.handed_over("o1", "r2")
    assert (town.tasks("r1"), town.tasks("r2")) == ("", "-o1")
    assert town.order().rider_id == "r2"
    town.delivered("r2", "o1")
    assert town.market.state.open_cases(O1) == ()


def test_an_address_is_corrected_on_the_way() -> None:
    town = on_board()
    town.do(ReportProblem(rider_id=R1, kind=ProblemKind.WRONG_ADDRESS, order_id=O1))
    there = Place(4.62, -74.07)
    assert town.refused(step(town, CaseStep.ADDRESS_CORRECTED)).code == "invalid_input"
    town.do(step(town, CaseStep.ADDRESS_CORRECTED, ActorKind.CUSTOMER, place=there, text="Calle 9"))
    assert (town.order().order.dropoff, town.order().order.customer.address) == (there, "Calle 9")


def test_nobody_at_the_door_and_the_food_goes_back() -> None:
    town = on_board()
    town.do(ReportProblem(rider_id=R1, kind=ProblemKind.CUSTOMER_NOT_FOUND, order_id=O1))
    town.do(step(town, CaseStep.GIVEN_UP))
    assert town.tasks() == "~o1"
    assert [case.kind for case in town.market.state.open_cases(O1)] == [CaseKind.FAILED_DELIVERY]


def late(town: Town) -> CaseState:
    """The order is delivered an hour after its promise."""
    town.wait(3600)
    town.delivered("r1", "o1")
    return only_case(town)


def test_a_late_kitchen_is_the_merchants_fault() -> None:
    town = accepted()
    town.given("r1", "o1")
    town.wait(4500)
    town.do(MarkReady(order_id=O1))
    town.carried("r1", "o1")
    case = late(town)
    assert (case.kind, case.party, case.result) == (CaseKind.LATENESS, Party.MERCHANT, CaseResult.RESOLVED)
    assert not town.market.state.penalties


def test_a_storm_is_nobodys_fault() -> None:
    town = accepted()
    town.do(DeclareClosure(kind=ClosureKind.WEATHER, starts_at=NOON, ends_at=NOON + 7200))
    town.given("r1", "o1")
    town.wait(4500)
    town.do(MarkReady(order_id=O1))
    town.carried("r1", "o1")
    assert late(town).party is Party.FORCE_MAJEURE


def test_a_rider_who_is_late_is_warned_then_charged_and_may_appeal() -> None:
    town = on_board()
    town.do(ReportLateness(order_id=O1, text="not there"))
    town.do(step(town, CaseStep.FAULT_ATTRIBUTED, party=Party.RIDER))
    case = late(town)
    assert case.status is CaseStatus.CLOSED
    ((penalty_id, penalty),) = town.market.state.penalties.items()
    assert (penalty.kind, penalty.order_id, penalty.case_id) == ("warning", "o1", case.case_id)
    assert town.market.state.records[R1].warnings == 1
    town.do(AppealPenalty(penalty_id=penalty_id, rider_id=R1, text="the road was closed"))
    town.do(DecideAppeal(penalty_id=penalty_id, lifted=True, text="it was"))
    assert town.market.state.penalties[penalty_id].status is PenaltyStatus.LIFTED
    assert town.market.state.records[R1].warnings == 0
    assert isinstance(town.refused(DecideAppeal(penalty_id=penalty_id, lifted=False, text="no")), IllegalMove)


def test_a_delivery_that_is_taken_back_takes_its_cash_back_and_its_cases_go_on() -> None:
    town = Town("r1")
    town.do(ChangePolicy(name="default", version=1, care=RULES))
    town.placed(an_order("o1", total=PRICE, payment=PaymentMethod.CASH))
    town.do(AcceptOrder(order_id=O1, ready_at=NOON + 900))
    town.given("r1", "o1")
    town.carried("r1", "o1")
    town.do(AskCancellation(order_id=O1))
    town.wait(7_200)
    town.delivered("r1", "o1")
    account = town.market.state.account(O1)
    assert (account.paid_minor, account.status) == (PRICE.minor, PaymentStatus.PAID)
    assert town.market.state.open_cases(O1) == ()
    given = len(town.market.state.penalties)
    events = town.do(CorrectTask(rider_id=R1, order_id=O1, kind=TaskKind.DROPOFF, text="wrong door"))
    assert kinds(events) == ["DeliveryCorrected", "PaymentTakenBack", "CaseOpened"]
    account = town.market.state.account(O1)
    assert (account.paid_minor, account.status, account.references) == (0, PaymentStatus.DUE, ())
    assert sum(entry.minor for entry in account.entries) == 0
    again = only_case(town)
    assert (again.kind, again.stage, again.status) == (CaseKind.CANCELLATION, CaseStage.CARRIED, CaseStatus.OPEN)
    town.do(ConfirmDropoff(rider_id=R1, order_id=O1))
    account = town.market.state.account(O1)
    assert (account.paid_minor, account.balance(Account.CUSTOMER)) == (PRICE.minor, 0)
    assert town.market.state.open_cases(O1) == ()
    assert len(town.market.state.penalties) == given, "nobody is blamed twice for one order"


def test_cash_is_what_is_still_owed() -> None:
    town = Town("r1")
    town.do(ChangePolicy(name="default", version=1, care=RULES))
    town.placed(an_order("o1", total=PRICE, payment=PaymentMethod.CASH))
    town.given("r1", "o1")
    town.do(ReportProblem(rider_id=R1, kind=ProblemKind.ITEMS_DO_NOT_MATCH, order_id=O1))
    town.do(step(town, CaseStep.ITEMS_ACCEPTED, money=Money(4_000, "COP")))
    town.carried("r1", "o1")
    town.delivered("r1", "o1")
    account = town.market.state.account(O1)
    assert (account.paid_minor, account.refunds, account.balance(Account.CUSTOMER)) == (16_000, (), 0)


def test_a_hand_over_and_a_new_address_begin_the_way_anew() -> None:
    town = on_board()
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 3_000))
    town.do(HandOver(order_id=O1, to_rider_id=RiderId("r2")))
    assert town.order().dropoff_task is TaskStatus.PLANNED
    town.ride("r2")
    assert town.order().dropoff_task is TaskStatus.ARRIVED
    town.do(ReportProblem(rider_id=RiderId("r2"), kind=ProblemKind.WRONG_ADDRESS, order_id=O1))
    town.do(step(town, CaseStep.ADDRESS_CORRECTED, place=Place(4.61, -74.08)))
    assert town.order().dropoff_task is TaskStatus.PLANNED
    town.delivered("r2", "o1")


def test_those_whom_a_case_is_about_name_no_amounts() -> None:
    town = on_board()
    town.do(ReportLateness(order_id=O1))
    wanted = step(town, CaseStep.CANCELLED, ActorKind.CUSTOMER, money=Money(1, "COP"), text="all of it")
    assert town.refused(wanted).code == "not_yours"
    assert town.refused(step(town, CaseStep.CANCELLED, ActorKind.CUSTOMER, party=Party.RIDER)).code == "not_yours"


def test_a_case_with_nothing_left_to_it_is_not_opened() -> None:
    town = a_town()
    town.do(AskCancellation(order_id=O1))
    assert town.refused(OpenCase(kind=CaseKind.MERCHANT_SILENT, order_id=O1, text="x")).code == "illegal_move"
