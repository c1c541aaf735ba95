"""Policies on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from dispatch.api.schemas.base import Line, Schema, Text, maybe_when, when
from dispatch.api.schemas.overrides import IssueOut
from dispatch.engine.policy import Policy, as_table
from dispatch.errors import Issue
from dispatch.model.actor import ActorKind
from dispatch.model.events import PolicyChanged, Recorded
from dispatch.service.policies import Version
from dispatch.store.plans import ShadowTick
from dispatch.store.policies import Shadow

PolicyName = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class PolicyText(Schema):
    """A policy: its settings as a table, or the same as TOML; what is left out is as in the package's default."""

    name: PolicyName
    toml: Annotated[str, Field(max_length=100_000)] | None = None
    settings: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> PolicyText:
        if (self.toml is None) == (self.settings is None):
            raise ValueError("one of toml and settings must be given")
        return self

    @property
    def given(self) -> str | dict[str, Any]:
        """What was given."""
        return self.toml if self.toml is not None else self.settings or {}


class NewPolicy(PolicyText):
    """A version to be kept; it does not count before it is activated."""

    note: Text = ""


class PolicyOut(Schema):
    """One version of a policy; ``active`` where the market is planned by it."""

    name: str
    version: int
    shipped: bool
    active: bool
    note: str
    created_at: datetime | None
    created_by: str

    @classmethod
    def of(cls, found: Version, active: Policy) -> PolicyOut:
        """For the wire."""
        return cls(**_version(found, active))


class PolicyDetailOut(PolicyOut):
    """One version with all its settings."""

    settings: dict[str, Any]

    @classmethod
    def with_settings(cls, found: Version, policy: Policy, active: Policy) -> PolicyDetailOut:
        """For the wire."""
        return cls(**_version(found, active), settings=as_table(policy))


def _version(found: Version, active: Policy) -> dict[str, Any]:
    return {
        "name": found.name,
        "version": found.version,
        "shipped": found.shipped,
        "active": (found.name, found.version) == (active.name, active.version),
        "note": found.note,
        "created_at": maybe_when(found.created_at),
        "created_by": found.created_by,
    }


class Checked(Schema):
    """Whether a policy could be kept, and everything that is wrong with it."""

    valid: bool
    issues: list[IssueOut]

    @classmethod
    def of(cls, issues: Sequence[Issue]) -> Checked:
        """For the wire."""
        shown = [IssueOut(code=i.code, cause=i.cause, action=i.action, field=i.field) for i in issues]
        return cls(valid=not issues, issues=shown)


class PolicyChangeOut(Schema):
    """When the market was put under a policy, and by whom."""

    seq: int
    at: datetime
    name: str
    version: int
    actor_kind: ActorKind
    actor_id: str

    @classmethod
    def of(cls, recorded: Recorded) -> PolicyChangeOut:
        """For the wire."""
        event = recorded.event
        if not isinstance(event, PolicyChanged):
            raise TypeError("only changes of the policy are shown so")
        return cls(
            seq=recorded.seq,
            at=when(recorded.occurred_at),
            name=event.name,
            version=event.version,
            actor_kind=recorded.actor.kind,
            actor_id=recorded.actor.id,
        )


class NewShadow(Schema):
    """A policy that is to decide beside the market's own, without acting."""

    name: PolicyName
    version: Annotated[int, Field(ge=1, le=2**31)]
    note: Line = ""


class ShadowOut(Schema):
    """A policy that decides, or has decided, beside the market's own."""

    id: str
    name: str
    version: int
    note: str
    since: datetime
    started_by: str
    ended_at: datetime | None
    ended_by: str

    @classmethod
    def of(cls, shadow: Shadow) -> ShadowOut:
        """For the wire."""
        return cls(**_shadow(shadow))


def _shadow(shadow: Shadow) -> dict[str, Any]:
    return {
        "id": shadow.id,
        "name": shadow.name,
        "version": shadow.version,
        "note": shadow.note,
        "since": when(shadow.since),
        "started_by": shadow.started_by,
        "ended_at": maybe_when(shadow.ended_at),
        "ended_by": shadow.ended_by,
    }


class SideOut(Schema):
    """Sums of one of the two over all ticks. cost: over the ticks in which both keep the rules of the acting policy;
    wait_s: mean time from placing to delivery, as planned, and late_share: of the orders that both have a rider for.
    """

    cost: int
    planned: int
    wait_s: float | None
    late_share: float | None


class ShadowReport(ShadowOut):
    """How a shadow compares. same_rider_share: of the orders that both plan; cheaper_share: ticks in which the shadow's
    plan costs less at the prices of the acting policy; cost_ratio: its cost over that of the acting policy.
    """

    ticks: int
    orders: int
    same_rider_share: float | None
    cheaper_share: float | None
    cost_ratio: float | None
    acting: SideOut
    shadow: SideOut

    @classmethod
    def over(cls, shadow: Shadow, ticks: Sequence[ShadowTick]) -> ShadowReport:
        """Add the ticks up."""
        rows: list[dict[str, Any]] = [tick.figures for tick in ticks if isinstance(tick.figures, dict)]
        sound = [row for row in rows if row["acting"]["cost"] is not None and row["shadow"]["cost"] is not None]
        both = sum(row["both"] for row in rows)
        acting, other = (_side(rows, sound, both, name) for name in ("acting", "shadow"))
        cheaper = sum(row["shadow"]["cost"] < row["acting"]["cost"] for row in sound)
        return cls(
            **_shadow(shadow),
            ticks=len(rows),
            orders=sum(row["orders"] for row in rows),
            same_rider_share=_share(sum(row["same_rider"] for row in rows), both),
            cheaper_share=_share(cheaper, len(sound)),
            cost_ratio=_share(other.cost, acting.cost),
            acting=acting,
            shadow=other,
        )


def _side(rows: list[dict[str, Any]], sound: list[dict[str, Any]], both: int, name: str) -> SideOut:
    return SideOut(
        cost=sum(row[name]["cost"] for row in sound),
        planned=sum(row[name]["planned"] for row in rows),
        wait_s=_share(sum(row[name]["wait_s"] for row in rows), both),
        late_share=_share(sum(row[name]["late"] for row in rows), both),
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
