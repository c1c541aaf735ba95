"""What a customer sees of an order: everything that concerns the customer, as of one moment, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from dispatch.model.actor import ActorKind
from dispatch.model.care import NO_RULES, CareRules
from dispatch.model.case_flows import moves_of
from dispatch.model.eta import EtaState
from dispatch.model.lifecycle import CaseStatus, DispatchStatus
from dispatch.model.order import MarketId, Merchant, OrderId
from dispatch.model.payment import AccountState
from dispatch.model.reasons import CaseStep
from dispatch.model.rider import RiderId
from dispatch.model.state import CARE, CaseState, OrderState, RiderState
from dispatch.store import queries, rows

_SEEN: Final = frozenset({DispatchStatus.UNDER_WAY, DispatchStatus.CARRIED})
"""From the way to the pickup until the food is there, the customer may see who comes, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """One order as its customer sees it. rider: only while on the way; cases: those that are open."""

    market_id: MarketId
    order: OrderState
    account: AccountState | None
    rules: CareRules
    merchant: Merchant | None
    eta: EtaState | None
    rider: RiderState | None
    cases: Sequence[CaseState]

    @property
    def order_id(self) -> OrderId:
        """The order's id."""
        return self.order.order.id

    @property
    def topics(self) -> frozenset[str]:
        """The topics of a feed under which news of it come."""
        found = {f"order:{self.order_id}", *(f"case:{case.case_id}" for case in self.cases)}
        return frozenset(found if self.rider is None else {*found, f"rider:{self.rider.rider.id}"})


def tracked(connection: Connection, market_id: MarketId, order_id: OrderId) -> Tracked | None:
    """What the customer of an order sees; None where there is no such order."""
    order = queries.look(connection, rows.ORDERS, market_id, order_id)
    rules = queries.look(connection, rows.CARES, market_id, CARE)
    if order is None:
        return None
    shown = order.rider_id if order.dispatch in _SEEN else None
    named = queries.look(connection, rows.CASES_OF, market_id, order_id)
    found = (queries.look(connection, rows.CASES, market_id, name) for name in (named.case_ids if named else ()))
    return Tracked(
        market_id=market_id,
        order=order,
        account=queries.look(connection, rows.ACCOUNTS, market_id, order_id),
        rules=rules or NO_RULES,
        merchant=queries.look(connection, rows.MERCHANTS, market_id, order.order.merchant_id),
        eta=queries.look(connection, rows.ETAS, market_id, order_id),
        rider=None if shown is None else queries.look(connection, rows.RIDERS, market_id, RiderId(shown)),
        cases=[case for case in found if case is not None and case.status is CaseStatus.OPEN],
    )


def answers(case: CaseState) -> list[CaseStep]:
    """What the customer may say in a case now."""
    return [move.step for move in moves_of(case.kind, case.stage) if ActorKind.CUSTOMER in move.by]
