"""What each file of the corpus gives.

`expected.tsv` was reviewed row by row against the file itself; the last column says what was
looked at, and why the row is right. After a change that was meant, and looked at:
`python -m tests.corpus.test_expected` writes it anew and keeps what was said.
"""

import csv
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from service.evaluation import Evaluation, Site, ask, assess, compose, open_site
from service.fhir.outcome import write_outcome
from service.fhir.reading import Refused
from service.settings import Settings
from tests.corpus.third_party import CLOCK, body, files, name
from tests.fhir_validity import assert_valid_answer, assert_valid_outcome
from tests.told import flags, issues

EXPECTED = Path(__file__).with_name("expected.tsv")


class Row(NamedTuple):
    """What one file gave.

    HTTP's status; how many patients; of observations, conditions and medications how many are
    usable or known, of how many read; findings of all patients; flags by patient; how many issues
    of each severity, without the summaries of patients; what the reviewer looked at.
    """

    file: str
    status: str
    patients: str = ""
    results: str = ""
    problems: str = ""
    treatments: str = ""
    findings: str = ""
    flags: str = ""
    issues: str = ""
    reviewed: str = ""


def row(site: Site, path: Path) -> Row:
    try:
        evaluation = assess(site, body(path), ask(site, "latest"), CLOCK)
    except Refused as refused:
        told = issues(assert_valid_outcome(write_outcome(refused.issues)))
        severities = Counter(issue.severity for issue in told)
        return Row(name(path), str(refused.status), issues=counted(severities))
    answer = assert_valid_answer(compose(site, evaluation, ask(site, "latest")))
    return Row(
        name(path),
        "200",
        *read(evaluation),
        "; ".join(f"{flag.patient}: {flag.cause} ({flag.priority})" for flag in flags(answer)),
        counted(Counter(issue.severity for issue in issues(answer))),
    )


def read(evaluation: Evaluation) -> tuple[str, str, str, str, str]:
    tallies = [one.tally for one in evaluation.assessments]
    findings = Counter(
        f"{found.finding} {found.grade}" for one in evaluation.assessments for found in one.findings
    )
    return (
        str(len(tallies)),
        f"{sum(t.results for t in tallies)} of {sum(t.observations for t in tallies)}",
        f"{sum(t.problems for t in tallies)} of {sum(t.conditions for t in tallies)}",
        f"{sum(t.treatments for t in tallies)} of {sum(t.medications for t in tallies)}",
        ", ".join(f"{found} x{n}" if n > 1 else found for found, n in sorted(findings.items())),
    )


def counted(severities: Counter[str]) -> str:
    return ", ".join(f"{count} {severity}" for severity, count in sorted(severities.items()))


def expected() -> dict[str, Row]:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file, delimiter="\t")
    return {name: Row(name, *rest) for name, *rest in rows}


@pytest.mark.parametrize("path", files(), ids=name)
def test_a_file_gives_what_was_reviewed(site: Site, path: Path) -> None:
    reviewed = expected()[name(path)]

    assert row(site, path)._replace(reviewed=reviewed.reviewed) == reviewed


def test_each_file_has_its_row_and_there_is_no_other() -> None:
    assert list(expected()) == [name(path) for path in files()]


def test_every_row_says_what_was_looked_at() -> None:
    assert [one.file for one in expected().values() if len(one.reviewed.split()) < 4] == []


def write(site: Site) -> None:
    reviewed = {one.file: one.reviewed for one in expected().values()}
    found = [row(site, path) for path in files()]
    with EXPECTED.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(Row._fields)
        rows.writerows(one._replace(reviewed=reviewed.get(one.file, "")) for one in found)


if __name__ == "__main__":
    write(open_site(Settings()))
