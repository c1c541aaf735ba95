"""From a request to an ``Ask``: who, which market, under which id, expecting which version.

``Idempotency-Key`` makes the command's id the caller's own: the same key again gives the first answer, also after a
restart; with another body it is refused. Refusals are not kept: nothing has happened, so the same key decides anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header, Response

from dispatch.api.auth import Credentials, MarketName, market_of, principal_of
from dispatch.api.etag import version_in
from dispatch.api.state import AppRequest
from dispatch.errors import DispatchError
from dispatch.model.commands import Command
from dispatch.model.order import MarketId
from dispatch.model.state import OrderState
from dispatch.service.asks import Ask, Done, Expected, Ref
from dispatch.service.host import VersionError
from dispatch.service.principals import Principal
from dispatch.service.service import Services
from dispatch.units import Instant

KEY = Header(
    alias="Idempotency-Key",
    min_length=1,
    max_length=128,
    pattern=r"^[\x21-\x7e]+$",
    description="The same key again gives the first answer once more.",
)
"""The header that names a command."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Carries out commands of one request."""

    api: Services
    who: Principal
    market_id: MarketId
    key: str | None
    fingerprint: str
    version: int | None

    @property
    def now(self) -> Instant:
        """The present instant of the market's clock."""
        return self.api.clock.now()

    async def do(
        self,
        command: Command,
        about: Ref | None = None,
        *,
        command_id: str | None = None,
        occurred_at: Instant | None = None,
        dry_run: bool = False,
    ) -> Done:
        """Carry out a command; ``about`` names the entity to answer with, and the one that ``If-Match`` speaks of.

        command_id: the caller's own name for this command, instead of the key of the request. dry_run: do nothing.
        Raises what ``Markets.execute`` raises.
        """
        ask = self.ask(command, about, command_id=command_id, occurred_at=occurred_at, dry_run=dry_run)
        try:
            return await self.api.markets.execute(self.market_id, ask)
        except VersionError as error:
            if isinstance(error.present, OrderState):
                error.present = self.who.without_secrets(error.present, self.now)
            raise

    async def do_all(self, asks: Sequence[Ask]) -> list[Done | DispatchError]:
        """Carry out one after the other; a refusal stops none of those after it."""
        return await self.api.markets.execute_all(self.market_id, asks)

    def ask(
        self,
        command: Command,
        about: Ref | None = None,
        *,
        command_id: str | None = None,
        occurred_at: Instant | None = None,
        dry_run: bool = False,
    ) -> Ask:
        """What ``do`` asks for."""
        own = command_id or self.key
        name = f"{self.who.id}:{own}" if own is not None else self.api.new_id("cmd")
        return Ask(
            command=command,
            actor=self.who.actor,
            command_id=name,
            repeatable=own is not None,
            fingerprint=self.fingerprint if command_id is None else "",
            occurred_at=occurred_at,
            about=about,
            expected=None if self.version is None or about is None else Expected(about, self.version),
            dry_run=dry_run,
        )


async def asking_of(
    request: AppRequest,
    response: Response,
    credentials: Credentials,
    market_id: MarketName = None,
    key: Annotated[str | None, KEY] = None,
    if_match: Annotated[str | None, Header(description='The ETag last seen, such as "7".')] = None,
) -> Asking:
    """What carries out the commands of a request. Raises what ``market_of`` does, and InvalidInputError."""
    market = await market_of(request, response, credentials, market_id)
    who = await principal_of(request, response, credentials)
    content = sha256(f"{request.method} {request.url.path}\n".encode() + await request.body()).hexdigest()
    return Asking(request.state["services"], who, market, key, content, version_in(if_match))


Asks = Annotated[Asking, Depends(asking_of)]
"""Write ``asks: Asks`` among the arguments of an endpoint that changes something."""
