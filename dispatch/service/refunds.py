"""Sends refunds to the gateway that has the money: from the outbox, tried again, and never twice.

A process may die at any moment. What was sent and not noted is asked for again under the same key, and the gateway
answers with what it has done already.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Final

from dispatch.engine.clock import Clock
from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.errors import ConflictError, DispatchError
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.codec import decode
from dispatch.model.commands import FailRefund, SettleRefund
from dispatch.model.order import MarketId, OrderId
from dispatch.model.payment import RefundStatus
from dispatch.pay.gateway import Gateway, GatewayAwayError, Going, Repaid, Repayment
from dispatch.service.asks import Ask
from dispatch.service.follow_money import REFUNDS
from dispatch.service.markets import Markets
from dispatch.service.payments import contradiction, end_of
from dispatch.service.read import Reads
from dispatch.store import rows
from dispatch.store.outbox import BACK_OFF_S, Claimed, claim_messages, message_failed, message_sent
from dispatch.store.store import Store
from dispatch.units import Money, Seconds

LOG: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPacing:
    """look_s: wall seconds between two looks. lease_s: for so long a refund is one worker's. back_off_s: waits after
    each attempt in vain; after the last, somebody has to do it by hand.
    """

    look_s: float = 1.0
    lease_s: Seconds = 60
    back_off_s: tuple[Seconds, ...] = BACK_OFF_S


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The message of a refund."""

    order_id: OrderId
    refund_id: str
    payment: str
    minor: int
    currency: str

    def to_repayment(self, market_id: MarketId) -> Repayment:
        """For the gateway."""
        return Repayment(
            market_id=market_id,
            order_id=self.order_id,
            refund_id=self.refund_id,
            payment=self.payment,
            amount=Money(self.minor, self.currency),
            key=f"refund/{market_id}/{self.order_id}/{self.refund_id}",
        )


class RefundRunner:
    """Sends until it is cancelled."""

    def __init__(
        self,
        store: Store,
        markets: Markets,
        gateway: Gateway,
        clock: Clock,
        worker: str,
        pacing: RefundPacing | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._traces = traces
        self._store, self._markets, self._gateway = store, markets, gateway
        self._clock, self._worker, self._pacing = clock, worker, pacing or RefundPacing()
        self._reads = Reads(store, markets)

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                while await self.run_once() == _AT_ONCE:
                    pass
            except DispatchError as error:
                LOG.warning("Refunds wait: %s", error)
            await asyncio.sleep(self._pacing.look_s)

    async def run_once(self) -> int:
        """Try some of those that are due; how many."""
        claiming = partial(
            claim_messages,
            worker=self._worker,
            now=self._clock.now(),
            lease_s=self._pacing.lease_s,
            limit=_AT_ONCE,
            topics=[REFUNDS],
        )
        claims = await asyncio.wrap_future(self._store.run(claiming))
        await asyncio.gather(*(self._send(claimed) for claimed in claims))
        return len(claims)

    async def _send(self, claimed: Claimed) -> None:
        with self._traces.span("refund", market_id=claimed.market_id, attempt=claimed.attempts):
            await self._try(claimed)

    async def _try(self, claimed: Claimed) -> None:
        wanted = decode(_Wanted, claimed.payload, f"message {claimed.name}")
        try:
            if await self._is_open(claimed.market_id, wanted):
                await self._settle(claimed, wanted, await self._gateway.repay(wanted.to_repayment(claimed.market_id)))
            else:
                await self._note(claimed, "")
        except GatewayAwayError as error:
            await self._try_again(claimed, wanted, error.cause)
        except DispatchError as error:
            # The claim runs out, and the refund is asked for again.
            LOG.warning("Refund %s waits: %s", wanted.refund_id, error)

    async def _is_open(self, market_id: MarketId, wanted: _Wanted) -> bool:
        account = await self._reads.one(rows.ACCOUNTS, market_id, wanted.order_id)
        found = next((one for one in account.refunds if one.refund_id == wanted.refund_id), None)
        return found is not None and found.status is RefundStatus.GRANTED

    async def _settle(self, claimed: Claimed, wanted: _Wanted, repaid: Repaid) -> None:
        command = end_of(wanted.order_id, wanted.refund_id, repaid)
        if command is not None:
            await self._say(claimed, command)
            await self._note(claimed, "")
        elif claimed.attempts > len(self._pacing.back_off_s):
            # Banks take days. The gateway tells when it is done.
            await self._note(claimed, "")
        else:
            await self._note(claimed, f"{Going.UNDER_WAY.value}: {repaid.reference}")

    async def _try_again(self, claimed: Claimed, wanted: _Wanted, cause: str) -> None:
        if claimed.attempts > len(self._pacing.back_off_s):
            failed = FailRefund(order_id=wanted.order_id, refund_id=wanted.refund_id, cause=cause)
            await self._say(claimed, failed)
        await self._note(claimed, cause)

    async def _say(self, claimed: Claimed, command: SettleRefund | FailRefund) -> None:
        name = f"{claimed.name}:{type(command).__name__}"
        ask = Ask(command=command, actor=SYSTEM_ACTOR, command_id=name, repeatable=True)
        try:
            await self._markets.execute(claimed.market_id, ask)
        except ConflictError as error:
            await self._markets.execute(claimed.market_id, contradiction(ask, command.order_id, error))

    async def _note(self, claimed: Claimed, error: str) -> None:
        """Write down how an attempt went; nothing where another worker has the claim by now."""
        now = self._clock.now()
        if error:
            work = partial(message_failed, claimed=claimed, now=now, error=error, back_off_s=self._pacing.back_off_s)
            await asyncio.wrap_future(self._store.run(work))
        else:
            await asyncio.wrap_future(self._store.run(partial(message_sent, claimed=claimed, now=now)))
