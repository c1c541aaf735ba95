"""The page of a customer's link: safe, in five languages, and at work in a real browser."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatch.api.routes.track_page import NAMES, language_of
from dispatch.model.actor import ActorKind
from dispatch.model.case_flows import FLOWS
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.payment import PaymentStatus
from dispatch.notify.wording import LANGUAGES, placeholders
from tests.support.browser import Tab, browser
from tests.support.scripted_day import a_day
from tests.support.shop_api import PLACE, Shop, shop

WRONG = f"/t/{'x' * 43}"
ITEMS = [{"name": "Arepa con queso", "quantity": 2}]


@pytest.fixture
def open_shop(sqlite_url: str) -> Iterator[Shop]:
    with shop(sqlite_url) as opened:
        opened.post("admin", "/v1/merchants", id="m1", name="Arepas Luz", place=PLACE)
        opened.post("admin", "/v1/riders", id="r1", name="Rita Gómez")
        yield opened


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with browser(tmp_path) as found:
        found.speak("en")
        yield found


def page_of(open_shop: Shop, order_id: str) -> str:
    """The address of an order's page."""
    return open_shop.live.url + str(open_shop.post("admin", f"/v1/orders/{order_id}/link")["url"])


def words_in(code: str) -> dict[str, Any]:
    """The texts of the page in one language."""
    return tomllib.loads(files("dispatch.api").joinpath("pages", "track", f"{code}.toml").read_text("utf-8"))


def test_the_page_runs_only_itself_and_holds_no_data(open_shop: Shop) -> None:
    url = page_of(open_shop, open_shop.order(items=ITEMS, customer={"name": "Ana", "phone": "+573001234567"}))
    first, second = httpx.get(url), httpx.get(url)
    headers = first.headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert (headers["X-Robots-Tag"], headers["X-Content-Type-Options"]) == ("noindex", "nosniff")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    assert re.findall(r'<(script|style) nonce="([^"]+)">', first.text) == [("style", nonce), ("script", nonce)]
    assert nonce not in second.text
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", first.text)
    assert not re.findall(r"\son\w+=|\sstyle=|innerHTML|localStorage", first.text)
    for secret in (url.rsplit("/", 1)[1], "Ana", "+57300", "Arepa"):
        assert secret not in first.text


def test_the_page_asks_only_for_what_a_link_gives(open_shop: Shop) -> None:
    page = httpx.get(page_of(open_shop, open_shop.order())).text
    paths = httpx.get(f"{open_shop.live.url}/openapi.json").json()["paths"]
    assert re.findall(r"[\"'`](/v1[^\"'`$]*)", page) == ["/v1/track/"]
    asked = {*re.findall(r'ask\("(/[^"]*)"', page), *(f"/{name}" for name in re.findall(r'data-to="(\w+)"', page))}
    assert len(asked) >= 6
    assert {f"/v1/track/{{token}}{path}" for path in {*asked, "/stream"}} <= paths.keys()


