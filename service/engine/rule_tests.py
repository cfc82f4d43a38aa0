"""The tests beside the rules, run through the real engine.

Every test is judged in the whole rule set. A value beside a finding is graded. Of a link that
names, lowers or raises a cause a firing test expects the cause with the strength that it has in
the end, and that the link held; of one that suppresses a finding it expects "suppressed".
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

from msgspec import Struct

from service.engine import Engine, Examination
from service.knowledge.cases import INDETERMINATE, NONE, record_of, value_of
from service.knowledge.conditions import leaves
from service.knowledge.language import Condition, Expected, FindingRule, Link, RuleTest
from service.knowledge.model import Knowledge

#: Tests give times as spans before this; any moment would do.
MOMENT = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Failure(Struct, frozen=True):
    """A test of a rule, what it expects, and what came instead.

    The test of a finding is told by its value, that of a link by its place, from 1.
    """

    rule: str
    test: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.rule}, {self.test}: expected {self.expected}, but {self.actual}"


def count(knowledge: Knowledge) -> int:
    """How many tests there are."""
    values = sum(len(v) for rule in knowledge.findings.values() for v in rule.tests.values())
    return values + sum(len(link.tests) for link in knowledge.links.values())


def run(engine: Engine) -> tuple[Failure, ...]:
    """The tests that fail, those of findings first. Tests of retired links are not run."""
    findings = (run_finding(engine, finding) for finding in engine.knowledge.findings.values())
    links = (run_link(engine, link) for link in engine.knowledge.links.values())
    return tuple(chain.from_iterable((*findings, *links)))


def run_finding(engine: Engine, finding: FindingRule) -> Iterator[Failure]:
    """The values beside a finding that show something else than they should."""
    for expected, texts in finding.tests.items():
        for text in texts:
            found = _shown(engine, finding, text)
            if found != expected:
                yield Failure(f"finding {finding.finding}", text, expected, f"it shows {found}")


def _shown(engine: Engine, finding: FindingRule, text: str) -> str:
    examination = engine.examine(value_of(engine.knowledge, finding.analyte, text, MOMENT))
    for found in examination.assessment.findings:
        if found.finding == finding.finding:
            return found.grade
    return INDETERMINATE if finding.analyte in examination.undecided else NONE


def run_link(engine: Engine, link: Link) -> Iterator[Failure]:
    """The tests beside a link that fail."""
    for place, test in enumerate(() if link.status == "retired" else link.tests, start=1):
        if actual := _try(engine.knowledge, engine, link, test):
            yield Failure(f"link {link.link}", f"test {place}", _expected(test), actual)


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
    if test.expect == INDETERMINATE and not any(_doubts(knowledge, link, examination)):
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
        return {NONE: "it to stay silent"}.get(test.expect, test.expect)
    words = [test.expect.cause, test.expect.strength, test.expect.priority]
    return ", ".join(word for word in words if word)
