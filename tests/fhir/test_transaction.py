from typing import Any

import pytest
from msgspec import structs

from service.fhir.answer import write
from service.fhir.citations import Teller
from service.fhir.flags import WritingOptions, flag
from service.fhir.issues import Refused
from service.record import Assessment, Identifier, Issue, Patient, Problem, Source
from tests.fhir.assessed import (
    ALCOHOL,
    ANN,
    BEN,
    KNOWLEDGE,
    OPTIONS,
    assessment,
    drug,
    hyponatremia,
    result,
    sodium,
    source,
)
from tests.fhir_validity import assert_valid_transaction

AS_TRANSACTION = structs.replace(OPTIONS, transaction=True)
URN = "urn:uuid:0a6f3c9e-0000-4000-8000-000000000001"
MRN = Identifier("urn:oid:1.2.3", "MRN-4711")


def written(
    *assessments: Assessment,
    issues: tuple[Issue, ...] = (),
    options: WritingOptions = AS_TRANSACTION,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The transaction's entries, and the OperationOutcome beside it."""
    answer = assert_valid_transaction(write(assessments, issues, {}, KNOWLEDGE, options))
    bundle, outcome = (one["resource"] for one in answer["parameter"])
    return bundle.get("entry", []), outcome


def refused(*assessments: Assessment) -> list[tuple[str, ...]]:
    """The expressions of what a transaction could not name."""
    with pytest.raises(Refused) as caught:
        write(assessments, (), {}, KNOWLEDGE, AS_TRANSACTION)
    assert caught.value.status == 422
    assert {issue.severity for issue in caught.value.issues} == {"error"}
    return [issue.expression for issue in caught.value.issues]


def ann(**fields: Any) -> Patient:  # noqa: ANN401 - any field of a patient
    return structs.replace(ANN, **fields)


def test_each_flag_is_put_to_its_identifier_and_has_no_id() -> None:
    entries, _ = written(assessment(hyponatremia(), drug()))

    for entry in entries:
        (identifier,) = entry["resource"]["identifier"]
        assert entry["request"]["method"] == "PUT"
        assert entry["request"]["url"] == (
            f"Flag?identifier=https://flags.example.org/flag|{identifier['value']}"
        )
        assert "id" not in entry["resource"]


def test_but_for_that_the_flags_are_those_of_the_collection() -> None:
    assessments = (assessment(hyponatremia(), drug()), assessment(drug(), patient=BEN))
    expected = [
        flag(cause, one, Teller(KNOWLEDGE), OPTIONS) for one in assessments for cause in one.causes
    ]
    found = [entry["resource"] for entry in written(*assessments)[0]]

    without_ids = [{k: v for k, v in one.items() if k != "id"} for one in expected]
    assert sorted(found, key=str) == sorted(without_ids, key=str)


def test_nothing_that_the_outcome_says_is_lost() -> None:
    issue = Issue("warning", "value", "The unit is not known.", ("Bundle.entry[3].resource",))

    entries, outcome = written(assessment(), issues=(issue,))

    assert entries == []
    texts = [one["details"]["text"] for one in outcome["issue"]]
    assert texts[0].startswith("Judged at")
    assert texts[1] == "The unit is not known."


def test_provenances_are_posted_and_point_into_the_transaction() -> None:
    options = structs.replace(AS_TRANSACTION, provenance=True)
    entries, _ = written(assessment(hyponatremia(), drug()), options=options)

    flags, traces = entries[:2], entries[2:]
    assert [entry["request"] for entry in traces] == [{"method": "POST", "url": "Provenance"}] * 2
    assert [one["resource"]["target"][0]["reference"] for one in traces] == [
        entry["fullUrl"] for entry in flags
    ]


def test_a_patient_of_a_urn_is_found_by_an_identifier() -> None:
    (entry,), _ = written(assessment(drug(), patient=ann(reference=URN)))

    assert entry["resource"]["subject"]["reference"] == "Patient?identifier=urn:oid:1.2.3|MRN-4711"


def test_a_patient_that_only_an_identifier_names_is_found_by_it() -> None:
    patient = ann(reference="", identifier=Identifier("https://a.example/mrn", "7,8|9 ä"))
    patient = structs.replace(patient, identity="https://a.example/mrn|7,8|9 ä")

    (entry,), _ = written(assessment(drug(), patient=patient))

    assert entry["resource"]["subject"]["reference"] == (
        "Patient?identifier=https://a.example/mrn|7%5C%2C8%5C%7C9%20%C3%A4"
    )


def test_a_patient_who_shares_an_identifier_is_never_found_by_it() -> None:
    patient = ann(reference=URN, identity="urn:oid:1.2.3|MRN-4711 key-1")

    assert refused(assessment(drug(), patient=patient)) == [("Bundle.entry[0].resource",)]


@pytest.mark.parametrize("reference", [URN, URN.upper(), "urn:oid:1.2.3", "", "#p"])
def test_a_patient_without_a_name_or_an_identifier_is_refused(reference: str) -> None:
    patient = ann(reference=reference, identifier=None, identity=reference)

    assert refused(assessment(drug(), patient=patient)) == [("Bundle.entry[0].resource",)]


@pytest.mark.parametrize("reference", [URN, "", "#o"])
def test_evidence_without_a_name_is_refused(reference: str) -> None:
    nameless = Source("Observation", reference, "Bundle.entry[7].resource")
    of = structs.replace(result("sodium", "118 mmol/L"), source=nameless)
    cause = hyponatremia(evidence=(sodium(result=of),))

    assert refused(assessment(cause)) == [("Bundle.entry[7].resource",)]


def test_a_sign_without_a_name_is_refused() -> None:
    sign = Problem("myoclonus", Source("Condition", URN, "Bundle.entry[9].resource"))

    assert refused(assessment(hyponatremia(sign=(sign,)))) == [("Bundle.entry[9].resource",)]


def test_an_input_of_a_derived_value_without_a_name_is_refused() -> None:
    nameless = Source("Observation", URN, "Bundle.entry[8].resource")
    parts = (
        result("calcium_total", "1.9 mmol/L", "Observation/ca"),
        structs.replace(result("albumin", "28 g/L"), source=nameless),
    )
    derived = structs.replace(result("calcium_corrected", "2.1 mmol/L"), inputs=parts)
    cause = hyponatremia(evidence=(sodium(result=derived),))

    assert refused(assessment(cause)) == [("Bundle.entry[8].resource",)]


def test_all_that_can_not_be_named_is_told_at_once() -> None:
    problem = structs.replace(ALCOHOL, source=Source("Condition", "", "Bundle.entry[2].resource"))
    patient = ann(reference=URN, identifier=None)
    cause = hyponatremia(evidence=(sodium(), problem))

    assert refused(assessment(cause, patient=patient)) == [
        ("Bundle.entry[0].resource",),
        ("Bundle.entry[2].resource",),
    ]


def test_evidence_that_an_identifier_names_is_referred_to_by_it() -> None:
    named = structs.replace(source("Condition/x"), reference="", identifier=MRN)
    cause = hyponatremia(evidence=(sodium(), structs.replace(ALCOHOL, source=named)))

    (entry,), _ = written(assessment(cause))

    details = [one.get("valueReference", {}) for one in entry["resource"]["extension"]]
    assert {"system": MRN.system, "value": MRN.value} in [one.get("identifier") for one in details]


def test_what_no_flag_refers_to_may_be_named_as_it_likes() -> None:
    entries, _ = written(assessment(patient=ann(reference=URN, identifier=None)))

    assert entries == []
