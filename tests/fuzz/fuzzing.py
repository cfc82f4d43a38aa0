"""What must hold of any input at all: a valid answer or a refusal, soon, and no memory kept."""

import json
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from time import process_time
from types import FrameType
from typing import NamedTuple

from service.evaluation import Asked, Site, answer, ask
from service.fhir.issues import Refused
from service.fhir.outcome import write_outcome
from service.fhir.parameters import ParameterValues
from tests.fhir_validity import assert_valid_answer, assert_valid_outcome, assert_valid_transaction
from tests.fuzz.mutations import Mutations

CLOCK = datetime(2026, 11, 22, tzinfo=UTC)

#: An input that takes longer than this, in seconds of the processor, is a hang.
LONGEST = 1.0

#: One of so many answers is held against FHIR's own definitions, which takes as long as a few.
_VALIDATED = 10


class Tried(NamedTuple):
    """What one input gave: an HTTP status, or what went wrong, and how long it took."""

    number: int
    status: int
    seconds: float
    size: int
    wrong: str = ""


class TookTooLongError(Exception):
    """An input that was broken off."""


def tried(site: Site, mutations: Mutations, seed: int, numbers: Iterable[int]) -> Iterator[Tried]:
    """Each of the inputs with these numbers, evaluated."""
    for number in numbers:
        body, chance = mutations.input(seed, number)
        asked = _asked(site, chance)
        started = process_time()
        status, wrong = 0, ""
        try:
            with at_most(10 * LONGEST):
                status, told = _respond(site, body, asked)
            seconds = process_time() - started
            _hold(told, status, validated=number % _VALIDATED == 0)
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
            seconds = process_time() - started
            wrong = f"{type(error).__name__}: {error}"[:500]
        if seconds > LONGEST and not wrong:
            wrong = f"It took {seconds:.1f} s."
        yield Tried(number, status, seconds, len(body), wrong)


_CHECKS = {
    "Bundle": assert_valid_answer,
    "OperationOutcome": assert_valid_outcome,
    "Parameters": assert_valid_transaction,
}


def statuses(found: Iterable[Tried]) -> Counter[int]:
    return Counter(one.status for one in found)


def _respond(site: Site, body: bytes, asked: Asked) -> tuple[int, bytes]:
    try:
        return 200, answer(site, body, asked, CLOCK)
    except Refused as refused:
        return refused.status, write_outcome(refused.issues)


def _hold(told: bytes, status: int, *, validated: bool) -> None:
    # Evidence comes back as it was sent, with a name that stands twice perhaps.
    said = json.loads(told, parse_int=Decimal, parse_float=Decimal)
    kind = said["resourceType"]
    if (
        (status == 200) == (kind == "OperationOutcome")
        or kind not in _CHECKS
        or status not in {200, 400, 413, 422}
    ):
        raise AssertionError(f"status {status}, {said['resourceType']}")
    if status != 200 and not all(issue["details"]["text"] for issue in said["issue"]):
        raise AssertionError("a refusal without a reason")
    if validated:
        _CHECKS[kind](said)


def _asked(site: Site, chance: Random) -> Asked:
    return ask(
        site,
        chance.choice(("latest", "latest", None, "2026-05-01", "1850-01-01", "2199-12-31")),
        ParameterValues(
            include_evidence=chance.choice((None, True, False)),
            explain=chance.random() < 0.05,
            provenance=chance.random() < 0.1,
            bundle_type="transaction" if chance.random() < 0.1 else None,
        ),
        strict=chance.random() < 0.1,
    )


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Breaks off what runs longer, in seconds of the processor."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLongError(f"It was broken off after {seconds:.0f} s.")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
