"""One market as this process holds it: the only place where its commands are decided.

All of a host runs on one event loop. Deciding, handing the events to the store and taking them into the state happen
without a pause in between, so commands are in one order and need no lock. The caller is answered when the events are
durable; the next command does not wait for that. If the store refuses an append, what was decided after it is refused,
too, the state is loaded again, and those commands are decided anew. Whoever reads the state (``look``) waits likewise.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from dispatch.engine.clock import Clock
from dispatch.engine.decide import drafted
from dispatch.engine.draft import Draft
from dispatch.engine.foresee import Foreseen
from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.errors import ConflictError, DispatchError, NotFoundError, StaleError
from dispatch.model.codec import Json
from dispatch.model.commands import MakeOverride
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.model.state import CaseState, MarketState, OrderState, PenaltyState, RiderState
from dispatch.service.asks import Ask, Done, Expected, Outcome
from dispatch.service.follow import FOLLOW, follow_ups
from dispatch.service.following import Follow
from dispatch.service.seen_ids import SeenIds
from dispatch.service.unwritten import Memory, Unwritten
from dispatch.store.rows import PROJECTIONS
from dispatch.store.store import Store
from dispatch.store.writes import Append, Remembered
from dispatch.units import Instant

T = TypeVar("T")
LOG: Final = logging.getLogger(__name__)

_ATTEMPTS: Final = 5
"""How often a command is decided anew because what it built on was refused."""

Foresee = Callable[[MarketState, MarketState, MakeOverride, Instant], Awaitable[Foreseen]]
"""From a market, the market after an override, the override and the instant to what it changes in the plan."""

_WAIT_S: Final = 2.0
"""How long an override waits for being weighed; then it is made without."""
_TRY_S: Final = 30.0
"""How long a dry run waits for it."""
_LOOK_S: Final = 0.05
FRESH_S: Final = 86_400.0
"""After so long the state is loaded again, which lets go of what has come to rest meanwhile."""

Listener = Callable[[tuple[Recorded, ...], MarketState], None]


class Host:
    """The state of one market, equal to its log or ahead of the disk by what is being written.

    fence: the token of the lease under which this process writes, if there are leases; ``lost`` once the database has
    said that another process has a newer one, or this process has let go. sure_until: the instant, by the monotonic
    clock, after which the lease may be another's: until there is word of it, nothing is decided.
    """

    def __init__(
        self,
        market_id: MarketId,
        store: Store,
        clock: Clock,
        *,
        fence: int | None = None,
        follow: Sequence[Follow] = FOLLOW,
        traces: Traces = NO_TRACES,
        fresh_s: float = FRESH_S,
    ) -> None:
        self.market_id, self.clock, self.fence = market_id, clock, fence
        self.state = MarketState(market_id)
        self.lost = False
        self.sure_until = math.inf
        self._store, self._follow, self.traces = store, follow, traces
        self.foresee: Foresee | None = None
        self._listeners: list[Listener] = []
        self._asked: dict[str, asyncio.Future[Done]] = {}
        self._loading = asyncio.Lock()
        self._doubtful = True
        self._fresh_s, self._loaded = fresh_s, time.monotonic()
        self._unwritten = Unwritten()
        self._seen = SeenIds()

    async def open(self) -> None:
        """Load the state, where that has not been done."""
        await self._settled()

    def doubt(self) -> None:
        """Others have written: load the state again before anything is decided."""
        self._doubtful = True

    async def drain(self) -> None:
        """Wait until everything that was decided is durable, or refused."""
        while self._unwritten.writes:
            await asyncio.wait(self._unwritten.writes)

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with the events of each command once they are durable, and with the present state."""
        self._listeners.append(listener)

    async def execute(self, ask: Ask) -> Done:
        """Decide, write, take in; answers when the events are durable.

        Raises a DispatchError, and nothing has happened then; only after StoreUnavailableError that is not known, and
        the same command may be sent again under the same id.
        """
        return await self._answer(ask, await self._recall((ask,)))

    async def execute_all(self, asks: Sequence[Ask]) -> list[Done | DispatchError]:
        """``execute`` for one command after the other; none waits until the one before it is durable.

        Not for overrides, which are weighed before they are decided.
        """
        known = await self._recall(asks)
        # Tasks run in the order in which they were made, each without a pause until it has decided.
        found = await asyncio.gather(*(self._answer(ask, known) for ask in asks), return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException) and not isinstance(one, DispatchError):
                raise one
        return [one for one in found if isinstance(one, Done | DispatchError)]

    async def look(self, query: Callable[[Memory], T]) -> T:
        """What is so in the market, told once all that ``query`` saw is durable; it keeps nothing that can change."""
        while True:
            await self._settled()
            memory = Memory(self.state)
            found, waited = query(memory), self._unwritten.of(memory.seen)
            if not waited:
                return found
            await asyncio.wait(waited)
            if not self._doubtful:
                return found

    async def _recall(self, asks: Sequence[Ask]) -> dict[str, Remembered]:
        """What is remembered of those commands that were carried out before."""
        await self._settled()
        names = [ask.command_id for ask in asks if ask.repeatable and self._seen.may_have(ask.command_id)]
        if not names:
            return {}
        found = await asyncio.to_thread(lambda: [self._store.remembered(self.market_id, name) for name in names])
        return {one.command_id: one for one in found if one is not None}

    async def _answer(self, ask: Ask, known: Mapping[str, Remembered]) -> Done:
        if ask.dry_run or not ask.repeatable:
            return await self._carry_out(ask)
        before = self._asked.get(ask.command_id)
        if before is not None:
            # The answer to the first of two that came at once is the answer to both.
            return await asyncio.shield(before)
        found = known.get(ask.command_id)
        work = self._once_only(ask) if found is None else _again(ask, found)
        answer = self._asked[ask.command_id] = asyncio.ensure_future(work)
        answer.add_done_callback(lambda done: self._forget(ask.command_id, done))
        return await asyncio.shield(answer)

    def _forget(self, command_id: str, answer: asyncio.Future[Done]) -> None:
        self._asked.pop(command_id, None)
        if not answer.cancelled():
            answer.exception()  # whoever asked has seen it, or is gone

    async def _once_only(self, ask: Ask) -> Done:
        try:
            return await self._carry_out(ask)
        except ConflictError as error:
            # Its id stands in the database, though this process has never seen it: something beside the log has it.
            if error.code != "command_repeated":
                raise
            found = await asyncio.to_thread(self._store.remembered, self.market_id, ask.command_id)
            if found is None:
                raise
        return await _again(ask, found)

    async def _carry_out(self, ask: Ask) -> Done:
        name = "timer" if ask.command is None else type(ask.command).__name__
        with self.traces.span(f"command {name}", market_id=self.market_id, command_id=ask.command_id):
            return await self._weigh_and_write(ask)

    async def _weigh_and_write(self, ask: Ask) -> Done:
        found = await self._foreseen(ask)
        if found is not None and isinstance(ask.command, MakeOverride):
            weighed = replace(ask.command, cost_difference=found.cost_difference)
            if found.preferred_rider_id is not None:
                weighed = replace(weighed, preferred_rider_id=found.preferred_rider_id)
            ask = replace(ask, command=weighed)
        done = await self._until_written(ask)
        return done if found is None else replace(done, foreseen=found)

    async def _foreseen(self, ask: Ask) -> Foreseen | None:
        """What an override changes in the plan; None where nobody can say, or not in time."""
        if self.foresee is None or not isinstance(ask.command, MakeOverride):
            return None
        await self._settled()
        now = self.clock.now()
        draft = self._decide(ask, now, now)
        try:
            async with asyncio.timeout(_TRY_S if ask.dry_run else _WAIT_S):
                return await self.foresee(self.state, draft.state, ask.command, now)
        except TimeoutError:
            LOG.info("market %s: an override was not weighed in time", self.market_id)
            return None

    async def _until_written(self, ask: Ask) -> Done:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._try(ask)
            except VersionError:
                raise
            except StaleError as error:
                if error.code != StaleError.code:
                    raise
        return await self._try(ask)

    async def _try(self, ask: Ask) -> Done:
        await self._settled()
        # Nothing is awaited from here until the events are in the state.
        now = self.clock.now()
        at = now if ask.occurred_at is None else min(ask.occurred_at, now)
        draft = self._decide(ask, now, at)
        before = None if ask.about is None else ask.about.find(self.state)
        entity = None if ask.about is None else ask.about.find(draft.state)
        if ask.dry_run:
            return Done((), entity, before=before, would=tuple(draft.events))
        append = self._append(ask, draft, entity, before)
        if append is None:
            return Done(entity=entity, before=before)
        written = asyncio.wrap_future(self._store.submit(append))
        self._unwritten.add(written, draft.changed())
        draft.settle()
        if ask.repeatable:
            self._seen.add(ask.command_id)
        written.add_done_callback(self._ended)
        with self.traces.span("commit", events=len(append.events)):
            return Done(await asyncio.shield(written), entity, before=before)

    def _decide(self, ask: Ask, now: int, at: int) -> Draft:
        _check(self.state, ask.expected)
        return Draft(self.state, now, at) if ask.command is None else drafted(self.state, ask.command, now, at)

    def _append(self, ask: Ask, draft: Draft, entity: object, before: object) -> Append | None:
        """What is to be written; nothing where nothing follows and nobody will ask again."""
        if not draft.events and not ask.repeatable and ask.fired is None:
            return None
        found = follow_ups(draft.events, draft.state, draft.now, self._follow)
        outcome = _kept(ask, entity, before) if ask.repeatable else None
        return Append(
            market_id=self.market_id,
            events=tuple(draft.events),
            expected_seq=self.state.seq if draft.events else None,
            occurred_at=draft.at,
            recorded_at=draft.now,
            actor=ask.actor,
            command_id=ask.command_id,
            fence=self.fence,
            outcome=outcome,
            fingerprint=ask.fingerprint,
            messages=found.messages,
            timers=found.timers,
            cancelled_timers=found.cancelled,
            fired=ask.fired,
        )

    def _ended(self, written: asyncio.Future[tuple[Recorded, ...]]) -> None:
        self._unwritten.end(written)
        if written.cancelled() or written.exception() is not None:
            self._doubtful = True
            error = None if written.cancelled() else written.exception()
            self.lost = self.lost or (isinstance(error, StaleError) and error.code == "lease_lost")
            return
        recorded = written.result()
        for listener in self._listeners if recorded else ():
            listener(recorded, self.state)

    async def _settled(self) -> None:
        """Be sure of the lease, and of the state: load it again where an append was refused, and once a day.

        Raises StaleError (code "lease_lost").
        """
        while time.monotonic() > self.sure_until:
            if self.lost:
                cause = f"This process holds market {self.market_id} no more."
                raise StaleError(cause, "Send the command again with the same id.", code="lease_lost")
            await asyncio.sleep(_LOOK_S)
        if time.monotonic() > self._loaded + self._fresh_s:
            self._doubtful = True
        if not self._doubtful:
            return
        async with self._loading:
            while self._doubtful:
                await self.drain()
                self.state, self._seen = await asyncio.to_thread(self._load)
                self._doubtful, self._loaded = False, time.monotonic()

    def _load(self) -> tuple[MarketState, SeenIds]:
        """The market, and the ids of all commands that are remembered."""
        return self._store.load_state(self.market_id), SeenIds(self._store.command_ids(self.market_id))


