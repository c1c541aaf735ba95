"""Signing in and out, and who may come in at all."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from dispatch.api.auth import InMarket, Who, may
from dispatch.api.limits import at_most
from dispatch.api.once import Makes
from dispatch.api.schemas.access import (
    AccountOut,
    ChangePassword,
    DeviceIn,
    DeviceOut,
    NewKey,
    NewPerson,
    PrincipalOut,
    Refresh,
    SignIn,
    TokensOut,
)
from dispatch.api.schemas.base import Name
from dispatch.api.state import Api
from dispatch.errors import NotFoundError
from dispatch.model.rider import RiderId
from dispatch.service.access import NewAccount
from dispatch.service.principals import ForbiddenError, Principal, Right, Role
from dispatch.store.access import Account

router = APIRouter(prefix="/v1", tags=["access"])

_SECRET = frozenset({"secret"})
TRIES = 10
"""Attempts to sign in with one login a minute."""


@router.post("/auth/token")
async def sign_in(body: SignIn, api: Api, request: Request) -> TokensOut:
    """Sign in with login and password."""
    await at_most(api, f"sign-in:{body.login}", TRIES, 60)
    await at_most(api, f"sign-in-from:{'' if request.client is None else request.client.host}", 20 * TRIES, 60)
    return TokensOut.of(await api.access.sign_in(body.login, body.password.get_secret_value(), body.device_id))


@router.post("/auth/refresh")
async def renew(body: Refresh, api: Api) -> TokensOut:
    """Go on with a session. A refresh token counts once; the answer has the next one.

    Where the answer was lost, the same request gets it again for a minute, until the next token is used.
    """
    return TokensOut.of(await api.access.renew(body.refresh_token.get_secret_value()))


@router.post("/auth/sign-out", status_code=204)
async def sign_out(body: Refresh, api: Api) -> None:
    """End a session."""
    await api.access.sign_out(body.refresh_token.get_secret_value())


@router.post("/auth/password", status_code=204)
async def change_password(body: ChangePassword, api: Api, who: Who) -> None:
    """Take another password. All sessions end."""
    await at_most(api, f"password:{who.id}", TRIES, 60)
    await api.access.change_password(who.id, body.old.get_secret_value(), body.new.get_secret_value())


@router.get("/auth/me")
async def who_am_i(who: Who) -> PrincipalOut:
    """Who asks, and what the caller may do."""
    return PrincipalOut.of(who)


@router.get("/accounts", dependencies=[Depends(may(Right.MANAGE_ACCESS))])
async def list_accounts(api: Api, who: Who) -> list[AccountOut]:
    """Everybody who was ever let in to the caller's markets."""
    return [AccountOut.of(account) for account in await api.access.accounts() if _is_within(who, account)]


@router.post("/accounts", status_code=201, dependencies=[Depends(may(Right.MANAGE_ACCESS))])
async def add_person(body: NewPerson, api: Api, who: Who, makes: Makes) -> AccountOut:
    """Let a person in. A repetition under the same `Idempotency-Key` does not show the password once more."""
    given = None if body.password is None else body.password.get_secret_value()

    async def make() -> AccountOut:
        account, password = await api.access.add_person(_within(who, body.to_account()), who.id, given)
        return AccountOut.of(account, password if given is None else None)

    return await makes.once(AccountOut, make, secrets=_SECRET)


@router.post("/keys", status_code=201, dependencies=[Depends(may(Right.MANAGE_ACCESS))])
async def add_key(body: NewKey, api: Api, who: Who, makes: Makes) -> AccountOut:
    """Let a server in. Its key is shown this once; a repetition under the same `Idempotency-Key` does not have it."""

    async def make() -> AccountOut:
        return AccountOut.of(*await api.access.add_server(_within(who, body.to_account()), who.id))

    return await makes.once(AccountOut, make, secrets=_SECRET)


@router.post("/riders/{rider_id}/devices", status_code=201, dependencies=[Depends(may(Right.MANAGE_RIDERS))])
async def add_device(rider_id: Name, body: DeviceIn, api: Api, who: Who, market_id: InMarket) -> DeviceOut:
    """Let a rider in on a device, without a password. Once more: the same account, and a new token."""
    rider = (await api.reads.rider(market_id, RiderId(rider_id))).rider
    wanted = NewAccount(login=rider_id, role=Role.RIDER, name=rider.name, markets=(market_id,), rider_id=rider.id)
    account, token = await api.access.add_device(wanted, body.device_id, who.id)
    return DeviceOut(account_id=account.id, refresh_token=token)


@router.delete("/accounts/{account_id}", status_code=204, dependencies=[Depends(may(Right.MANAGE_ACCESS))])
async def disable(account_id: Name, api: Api, who: Who) -> None:
    """Let somebody in no more, and sign them out everywhere; access tokens given out count for minutes yet."""
    found = next((one for one in await api.access.accounts() if one.id == account_id), None)
    if found is None or not _is_within(who, found):
        raise NotFoundError(f"There is no account {account_id!r}.", "Check the id.")
    await api.access.disable(account_id)


def _is_within(who: Principal, account: Account) -> bool:
    """Whether an account reaches no market that is not the principal's."""
    return not who.markets or (bool(account.markets) and who.markets.issuperset(account.markets))


def _within(who: Principal, wanted: NewAccount) -> NewAccount:
    """Nobody lets anybody into markets that are not their own."""
    if who.markets and not (wanted.markets and who.markets.issuperset(wanted.markets)):
        cause = "The account would reach markets that are not yours."
        raise ForbiddenError(cause, f"Name some of: {', '.join(sorted(who.markets))}.")
    return wanted
