"""Messages to people's own systems: signed, again under the same id, over the next channel where that is no use."""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.api.noticing import webhook_rules
from dispatch.model.events import MerchantReminded
from dispatch.model.order import Customer, OrderId
from dispatch.notify.channels.ports import Outgoing, Result, System
from dispatch.notify.channels.webhook import WebhookWay
from dispatch.notify.rendering import Rendered
from dispatch.notify.runner import NoticePacing
from dispatch.store.notice_people import Hook, preferences
from dispatch.store.notices import Sending
from dispatch.store.store import Store, open_store
from dispatch.units import MINUTE_S
from tests.support.builders import MARKET, NOON
from tests.support.notice_work import HOOKS, Telling, send_until_killed
from tests.support.providers import Providers, providers
from tests.support.receiver import Answer, always, certificate_of, receiving

MERCHANT = "merchant:m1"
SECRET = HOOKS.new_secret()
SYSTEM = System(secrets=[SECRET], occasion="test", told_at=NOON, facts={"id": "ntf_1"})
WORDS = Rendered(language="en", title="A test", short="This is a test.", body="Hello,\n", html="<p>Hello</p>")
MESSAGE = Outgoing(id="ntf_1-0", to="", words=WORDS, system=SYSTEM)


@pytest.fixture
def stub() -> Iterator[Providers]:
    with providers() as found:
        yield found


@pytest.fixture
def telling(sqlite_url: str, stub: Providers) -> Iterator[Telling]:
    with open_store(sqlite_url) as store:
        found = Telling(store, None, stub)
        found.open_shop()
        yield found


def hook_of(telling: Telling) -> Hook:
    with telling.store.reading() as connection:
        return preferences(connection, MARKET, [MERCHANT])[MERCHANT].hook


def placed(telling: Telling) -> list[Sending]:
    """The messages to the merchant about the one order."""
    return telling.sendings(telling.notice("order_placed", MERCHANT))


def test_a_merchants_system_is_told_signed_and_has_it_at_once(store: Store, stub: Providers) -> None:
    telling = Telling(store, None, stub)
    telling.open_shop()
    with receiving() as receiver:
        secret = telling.hook(MERCHANT, receiver.url, language="en")
        telling.place(external_id="A-7")
        assert telling.run() > 0
        assert telling.run() == 0
    (told,) = receiver.received
    (sending,) = placed(telling)
    assert told.signed_by(secret)
    assert not told.signed_by(SECRET)
    assert (told.id, told.headers["webhook-timestamp"]) == (sending.id, str(NOON))
    said = told.json()
    assert (said["type"], said["timestamp"][-1]) == ("notification.order_placed", "Z")
    assert {name: said["data"][name] for name in ("person", "order_id", "occasion", "urgent")} == {
        "person": MERCHANT, "order_id": "o1", "occasion": "order_placed", "urgent": False,
    }  # fmt: skip
    assert said["data"]["text"].startswith("New order A-7.")
    assert (sending.state, sending.sent_at, sending.delivered_at) == ("delivered", NOON, NOON)
    assert telling.notice("order_placed", MERCHANT).state == "delivered"
    assert stub.sms == []


def test_a_system_that_is_down_is_told_under_the_same_id_once_it_is_back(telling: Telling, stub: Providers) -> None:
    with receiving(lambda number: Answer(503 if number < 3 else 204)) as receiver:
        telling.hook(MERCHANT, receiver.url)
        telling.place()
        for wait_s in (5, 30, 0):
            telling.run()
            telling.wait(wait_s)
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1
    assert [one.state for one in placed(telling)] == ["delivered"]
    assert stub.sms == []


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (204, Result.DELIVERED), (302, Result.AGAIN), (408, Result.AGAIN), (429, Result.AGAIN), (500, Result.AGAIN),
        (400, Result.REFUSED), (404, Result.REFUSED), (410, Result.GONE),
    ],
)  # fmt: skip
def test_what_a_system_answers(telling: Telling, status: int, result: Result) -> None:
    with receiving(always(Answer(status, {"Location": "http://127.0.0.1:9/"}))) as receiver:
        outcome = asyncio.run(WebhookWay(HOOKS, telling.clock).send(replace(MESSAGE, to=receiver.url)))
    assert outcome.result is result
    assert result is Result.DELIVERED or f"Answered {status}" in outcome.error


def test_what_is_refused_goes_over_the_next_channel(telling: Telling, stub: Providers) -> None:
    with receiving(always(Answer(422))) as receiver:
        telling.hook(MERCHANT, receiver.url)
        telling.place()
        telling.run()
    assert [(one.channel, one.state) for one in placed(telling)] == [("webhook", "dead"), ("sms", "sent")]
    assert hook_of(telling).gone_at is None


def test_a_system_that_is_gone_is_told_nothing_until_its_address_is_given_again(
    telling: Telling, stub: Providers
) -> None:
    with receiving(lambda number: Answer(410 if number == 1 else 200)) as receiver:
        secret = telling.hook(MERCHANT, receiver.url)
        telling.place("o1")
        telling.run()
        assert [(one.channel, one.state) for one in placed(telling)] == [("webhook", "dead"), ("sms", "sent")]
        assert hook_of(telling).gone_at == NOON
        telling.place("o2")
        telling.run()
        assert (len(receiver.received), len(stub.sms)) == (1, 2)
        assert telling.hook(MERCHANT, receiver.url) == "", "the secret of a known address stays"
        telling.place("o3")
        telling.run()
        assert receiver.received[-1].signed_by(secret)
        assert (len(receiver.received), len(stub.sms)) == (2, 2)


