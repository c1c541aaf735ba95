"""Exceptions on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from dispatch.api.schemas.base import Money, Name, Place, Schema, Text, maybe_when, when
from dispatch.api.schemas.orders import OrderOut
from dispatch.model.actor import ActorKind
from dispatch.model.case_flows import Need
from dispatch.model.commands import OpenCase, TakeCaseStep
from dispatch.model.events import CaseClosed, CaseEscalated, CaseId, CaseOpened, CaseStepTaken, CaseTaken, Recorded
from dispatch.model.lifecycle import CaseStatus
from dispatch.model.order import OrderId
from dispatch.model.reasons import CancelReason, CaseKind, CaseResult, CaseStage, CaseStep, Party, RescuePlan
from dispatch.model.rider import RiderId
from dispatch.model.state import CaseState
from dispatch.service.case_file import CaseFile, NextStep
from dispatch.store.case_report import Grouping, Sum
from dispatch.units import Instant


class NewCase(Schema):
    """An exception to be looked after. One of the kind that is open for the order stays the only one."""

    kind: CaseKind
    order_id: Name | None = None
    rider_id: Name | None = None
    text: Annotated[Text, Field(min_length=1)]

    def to_command(self) -> OpenCase:
        """The value of the model."""
        return OpenCase(
            kind=self.kind,
            order_id=None if self.order_id is None else OrderId(self.order_id),
            rider_id=None if self.rider_id is None else RiderId(self.rider_id),
            text=self.text,
        )


class NewStep(Schema):
    """What is done about a case; `next_steps` of the case says what can be, and what each step needs."""

    step: CaseStep
    text: Text = ""
    money: Money | None = None
    rider_id: Name | None = None
    place: Place | None = None
    plan: RescuePlan | None = None
    party: Party | None = None

    def to_command(self, case_id: str, by: ActorKind) -> TakeCaseStep:
        """The value of the model."""
        return TakeCaseStep(
            case_id=CaseId(case_id),
            step=self.step,
            by=by,
            text=self.text,
            money=None if self.money is None else self.money.to_model(),
            rider_id=None if self.rider_id is None else RiderId(self.rider_id),
            place=None if self.place is None else self.place.to_model(),
            plan=self.plan,
            party=self.party,
        )


class AskToCancel(Schema):
    """Why the customer does not want the order any more."""

    reason: CancelReason = CancelReason.CUSTOMER_CHANGED_MIND
    text: Text = ""


class Handover(Schema):
    """Who has the food now."""

    to_rider_id: Name


class Complaint(Schema):
    """What was wrong with the order, in the customer's words."""

    text: Annotated[Text, Field(min_length=1)]


class CaseOut(Schema):
    """An exception as it is now.

    `owner` is whose turn it is, `person` who of them has taken it; `due_at` is until when the next step has to be done
    before it escalates, `level` how often that has happened. `party` is whose doing it was, as far as is known.
    """

    id: str
    kind: CaseKind
    status: CaseStatus
    stage: CaseStage
    order_id: str | None
    rider_id: str | None
    merchant_id: str | None
    text: str
    opened_at: datetime
    closed_at: datetime | None
    result: CaseResult | None
    owner: ActorKind
    person: str
    due_at: datetime | None
    overdue: bool
    level: int
    plan: RescuePlan | None
    plan_rider_id: str | None
    plan_place: Place | None
    party: Party | None
    steps: int
    version: int

    @classmethod
    def of(cls, case: CaseState, merchant_id: str | None, now: Instant) -> CaseOut:
        """For the wire."""
        return cls.model_construct(**_fields(case, merchant_id, now))


def _fields(case: CaseState, merchant_id: str | None, now: Instant) -> dict[str, Any]:
    return {
        "id": case.case_id,
        "kind": case.kind,
        "status": case.status,
        "stage": case.stage,
        "order_id": case.order_id,
        "rider_id": case.rider_id,
        "merchant_id": merchant_id,
        "text": case.text,
        "opened_at": when(case.opened_at),
        "closed_at": maybe_when(case.closed_at),
        "result": case.result,
        "owner": case.owner,
        "person": case.person,
        "due_at": maybe_when(case.due_at),
        "overdue": case.due_at is not None and case.due_at < now,
        "level": case.level,
        "plan": case.plan,
        "plan_rider_id": case.plan_rider_id,
        "plan_place": None if case.plan_place is None else Place.of(case.plan_place),
        "party": case.party,
        "steps": case.steps,
        "version": case.version,
    }


