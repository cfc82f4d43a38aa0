"""The sample bundles give exactly the flags that lie beside them.

After a change that was meant, and looked at: `python -m tests.test_fhir_samples` writes them anew.
"""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.evaluation import Site, answer, ask, open_site
from service.settings import Settings, shipped
from tests.fhir_validity import assert_valid_answer
from tests.told import Told, flags

FOLDER = shipped("fhir_samples")
SAMPLES = sorted(FOLDER.glob("*.json"))
CLOCK = datetime(2026, 11, 22, tzinfo=UTC)


def told(site: Site, sample: Path) -> list[Told]:
    body = answer(site, sample.read_bytes(), ask(site, "latest"), CLOCK)
    return flags(assert_valid_answer(body))


def beside(sample: Path) -> Path:
    return sample.with_suffix(".flags.tsv")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_gives_exactly_the_flags_beside_it(site: Site, sample: Path) -> None:
    with beside(sample).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")

    assert tuple(header) == Told._fields
    assert told(site, sample) == [Told(*row) for row in rows]


def test_there_are_samples_and_each_has_its_story() -> None:
    stories = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert len(SAMPLES) >= 15
    for sample in SAMPLES:
        assert f"### {sample.stem}\n" in stories
        assert json.loads(sample.read_bytes())["resourceType"]


def test_no_expectation_lacks_its_sample() -> None:
    assert sorted(FOLDER.glob("*.tsv")) == [beside(sample) for sample in SAMPLES]


def write() -> None:
    site = open_site(Settings())
    for sample in SAMPLES:
        with beside(sample).open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, delimiter="\t", lineterminator="\n")
            rows.writerow(Told._fields)
            rows.writerows(told(site, sample))


if __name__ == "__main__":
    write()
