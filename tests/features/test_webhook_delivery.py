"""Events reach webhooks: signed, again after failures, under the same id, and nowhere they must not go."""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from dispatch.errors import ConflictError
from dispatch.service.webhook_runner import Pacing, WebhookRunner
from dispatch.service.webhook_sending import Reach
from dispatch.service.webhooks import WebhookChange
from dispatch.store.outbox import BACK_OFF_S, outbox_depth
from dispatch.store.store import Store, open_store
from dispatch.units import DAY_S, HOUR_S
from tests.support.builders import MARKET, NOON
from tests.support.receiver import Answer, always, certificate_of, receiving
from tests.support.recorded import KNOWN, placed
from tests.support.webhook_work import HERE, Desk, deliver_until_killed


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with open_store(sqlite_url) as opened:
        yield Desk(opened)


def test_what_happens_is_told_once_and_signed(store: Store) -> None:
    desk = Desk(store)
    desk.happen()  # before anybody asked
    with receiving() as receiver:
        webhook = desk.add(receiver.url)
        desk.happen(KNOWN, KNOWN)
        assert desk.run() == 2
        assert desk.run() == 0
    first, second = sorted(receiver.received, key=lambda one: one.id)
    assert [one.json()["data"]["seq"] for one in (first, second)] == [2, 3]
    assert first.signed_by(webhook.secret)
    assert not first.signed_by("whsec_c29tZXRoaW5nIGVsc2U=")
    assert int(first.headers["webhook-timestamp"]) == NOON
    assert first.json()["type"] == first.json()["data"]["type"] == "MerchantRegistered"
    assert first.json()["data"]["data"]["merchant"]["id"] == KNOWN.merchant.id
    assert sorted(receiver.ids) == sorted(one.id for one in desk.deliveries(webhook))
    assert {one.state for one in desk.deliveries(webhook)} == {"delivered"}


def test_only_kinds_that_are_wanted_are_told(desk: Desk) -> None:
    with receiving() as receiver:
        desk.add(receiver.url, "OrderPlaced")
        desk.happen(KNOWN, placed("o1"), KNOWN)
        desk.run()
        desk.happen(KNOWN)
        desk.run()
    assert [one.json()["type"] for one in receiver.received] == ["OrderPlaced"]


def test_two_runners_tell_everything_once(store: Store) -> None:
    desk = Desk(store)
    other = WebhookRunner(store, desk.clock, "other", HERE, Pacing(fan_out=3, at_once=2))

    async def together() -> None:
        for _ in range(12):
            await asyncio.gather(desk.runner.run_once(), other.run_once())

    with receiving() as receiver:
        desk.add(receiver.url)
        for _ in range(20):
            desk.happen()
        asyncio.run(together())
    assert sorted(one.json()["data"]["seq"] for one in receiver.received) == list(range(1, 21))


def test_failures_are_tried_again_with_growing_waits_under_the_same_id(desk: Desk) -> None:
    with receiving(lambda n: Answer(503 if n < 4 else 204, body=b"")) as receiver:
        webhook = desk.add(receiver.url)
        desk.happen()
        desk.run()
        for wait_s in BACK_OFF_S[:3]:
            desk.wait(wait_s - 1)
            assert desk.run() == 0
            desk.wait(1)
            assert desk.run() == 1
    assert len(set(receiver.ids)) == 1
    assert len({one.body for one in receiver.received}) == 1
    assert all(one.signed_by(webhook.secret) for one in receiver.received)
    assert len({one.headers["webhook-timestamp"] for one in receiver.received}) == 4
    (delivery,) = desk.deliveries(webhook)
    assert [result["status"] for result in delivery.results] == [503, 503, 503, 204]
    assert (delivery.state, delivery.next_at) == ("delivered", None)


def test_after_a_day_an_event_is_dead_until_it_is_sent_again(desk: Desk) -> None:
    answers = {"now": Answer(500)}
    with receiving(lambda _: answers["now"]) as receiver:
        webhook = desk.add(receiver.url)
        desk.happen()
        desk.run()
        for wait_s in BACK_OFF_S:
            desk.wait(wait_s)
            desk.run()
        desk.wait(2 * DAY_S)
        assert desk.run() == 0
        assert len(receiver.received) == len(BACK_OFF_S) + 1
        (dead,) = desk.deliveries(webhook, "dead")
        answers["now"] = Answer(200)
        asyncio.run(desk.webhooks.replay(MARKET, webhook.id, dead.id))
        assert desk.run() == 1
    assert len(set(receiver.ids)) == 1
    assert desk.deliveries(webhook)[0].state == "delivered"