class CaseEventOut(Schema):
    """Something that happened in a case, and who did it."""

    at: datetime
    by: ActorKind
    by_id: str
    event: str
    step: CaseStep | None = None
    text: str = ""
    money: Money | None = None
    rider_id: str | None = None
    place: Place | None = None
    plan: RescuePlan | None = None
    party: Party | None = None
    owner: ActorKind | None = None
    person: str | None = None
    result: CaseResult | None = None

    @classmethod
    def of(cls, recorded: Recorded, *, named: bool) -> CaseEventOut:
        """For the wire; ``named``: with the name of who did it."""
        event, actor = recorded.event, recorded.actor
        common = {
            "at": when(recorded.occurred_at),
            "by": actor.kind,
            "by_id": actor.id if named else "",
            "event": type(event).__name__,
        }
        return cls.model_validate({**common, **_details(recorded, named=named)})


def _details(recorded: Recorded, *, named: bool) -> dict[str, object]:
    match recorded.event:
        case CaseOpened() as opened:
            return {"text": opened.text, "rider_id": opened.rider_id, "owner": opened.owner}
        case CaseTaken(person=person):
            return {"person": person if named else ""}
        case CaseStepTaken() as taken:
            return {
                "step": taken.step,
                "text": taken.text,
                "money": None if taken.money is None else Money.of(taken.money),
                "rider_id": taken.rider_id,
                "place": None if taken.place is None else Place.of(taken.place),
                "plan": taken.plan,
                "party": taken.party,
            }
        case CaseEscalated(owner=owner):
            return {"owner": owner}
        case CaseClosed(result=result):
            return {"result": result}
        case _:
            return {}


class NextStepOut(Schema):
    """A step that can be taken now, by whom, what has to come with it, and where it leads.

    Where money moves, `amount` is what the customer gets by the policy, `free` how far from it staff may go without
    saying why, `most` what is left of the order, `party` who bears it unless somebody else is named.
    """

    step: CaseStep
    to: CaseStage
    by: list[ActorKind]
    needs: list[Need]
    result: CaseResult | None
    amount: Money | None
    free: Money | None
    most: Money | None
    party: Party | None

    @classmethod
    def of(cls, found: NextStep) -> NextStepOut:
        """For the wire."""
        move = found.move
        return cls.model_construct(
            step=move.step,
            to=move.to,
            by=sorted(move.by),
            needs=[need for need in Need if need in move.needs],
            result=move.result,
            amount=None if found.usual is None else Money.of(found.usual),
            free=None if found.free is None else Money.of(found.free),
            most=None if found.most is None else Money.of(found.most),
            party=found.party,
        )


class CaseDetail(CaseOut):
    """An exception with all that happened, and all that can be done now."""

    history: list[CaseEventOut]
    next_steps: list[NextStepOut]

    @classmethod
    def shown(cls, file: CaseFile, steps: list[NextStep], now: Instant, *, named: bool) -> CaseDetail:
        """For the wire; ``named``: with the names of those who did something."""
        merchant_id = None if file.order is None else file.order.order.merchant_id
        fields = _fields(file.case, merchant_id, now)
        if not named:
            fields["person"] = ""
        return cls.model_construct(
            **fields,
            history=[CaseEventOut.of(one, named=named) for one in file.history],
            next_steps=[NextStepOut.of(step) for step in steps],
        )


class Asked(Schema):
    """What came of asking: the order as it is now, and the case that was opened, where there is one."""

    order: OrderOut
    case: CaseOut | None


class BorneOut(Schema):
    """What was granted, and who bears it."""

    party: Party
    amount: Money


class CaseSumOut(Schema):
    """Cases put together: how many, how long from opening to closing on average, results, and money by who bears it.

    `key` is "" where a case has no such thing.
    """

    key: str
    cases: int
    open: int
    mean_close_s: int | None
    results: dict[CaseResult, int]
    money: list[BorneOut]

    @classmethod
    def of(cls, found: Sum) -> CaseSumOut:
        """For the wire."""
        money = [
            BorneOut(party=Party(party), amount=Money(minor=minor, currency=currency))
            for (party, currency), minor in sorted(found.money.items())
        ]
        return cls(
            key=found.key,
            cases=found.cases,
            open=found.cases - found.closed,
            mean_close_s=found.closing_s // found.closed if found.closed else None,
            results={CaseResult(name): count for name, count in sorted(found.results.items())},
            money=money,
        )


class CaseReport(Schema):
    """Cases of a span of time, summed up; the most frequent first."""

    by: Grouping
    items: list[CaseSumOut]
