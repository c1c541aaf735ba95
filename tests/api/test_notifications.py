"""What people are told, over the API: own lists and wishes, devices, the matrix, reports, and what staff see."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from typing import Any, TypeVar

import httpx
import pytest

from dispatch.engine.clock import SimulatedClock
from dispatch.notify.channels.sms import report_signature
from dispatch.notify.setup import Providers as Ways
from dispatch.notify.wording import LANGUAGES, load_texts
from tests.api.test_orders import DROPOFF, PICKUP
from tests.support.builders import NOON
from tests.support.live_api import Live, live_api
from tests.support.mailbox import Mailbox, mailbox
from tests.support.providers import TOKEN, Browser, Providers, providers
from tests.support.receiver import receiving

T = TypeVar("T")
PUBLIC = "https://dispatch.example"
AN = {"name": "An", "phone": "+60111111111", "email": "an@example.org", "language": "vi"}


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


@pytest.fixture(scope="module")
def stub() -> Iterator[Providers]:
    with providers() as found:
        yield found


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, box: Mailbox, stub: Providers) -> Iterator[Live]:
    ways = Ways(
        smtp=box.url,
        mail_from="Dispatch <post@dispatch.example>",
        sms=stub.sms_url,
        sms_from="+60100000000",
        public_url=PUBLIC,
    )
    url = f"sqlite:///{tmp_path_factory.mktemp('notifications')}/api.db"
    with live_api(url, ticking=False, providers=ways) as running:
        with running.client("admin") as admin:
            for number in (1, 2):
                shop = {"id": f"m{number}", "name": f"Shop {number}", "place": PICKUP, "language": "ms"}
                admin.post("/v1/merchants", json={**shop, "phone": f"+6012222222{number}"}).raise_for_status()
                admin.post("/v1/riders", json={"id": f"r{number}"}).raise_for_status()
        yield running


def soon(look: Callable[[], T]) -> T:
    """What ``look`` finds, once it finds something."""
    until = time.monotonic() + 20
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.05)
    assert found
    return found


def plain(letter: EmailMessage) -> str:
    """What an e-mail says."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def place(live: Live, merchant: str = "m1", customer: Mapping[str, str] = AN) -> str:
    with live.client("admin") as admin:
        body = {"merchant_id": merchant, "dropoff": DROPOFF, "customer": customer}
        return str(admin.post("/v1/orders", json=body).raise_for_status().json()["id"])


def told(live: Live, token: str = "customer_service", **query: str) -> list[dict[str, Any]]:
    with live.client(token) as client:
        answer = client.get("/v1/notifications/told", params=query).raise_for_status()
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_an_order_is_told_and_staff_see_what_became_of_it(live: Live, box: Mailbox, stub: Providers) -> None:
    order = place(live)
    soon(lambda: [one for one in box.letters if one["Subject"] == "Đã nhận đơn hàng"])
    soon(lambda: [one for one in stub.sms_to("+60122222221") if order[-6:].upper() in one])
    found = soon(lambda: told(live, order_id=order, state="sent"))
    seen = {(one["person"], one["sendings"][0]["channel"], one["sendings"][0]["address"]) for one in found}
    assert seen <= {(f"customer:{order}", "email", "a...@example.org"), ("merchant:m1", "sms", "...2221")}
    (link,) = re.findall(rf"{PUBLIC}(/t/[\w-]{{40,}})\n", plain(box.letters[-1]))
    page = httpx.get(f"{live.url}{link}", headers={"Accept-Language": "vi"})
    assert (page.status_code, page.headers["Content-Language"]) == (200, "vi")
    with live.client("merchant") as merchant:
        mine = merchant.get("/v1/notifications").json()["items"]
        assert {one["person"] for one in mine} == {"merchant:m1"}
        assert mine[0]["title"].startswith("Pesanan baharu")
        assert mine[0]["sendings"] == []
        english = merchant.get("/v1/notifications", params={"language": "en"}).json()["items"]
        assert english[0]["title"].startswith("New order")
        assert merchant.get("/v1/notifications/told").status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_to_customers_carry_the_link_in_their_language(live: Live, box: Mailbox, language: str) -> None:
    order = place(live, customer={"name": "An", "email": "an@example.org", "language": language})
    with live.client("admin") as admin:
        admin.post(f"/v1/orders/{order}/cancel", json={"reason": "out_of_stock"}).raise_for_status()
        token = admin.post(f"/v1/orders/{order}/link").raise_for_status().json()["token"]
    link = f"{load_texts().language(language).phrases['link']} {PUBLIC}/t/{token}\n"
    soon(lambda: len([text for text in map(plain, box.letters) if link in text]) == 2)


