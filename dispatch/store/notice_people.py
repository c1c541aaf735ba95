"""How people want to be told things, the devices that they are told on, and what a market tells otherwise."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from dispatch.errors import NotFoundError, StaleError
from dispatch.model.order import MarketId
from dispatch.store.chain import canonical
from dispatch.store.tables import ACCOUNTS, DEVICES, MATRICES, PREFERENCES
from dispatch.units import Instant

ACTIVE: Final = "active"
GONE: Final = "gone"
"""The push service knows it no more."""
DENIED: Final = "denied"
"""Its browser does not let us push any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where a person's own system is told, and what its messages are signed with; url: "" where there is none.

    gone_at: since when the system answers that it is gone, and is told nothing.
    """

    url: str = ""
    secret: str = field(default="", repr=False)
    old_secret: str | None = field(default=None, repr=False)
    old_secret_until: Instant | None = None
    gone_at: Instant | None = None

    @property
    def reached_at(self) -> str:
        """The address that is told; "" where nothing is."""
        return self.url if self.gone_at is None else ""


NO_HOOK: Final = Hook()
_HOOK: Final = "webhook_"
_HOOK_FIELDS: Final = tuple(one.name for one in fields(Hook))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One row of ``preferences``; the columns that begin with ``webhook_`` are its ``hook``.

    person: "account:u1", "rider:r1", "merchant:m1" or "customer:o1". quiet_from, quiet_to: minutes after its midnight.
    choices: channels by occasion, in place of those of the market.
    """

    market_id: MarketId
    person: str
    role: str
    language: str = ""
    time_zone: str = ""
    quiet_from: int | None = None
    quiet_to: int | None = None
    email: str = ""
    phone: str = ""
    hook: Hook = NO_HOOK
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    version: int = 0
    changed_at: Instant = 0
    changed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDevice:
    """One row of ``devices``."""

    id: str
    market_id: MarketId
    person: str
    role: str
    endpoint: str
    public_key: str = field(repr=False)
    auth: str = field(repr=False)
    label: str = ""
    state: str = ACTIVE
    why: str = ""
    created_at: Instant
    changed_at: Instant
    seen_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMatrix:
    """One row of ``notice_matrices``; cells: channels by "occasion/audience". language: where nobody says which."""

    market_id: MarketId
    version: int = 0
    language: str = ""
    cells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changed_at: Instant = 0
    changed_by: str = ""


def preferences(connection: Connection, market_id: MarketId, persons: Collection[str]) -> dict[str, Preferences]:
    """The preferences of those of some persons who have any."""
    where = (PREFERENCES.c.market_id == market_id, PREFERENCES.c.person.in_(sorted(persons)))
    return {row.person: _preferences(row) for row in connection.execute(select(PREFERENCES).where(*where))}


def staff_preferences(connection: Connection, market_id: MarketId, role: str) -> list[Preferences]:
    """The preferences of all people of a role who are still let in."""
    out = select("account:" + ACCOUNTS.c.id).where(ACCOUNTS.c.disabled_at.is_not(None))
    c = PREFERENCES.c
    where = (c.market_id == market_id, c.role == role, c.person.startswith("account:"), c.person.not_in(out))
    return [_preferences(row) for row in connection.execute(select(PREFERENCES).where(*where).order_by(c.person))]


def put_preferences(connection: Connection, wanted: Preferences, expected: int | None = None) -> Preferences:
    """Write how somebody wants to be told things, as the next version. Raises StaleError."""
    known = preferences(connection, wanted.market_id, [wanted.person]).get(wanted.person)
    version = 0 if known is None else known.version
    if expected is not None and expected != version:
        raise StaleError(f"The preferences are at version {version}, not at {expected}.", "Read them again.")
    values = _values(replace(wanted, version=version + 1))
    mine = (PREFERENCES.c.market_id == wanted.market_id, PREFERENCES.c.person == wanted.person)
    if known is None:
        connection.execute(insert(PREFERENCES).values(values))
    else:
        connection.execute(update(PREFERENCES).where(*mine).values(values))
    return preferences(connection, wanted.market_id, [wanted.person])[wanted.person]


def hook_gone(connection: Connection, market_id: MarketId, person: str, url: str, now: Instant) -> None:
    """A person's system has answered that it is gone: it is told nothing until the address is given again."""
    c = PREFERENCES.c
    where = (c.market_id == market_id, c.person == person, c.webhook_url == url, c.webhook_gone_at.is_(None))
    change = {"webhook_gone_at": now, "changed_at": now, "version": c.version + 1}
    connection.execute(update(PREFERENCES).where(*where).values(change))


