"""Who somebody is where people are told things: the names under which notices stand, and the own audience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends

from dispatch.api.auth import Who, may
from dispatch.api.state import AppRequest
from dispatch.notify.matrix import Audience
from dispatch.notify.people import desk_of
from dispatch.notify.setup import Notices
from dispatch.service.principals import Principal, Right, Role

_DESKS: Final[Mapping[Role, Audience]] = {
    Role.CUSTOMER_SERVICE: Audience.CUSTOMER_SERVICE,
    Role.DISPATCHER: Audience.DISPATCHERS,
    Role.SALES: Audience.SALES,
    Role.OPERATIONS: Audience.LOGISTICS,
    Role.ADMIN: Audience.LOGISTICS,
}


async def notices_of(request: AppRequest) -> Notices:
    """The room of notifications behind the app."""
    return request.state["notices"]


Told = Annotated[Notices, Depends(notices_of)]
"""Write ``told: Told`` among the arguments of an endpoint to get the room of notifications."""


@dataclass(frozen=True, slots=True)
class Self:
    """Somebody who is told things: under which name, with whose desk besides."""

    person: str
    audience: Audience
    role: str
    persons: frozenset[str]


def self_of(who: Principal) -> Self:
    """Who somebody is to the room of notifications."""
    own = {Role.RIDER: who.rider_id, Role.MERCHANT: who.merchant_id, Role.CUSTOMER: who.order_id}
    if who.role in own:
        audience = Audience(who.role.value)
        person = f"{audience.value}:{own[who.role] or ''}"
        return Self(person, audience, who.role.value, frozenset({person}))
    audience = _DESKS.get(who.role, Audience.LOGISTICS)
    role = desk_of(audience).partition(":")[2]
    person = f"account:{who.id}"
    desk = {desk_of(audience)} if who.role in _DESKS else set()
    return Self(person, audience, role, frozenset({person, *desk}))


async def _me(who: Who) -> Self:
    who.need(Right.BE_TOLD)
    return self_of(who)


_me.__dict__["right"] = Right.BE_TOLD

Myself = Annotated[Self, Depends(_me)]
"""Write ``me: Myself`` to get who the caller is where people are told things."""

TOLD: Final = Depends(may(Right.BE_TOLD))