def test_messages_carry_no_link_where_nobody_has_said_how_the_world_gets_there(sqlite_url: str, box: Mailbox) -> None:
    ways = Ways(smtp=box.url, mail_from="Dispatch <post@dispatch.example>")
    with live_api(sqlite_url, ticking=False, providers=ways) as alone:
        with alone.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "name": "Alone", "place": PICKUP}).raise_for_status()
        place(alone, customer={**AN, "language": "en"})
        (text,) = soon(lambda: [text for text in map(plain, box.letters) if "Alone" in text])
    assert "/t/" not in text
    assert load_texts().language("en").phrases["link"] not in text


def test_a_provider_that_is_away_for_an_hour_loses_and_doubles_nothing(sqlite_url: str) -> None:
    clock, phones = SimulatedClock(NOON), [f"+6011111111{number}" for number in range(4)]
    with providers() as away:
        away.status["sms"] = 503
        ways = Ways(sms=away.sms_url, sms_from="+60100000000")
        with live_api(sqlite_url, ticking=False, clock=clock, providers=ways) as live, live.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "name": "Shop", "place": PICKUP}).raise_for_status()
            for phone in phones:
                order = place(live, customer={"name": "An", "phone": phone, "language": "en"})
                admin.post(f"/v1/orders/{order}/cancel", json={"reason": "out_of_stock"}).raise_for_status()
            soon(lambda: len(away.requests) >= len(phones))
            for _ in range(12):
                clock.set(clock.now() + 300)
                time.sleep(0.15)
            assert len(away.requests) > 2 * len(phones)
            assert away.sms == []
            away.status.clear()
            for _ in range(8):
                clock.set(clock.now() + 1_800)
                time.sleep(0.15)
            soon(lambda: len(told(live, occasion="order_cancelled", state="sent")) == len(phones))
            assert sorted(one["To"] for one in away.sms) == phones
            assert {"cancelled" in one["Body"] for one in away.sms} == {True}
            lost = told(live, dead="true", occasion="order_cancelled")
            assert {one["audience"] for one in lost} == {"merchant"}, "who has no address at all"


def test_nobody_reads_what_others_are_told(live: Live) -> None:
    order = place(live, "m2")
    (notice,) = soon(lambda: told(live, order_id=order, person="merchant:m2"))
    with live.client("merchant") as merchant:
        assert merchant.post(f"/v1/notifications/{notice['id']}/read").status_code == 404
        assert notice["id"] not in [one["id"] for one in merchant.get("/v1/notifications").json()["items"]]


def test_a_desk_sees_its_own_and_says_that_it_has_read(live: Live) -> None:
    order = place(live)
    with live.client("sales") as sales:
        mine = soon(lambda: [one for one in sales.get("/v1/notifications").json()["items"] if one["order_id"] == order])
        assert (mine[0]["person"], mine[0]["state"]) == ("role:sales", "open")
        sales.post(f"/v1/notifications/{mine[0]['id']}/read").raise_for_status()
        unread = sales.get("/v1/notifications", params={"unread": "true"}).json()["items"]
        assert mine[0]["id"] not in [one["id"] for one in unread]


def test_lists_come_in_pages_without_gaps(live: Live) -> None:
    *_, last = [place(live) for _ in range(3)]
    soon(lambda: told(live, order_id=last))  # events are told of in their order, each all at once
    everything = told(live, limit="500")
    found: list[str] = []
    cursor: dict[str, str] = {}
    with live.client("dispatcher") as dispatcher:
        while True:
            page = dispatcher.get("/v1/notifications/told", params={"limit": "2", **cursor}).json()
            found += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
    assert found == [one["id"] for one in everything]