def test_a_time_is_sent_again(desk: Desk) -> None:
    with receiving() as receiver:
        webhook = desk.add(receiver.url)
        for _ in range(3):
            desk.happen()
            desk.wait(HOUR_S)
        desk.run()
        told = asyncio.run(desk.webhooks.replay_between(MARKET, webhook.id, NOON + HOUR_S, NOON + 3 * HOUR_S))
        assert told == 2
        assert desk.run() == 2
        dead = desk.webhooks.replay_between(MARKET, webhook.id, NOON, NOON + DAY_S, dead_only=True)
        assert asyncio.run(dead) == 0
    assert sorted(receiver.ids[3:]) == sorted(receiver.ids[:3])[1:]
    assert sorted(one.json()["data"]["seq"] for one in receiver.received[3:]) == [2, 3]


def test_what_happens_while_it_is_disabled_is_told_by_a_replay_only(desk: Desk) -> None:
    with receiving() as receiver:
        webhook = desk.add(receiver.url)
        asyncio.run(desk.webhooks.change(MARKET, webhook.id, WebhookChange(enabled=False)))
        desk.happen()
        assert desk.run() == 0
        with pytest.raises(ConflictError, match="disabled"):
            asyncio.run(desk.webhooks.replay_between(MARKET, webhook.id, NOON, NOON + 1))
        asyncio.run(desk.webhooks.change(MARKET, webhook.id, WebhookChange(enabled=True)))
        assert desk.run() == 0
        asyncio.run(desk.webhooks.replay_between(MARKET, webhook.id, NOON, NOON + 1))
        assert desk.run() == 1
    assert len(receiver.received) == 1


def test_gone_disables_it(desk: Desk) -> None:
    with receiving(always(Answer(410))) as receiver:
        webhook = desk.add(receiver.url)
        desk.happen()
        desk.run()
    found = asyncio.run(desk.webhooks.one(MARKET, webhook.id))
    assert found.disabled_at == NOON
    assert "410" in found.disabled_why
    assert desk.deliveries(webhook)[0].state == "dead"


def test_both_secrets_sign_while_they_overlap(desk: Desk) -> None:
    with receiving() as receiver:
        old = desk.add(receiver.url)
        new = asyncio.run(desk.webhooks.rotate(MARKET, old.id, HOUR_S))
        desk.happen()
        desk.run()
        desk.wait(HOUR_S)
        desk.happen()
        desk.run()
    during, after = receiver.received
    assert during.signed_by(old.secret)
    assert during.signed_by(new.secret)
    assert after.signed_by(new.secret)
    assert not after.signed_by(old.secret)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(desk: Desk, status: int) -> None:
    with receiving() as elsewhere, receiving(always(Answer(status, {"Location": elsewhere.url}))) as receiver:
        webhook = desk.add(receiver.url)
        desk.happen()
        desk.run()
    assert elsewhere.received == []
    assert "redirects are not followed" in str(desk.deliveries(webhook)[0].results[0]["error"])


def test_nothing_is_sent_to_a_private_address(sqlite_url: str) -> None:
    asked: list[str] = []

    async def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34", "127.0.0.1"]

    with open_store(sqlite_url) as store, receiving() as receiver:
        desk = Desk(store, Reach(resolve=resolve))
        by_name = desk.add(receiver.url.replace("http://127.0.0.1", "https://hooks.example.test"))
        by_address = desk.add(receiver.url)
        desk.happen()
        desk.run()
        errors = [desk.deliveries(one)[0].results[0]["error"] for one in (by_name, by_address)]
    assert receiver.received == []
    assert asked == ["hooks.example.test"]
    assert all("127.0.0.1, which is not public" in str(error) for error in errors)


def test_the_address_that_was_looked_at_is_the_one_that_is_reached(sqlite_url: str) -> None:
    asked: list[str] = []

    async def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with open_store(sqlite_url) as store, receiving() as receiver:
        desk = Desk(store, replace(HERE, resolve=resolve))
        url = receiver.url.replace("127.0.0.1", "hooks.example.test")
        desk.add(url)
        desk.happen()
        desk.run()
    assert asked == ["hooks.example.test"]
    assert receiver.received[0].headers["host"] == url.removeprefix("http://").removesuffix("/hook")


