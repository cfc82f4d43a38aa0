"""Nothing that the rules know is dropped in silence.

A walk over the JSON of its own, which shares nothing with the reading, finds each Observation
and component, however deep, whose LOINC code the rules read or refuse. Each must be a result in
a patient's record that counts, or an issue must point at it and say that it does not; never both.
Conditions and medicines, known or not, likewise.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.evaluation import Site, ask, assess, compose
from service.fhir.outcome import write_outcome
from service.fhir.reading import Refused
from service.knowledge.quantities import parse_span
from service.record import Record, Result
from tests.corpus.third_party import CENSUS, CLOCK, body, document, files, name
from tests.fhir_validity import assert_valid_answer, assert_valid_outcome
from tests.told import Issue, issues

LOINC = "http://loinc.org"
NOT_USED = re.compile(r"not (used|read|be read)|passed over|status .* does not count")
NOT_USED_OR_UNKNOWN = re.compile(rf"{NOT_USED.pattern}|No rule uses|does not count")
PROBLEMS_AND_MEDICINES = {
    "Condition",
    "MedicationAdministration",
    "MedicationRequest",
    "MedicationStatement",
}
READABLE = [path for path in files() if document(path)]


class Measured(NamedTuple):
    """An Observation or component of a request: its FHIRPath and its LOINC codes."""

    expression: str
    codes: tuple[str, ...]


def resources(node: object, expression: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All resources below a piece of JSON, each with its FHIRPath."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from resources(item, f"{expression}[{index}]")
    elif isinstance(node, dict):
        if "resourceType" in node:
            yield expression, node
        for field, value in node.items():
            yield from resources(value, f"{expression}.{field}")


def sent(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """All resources of a file."""
    request = document(path)
    return resources(request, request.get("resourceType", ""))


def known(site: Site, path: Path) -> Iterator[Measured]:
    """What the rules read or refuse in a file."""
    for expression, resource in sent(path):
        if resource["resourceType"] != "Observation":
            continue
        parts = [Measured(expression, loinc(resource))]
        for index, component in enumerate(resource.get("component", ())):
            parts.append(Measured(f"{expression}.component[{index}]", loinc(component)))
        for part in parts:
            if any(
                code in site.knowledge.loinc or code in site.knowledge.refused
                for code in part.codes
            ):
                yield part


def loinc(part: dict[str, Any]) -> tuple[str, ...]:
    codings = part.get("code", {}).get("coding", ())
    return tuple(coding["code"] for coding in codings if coding.get("system") == LOINC)


def evaluated(site: Site, path: Path) -> tuple[tuple[Record, ...], list[Issue]]:
    """The records of a file, and what was said of it."""
    try:
        evaluation = assess(site, body(path), ask(site, "latest"), CLOCK)
    except Refused as refused:
        return (), issues(assert_valid_outcome(write_outcome(refused.issues)))
    told = assert_valid_answer(compose(site, evaluation, ask(site, "latest")))
    return evaluation.intake.records, issues(told)


def told_of(part: str, said: list[Issue], words: re.Pattern[str]) -> bool:
    """Whether an issue with such words points at a part, into it, or at what it lies in.

    One that points at a range, or at a contained resource, speaks of that alone.
    """
    return any(
        f"{expression}.".startswith(f"{part}.") or f"{part}.".startswith(f"{expression}.")
        for issue in said
        if words.search(issue.text)
        for expression in issue.expressions
        if ".referenceRange" not in expression and not expression.startswith(f"{part}.contained[")
    )


def counts(site: Site, record: Record, result: Result) -> bool:
    """Whether a result can be read and is inside the lookback of its analyte."""
    if not (result.amount or result.interpretation):
        return False
    if result.moment is None:
        return all(one.moment is None for one in record.results if one.analyte == result.analyte)
    lookback = parse_span(site.knowledge.analytes[result.analyte].lookback)
    return (
        record.moment - lookback <= result.moment.latest and result.moment.earliest <= record.moment
    )


@pytest.mark.parametrize("path", READABLE, ids=name)
def test_a_result_that_the_rules_know_counts_or_is_said_not_to(site: Site, path: Path) -> None:
    records, said = evaluated(site, path)
    used = {
        result.source.expression
        for record in records
        for result in record.results
        if counts(site, record, result)
    }

    for part in known(site, path):
        assert told_of(part.expression, said, NOT_USED) != (part.expression in used), part


@pytest.mark.parametrize("path", READABLE, ids=name)
def test_a_problem_or_medicine_is_on_record_or_said_not_to_be(site: Site, path: Path) -> None:
    records, said = evaluated(site, path)
    on_record = {one.source.expression for record in records for one in record.problems}
    on_record |= {one.source.expression for record in records for one in record.treatments}

    for expression, resource in sent(path):
        # A request that was refused as a whole says so without naming each resource.
        if records and resource["resourceType"] in PROBLEMS_AND_MEDICINES:
            is_said = told_of(expression, said, NOT_USED_OR_UNKNOWN)
            assert is_said != (expression in on_record), expression


def test_the_walk_meets_every_known_result_of_the_census(site: Site) -> None:
    with CENSUS.open(encoding="utf-8", newline="") as file:
        counted = Counter(
            (row["file"], code)
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            for code in re.findall(r"loinc\|([0-9-]+)", row["code"])
        )
    met = Counter(
        (name(path), code) for path in READABLE for part in known(site, path) for code in part.codes
    )

    readable = {name(path) for path in READABLE}
    due = {
        (file, code): times
        for (file, code), times in counted.items()
        if file in readable and code in site.knowledge.loinc
    }

    assert sum(due.values()) > 600
    for place, times in due.items():
        assert met[place] >= times, place
