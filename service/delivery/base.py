"""The base address of a FHIR server, as an operator gives it, and what lies on the same server."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx
from msgspec import Struct

_PORTS = {"http": 80, "https": 443}

#: What the system's resolver would take for an IPv4 address, in octal or as one number.
_ODD_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*", re.IGNORECASE)

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.IGNORECASE)

#: They tell the secrets of the machine that asks, to whoever asks from it.
_METADATA = frozenset({"metadata.google.internal", "metadata.amazonaws.com"})


class Base(Struct, frozen=True):
    """A FHIR server's base address without a closing slash. Secrets go to its origin alone."""

    url: str

    @property
    def origin(self) -> tuple[str, str, int | None]:
        return _origin(httpx.URL(self.url))

    def on_same_server(self, link: str, page: str) -> str | None:
        """A link of a page as an absolute URL, or None where it leads elsewhere."""
        try:
            url = httpx.URL(page).join(link)
            here = not url.userinfo and _origin(url) == self.origin
        except (httpx.InvalidURL, ValueError):
            return None
        return str(url.copy_with(fragment=None)) if here else None


def read_base(text: str) -> Base:
    """A base address from text. ValueError for one that secrets must not be sent to."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise ValueError("it is no URL") from None
    host = url.host
    if url.scheme not in _PORTS or not host:
        raise ValueError("it is written https://HOST/PATH")
    if url.userinfo:
        raise ValueError("a login does not belong in it, but in MYOFLAG_SERVER_LOGIN")
    if url.query or url.fragment or "?" in text or "#" in text:
        raise ValueError("it has no query and no fragment")
    if not (_address(host) or _NAME.fullmatch(url.raw_host.decode())):
        raise ValueError("its host is a name or an address, without a closing dot")
    if host.lower() in _METADATA or (_ODD_NUMBER.fullmatch(host) and not _address(host)):
        raise ValueError("its host is not one that is asked")
    if (url.port or 1) not in range(1, 65_536):
        raise ValueError("its port is at most 65535")
    if url.scheme == "http" and not _is_loopback(host):
        raise ValueError("http is for this machine alone (localhost); elsewhere, https is needed")
    return Base(str(url).rstrip("/"))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
