"""One thread that writes: commands that wait at the same moment share one transaction and one sync to the disk.

While a transaction is being made durable the next commands gather; nobody waits for company. Every caller gets its
answer after the commit, never before. If a transaction fails as a whole, its commands are tried one by one, so that
one that the database cannot take harms no other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from dispatch.errors import DispatchError
from dispatch.model.events import Recorded
from dispatch.store.contention import end_hung, wait_briefly, was_kept_waiting
from dispatch.store.databases import Database, unavailable
from dispatch.store.group import GroupWriter, Outcome
from dispatch.store.storable import unstorable
from dispatch.store.writes import Append

LOG: Final = logging.getLogger(__name__)
MOST_TOGETHER: Final = 256
"""Commands that share a transaction at most; more of them would make the first wait for the last."""

T = TypeVar("T")
Listener = Callable[[tuple[Recorded, ...]], None]

_TRIES: Final = 5
"""How often a transaction is begun anew while others keep its rows, a second each time."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    append: Append
    future: Future[tuple[Recorded, ...]]


@dataclass(frozen=True, slots=True)
class _Job:
    """Some other short write, carried out in a savepoint of the group's transaction."""

    work: Callable[[Connection], Any]
    future: Future[Any]


class StoreClosedError(DispatchError):
    """The store was closed; what was sent after that is not written (HTTP 503)."""

    code = "store_closed"


class Writer:
    """Takes writes from any thread and carries them out in the order in which they came."""

    def __init__(self, database: Database, *, most_together: int = MOST_TOGETHER) -> None:
        self._database, self._most_together = database, most_together
        self._queue: SimpleQueue[_Waiting | _Job | None] = SimpleQueue()
        self._listeners: list[Listener] = []
        self._group = GroupWriter()
        self._closing = threading.Lock()
        self._closed = False
        self.groups = 0
        self.appends = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with the events of each command after they are durable, on the writer's thread."""
        self._listeners.append(listener)

    @property
    def waiting(self) -> int:
        """How many writes wait for their turn."""
        return self._queue.qsize()

    def submit(self, append: Append) -> Future[tuple[Recorded, ...]]:
        """Write one command's effect; the future has its events once they are durable. See ``Store.submit``."""
        future: Future[tuple[Recorded, ...]] = Future()
        self._put(_Waiting(append, future))
        return future

    def run(self, work: Callable[[Connection], T]) -> Future[T]:
        """Carry out some other short write; the future has what it returns, once that is durable."""
        future: Future[T] = Future()
        self._put(_Job(work, future))
        return future

    def _put(self, item: _Waiting | _Job) -> None:
        # From here on nobody can cancel it: what builds on a write must not find it gone because a client hung up.
        item.future.set_running_or_notify_cancel()
        with self._closing:
            if self._closed:
                raise StoreClosedError("The store is closed.", "Send the command again when the service is back.")
            self._queue.put(item)

    def close(self) -> None:
        """Write what waits, then stop."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            items = self._gather()
            if items:
                self._carry_out(items)
            else:
                return

    def _gather(self) -> list[_Waiting | _Job]:
        """All that waits, at least one; nothing where the store was closed."""
        first = self._queue.get()
        if first is None:
            return []
        items = [first]
        while len(items) < self._most_together:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is None:
                self._queue.put(None)
                break
            items.append(item)
        return items

    def _carry_out(self, items: Sequence[_Waiting | _Job]) -> None:
        try:
            outcomes, answers = self._transact_at_last(items)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, and the thread lives on
            self._group.forget()
            if len(items) > 1 and not isinstance(error, OperationalError):
                for item in items:
                    self._carry_out([item])
                return
            self._fail(items, error)
            return
        self._answer(items, outcomes, answers)

    def _transact_at_last(self, items: Sequence[_Waiting | _Job]) -> tuple[list[Outcome], list[Any]]:
        """One transaction, begun anew where a process that hangs kept its rows."""
        for _ in range(_TRIES - 1):
            try:
                return self._transact(items)
            except OperationalError as error:
                if not was_kept_waiting(error):
                    raise
            self._group.forget()
            with self._database.writing.begin() as connection:
                LOG.warning(
                    "Rows are kept by others; %s sessions of processes that hang were ended", end_hung(connection)
                )
        return self._transact(items)

    def _transact(self, items: Sequence[_Waiting | _Job]) -> tuple[list[Outcome], list[Any]]:
        appends = [item.append for item in items if isinstance(item, _Waiting)]
        with self._database.writing.begin() as connection:
            wait_briefly(connection)
            outcomes = self._group.write(connection, appends) if appends else []
            answers = [_try(connection, item.work) for item in items if isinstance(item, _Job)]
        self.groups += 1
        self.appends += len(appends)
        return outcomes, answers

    def _answer(self, items: Sequence[_Waiting | _Job], outcomes: Sequence[Outcome], answers: Sequence[Any]) -> None:
        next_outcome, next_answer = iter(outcomes), iter(answers)
        for item in items:
            answer = next(next_outcome) if isinstance(item, _Waiting) else next(next_answer)
            if isinstance(answer, DispatchError):
                item.future.set_exception(answer)
                continue
            if isinstance(item, _Waiting) and answer:
                self._tell(answer)
            item.future.set_result(answer)

    def _tell(self, recorded: tuple[Recorded, ...]) -> None:
        for listener in self._listeners:
            try:
                listener(recorded)
            except Exception:  # the events are durable; whoever listens must not make them look refused
                LOG.exception("A listener failed on event %s of market %s.", recorded[0].seq, recorded[0].market_id)

    def _fail(self, items: Sequence[_Waiting | _Job], error: Exception) -> None:
        refusal = _refusal(error)
        if refusal is error:
            LOG.error("A write failed.", exc_info=error)
        for item in items:
            item.future.set_exception(refusal)


def _refusal(error: Exception) -> Exception:
    """What to tell those whose write failed with an error that is no refusal."""
    if isinstance(error, DataError | OverflowError):
        return unstorable(str(error).splitlines()[0])
    return unavailable(error) if isinstance(error, DBAPIError) else error


def _try(connection: Connection, work: Callable[[Connection], object]) -> object:
    """What the work returns, or the refusal it raises; a refused one leaves nothing behind."""
    try:
        with connection.begin_nested():
            return work(connection)
    except DispatchError as error:
        return error
