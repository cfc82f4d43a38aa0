"""What an evaluation costs in numbers that are the same on every machine.

Seconds vary with the machine and with who else uses it, so no test can hold them. How many
instructions Python's virtual machine runs does not: a regression in our own code shows in it.
It says nothing about what C does within one instruction, such as decoding JSON.
"""

import platform
import sys
import tracemalloc
from collections.abc import Callable
from csv import DictReader, DictWriter
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from service.evaluation import Asked, Site, answer
from tests.benchmarks.bundles import bundle
from tests.benchmarks.stages import CLOCK

if TYPE_CHECKING:
    from _typeshed import TraceFunction

#: Bundles whose costs are on record, by name: Observations, patients, ill.
_SIZES = {
    "50 healthy": (50, 1, False),
    "50 ill": (50, 1, True),
    "500 ill": (500, 1, True),
    "500 of 25 ill": (500, 25, True),
}

#: Evaluations before the one that is counted, so that what is remembered is warm.
_WARM = 2

RECORDED = Path(__file__).with_name("recorded.tsv")
_COLUMNS = ("python", "bundle", *("instructions", "memory"))


class Counts(NamedTuple):
    """Instructions of Python's virtual machine, and the most bytes that were held at once."""

    instructions: int
    memory: int


def count(work: Callable[[], object]) -> Counts:
    """What `work` costs. What it remembers from one call to the next should be warm."""
    return Counts(_instructions(work), _memory(work))


def _instructions(work: Callable[[], object]) -> int:
    counted = 0

    def trace(frame: FrameType, event: str, _: object) -> "TraceFunction":
        nonlocal counted
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    # Python 3.12 counts none where no frame has asked for them by now.
    sys._getframe().f_trace_opcodes = True  # noqa: SLF001
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted


def _memory(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def sizes() -> tuple[str, ...]:
    """The names of the bundles whose costs are on record."""
    return tuple(_SIZES)


def counted(site: Site, name: str) -> Counts:
    """What the bundle of a name costs."""
    observations, patients, ill = _SIZES[name]
    body = bundle(observations, patients, ill=ill)
    for _ in range(_WARM):
        answer(site, body, Asked(), CLOCK)
    return count(lambda: answer(site, body, Asked(), CLOCK))


def recorded() -> dict[str, Counts]:
    """What was recorded for this Python, by the names of the bundles."""
    return {row["bundle"]: _counts(row) for row in _rows() if row["python"] == _python()}


def record(site: Site) -> None:
    """Writes down what the bundles cost now; what other Pythons gave stays."""
    kept = [row for row in _rows() if row["python"] != _python()]
    new = [
        {"python": _python(), "bundle": name, **counted(site, name)._asdict()} for name in _SIZES
    ]
    with RECORDED.open("w", encoding="utf-8", newline="") as file:
        lines = DictWriter(file, _COLUMNS, delimiter="\t", lineterminator="\n")
        lines.writeheader()
        lines.writerows(sorted([*kept, *new], key=lambda row: row["python"]))


def _rows() -> list[dict[str, str]]:
    with RECORDED.open(encoding="utf-8") as lines:
        return list(DictReader(lines, delimiter="\t"))


def _counts(row: dict[str, str]) -> Counts:
    return Counts(int(row["instructions"]), int(row["memory"]))


def _python() -> str:
    """The version whose instructions these are: 3.11 or 3.12."""
    return ".".join(platform.python_version_tuple()[:2])
