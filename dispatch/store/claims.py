"""Work in a table, done by one worker at a time: claimed for a while, and done only by who holds the claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, or_, select, tuple_, update

from dispatch.units import Instant, Seconds

WAITING: Final = "waiting"
CLAIMED: Final = "claimed"


def claim(
    connection: Connection,
    table: Table,
    *,
    worker: str,
    now: Instant,
    lease_s: Seconds,
    limit: int,
    where: Sequence[ColumnElement[bool]] = (),
) -> list[Row[Any]]:
    """Take the rows that are due, oldest first, and those whose worker has not finished in time.

    Each claim counts an attempt; the count is the claim's fencing token. Rows that another transaction is just
    claiming are passed over.
    """
    due = or_(
        and_(table.c.state == WAITING, table.c.due_at <= now),
        and_(table.c.state == CLAIMED, table.c.claimed_until <= now),
    )
    keys = list(table.primary_key)
    query = select(*keys).where(due, *where).order_by(table.c.due_at, *keys).limit(limit)
    chosen = connection.execute(query.with_for_update(skip_locked=True)).all()
    if not chosen:
        return []
    taking = (
        update(table)
        .where(tuple_(*keys).in_([tuple(row) for row in chosen]))
        .values(state=CLAIMED, attempts=table.c.attempts + 1, claimed_by=worker, claimed_until=now + lease_s)
        .returning(table)
    )
    taken = connection.execute(taking).all()
    return sorted(taken, key=lambda row: (row.due_at, *(getattr(row, key.name) for key in keys)))


def finish(
    connection: Connection, table: Table, key: Mapping[str, object], attempts: int, values: Mapping[str, object]
) -> bool:
    """Write the end of a claim; False, and nothing is written, where the claim is another's by now."""
    mine = [table.c[name] == value for name, value in key.items()]
    statement = update(table).where(*mine, table.c.state == CLAIMED, table.c.attempts == attempts).values(**values)
    return connection.execute(statement).rowcount == 1
