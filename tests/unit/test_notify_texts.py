"""Every occasion has a text in every language, for everybody who can be told of it, and names only what is given."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from dispatch.errors import InvalidInputError
from dispatch.model.codec import Json
from dispatch.model.events import PenaltyKind
from dispatch.model.override import OverrideKind
from dispatch.model.reasons import (
    CancelReason,
    CaseKind,
    CaseResult,
    ClosureKind,
    FailureReason,
    RejectReason,
    RescuePlan,
)
from dispatch.notify.matrix import DEFAULTS, Audience, Matrix, Occasion, SendChannel, could_be_told
from dispatch.notify.rendering import Reader, local_time, money_text, render
from dispatch.notify.wording import LANGUAGES, Texts, language_of, load_texts, placeholders, voices
from dispatch.units import Money

TEXTS = load_texts()
EVERY = [(occasion, audience) for occasion in Occasion for audience in sorted(could_be_told(occasion))]
WORDS: dict[str, type[StrEnum]] = {
    "cancel_reason": CancelReason,
    "reject_reason": RejectReason,
    "failure_reason": FailureReason,
    "case_kind": CaseKind,
    "rescue_plan": RescuePlan,
    "case_result": CaseResult,
    "closure_kind": ClosureKind,
    "penalty_kind": PenaltyKind,
    "override_kind": OverrideKind,
}


def a_reader(language: str, name: str = "An", link: str = "") -> Reader:
    return Reader(language=language, time_zone="Asia/Kuala_Lumpur", name=name, market="Main Street", link=link)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_who_can_be_told_has_a_text(language: str) -> None:
    for occasion, audience in EVERY:
        values: dict[str, Json] = {name: {"text": f"<{name}>"} for name in DEFAULTS[occasion].values}
        found = render(TEXTS, occasion, audience, values, a_reader(language))
        assert found.language == language
        assert found.title
        assert found.short in found.body
        assert "{" not in found.title + found.body + found.html
        assert "<p>" in found.html
        assert "<order>" not in found.html


def test_every_occasion_has_a_row_and_every_value_is_named_by_some_text() -> None:
    assert set(DEFAULTS) == set(Occasion)
    for occasion, row in DEFAULTS.items():
        named = frozenset[str]()
        for voice in voices(occasion):
            wording = TEXTS.language("en").wordings[occasion, voice]
            named |= placeholders(wording.title + wording.short + wording.more)
        assert named == row.values, occasion


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same_in_every_language(language: str) -> None:
    english = TEXTS.language("en").wordings
    assert TEXTS.language(language).wordings.keys() == english.keys()
    for key, wording in TEXTS.language(language).wordings.items():
        assert placeholders(wording.short) == placeholders(english[key].short), key
        assert bool(wording.more) == bool(english[key].more), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_word_in_every_language(language: str) -> None:
    for group, codes in WORDS.items():
        words = TEXTS.language(language).words[group]
        assert set(words) == {code.value for code in codes}, (language, group)
        assert all(words.values())


def test_no_text_is_left_in_english() -> None:
    english = TEXTS.language("en").wordings
    for code in LANGUAGES[1:]:
        same = [key for key, one in TEXTS.language(code).wordings.items() if one.short == english[key].short]
        assert same == [], code


@pytest.mark.parametrize(
    ("wanted", "found"), [("es-MX", "es"), ("zh_CN", "zh"), ("VI", "vi"), ("fr", "en"), ("", "en"), ("-", "en")]
)
def test_an_unknown_language_falls_back(wanted: str, found: str) -> None:
    assert TEXTS.language(wanted).code == found


def test_what_is_missing_or_strange_in_a_language_is_all_told() -> None:
    table = tomllib.loads((files("dispatch.notify") / "texts" / "en.toml").read_text("utf-8"))
    del table["order_near"]
    table["order_accepted"]["customer"]["short"] = "{merchant} {secret}"
    table["phrases"]["bye"] = "{nobody}"
    with pytest.raises(InvalidInputError) as refused:
        Texts({"en": language_of("en", table)})
    assert [issue.field for issue in refused.value.issues] == [
        "en.order_accepted.customer",
        "en.order_near.customer",
        "en.phrases.bye",
    ]


def test_values_are_put_into_words_of_the_reader() -> None:
    values: dict[str, Json] = {
        "order": "A-7",
        "kind": {"word": ["case_kind", "lateness"], "about": "A-7"},
        "until": {"at": 0},
    }
    found = render(TEXTS, Occasion.CASE_OPENED, Audience.DISPATCHERS, values, a_reader("es"))
    assert found.short == "Caso nuevo sobre el pedido A-7: demora (A-7). El próximo paso vence a las 07:30."
    assert local_time(0, "Asia/Kuala_Lumpur") == "07:30"
    assert ZoneInfo("Asia/Kuala_Lumpur").key in a_reader("es").time_zone


def test_what_people_typed_cannot_break_subject_or_page() -> None:
    values: dict[str, Json] = {"order": "A-7", "text": {"text": "a\r\nBcc: x@y\n<script>"}}
    found = render(
        TEXTS, Occasion.CUSTOMER_MESSAGED, Audience.CUSTOMER_SERVICE, values, a_reader("en", link="https://x/y?a=1&b")
    )
    assert "\n" not in found.title + found.short
    assert "<script>" not in found.html
    assert '<a href="https://x/y?a=1&amp;b">' in found.html
    assert "Follow it here: https://x/y?a=1&b" in found.body


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1250, "MYR"), "12.50 MYR"),
        (Money(45000, "VND"), "45,000 VND"),
        (Money(4_500_000, "COP"), "45,000 COP"),
        (Money(5, "USD"), "0.05 USD"),
    ],
)
def test_money_is_written_as_people_write_it(money: Money, text: str) -> None:
    assert money_text(money) == text


def test_a_market_changes_cells_and_keeps_the_others() -> None:
    matrix = Matrix(
        {(Occasion.ORDER_NEAR, Audience.CUSTOMER): (), (Occasion.ORDER_LATE, Audience.SALES): (SendChannel.IN_APP,)}
    )
    assert matrix.audiences(Occasion.ORDER_NEAR) == ()
    assert Audience.SALES in matrix.audiences(Occasion.ORDER_LATE)
    assert matrix.cell(Occasion.OFFER_MADE, Audience.RIDER) == (SendChannel.PUSH, SendChannel.SMS)
