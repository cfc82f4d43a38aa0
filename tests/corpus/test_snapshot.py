"""What each file of the corpus gives.

`snapshot.tsv` was looked at row by row; its last column explains what may surprise.
After a change that was meant, and looked at: `python -m tests.corpus.test_snapshot` writes it
anew and keeps the explanations.
"""

import csv
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from service.evaluation import Site, answer, ask, open_site
from service.fhir.outcome import write_outcome
from service.fhir.reading import Refused
from service.settings import Settings
from tests.corpus.third_party import CLOCK, body, files, name
from tests.fhir_validity import assert_valid_answer, assert_valid_outcome
from tests.told import flags, issues

SNAPSHOT = Path(__file__).with_name("snapshot.tsv")


class Row(NamedTuple):
    """What one file gave: HTTP's status, flags by patient, and how many issues of each severity.

    The summaries of patients are not among the issues.
    """

    file: str
    status: str
    flags: str
    issues: str
    explained: str = ""


def row(site: Site, path: Path) -> Row:
    status = 200
    try:
        told = assert_valid_answer(answer(site, body(path), ask(site, "latest"), CLOCK))
    except Refused as refused:
        status = refused.status
        told = assert_valid_outcome(write_outcome(refused.issues))
    severities = Counter(issue.severity for issue in issues(told))
    return Row(
        name(path),
        str(status),
        "; ".join(f"{flag.patient}: {flag.cause} ({flag.priority})" for flag in flags(told)),
        ", ".join(f"{count} {severity}" for severity, count in sorted(severities.items())),
    )


def snapshot() -> dict[str, Row]:
    with SNAPSHOT.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file, delimiter="\t")
    return {name: Row(name, *rest) for name, *rest in rows}


@pytest.mark.parametrize("path", files(), ids=name)
def test_a_file_gives_what_was_reviewed(site: Site, path: Path) -> None:
    reviewed = snapshot()[name(path)]

    assert row(site, path)._replace(explained=reviewed.explained) == reviewed


def test_the_snapshot_has_a_row_for_each_file_and_no_other() -> None:
    assert list(snapshot()) == [name(path) for path in files()]


def test_every_flag_and_refusal_is_explained() -> None:
    for reviewed in snapshot().values():
        if reviewed.flags or reviewed.status != "200":
            assert reviewed.explained, reviewed.file


def write() -> None:
    explained = {one.file: one.explained for one in snapshot().values()}
    site = open_site(Settings())
    found = [row(site, path) for path in files()]
    with SNAPSHOT.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(Row._fields)
        rows.writerows(one._replace(explained=explained.get(one.file, "")) for one in found)


if __name__ == "__main__":
    write()