async def _again(ask: Ask, known: Remembered) -> Done:
    """The answer that was given before. Raises ConflictError (code "key_reused")."""
    if known.fingerprint != ask.fingerprint:
        cause = f"Command {ask.command_id} was sent before with other content."
        raise ConflictError(cause, "Give every command an id of its own.", code="key_reused")
    kept = Outcome.read(known.outcome)
    entity, before = (PROJECTIONS[kept.kind].from_state(one) if one else None for one in (kept.state, kept.before))
    return Done(known.events, entity, repeated=True, before=before)


def _kept(ask: Ask, entity: object, before: object) -> Json:
    """What of an answer is kept for those who ask again."""
    if ask.about is None or entity is None:
        return {}
    projection = PROJECTIONS[ask.about.kind]
    kept: dict[str, Json] = {"kind": ask.about.kind, "id": ask.about.id, "state": projection.to_state(entity)}
    if isinstance(ask.command, MakeOverride) and before is not None:
        kept["before"] = projection.to_state(before)
    return kept


_COUNTED: Final = (OrderState, RiderState, CaseState, PenaltyState)


def version_of(entity: object) -> int | None:
    """How many events have changed an entity, for those that count it."""
    return entity.version if isinstance(entity, _COUNTED) else None


def _check(state: MarketState, expected: Expected | None) -> None:
    if expected is None:
        return
    entity = expected.ref.find(state)
    if entity is None:
        raise NotFoundError(f"There is no {expected.ref.kind} {expected.ref.id!r}.", "Check the id and the market.")
    present = version_of(entity)
    if present != expected.version:
        cause = f"{expected.ref.id} is at version {present}, not at {expected.version}."
        raise VersionError(cause, "Look at its present state, and repeat with that version.", entity)


class VersionError(StaleError):
    """The caller has seen another version of the entity; ``present`` is how it is now (HTTP 412)."""

    def __init__(self, cause: str, action: str, present: object) -> None:
        super().__init__(cause, action)
        self.present = present
