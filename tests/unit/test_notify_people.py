"""When people are left alone, and which wishes are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.api.noticing import webhook_rules
from dispatch.errors import InvalidInputError
from dispatch.notify.matrix import Audience, Occasion, SendChannel
from dispatch.notify.people import Contact, after_quiet, must_be_told
from dispatch.notify.wishes import check_cells, check_preferences
from dispatch.store.notice_people import Hook, KeptMatrix, Preferences
from dispatch.units import DAY_S, MINUTE_S
from tests.support.builders import MARKET

STRICT = webhook_rules(loopback=False)
KL = "Asia/Kuala_Lumpur"


def quiet(first: str, last: str, time_zone: str = KL) -> Preferences:
    begins, ends = (int(one[:2]) * 60 + int(one[3:]) for one in (first, last))
    return Preferences(
        market_id=MARKET, person="rider:r1", role="rider", time_zone=time_zone, quiet_from=begins, quiet_to=ends
    )


def at(text: str, time_zone: str = KL) -> int:
    return int(datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo(time_zone)).timestamp())


@pytest.mark.parametrize(
    ("now", "first", "last", "later"),
    [
        ("03-10T21:59", "22:00", "07:00", "03-10T21:59"),
        ("03-10T22:00", "22:00", "07:00", "03-11T07:00"),
        ("03-10T23:59", "22:00", "07:00", "03-11T07:00"),
        ("03-11T00:00", "22:00", "07:00", "03-11T07:00"),
        ("03-11T06:59", "22:00", "07:00", "03-11T07:00"),
        ("03-11T07:00", "22:00", "07:00", "03-11T07:00"),
        ("03-11T13:30", "13:00", "15:00", "03-11T15:00"),
        ("03-11T15:00", "13:00", "15:00", "03-11T15:00"),
        ("12-31T23:30", "23:00", "01:00", "12-31T23:30"),
    ],
)
def test_quiet_hours_end_by_the_clock_of_the_person(now: str, first: str, last: str, later: str) -> None:
    wanted = at(later) if later != now or now != "12-31T23:30" else at("12-31T23:30") + 90 * MINUTE_S
    assert after_quiet(at(now), quiet(first, last), "UTC") == wanted


def test_the_same_instant_is_night_in_one_place_and_day_in_another() -> None:
    noon = at("03-10T12:00", "UTC")
    assert after_quiet(noon, quiet("20:00", "23:00"), "UTC") == noon + 180 * MINUTE_S
    assert after_quiet(noon, quiet("20:00", "23:00", "America/Bogota"), "UTC") == noon
    market = quiet("11:30", "12:30", "")
    assert after_quiet(noon, market, "UTC") == noon + 30 * MINUTE_S


def test_the_night_in_which_clocks_go_forward_ends_at_its_hour() -> None:
    zone = "Europe/Madrid"
    assert after_quiet(at("03-28T23:00", zone), quiet("22:00", "07:00", zone), "UTC") == at("03-29T07:00", zone)


@given(
    st.integers(0, 2**31), st.integers(0, 1439), st.integers(0, 1439), st.sampled_from([KL, "UTC", "America/Bogota"])
)
def test_what_waits_leaves_quiet_hours_within_a_day(now: int, first: int, last: int, zone: str) -> None:
    wishes = quiet(f"{first // 60:02}:{first % 60:02}", f"{last // 60:02}:{last % 60:02}", zone)
    later = after_quiet(now, wishes, "UTC")
    assert now <= later <= now + DAY_S
    assert first == last or after_quiet(later, wishes, "UTC") == later


def test_without_wishes_nobody_waits() -> None:
    assert after_quiet(5, None, KL) == 5


@pytest.mark.parametrize(
    ("wishes", "codes"),
    [
        ({"phone": "0123"}, ["phone"]),
        ({"email": "nobody"}, ["email"]),
        ({"time_zone": "Mars/Base"}, ["time_zone"]),
        ({"language": "!!"}, ["language"]),
        ({"quiet_from": 60}, ["quiet_hours"]),
        ({"quiet_from": 60, "quiet_to": 60}, ["quiet_hours"]),
        ({"quiet_from": -1, "quiet_to": 1440}, ["quiet_hours"]),
        ({"choices": {"nonsense": ("sms",), "order_ready": ("smoke",)}}, ["unknown_key", "unknown_key"]),
        ({"choices": {"offer_made": ()}, "phone": "1"}, ["phone", "must_be_told"]),
        ({"choices": {"offer_made": ("sms",), "penalty_given": ()}}, []),
        ({"choices": {"offer_made": ("webhook",)}}, ["field_missing"]),
        ({"choices": {"offer_made": ("webhook",)}, "hook": Hook(url="https://pos.example/dispatch")}, []),
        ({"hook": Hook(url="https://10.0.0.1/"), "phone": "1"}, ["phone", "address_refused"]),
        ({"hook": Hook(url="http://a@pos.example/" + 2000 * "x")}, ["webhook_url", "webhook_url", "webhook_url"]),
    ],
)
def test_wishes_that_make_no_sense_are_all_refused(wishes: dict[str, Any], codes: list[str]) -> None:
    wanted = Preferences(market_id=MARKET, person="rider:r1", role="rider", **wishes)
    found: list[str] = []
    try:
        check_preferences(wanted, Audience.RIDER, STRICT.issues_of)
    except InvalidInputError as refused:
        found = [issue.code for issue in refused.issues]
    assert found == codes


def test_who_only_looks_may_switch_everything_off() -> None:
    assert not must_be_told(Occasion.OFFER_MADE, Audience.CUSTOMER_SERVICE)
    assert must_be_told(Occasion.MERCHANT_REMINDED, Audience.MERCHANT)


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ({"order_near/merchant": ("sms",)}, ["no_text"]),
        ({"order_near": ("sms",), "x/customer": ()}, ["unknown_key", "unknown_key"]),
        ({"order_late/sales": ("in_app", "smoke")}, ["unknown_key"]),
    ],
)
def test_cells_that_no_text_fits_are_refused(cells: dict[str, tuple[str, ...]], codes: list[str]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_cells(KeptMatrix(market_id=MARKET, cells=cells))
    assert [issue.code for issue in refused.value.issues] == codes


def test_addresses_that_cannot_be_are_none() -> None:
    contact = Contact(phone="12", email="an@example")
    assert [contact.address(channel) for channel in SendChannel] == [""] * len(SendChannel)
