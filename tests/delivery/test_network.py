"""Which addresses are connected to, and that they are those that were checked."""

import asyncio
import ssl
from collections.abc import Sequence
from ipaddress import ip_address

import httpx
import pytest

from service.delivery.network import Address, Checked, Resolve, may_be_asked, resolve, trusted
from service.fhir.issues import Refused
from tests.delivery.called import resolve_to

USUAL = """
    10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 127.0.0.1 127.8.8.8 ::1 fd12:3456::1 9.9.9.9
    2606:4700::1111
"""
SPECIAL = """
    169.254.169.254 169.254.170.2 fe80::1 fd00:ec2::254 100.100.100.200 192.0.0.192 168.63.129.16
    0.0.0.0 :: 255.255.255.255 224.0.0.1 ff02::1 240.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1
    203.0.113.1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::7f00:1
    2002:a9fe:a9fe::1 2002:7f00:1:: 2001::1 100::1 64:ff9b:1::1
"""


@pytest.mark.parametrize("address", USUAL.split())
def test_hospitals_are_at_private_or_public_addresses(address: str) -> None:
    assert may_be_asked(ip_address(address))


@pytest.mark.parametrize("address", SPECIAL.split())
def test_special_addresses_are_not_asked(address: str) -> None:
    assert not may_be_asked(ip_address(address))


class Recorder(httpx.AsyncBaseTransport):
    """Remembers what would be sent; connections to some addresses fail."""

    def __init__(self, *failing: str) -> None:
        self.sent: list[httpx.Request] = []
        self.failing = failing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if request.url.host in self.failing:
            raise httpx.ConnectError("no")
        return httpx.Response(200)


def get(inner: Recorder, resolve: Resolve, url: str = "https://fhir.example.org/r4") -> None:
    async def ask() -> None:
        async with httpx.AsyncClient(transport=Checked(inner, resolve)) as client:
            await client.get(url)

    asyncio.run(ask())


def test_the_request_goes_to_the_address_that_was_checked() -> None:
    inner = Recorder()

    get(inner, resolve_to("10.1.2.3"), "https://fhir.example.org:8443/r4")

    (sent,) = inner.sent
    assert str(sent.url) == "https://10.1.2.3:8443/r4"
    assert sent.headers["host"] == "fhir.example.org:8443"
    assert sent.extensions["sni_hostname"] == "fhir.example.org"


def test_a_name_that_means_something_else_the_next_time_is_refused_then() -> None:
    answers = [["10.1.2.3"], ["169.254.169.254"]]

    async def rebinding(_host: str, _port: int) -> Sequence[Address]:
        return [ip_address(one) for one in answers.pop(0)]

    inner = Recorder()
    get(inner, rebinding)
    with pytest.raises(Refused):
        get(inner, rebinding)
    assert [str(one.url.host) for one in inner.sent] == ["10.1.2.3"]


@pytest.mark.parametrize(
    "addresses",
    [["169.254.169.254"], ["10.1.2.3", "169.254.169.254"], ["fe80::1", "10.1.2.3"]],
)
def test_a_name_with_one_address_that_is_not_asked_is_not_asked_at_all(
    addresses: list[str],
) -> None:
    inner = Recorder()

    with pytest.raises(Refused):
        get(inner, resolve_to(*addresses))

    assert inner.sent == []


@pytest.mark.parametrize("address", ["10.1.2.3", "9.9.9.9", "fd12::1"])
def test_http_does_not_leave_this_machine_whatever_a_name_means(address: str) -> None:
    inner = Recorder()

    with pytest.raises(Refused):
        get(inner, resolve_to("127.0.0.1", address), "http://localhost:8080/fhir")

    assert inner.sent == []


def test_where_one_address_does_not_answer_the_next_is_asked() -> None:
    inner = Recorder("fd12::1")

    get(inner, resolve_to("fd12::1", "10.1.2.3"))

    assert [one.url.host for one in inner.sent] == ["fd12::1", "10.1.2.3"]


@pytest.mark.parametrize("addresses", [["10.1.2.3", "10.1.2.4"], []])
def test_where_no_address_answers_the_server_can_not_be_reached(addresses: list[str]) -> None:
    with pytest.raises(httpx.ConnectError):
        get(Recorder(*addresses), resolve_to(*addresses))


def test_a_certificate_must_be_of_the_name_and_not_of_the_address() -> None:
    """The first bytes of TLS name the server that the certificate must be of."""

    async def ask() -> bytes:
        hello = asyncio.get_running_loop().create_future()

        async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            hello.set_result(await reader.read(4096))
            writer.close()

        async with await asyncio.start_server(greeted, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            inner = httpx.AsyncHTTPTransport(verify=trusted())
            transport = Checked(inner, resolve_to("127.0.0.1"))
            async with httpx.AsyncClient(transport=transport) as client:
                with pytest.raises(httpx.TransportError):
                    await client.get(f"https://fhir.example.org:{port}/r4")
        return bytes(await hello)

    assert b"fhir.example.org" in asyncio.run(ask())


def test_certificates_are_checked_and_old_tls_is_not_spoken() -> None:
    context = trusted()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_addresses_are_looked_up_by_the_system() -> None:
    found = asyncio.run(resolve("localhost", 80))

    assert found
    assert all(address.is_loopback for address in found)


def test_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(Refused) as caught:
        asyncio.run(resolve("no-such-name.invalid", 443))

    assert caught.value.issues[0].code == "not-found"
