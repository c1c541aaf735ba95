"""Notifications, preferences, devices and the matrix on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field

from dispatch.api.schemas.base import Line, Schema, maybe_when, when
from dispatch.notify.desk import ChannelHealth, Shown
from dispatch.notify.matrix import DEFAULTS, Audience, Matrix, Occasion, SendChannel, could_be_told
from dispatch.store.notice_people import Hook, KeptMatrix, NoticeDevice, Preferences
from dispatch.store.notices import Sending

Channels = Annotated[list[SendChannel], Field(max_length=len(SendChannel))]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]
_HOUR: int = 60


def _minutes(text: str | None) -> int | None:
    return None if text is None else int(text[:2]) * _HOUR + int(text[3:])


def _clock(minutes: int | None) -> str | None:
    return None if minutes is None else f"{minutes // _HOUR:02}:{minutes % _HOUR:02}"


class SendingOut(Schema):
    """One message on its way over one channel."""

    id: str
    channel: SendChannel
    state: str
    address: str
    device_id: str | None
    error: str
    took_ms: int
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None

    @classmethod
    def of(cls, one: Sending) -> SendingOut:
        """For the wire; of addresses only as much as people need to know them by."""
        return cls(
            id=one.id,
            channel=SendChannel(one.channel),
            state=one.state,
            address=_veiled(one.address),
            device_id=one.device_id,
            error=one.error,
            took_ms=one.took_ms,
            created_at=when(one.created_at),
            sent_at=maybe_when(one.sent_at),
            delivered_at=maybe_when(one.delivered_at),
        )


def _veiled(address: str) -> str:
    """The end of a number, the beginning and the host of an address, or the host of a system."""
    if "://" in address:
        scheme, _, rest = address.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"
    if "@" in address:
        name, _, host = address.partition("@")
        return f"{name[:1]}...@{host}"
    return f"...{address[-4:]}" if address else ""


class NotificationOut(Schema):
    """What somebody was told, in words. `sendings` is shown to staff."""

    id: str
    number: int
    seq: int
    occasion: Occasion
    audience: Audience
    person: str
    order_id: str | None
    about: dict[str, str]
    urgent: bool
    state: str
    language: str
    title: str
    text: str
    created_at: datetime
    read_at: datetime | None
    sendings: list[SendingOut]

    @classmethod
    def of(cls, shown: Shown, *, staff: bool) -> NotificationOut:
        """For the wire."""
        one = shown.notice
        return cls(
            id=one.id,
            number=one.number,
            seq=one.seq,
            occasion=Occasion(one.occasion),
            audience=Audience(one.audience),
            person=one.person,
            order_id=one.order_id,
            about=dict(one.about),
            urgent=one.urgent,
            state=one.state,
            language=shown.words.language,
            title=shown.words.title,
            text=shown.words.short,
            created_at=when(one.created_at),
            read_at=maybe_when(one.read_at),
            sendings=[SendingOut.of(sending) for sending in shown.sendings] if staff else [],
        )


class Quiet(Schema):
    """Quiet hours, by the clock of the person; what is urgent comes all the same."""

    begins: Clock
    ends: Clock


class PreferencesIn(Schema):
    """How somebody wants to be told. `choices`: channels by occasion; an empty list: not at all.

    `webhook`: the address of a system of one's own.
    """

    language: Annotated[str, Field(max_length=20)] = ""
    time_zone: Annotated[str, Field(max_length=60)] = ""
    quiet: Quiet | None = None
    email: Annotated[str, Field(max_length=254)] = ""
    phone: Annotated[str, Field(max_length=20)] = ""
    webhook: Annotated[str, Field(pattern=r"^[\x21-\x7e]*$")] = ""
    choices: Annotated[dict[Occasion, Channels], Field(default_factory=dict)]

    def over(self, known: Preferences) -> Preferences:
        """These wishes, of the same person."""
        return Preferences(
            market_id=known.market_id,
            person=known.person,
            role=known.role,
            language=self.language,
            time_zone=self.time_zone,
            quiet_from=_minutes(None if self.quiet is None else self.quiet.begins),
            quiet_to=_minutes(None if self.quiet is None else self.quiet.ends),
            email=self.email,
            phone=self.phone,
            hook=Hook(url=self.webhook),
            choices={one.value: tuple(channel.value for channel in some) for one, some in self.choices.items()},
        )


class PreferencesOut(PreferencesIn):
    """The same, with whose they are.

    `webhook_secret` is there where it was just made, and never shown again. `webhook_gone_at`: since when the system
    answers that it is gone (410); nothing is sent to it until its address is written again.
    """

    person: str
    version: int
    webhook_secret: str | None = None
    webhook_old_secret_until: datetime | None = None
    webhook_gone_at: datetime | None = None

    @classmethod
    def of(cls, one: Preferences, secret: str = "") -> PreferencesOut:
        """For the wire; ``secret``: of the webhook, where it is shown."""
        begins, ends = _clock(one.quiet_from), _clock(one.quiet_to)
        return cls(
            person=one.person,
            version=one.version,
            language=one.language,
            time_zone=one.time_zone,
            quiet=None if begins is None or ends is None else Quiet(begins=begins, ends=ends),
            email=one.email,
            phone=one.phone,
            webhook=one.hook.url,
            webhook_secret=secret or None,
            webhook_old_secret_until=maybe_when(one.hook.old_secret_until),
            webhook_gone_at=maybe_when(one.hook.gone_at),
            choices={Occasion(name): [SendChannel(one) for one in some] for name, some in one.choices.items()},
        )


class PushKeys(Schema):
    """The keys of a subscription, as a browser gives them."""

    p256dh: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]
    auth: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class Subscription(Schema):
    """A browser's subscription: what `PushSubscription.toJSON()` gives, and a name to know the device by."""

    endpoint: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[\x21-\x7e]+$")]
    keys: PushKeys
    expirationTime: float | None = None  # noqa: N815 - browsers call it so
    label: Line = ""


