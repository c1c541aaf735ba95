"""Messages leave over real sockets: SMTP with STARTTLS and a password, an SMS provider, encrypted web push."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from functools import partial
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dispatch.engine.clock import SystemClock
from dispatch.errors import InvalidInputError
from dispatch.notify.channels.mail import MailWay, mail_server
from dispatch.notify.channels.ports import Device, Outgoing, Result
from dispatch.notify.channels.push import PushWay, topic_of
from dispatch.notify.channels.push_encryption import decoded, encoded, encrypt, identity_of
from dispatch.notify.channels.sms import SmsWay, is_signed, report_signature, sms_provider
from dispatch.notify.rendering import Rendered
from dispatch.service.webhook_address import target_of
from tests.support.mailbox import mailbox
from tests.support.providers import ACCOUNT, TOKEN, Browser, providers
from tests.support.receiver import certificate_of

WORDS = Rendered(language="vi", title="Đơn hàng", short="Đơn A-7 đã sẵn sàng.", body="Xin chào An,\n", html="<p>An</p>")
MESSAGE = Outgoing(id="ntf_1", to="an@example.org", words=WORDS, urgent=True, keep_s=60, link="https://d.example/t/x")
SENDER = "Dispatch <post@dispatch.example>"
HERE = partial(target_of, loopback=True)


def test_mail_goes_over_starttls_with_a_password(tmp_path: Path) -> None:
    certificate = certificate_of("localhost", tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate))
    with mailbox(certificate) as box:
        server = replace(mail_server(box.url, SENDER), trust=trust)
        outcome = asyncio.run(MailWay(server).send(MESSAGE))
        wrong = asyncio.run(MailWay(replace(server, password="other")).send(MESSAGE))
        doubted = asyncio.run(MailWay(replace(server, trust=None)).send(MESSAGE))
    assert (outcome.result, outcome.provider_id) == (Result.SENT, "<ntf_1@dispatch.example>")
    assert (wrong.result, doubted.result, len(box.letters)) == (Result.AGAIN, Result.AGAIN, 1)
    letter = box.letters[0]
    assert (letter["Subject"], letter["To"], letter["From"]) == ("Đơn hàng", "an@example.org", SENDER)
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    text = letter.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["Xin chào An,"]


def test_mail_that_is_refused_is_told_from_mail_that_waits() -> None:
    with mailbox() as box:
        way = MailWay(mail_server(box.url, SENDER))
        box.answers = {"nobody@example.org": "550 no such user", "full@example.org": "452 try later"}
        nobody = asyncio.run(way.send(replace(MESSAGE, to="nobody@example.org")))
        full = asyncio.run(way.send(replace(MESSAGE, to="full@example.org")))
        bad = asyncio.run(way.send(replace(MESSAGE, to="an@example.org\r\nBcc: x@y")))
        box.answers = {"data": "554 spam"}
        spam = asyncio.run(way.send(MESSAGE))
    gone = asyncio.run(way.send(MESSAGE))
    found = [one.result for one in (nobody, full, bad, spam, gone)]
    assert found == [Result.REFUSED, Result.AGAIN, Result.REFUSED, Result.REFUSED, Result.AGAIN]
    assert "no such user" in nobody.error
    assert box.letters == []


def test_sms_are_handed_in_as_a_form() -> None:
    with providers() as stub:
        provider = sms_provider(stub.sms_url, "+60123456789")
        way = SmsWay(provider, lambda name: f"https://d.example/report/{name}")
        outcome = asyncio.run(way.send(replace(MESSAGE, to="+60111111111")))
        stub.status["sms"] = 400
        refused = asyncio.run(way.send(MESSAGE))
        stub.status["sms"] = 503
        later = asyncio.run(way.send(MESSAGE))
        stub.status["sms"] = 401
        locked_out = asyncio.run(way.send(MESSAGE))
    away = asyncio.run(way.send(MESSAGE))
    assert (outcome.result, outcome.provider_id) == (Result.SENT, "SM1")
    assert (refused.result, later.result, locked_out.result, away.result) == (
        Result.REFUSED, Result.AGAIN, Result.AGAIN, Result.AGAIN,
    )  # fmt: skip
    request = stub.requests[0]
    assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert request.headers["idempotency-key"] == "ntf_1"
    assert request.form == {
        "To": "+60111111111",
        "From": "+60123456789",
        "Body": "Đơn A-7 đã sẵn sàng. https://d.example/t/x",
        "StatusCallback": "https://d.example/report/ntf_1",
        "ValidityPeriod": "60",
    }


def test_reports_of_sms_are_signed() -> None:
    form = {"MessageStatus": "delivered", "MessageSid": "SM1"}
    signature = report_signature(TOKEN, "https://d.example/r", form)
    assert is_signed(TOKEN, "https://d.example/r", form, signature)
    assert not is_signed(TOKEN, "https://d.example/other", form, signature)
    assert not is_signed(TOKEN, "https://d.example/r", form | {"MessageStatus": "failed"}, signature)
    assert not is_signed("other", "https://d.example/r", form, signature)


def test_push_messages_are_encrypted_as_the_example_of_the_standard() -> None:
    ephemeral = int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
        ephemeral=ec.derive_private_key(ephemeral, ec.SECP256R1()),
    )
    assert encoded(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_browser_reads_what_is_pushed_and_knows_the_sender() -> None:
    browser, identity = Browser("b1"), identity_of(b"secret", "mailto:post@dispatch.example")
    with providers() as stub:
        device = Device(endpoint=f"{stub.origin}/push/b1", key=browser.keys["p256dh"], auth=browser.keys["auth"])
        way = PushWay(identity, HERE, SystemClock())
        outcome = asyncio.run(way.send(replace(MESSAGE, device=device, ack="https://d.example/ack")))
        request = stub.requests[0]
    assert outcome.result is Result.SENT
    shown = browser.read(request.body)
    assert shown["title"] == "Đơn hàng"
    assert (shown["id"], shown["ack"], shown["urgent"]) == ("ntf_1", "https://d.example/ack", True)
    assert {name: request.headers[name] for name in ("ttl", "urgency", "topic", "content-encoding")} == {
        "ttl": "60", "urgency": "high", "topic": topic_of("ntf_1"), "content-encoding": "aes128gcm",
    }  # fmt: skip
    scheme, _, rest = request.headers["authorization"].partition(" ")
    token, key = (part.strip().partition("=")[2] for part in rest.split(","))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
    claims = jwt.decode(token, point, algorithms=["ES256"], audience=stub.origin)
    assert (scheme, key, claims["sub"]) == ("vapid", identity.public, "mailto:post@dispatch.example")


@pytest.mark.parametrize(
    ("status", "result"),
    [(410, Result.GONE), (404, Result.GONE), (429, Result.AGAIN), (500, Result.AGAIN), (413, Result.REFUSED)],
)
def test_what_a_push_service_answers(status: int, result: Result) -> None:
    browser = Browser("b1")
    with providers() as stub:
        stub.status["push"] = status
        device = Device(endpoint=f"{stub.origin}/push/b1", key=browser.keys["p256dh"], auth=browser.keys["auth"])
        outcome = asyncio.run(
            PushWay(identity_of(b"s", "mailto:a@b"), HERE, SystemClock()).send(replace(MESSAGE, device=device))
        )
    assert outcome.result is result


def test_push_does_not_reach_into_this_machine_unless_allowed() -> None:
    browser, strict = Browser("b1"), partial(target_of, loopback=False)
    device = Device(endpoint="https://127.0.0.1/push/b1", key=browser.keys["p256dh"], auth=browser.keys["auth"])
    outcome = asyncio.run(
        PushWay(identity_of(b"s", "mailto:a@b"), strict, SystemClock()).send(replace(MESSAGE, device=device))
    )
    assert (outcome.result, "not public" in outcome.error) == (Result.REFUSED, True)


@pytest.mark.parametrize("url", ["http://host:25", "smtp://", "nonsense"])
def test_an_address_that_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        mail_server(url, SENDER)


@pytest.mark.parametrize("url", ["https://host/x", "ftp://a:b@host", "https://a@host/x"])
def test_an_address_that_is_no_sms_provider_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        sms_provider(url, "+6012")
