"""What people do with what they are told: read it, say how they want it, register devices; what staff look at."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, TypeVar

from sqlalchemy import Connection

from dispatch.engine.clock import Clock
from dispatch.errors import ConflictError, InvalidInputError, Issue, NotFoundError, StaleError
from dispatch.model.order import MarketId
from dispatch.notify.channels.push_encryption import Identity, check_keys
from dispatch.notify.channels.sms import REPORTED
from dispatch.notify.channels.webhook import WebhookRules
from dispatch.notify.expanding import matrix_of, plan_of
from dispatch.notify.matrix import DEFAULTS, Audience, Matrix, Occasion, SendChannel
from dispatch.notify.people import contact_of
from dispatch.notify.rendering import Reader, Rendered, render
from dispatch.notify.runner import Reaching
from dispatch.notify.steps import fall_back
from dispatch.notify.telling import Look
from dispatch.notify.wishes import check_cells, check_preferences
from dispatch.store import notice_people as people
from dispatch.store import notices as rows
from dispatch.store.notice_people import Hook, KeptMatrix, NoticeDevice, Preferences
from dispatch.store.notices import Notice, NoticeFilter, Sending
from dispatch.store.outbox import resend_named
from dispatch.store.store import Store
from dispatch.units import Instant, Seconds

T = TypeVar("T")
MOST_DEVICES: Final = 20
"""Devices that a person may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A notice in words, with its messages."""

    notice: Notice
    words: Rendered
    sendings: Sequence[Sending]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """How a channel does: messages by state since an instant, and their time at the provider."""

    channel: SendChannel
    set_up: bool
    states: Mapping[str, int]
    mean_ms: int
    most_ms: int


class NoticeDesk:
    """What endpoints work with."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        reaching: Reaching,
        identity: Identity,
        secret: bytes,
        webhooks: WebhookRules,
    ) -> None:
        self._store, self._clock, self._reaching = store, clock, reaching
        self._identity, self._secret, self._webhooks = identity, secret, webhooks

    @property
    def push_key(self) -> str:
        """What browsers subscribe to."""
        return self._identity.public

    def ack_token(self, notice_id: str) -> str:
        """Lets a browser say that a notice was opened, without signing in."""
        return hmac.digest(self._secret, f"opened {notice_id}".encode(), "sha256").hex()[:32]

    async def preferences(self, market_id: MarketId, person: str, role: str = "") -> Preferences:
        """How somebody wants to be told; version 0 where nothing was said."""
        found = await self._read(lambda c: people.preferences(c, market_id, [person]))
        return found.get(person, Preferences(market_id=market_id, person=person, role=role))

    async def put_preferences(
        self, wanted: Preferences, audience: Audience | None, by: str, expected: int | None = None
    ) -> tuple[Preferences, str]:
        """Write how somebody wants to be told; with the secret of the webhook where its address is new, else "".

        Raises InvalidInputError, StaleError.
        """
        check_preferences(wanted, audience, self._webhooks.issues_of)
        now, made = self._clock.now(), self._webhooks.new_secret()

        def work(connection: Connection) -> tuple[Preferences, str]:
            known = people.preferences(connection, wanted.market_id, [wanted.person]).get(wanted.person)
            hook = _hook_at(wanted.hook.url, people.NO_HOOK if known is None else known.hook, made)
            kept = replace(wanted, hook=hook, changed_at=now, changed_by=by)
            return people.put_preferences(connection, kept, expected), made if hook.secret == made else ""

        return await self._write(work)

    async def rotate_webhook(
        self, market_id: MarketId, person: str, overlap_s: Seconds, by: str
    ) -> tuple[Preferences, str]:
        """Take a new secret for the webhook of somebody; for ``overlap_s`` messages are signed with the old one, too.

        Raises NotFoundError where there is no webhook.
        """
        now, made = self._clock.now(), self._webhooks.new_secret()

        def work(connection: Connection) -> tuple[Preferences, str]:
            known = people.preferences(connection, market_id, [person]).get(person)
            if known is None or not known.hook.url:
                raise NotFoundError(f"{person} has no webhook.", "Put its address into the preferences first.")
            old = known.hook
            hook = replace(old, secret=made, old_secret=old.secret, old_secret_until=now + overlap_s)
            kept = replace(known, hook=hook, changed_at=now, changed_by=by)
            return people.put_preferences(connection, kept), made

        return await self._write(work)

    async def devices(
        self, market_id: MarketId, *, person: str | None = None, state: str | None = None
    ) -> list[NoticeDevice]:
        """The devices of a person, or of all."""
        return await self._read(lambda c: people.devices(c, market_id, person=person, state=state))

    async def subscribe(self, device: NoticeDevice) -> NoticeDevice:
        """Make a device known. Raises InvalidInputError for keys that are none, ConflictError (code "devices_full")."""
        try:
            check_keys(device.public_key, device.auth)
        except ValueError as error:
            issue = Issue("push_keys", f"the keys are none: {error}", "Send the subscription as it is.", field="keys")
            raise InvalidInputError("device", [issue]) from error
        name = f"dev_{sha256(f'{device.market_id} {device.endpoint}'.encode()).hexdigest()[:24]}"

        def work(connection: Connection) -> NoticeDevice:
            known = people.devices(connection, device.market_id, person=device.person)
            if len(known) >= MOST_DEVICES and device.endpoint not in {one.endpoint for one in known}:
                cause = f"There are {MOST_DEVICES} devices already."
                raise ConflictError(cause, "Remove one that is not used any more.", code="devices_full")
            return people.put_device(connection, replace(device, id=name))

        return await self._write(work)

    async def device_permission(
        self, market_id: MarketId, device_id: str, person: str, *, granted: bool
    ) -> NoticeDevice:
        """A browser says whether it may still be pushed to. Raises NotFoundError."""
        now = self._clock.now()
        state, why = (people.ACTIVE, "") if granted else (people.DENIED, "Its browser does not allow it any more.")

        def work(connection: Connection) -> NoticeDevice:
            self._own_device(connection, market_id, device_id, person)
            people.set_device_state(connection, device_id, state, why, now)
            return people.device(connection, market_id, device_id)

        return await self._write(work)

    async def unsubscribe(self, market_id: MarketId, device_id: str, person: str | None) -> None:
        """Forget a device, of a person or of anybody. Raises NotFoundError."""

        def work(connection: Connection) -> None:
            self._own_device(connection, market_id, device_id, person)
            people.remove_device(connection, device_id)

        await self._write(work)

    @staticmethod
    def _own_device(connection: Connection, market_id: MarketId, device_id: str, person: str | None) -> None:
        known = people.device(connection, market_id, device_id)
        if person is not None and known.person != person:
            raise NotFoundError(f"There is no device {device_id!r}.", "Check the id.")

    async def notices(
        self, market_id: MarketId, wanted: NoticeFilter, *, before: int | None, limit: int, language: str = ""
    ) -> list[Shown]:
        """What was told, the newest first."""

        def work(connection: Connection) -> list[Shown]:
            found = rows.notices(connection, market_id, wanted, before=before, limit=limit)
            return self._shown(connection, market_id, found, language)

        return await self._read(work)

    def _shown(
        self, connection: Connection, market_id: MarketId, found: Sequence[Notice], language: str
    ) -> list[Shown]:
        sendings = rows.sendings_of(connection, [notice.id for notice in found])
        usual = people.matrix(connection, market_id).language
        face, look = self._reaching.face(market_id), Look(connection, market_id)
        known = people.preferences(connection, market_id, {notice.person for notice in found})
        shown = []
        for notice in found:
            contact = contact_of(look, notice.person, notice.order_id, known.get(notice.person), face)
            spoken = language or contact.language or usual
            reader = Reader(language=spoken, time_zone=contact.time_zone, name=contact.name, market=face.name)
            occasion, audience = Occasion(notice.occasion), Audience(notice.audience)
            words = render(self._reaching.texts, occasion, audience, notice.content, reader)
            shown.append(Shown(notice=notice, words=words, sendings=sendings.get(notice.id, [])))
        return shown

    async def read(self, market_id: MarketId, notice_id: str, persons: Collection[str] | None, by: str) -> Notice:
        """Somebody has seen it; ``persons``: whose notices the caller may read. Raises NotFoundError."""
        now = self._clock.now()

        def work(connection: Connection) -> Notice:
            known = rows.notice(connection, notice_id)
            if known.market_id != market_id or (persons is not None and known.person not in persons):
                raise NotFoundError(f"There is no notification {notice_id!r}.", "Check the id.")
            rows.mark_read(connection, notice_id, now, by)
            return rows.notice(connection, notice_id)

        return await self._write(work)

    async def opened(self, notice_id: str, token: str) -> None:
        """A browser says that a notice was opened. Raises NotFoundError, also for a token that does not fit."""
        if not hmac.compare_digest(self.ack_token(notice_id).encode(), token.encode()):
            raise NotFoundError(f"There is no notification {notice_id!r}.", "Check the id and the token.")
        now = self._clock.now()
        await self._write(lambda c: rows.mark_read(c, notice_id, now, "push"))

    async def reported(self, sending_id: str, status: str, error: str) -> None:
        """A provider says what became of a message. Words that say nothing new, and old messages, change nothing."""
        fate, now = REPORTED.get(status), self._clock.now()

        def work(connection: Connection) -> None:
            sending = rows.sending(connection, sending_id)
            if fate == rows.READ:
                rows.mark_read(connection, sending.notice_id, now, "provider")
            elif fate == rows.DELIVERED and sending.delivered_at is None:
                values = {"state": rows.DELIVERED, "delivered_at": now, "ended_at": now}
                rows.note_sending(connection, sending_id, values)
                rows.raise_notice(connection, sending.notice_id, rows.DELIVERED)
            elif fate == rows.DEAD and sending.state not in (rows.DEAD, rows.DELIVERED):
                values = {"state": rows.DEAD, "error": error[:300], "ended_at": now}
                rows.note_sending(connection, sending_id, values)
                fall_back(connection, sending, now)

        if fate is not None:
            await self._write(work)

    async def again(self, market_id: MarketId, notice_id: str) -> int:
        """Send the dead messages of a notice once more; how many. Raises NotFoundError."""
        now = self._clock.now()

        def work(connection: Connection) -> int:
            known = rows.notice(connection, notice_id)
            if known.market_id != market_id:
                raise NotFoundError(f"There is no notification {notice_id!r}.", "Check the id.")
            beside = rows.sendings_of(connection, [notice_id]).get(notice_id, [])
            dead = [one.id for one in beside if one.state == rows.DEAD]
            rows.renew(connection, notice_id, dead, now + DEFAULTS[Occasion(known.occasion)].useful_s)
            return resend_named(connection, market_id, dead, now)

        return await self._write(work)

    async def matrix(self, market_id: MarketId) -> tuple[KeptMatrix, Matrix]:
        """What a market tells otherwise, and the table that comes of it."""
        kept = await self._read(lambda c: people.matrix(c, market_id))
        return kept, matrix_of(kept)

    async def put_matrix(
        self, market_id: MarketId, cells: Mapping[str, tuple[str, ...]], language: str, by: str, expected: int | None
    ) -> KeptMatrix:
        """Keep the next version. Raises InvalidInputError, StaleError."""
        now = self._clock.now()

        def work(connection: Connection) -> KeptMatrix:
            known = people.matrix(connection, market_id)
            wanted = KeptMatrix(
                market_id=market_id,
                version=known.version + 1,
                language=language,
                cells=cells,
                changed_at=now,
                changed_by=by,
            )
            check_cells(wanted)
            if (expected is not None and expected != known.version) or not people.add_matrix(connection, wanted):
                raise StaleError(f"The matrix is at version {known.version}, not at {expected}.", "Read it again.")
            return wanted

        return await self._write(work)

    async def test(
        self, market_id: MarketId, person: str, audience: Audience, channels: Sequence[SendChannel], name: str
    ) -> Notice:
        """Tell somebody that this is a test, over these channels."""
        now, row = self._clock.now(), DEFAULTS[Occasion.TEST]
        made = Notice(
            id=name,
            market_id=market_id,
            seq=0,
            occasion=Occasion.TEST.value,
            audience=audience.value,
            person=person,
            order_id=person.partition(":")[2] if audience is Audience.CUSTOMER else None,
            about={},
            content={},
            plan=plan_of(tuple(channels)),
            urgent=row.urgent,
            created_at=now,
            until_at=now + row.useful_s,
        )
        await self._write(lambda c: rows.add_notice(c, made, now))
        return made

    async def health(self, market_id: MarketId, over_s: Seconds) -> list[ChannelHealth]:
        """How each channel has done lately."""
        since: Instant = self._clock.now() - over_s
        found = await self._read(lambda c: rows.channel_figures(c, market_id, since))
        return [self._health(channel, [row for row in found if row[0] == channel.value]) for channel in _SENT_OVER]

    def _health(self, channel: SendChannel, found: Sequence[Sequence[object]]) -> ChannelHealth:
        states = {str(row[1]): _number(row[2]) for row in found}
        total = sum(states.values())
        spent = sum(_number(row[3]) * _number(row[2]) for row in found)
        return ChannelHealth(
            channel=channel,
            set_up=channel in self._reaching.ways,
            states=states,
            mean_ms=spent // total if total else 0,
            most_ms=max((_number(row[4]) for row in found), default=0),
        )

    async def _read(self, query: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self._store.reading() as connection:
                return query(connection)

        return await asyncio.to_thread(run)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._store.run(work))


_SENT_OVER: Final = tuple(channel for channel in SendChannel if channel is not SendChannel.IN_APP)


def _hook_at(url: str, known: Hook, secret: str) -> Hook:
    """The webhook at an address: a new one, or the known one, which is told again if its system had been gone."""
    if not url:
        return people.NO_HOOK
    return replace(known, gone_at=None) if url == known.url else Hook(url=url, secret=secret)


def _number(value: object) -> int:
    """A figure of the database: its mean of integers is a decimal in one, a float in the other."""
    return int(float(str(value or 0)))
