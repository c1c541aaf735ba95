"""Who may do what: principals, roles and rights in one table, and the bounds of what each of them sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from dispatch.errors import DispatchError, NotFoundError
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import Customer, MarketId, Merchant, MerchantId, OrderId
from dispatch.model.rider import RiderId
from dispatch.model.state import OrderState
from dispatch.store.queries import OrderFilter
from dispatch.units import DAY_S, Instant


class Role(StrEnum):
    """What somebody is to the business."""

    ADMIN = "admin"
    OPERATIONS = "operations"
    DISPATCHER = "dispatcher"
    CUSTOMER_SERVICE = "customer_service"
    SALES = "sales"
    MERCHANT = "merchant"
    RIDER = "rider"
    CUSTOMER = "customer"
    INTEGRATOR = "integrator"


class Right(StrEnum):
    """What can be allowed; an endpoint names the one that it needs."""

    SEE_ORDERS = "orders:read"
    PLACE_ORDERS = "orders:write"
    CANCEL_ORDERS = "orders:cancel"
    COMPLAIN = "orders:complain"
    COOK_ORDERS = "orders:cook"
    SEE_RIDERS = "riders:read"
    MANAGE_RIDERS = "riders:write"
    RIDE = "riders:ride"
    SEE_MERCHANTS = "merchants:read"
    MANAGE_MERCHANTS = "merchants:write"
    SEE_PREP_TIMES = "prep-times:read"
    OVERRIDE = "overrides:write"
    SEE_OVERRIDES = "overrides:read"
    SEE_PLANS = "plans:read"
    SEE_POLICIES = "policies:read"
    MANAGE_POLICIES = "policies:write"
    SEE_ZONES = "zones:read"
    MANAGE_ZONES = "zones:write"
    SEE_CASES = "cases:read"
    HANDLE_CASES = "cases:write"
    ANSWER_CASES = "cases:answer"
    SEE_PENALTIES = "penalties:read"
    MANAGE_PENALTIES = "penalties:write"
    MANAGE_CLOSURES = "closures:write"
    SEE_MONEY = "payments:read"
    HANDLE_MONEY = "payments:write"
    SEE_EVENTS = "events:read"
    SEE_MARKETS = "markets:read"
    MANAGE_MARKETS = "markets:write"
    MANAGE_ACCESS = "access:write"
    MANAGE_WEBHOOKS = "webhooks:write"
    BE_TOLD = "notifications:own"
    SEE_NOTICES = "notifications:read"
    MANAGE_NOTICES = "notifications:write"
    MOVE_CLOCK = "sandbox:write"


_STAFF: Final = frozenset(
    {
        Right.SEE_ORDERS,
        Right.SEE_RIDERS,
        Right.SEE_MERCHANTS,
        Right.SEE_PREP_TIMES,
        Right.SEE_OVERRIDES,
        Right.SEE_PLANS,
        Right.SEE_POLICIES,
        Right.SEE_ZONES,
        Right.SEE_CASES,
        Right.SEE_EVENTS,
        Right.SEE_MARKETS,
        Right.BE_TOLD,
        Right.SEE_NOTICES,
    }
)

_CARE: Final = _STAFF | {
    Right.PLACE_ORDERS,
    Right.CANCEL_ORDERS,
    Right.COMPLAIN,
    Right.HANDLE_CASES,
    Right.ANSWER_CASES,
    Right.SEE_MONEY,
    Right.SEE_PENALTIES,
}
"""Staff who look after orders and their exceptions."""

_CASES: Final = frozenset({Right.SEE_CASES, Right.ANSWER_CASES, Right.BE_TOLD})
"""For those whom cases are about: their own, and what they are told."""

RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.ADMIN: frozenset(Right) - {Right.RIDE},
    Role.OPERATIONS: frozenset(Right) - {Right.RIDE, Right.MANAGE_ACCESS, Right.MOVE_CLOCK},
    Role.DISPATCHER: _CARE | {Right.OVERRIDE, Right.MANAGE_CLOSURES},
    Role.CUSTOMER_SERVICE: _CARE | {Right.HANDLE_MONEY, Right.MANAGE_NOTICES},
    Role.SALES: frozenset(
        {
            Right.SEE_ORDERS,
            Right.PLACE_ORDERS,
            Right.SEE_MERCHANTS,
            Right.SEE_MARKETS,
            Right.SEE_ZONES,
            Right.SEE_MONEY,
            Right.BE_TOLD,
            Right.SEE_NOTICES,
        }
    ),
    Role.MERCHANT: frozenset(
        {
            Right.SEE_ORDERS,
            Right.COOK_ORDERS,
            Right.SEE_PREP_TIMES,
            Right.SEE_EVENTS,
            Right.SEE_MARKETS,
            Right.SEE_MONEY,
            *_CASES,
        }
    ),
    Role.RIDER: frozenset({Right.RIDE, Right.SEE_EVENTS, Right.SEE_MARKETS, Right.SEE_ZONES, *_CASES}),
    Role.CUSTOMER: frozenset({Right.SEE_ORDERS, Right.CANCEL_ORDERS, Right.COMPLAIN, Right.SEE_EVENTS, *_CASES}),
    Role.INTEGRATOR: frozenset(
        {
            Right.SEE_ORDERS,
            Right.PLACE_ORDERS,
            Right.CANCEL_ORDERS,
            Right.COMPLAIN,
            Right.COOK_ORDERS,
            Right.SEE_RIDERS,
            Right.SEE_MERCHANTS,
            Right.SEE_PREP_TIMES,
            Right.SEE_EVENTS,
            Right.SEE_MARKETS,
            Right.SEE_ZONES,
            Right.SEE_MONEY,
            Right.MANAGE_WEBHOOKS,
            Right.MOVE_CLOCK,
        }
    ),
}
"""What each role may do. Keys of servers may be narrower (``Principal.scopes``)."""

_ACTORS: Final[Mapping[Role, ActorKind]] = {
    Role.ADMIN: ActorKind.OPERATIONS,
    Role.OPERATIONS: ActorKind.OPERATIONS,
    Role.DISPATCHER: ActorKind.DISPATCHER,
    Role.CUSTOMER_SERVICE: ActorKind.SUPPORT,
    Role.SALES: ActorKind.SALES,
    Role.MERCHANT: ActorKind.MERCHANT,
    Role.RIDER: ActorKind.RIDER,
    Role.CUSTOMER: ActorKind.CUSTOMER,
    Role.INTEGRATOR: ActorKind.PLATFORM,
}


_ANSWER_FOR_IT: Final = (Role.ADMIN, Role.OPERATIONS, Role.CUSTOMER_SERVICE)

CUSTOMER_NEEDED_S: Final = DAY_S
"""How long after an order's end its customer's phone and address are shown to those who carried it out."""


class ForbiddenError(DispatchError):
    """The caller is known, and may not do this (HTTP 403)."""

    code = "forbidden"


class UnauthenticatedError(DispatchError):
    """The caller is not known: no credentials, or none that count any more (HTTP 401)."""

    code = "unauthenticated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. ``markets`` empty means every market; ``rider_id``, ``merchant_id`` and ``order_id`` bound the rows.

    scopes: if given, only these of the role's rights. device_id: the device that a rider signed in on.
    """

    id: str
    role: Role
    name: str = ""
    markets: frozenset[MarketId] = frozenset()
    rider_id: RiderId | None = None
    merchant_id: MerchantId | None = None
    order_id: OrderId | None = None
    scopes: frozenset[Right] | None = None
    device_id: str = ""

    @property
    def actor(self) -> Actor:
        """The one who is named in the log."""
        own = {Role.RIDER: self.rider_id, Role.MERCHANT: self.merchant_id}
        return Actor(_ACTORS[self.role], own.get(self.role) or self.id)

    def may(self, right: Right) -> bool:
        """Whether the right is the principal's."""
        return right in RIGHTS[self.role] and (self.scopes is None or right in self.scopes)

    def need(self, right: Right) -> None:
        """Raise ForbiddenError unless the right is the principal's."""
        if not self.may(right):
            cause = f"{self.role.value} {self.id} has no right {right.value}."
            raise ForbiddenError(cause, "Ask an administrator, or use credentials that have it.")

    def market(self, wanted: MarketId | None, known: frozenset[MarketId]) -> MarketId:
        """The market that is asked about: the one wanted, else the only one there is for the principal.

        Raises NotFoundError for one that is unknown or not the principal's (which it is, is nobody's business).
        """
        allowed = known & self.markets if self.markets else known
        if wanted is None and len(allowed) == 1:
            return next(iter(allowed))
        if wanted is None:
            cause = "The request names no market, and there is more than one."
            raise NotFoundError(cause, "Add ?market_id=... to the address.", code="market_missing")
        if wanted not in allowed:
            raise NotFoundError(f"There is no market {wanted!r}.", "Check the id of the market.")
        return wanted

    def own_orders(self, wanted: OrderFilter) -> OrderFilter:
        """The filter narrowed to the principal's own orders."""
        if self.role is Role.MERCHANT:
            return replace(wanted, merchant_id=self.merchant_id or MerchantId(""))
        if self.role is Role.RIDER:
            return replace(wanted, rider_id=self.rider_id or RiderId(""))
        if self.role is Role.CUSTOMER:
            return replace(wanted, order_id=self.order_id or OrderId(""))
        return wanted

    def without_secrets(self, order: OrderState, now: Instant) -> OrderState:
        """The order without the customer's phone and address, where the principal does not need them (any more).

        Merchants need them for what is fetched at the store; everybody needs them until a day after the end, those who
        answer for the business longer.
        """
        if self.needs_customer(order, now):
            return order
        named = Customer(name=order.order.customer.name, language=order.order.customer.language)
        return order._replace(order=replace(order.order, customer=named))

    def needs_customer(self, order: OrderState, now: Instant) -> bool:
        """Whether the principal needs the customer's phone and address."""
        if self.role is Role.MERCHANT:
            return order.dispatch is DispatchStatus.NOT_NEEDED and not order.over
        if self.role in _ANSWER_FOR_IT:
            return True
        ended_at = order.delivered_at or order.cancelled_at
        return ended_at is None or now < ended_at + CUSTOMER_NEEDED_S

    def own_order(self, order: OrderState) -> OrderState:
        """The order, if it is the principal's to see. Raises NotFoundError as if it did not exist."""
        found = {
            Role.MERCHANT: order.order.merchant_id == self.merchant_id,
            Role.RIDER: order.rider_id == self.rider_id,
            Role.CUSTOMER: order.order.id == self.order_id,
        }
        if not found.get(self.role, True):
            name = order.order.id
            raise NotFoundError(f"There is no order {name!r} in this market.", "Check the order's id and the market.")
        return order

    def own_merchant(self, merchant: Merchant) -> Merchant:
        """The merchant, unless the principal is another one. Raises NotFoundError as if it did not exist."""
        if self.role is Role.MERCHANT and merchant.id != self.merchant_id:
            raise NotFoundError(f"There is no merchant {merchant.id!r} in this market.", "Check the id and the market.")
        return merchant
