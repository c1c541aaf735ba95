"""Tells people: from the log to notices, from there over the outbox to whoever is reached.

Every process that holds markets runs one; what one has claimed, no other sends. Each channel is worked through by a
task of its own, so a provider that hangs delays nobody else. A message that was handed in, but not yet noted so when
the process died, is handed in again under the same id: providers that know the id take it once, others may double it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Final, TypeVar

from sqlalchemy import Connection

from dispatch.engine.background import Background
from dispatch.engine.clock import Clock
from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.errors import DispatchError, NotFoundError
from dispatch.model.order import MarketId
from dispatch.notify.channels.ports import Outcome, Result, Way
from dispatch.notify.expanding import expand
from dispatch.notify.matrix import SendChannel
from dispatch.notify.measures import NoticeMeasures
from dispatch.notify.message import Loaded, load, message_of
from dispatch.notify.people import Face
from dispatch.notify.steps import Step, fall_back, next_step
from dispatch.notify.telling import Look
from dispatch.notify.wording import Texts
from dispatch.store import notice_people, notices
from dispatch.store.claims import WAITING
from dispatch.store.notices import HOOKS, NEXT, TOPIC, Sending
from dispatch.store.outbox import BACK_OFF_S, Claimed, claim_messages, message_failed, message_sent
from dispatch.store.store import Store
from dispatch.units import DAY_S, Instant, Seconds

T = TypeVar("T")
LOG: Final = logging.getLogger(__name__)
_FORGOTTEN: Final = 500
_ANEW_S: Final = 5.0
"""How long after something unforeseen work begins anew."""
_TAKEN: Final[Mapping[Result, str]] = {Result.SENT: notices.SENT, Result.DELIVERED: notices.DELIVERED}
"""How far a message is that was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePacing:
    """How messages are worked through.

    look_s: wall seconds between two looks. lease_s: for so long a message is one worker's; longer than an attempt may
    take. at_once: messages under way over one channel; steps: notices of which the next channel is found in one go.
    fan_out: events looked at in one go. hosts: hosts of people's own systems that are sent to at once; a_host: messages
    under way to one of them. jitter: a wait is longer by up to this share, by chance. kept_s: for so long what was told
    is remembered; prune_s: wall seconds between two looks for what is older.
    """

    look_s: float = 0.5
    lease_s: Seconds = 90
    at_once: int = 16
    steps: int = 100
    fan_out: int = 500
    hosts: int = 50
    a_host: int = 4
    back_off_s: tuple[Seconds, ...] = BACK_OFF_S
    jitter: float = 0.2
    kept_s: Seconds = 90 * DAY_S
    prune_s: float = 600.0


