"""The sample bundles give exactly the flags that lie beside them, and say what they left out.

After a change that was meant, and looked at: `python -m tests.test_fhir_samples` writes the
flags anew.
"""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from service.evaluation import Site, answer, ask, open_site
from service.settings import Settings, shipped
from tests.fhir_validity import assert_valid_answer
from tests.told import Told, flags, issues, summaries

FOLDER = shipped("fhir_samples")
SAMPLES = sorted(FOLDER.glob("*.json"))
BUNDLES = [sample for sample in SAMPLES if b'"entry"' in sample.read_bytes()]
CLOCK = datetime(2026, 11, 22, tzinfo=UTC)

#: What a sample must say: where in the request, and a word of why.
SAID = [
    ("comparators-and-doubt", "Bundle.entry[3].resource", "comparator"),
    ("comparators-and-doubt", "Bundle.entry[4].resource", "no value"),
    ("comparators-and-doubt", "Bundle.entry[5].resource", "after the moment"),
    ("corrections-and-errors", "Bundle.entry[1].resource", "newer version"),
    ("corrections-and-errors", "Bundle.entry[3].resource.status", "entered-in-error"),
    ("corrections-and-errors", "Bundle.entry[5].resource.verificationStatus", "refuted"),
    ("corrections-and-errors", "Bundle.entry[6].resource.status", "cancelled"),
    ("healthy", "Bundle.entry[9].resource.code", "No rule"),
    ("hypercapnia", "Bundle.entry[2].resource.code", "by its name"),
    ("hyperosmolar-hyperglycemia", "Bundle.entry[2].resource", "High glucose"),
    ("jerks-after-cardiac-arrest", "Bundle.entry[1].resource", "not active"),
    ("liver-failure", "Bundle.entry[10].resource.code", "by its name"),
    ("low-calcium-only-by-albumin", "Bundle.entry[0].resource", "type are not read"),
    ("low-calcium-only-by-albumin", "Bundle.entry[2].resource", "corrected for albumin"),
    ("low-copper-resembling-b12-deficiency", "Bundle.entry[0].resource", "told within"),
    ("low-ionized-calcium", "Bundle.entry[0].resource", "type are not read"),
    ("low-ionized-calcium", "Bundle.entry[2].resource.code", "No rule"),
    ("low-ionized-calcium", "Bundle.entry[4].resource", "Ionized calcium was measured"),
    ("low-magnesium-low-calcium", "Bundle.entry[2].resource", "corrected for albumin"),
    ("messy-units", "Bundle.entry[5].resource.value", "no unit"),
    ("messy-units", "Bundle.entry[6].resource.value", "not known"),
    ("messy-units", "Bundle.entry[7].resource.value", "does not fit the code"),
    ("messy-units", "Bundle.entry[8].resource.value", "outside of 5 to 3500 umol/L"),
    ("messy-units", "Bundle.entry[9].resource.value", "text"),
    ("messy-units", "Bundle.entry[10].resource.dataAbsentReason", "no value"),
    ("messy-units", "Bundle.entry[11].resource.code", "urine sodium"),
    ("pellagra-in-alcohol-use-disorder", "Bundle.entry[1].resource.code", "by its name"),
    ("single-observation", "Observation.subject", "not in the request"),
    ("zinc-induced-copper-deficiency", "Bundle.entry[0].resource", "told within"),
    ("zinc-induced-copper-deficiency", "Bundle.entry[2].resource", "Wilson disease"),
]


def answered(site: Site, request: bytes) -> dict[str, Any]:
    return assert_valid_answer(answer(site, request, ask(site, "latest"), CLOCK))


def beside(sample: Path) -> Path:
    return sample.with_suffix(".flags.tsv")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_gives_exactly_the_flags_beside_it(site: Site, sample: Path) -> None:
    with beside(sample).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")

    assert tuple(header) == Told._fields
    assert flags(answered(site, sample.read_bytes())) == [Told(*row) for row in rows]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_says_what_it_left_out_and_no_more(site: Site, sample: Path) -> None:
    said = issues(answered(site, sample.read_bytes()))
    due = [(where, word) for name, where, word in SAID if name == sample.stem]

    for where, word in due:
        assert any(where in issue.expressions and word in issue.text for issue in said), where
    assert {where for issue in said for where in issue.expressions} == {where for where, _ in due}


@pytest.mark.parametrize("sample", BUNDLES, ids=lambda sample: sample.stem)
def test_the_order_of_entries_changes_nothing(site: Site, sample: Path) -> None:
    request = json.loads(sample.read_bytes())
    bundle = request["parameter"][0]["resource"] if "parameter" in request else request
    before = answered(site, json.dumps(request).encode())

    bundle["entry"].reverse()
    after = answered(site, json.dumps(request).encode())

    assert flags(after) == flags(before)
    assert sorted(summaries(after)) == sorted(summaries(before))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_is_valid_fhir(sample: Path) -> None:
    resource = json.loads(sample.read_bytes())

    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_there_are_samples_and_each_has_its_story() -> None:
    stories = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert len(SAMPLES) >= 15
    assert [sample.stem for sample in SAMPLES] == sorted(
        line.removeprefix("### ") for line in stories.splitlines() if line.startswith("### ")
    )


def test_no_expectation_lacks_its_sample() -> None:
    assert sorted(FOLDER.glob("*.tsv")) == [beside(sample) for sample in SAMPLES]
    assert {name for name, _, _ in SAID} <= {sample.stem for sample in SAMPLES}


def write() -> None:
    site = open_site(Settings())
    for sample in SAMPLES:
        with beside(sample).open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, delimiter="\t", lineterminator="\n")
            rows.writerow(Told._fields)
            rows.writerows(flags(answered(site, sample.read_bytes())))


if __name__ == "__main__":
    write()
