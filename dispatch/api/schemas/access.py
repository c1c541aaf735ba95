"""Signing in, accounts and keys on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr

from dispatch.api.schemas.base import Line, Name, Schema, When, instant, maybe_when, when
from dispatch.model.order import MarketId, MerchantId
from dispatch.model.rider import RiderId
from dispatch.service.access import NewAccount, SignedIn
from dispatch.service.principals import Principal, Right, Role
from dispatch.store.access import Account

Login = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s:\x00]+$")]
Password = Annotated[SecretStr, Field(min_length=12, max_length=200)]


class SignIn(Schema):
    """Login and password; `device_id` binds the session to a device."""

    login: Login
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    device_id: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_.:-]*$")] = ""


class Refresh(Schema):
    """The refresh token last given."""

    refresh_token: Annotated[SecretStr, Field(max_length=200)]


class ChangePassword(Schema):
    """The old password and the new one, of twelve characters or more."""

    old: SecretStr
    new: Password


class PrincipalOut(Schema):
    """Who somebody is to this service."""

    id: str
    role: Role
    name: str
    markets: list[str]
    rider_id: str | None
    merchant_id: str | None
    rights: list[Right]

    @classmethod
    def of(cls, who: Principal) -> PrincipalOut:
        """For the wire."""
        return cls(
            id=who.id,
            role=who.role,
            name=who.name,
            markets=sorted(who.markets),
            rider_id=who.rider_id,
            merchant_id=who.merchant_id,
            rights=[right for right in Right if who.may(right)],
        )


class TokensOut(Schema):
    """What a client goes on with: a token for requests, and one to renew it, which counts once."""

    access_token: str
    token_type: str = "Bearer"
    expires_in_s: int
    refresh_token: str
    principal: PrincipalOut

    @classmethod
    def of(cls, found: SignedIn) -> TokensOut:
        """For the wire."""
        return cls(
            access_token=found.access_token,
            expires_in_s=found.expires_in_s,
            refresh_token=found.refresh_token,
            principal=PrincipalOut.of(found.principal),
        )


class _Bound(Schema):
    name: Line = ""
    markets: Annotated[list[Name], Field(max_length=100, default_factory=list)]
    rider_id: Name | None = None
    merchant_id: Name | None = None
    expires_at: When | None = None


class NewPerson(_Bound):
    """A person to be let in; without a password the answer has one."""

    login: Login
    role: Role
    password: Password | None = None

    def to_account(self) -> NewAccount:
        """The value of the service."""
        return _account(self, self.login, self.role, ())


class NewKey(_Bound):
    """A server to be let in; `scopes` narrow what the role may do."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    role: Role = Role.INTEGRATOR
    scopes: Annotated[list[Right], Field(max_length=100, default_factory=list)]

    def to_account(self) -> NewAccount:
        """The value of the service."""
        return _account(self, self.name, self.role, tuple(self.scopes))


def _account(body: _Bound, login: str, role: Role, scopes: tuple[Right, ...]) -> NewAccount:
    return NewAccount(
        login=login,
        role=role,
        name=body.name,
        markets=tuple(MarketId(name) for name in body.markets),
        scopes=scopes,
        rider_id=None if body.rider_id is None else RiderId(body.rider_id),
        merchant_id=None if body.merchant_id is None else MerchantId(body.merchant_id),
        expires_at=None if body.expires_at is None else instant(body.expires_at),
    )


class AccountOut(Schema):
    """An account; `secret` is the password or key where it was just made, and never shown again."""

    id: str
    kind: str
    login: str
    name: str
    role: Role
    markets: list[str]
    scopes: list[str]
    rider_id: str | None
    merchant_id: str | None
    created_at: datetime
    expires_at: datetime | None
    disabled_at: datetime | None
    secret: str | None = None

    @classmethod
    def of(cls, account: Account, secret: str | None = None) -> AccountOut:
        """For the wire."""
        return cls(
            id=account.id,
            kind=account.kind,
            login=account.login,
            name=account.name,
            role=Role(account.role),
            markets=list(account.markets),
            scopes=list(account.scopes),
            rider_id=account.rider_id,
            merchant_id=account.merchant_id,
            created_at=when(account.created_at),
            expires_at=maybe_when(account.expires_at),
            disabled_at=maybe_when(account.disabled_at),
            secret=secret,
        )


class DeviceIn(Schema):
    """The device that a rider is to sign in on."""

    device_id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.:-]+$")]


class DeviceOut(Schema):
    """What the device begins with: it renews the token at once, and from then on nobody else can."""

    account_id: str
    refresh_token: str