def test_who_has_no_system_is_told_as_before(telling: Telling, stub: Providers) -> None:
    cells = {"order_placed/merchant": ("webhook",), "order_placed/customer": (), "order_placed/sales": ()}
    asyncio.run(telling.desk.put_matrix(MARKET, cells, "", "tests", None))
    telling.place()
    telling.run()
    assert telling.notice("order_placed", MERCHANT).state == "unreached"
    assert stub.sms == []


def test_a_message_on_its_way_follows_the_address(telling: Telling) -> None:
    with receiving(always(Answer(500))) as old, receiving() as new:
        telling.hook(MERCHANT, old.url)
        telling.place()
        telling.run()
        secret = telling.hook(MERCHANT, new.url)
        telling.wait(5)
        telling.run()
    assert old.ids == new.ids
    assert new.received[0].signed_by(secret)
    assert [(one.state, one.address) for one in placed(telling)] == [("delivered", new.url)]


def test_an_address_that_is_taken_back_is_not_told_any_more(telling: Telling, stub: Providers) -> None:
    with receiving(always(Answer(500))) as receiver:
        telling.hook(MERCHANT, receiver.url)
        telling.place()
        telling.run()
        telling.hook(MERCHANT, "")
        telling.wait(5)
        telling.run()
    assert len(receiver.received) == 1
    assert [(one.channel, one.state) for one in placed(telling)] == [("webhook", "dead"), ("sms", "sent")]
    assert hook_of(telling) == Hook()


def test_a_system_that_hangs_delays_no_other(telling: Telling) -> None:
    async def tell() -> bool:
        task = asyncio.create_task(telling.runner.run())
        arrived = await asyncio.to_thread(works.arrived.wait, 10)
        task.cancel()
        await asyncio.wait([task])
        return arrived

    with receiving(always(Answer(hang=True))) as hangs, receiving() as works:
        telling.hook(MERCHANT, hangs.url)
        telling.hook("customer:o20", works.url, choices={"order_placed": ("webhook",)})
        for number in range(1, 21):
            telling.place(f"o{number}", customer=Customer())
        assert asyncio.run(tell())
    assert len(hangs.received) <= NoticePacing().a_host


def test_what_nobody_has_read_goes_over_the_next_channel_though_the_system_has_it(
    telling: Telling, stub: Providers
) -> None:
    with receiving() as receiver:
        telling.hook(MERCHANT, receiver.url, choices={"order_placed": ()})
        telling.place("o1", customer=Customer())
        telling.place("o2", customer=Customer())
        telling.happen(*(MerchantReminded(order_id=OrderId(one), nth=1) for one in ("o1", "o2")))
        telling.run()
        ids = {one.json()["data"]["order_id"]: one.json()["data"]["id"] for one in receiver.received}
        asyncio.run(telling.desk.opened(ids["o1"], telling.desk.ack_token(ids["o1"])))
        telling.wait(MINUTE_S)
        telling.run()
    assert [one["Body"].partition(":")[0] for one in stub.sms] == ["Peringatan 1"]
    assert "o2" in stub.sms[0]["Body"]


def test_who_dies_before_noting_it_is_followed_by_another_under_the_same_id(sqlite_url: str) -> None:
    with (
        open_store(sqlite_url) as store,
        receiving(lambda number: Answer(hang=number == 1)) as receiver,
    ):
        telling = Telling(store)
        telling.open_shop()
        telling.hook(MERCHANT, receiver.url)
        telling.place(customer=Customer())
        context = multiprocessing.get_context("spawn")
        child = context.Process(target=send_until_killed, args=(sqlite_url, "http://a:b@127.0.0.1:9"), daemon=True)
        child.start()
        assert receiver.arrived.wait(60)
        child.kill()
        child.join()
        assert telling.run() == 0, "still in the hands of the dead one"
        telling.wait(NoticePacing().lease_s)
        assert telling.run() > 0
        assert telling.run() == 0
        assert receiver.ids == [one.id for one in placed(telling)] * 2


def test_a_certificate_is_checked(tmp_path: Path, telling: Telling) -> None:
    certificate = certificate_of("localhost", tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate))
    with receiving(certificate=certificate) as receiver:
        message = replace(MESSAGE, to=receiver.url.replace("127.0.0.1", "localhost"))
        trusted = asyncio.run(WebhookWay(HOOKS, telling.clock, trust=trust).send(message))
        doubted = asyncio.run(WebhookWay(HOOKS, telling.clock).send(message))
    assert (trusted.result, doubted.result) == (Result.DELIVERED, Result.AGAIN)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/"])
def test_nothing_is_sent_to_where_it_must_not_go(telling: Telling, url: str) -> None:
    way = WebhookWay(webhook_rules(loopback=False), telling.clock)
    outcome = asyncio.run(way.send(replace(MESSAGE, to=url)))
    assert (outcome.result, "not public" in outcome.error) == (Result.REFUSED, True)


def test_one_that_cannot_be_found_or_does_not_answer_waits(telling: Telling) -> None:
    with receiving(always(Answer(hang=True))) as receiver:
        way = WebhookWay(HOOKS, telling.clock, timeout_s=0.3)
        hung = asyncio.run(way.send(replace(MESSAGE, to=receiver.url)))
        away = asyncio.run(way.send(replace(MESSAGE, to="http://127.0.0.1:9/")))
    assert (hung.result, hung.error, away.result) == (Result.AGAIN, "No answer in 0.3 s.", Result.AGAIN)