async def no_link(_: MarketId, __: str) -> str:
    """Where there are no pages for customers."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """With what people are reached.

    ways: the channels that are set up. face: how each market shows itself. link: the address of an order's page for its
    customer. ack: where a browser says that somebody has opened a message.
    """

    texts: Texts
    ways: Mapping[SendChannel, Way] = field(default_factory=dict)
    face: Callable[[MarketId], Face] = lambda _: Face()
    link: Callable[[MarketId, str], Awaitable[str]] = no_link
    ack: Callable[[str], str] = lambda _: ""


class NoticeRunner:
    """Tells people until it is cancelled. Without ``chance``, waits are as long as they are written down."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        worker: str,
        reaching: Reaching,
        pacing: NoticePacing | None = None,
        chance: Random | None = None,
        measures: NoticeMeasures | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._traces = traces
        self._store, self._clock, self._worker, self._chance = store, clock, worker, chance
        self._reaching, self._pacing, self._measures = reaching, pacing or NoticePacing(), measures
        self._topics = [NEXT, *(TOPIC + one.value for one in reaching.ways if one is not SendChannel.WEBHOOK)]
        self._hosts: dict[str, asyncio.Task[None]] = {}
        self._pruned = time.monotonic()

    async def run(self) -> None:
        """Go on until cancelled."""
        async with Background() as hosts, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch(self._tell_and_prune, "notices"))
            tasks.create_task(self._watch(partial(self._serve_hosts, hosts), "webhooks"))
            for topic in self._topics:
                tasks.create_task(self._watch(partial(self._drain, topic), topic))

    async def _watch(self, work: Callable[[], Awaitable[object]], name: str) -> None:
        """Do some work again and again; where it breaks, begin anew after a while: the others go on."""
        while True:
            task = asyncio.create_task(self._again_and_again(work), name=name)
            try:
                await asyncio.wait([task])
            finally:
                task.cancel()
            if not task.cancelled() and (error := task.exception()) is not None:
                LOG.error("The work on %s broke, and begins anew.", name, exc_info=error)
            await asyncio.sleep(_ANEW_S)

    async def run_once(self) -> int:
        """Do all that is due now; how many steps and attempts that were."""
        done = 0
        while some := await self.tell_new() + await self._some_of_all():
            done += some
        return done

    async def _some_of_all(self) -> int:
        return sum([await self._some(topic) for topic in (*self._topics, *await self._due_hosts())])

    async def _again_and_again(self, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await work()
            except DispatchError as error:
                LOG.warning("Messages to people wait: %s", error)
            await asyncio.sleep(self._pacing.look_s)

    async def _tell_and_prune(self) -> None:
        await self.tell_new()
        if time.monotonic() - self._pruned > self._pacing.prune_s:
            self._pruned = time.monotonic()
            before = self._clock.now() - self._pacing.kept_s
            await self._write(partial(notices.forget_notices, before=before, limit=_FORGOTTEN))

    async def tell_new(self) -> int:
        """Work out who is told of new events; how many notices that were."""
        found = 0
        for market_id, after_seq in await asyncio.to_thread(self._read, notices.behind):
            found += await self._tell_market(market_id, after_seq)
        return found

    async def _tell_market(self, market_id: MarketId, after_seq: int) -> int:
        face, now = self._reaching.face(market_id), self._clock.now()
        work = partial(
            expand,
            market_id=market_id,
            after_seq=after_seq,
            face=face,
            now=now,
            limit=self._pacing.fan_out,
            ways=self._reaching.ways,
        )
        found = await asyncio.to_thread(self._read, work)
        writing = partial(
            notices.add_notices,
            market_id=market_id,
            after_seq=after_seq,
            reached=found.reached,
            notices=found.notices,
        )
        return len(found.notices) if await self._write(writing) else 0

    async def _drain(self, topic: str) -> None:
        while await self._some(topic):
            pass

    async def _due_hosts(self) -> list[str]:
        """The topics of people's own systems that wait for something, without those that are sent to already."""
        free = self._pacing.hosts - len(self._hosts) if SendChannel.WEBHOOK in self._reaching.ways else 0
        due = partial(notices.due_hooks, now=self._clock.now(), besides=self._hosts.keys(), limit=free)
        return await asyncio.to_thread(self._read, due) if free > 0 else []

    async def _serve_hosts(self, tasks: Background) -> None:
        """Send to each host by itself: one that hangs delays no other."""
        self._hosts = {topic: task for topic, task in self._hosts.items() if not task.done()}
        for topic in await self._due_hosts():
            self._hosts[topic] = tasks.start(self._drain_host(topic), topic)

    async def _drain_host(self, topic: str) -> None:
        try:
            await self._drain(topic)
        except DispatchError as error:
            LOG.warning("Messages to %s wait: %s", topic, error)

    async def _some(self, topic: str) -> int:
        claiming = partial(
            claim_messages,
            worker=self._worker,
            now=self._clock.now(),
            lease_s=self._pacing.lease_s,
            limit=self._at_once(topic),
            topics=[topic],
        )
        claims = await self._write(claiming)
        if claims:
            await (self._take_steps(claims) if topic == NEXT else self._send(claims))
        return len(claims)

    def _at_once(self, topic: str) -> int:
        if topic == NEXT:
            return self._pacing.steps
        return self._pacing.a_host if topic.startswith(HOOKS) else self._pacing.at_once

    async def _take_steps(self, claims: Sequence[Claimed]) -> None:
        """Find out over which channel each notice goes next, and put that on its way."""
        now = self._clock.now()

        def look(connection: Connection) -> list[Step | None]:
            looks = _looks(connection, claims)
            return [self._next_step(looks[claimed.market_id], claimed, now) for claimed in claims]

        found = await asyncio.to_thread(self._read, look)

        def write(connection: Connection) -> None:
            for claimed, step in zip(claims, found, strict=True):
                if message_sent(connection, claimed, now) and step is not None:
                    step.write(connection, now)

        await self._write(write)

    def _next_step(self, look: Look, claimed: Claimed, now: Instant) -> Step | None:
        """One step; None where its notice is forgotten."""
        name, step = _payload(claimed)
        try:
            return next_step(
                look, name, step, frozenset(self._reaching.ways), self._reaching.face(claimed.market_id), now
            )
        except NotFoundError:
            return None

    async def _send(self, claims: Sequence[Claimed]) -> None:
        """Make one attempt each, and write down what came of it as soon as that is known."""
        now = self._clock.now()

        def look(connection: Connection) -> list[Loaded | None]:
            looks = _looks(connection, claims)
            return [self._load(looks[claimed.market_id], claimed, now) for claimed in claims]

        found = await asyncio.to_thread(self._read, look)
        await asyncio.gather(
            *(self._send_one(claimed, loaded, now) for claimed, loaded in zip(claims, found, strict=True))
        )

    def _load(self, look: Look, claimed: Claimed, now: Instant) -> Loaded | None:
        """One message; None where it is forgotten."""
        try:
            return load(look, _payload(claimed)[0], self._reaching.face(claimed.market_id), now)
        except NotFoundError:
            return None

    async def _send_one(self, claimed: Claimed, loaded: Loaded | None, now: Instant) -> None:
        with self._traces.span("message", topic=claimed.topic, market_id=claimed.market_id, attempt=claimed.attempts):
            await self._send_loaded(claimed, loaded, now)

    async def _send_loaded(self, claimed: Claimed, loaded: Loaded | None, now: Instant) -> None:
        if loaded is None:
            await self._write(partial(message_sent, claimed=claimed, now=now))
            return
        if idle := loaded.useless or loaded.unreachable:
            outcome, took_s = Outcome(result=Result.REFUSED, error=idle), 0.0
        else:
            outcome, took_s = await self._attempt(loaded, now)
        await self._write(partial(self._note, claimed=claimed, loaded=loaded, outcome=outcome, took_s=took_s))
        if self._measures is not None:
            channel, market_id = loaded.sending.channel, claimed.market_id
            self._measures.tried(market_id, channel, outcome.result.value, took_s)
            if outcome.result in _TAKEN:
                self._measures.sent(market_id, channel, max(0, now - loaded.notice.created_at))

    async def _attempt(self, loaded: Loaded, now: Instant) -> tuple[Outcome, float]:
        if loaded.for_customer:
            link = await self._reaching.link(loaded.notice.market_id, loaded.notice.order_id or "")
            loaded = replace(loaded, link=link)
        try:
            message = message_of(self._reaching.texts, loaded, now)
        except (KeyError, ValueError) as error:
            LOG.exception("Message %s could not be put into words.", loaded.sending.id)
            return Outcome(result=Result.REFUSED, error=f"It could not be put into words: {error}"), 0.0
        message = replace(message, ack=self._reaching.ack(loaded.notice.id))
        began = time.monotonic()
        outcome = await self._reaching.ways[SendChannel(loaded.sending.channel)].send(message)
        return outcome, time.monotonic() - began

    def _note(self, connection: Connection, claimed: Claimed, loaded: Loaded, outcome: Outcome, took_s: float) -> None:
        """Write down what came of an attempt; nothing where the claim had run out meanwhile."""
        now, sending = self._clock.now(), loaded.sending
        took_ms = round(took_s * 1000)
        values: dict[str, object] = {"error": outcome.error, "took_ms": took_ms, "address": sending.address}
        if outcome.result in _TAKEN:
            if message_sent(connection, claimed, now):
                self._note_taken(connection, sending, values, outcome, now)
            return
        final = outcome.result is not Result.AGAIN
        waits = () if final else tuple(map(self._wait_s, self._pacing.back_off_s))
        if not message_failed(connection, claimed, now, outcome.error, back_off_s=waits):
            return
        if outcome.result is Result.GONE:
            _note_gone(connection, loaded, outcome, now)
        dead = claimed.attempts > len(waits)
        state = notices.DEAD if dead else WAITING
        notices.note_sending(connection, sending.id, values | {"state": state, "ended_at": now if dead else None})
        if dead and not loaded.useless:
            fall_back(connection, sending, now)
        elif dead:
            notices.raise_notice(connection, sending.notice_id, notices.EXPIRED)

    @staticmethod
    def _note_taken(
        connection: Connection, sending: Sending, values: Mapping[str, object], outcome: Outcome, now: Instant
    ) -> None:
        """Write down that a provider has a message, or the person's own system."""
        state = _TAKEN[outcome.result]
        known: dict[str, object] = {"state": state, "sent_at": now, "provider_id": outcome.provider_id}
        if outcome.result is Result.DELIVERED:
            known |= {"delivered_at": now, "ended_at": now}
        notices.note_sending(connection, sending.id, {**values, **known})
        notices.raise_notice(connection, sending.notice_id, state)
        if sending.device_id is not None:
            notice_people.device_seen(connection, sending.device_id, now)

    def _wait_s(self, wait_s: Seconds) -> Seconds:
        if self._chance is None:
            return wait_s
        return round(wait_s * (1 + self._pacing.jitter * self._chance.random()))

    def _read(self, query: Callable[[Connection], T]) -> T:
        with self._store.reading() as connection:
            return query(connection)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._store.run(work))


def _note_gone(connection: Connection, loaded: Loaded, outcome: Outcome, now: Instant) -> None:
    """An address is no more: it is not tried again, and shown to the staff."""
    sending, notice = loaded.sending, loaded.notice
    if sending.device_id is not None:
        notice_people.set_device_state(connection, sending.device_id, notice_people.GONE, outcome.error, now)
    else:
        notice_people.hook_gone(connection, notice.market_id, notice.person, sending.address, now)


def _looks(connection: Connection, claims: Sequence[Claimed]) -> dict[MarketId, Look]:
    """A look at each market that some messages are of."""
    return {market_id: Look(connection, market_id) for market_id in {claimed.market_id for claimed in claims}}


def _payload(claimed: Claimed) -> tuple[str, int]:
    """What a message of the outbox names: a notice and its step, or a sending."""
    payload = claimed.payload if isinstance(claimed.payload, Mapping) else {}
    name, step = payload.get("notice") or payload.get("sending"), payload.get("step")
    return str(name), step if isinstance(step, int) else 0
