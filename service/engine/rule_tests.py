"""The tests beside the rules, run through the real engine.

Every test is judged in the whole rule set. Of a link that names, lowers or raises a
cause a firing test expects the cause with the strength that it has in the end, and that the link
held; of one that suppresses a finding it expects "suppressed".
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from service.engine import Engine, Examination
from service.knowledge.cases import record_of
from service.knowledge.conditions import leaves
from service.knowledge.language import Condition, Expected, Link, RuleTest
from service.knowledge.model import Knowledge

#: Tests give times as spans before this; any moment would do.
MOMENT = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Failure(Struct, frozen=True):
    """A test, by its place beside its link (from 1), what it expects, and what came instead."""

    link: str
    test: int
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"link {self.link}, test {self.test}: expected {self.expected}, but {self.actual}"


def run(knowledge: Knowledge, engine: Engine) -> tuple[Failure, ...]:
    """The tests that fail, in the order of links. Tests of retired links are not run."""
    return tuple(
        Failure(link.link, place, _expected(test), actual)
        for link in knowledge.links.values()
        if link.status != "retired"
        for place, test in enumerate(link.tests, start=1)
        if (actual := _try(knowledge, engine, link, test))
    )


def _try(knowledge: Knowledge, engine: Engine, link: Link, test: RuleTest) -> str:
    """What came instead of what a test expects; "" if it did come."""
    examination = engine.examine(record_of(test, knowledge, MOMENT))
    held = link.link in examination.held
    if isinstance(test.expect, Expected):
        if not held:
            return _silent(knowledge, link, examination)
        return "" if link.status == "shadow" else _compare(test.expect, examination)
    if test.expect == "suppressed":
        return "" if held else _silent(knowledge, link, examination)
    if held:
        return "the link holds"
    if test.expect == "indeterminate" and not any(_doubts(knowledge, link, examination)):
        return "it stays silent with nothing left open"
    return ""


def _compare(expected: Expected, examination: Examination) -> str:
    told = {cause.cause: cause for cause in examination.assessment.causes}
    # A cause that is told within another is judged as it would be by itself.
    cause = told.get(expected.cause) or examination.named.get(expected.cause)
    if not cause:
        return f"the causes are {', '.join(told) or 'none'}"
    wrong = []
    if expected.strength and expected.strength != cause.strength:
        wrong.append(f"it is {cause.strength}")
    if expected.priority and expected.priority != cause.priority:
        wrong.append(f"its priority is {cause.priority}")
    return " and ".join(wrong)


def _silent(knowledge: Knowledge, link: Link, examination: Examination) -> str:
    doubts = list(dict.fromkeys(_doubts(knowledge, link, examination)))
    return f"the link does not hold{''.join(f'; {doubt}' for doubt in doubts)}"


def _doubts(knowledge: Knowledge, link: Link, examination: Examination) -> Iterator[str]:
    """What is left open of the values that a link asks for, and of the inputs of derived ones."""
    for subject in _subjects(knowledge, link.when):
        if why := examination.undecided.get(subject):
            yield f"{subject} is open, because {why}"


def _subjects(knowledge: Knowledge, condition: Condition) -> Iterator[str]:
    for leaf in leaves(condition):
        if leaf.state:
            yield from _subjects(knowledge, knowledge.states[leaf.state].when)
        elif subject := leaf.normal or (
            knowledge.findings[leaf.finding].analyte if leaf.finding else ""
        ):
            yield subject
            for derived in knowledge.derived.values():
                if subject in {derived.derived, derived.stands_for}:
                    yield from (given.analyte for given in derived.inputs.values())
                    yield from [derived.change.analyte] if derived.change else []


def _expected(test: RuleTest) -> str:
    if isinstance(test.expect, str):
        return {"none": "it to stay silent"}.get(test.expect, test.expect)
    words = [test.expect.cause, test.expect.strength, test.expect.priority]
    return ", ".join(word for word in words if word)