def test_wishes_are_kept_by_version_and_checked(live: Live) -> None:
    with live.client("rider-1") as rider:
        assert rider.get("/v1/notifications/preferences").json()["version"] == 0
        wishes = {"language": "zh", "time_zone": "Asia/Kuala_Lumpur", "phone": "+60133333331"}
        quiet = {"quiet": {"begins": "22:00", "ends": "07:00"}, "choices": {"penalty_given": []}}
        kept = rider.put("/v1/notifications/preferences", json={**wishes, **quiet})
        assert (kept.json()["version"], kept.headers["ETag"]) == (1, '"1"')
        assert rider.get("/v1/notifications/preferences").json()["quiet"] == {"begins": "22:00", "ends": "07:00"}
        stale = rider.put("/v1/notifications/preferences", json=wishes, headers={"If-Match": '"0"'})
        assert stale.status_code == 412
        wrong = rider.put("/v1/notifications/preferences", json={"phone": "1", "choices": {"offer_made": []}})
        assert wrong.status_code == 422
        assert [one["code"] for one in wrong.json()["issues"]] == ["phone", "must_be_told"]
    with live.client("customer_service") as care:
        path = "/v1/notifications/people/rider:r2/preferences"
        assert care.put(path, json={"language": "ms"}).json()["person"] == "rider:r2"
        assert care.put("/v1/notifications/people/nobody/preferences", json={}).status_code == 422
    with live.client("dispatcher") as dispatcher:
        assert dispatcher.get(path).json()["language"] == "ms"
        assert dispatcher.put(path, json={}).status_code == 403


def test_devices_come_fall_silent_and_go(live: Live, stub: Providers) -> None:
    browser = Browser("rider-one")
    body = {"endpoint": f"{stub.origin}/push/{browser.name}", "keys": browser.keys, "label": "Phone"}
    with live.client("rider-1") as rider:
        assert len(rider.get("/v1/notifications/push-key").json()["key"]) == 87
        device = rider.post("/v1/notifications/devices", json=body).raise_for_status().json()
        again = rider.post("/v1/notifications/devices", json=body).raise_for_status().json()
        assert (again["id"], device["state"]) == (device["id"], "active")
        bad = {**body, "keys": {**browser.keys, "p256dh": "AAAA"}}
        assert rider.post("/v1/notifications/devices", json=bad).json()["issues"][0]["code"] == "push_keys"
        inside = {**body, "endpoint": "https://10.0.0.1/push"}
        assert rider.post("/v1/notifications/devices", json=inside).status_code == 422
        begun = rider.post("/v1/notifications/test", json={"channels": ["push"]}).raise_for_status().json()
        request = soon(lambda: stub.pushed)[-1]
        shown = browser.read(request.body)
        assert (shown["id"].partition("-")[0], shown["ack"][: len(PUBLIC)]) == (begun["id"], PUBLIC)
        opened = shown["ack"].removeprefix(PUBLIC)
        assert httpx.post(f"{live.url}{opened}x").status_code == 404
        assert httpx.post(f"{live.url}{opened}").status_code == 204
        (mine,) = [one for one in rider.get("/v1/notifications").json()["items"] if one["id"] == begun["id"]]
        assert mine["state"] == "read"
        stub.status[f"/push/{browser.name}"] = 410
        rider.post("/v1/notifications/test", json={"channels": ["push"]}).raise_for_status()
        soon(lambda: rider.get("/v1/notifications/devices").json()[0]["state"] == "gone")
    with live.client("dispatcher") as staff:
        gone = staff.get("/v1/notifications/devices/all", params={"state": "gone"}).json()
        assert [(one["person"], one["label"]) for one in gone] == [("rider:r1", "Phone")]
        assert any(one["person"] == "rider:r1" for one in told(live, dead="true"))
    with live.client("rider-2") as other:
        assert other.delete(f"/v1/notifications/devices/{device['id']}").status_code == 404
    with live.client("rider-1") as rider:
        path = f"/v1/notifications/devices/{device['id']}"
        assert rider.patch(path, json={"granted": False}).json()["state"] == "denied"
        assert rider.delete(path).status_code == 204
        assert rider.get("/v1/notifications/devices").json() == []


def test_a_market_changes_its_matrix(live: Live) -> None:
    with live.client("operations") as operations:
        before = operations.get("/v1/notifications/matrix")
        assert before.json()["rows"]["order_placed"]["cells"]["customer"] == ["push", "email"]
        cells = {"order_accepted": {"customer": ["sms"]}}
        tag = {"If-Match": before.headers["ETag"]}
        kept = operations.put("/v1/notifications/matrix", json={"language": "es", "cells": cells}, headers=tag).json()
        assert (kept["version"], kept["rows"]["order_accepted"]["cells"]) == (1, {"customer": ["sms"]})
        assert operations.put("/v1/notifications/matrix", json={}, headers=tag).status_code == 412
        wrong = {"cells": {"order_near": {"merchant": ["sms"]}}}
        assert operations.put("/v1/notifications/matrix", json=wrong).json()["issues"][0]["code"] == "no_text"
        assert operations.put("/v1/notifications/matrix", json={}).json()["own"] == {}


