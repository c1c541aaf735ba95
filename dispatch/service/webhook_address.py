"""Where webhooks may go: to public addresses only, found out before anything is sent, and kept to.

A name is resolved here, every address it has must be public, and the connection goes to the address that was looked
at: whoever owns the name cannot lead it to another one in between.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from dispatch.errors import DispatchError, InvalidInputError, Issue

_MOST_CHARS: Final = 2000
_NAT64: Final = IPv6Network("64:ff9b::/96")
_PORTS: Final = {"https": 443, "http": 80}

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""From a host and a port to its addresses; raises OSError."""


class AddressRefusedError(DispatchError):
    """A webhook leads to where nothing is sent."""

    code = "address_refused"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect to: ``url`` with the address instead of the name, which ``host`` and ``name`` still tell."""

    url: httpx.URL
    host: str
    name: str


async def resolve_host(host: str, port: int) -> list[str]:
    """The addresses of a host, as this machine resolves it."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host} cannot be a name of a host") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_url(url: str, *, loopback: bool) -> None:
    """Raise InvalidInputError for an address that can never be sent to, with all that is wrong with it."""
    issues = list(url_issues(url, loopback=loopback))
    if issues:
        raise InvalidInputError("webhook", issues)


def url_issues(url: str, *, loopback: bool, field: str = "url") -> Iterator[Issue]:
    """All that is wrong with an address; ``field``: where it stands."""
    if len(url) > _MOST_CHARS:
        cause = f"the address has more than {_MOST_CHARS} characters"
        yield Issue("webhook_url", cause, "Write a shorter one.", field=field)
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        yield Issue("webhook_url", f"the address cannot be read: {error}", "Write https://host/path.", field=field)
        return
    schemes = ("https", "http") if loopback else ("https",)
    if parsed.scheme not in schemes or not parsed.host:
        yield Issue("webhook_url", "the address is no https://host/path", "Write one that is.", field=field)
    if parsed.userinfo or parsed.fragment:
        action = "Leave out what stands before @ or after #; verify the signature instead."
        yield Issue("webhook_url", "the address has a user or a fragment", action, field=field)
    address = _literal(parsed.host)
    if address is not None and not may_reach(address, loopback=loopback):
        yield Issue("address_refused", f"{address} is no public address", "Name a public one.", field=field)


async def target_of(url: str, *, loopback: bool, resolve: Resolve = resolve_host) -> Target:
    """Where to connect to for an address. Raises AddressRefusedError, OSError where the name has no address."""
    parsed = httpx.URL(url)
    port = parsed.port or _PORTS[parsed.scheme]
    literal = _literal(parsed.host)
    names = [parsed.host] if literal is not None else await resolve(parsed.raw_host.decode(), port)
    addresses = [ip_address(name.partition("%")[0]) for name in names]
    refused = [address for address in addresses if not may_reach(address, loopback=loopback)]
    if refused or not addresses:
        cause = f"{parsed.host} is at {refused[0] if refused else 'no address'}, which is not public."
        raise AddressRefusedError(cause, "Give the webhook a public address.")
    if parsed.scheme == "http" and not all(address.is_loopback for address in addresses):
        raise AddressRefusedError("Only loopback addresses are reached without TLS.", "Write https://.")
    return Target(parsed.copy_with(host=str(addresses[0])), parsed.netloc.decode(), parsed.raw_host.decode())


def may_reach(address: IPv4Address | IPv6Address, *, loopback: bool) -> bool:
    """Whether an address is public, whatever it is wrapped in; ``loopback``: or this machine's own."""
    inner = _inner(address)
    if inner.is_loopback:
        return loopback
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address leads to, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = None if address.teredo is None else address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or teredo or address


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
