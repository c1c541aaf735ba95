"""Which events somebody may see: staff all, everybody else those of their own orders and routes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from dispatch.errors import NotFoundError
from dispatch.model.events import OrderPlaced, PositionReported, Recorded
from dispatch.model.order import MarketId, MerchantId, OrderId
from dispatch.service.principals import Principal, Role
from dispatch.service.read import Reads

_KEPT: Final = 20_000
_BOUND: Final = (Role.MERCHANT, Role.RIDER, Role.CUSTOMER)


class Sight:
    """Remembers whose order is whose, so that a stream need not ask for every event."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._merchants: OrderedDict[tuple[MarketId, str], MerchantId | None] = OrderedDict()

    async def sees(self, who: Principal, recorded: Recorded) -> bool:
        """Whether the event is one of ``who``'s."""
        if who.role not in _BOUND:
            return True
        kind, _, name = recorded.stream.partition(":")
        if who.role is Role.RIDER:
            return kind == "rider" and name == who.rider_id and not isinstance(recorded.event, PositionReported)
        if kind != "order":
            return False
        if who.role is Role.CUSTOMER:
            return name == who.order_id
        return await self._merchant(recorded, name) == who.merchant_id

    async def _merchant(self, recorded: Recorded, order_id: str) -> MerchantId | None:
        key = (recorded.market_id, order_id)
        if key not in self._merchants:
            self._merchants[key] = await self._look_up(recorded, order_id)
            if len(self._merchants) > _KEPT:
                self._merchants.popitem(last=False)
        return self._merchants[key]

    async def _look_up(self, recorded: Recorded, order_id: str) -> MerchantId | None:
        if isinstance(recorded.event, OrderPlaced):
            return recorded.event.order.merchant_id
        try:
            return (await self._reads.order(recorded.market_id, OrderId(order_id))).order.merchant_id
        except NotFoundError:
            return None
