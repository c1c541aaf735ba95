"""People sign in with a password, servers come with a key; both are let go again.

Access tokens count for fifteen minutes wherever they are checked; refresh tokens are kept as hashes and used once: one
that comes a second time ends its session, because somebody has a copy. Only who asks again at once, before the next
token was used, is taken for a client that has not got the answer, and gets it again. All of this goes by the clock of
the wall.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from dispatch.engine.clock import Clock
from dispatch.errors import ConflictError
from dispatch.model.order import MarketId, MerchantId
from dispatch.model.rider import RiderId
from dispatch.service.ids import new_id
from dispatch.service.oidc import Issuer, Oidc, is_of_issuer
from dispatch.service.principals import Principal, Right, Role, UnauthenticatedError
from dispatch.service.tokens import (
    ACCESS_S,
    KEY_PREFIX,
    access_token,
    hash_password,
    hash_secret,
    is_password,
    new_secret,
    next_secret,
    read_token,
    same_secret,
)
from dispatch.store import access as rows
from dispatch.store.access import Account, Session
from dispatch.store.store import Store
from dispatch.units import DAY_S, Instant, Seconds

SESSION_S: Final[Seconds] = 90 * DAY_S
GRACE_S: Final[Seconds] = 60
"""For so long a refresh is answered again as it was, if the next refresh token has not been used."""
_KEY_KEPT_S: Final[Seconds] = 30
"""For so long a key that was found is not looked up again."""
_TOKENS_KEPT: Final = 20_000
_AT_ONCE: Final = 2
"""Passwords checked at the same time; each takes much memory by design."""

ADMIN: Final = "admin"
_NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$PSLHx7NqMzNNAhmOQ9MvY0S1kZ1qXoBnAuTjVxEcVCc"
"""The hash of a password that nobody has: checking against it takes as long as against any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What a client gets when it signs in or renews."""

    principal: Principal
    access_token: str
    refresh_token: str
    expires_in_s: Seconds = ACCESS_S


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """Somebody to be let in. ``markets`` and ``scopes`` empty mean all that the role has."""

    login: str
    role: Role
    name: str = ""
    markets: tuple[MarketId, ...] = ()
    scopes: tuple[Right, ...] = ()
    rider_id: RiderId | None = None
    merchant_id: MerchantId | None = None
    expires_at: Instant | None = None

    def check(self) -> None:
        """Raise ConflictError where the role lacks what bounds it."""
        needed = {Role.RIDER: self.rider_id, Role.MERCHANT: self.merchant_id}
        if self.role in needed and not needed[self.role]:
            cause = f"An account of role {self.role.value} needs a {self.role.value}_id."
            raise ConflictError(cause, "Say whose account it is.", code="account_unbound")


class Access:
    """Who may come in. It is a ``Guard`` of the API."""

    def __init__(self, store: Store, key: bytes, clock: Clock, oidc: Oidc | None = None) -> None:
        self._store, self._key, self._clock = store, key, clock
        self._issuer = None if oidc is None else Issuer(oidc)
        self._checking = asyncio.Semaphore(_AT_ONCE)
        self._keys: dict[str, tuple[Principal, Instant]] = {}
        self._tokens: dict[bytes, tuple[Principal, Instant]] = {}

    async def principal(self, token: str) -> Principal:
        """Whose token or key it is. Raises UnauthenticatedError, IssuerAwayError."""
        if token.startswith(KEY_PREFIX):
            return await self._server(token)
        if self._issuer is not None and is_of_issuer(token):
            return await self._issuer.principal(token)
        return self._bearer(token)

    def _bearer(self, token: str) -> Principal:
        """Whose token it is; one that has been verified is not verified again until it runs out."""
        kept, digest = self._tokens, sha256(token.encode()).digest()
        known = kept.get(digest)
        if known is not None and self._clock.now() < known[1]:
            return known[0]
        found = kept[digest] = read_token(token, self._key)
        if len(kept) > _TOKENS_KEPT:
            del kept[next(iter(kept))]
        return found[0]

    async def _server(self, key: str) -> Principal:
        now = self._clock.now()
        kept = hash_secret(key)
        known = self._keys.get(kept)
        if known is not None and now < known[1]:
            return known[0]
        account_id = key.removeprefix(KEY_PREFIX).partition(".")[0]
        account = await asyncio.to_thread(self._by_login, f"key:{account_id}")
        if account is None or not same_secret(account.secret_hash, key) or _is_over(account, now):
            raise UnauthenticatedError("The key is not known, or counts no more.", "Ask for a new key.")
        principal = _principal(account, "")
        self._keys[kept] = (principal, now + _KEY_KEPT_S)
        return principal

    def _by_login(self, login: str) -> Account | None:
        with self._store.reading() as connection:
            return rows.account_by_login(connection, login)

    async def sign_in(self, login: str, password: str, device_id: str = "") -> SignedIn:
        """Begin a session. Raises UnauthenticatedError, which does not tell what was wrong."""
        account = await asyncio.to_thread(self._by_login, login)
        kept = _NOBODY if account is None or account.kind != "person" else account.secret_hash
        async with self._checking:  # also where there is no account: how long it takes tells nothing
            right = await asyncio.to_thread(is_password, kept, password)
        now = self._clock.now()
        if account is None or not right or _is_over(account, now):
            raise UnauthenticatedError("Login and password do not belong together.", "Try again, or ask for a new one.")
        refresh = new_secret()
        session = _session_of(account, device_id, refresh, now)
        await asyncio.wrap_future(self._store.run(lambda c: rows.add_session(c, session)))
        return self._signed_in(account, session, refresh)

    async def renew(self, refresh_token: str) -> SignedIn:
        """Go on with a session; the refresh token counts once, and is answered once more where the answer was lost.

        Raises UnauthenticatedError.
        """
        session_id, _, secret = refresh_token.partition(".")
        now = self._clock.now()
        fresh = next_secret(secret, session_id, self._key)
        found = await asyncio.to_thread(self._session, session_id)
        if found is None or found[0].ended_at is not None or found[0].expires_at <= now or _is_over(found[1], now):
            raise UnauthenticatedError("The session is over.", "Sign in again.")
        session, account = found
        old, new = hash_secret(secret), hash_secret(fresh)

        def renew(connection: Connection) -> bool:
            return rows.renew_session(connection, session.id, old, new, now, GRACE_S)

        if not await asyncio.wrap_future(self._store.run(renew)):
            await asyncio.wrap_future(self._store.run(lambda c: rows.end_session(c, session.id, now)))
            cause = "The refresh token has been used before; its session was ended, because somebody has a copy."
            raise UnauthenticatedError(cause, "Sign in again.")
        return self._signed_in(account, session, fresh)

    def _session(self, session_id: str) -> tuple[Session, Account] | None:
        with self._store.reading() as connection:
            session = rows.session(connection, session_id)
            return None if session is None else (session, rows.account(connection, session.account_id))

    def _signed_in(self, account: Account, session: Session, refresh: str) -> SignedIn:
        principal = _principal(account, session.device_id or session.id)
        token = access_token(principal, session.id, self._key, self._clock.now())
        return SignedIn(principal=principal, access_token=token, refresh_token=f"{session.id}.{refresh}")

    async def sign_out(self, refresh_token: str) -> None:
        """End a session, if there is one."""
        session_id, now = refresh_token.partition(".")[0], self._clock.now()
        found = await asyncio.to_thread(self._session, session_id)
        if found is not None and same_secret(found[0].refresh_hash, refresh_token.partition(".")[2]):
            await asyncio.wrap_future(self._store.run(lambda c: rows.end_session(c, session_id, now)))

    async def add_person(self, wanted: NewAccount, by: str, password: str | None = None) -> tuple[Account, str]:
        """Let a person in; the account, and the password (a new one where none is given).

        Raises ConflictError (codes "login_taken", "account_unbound").
        """
        wanted.check()
        secret = password or new_secret()[:20]
        async with self._checking:
            kept = await asyncio.to_thread(hash_password, secret)
        account = _row(wanted, "person", new_id("acc", self._clock.now()), kept, by, self._clock.now())
        await asyncio.wrap_future(self._store.run(lambda c: rows.add_account(c, account)))
        return account, secret

    async def add_server(self, wanted: NewAccount, by: str) -> tuple[Account, str]:
        """Let a server in; the account and its key, which is shown this once. Raises ConflictError."""
        wanted.check()
        now = self._clock.now()
        account_id = new_id("key", now)
        key = f"{KEY_PREFIX}{account_id}.{new_secret()}"
        account = _row(wanted, "server", account_id, hash_secret(key), by, now, login=f"key:{account_id}")
        await asyncio.wrap_future(self._store.run(lambda c: rows.add_account(c, account)))
        return account, key

    async def add_device(self, wanted: NewAccount, device_id: str, by: str) -> tuple[Account, str]:
        """Let a rider in on one device, without a password: a refresh token, which the device uses at once.

        Raises ConflictError.
        """
        wanted.check()
        now, secret = self._clock.now(), new_secret()
        account_id = new_id("acc", now)
        account = _row(wanted, "device", account_id, hash_secret(new_secret()), by, now, login=f"device:{account_id}")
        session = _session_of(account, device_id, secret, now)

        def work(connection: Connection) -> None:
            rows.add_account(connection, account)
            rows.add_session(connection, session)

        await asyncio.wrap_future(self._store.run(work))
        return account, f"{session.id}.{secret}"

    async def change_password(self, account_id: str, old: str, new: str) -> None:
        """Take another password; everybody who is signed in with the old one has to sign in again.

        Raises UnauthenticatedError where ``old`` is not the password.
        """
        account = await asyncio.to_thread(self._account, account_id)
        async with self._checking:
            right = await asyncio.to_thread(is_password, account.secret_hash, old)
            if not right:
                raise UnauthenticatedError("That is not the password.", "Try again.")
            kept = await asyncio.to_thread(hash_password, new)
        await asyncio.wrap_future(self._store.run(lambda c: rows.set_secret(c, account_id, kept)))
        now = self._clock.now()
        await asyncio.wrap_future(self._store.run(lambda c: rows.end_sessions(c, account_id, now)))

    def _account(self, account_id: str) -> Account:
        with self._store.reading() as connection:
            return rows.account(connection, account_id)

    async def accounts(self) -> list[Account]:
        """Everybody who was ever let in."""
        return await asyncio.to_thread(self._accounts)

    def _accounts(self) -> list[Account]:
        with self._store.reading() as connection:
            return rows.accounts(connection)

    async def disable(self, account_id: str) -> None:
        """Let somebody in no more. Raises NotFoundError."""
        now = self._clock.now()
        await asyncio.wrap_future(self._store.run(lambda c: rows.disable_account(c, account_id, now)))
        self._keys.clear()

    async def first_start(self) -> str | None:
        """Make the administrator where there is nobody yet; the password, which is shown this once."""
        if await asyncio.to_thread(self._accounts):
            return None
        return (await self.add_person(NewAccount(login=ADMIN, role=Role.ADMIN, name="Administrator"), by=""))[1]


def _session_of(account: Account, device_id: str, refresh: str, now: Instant) -> Session:
    return Session(
        id=new_id("ses", now),
        account_id=account.id,
        device_id=device_id,
        refresh_hash=hash_secret(refresh),
        created_at=now,
        used_at=now,
        expires_at=now + SESSION_S,
    )


def _is_over(account: Account, now: Instant) -> bool:
    return account.disabled_at is not None or (account.expires_at is not None and account.expires_at <= now)


def _principal(account: Account, device_id: str) -> Principal:
    return Principal(
        id=account.id,
        role=Role(account.role),
        name=account.name,
        markets=frozenset(MarketId(name) for name in account.markets),
        rider_id=None if account.rider_id is None else RiderId(account.rider_id),
        merchant_id=None if account.merchant_id is None else MerchantId(account.merchant_id),
        scopes=frozenset(Right(name) for name in account.scopes) if account.scopes else None,
        device_id=device_id,
    )


def _row(
    wanted: NewAccount, kind: str, account_id: str, kept: str, by: str, now: Instant, login: str | None = None
) -> Account:
    return Account(
        id=account_id,
        kind=kind,
        login=login or wanted.login,
        name=wanted.name or wanted.login,
        role=wanted.role.value,
        markets=tuple(wanted.markets),
        scopes=tuple(scope.value for scope in wanted.scopes),
        rider_id=wanted.rider_id,
        merchant_id=wanted.merchant_id,
        secret_hash=kept,
        created_at=now,
        created_by=by,
        expires_at=wanted.expires_at,
    )