def put_device(connection: Connection, device: NoticeDevice) -> NoticeDevice:
    """Make a device known, or known anew under its old id: also where it was somebody else's before."""
    c = DEVICES.c
    same = (c.market_id == device.market_id, c.endpoint == device.endpoint)
    known = connection.execute(select(DEVICES).where(*same)).one_or_none()
    if known is None:
        connection.execute(insert(DEVICES).values(asdict(device)))
        return device
    values = asdict(device) | {"id": known.id, "created_at": known.created_at}
    connection.execute(update(DEVICES).where(c.id == known.id).values(values))
    return NoticeDevice(**values)


def with_devices(connection: Connection, market_id: MarketId, persons: Collection[str]) -> frozenset[str]:
    """Those of some persons who have a device that takes messages."""
    c = DEVICES.c
    where = (c.market_id == market_id, c.person.in_(sorted(persons)), c.state == ACTIVE)
    return frozenset(connection.execute(select(c.person).where(*where)).scalars())


def devices(
    connection: Connection, market_id: MarketId, *, person: str | None = None, state: str | None = None
) -> list[NoticeDevice]:
    """The devices of a person or of all, the oldest first."""
    where = [DEVICES.c.market_id == market_id]
    where += [] if person is None else [DEVICES.c.person == person]
    where += [] if state is None else [DEVICES.c.state == state]
    rows = connection.execute(select(DEVICES).where(*where).order_by(DEVICES.c.created_at, DEVICES.c.id))
    return [NoticeDevice(**row._mapping) for row in rows]


def device(connection: Connection, market_id: MarketId, device_id: str) -> NoticeDevice:
    """One device. Raises NotFoundError."""
    where = (DEVICES.c.market_id == market_id, DEVICES.c.id == device_id)
    row = connection.execute(select(DEVICES).where(*where)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no device {device_id!r}.", "Check the id.")
    return NoticeDevice(**row._mapping)


def set_device_state(connection: Connection, device_id: str, state: str, why: str, now: Instant) -> None:
    """Say whether a device can be pushed to."""
    change = update(DEVICES).where(DEVICES.c.id == device_id)
    connection.execute(change.values(state=state, why=why, changed_at=now))


def device_seen(connection: Connection, device_id: str, now: Instant) -> None:
    """A device's push service has just taken something."""
    connection.execute(update(DEVICES).where(DEVICES.c.id == device_id).values(seen_at=now))


def remove_device(connection: Connection, device_id: str) -> None:
    """Forget a device."""
    connection.execute(delete(DEVICES).where(DEVICES.c.id == device_id))


def matrix(connection: Connection, market_id: MarketId) -> KeptMatrix:
    """What a market tells otherwise; version 0 where nothing."""
    newest = select(MATRICES).where(MATRICES.c.market_id == market_id).order_by(MATRICES.c.version.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    if row is None:
        return KeptMatrix(market_id=market_id)
    cells = {name: tuple(channels) for name, channels in json.loads(row.cells).items()}
    return KeptMatrix(**dict(row._mapping) | {"cells": cells})


def add_matrix(connection: Connection, wanted: KeptMatrix) -> bool:
    """Keep the next version; False where somebody else has made it meanwhile."""
    if matrix(connection, wanted.market_id).version != wanted.version - 1:
        return False
    try:
        with connection.begin_nested():
            connection.execute(insert(MATRICES).values(asdict(wanted) | {"cells": _packed(wanted.cells)}))
    except IntegrityError:
        return False
    return True


def _packed(channels: Mapping[str, tuple[str, ...]]) -> str:
    return canonical({name: list(some) for name, some in channels.items()})


def _values(wanted: Preferences) -> dict[str, object]:
    values = asdict(wanted) | {"choices": _packed(wanted.choices)}
    hook: dict[str, object] = values.pop("hook")
    return values | {_HOOK + name: value for name, value in hook.items()}


def _preferences(row: Row[Any]) -> Preferences:
    values = dict(row._mapping)
    hook = {name: values.pop(_HOOK + name) for name in _HOOK_FIELDS}
    choices = {name: tuple(channels) for name, channels in json.loads(values["choices"]).items()}
    return Preferences(**values | {"choices": choices, "hook": Hook(**hook) if hook["url"] else NO_HOOK})
