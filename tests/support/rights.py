"""What each endpoint asks of its caller, read from the app itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from dispatch.api.app import ROOMS
from dispatch.api.asking import asking_of
from dispatch.api.auth import market_of, principal_of, reporter_of, rider_who_asks
from dispatch.service.principals import Right


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One way to ask. rights: those that the caller needs, all of them; known: whether the caller must be known.

    of_market: whether it is about a market. described: whether the description of the API has it.
    """

    method: str
    path: str
    rights: frozenset[Right]
    known: bool
    of_market: bool
    described: bool

    @property
    def address(self) -> str:
        """The path with something in place of each parameter."""
        path = self.path.replace("{version}", "1")
        while "{" in path:
            path = f"{path[: path.index('{')]}x1{path[path.index('}') + 1 :]}"
        return path


def endpoints() -> list[Endpoint]:
    """Every endpoint of the app."""
    routers: list[APIRouter] = [room.router for room in ROOMS]
    return [
        Endpoint(method, route.path, *_asked(route.dependant), route.include_in_schema)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def _asked(dependant: Dependant) -> tuple[frozenset[Right], bool, bool]:
    calls = list(_calls(dependant))
    rights = frozenset(call.__dict__["right"] for call in calls if "right" in getattr(call, "__dict__", {}))
    of_market = {market_of, asking_of, reporter_of}.intersection(calls)
    known = rights or of_market or {principal_of, rider_who_asks}.intersection(calls)
    return rights, bool(known), bool(of_market)


def _calls(dependant: Dependant) -> Iterator[object]:
    for part in dependant.dependencies:
        yield part.call
        yield from _calls(part)
