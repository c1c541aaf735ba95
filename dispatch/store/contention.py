"""PostgreSQL: what is kept from a writer by a session whose process hangs in the middle of a transaction.

A process that is stopped, or whose machine sleeps, keeps the rows that it has written to. The server's own timeout
for idle transactions does not see all of them: where the process stopped between two messages of one batch, the
session counts as busy, or as idle with its timer off. So whoever is kept waiting looks for such sessions and ends them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

_WAIT: Final = text("SET LOCAL lock_timeout = '1s'")
_END_HUNG: Final = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
      AND application_name = current_setting('application_name')
      AND backend_xid IS NOT NULL AND wait_event_type = 'Client'
      AND greatest(query_start, state_change) < clock_timestamp() - interval '2 seconds'
""")
"""Sessions of this program that have written something and for two seconds have heard nothing from their process."""
_KEPT_WAITING: Final = "55P03"
"""The code of SQL for a lock that was not to be had in time."""


def wait_briefly(connection: Connection) -> None:
    """Let this transaction fail where others keep its rows for more than a second."""
    if connection.dialect.name == "postgresql":
        connection.execute(_WAIT)


def was_kept_waiting(error: DBAPIError) -> bool:
    """Whether a transaction failed because others kept its rows."""
    return getattr(error.orig, "sqlstate", None) == _KEPT_WAITING


def end_hung(connection: Connection) -> int:
    """End the sessions of writers that hang; how many there were. Their processes get an error when they come back."""
    return len(connection.execute(_END_HUNG).all())
