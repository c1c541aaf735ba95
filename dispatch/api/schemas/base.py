"""What all schemas share: strictness, and instants, places and money as the wire has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.model import place as model
from dispatch.units import Instant
from dispatch.units import Money as ModelMoney

T = TypeVar("T")

FIRST_AT: Final = 946_684_800
"""2000-01-01: an earlier instant is a mistake of the sender."""
LAST_AT: Final = 4_102_444_800
"""2100-01-01."""


class Schema(BaseModel):
    """Base of all: unknown fields are errors, values are what they are written as."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


def _sane(value: datetime) -> datetime:
    if not FIRST_AT <= value.timestamp() < LAST_AT:
        raise ValueError("must lie between the years 2000 and 2100")
    return value


def _printable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain NUL")
    return value


When = Annotated[AwareDatetime, AfterValidator(_sane)]
"""An instant: RFC 3339 with an offset."""

Text = Annotated[str, Field(max_length=2000), AfterValidator(_printable)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@/ -]*$")]
"""An id."""


def instant(value: datetime) -> Instant:
    """Epoch seconds of an instant."""
    return int(value.timestamp())


def when(value: Instant) -> datetime:
    """An instant for the wire."""
    return datetime.fromtimestamp(value, UTC)


def maybe_when(value: Instant | None) -> datetime | None:
    """The same where there may be none."""
    return None if value is None else when(value)


class Place(Schema):
    """A point on the earth, in degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]

    def to_model(self) -> model.Place:
        """The value of the model."""
        return model.Place(self.latitude, self.longitude)

    @classmethod
    def of(cls, place: model.Place) -> Place:
        """For the wire."""
        return cls(latitude=place.latitude, longitude=place.longitude)


class Money(Schema):
    """An amount in minor units of a currency, such as 1250 and USD for 12.50 dollars."""

    minor: Annotated[int, Field(ge=-(10**15), le=10**15)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

    def to_model(self) -> ModelMoney:
        """The value of the model."""
        return ModelMoney(self.minor, self.currency)

    @classmethod
    def of(cls, money: ModelMoney) -> Money:
        """For the wire."""
        return cls(minor=money.minor, currency=money.currency)


class PageOf(Schema, Generic[T]):
    """Some of many; ``next`` is the cursor of the next page, missing on the last one."""

    items: list[T]
    next: str | None = None
