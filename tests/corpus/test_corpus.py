"""Real third-party data, where it lies beside the project: what each file gives.

`snapshot.tsv` was looked at row by row; its last column explains what may surprise.
After a change that was meant, and looked at: `python -m tests.corpus.test_corpus` writes it
anew and keeps the explanations.
"""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from service.evaluation import Site, answer, ask, open_site
from service.fhir.outcome import write_outcome
from service.fhir.reading import Refused
from service.settings import Settings
from tests.fhir_validity import assert_valid_answer, assert_valid_outcome
from tests.told import flags, issues

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SNAPSHOT = Path(__file__).with_name("snapshot.tsv")
CLOCK = datetime(2026, 11, 22, tzinfo=UTC)
SKIPPED = {"MANIFEST.tsv", "VARIATION.md", "census.tsv"}


class Row(NamedTuple):
    """What one file of the corpus gave: HTTP's status, flags by patient, issues by severity."""

    file: str
    status: str
    flags: str
    issues: str
    explained: str = ""


def files() -> list[Path]:
    return sorted(
        path for path in CORPUS.rglob("*") if path.is_file() and path.name not in SKIPPED
    )


def bodies(path: Path) -> bytes:
    """The file as a client would send it: lines of NDJSON in one Bundle, all else as it is."""
    raw = path.read_bytes()
    if path.suffix != ".ndjson":
        return raw
    entries = b",".join(b'{"resource":' + line + b"}" for line in raw.splitlines() if line.strip())
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"


def row(site: Site, path: Path) -> Row:
    status = 200
    try:
        body = answer(site, bodies(path), ask(site, "latest"), CLOCK)
        told = assert_valid_answer(body)
    except Refused as refused:
        status = refused.status
        told = assert_valid_outcome(write_outcome(refused.issues))
    return Row(
        path.relative_to(CORPUS).as_posix(),
        str(status),
        "; ".join(f"{flag.patient}: {flag.cause} ({flag.priority})" for flag in flags(told)),
        ", ".join(f"{count} {severity}" for severity, count in sorted(issues(told).items())),
    )


def snapshot() -> dict[str, Row]:
    with SNAPSHOT.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file, delimiter="\t")
    return {name: Row(name, *rest) for name, *rest in rows}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the project")
@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_a_file_gives_what_was_reviewed(site: Site, path: Path) -> None:
    reviewed = snapshot()[path.relative_to(CORPUS).as_posix()]

    assert row(site, path)._replace(explained=reviewed.explained) == reviewed


def test_every_flag_and_refusal_of_the_corpus_is_explained() -> None:
    rows = snapshot().values()

    assert len(rows) > 100
    for reviewed in rows:
        if reviewed.flags or reviewed.status != "200":
            assert reviewed.explained, reviewed.file


def write() -> None:
    explained = {name: one.explained for name, one in snapshot().items()} if SNAPSHOT.exists() else {}
    site = open_site(Settings())
    with SNAPSHOT.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(Row._fields)
        for path in files():
            found = row(site, path)
            rows.writerow(found._replace(explained=explained.get(found.file, "")))


if __name__ == "__main__":
    write()
