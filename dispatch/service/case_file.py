"""All there is about one case: what happened, what can be done next and by whom, and what that costs by the policy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from dispatch.engine.handlers.case_money import PAYS, bearer, policy_minor
from dispatch.errors import NotFoundError
from dispatch.model.actor import ActorKind
from dispatch.model.care import NO_RULES, CareRules
from dispatch.model.case_flows import Move, moves_of
from dispatch.model.commands import TakeCaseStep
from dispatch.model.events import CaseId, CaseStepTaken, Recorded
from dispatch.model.order import MarketId, MerchantId, OrderId
from dispatch.model.payment import AccountState
from dispatch.model.reasons import CaseKind, CaseStep, Party
from dispatch.model.rider import RiderId
from dispatch.model.state import CARE, CaseState, MarketState, OrderState
from dispatch.service.principals import Principal, Role
from dispatch.store import queries, rows
from dispatch.store.cases import CaseFilter
from dispatch.store.store import Store
from dispatch.units import Money

STAFF: Final = frozenset({Role.ADMIN, Role.OPERATIONS, Role.DISPATCHER, Role.CUSTOMER_SERVICE})
"""Who sees all cases, and all that is written about them."""

_BETWEEN_STAFF: Final = frozenset(
    {CaseStep.NOTED, CaseStep.CUSTOMER_CONTACTED, CaseStep.MERCHANT_CONTACTED, CaseStep.RIDER_CONTACTED}
)
"""Steps that staff write down for each other."""

_MOST_EVENTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as of one moment, with its order and the order's money where there are any; history: its events."""

    case: CaseState
    order: OrderState | None
    account: AccountState | None
    rules: CareRules
    history: Sequence[Recorded] = ()


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that can be taken now.

    usual: what the customer gets by the policy, where money moves; free: how far from it one may go without saying
    why; most: what is left of the order. party: who bears it unless somebody else is named.
    """

    move: Move
    usual: Money | None = None
    free: Money | None = None
    most: Money | None = None
    party: Party | None = None


async def case_file(store: Store, market_id: MarketId, case_id: CaseId) -> CaseFile:
    """The case of that id, with its history. Raises NotFoundError, StoreUnavailableError."""

    def read() -> CaseFile:
        with store.reading() as connection:
            found = read_case(connection, market_id, case_id)
        history = store.events(market_id, stream=f"case:{case_id}", limit=_MOST_EVENTS)
        return replace(found, history=history)

    return await asyncio.to_thread(read)


def read_case(connection: Connection, market_id: MarketId, case_id: CaseId) -> CaseFile:
    """The case of that id without its history. Raises NotFoundError."""
    case = queries.find(connection, rows.CASES, market_id, case_id).value
    rules = queries.look(connection, rows.CARES, market_id, CARE)
    if case.order_id is None:
        return CaseFile(case, None, None, rules or NO_RULES)
    order = queries.find(connection, rows.ORDERS, market_id, case.order_id).value
    return CaseFile(case, order, queries.look(connection, rows.ACCOUNTS, market_id, case.order_id), rules or NO_RULES)


def next_steps(file: CaseFile, by: ActorKind | None = None) -> list[NextStep]:
    """What can be done now: by this kind of actor, or by anybody."""
    moves = moves_of(file.case.kind, file.case.stage)
    return [_with_money(file, move) for move in moves if by is None or by in move.by]


def _with_money(file: CaseFile, move: Move) -> NextStep:
    case, account = file.case, file.account
    agreed = case.kind is CaseKind.CANCELLATION and move.step is CaseStep.MERCHANT_AGREED
    if account is None or file.order is None or not (agreed or move.step in PAYS):
        return NextStep(move)
    order_id, currency = account.order_id, account.total.currency
    # The rules for amounts look at a market; this one has just the order.
    market = MarketState(
        file.order.order.market_id,
        orders={order_id: file.order},
        accounts={order_id: account},
        cares={CARE: file.rules},
    )
    # Where the merchant agrees the order is cancelled at once, by the policy.
    step = CaseStep.CANCELLED if agreed else move.step
    free = 0 if agreed else account.total.minor * file.rules.negotiable_percent // 100
    return NextStep(
        move,
        usual=Money(policy_minor(market, case, step), currency),
        free=Money(free, currency),
        most=Money(account.left_minor, currency),
        party=bearer(case, TakeCaseStep(case_id=case.case_id, step=step)),
    )


def own_cases(who: Principal, wanted: CaseFilter) -> CaseFilter:
    """The filter narrowed to the principal's own cases."""
    if who.role is Role.MERCHANT:
        return replace(wanted, merchant_id=who.merchant_id or MerchantId(""))
    if who.role is Role.RIDER:
        return replace(wanted, rider_id=who.rider_id or RiderId(""))
    if who.role is Role.CUSTOMER:
        return replace(wanted, order_id=who.order_id or OrderId(""))
    return wanted


def own_case(who: Principal, file: CaseFile) -> CaseFile:
    """The case, if it is the principal's to see, without what is not. Raises NotFoundError as if it did not exist."""
    if who.role in STAFF:
        return file
    case, order = file.case, file.order
    own = {
        Role.MERCHANT: order is not None and order.order.merchant_id == who.merchant_id,
        Role.RIDER: who.rider_id is not None
        and who.rider_id in (case.rider_id, None if order is None else order.rider_id),
        Role.CUSTOMER: who.order_id is not None and case.order_id == who.order_id,
    }
    if not own.get(who.role, False):
        raise NotFoundError(f"There is no case {case.case_id!r} in this market.", "Check the case's id and the market.")
    shown = [one for one in file.history if not _between_staff(one)]
    return replace(file, history=shown)


def _between_staff(recorded: Recorded) -> bool:
    return isinstance(recorded.event, CaseStepTaken) and recorded.event.step in _BETWEEN_STAFF
