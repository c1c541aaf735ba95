"""People are told once, in their language, over the first channel that reaches them, whatever fails on the way."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dispatch.model.actor import ActorKind
from dispatch.model.events import (
    CaseId,
    CaseOpened,
    MerchantReminded,
    OfferId,
    OfferMade,
    OrderAccepted,
    OrderCancelled,
    OrderDelivered,
    OrderReady,
    PaymentReceived,
)
from dispatch.model.order import Customer, OrderId, PaymentMethod
from dispatch.model.reasons import CancelReason, CaseKind
from dispatch.model.rider import RiderId
from dispatch.notify.runner import NoticePacing
from dispatch.store.notices import NoticeFilter
from dispatch.store.store import Store, open_store
from dispatch.units import DAY_S, HOUR_S, MINUTE_S, Money
from tests.support.builders import MARKET, NOON, a_store_pickup
from tests.support.mailbox import Mailbox, mailbox
from tests.support.notice_work import AN, Telling, send_until_killed
from tests.support.providers import Browser, Providers, providers

CUSTOMER, RIDER, MERCHANT = "customer:o1", "rider:r1", "merchant:m1"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


@pytest.fixture
def stub() -> Iterator[Providers]:
    with providers() as found:
        yield found


@pytest.fixture
def telling(sqlite_url: str, box: Mailbox, stub: Providers) -> Iterator[Telling]:
    with open_store(sqlite_url) as store:
        found = Telling(store, box, stub)
        found.open_shop()
        yield found


def offer(telling: Telling, order_id: str = "o1") -> None:
    expires_at = telling.clock.now() + 45
    made = OfferMade(
        offer_id=OfferId("f1"), order_ids=(OrderId(order_id),), rider_id=RiderId("r1"), expires_at=expires_at, tasks=()
    )
    telling.happen(made)


def subjects(box: Mailbox) -> list[tuple[str, str]]:
    return sorted((str(letter["To"]), str(letter["Subject"])) for letter in box.letters)


def test_a_new_order_is_told_to_customer_merchant_and_sales(store: Store, box: Mailbox, stub: Providers) -> None:
    telling = Telling(store, box, stub)
    telling.open_shop()
    telling.place(external_id="A-7")
    assert telling.run() > 0
    assert telling.run() == 0
    assert [(one["To"], one["Subject"]) for one in box.letters] == [("an@example.org", "Recibimos su pedido")]
    text = box.letters[0].get_body(("plain",))
    assert text is not None
    assert "Noodle Bar recibió su pedido A-7. Lo esperamos para las 20:40." in text.get_content()
    assert [one["To"] for one in stub.sms] == ["+60122222222"]
    assert stub.sms[0]["Body"].startswith("Pesanan baharu A-7.")
    assert telling.notice("order_placed", "role:sales").state == "open"
    assert telling.notice("order_placed", CUSTOMER).state == "sent"


def test_an_order_that_must_be_paid_first_reaches_the_merchant_once_it_is(telling: Telling, box: Mailbox) -> None:
    price, method = Money(1250, "MYR"), PaymentMethod.GATEWAY
    telling.place(total=price, payment=method)
    telling.run()
    assert telling.notices(NoticeFilter(persons=[MERCHANT])) == []
    telling.happen(PaymentReceived(order_id=OrderId("o1"), method=method, amount=price, reference="p1"))
    telling.run()
    assert telling.notice("order_placed", MERCHANT).state == "sent"
    text = box.letters[-1].get_body(("plain",))
    assert text is not None
    assert "Recibimos 12.50 MYR por su pedido o1." in text.get_content()


def test_a_provider_that_is_down_for_an_hour_loses_and_doubles_nothing(telling: Telling, stub: Providers) -> None:
    stub.status["sms"] = 503
    telling.place(customer=replace(AN, email=""))
    for number in range(2, 6):
        telling.place(f"o{number}", customer=replace(AN, email=""))
    telling.ride()
    for _ in range(12):
        telling.run()
        telling.wait(5 * MINUTE_S)
    failed = len(stub.requests)
    assert stub.sms == []
    assert failed > 1
    stub.status.clear()
    telling.happen(OrderCancelled(order_id=OrderId("o2"), by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    for _ in range(6):
        telling.run()
        telling.wait(30 * MINUTE_S)
    keys = [one.headers["idempotency-key"] for one in stub.requests if one.headers["x-taken"]]
    assert len(keys) == len(set(keys)) == len(stub.sms)
    assert telling.notice("order_cancelled", "customer:o2").state == "sent"


def test_mail_waits_for_its_server(telling: Telling, box: Mailbox) -> None:
    box.answers["data"] = "451 greylisted"
    telling.place()
    telling.run()
    assert telling.sendings(telling.notice("order_placed", CUSTOMER))[0].error.startswith("451")
    box.answers.clear()
    assert telling.run() == 0
    telling.wait(5)
    telling.run()
    assert len(box.letters) == 1
    assert telling.notice("order_placed", CUSTOMER).state == "sent"


def test_what_is_too_old_is_not_told(telling: Telling, stub: Providers) -> None:
    telling.place(customer=replace(AN, email=""))
    telling.wait(3 * HOUR_S)
    telling.run()
    assert stub.sms == []
    assert telling.notice("order_placed", MERCHANT).state == "expired"


def test_given_up_after_a_day_and_sent_again_by_hand(telling: Telling, stub: Providers) -> None:
    stub.status["sms"] = 500
    telling.place(customer=replace(AN, email=""))
    telling.happen(OrderCancelled(order_id=OrderId("o1"), by=ActorKind.SYSTEM, reason=CancelReason.NO_RIDER_FOUND))
    while telling.clock.now() < NOON + 2 * DAY_S:
        telling.run()
        telling.wait(HOUR_S)
    notice = telling.notice("order_cancelled", CUSTOMER)
    assert (notice.state, telling.sendings(notice)[0].state) == ("expired", "dead")
    assert notice.id in [one.id for one in telling.notices(NoticeFilter(with_dead=True))]
    stub.status.clear()
    assert asyncio.run(telling.desk.again(MARKET, notice.id)) == 1
    telling.run()
    assert len(stub.sms_to(AN.phone)) == 1
    assert telling.notice("order_cancelled", CUSTOMER).state == "sent"
    assert asyncio.run(telling.desk.again(MARKET, notice.id)) == 0


def test_who_dies_between_claiming_and_sending_is_followed_by_another(sqlite_url: str, stub: Providers) -> None:
    with open_store(sqlite_url) as store:
        telling = Telling(store, None, stub)
        telling.open_shop()
        telling.place(customer=Customer())
        stub.status["sms"] = 0
        context = multiprocessing.get_context("spawn")
        child = context.Process(target=send_until_killed, args=(sqlite_url, stub.sms_url), daemon=True)
        child.start()
        assert stub.arrived.wait(60)
        child.kill()
        child.join()
        stub.over.set()
        stub.status.clear()
        assert telling.run() == 0  # still in the hands of the dead one
        telling.wait(NoticePacing().lease_s)
        assert telling.run() > 0
        assert [one.headers["idempotency-key"] for one in stub.requests] == 2 * [
            stub.requests[0].headers["idempotency-key"]
        ]
        assert len(stub.sms) == 1
        assert telling.notice("order_placed", MERCHANT).state == "sent"


def test_two_processes_tell_each_thing_once(telling: Telling, stub: Providers, box: Mailbox) -> None:
    for number in range(1, 21):
        telling.place(f"o{number}", customer=AN)

    async def both() -> None:
        await asyncio.gather(*(telling.another(f"w{n}").run_once() for n in range(3)))

    asyncio.run(both())
    for _ in range(3):
        telling.wait(5)
        telling.run()
    assert len(box.letters) == len(set(box.ids)) == 20
    assert len(stub.sms) == 20


def test_an_offer_that_stays_unread_goes_by_sms_too(telling: Telling, stub: Providers) -> None:
    browser = Browser("b1")
    telling.subscribe(RIDER, browser)
    telling.wish(RIDER, phone="+60133333333", language="vi")
    telling.place(customer=Customer())
    telling.run()
    before = len(stub.sms)
    offer(telling)
    telling.run()
    assert browser.read(stub.pushed[-1].body)["title"] == "Đơn mời nhận tại Noodle Bar"
    assert len(stub.sms) == before
    telling.wait(15)
    telling.run()
    assert len(stub.sms_to("+60133333333")) == 1


def test_an_offer_that_was_opened_does_not(telling: Telling, stub: Providers) -> None:
    telling.subscribe(RIDER, Browser("b1"))
    telling.wish(RIDER, phone="+60133333333")
    telling.place(customer=Customer())
    offer(telling)
    telling.run()
    before = len(stub.sms)
    notice = telling.notice("offer_made", RIDER)
    asyncio.run(telling.desk.opened(notice.id, telling.desk.ack_token(notice.id)))
    telling.wait(30)
    telling.run()
    assert len(stub.sms) == before
    assert telling.notice("offer_made", RIDER).state == "read"


def test_an_offer_that_is_over_is_not_pressed(telling: Telling, stub: Providers) -> None:
    telling.subscribe(RIDER, Browser("b1"))
    telling.wish(RIDER, phone="+60133333333")
    telling.place(customer=Customer())
    telling.run()
    before = len(stub.sms)
    offer(telling)
    telling.wait(60)
    telling.run()
    assert (len(stub.sms), stub.pushed) == (before, [])
    assert telling.notice("offer_made", RIDER).state == "expired"


def test_a_reminder_without_an_answer_takes_the_next_channel(telling: Telling, stub: Providers, box: Mailbox) -> None:
    telling.place(customer=Customer())
    telling.run()
    telling.happen(MerchantReminded(order_id=OrderId("o1"), nth=1))
    telling.run()
    assert [one["Body"].partition(":")[0] for one in stub.sms] == [
        "Pesanan baharu o1. Sila terima sekarang; pelanggan menunggu sebelum 20",
        "Peringatan 1",
    ]
    assert box.letters == []
    telling.wait(MINUTE_S)
    telling.run()
    assert subjects(box) == [("bar@example.org", "Pesanan o1 menunggu anda")]


def test_a_merchant_who_has_answered_is_left_alone(telling: Telling, box: Mailbox) -> None:
    telling.place(customer=Customer())
    telling.happen(MerchantReminded(order_id=OrderId("o1"), nth=1))
    telling.run()
    telling.happen(OrderAccepted(order_id=OrderId("o1"), ready_at=NOON + 600))
    telling.wait(MINUTE_S)
    telling.run()
    assert box.letters == []


def test_a_device_without_permission_is_shown_and_the_next_channel_is_taken(telling: Telling, stub: Providers) -> None:
    gone, works = Browser("gone"), Browser("works")
    device = telling.subscribe(CUSTOMER, gone)
    stub.status["/push/gone"] = 410
    telling.place()
    telling.happen(OrderCancelled(order_id=OrderId("o1"), by=ActorKind.MERCHANT, reason=CancelReason.OUT_OF_STOCK))
    telling.run()
    shown = asyncio.run(telling.desk.devices(MARKET, state="gone"))
    assert [(one.id, one.person) for one in shown] == [(device.id, CUSTOMER)]
    assert "410" in shown[0].why
    assert stub.sms_to(AN.phone) == ["Su pedido o1 de Noodle Bar fue cancelado: algo se agotó."]
    telling.subscribe(CUSTOMER, works)
    telling.place("o2")
    assert asyncio.run(telling.desk.devices(MARKET, state="active"))[0].person == CUSTOMER


def test_while_another_device_works_nothing_else_is_tried(telling: Telling, stub: Providers) -> None:
    telling.subscribe(CUSTOMER, Browser("gone"))
    telling.subscribe(CUSTOMER, Browser("works"))
    stub.status["/push/gone"] = 404
    telling.place()
    telling.happen(OrderCancelled(order_id=OrderId("o1"), by=ActorKind.MERCHANT, reason=CancelReason.OTHER))
    telling.run()
    telling.run()
    assert stub.sms_to(AN.phone) == []
    assert telling.notice("order_cancelled", CUSTOMER).state == "sent"


def test_nobody_is_reached_who_has_no_address(telling: Telling) -> None:
    telling.place(customer=Customer(name="An", phone="no number", email="nowhere"))
    telling.run()
    assert telling.notice("order_placed", CUSTOMER).state == "unreached"
    assert [one.person for one in telling.notices(NoticeFilter(with_dead=True))] == [CUSTOMER]


def test_quiet_hours_hold_back_what_is_not_urgent(telling: Telling, box: Mailbox, stub: Providers) -> None:
    telling.wish(CUSTOMER, quiet_from=19 * 60 + 30, quiet_to=20 * 60 + 30)
    telling.place()
    telling.run()
    assert box.letters == []
    telling.wait(30 * MINUTE_S)
    telling.run()
    assert subjects(box) == [("an@example.org", "Recibimos su pedido")]
    telling.wish(CUSTOMER, quiet_from=0, quiet_to=23 * 60 + 59)
    telling.happen(OrderCancelled(order_id=OrderId("o1"), by=ActorKind.MERCHANT, reason=CancelReason.OTHER))
    telling.run()
    assert len(stub.sms_to(AN.phone)) == 1


def test_people_choose_channels_and_language(telling: Telling, box: Mailbox, stub: Providers) -> None:
    telling.wish("account:u1", role="customer_service", email="care@example.org", choices={"order_late": ("email",)})
    telling.wish(CUSTOMER, language="zh", choices={"order_placed": (), "order_late": ("sms",)})
    telling.place()
    case = CaseOpened(case_id=CaseId("c1"), kind=CaseKind.LATENESS, order_id=OrderId("o1"), due_at=NOON + 600)
    telling.happen(case)
    telling.run()
    assert subjects(box) == [("care@example.org", "Order o1 is late")]
    assert [one[:3] for one in stub.sms_to(AN.phone)] == ["很抱歉"]
    assert telling.notices(NoticeFilter(occasion="order_placed", persons=[CUSTOMER])) == []
    assert telling.notice("order_late", "role:customer_service").plan == ()


def test_a_language_that_nobody_has_written_falls_back_to_that_of_the_market(telling: Telling, box: Mailbox) -> None:
    asyncio.run(telling.desk.put_matrix(MARKET, {}, "vi", "tests", None))
    telling.place(customer=replace(AN, language=""))
    telling.place("o2", customer=replace(AN, language="fr"))
    telling.run()
    assert sorted(subject for _, subject in subjects(box)) == ["We have your order", "Đã nhận đơn hàng"]


def test_a_market_decides_what_is_told(telling: Telling, box: Mailbox, stub: Providers) -> None:
    cells = {"order_placed/customer": ("sms",), "order_placed/merchant": ()}
    asyncio.run(telling.desk.put_matrix(MARKET, cells, "", "tests", 0))
    telling.place()
    telling.run()
    assert [one["To"] for one in stub.sms] == [AN.phone]
    assert box.letters == []


def test_ready_is_told_to_who_comes_for_it(telling: Telling, stub: Providers) -> None:
    fetched = replace(a_store_pickup("o2"), customer=AN)
    telling.place("o2", customer=AN, fulfilment=fetched.fulfilment, dropoff=None)
    telling.happen(OrderReady(order_id=OrderId("o2")))
    telling.run()
    assert stub.sms_to(AN.phone) == ["Su pedido o2 está listo. Por favor, recójalo en Noodle Bar."]
    assert telling.notice("order_ready", "role:operations").state == "open"


def test_reports_of_the_provider_are_kept_and_failures_take_the_next_channel(
    telling: Telling, stub: Providers, box: Mailbox
) -> None:
    telling.place()
    telling.happen(OrderCancelled(order_id=OrderId("o1"), by=ActorKind.MERCHANT, reason=CancelReason.OTHER))
    telling.run()
    notice = telling.notice("order_cancelled", CUSTOMER)
    sending = telling.sendings(notice)[0]
    asyncio.run(telling.desk.reported(sending.id, "undelivered", "30003"))
    telling.run()
    assert ("an@example.org", "Su pedido fue cancelado") in subjects(box)
    asyncio.run(telling.desk.reported(sending.id, "undelivered", "30003"))
    asyncio.run(telling.desk.reported(sending.id, "queued", ""))
    telling.run()
    assert [one.channel for one in telling.sendings(notice)] == ["sms", "email"]
    other = telling.sendings(telling.notice("order_cancelled", MERCHANT))[0]
    asyncio.run(telling.desk.reported(other.id, "delivered", ""))
    assert telling.notice("order_cancelled", MERCHANT).state == "delivered"


def test_deliveries_are_told_to_the_customer(telling: Telling, box: Mailbox) -> None:
    telling.place()
    telling.ride()
    telling.happen(OrderDelivered(order_id=OrderId("o1"), rider_id=RiderId("r1")))
    telling.run()
    assert ("an@example.org", "Su pedido llegó") in subjects(box)
    assert telling.notice("order_picked_up", CUSTOMER).state == "expired"