def test_reports_of_the_provider_count_only_signed(live: Live, stub: Providers) -> None:
    order = place(live)
    found = soon(lambda: told(live, order_id=order, person="merchant:m1", state="sent"))
    path = f"/v1/notifications/reports/sms/{found[0]['sendings'][0]['id']}"
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    assert httpx.post(live.url + path, data=form).status_code == 401
    signed = {"X-Twilio-Signature": report_signature(TOKEN, PUBLIC + path, form)}
    assert httpx.post(live.url + path, data={**form, "MessageStatus": "failed"}, headers=signed).status_code == 401
    for _ in range(2):
        assert httpx.post(live.url + path, data=form, headers=signed).status_code == 204
    assert told(live, order_id=order, person="merchant:m1")[0]["state"] == "delivered"
    assert stub.sms[-1]["StatusCallback"].startswith(f"{PUBLIC}/v1/notifications/reports/sms/ntf_")


def test_a_customer_is_told_on_the_page_of_the_link(live: Live, stub: Providers) -> None:
    order = place(live, customer={"name": "Bo"})
    with live.client("admin") as admin:
        token = admin.post(f"/v1/orders/{order}/link").raise_for_status().json()["token"]
    path = f"{live.url}/v1/track/{token}/notifications"
    found = soon(lambda: httpx.get(path).json())
    assert [one["occasion"] for one in found] == ["order_placed"]
    assert httpx.post(f"{path}/{found[0]['id']}/read").status_code == 204
    assert httpx.put(f"{path}/preferences", json={"language": "zh"}).json()["person"] == f"customer:{order}"
    browser = Browser("customer-one")
    body = {"endpoint": f"{stub.origin}/push/{browser.name}", "keys": browser.keys}
    device = httpx.post(f"{path}/devices", json=body).raise_for_status().json()
    with live.client("admin") as admin:
        admin.post(f"/v1/orders/{order}/cancel", json={"reason": "out_of_stock"}).raise_for_status()
    request = soon(lambda: [one for one in stub.pushed if one.path.endswith(browser.name)])[-1]
    assert browser.read(request.body)["title"] == "您的订单已取消"
    assert httpx.delete(f"{path}/devices/{device['id']}").status_code == 204
    assert httpx.get(f"{live.url}/v1/track/wrong/notifications").status_code == 404


def test_what_is_told_comes_over_a_stream(live: Live) -> None:
    with live.client("sales") as sales, sales.stream("GET", "/v1/notifications/stream") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event: ")) == "event: ready"
        order = place(live)
        data = next(line for line in lines if line.startswith("data: ") and order in line)
        assert '"person":"role:sales"' in data


def test_channels_are_looked_after(live: Live) -> None:
    with live.client("operations") as operations:
        found = {one["channel"]: one for one in operations.get("/v1/notifications/health").json()}
        assert {name: one["set_up"] for name, one in found.items()} == {
            "push": True, "sms": True, "email": True, "webhook": True,
        }  # fmt: skip
        assert found["sms"]["states"]["sent"] > 0
    text = httpx.get(f"{live.url}/metrics").text
    assert 'dispatch_messages_total{channel="sms",market="bogota",result="sent"}' in text
    assert "dispatch_message_delay_seconds_bucket" in text


def test_a_message_that_was_given_up_is_sent_again(live: Live, stub: Providers) -> None:
    stub.status["sms"] = 400
    order = place(live, customer={"name": "Bo", "phone": "+60144444444"})
    dead = soon(lambda: told(live, order_id=order, dead="true", person="merchant:m1"))
    stub.status.clear()
    with live.client("operations") as operations:
        path = f"/v1/notifications/told/{dead[0]['id']}/again"
        assert operations.post(path).json() == {"messages": 1}
        assert operations.post("/v1/notifications/told/ntf_x/again").status_code == 404
    soon(lambda: told(live, order_id=order, person="merchant:m1", state="sent"))


