"""Policies of markets: which versions there are, which one counts, and which decides beside it without acting.

A market has the policies of the package and versions of its own, which are never changed: another setting is another
version. Which one counts is an event of the market's log (``PolicyChanged``), so it is known who decided that and when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from dispatch.engine.clock import Clock
from dispatch.engine.policy import Policy, as_table, load_policy, parse_policy, policy_of, shipped_policies
from dispatch.errors import ConflictError, InvalidInputError, NotFoundError
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.service.ids import new_id
from dispatch.store import plans as plan_rows
from dispatch.store import policies as rows
from dispatch.store.plans import ShadowTick
from dispatch.store.policies import KeptPolicy, Shadow
from dispatch.store.store import Store
from dispatch.units import Instant

T = TypeVar("T")
MOST_VERSIONS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a policy. shipped: it comes with the package."""

    name: str
    version: int
    shipped: bool
    note: str = ""
    created_at: Instant | None = None
    created_by: str = ""


class Policies:
    """The policies of all markets."""

    def __init__(self, store: Store, clock: Clock, default: Callable[[MarketId], str]) -> None:
        self._store, self._clock, self._default = store, clock, default

    async def versions(self, market_id: MarketId) -> list[Version]:
        """Every version that the market could be put under."""
        kept = await self._read(lambda c: rows.policies(c, market_id))
        shipped = [load_policy(name) for name in shipped_policies()]
        found = [Version(name=one.name, version=one.version, shipped=True) for one in shipped]
        return sorted([*found, *map(_version, kept)], key=lambda one: (one.name, one.version))

    async def one(self, market_id: MarketId, name: str, version: int | None = None) -> tuple[Version, Policy]:
        """One version, the newest where none is named. Raises NotFoundError."""
        fitting = [v for v in await self.versions(market_id) if v.name == name and version in (None, v.version)]
        if not fitting:
            what = name if version is None else f"{name} of version {version}"
            raise NotFoundError(f"There is no policy {what!r} in this market.", "Look at the list of policies.")
        found = fitting[-1]
        return found, await asyncio.to_thread(self.load, market_id, found.name, found.version)

    def load(self, market_id: MarketId, name: str, version: int) -> Policy:
        """One version; ``name`` "" gives what the market was set up with. Raises NotFoundError, InvalidInputError."""
        if not name:
            return load_policy(self._default(market_id))
        with self._store.reading() as connection:
            kept = rows.policy(connection, market_id, name, version)
        if kept is not None:
            settings = kept.settings if isinstance(kept.settings, dict) else {}
            return policy_of(settings, f"policy {name} {version}")
        if name in shipped_policies() and (shipped := load_policy(name)).version == version:
            return shipped
        raise NotFoundError(f"There is no policy {name!r} of version {version}.", "Look at the list of policies.")

    async def active(self, market_id: MarketId) -> Policy:
        """The policy that the log says counts."""
        name, version = await self._read(lambda c: rows.active_policy(c, market_id))
        return await asyncio.to_thread(self.load, market_id, name, version)

    async def add(
        self, market_id: MarketId, name: str, given: str | Mapping[str, Any], *, note: str, by: str
    ) -> tuple[Version, Policy]:
        """Keep a new version. Raises InvalidInputError with all that is wrong, ConflictError (code "policies_full")."""
        checked = read_policy(name, given)
        shipped = load_policy(name).version if name in shipped_policies() else 0
        now = self._clock.now()

        def work(connection: Connection) -> KeptPolicy:
            version = max(shipped, rows.newest_version(connection, market_id, name)) + 1
            if version > MOST_VERSIONS:
                cause = f"Policy {name} has {MOST_VERSIONS} versions."
                raise ConflictError(cause, "Go on under another name.", code="policies_full")
            policy = replace(checked, version=version)
            kept = KeptPolicy(
                market_id=market_id,
                name=name,
                version=version,
                settings=as_table(policy),
                note=note,
                created_at=now,
                created_by=by,
            )
            rows.add_policy(connection, kept)
            return kept

        kept = await self._write(work)
        return _version(kept), replace(checked, version=kept.version)

    async def changes(self, market_id: MarketId, before_seq: int | None, limit: int) -> Sequence[Recorded]:
        """When the market was put under another policy, the newest first."""
        return await self._read(lambda c: rows.changes_of_policy(c, market_id, before_seq, limit))

    async def start_shadow(self, market_id: MarketId, name: str, version: int, *, note: str, by: str) -> Shadow:
        """Let a policy decide beside the one that counts. Raises NotFoundError."""
        await asyncio.to_thread(self.load, market_id, name, version)
        now = self._clock.now()
        shadow = Shadow(
            id=new_id("shd", now),
            market_id=market_id,
            name=name,
            version=version,
            note=note,
            since=now,
            started_by=by,
        )
        await self._write(lambda c: rows.start_shadow(c, shadow))
        return shadow

    async def end_shadow(self, market_id: MarketId, by: str) -> None:
        """Let no policy decide beside it any more. Raises NotFoundError where none does."""
        now = self._clock.now()
        if not await self._write(lambda c: rows.end_shadow(c, market_id, now, by)):
            raise NotFoundError("No policy decides beside the market's own.", "Start one.")

    async def shadows(self, market_id: MarketId) -> list[Shadow]:
        """Policies that decide or have decided beside the market's own, the newest first."""
        return await self._read(lambda c: rows.shadows(c, market_id, 100))

    async def shadow_ticks(self, market_id: MarketId, shadow_id: str, limit: int) -> list[ShadowTick]:
        """The ticks of a shadow, the newest first."""
        return await self._read(lambda c: plan_rows.shadow_ticks(c, market_id, shadow_id, limit))

    async def _read(self, query: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self._store.reading() as connection:
                return query(connection)

        return await asyncio.to_thread(run)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._store.run(work))


def read_policy(name: str, given: str | Mapping[str, Any]) -> Policy:
    """A policy from TOML text or a table, under this name. Raises InvalidInputError with all issues."""
    if isinstance(given, str):
        return replace(parse_policy(f"{_HEAD}{given}" if _headless(given) else given, "policy"), name=name)
    return policy_of({**given, "name": name, "version": 1}, "policy")


_HEAD: Final = 'name = ""\nversion = 1\n'


def _headless(text: str) -> bool:
    """Whether a text of TOML says neither name nor version, which the market gives anyway."""
    before_tables = text.partition("[")[0]
    return "name" not in before_tables and "version" not in before_tables


def issues_of(name: str, given: str | Mapping[str, Any]) -> InvalidInputError | None:
    """What is wrong with a policy; None where nothing is."""
    try:
        read_policy(name, given)
    except InvalidInputError as error:
        return error
    return None


def _version(kept: KeptPolicy) -> Version:
    return Version(
        name=kept.name,
        version=kept.version,
        shipped=False,
        note=kept.note,
        created_at=kept.created_at,
        created_by=kept.created_by,
    )
