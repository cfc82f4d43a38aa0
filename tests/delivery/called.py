"""Runs against the FHIR server that behaves and misbehaves, and what it saw of them."""

from collections.abc import Sequence
from http import HTTPStatus
from ipaddress import ip_address
from itertools import count
from typing import Any, NamedTuple

import httpx
import pytest

from service.delivery.asking import Limits
from service.delivery.base import Base, read_base
from service.delivery.fetching import Fetched, fetch
from service.delivery.network import Address, Resolve
from service.fhir.issues import Refused
from service.record import Issue
from tests.delivery.fhir_server import PATIENT

#: Nothing waits: what hangs is given up at once, and what is tried again is so at once.
LIMITS = Limits(
    connect=5,
    read=5,
    total=30,
    attempts=4,
    wait=0,
    longest_wait=20,
    pages=20,
    entries=100,
    bytes=1_000_000,
)

_runs = count()


class Run(NamedTuple):
    """One fetch from the server: its base address, and what was asked of it."""

    base: Base
    asked_at: str

    def fetch(self, authorization: str = "", limits: Limits = LIMITS) -> Fetched:
        return fetch(self.base, PATIENT, authorization, limits, resolve_to("127.0.0.1"))

    def asked(self) -> list[dict[str, Any]]:
        return list(httpx.get(self.asked_at).json())

    def kinds(self) -> list[str]:
        """What was asked for, in order; a page or a further try counts as well."""
        return [one["kind"] for one in self.asked()]


class Servers(NamedTuple):
    """The two ports of the process."""

    first: int
    second: int

    def run(self, behavior: str) -> Run:
        number = next(_runs)
        here = f"http://127.0.0.1:{self.first}"
        return Run(read_base(f"{here}/{behavior}/{number}/fhir"), f"{here}/asked/{number}")


def resolve_to(*addresses: str) -> Resolve:
    """A resolver that says these addresses of every name."""

    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        return [ip_address(one) for one in addresses]

    return resolve


def refused(run: Run, limits: Limits = LIMITS, authorization: str = "") -> Issue:
    """Why a fetch failed; a fetch that comes to its end fails the test."""
    with pytest.raises(Refused) as caught:
        run.fetch(authorization, limits)
    (issue,) = caught.value.issues
    assert caught.value.status == HTTPStatus.BAD_GATEWAY
    assert issue.severity == "error"
    return issue
