"""Exceptions and policies."""

from __future__ import annotations

from dispatch.errors import NotFoundError
from dispatch.model.commands import ChangePolicy, CloseCase, OpenCase, TakeCaseStep
from dispatch.model.events import CaseId
from dispatch.model.lifecycle import CaseStatus, IllegalMove
from dispatch.model.order import OrderId
from dispatch.model.reasons import CaseKind, CaseResult, CaseStep
from dispatch.model.rider import RiderId
from tests.support.builders import NOON
from tests.support.towns import Town, kinds


def test_a_case_is_opened_worked_on_and_closed() -> None:
    town = Town()
    town.placed("o1")
    town.do(OpenCase(kind=CaseKind.QUALITY, order_id=OrderId("o1"), text="cold"))
    ((case_id, case),) = town.market.state.cases.items()
    assert case_id == f"case-{town.market.state.seq}"
    assert (case.kind, case.order_id, case.opened_at, case.status) == ("quality", "o1", NOON, CaseStatus.OPEN)
    town.do(TakeCaseStep(case_id=case_id, step=CaseStep.APOLOGISED))
    town.do(TakeCaseStep(case_id=case_id, step=CaseStep.NOTED, text="half"))
    town.do(CloseCase(case_id=case_id, result=CaseResult.COMPENSATED))
    case = town.market.state.case(case_id)
    assert (case.status, case.steps, case.result) == (CaseStatus.CLOSED, 2, CaseResult.COMPENSATED)
    assert isinstance(town.refused(TakeCaseStep(case_id=case_id, step=CaseStep.NOTED)), IllegalMove)
    assert isinstance(town.refused(CloseCase(case_id=case_id, result=CaseResult.RESOLVED)), IllegalMove)


def test_a_case_names_what_exists() -> None:
    town = Town()
    for command in (
        OpenCase(kind=CaseKind.OTHER, order_id=OrderId("o9")),
        OpenCase(kind=CaseKind.OTHER, rider_id=RiderId("r9")),
        CloseCase(case_id=CaseId("case-9"), result=CaseResult.RESOLVED),
    ):
        assert isinstance(town.refused(command), NotFoundError)


def test_a_policy_is_changed_once() -> None:
    town = Town()
    assert kinds(town.do(ChangePolicy(name="rain", version=2))) == ["PolicyChanged"]
    assert town.market.state.policy == ("rain", 2)
    assert town.do(ChangePolicy(name="rain", version=2)) == []
