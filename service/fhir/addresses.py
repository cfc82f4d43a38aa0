"""Names of resources, taken apart: fullUrls and literal references in every form that is sent."""

import re
from functools import lru_cache

from msgspec import Struct

_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_LOCAL = re.compile(r"/?([A-Z][A-Za-z]+)/([A-Za-z0-9\-._]{1,128})")
_ABSOLUTE = re.compile(r"(.{3,})/([A-Z][A-Za-z]+)/([A-Za-z0-9\-._]{1,128})", re.DOTALL)
_HISTORY = "/_history/"
#: What nearly every fullUrl is: an absolute URL with nothing to be taken off, a folder and an id.
_FOLDER = re.compile(r"(https?:([^\s?#]{3,})/)([A-Z][A-Za-z]+)")
_is_id = re.compile(r"[A-Za-z0-9\-._]{1,128}").fullmatch

#: Longer folders are nobody's habit, and are looked at each time.
_LONGEST_REMEMBERED = 200


class Address(Struct, frozen=True, gc=False):
    """Where a resource lives. Two addresses are of one resource when their `key` is equal.

    The key leaves out what does not tell resources apart: http or https, the query, the
    version, the case of a UUID. `root` is the server's base in that form ("//host/fhir"), ""
    where the name is only "Type/id", None where it is neither (a urn, or a word of the
    sender's own); `type` and `id` are "" then. `text` is what was written, without
    version and query, and `base` what of it comes before "Type/id". `universal`: it means the
    same anywhere, as a urn or a URL does.
    """

    key: str
    text: str
    root: str | None = None
    type: str = ""
    id: str = ""
    version: str = ""
    base: str = ""
    universal: bool = False

    @property
    def local(self) -> str:
        """The name without a server, as in Patient/1; "" where there is none."""
        return f"{self.type}/{self.id}" if self.type else ""


def address(text: str) -> Address | None:
    """An address as written; None for a blank."""
    before, _, name = text.rpartition("/")
    if len(before) <= _LONGEST_REMEMBERED and (folder := _folder(before)) and _is_id(name):
        start, root, kind, base = folder
        return Address(start + name, text, root, kind, name, "", base, True)
    text = text.strip()
    if not text:
        return None
    scheme = text[: text.find(":")].lower() if ":" in text else ""
    is_url = scheme in ("http", "https")
    if not is_url and (found := _UUID.fullmatch(text)):
        key = f"urn:uuid:{found[1].lower()}"
        return Address(key, text if len(text) > len(found[1]) else key, universal=True)
    if scheme == "urn":
        return Address(text, text, universal=True)
    path = text.partition("?")[0].partition("#")[0]
    path, _, version = path.partition(_HISTORY)
    if is_url:
        return _absolute(path, version)
    if found := _LOCAL.fullmatch(path):
        local = f"{found[1]}/{found[2]}"
        return Address(local, local, "", found[1], found[2], version)
    return Address(text, text)


# The resources of one type and server are many.
@lru_cache(maxsize=1024)
def _folder(text: str) -> tuple[str, str, str, str] | None:
    """Of a plain URL before "/id", what keys of it begin with, and root, type and base."""
    found = None if _HISTORY in text else _FOLDER.fullmatch(text)
    return (f"{found[2]}/{found[3]}/", found[2], found[3], found[1]) if found else None


def _absolute(path: str, version: str) -> Address:
    key = path.partition(":")[2]
    if found := _ABSOLUTE.fullmatch(key):
        return _on_server(path, found, version)
    return Address(key, path, universal=True)


def _on_server(path: str, found: re.Match[str], version: str = "") -> Address:
    root, kind, name = found.groups()
    local = f"{kind}/{name}"
    base = path[: -len(local)]
    return Address(f"{root}/{local}", path, root, kind, name, version, base, universal=True)


def beside(here: Address, local: Address) -> Address:
    """The address "Type/id" on the server where `here` is."""
    return Address(
        f"{here.root}/{local.local}",
        f"{here.base}{local.local}",
        here.root,
        local.type,
        local.id,
        local.version,
        here.base,
        universal=True,
    )
