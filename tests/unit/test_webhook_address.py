"""Which addresses webhooks may lead to."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from dispatch.errors import InvalidInputError
from dispatch.service.webhook_address import AddressRefusedError, check_url, may_reach, target_of
from dispatch.service.webhook_signing import new_signing_secret, signature

PRIVATE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1", "224.0.0.1", "255.255.255.255",
    "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:db8::1",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_never_reached(address: str) -> None:
    assert not may_reach(ip_address(address), loopback=True)


@pytest.mark.parametrize("address", LOOPBACK)
def test_this_machine_is_reached_only_where_that_is_wanted(address: str) -> None:
    assert not may_reach(ip_address(address), loopback=False)
    assert may_reach(ip_address(address), loopback=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(ip_address(address), loopback=False)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.test/", "webhook_url"),
        ("ftp://hooks.example.test/", "webhook_url"),
        ("https://", "webhook_url"),
        ("https://user:word@hooks.example.test/", "webhook_url"),
        ("https://hooks.example.test/#here", "webhook_url"),
        ("https://[::1", "webhook_url"),
        ("https://10.0.0.1/", "address_refused"),
        ("https://[::1]/", "address_refused"),
        ("https://[::ffff:169.254.169.254]/", "address_refused"),
    ],
)
def test_addresses_that_make_no_sense_are_refused_at_once(url: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_url(url, loopback=False)
    assert code in {issue.code for issue in refused.value.issues}


def test_a_good_address_passes() -> None:
    check_url("https://hooks.example.test:8443/dispatch?market=b", loopback=False)


@pytest.mark.parametrize("url", ["https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://127.1/"])
def test_names_that_mean_this_machine_are_refused(url: str) -> None:
    with pytest.raises((AddressRefusedError, OSError)):
        asyncio.run(target_of(url, loopback=False))


def test_a_name_is_replaced_by_its_address() -> None:
    async def resolve(_: str, port: int) -> list[str]:
        assert port == 443
        return ["2606:2800:220:1::1", "93.184.216.34"]

    target = asyncio.run(target_of("https://hooks.example.test/a?b=c", loopback=False, resolve=resolve))
    assert str(target.url) == "https://[2606:2800:220:1::1]/a?b=c"
    assert (target.host, target.name) == ("hooks.example.test", "hooks.example.test")


def test_plain_http_stays_on_this_machine() -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return ["93.184.216.34"]

    with pytest.raises(AddressRefusedError):
        asyncio.run(target_of("http://hooks.example.test/", loopback=True, resolve=resolve))


def test_signatures_are_those_of_the_standard() -> None:
    told = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert new_signing_secret() != new_signing_secret()
