"""The same patient in STU3, R4 and R5 gets the same Flags and is told the same of what was sent."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from service.evaluation import Site, answer, ask
from service.fhir.parameters import ParameterValues
from service.fhir.releases import WRITTEN
from service.fhir.resource_types import READ
from service.fhir.strictness import check
from service.settings import shipped
from tests.fhir_validity import assert_valid_answer
from tests.translated import in_r5, in_stu3

SAMPLES = sorted(shipped("fhir_samples").glob("*.json"))
CLOCK = datetime(2026, 11, 22, tzinfo=UTC)
TRANSLATIONS = {"3.0": in_stu3, "5.0": in_r5}

Resource = dict[str, Any]


def ours(site: Site, body: Resource) -> list[Resource]:
    """The Flags and the OperationOutcome of an answer."""
    asked = ask(site, "latest", said=ParameterValues(include_evidence=False))
    entries = assert_valid_answer(answer(site, json.dumps(body).encode(), asked, CLOCK))["entry"]
    return [entry["resource"] for entry in entries]


def _of_what_is_read(body: Resource) -> Resource:
    """The body without Composition and MessageHeader, which are not translated."""
    if "entry" not in body:
        return body
    entries = [one for one in body["entry"] if one["resource"]["resourceType"] in READ]
    return body | {"entry": entries}


@pytest.mark.parametrize("release", WRITTEN)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_the_answer_to_a_sample_keeps_the_rules_of_every_release(
    site: Site, sample: Path, release: str
) -> None:
    asked = structs.replace(
        ask(site, "latest", said=ParameterValues(include_evidence=True)), release=release
    )

    assert_valid_answer(answer(site, sample.read_bytes(), asked, CLOCK), release)


@pytest.mark.parametrize("release", TRANSLATIONS)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_is_read_in_other_releases_as_in_r4(
    site: Site, sample: Path, release: str
) -> None:
    body = json.loads(sample.read_bytes())
    translated = TRANSLATIONS[release](body)

    check(json.dumps(_of_what_is_read(translated)).encode(), release)
    assert ours(site, translated) == ours(site, body)