def test_who_hangs_fails_in_time_and_delays_nobody_else(sqlite_url: str) -> None:
    async def both(desk: Desk) -> None:
        running = asyncio.create_task(desk.runner.run())
        until = time.monotonic() + 20
        while not quick.received and time.monotonic() < until:
            await asyncio.sleep(0.02)
        assert not desk.results(slow_hook), "the other one still hangs"
        while len(desk.results(slow_hook)) < 5 and time.monotonic() < until:
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    hanging = receiving(always(Answer(hang=True)))
    with open_store(sqlite_url) as store, hanging as slow, receiving() as quick:
        desk = Desk(store, replace(HERE, timeout_s=3.0), Pacing(look_s=0.05))
        slow_hook = desk.add(slow.url)
        desk.add(quick.url)
        for _ in range(5):
            desk.happen()
        asyncio.run(both(desk))
        errors = [result["error"] for one in desk.deliveries(slow_hook) for result in one.results]
    assert errors == ["No answer in 3 s."] * 5
    assert len(quick.received) == 5


def test_a_long_answer_is_not_read(desk: Desk) -> None:
    with receiving(always(Answer(200, body=b"x" * 5_000_000))) as receiver:
        webhook = desk.add(receiver.url)
        desk.happen()
        desk.run()
    assert len(str(desk.deliveries(webhook)[0].results[0]["answer"])) == 500


def test_who_dies_between_sending_and_noting_sends_again_under_the_same_id(sqlite_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    with open_store(sqlite_url) as store, receiving(lambda n: Answer(hang=n == 1)) as receiver:
        desk = Desk(store)
        webhook = desk.add(receiver.url)
        desk.happen()
        child = context.Process(target=deliver_until_killed, args=(sqlite_url,), daemon=True)
        child.start()
        assert receiver.arrived.wait(120)
        child.kill()
        child.join()
        assert desk.run() == 0  # still in the hands of the dead one
        desk.wait(Pacing().lease_s)
        assert desk.run() == 1
        first, second = receiver.received
        assert (first.id, first.body) == (second.id, second.body)
        assert second.signed_by(webhook.secret)
        assert desk.deliveries(webhook)[0].state == "delivered"


@pytest.mark.parametrize(("name", "delivered"), [("hooks.example.test", True), ("other.example.test", False)])
def test_the_certificate_must_be_of_the_name_not_of_the_address(
    sqlite_url: str, tmp_path: Path, name: str, delivered: bool
) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    certificate = certificate_of("hooks.example.test", tmp_path)
    trust = ssl.create_default_context(cafile=certificate)
    with open_store(sqlite_url) as store, receiving(certificate=certificate) as receiver:
        desk = Desk(store, replace(HERE, resolve=resolve, trust=trust))
        webhook = desk.add(receiver.url.replace("127.0.0.1", name))
        desk.happen()
        desk.run()
        (found,) = desk.deliveries(webhook)
    assert receiver.url.startswith("https://")
    assert (found.state == "delivered", len(receiver.received)) == (delivered, int(delivered))
    assert delivered or "certificate" in str(found.results[0]["error"]).lower()


def test_what_was_delivered_long_ago_is_forgotten(store: Store) -> None:
    with receiving() as receiver:
        _forgets(Desk(store, pacing=Pacing(kept_s=1000)), store, receiver.url)


def _forgets(desk: Desk, store: Store, url: str) -> None:
    webhook = desk.add(url)
    desk.happen()
    desk.run()
    assert [one.state for one in desk.deliveries(webhook)] == ["delivered"]
    assert asyncio.run(desk.runner.prune()) == 0
    desk.wait(1001)
    desk.happen()
    desk.run()
    assert asyncio.run(desk.runner.prune()) == 1
    assert [one.seq for one in desk.deliveries(webhook)] == [2]
    with store.reading() as connection:
        assert sum(outbox_depth(connection).values()) == 1
    assert asyncio.run(desk.runner.prune()) == 0


def test_waits_differ_by_chance_and_are_never_shorter(store: Store) -> None:
    desk = Desk(store)
    runner = WebhookRunner(store, desk.clock, "tests", HERE, Pacing(jitter=0.5), Random(7))
    waits = [runner._wait_s(100) for _ in range(200)]
    assert min(waits) >= 100
    assert max(waits) <= 150
    assert len(set(waits)) > 20
