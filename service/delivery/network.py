"""Which addresses are connected to, and that the one that was checked is the one connected to."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx

from service.fhir.issues import refusal

Address = IPv4Address | IPv6Address

#: The addresses of a host and port.
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))

#: Special addresses (IANA's registries): link-local ones, at which clouds tell a machine's
#: secrets (two clouds do so elsewhere, fd00:ec2::254 and 168.63.129.16), addresses in which
#: another is wrapped, and such that belong to nobody.
_NEVER_TEXT = """
    0.0.0.0/8 100.64.0.0/10 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 198.18.0.0/15
    198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32
    ::/128 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32
    2002::/16 fe80::/10 ff00::/8 fd00:ec2::254/128
"""
_NEVER = tuple(map(ip_network, _NEVER_TEXT.split()))


def may_be_asked(address: Address) -> bool:
    """Whether an operator's FHIR server can be there; hospitals' are mostly at private addresses.

    The flags of `ipaddress` alone do not do: multicast is global there, for instance.
    """
    if any(address in network for network in _NEVER):
        return False
    private = any(address in network for network in _PRIVATE)
    return private or address.is_loopback or address.is_global


def trusted() -> ssl.SSLContext:
    """TLS that checks certificates against the system's, among which hospitals put their own."""
    return ssl.create_default_context()


async def resolve(host: str, port: int) -> Sequence[Address]:
    """What the system's resolver says. Refused where it knows no such host."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        text = "The server's name is not known to the network."
        raise refusal(502, "not-found", text) from None
    # A link-local IPv6 address comes with its interface.
    addresses = (str(address[0]).partition("%")[0] for *_, address in found)
    return [ip_address(one) for one in dict.fromkeys(addresses)]


class Checked(httpx.AsyncBaseTransport):
    """Connects to an address only after it was checked, and to no other.

    A name that is looked up twice can mean another address the second time, so the request
    goes to the address itself; Host, SNI and the certificate still are of the name.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, resolve: Resolve) -> None:
        self._inner = inner
        self._resolve = resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        addresses = await self._resolve(url.host, url.port or 0)
        for address in addresses:
            if not may_be_asked(address):
                text = "The server's name leads to an address that is not asked (link-local, e.g.)."
                raise refusal(502, "security", text)
            if url.scheme == "http" and not address.is_loopback:
                text = "The server's name leads off this machine; there, https is needed."
                raise refusal(502, "security", text)
        failed: httpx.TransportError | None = None
        for address in addresses:
            try:
                return await self._inner.handle_async_request(_to(address, request))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
        raise failed or httpx.ConnectError("no address")

    async def aclose(self) -> None:
        await self._inner.aclose()


def _to(address: Address, request: httpx.Request) -> httpx.Request:
    name = request.url.raw_host.decode()
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        extensions={**request.extensions, "sni_hostname": name},
    )
