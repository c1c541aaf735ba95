"""Durable timers of one market, carried out by the process that holds it.

To add a kind: set timers of it in ``dispatch.service.follow``, and name here what each leads to.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from dispatch.errors import ConflictError, DispatchError, NotFoundError, StaleError
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.codec import decode
from dispatch.model.commands import (
    Command,
    EndPaymentWait,
    EscalateCase,
    ExpireOffer,
    MakeOverride,
    OpenCase,
    PressMerchant,
    ReportLateness,
)
from dispatch.model.events import CaseId, OfferId
from dispatch.model.order import OrderId
from dispatch.service.asks import Ask
from dispatch.service.follow import OFFER_EXPIRES, OVERRIDE_ENDS
from dispatch.service.follow_care import CASE_DUE, MERCHANT_WAITS, ORDER_LATE, PAYMENT_DUE
from dispatch.service.follow_money import REFUND_WAITS
from dispatch.service.host import Host
from dispatch.store.store import Store
from dispatch.store.timers import claim_timers, next_due_at
from dispatch.store.writes import TimerClaim
from dispatch.units import Instant

LOG: Final = logging.getLogger(__name__)

Fires = Callable[[TimerClaim], Command]


def _offer_expires(claim: TimerClaim) -> Command:
    return ExpireOffer(offer_id=OfferId(claim.name.removeprefix("offer:")))


def _override_ends(claim: TimerClaim) -> Command:
    return decode(MakeOverride, claim.payload, f"timer {claim.name}")


def _merchant_waits(claim: TimerClaim) -> Command:
    return PressMerchant(order_id=OrderId(claim.name.removeprefix("merchant:")))


def _payment_due(claim: TimerClaim) -> Command:
    return EndPaymentWait(order_id=OrderId(claim.name.removeprefix("pay:")))


def _case_due(claim: TimerClaim) -> Command:
    return EscalateCase(case_id=CaseId(claim.name.removeprefix("case:")))


def _order_late(claim: TimerClaim) -> Command:
    return ReportLateness(order_id=OrderId(claim.name.removeprefix("late:")), text="not there in time")


def _refund_waits(claim: TimerClaim) -> Command:
    return decode(OpenCase, claim.payload, f"timer {claim.name}")


FIRES: Final[Mapping[str, Fires]] = {
    OFFER_EXPIRES: _offer_expires,
    OVERRIDE_ENDS: _override_ends,
    MERCHANT_WAITS: _merchant_waits,
    PAYMENT_DUE: _payment_due,
    CASE_DUE: _case_due,
    ORDER_LATE: _order_late,
    REFUND_WAITS: _refund_waits,
}
"""What a timer of each kind leads to."""

_AT_ONCE: Final = 200


class Timers:
    """Looks every ``look_s`` wall seconds for timers that are due, and carries them out."""

    def __init__(
        self, host: Host, store: Store, worker: str, *, look_s: float = 0.25, fires: Mapping[str, Fires] = FIRES
    ) -> None:
        self._host, self._store, self._worker, self._look_s, self._fires = host, store, worker, look_s, fires

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                while await self.fire_due() == _AT_ONCE:
                    pass
            except DispatchError as error:
                LOG.warning("market %s: timers wait: %s", self._host.market_id, error)
            await asyncio.sleep(self._look_s)

    async def fire_due(self) -> int:
        """Carry out what is due; how many timers that were."""
        now = self._host.clock.now()
        due_at = await asyncio.to_thread(self._next_due_at, None)
        if due_at is None or due_at > now:
            return 0
        claiming = partial(
            claim_timers, worker=self._worker, now=now, lease_s=30, limit=_AT_ONCE, market_id=self._host.market_id
        )
        claims = await asyncio.wrap_future(self._store.run(claiming))
        await asyncio.gather(*(self._fire(claim) for claim in claims))
        return len(claims)

    async def next_after(self, now: Instant) -> Instant | None:
        """When the next timer is due that is not due at ``now``."""
        return await asyncio.to_thread(self._next_due_at, now)

    def _next_due_at(self, after: Instant | None) -> Instant | None:
        with self._store.reading() as connection:
            return next_due_at(connection, self._host.market_id, after)

    async def _fire(self, claim: TimerClaim) -> None:
        lead = self._fires.get(claim.kind)
        if lead is None:
            LOG.error("market %s: no use for timer %s of kind %s", claim.market_id, claim.name, claim.kind)
            return
        ask = Ask(command=lead(claim), actor=SYSTEM_ACTOR, command_id=claim.command_id, fired=claim)
        try:
            await self._host.execute(ask)
        except StaleError:
            return  # it was cancelled, set anew, or is another worker's by now
        except (ConflictError, NotFoundError) as error:
            LOG.info("market %s: timer %s has nothing to do: %s", claim.market_id, claim.name, error)
            ended = Ask(command=None, actor=SYSTEM_ACTOR, command_id=claim.command_id, fired=claim)
            await self._host.execute(ended)
