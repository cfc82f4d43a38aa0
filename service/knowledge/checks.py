"""What is wrong inside and between the documents of a rule set.

Each kind of document has a function that yields complaints: every text is read with its
parser, and every id that is named must exist.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from service.knowledge import codes
from service.knowledge.cases import check_values
from service.knowledge.computations import check_derived
from service.knowledge.conditions import check_condition
from service.knowledge.faults import Complaint, Fault, Path, attempt
from service.knowledge.language import (
    KINDS,
    Analyte,
    CauseRule,
    Code,
    Derived,
    Document,
    FindingRule,
    Link,
    MedicineRule,
    ProblemRule,
    State,
    Units,
    WordList,
)
from service.knowledge.limits import check_grades, check_intervals, check_range
from service.knowledge.links import check_circles, check_link, check_next, check_sizes
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_decimal, parse_span
from service.knowledge.shapes import Placed
from service.knowledge.units import convert
from service.knowledge.words import check_words
from service.record import MARKS

_SCALE = re.compile(r"[1-9][0-9]*(/[1-9][0-9]*)?")


def check(knowledge: Knowledge, placed: Sequence[Placed], faults: list[Fault]) -> None:
    """Add what is wrong with each document, by itself and with what it names.

    All limits are measured in units, so that a wrong unit table is told alone.
    """
    for place in placed:
        if isinstance(place.document, Units):
            faults.extend(place.fault(*found) for found in _check_units(place.document))
    if faults:
        return
    for place in placed:
        faults.extend(place.fault(*found) for found in _complaints(knowledge, place))
    faults.extend(check_circles(knowledge, placed))
    if not faults:
        faults.extend(check_sizes(knowledge, placed))
        faults.extend(_check_values(knowledge, placed))


def _complaints(knowledge: Knowledge, place: Placed) -> Iterator[Complaint]:
    document = place.document
    yield from _check_references(knowledge, document)
    match document:
        case Analyte():
            yield from _check_analyte(knowledge, document)
        case FindingRule():
            yield from _check_finding(knowledge, document)
        case Derived():
            yield from check_derived(knowledge, document)
        case ProblemRule():
            yield from _check_problem(document)
        case MedicineRule():
            yield from _check_medicine(document)
        case State():
            yield from check_condition(knowledge, document.when, ("when",))
        case CauseRule():
            yield from _check_cause(knowledge, document)
        case Link():
            yield from check_link(knowledge, document)
        case WordList():
            yield from check_words(document)
        case _:
            pass  # the ruleset and references name nothing else; the lock is lint's


def _check_references(knowledge: Knowledge, document: Document) -> Iterator[Complaint]:
    for i, name in enumerate(getattr(document, "references", ())):
        if name not in knowledge.references:
            yield ("references", i), f'there is no reference "{name}"'


def _check_units(table: Units) -> Iterator[Complaint]:
    for i, unit in enumerate(table.units):
        if not _SCALE.fullmatch(unit.scale):
            yield ("units", i, "scale"), f'"{unit.scale}" is not a fraction, as in 1/1000'


def _check_analyte(knowledge: Knowledge, analyte: Analyte) -> Iterator[Complaint]:
    name = analyte.analyte
    if analyte.unit not in analyte.units:
        yield ("unit",), f'"{analyte.unit}" must be one of its `units`'
    wrong = list(_check_chemistry(analyte))
    yield from wrong
    for i, unit in enumerate(analyte.units if not wrong else ()):
        try:
            convert(knowledge, name, _ONE, unit, analyte.unit)
        except ValueError as error:
            yield ("units", i), f'"{unit}": {error}'
    yield from check_range(knowledge, name, analyte.plausible, ("plausible",))
    yield from attempt(_parse_lasting, analyte.lookback, ("lookback",))
    for code, said in analyte.loinc.items():
        yield from attempt(codes.check_loinc, code, ("loinc", code))
        if isinstance(said, Code):
            yield from _check_code(analyte, said, ("loinc", code))
    for form in analyte.form_names:
        if form not in analyte.forms:
            yield ("form_names", form), f'"{form}" is not one of its `forms`'
    for called, text in analyte.narrow_names.items():
        yield from check_range(knowledge, name, text, ("narrow_names", called))
    for code in analyte.confusable:
        yield from attempt(codes.check_loinc, code, ("confusable", code))
    yield from check_intervals(knowledge, name, analyte.reference)


def _check_values(knowledge: Knowledge, placed: Sequence[Placed]) -> Iterator[Fault]:
    """What is wrong with the values beside findings; all that they are read with must be sound."""
    for place in placed:
        if isinstance(place.document, FindingRule):
            found = check_values(place.document, knowledge)
            yield from (place.fault(*complaint) for complaint in found)


_ONE = Decimal(1)


def _check_chemistry(analyte: Analyte) -> Iterator[Complaint]:
    for field in ("molar_mass", "charge"):
        if text := getattr(analyte, field):
            yield from attempt(_parse_positive, text, (field,))
    for form, mass in analyte.forms.items():
        yield from attempt(_parse_positive, mass, ("forms", form))


def _parse_positive(text: str) -> None:
    if parse_decimal(text) <= 0:
        raise ValueError(f'"{text}" must be above zero')


def _parse_lasting(text: str) -> None:
    if not parse_span(text):
        raise ValueError(f'"{text}" must be longer than nothing')


def _check_code(analyte: Analyte, code: Code, path: Path) -> Iterator[Complaint]:
    if code.form and code.form not in analyte.forms:
        yield (*path, "form"), f'"{code.form}" is not one of its `forms`'
    for i, mark in enumerate(code.marks):
        if mark not in MARKS:
            yield (*path, "marks", i), f'"{mark}" is no mark; one of {", ".join(MARKS)}'


def _check_finding(knowledge: Knowledge, finding: FindingRule) -> Iterator[Complaint]:
    if finding.analyte in knowledge.analytes or finding.analyte in knowledge.derived:
        yield from check_grades(knowledge, finding)
    else:
        yield ("analyte",), f'there is no analyte or derived value "{finding.analyte}"'


def _check_problem(rule: ProblemRule) -> Iterator[Complaint]:
    yield from _check_codes(rule, "snomed", codes.check_snomed)
    yield from _check_codes(rule, "icd10cm", codes.check_icd10)
    yield from _check_codes(rule, "icd10", codes.check_icd10)
    starts = [code[:-1] for code in (*rule.icd10cm, *rule.icd10) if code.endswith("*")]
    for i, code in enumerate(rule.exceptions):
        if not any(code.startswith(start) for start in starts):
            yield ("exceptions", i), f'"{code}" is not among its codes that end in "*"'
        elif code.endswith("*"):
            yield ("exceptions", i), f'"{code}": an exception is one code, without "*"'


def _check_medicine(rule: MedicineRule) -> Iterator[Complaint]:
    yield from _check_codes(rule, "rxnorm", codes.check_rxnorm)
    yield from _check_codes(rule, "atc", codes.check_atc)
    yield from _check_codes(rule, "snomed", codes.check_snomed)
    yield from attempt(parse_span, rule.lingers, ("lingers",))


def _check_codes(
    rule: ProblemRule | MedicineRule | CauseRule, field: str, check_one: Callable[[str], None]
) -> Iterator[Complaint]:
    for code in getattr(rule, field):
        yield from attempt(check_one, code, (field, code))


def _check_cause(knowledge: Knowledge, cause: CauseRule) -> Iterator[Complaint]:
    if cause.kind not in KINDS:
        yield ("kind",), f'"{cause.kind}" is no kind; one of {", ".join(KINDS)}'
    yield from _check_codes(cause, "snomed", codes.check_snomed)
    yield from check_next(knowledge, cause.confirm, ("confirm",))
