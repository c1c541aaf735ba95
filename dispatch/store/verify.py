"""Whether all of a database agrees with itself: the chain of every log, every projection, every command's answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, exists, func, select

from dispatch.errors import DispatchError
from dispatch.model.order import MarketId
from dispatch.store.audit import Audit, audit
from dispatch.store.rebuild import Comparison, compare
from dispatch.store.tables import COMMANDS, EVENTS, MARKETS


@dataclass(slots=True)
class Verification:
    """What was looked at, and what was found to be wrong, one sentence each."""

    audits: list[Audit] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def verify(connection: Connection) -> Verification:
    """Look at all markets, in the connection's transaction."""
    found = Verification()
    for market_id in connection.execute(select(MARKETS.c.market_id).order_by(MARKETS.c.market_id)).scalars().all():
        _verify(connection, MarketId(market_id), found)
    return found


def _verify(connection: Connection, market_id: MarketId, found: Verification) -> None:
    log = audit(connection, market_id)
    found.audits.append(log)
    if log.fault:
        found.faults.append(f"market {market_id}: {log.fault}")
    try:
        comparison = compare(connection, market_id)
    except (DispatchError, ValueError) as error:
        found.faults.append(f"market {market_id}: its log cannot be folded: {error}")
    else:
        found.comparisons.append(comparison)
        found.faults += [f"market {market_id}: {example}" for example in comparison.examples]
    unanswered = _commands_without_answer(connection, market_id)
    if unanswered:
        found.faults.append(f"market {market_id}: {unanswered} events belong to no command that was answered")


def _commands_without_answer(connection: Connection, market_id: MarketId) -> int:
    """Events whose command is not remembered as having led to them, since the oldest answer that is not forgotten."""
    answered = exists().where(
        and_(
            COMMANDS.c.market_id == EVENTS.c.market_id,
            COMMANDS.c.command_id == EVENTS.c.command_id,
            COMMANDS.c.first_seq <= EVENTS.c.seq,
            COMMANDS.c.last_seq >= EVENTS.c.seq,
        )
    )
    oldest = select(func.min(COMMANDS.c.recorded_at)).where(COMMANDS.c.market_id == market_id).scalar_subquery()
    mine = (EVENTS.c.market_id == market_id, EVENTS.c.recorded_at >= oldest)
    query = select(func.count()).select_from(EVENTS).where(*mine, ~answered)
    return int(connection.execute(query).scalar_one())
