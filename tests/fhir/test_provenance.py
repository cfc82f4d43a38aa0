from typing import Any

import pytest
from fhir.resources.provenance import Provenance as R5Provenance
from msgspec import structs

from service.fhir.answer import write
from service.fhir.flags import WritingOptions
from service.record import Assessment
from tests.fhir.assessed import (
    ANN,
    BEN,
    KNOWLEDGE,
    NOW,
    OPTIONS,
    assessment,
    drug,
    hyponatremia,
    result,
    sodium,
)
from tests.fhir_validity import assert_valid_answer

TRACED = structs.replace(OPTIONS, provenance=True)


def traced(*assessments: Assessment, options: WritingOptions = TRACED) -> list[dict[str, Any]]:
    """The Provenances of an answer."""
    bundle = assert_valid_answer(write(assessments, (), {}, KNOWLEDGE, options))
    found = (entry["resource"] for entry in bundle["entry"])
    return [one for one in found if one["resourceType"] == "Provenance"]


def only(*assessments: Assessment) -> dict[str, Any]:
    (found,) = traced(*assessments)
    return found


def test_nobody_who_did_not_ask_gets_one() -> None:
    assert traced(assessment(hyponatremia()), options=OPTIONS) == []


def test_a_patient_without_flags_gets_none() -> None:
    assert traced(assessment()) == []


def test_each_flag_has_one_of_its_own_in_the_order_of_flags() -> None:
    assessments = (assessment(hyponatremia(), drug()), assessment(drug(), patient=BEN))
    bundle = assert_valid_answer(write(assessments, (), {}, KNOWLEDGE, TRACED))

    flags = [e["fullUrl"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Flag"]
    targets = [one["target"] for one in traced(*assessments)]
    assert targets == [[{"reference": url, "type": "Flag"}] for url in flags]
    assert len({one["id"] for one in traced(*assessments)}) == 3


def test_the_evidence_is_what_the_flag_refers_to_and_the_rules_come_last() -> None:
    *evidence, rules = only(assessment(hyponatremia()))["entity"]

    assert [one["what"]["reference"] for one in evidence] == [
        "Observation/na-1",
        "Condition/alc-1",
        "Observation/b12",
        "Condition/jerks",
    ]
    assert rules["what"] == {
        "identifier": {"system": "https://flags.example.org/ruleset", "value": KNOWLEDGE.digest},
        "display": "Rules 2026.3.0",
    }
    assert {one["role"] for one in (*evidence, rules)} == {"source"}


def test_the_policy_is_each_rule_that_fired_with_its_version() -> None:
    assert only(assessment(hyponatremia()))["policy"] == [
        "https://flags.example.org/rules/sodium-very-low|1",
        "https://flags.example.org/rules/sodium-with-alcohol|1",
    ]


def test_the_agent_is_this_service_in_its_version() -> None:
    (agent,) = only(assessment(hyponatremia()))["agent"]

    assert agent["type"]["coding"][0]["code"] == "assembler"
    assert agent["who"]["display"].startswith("Myoflag 0.1.0, rules 2026.3.0")


def test_it_is_recorded_at_the_moment_that_the_patient_was_judged_at() -> None:
    assert only(assessment(hyponatremia()))["recorded"] == "2026-03-05T08:00:00Z"


def test_the_same_request_gives_the_same_and_another_moment_or_value_another() -> None:
    first = only(assessment(hyponatremia()))
    later = only(assessment(hyponatremia(), moment=NOW.replace(hour=9)))
    other = sodium(result=result("sodium", "117 mmol/L"))
    worse = only(assessment(hyponatremia(evidence=(other,))))

    assert only(assessment(hyponatremia())) == first
    assert len({first["id"], later["id"], worse["id"]}) == 3


@pytest.mark.parametrize("options", [TRACED, structs.replace(TRACED, snomed=False)])
def test_it_is_valid_in_r5_too(options: WritingOptions) -> None:
    (found,) = traced(assessment(hyponatremia(), patient=ANN), options=options)
    R5Provenance.model_validate(found)


def test_the_other_site_key_gives_other_ids() -> None:
    other = structs.replace(TRACED, site_key=b"the key of another site")
    (found,) = traced(assessment(hyponatremia()), options=other)

    assert found["id"] != only(assessment(hyponatremia()))["id"]
