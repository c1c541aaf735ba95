"""Merchants on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dispatch.api.schemas.base import Line, Name, Place, Schema
from dispatch.model import order as model
from dispatch.model.order import MarketId, MerchantId


class NewMerchant(Schema):
    """A merchant to be made known, or known anew with other data.

    `confirm_s`: how long this one may take to accept orders, where that is not as the policy says; 0 where nobody waits
    for it. `email`, `phone`, `language`: how the merchant is told things.
    """

    id: Name | None = None
    name: Line = ""
    place: Place
    confirm_s: Annotated[int, Field(ge=0, le=24 * 3600)] | None = None
    email: Annotated[str, Field(max_length=254, pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""
    phone: Annotated[str, Field(max_length=20, pattern=r"^(\+[1-9]\d{6,14})?$")] = ""
    language: Annotated[str, Field(max_length=10)] = ""

    def to_model(self, merchant_id: MerchantId, market_id: MarketId) -> model.Merchant:
        """The value of the model."""
        return model.Merchant(
            id=merchant_id,
            market_id=market_id,
            place=self.place.to_model(),
            name=self.name,
            confirm_s=self.confirm_s,
            email=self.email,
            phone=self.phone,
            language=self.language,
        )


class MerchantOut(Schema):
    """A merchant."""

    id: str
    market_id: str
    name: str
    place: Place
    confirm_s: int | None
    email: str
    phone: str
    language: str

    @classmethod
    def of(cls, merchant: model.Merchant) -> MerchantOut:
        """For the wire."""
        return cls.model_construct(
            id=merchant.id,
            market_id=merchant.market_id,
            name=merchant.name,
            place=Place.of(merchant.place),
            confirm_s=merchant.confirm_s,
            email=merchant.email,
            phone=merchant.phone,
            language=merchant.language,
        )
