"""Rules that are wrong by one small thing each: a limit, a comparison, a condition."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from service.knowledge.language import (
    Analyte,
    Condition,
    Document,
    FindingRule,
    Grade,
    Link,
    ReferenceInterval,
    State,
)
from service.knowledge.limits import DIRECTIONS, limit_field
from service.knowledge.quantities import LimitValue, parse_limit
from service.knowledge.shapes import Placed

#: The comparison that differs from another only at the limit itself.
_FLIPPED = {
    "below": "at_or_below",
    "at_or_below": "below",
    "above": "at_or_above",
    "at_or_above": "above",
}
#: The words that narrow a condition, or widen it; without them it says something else.
_NARROWING = (
    *("within", "older_than", "worst_within", "started", "stopped", "began", "same_draw"),
    "including",
)


class Mutant(Struct, frozen=True):
    """A document that is wrong, in whose place, and in which way."""

    kind: str
    id: str
    what: str
    document: Document

    def __str__(self) -> str:
        return f"{self.kind} {self.id}: {self.what}"


def mutants(placed: Sequence[Placed]) -> Iterator[Mutant]:
    """Every mutant of a rule set. Limits are shifted by one of their last digit, both ways."""
    findings = [each.document for each in placed if isinstance(each.document, FindingRule)]
    for place in placed:
        for what, document in _documents(place.document, findings):
            yield Mutant(place.kind, place.id, what, document)


def _documents(
    document: Document, findings: Sequence[FindingRule]
) -> Iterator[tuple[str, Document]]:
    if isinstance(document, FindingRule):
        yield from _findings(document)
    elif isinstance(document, Analyte):
        yield from _analytes(document, set(_sides(document, findings)))
    elif isinstance(document, Link | State) and getattr(document, "status", "") != "retired":
        for what, when in _conditions(document.when):
            yield what, replace(document, when=when)


def _findings(finding: FindingRule) -> Iterator[tuple[str, Document]]:
    for i, grade in enumerate(finding.grades):
        for what, others in _grades(grade):
            if grades := (*finding.grades[:i], *others, *finding.grades[i + 1 :]):
                yield f"grade {i + 1}, {grade.grade}: {what}", replace(finding, grades=grades)


def _analytes(analyte: Analyte, sides: set[str]) -> Iterator[tuple[str, Document]]:
    for i, interval in enumerate(analyte.reference):
        for what, other in _intervals(interval, sides):
            reference = (*analyte.reference[:i], other, *analyte.reference[i + 1 :])
            yield f"interval {i + 1}: {what}", replace(analyte, reference=reference)


def _grades(grade: Grade) -> Iterator[tuple[str, tuple[Grade, ...]]]:
    field = limit_field(grade)
    written = getattr(grade, field)
    for text in _shifted(written):
        yield f"{field} {text}", (replace(grade, **{field: text}),)
    flipped = _FLIPPED[field]
    yield f"{flipped} {written}", (replace(grade, **{field: "", flipped: written}),)
    yield "dropped", ()


def _sides(analyte: Analyte, findings: Sequence[FindingRule]) -> Iterator[str]:
    """The sides of the reference interval that decide a grade."""
    for finding in findings:
        for grade in finding.grades if finding.analyte == analyte.analyte else ():
            field = limit_field(grade)
            if "reference" in getattr(grade, field):
                yield "low" if DIRECTIONS[field] == "below" else "high"


def _intervals(
    interval: ReferenceInterval, sides: set[str]
) -> Iterator[tuple[str, ReferenceInterval]]:
    for side in sorted(sides):
        if written := getattr(interval, side):
            for text in _shifted(written):
                yield f"{side} {text}", replace(interval, **{side: text})


def _shifted(written: str) -> Iterator[str]:
    """A limit with each of its alternatives a little lower, and a little higher."""
    limits = parse_limit(written)
    for i, limit in enumerate(limits):
        step = Decimal(1).scaleb(int(limit.value.as_tuple().exponent))
        for value in (limit.value - step, limit.value + step):
            if value > 0 and not limit.reference:
                others = [*limits[:i], LimitValue(value, limit.unit, limit.form), *limits[i + 1 :]]
                yield " | ".join(map(str, others))


def _conditions(when: Condition) -> Iterator[tuple[str, Condition]]:
    """A condition without one of its parts, or of its words."""
    for word in ("all", "any", "of"):
        parts: tuple[Condition, ...] = getattr(when, word)
        least = int(when.at_least) if word == "of" and parts else 1
        for i, part in enumerate(parts):
            if len(parts) > least:
                left = (*parts[:i], *parts[i + 1 :])
                yield f"without {_said(part)}", replace(when, **{word: left})
            for what, other in _conditions(part):
                yield what, replace(when, **{word: (*parts[:i], other, *parts[i + 1 :])})
    yield from _words(when)


def _words(when: Condition) -> Iterator[tuple[str, Condition]]:
    if when.of:
        for least in (int(when.at_least) - 1, int(when.at_least) + 1):
            if 0 < least <= len(when.of):
                yield f"at least {least} of {len(when.of)}", replace(when, at_least=str(least))
    elif when.at_least:
        yield f"{_said(when)} of any grade", replace(when, at_least="")
    for word in _NARROWING:
        if getattr(when, word):
            empty: object = () if word == "including" else ""
            yield f"{_said(when)} without {word}", replace(when, **{word: empty})


def _said(when: Condition) -> str:
    words = ((word, getattr(when, word)) for word in when.__struct_fields__)
    return " ".join(f"{word} {said}" for word, said in words if said and isinstance(said, str)) or (
        "a group of conditions"
    )