def test_a_merchants_own_system_is_told_and_acknowledges(live: Live) -> None:
    path, shop = "/v1/notifications/people/merchant:m3/preferences", {"id": "m3", "name": "Shop 3", "place": PICKUP}
    with live.client("admin") as admin, receiving() as receiver:
        admin.post("/v1/merchants", json={**shop, "phone": "+60122222223"}).raise_for_status()
        wishes = {"webhook": f"{receiver.url}?token=t", "language": "en"}
        made = admin.put(path, json=wishes).raise_for_status().json()
        order = place(live, "m3")
        message = soon(lambda: receiver.received)[0]
        assert message.signed_by(made["webhook_secret"])
        data = message.json()["data"]
        assert (data["order_id"], data["person"], data["title"][:9]) == (order, "merchant:m3", "New order")
        (notice,) = soon(lambda: told(live, order_id=order, person="merchant:m3", state="delivered"))
        assert (message.id, data["id"]) == (notice["sendings"][0]["id"], notice["id"])
        assert notice["sendings"][0]["address"] == receiver.url.removesuffix("/hook")
        assert httpx.post(f"{live.url}{data['ack'].removeprefix(PUBLIC)}").status_code == 204
        assert told(live, order_id=order, person="merchant:m3")[0]["state"] == "read"
        rotated = admin.post(f"{path}/webhook/rotate", json={"overlap_s": 600}).raise_for_status().json()
        admin.post("/v1/notifications/people/merchant:m3/test", json={"channels": ["webhook"]}).raise_for_status()
        message = soon(lambda: receiver.received[1:])[0]
        assert message.signed_by(made["webhook_secret"])
        assert message.signed_by(rotated["webhook_secret"])
    assert 'channel="webhook",market="bogota",result="delivered"' in httpx.get(f"{live.url}/metrics").text


def test_the_secret_of_a_webhook_is_shown_to_who_gives_the_address_and_never_again(live: Live) -> None:
    path, wishes = "/v1/notifications/preferences", {"webhook": "https://hooks.example.test/a"}
    with live.client("rider-2") as rider:
        assert rider.post(f"{path}/webhook/rotate", json={}).status_code == 404
        first = rider.put(path, json=wishes).json()
        assert first["webhook_secret"].startswith("whsec_")
        assert rider.get(path).json() == {**first, "webhook_secret": None}
        assert rider.put(path, json={**wishes, "language": "en"}).json()["webhook_secret"] is None
        rotated = rider.post(f"{path}/webhook/rotate", json={"overlap_s": 60}).json()
        assert rotated["webhook_secret"] not in (None, first["webhook_secret"])
        assert rotated["webhook_old_secret_until"] is not None
        moved = rider.put(path, json={"webhook": "https://hooks.example.test/b"}).json()
        assert moved["webhook_secret"] not in (None, first["webhook_secret"], rotated["webhook_secret"])
        assert moved["webhook_old_secret_until"] is None
        assert rider.put(path, json={}).json()["webhook"] == ""


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("https://10.0.0.1/", ["phone", "address_refused"]),
        ("http://[::ffff:10.0.0.1]/#x", ["phone", "webhook_url", "address_refused"]),
        ("ftp://hooks.example.test/", ["phone", "webhook_url"]),
        ("https://hooks.example.test/" + 2_000 * "a", ["phone", "webhook_url"]),
    ],
)
def test_an_address_that_cannot_be_told_is_refused_with_all_else(live: Live, url: str, codes: list[str]) -> None:
    with live.client("merchant") as merchant:
        answer = merchant.put("/v1/notifications/preferences", json={"webhook": url, "phone": "1"})
        assert (answer.status_code, [one["code"] for one in answer.json()["issues"]]) == (422, codes)
        assert {one["field"] for one in answer.json()["issues"]} == {"phone", "webhook"}
        assert merchant.get("/v1/notifications/preferences").json()["webhook"] == ""


def test_a_market_may_name_all_channels_in_a_cell(live: Live) -> None:
    cells = {"order_placed": {"merchant": ["in_app", "webhook", "push", "sms", "email"]}}
    with live.client("operations") as operations:
        kept = operations.put("/v1/notifications/matrix", json={"cells": cells}).raise_for_status().json()
        assert kept["own"] == {"order_placed/merchant": cells["order_placed"]["merchant"]}
        operations.put("/v1/notifications/matrix", json={}).raise_for_status()