def test_a_link_that_is_none_or_has_ended_gets_a_plain_page(open_shop: Shop) -> None:
    order_id = open_shop.order()
    url = page_of(open_shop, order_id)
    open_shop.ask("admin", "DELETE", f"/v1/orders/{order_id}/link")
    for address in (url, open_shop.live.url + WRONG):
        answer = httpx.get(address, headers={"Accept-Language": "es-CO,es;q=0.9,en;q=0.8"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Este enlace ya no funciona" in answer.text
        assert "<script" not in answer.text
    answers = (httpx.get(open_shop.live.url + WRONG) for _ in range(200))
    stopped = next(one for one in answers if one.status_code != 404)
    assert (stopped.status_code, int(stopped.headers["Retry-After"]) > 0) == (429, True)
    assert "A little too often" in stopped.text


@pytest.mark.parametrize(
    ("chosen", "accepted", "spoken"),
    [
        ("", "", "en"),
        ("", "de-DE,de;q=0.9", "en"),
        ("", "de;q=0.9, ms-MY;q=0.4, vi;q=0.8", "vi"),
        ("", "en;q=0, zh-Hans-CN", "zh"),
        ("", "en;q=much, es;q=0.1", "es"),
        ("ms", "vi", "ms"),
        ("tlh", "vi", "vi"),
    ],
)
def test_the_language_is_the_one_that_was_chosen_or_is_liked_best(chosen: str, accepted: str, spoken: str) -> None:
    assert language_of(chosen, accepted) == spoken


def test_the_page_speaks_every_language_of_the_messages(open_shop: Shop) -> None:
    url, english = page_of(open_shop, open_shop.order()), words_in("en")
    assert set(NAMES) == set(LANGUAGES)
    for code in LANGUAGES:
        words = words_in(code)
        assert words.keys() == english.keys()
        assert {name: placeholders(text) for name, text in words.items()} == {
            name: placeholders(text) for name, text in english.items()
        }
        answer = httpx.get(url, params={"lang": code})
        assert f'<html lang="{code}">' in answer.text
        assert (answer.headers["Content-Language"], words["loading"] in answer.text) == (code, True)
    assert len({words_in(code)["head_on_the_way"] for code in LANGUAGES}) == len(LANGUAGES)


def test_there_are_words_for_whatever_an_order_can_be() -> None:
    words, script = words_in("en"), files("dispatch.api").joinpath("pages", "track", "page.js").read_text("utf-8")
    renamed = dict(re.findall(r'(\w+): "(\w+)"', re.findall(r"STAGES = \{(.*)\}", script)[0]))
    assert renamed.keys() <= {status.value for status in OrderStatus}
    missing = [f"head_{renamed.get(status, status)}" for status in OrderStatus]
    missing += [f"money_{status}" for status in PaymentStatus if status not in ("none", "due")]
    every = [(kind, move) for kind, flow in FLOWS.items() for moves in flow.moves.values() for move in moves]
    moves = [(kind, move) for kind, move in every if ActorKind.CUSTOMER in move.by]
    missing += [f"answer_{move.step}" for _, move in moves] + [f"ask_{kind}" for kind, _ in moves]
    assert [name for name in missing if name not in words] == []


def test_a_customer_watches_an_order_come_writes_and_rates_it(open_shop: Shop, tab: Tab) -> None:
    order_id = open_shop.order(items=ITEMS, minor=4_550_000)
    tab.open(page_of(open_shop, order_id))
    tab.until_text("The store has your order")
    assert "Arepas Luz" in tab.text()
    assert "45,500" in tab.text()
    open_shop.post("admin", f"/v1/orders/{order_id}/accept")
    tab.until_text("Your order is being prepared")
    tab.click("#message summary")
    tab.write("#message textarea", "no onions")
    tab.click("#message button")
    tab.until_text("Thank you, your message was sent.")
    open_shop.starts()
    open_shop.given(order_id)
    assert "Rita" not in tab.text()
    open_shop.act("r1", "depart", must=False)
    open_shop.act("r1", "arrived", must=False)
    open_shop.act("r1", "picked_up", order_ids=[order_id])
    seen = {**PLACE, "occurred_at": datetime.fromtimestamp(open_shop.clock.now(), UTC).isoformat()}
    open_shop.post("rider-1", "/v1/riders/me/positions", positions=[seen])
    tab.until_text("Rita is bringing your order")
    tab.until("document.querySelector('#picture .me')?.checkVisibility()")
    assert "Gómez" not in tab.text()
    open_shop.delivered(order_id)
    tab.until_text("Your order has arrived")
    assert "Rita" not in tab.text()
    tab.click("label[for=star4]")
    tab.write("#rate textarea", "hot")
    tab.click("#rate_form button")
    tab.until_text("You gave 4 of 5 stars")
    said = open_shop.events("CustomerMessaged", "OrderRated")
    assert [one["text"] for one in said] == ["no onions", "hot"]
    assert said[1]["stars"] == 4
    assert tab.errors == []


def test_the_page_says_from_when_until_when_an_order_is_expected(sqlite_url: str, tab: Tab) -> None:
    with a_day(sqlite_url) as day:
        order_id = day.accepted()
        day.starts("r1")
        day.wait(60)
        expected = day.customer("GET", day.link(order_id)).json()["expected"]
        tab.open(page_of(day, order_id))
        tab.until_text("Expected")
        minutes = [int(expected[name][14:16]) for name in ("early_at", "late_at")]
        shown = re.findall(r":(\d\d)", str(tab.run("document.getElementById('when_time').textContent")))
        assert [int(one) for one in shown] == minutes


def test_a_customer_is_told_what_cancelling_costs_before_it_counts(open_shop: Shop, tab: Tab) -> None:
    open_shop.rules(cooked_percent=60)
    order_id = open_shop.accepted(minor=2_000_000)
    tab.open(page_of(open_shop, order_id))
    tab.click("#cancel")
    tab.until("document.getElementById('sure').open")
    assert "between COP 0 and COP 12,000" in tab.text().replace("\u00a0", " ")
    tab.click("#sure .main")
    tab.until("!document.getElementById('sure').open")
    assert open_shop.events("CaseOpened") == []
    tab.click("#cancel")
    tab.click("#sure .danger")
    tab.until_text("You want to cancel.")
    assert [one["kind"] for one in open_shop.events("CaseOpened")] == ["cancellation"]
    tab.click("#questions button")
    tab.until("!document.querySelector('#questions button')")
    assert [one["step"] for one in open_shop.events("CaseStepTaken")] == ["persuaded"]
    assert open_shop.now(order_id)["status"] == "accepted"
    assert tab.errors == []


def test_a_page_that_is_open_says_when_its_link_ends(open_shop: Shop, tab: Tab) -> None:
    order_id = open_shop.order()
    tab.speak("vi")
    tab.open(page_of(open_shop, order_id))
    tab.until_text("Cửa hàng đã nhận đơn của bạn")
    open_shop.ask("admin", "DELETE", f"/v1/orders/{order_id}/link")
    open_shop.post("admin", f"/v1/orders/{order_id}/accept")
    tab.until_text("Liên kết này không còn dùng được")
