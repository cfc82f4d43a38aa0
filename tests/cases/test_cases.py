"""Patients from published reports: the cause that their authors found is named, and named early."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from service.evaluation import Site, answer, ask
from tests.fhir_validity import assert_valid_answer
from tests.told import flags

HERE = Path(__file__).parent
CLOCK = datetime(2026, 11, 1, tzinfo=UTC)


class Case(NamedTuple):
    """A published patient; `causes` are due, `wrong` ("any" for all) must not be named."""

    file: str
    group: str
    causes: list[str]
    also_right: list[str]
    wrong: list[str]


def cases() -> list[Case]:
    with (HERE / "expected.tsv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file, delimiter="\t")
    return [Case(file, group, *map(str.split, said)) for file, group, *said, _, _ in rows]


DUE = [case for case in cases() if case.causes]


def named(site: Site, case: Case) -> list[str]:
    """The causes of a case's flags, most pressing first."""
    body = (HERE / case.file).read_bytes()
    told = assert_valid_answer(answer(site, body, ask(site, "latest"), CLOCK))
    return [flag.cause for flag in flags(told)]


def test_every_bundle_here_is_a_case_and_every_case_a_bundle() -> None:
    assert sorted(path.name for path in HERE.glob("*.json")) == [case.file for case in cases()]


def test_the_causes_of_cases_are_causes_of_the_rules(site: Site) -> None:
    for case in cases():
        for cause in {*case.causes, *case.wrong} - {"any"}:
            assert cause in site.knowledge.causes, (case.file, cause)


@pytest.mark.parametrize("case", DUE, ids=lambda case: case.file)
def test_the_cause_of_a_case_is_among_its_first_three(site: Site, case: Case) -> None:
    assert set(case.causes) & set(named(site, case)[:3])


def test_the_cause_is_named_first_in_four_of_five_cases(site: Site) -> None:
    first = [case for case in DUE if set(case.causes) & set(named(site, case)[:1])]
    assert len(first) >= 0.8 * len(DUE)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.file)
def test_no_cause_is_named_that_would_be_wrong(site: Site, case: Case) -> None:
    found = named(site, case)
    assert found == [] if case.wrong == ["any"] else not set(found) & set(case.wrong)


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.group == "mimic"], ids=lambda case: case.file
)
def test_a_mimic_has_no_pressing_flag(site: Site, case: Case) -> None:
    body = (HERE / case.file).read_bytes()
    told = assert_valid_answer(answer(site, body, ask(site, "latest"), CLOCK))
    assert {flag.priority for flag in flags(told)} <= {"low"}
