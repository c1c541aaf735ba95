"""Accounts, sessions and what markets are: rows of their own, outside of any market's log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from dispatch.errors import ConflictError, NotFoundError
from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.store.chain import canonical
from dispatch.store.databases import put
from dispatch.store.tables import ACCOUNTS, MARKET_SETTINGS, SESSIONS
from dispatch.units import Instant, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One row of ``accounts``; ``markets`` and ``scopes`` empty mean all. kind: "person" or "server"."""

    id: str
    kind: str
    login: str
    name: str
    role: str
    markets: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    rider_id: str | None = None
    merchant_id: str | None = None
    secret_hash: str
    created_at: Instant
    created_by: str = ""
    expires_at: Instant | None = None
    disabled_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One row of ``sessions``."""

    id: str
    account_id: str
    device_id: str
    refresh_hash: str
    created_at: Instant
    used_at: Instant
    expires_at: Instant
    ended_at: Instant | None = None


def add_account(connection: Connection, account: Account) -> None:
    """Let somebody in. Raises ConflictError (code "login_taken")."""
    row = asdict(account) | {"markets": ",".join(account.markets), "scopes": ",".join(account.scopes)}
    try:
        connection.execute(insert(ACCOUNTS).values(row))
    except IntegrityError:
        cause = f"There is an account {account.login!r} already."
        raise ConflictError(cause, "Choose another login.", code="login_taken") from None


def account_by_login(connection: Connection, login: str) -> Account | None:
    """The account of a login."""
    row = connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.login == login)).one_or_none()
    return None if row is None else _account(row)


def account(connection: Connection, account_id: str) -> Account:
    """One account. Raises NotFoundError."""
    row = connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.id == account_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no account {account_id!r}.", "Check the id.")
    return _account(row)


def accounts(connection: Connection) -> list[Account]:
    """All accounts, by login."""
    return [_account(row) for row in connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.login))]


def set_secret(connection: Connection, account_id: str, secret_hash: str) -> None:
    """Give an account another password or key."""
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(secret_hash=secret_hash))


def disable_account(connection: Connection, account_id: str, now: Instant) -> None:
    """Let somebody in no more, and sign them out everywhere. Raises NotFoundError."""
    known = account(connection, account_id)
    if known.disabled_at is None:
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(disabled_at=now))
    end_sessions(connection, account_id, now)


def add_session(connection: Connection, session: Session) -> None:
    """Somebody signed in."""
    connection.execute(insert(SESSIONS).values(asdict(session)))


def session(connection: Connection, session_id: str) -> Session | None:
    """One session."""
    row = connection.execute(select(SESSIONS).where(SESSIONS.c.id == session_id)).one_or_none()
    return None if row is None else Session(**row._mapping)


def renew_session(
    connection: Connection, session_id: str, old_hash: str, new_hash: str, now: Instant, grace_s: Seconds
) -> bool:
    """Change the refresh token of a session; True as well where that very change was made ``grace_s`` ago at most.

    False where the old token counts no more: it was used before, for another new one or too long ago.
    """
    mine = (SESSIONS.c.id == session_id, SESSIONS.c.ended_at.is_(None))
    values = {"refresh_hash": new_hash, "used_at": now}
    if connection.execute(update(SESSIONS).where(*mine, SESSIONS.c.refresh_hash == old_hash).values(**values)).rowcount:
        return True
    just_done = (SESSIONS.c.refresh_hash == new_hash, SESSIONS.c.used_at >= now - grace_s)
    return connection.execute(select(SESSIONS.c.id).where(*mine, *just_done)).first() is not None


def end_session(connection: Connection, session_id: str, now: Instant) -> None:
    """Sign out."""
    open_one = (SESSIONS.c.id == session_id, SESSIONS.c.ended_at.is_(None))
    connection.execute(update(SESSIONS).where(*open_one).values(ended_at=now))


def end_sessions(connection: Connection, account_id: str, now: Instant) -> None:
    """Sign out everywhere."""
    open_ones = (SESSIONS.c.account_id == account_id, SESSIONS.c.ended_at.is_(None))
    connection.execute(update(SESSIONS).where(*open_ones).values(ended_at=now))


@dataclass(frozen=True, slots=True)
class KeptSettings:
    """What a market is, as kept; ``version`` counts the changes."""

    market_id: MarketId
    version: int
    settings: Json


def market_settings(connection: Connection) -> Sequence[KeptSettings]:
    """Every market that was set up, by id."""
    rows = connection.execute(select(MARKET_SETTINGS).order_by(MARKET_SETTINGS.c.market_id))
    return [KeptSettings(MarketId(row.market_id), row.version, json.loads(row.settings)) for row in rows]


def put_market_settings(connection: Connection, kept: KeptSettings, now: Instant, by: str) -> None:
    """Set a market up, or change what it is."""
    values = {
        "market_id": kept.market_id,
        "version": kept.version,
        "settings": canonical(kept.settings),
        "changed_at": now,
        "changed_by": by,
    }
    put(connection, MARKET_SETTINGS, [values])


def _account(row: Row[Any]) -> Account:
    values = dict(row._mapping)
    for name in ("markets", "scopes"):
        values[name] = tuple(part for part in values[name].split(",") if part)
    return Account(**values)
