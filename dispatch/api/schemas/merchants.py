"""Merchants on the wire."""

from __future__ import annotations

from dispatch.api.schemas.base import Line, Name, Place, Schema
from dispatch.model import order as model
from dispatch.model.order import MarketId, MerchantId


class NewMerchant(Schema):
    """A merchant to be made known, or known anew with other data."""

    id: Name | None = None
    name: Line = ""
    place: Place

    def to_model(self, merchant_id: MerchantId, market_id: MarketId) -> model.Merchant:
        """The value of the model."""
        return model.Merchant(id=merchant_id, market_id=market_id, place=self.place.to_model(), name=self.name)


class MerchantOut(Schema):
    """A merchant."""

    id: str
    market_id: str
    name: str
    place: Place

    @classmethod
    def of(cls, merchant: model.Merchant) -> MerchantOut:
        """For the wire."""
        return cls.model_construct(
            id=merchant.id, market_id=merchant.market_id, name=merchant.name, place=Place.of(merchant.place)
        )