class Permission(Schema):
    """Whether a browser may still be pushed to."""

    granted: bool


class DeviceOut(Schema):
    """A device. `state`: "active", "gone" (its push service knows it no more) or "denied" (its browser forbids it)."""

    id: str
    person: str
    label: str
    state: str
    why: str
    host: str
    created_at: datetime
    changed_at: datetime
    seen_at: datetime | None

    @classmethod
    def of(cls, one: NoticeDevice) -> DeviceOut:
        """For the wire; the endpoint itself is a secret."""
        return cls(
            id=one.id,
            person=one.person,
            label=one.label,
            state=one.state,
            why=one.why,
            host=one.endpoint.partition("://")[2].partition("/")[0],
            created_at=when(one.created_at),
            changed_at=when(one.changed_at),
            seen_at=maybe_when(one.seen_at),
        )


class PushKey(Schema):
    """What browsers subscribe to (`applicationServerKey`)."""

    key: str


class TestSend(Schema):
    """Over which channels a test goes, in order."""

    channels: Annotated[Channels, Field(min_length=1)]


class Begun(Schema):
    """The name of what was begun."""

    id: str


class Resent(Schema):
    """How many dead messages are sent once more."""

    messages: int


CellsIn = Annotated[dict[Occasion, dict[Audience, Channels]], Field(default_factory=dict)]


class MatrixIn(Schema):
    """Cells that a market has otherwise than the defaults. `language`: where nobody says which."""

    language: Annotated[str, Field(max_length=10)] = ""
    cells: CellsIn

    def kept(self) -> dict[str, tuple[str, ...]]:
        """As the store has it."""
        return {
            f"{occasion.value}/{audience.value}": tuple(channel.value for channel in channels)
            for occasion, row in self.cells.items()
            for audience, channels in row.items()
        }


class RowOut(Schema):
    """One occasion: who is told over which channels, and who could be."""

    cells: dict[Audience, list[SendChannel]]
    possible: list[Audience]
    urgent: bool
    escalate_s: int
    useful_s: int


class MatrixOut(Schema):
    """The whole table of a market; `own`: the cells that are not the defaults."""

    version: int
    language: str
    own: dict[str, list[SendChannel]]
    rows: dict[Occasion, RowOut]

    @classmethod
    def of(cls, kept: KeptMatrix, matrix: Matrix) -> MatrixOut:
        """For the wire."""
        own: Mapping[str, tuple[str, ...]] = kept.cells
        return cls(
            version=kept.version,
            language=kept.language,
            own={name: [SendChannel(one) for one in channels] for name, channels in own.items()},
            rows={occasion: _row(matrix, occasion) for occasion in Occasion},
        )


def _row(matrix: Matrix, occasion: Occasion) -> RowOut:
    row = DEFAULTS[occasion]
    return RowOut(
        cells={audience: list(matrix.cell(occasion, audience)) for audience in matrix.audiences(occasion)},
        possible=sorted(could_be_told(occasion)),
        urgent=row.urgent,
        escalate_s=row.escalate_s,
        useful_s=row.useful_s,
    )


class ChannelOut(Schema):
    """How a channel has done: messages by state, and their time at the provider."""

    channel: SendChannel
    set_up: bool
    states: dict[str, int]
    mean_ms: int
    most_ms: int

    @classmethod
    def of(cls, one: ChannelHealth) -> ChannelOut:
        """For the wire."""
        return cls(
            channel=one.channel, set_up=one.set_up, states=dict(one.states), mean_ms=one.mean_ms, most_ms=one.most_ms
        )
