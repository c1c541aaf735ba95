"""From states to rows of the projections, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from sqlalchemy import Table

from dispatch.model.care import CareRules
from dispatch.model.codec import decode, encode
from dispatch.model.eta import EtaState
from dispatch.model.order import Merchant
from dispatch.model.override import Override
from dispatch.model.payment import AccountState
from dispatch.model.prep import PrepTimes
from dispatch.model.rider import RiderId, Shift
from dispatch.model.state import (
    CaseState,
    ClosureState,
    OfferState,
    OpenCases,
    OrderState,
    PenaltyState,
    RiderRecord,
    RiderState,
)
from dispatch.store import views
from dispatch.store.chain import canonical
from dispatch.store.writes import Row

V = TypeVar("V")


class _Bars(NamedTuple):
    rider_ids: frozenset[RiderId]


@dataclass(frozen=True)
class Projection(Generic[V]):
    """One kind of entity: the field of ``MarketState`` it stands in, its table, its columns, its JSON."""

    field: str
    table: Table
    columns: Callable[[V], dict[str, object]]
    to_state: Callable[[V], str]
    from_state: Callable[[str], V]

    def row(self, market_id: str, name: str, created_seq: int, changed_seq: int, value: V) -> Row:
        """The row of one entity."""
        return {
            "market_id": market_id,
            "id": name,
            "created_seq": created_seq,
            "changed_seq": changed_seq,
            **self.columns(value),
            "state": self.to_state(value),
        }


def among(names: Iterable[str]) -> str:
    """A set of names as one text in which each can be searched for between bars."""
    joined = "|".join(sorted(names))
    return f"|{joined}|" if joined else ""


def _order(value: OrderState) -> dict[str, object]:
    order = value.order
    return {
        "version": value.version,
        "status": value.status.value,
        "dispatch": value.dispatch.value,
        "merchant_id": order.merchant_id,
        "rider_id": value.rider_id,
        "zones": among(order.zones),
        "channel": order.channel.value,
        "platform": order.platform,
        "external_id": order.external_id,
        "placed_at": order.placed_at,
        "ready_at": value.ready_at,
        "promised_at": order.promised_at,
        "picked_up_at": value.picked_up_at,
        "delivered_at": value.delivered_at,
        "cancelled_at": value.cancelled_at,
    }


def _rider(value: RiderState) -> dict[str, object]:
    return {
        "version": value.version,
        "shift_id": None if value.shift is None else value.shift.id,
        "vehicle": value.rider.vehicle.value,
        "zones": among(value.rider.zones),
        "paused_until": value.paused_until,
        "tasks": len(value.tasks),
    }


def _shift(value: Shift) -> dict[str, object]:
    return {"rider_id": value.rider_id, "starts_at": value.starts_at, "ends_at": value.ends_at}


def _offer(value: OfferState) -> dict[str, object]:
    return {
        "rider_id": value.rider_id,
        "status": value.status.value,
        "made_at": value.made_at,
        "expires_at": value.expires_at,
    }


def _override(value: Override) -> dict[str, object]:
    return {
        "kind": value.kind.value,
        "reason": value.reason.value,
        "by": value.by,
        "order_id": value.order_id,
        "rider_id": value.rider_id,
        "merchant_id": value.merchant_id,
        "made_at": value.made_at,
    }


def _case(value: CaseState) -> dict[str, object]:
    return {
        "kind": value.kind.value,
        "status": value.status.value,
        "order_id": value.order_id,
        "rider_id": value.rider_id,
        "opened_at": value.opened_at,
        "owner": value.owner.value,
        "person": value.person,
        "due_at": value.due_at,
        "stage": value.stage.value,
        "party": None if value.party is None else value.party.value,
        "result": None if value.result is None else value.result.value,
        "closed_at": value.closed_at,
    }


def _account(value: AccountState) -> dict[str, object]:
    return {
        "status": value.status.value,
        "method": value.method.value,
        "refunds_open": sum(refund.open for refund in value.refunds),
    }


def _eta(value: EtaState) -> dict[str, object]:
    return {"open": int(value.open), "late_percent": value.late_percent, "dropoff_at": value.dropoff_at}


def _penalty(value: PenaltyState) -> dict[str, object]:
    return {"rider_id": value.rider_id, "status": value.status.value, "given_at": value.given_at}


def _closure(value: ClosureState) -> dict[str, object]:
    return {"starts_at": value.starts_at, "ends_at": value.ends_at}


def _merchant(value: Merchant) -> dict[str, object]:
    return {"name": value.name}


def _no_columns(_: object) -> dict[str, object]:
    return {}


def _projection(field: str, table: Table, kind: type[V], columns: Callable[[V], dict[str, object]]) -> Projection[V]:
    return Projection(
        field,
        table,
        columns,
        lambda value: canonical(encode(value)),
        lambda text: decode(kind, json.loads(text), f"row of {table.name}"),
    )


ORDERS: Final = _projection("orders", views.ORDERS, OrderState, _order)
RIDERS: Final = _projection("riders", views.RIDERS, RiderState, _rider)
SHIFTS: Final = _projection("shifts", views.SHIFTS, Shift, _shift)
OFFERS: Final = _projection("offers", views.OFFERS, OfferState, _offer)
OVERRIDES: Final = _projection("overrides", views.OVERRIDES, Override, _override)
CASES: Final = _projection("cases", views.CASES, CaseState, _case)
MERCHANTS: Final = _projection("merchants", views.MERCHANTS, Merchant, _merchant)
ACCOUNTS: Final = _projection("accounts", views.ACCOUNTS, AccountState, _account)
PENALTIES: Final = _projection("penalties", views.PENALTIES, PenaltyState, _penalty)
CLOSURES: Final = _projection("closures", views.CLOSURES, ClosureState, _closure)
CARES: Final = _projection("cares", views.CARES, CareRules, _no_columns)
CASES_OF: Final = _projection("cases_of", views.CASES_OF, OpenCases, _no_columns)
ETAS: Final = _projection("etas", views.ETAS, EtaState, _eta)
PREPS: Final = _projection("preps", views.PREPS, PrepTimes, _no_columns)
RECORDS: Final = _projection("records", views.RECORDS, RiderRecord, _no_columns)
BARS: Final[Projection[frozenset[RiderId]]] = Projection(
    "merchant_bars",
    views.BARS,
    _no_columns,
    lambda value: canonical(encode(_Bars(value))),
    lambda text: decode(_Bars, json.loads(text), "row of merchant_bars").rider_ids,
)

# A list of kinds of different things has no better type: each projection is only ever given what it has read itself.
PROJECTIONS: Final[Mapping[str, Projection[Any]]] = {
    projection.field: projection
    for projection in (
        ORDERS,
        RIDERS,
        SHIFTS,
        OFFERS,
        OVERRIDES,
        CASES,
        MERCHANTS,
        BARS,
        ACCOUNTS,
        PENALTIES,
        CLOSURES,
        CARES,
        CASES_OF,
        RECORDS,
        ETAS,
        PREPS,
    )
}
"""Every projection of entities by the field of ``MarketState`` it holds."""
