import json
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import pytest
from msgspec import Raw, structs

from service.fhir.answer import WritingOptions, write
from service.record import Assessment, Finding, Issue, Patient
from tests.fhir.assessed import (
    ANN,
    BEN,
    KNOWLEDGE,
    OPTIONS,
    assessment,
    drug,
    hyponatremia,
    result,
    sodium,
)
from tests.fhir_validity import assert_valid_answer

Resources = Mapping[str, tuple[str, Raw]]

PATIENT_URN = "urn:uuid:0a6f3c9e-0000-4000-8000-000000000001"
SODIUM_URN = "urn:uuid:0a6f3c9e-0000-4000-8000-000000000002"
#: As senders write: spaces, an exponent, a field that FHIR does not know.
SODIUM_JSON = b'{ "resourceType":"Observation",\n "valueQuantity":{"value":1.180E2}, "x":null }'
RESOURCES: Resources = {
    PATIENT_URN: (PATIENT_URN, Raw(b'{"resourceType":"Patient"}')),
    SODIUM_URN: (SODIUM_URN, Raw(SODIUM_JSON)),
    "Condition/alc-1": (
        "https://a.example/fhir/Condition/alc-1",
        Raw(b'{"resourceType":"Condition","id":"alc-1"}'),
    ),
    "Observation/b12": ("", Raw(b'{"resourceType":"Observation","id":"b12"}')),
    "Observation/of-nobody": ("", Raw(b'{"resourceType":"Observation","id":"of-nobody"}')),
}
URN_ANN = structs.replace(ANN, reference=PATIENT_URN)


def urn_sodium() -> Finding:
    return sodium(result=result("sodium", "118 mmol/L", SODIUM_URN))


def of_urns() -> Assessment:
    evidence = (urn_sodium(), *hyponatremia().evidence[1:])
    return assessment(hyponatremia(evidence=evidence), patient=URN_ANN)


def answer(
    assessments: Sequence[Assessment],
    issues: Sequence[Issue] = (),
    resources: Resources = RESOURCES,
    options: WritingOptions = OPTIONS,
) -> list[dict[str, Any]]:
    """The entries of the answer."""
    written = write(assessments, issues, resources, KNOWLEDGE, options)
    bundle = assert_valid_answer(written)
    assert set(bundle) == {"resourceType", "type", "entry"}
    entries: list[dict[str, Any]] = bundle["entry"]
    return entries


def told(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The issues of the answer."""
    (outcome,) = (e for e in entries if e["resource"]["resourceType"] == "OperationOutcome")
    issues: list[dict[str, Any]] = outcome["resource"]["issue"]
    return issues


def flagged(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Whose flags they are, and of which causes."""
    flags = [e["resource"] for e in entries if e["resource"]["resourceType"] == "Flag"]
    return [(f["subject"]["reference"], f["code"]["coding"][0]["code"]) for f in flags]


def returned(include: bool | None) -> list[str]:
    """The fullUrls of the request's resources that come back."""
    options = structs.replace(OPTIONS, include_evidence=include)
    return [entry["fullUrl"] for entry in answer([of_urns()], options=options)[2:]]


# ----------------------------------------------------------------------- flags


def test_a_patient_without_causes_gets_an_outcome_and_no_flag() -> None:
    (only,) = answer([assessment()])
    assert only["resource"]["resourceType"] == "OperationOutcome"
    assert "Possible causes of myoclonus: none." in told([only])[0]["details"]["text"]


def test_nobody_at_all_gets_an_outcome_that_is_not_empty() -> None:
    assert [issue["details"]["text"] for issue in told(answer([]))] == ["Nothing to report."]


def test_flags_of_all_patients_come_most_pressing_first() -> None:
    copper = hyponatremia(cause="copper-deficiency", priority="medium", links=())
    calcium = hyponatremia(cause="hypocalcemia", priority="medium", strength="weak", links=())
    entries = answer(
        [
            assessment(hyponatremia(), calcium, drug(), patient=BEN),
            assessment(hyponatremia(), copper, drug(), patient=ANN),
        ]
    )
    assert flagged(entries) == [
        ("Patient/ann", "hyponatremia"),
        ("Patient/ben", "hyponatremia"),
        ("Patient/ann", "copper-deficiency"),
        ("Patient/ben", "hypocalcemia"),
        ("Patient/ann", "drug-gabapentin"),
        ("Patient/ben", "drug-gabapentin"),
    ]


def test_causes_of_one_pressure_stay_in_the_order_of_their_assessment() -> None:
    calcium = hyponatremia(cause="hypocalcemia", links=())
    entries = answer([assessment(calcium, hyponatremia())])
    assert [cause for _, cause in flagged(entries)] == ["hypocalcemia", "hyponatremia"]


def test_the_same_cause_of_two_patients_is_two_flags() -> None:
    entries = answer(
        [assessment(hyponatremia(), patient=ANN), assessment(hyponatremia(), patient=BEN)]
    )
    assert len({entry["resource"]["id"] for entry in entries[:2]}) == 2


def test_evidence_of_one_patient_is_never_in_the_flag_of_another() -> None:
    one = assessment(hyponatremia(), patient=ANN)
    evidence = (sodium(result=result("sodium", "117 mmol/L", "Observation/of-ben")),)
    other = assessment(hyponatremia(evidence=evidence, sign=()), patient=BEN)
    first, second, _ = answer([one, other], resources={})
    assert "of-ben" not in json.dumps(first)
    assert "Patient/ben" in json.dumps(second)
    assert "na-1" not in json.dumps(second)


# ---------------------------------------------------------------------- issues


def test_what_was_read_is_told_of_each_patient_first_then_every_issue_gravest_first() -> None:
    own = Issue("information", "informational", "Outdated.", ("Bundle.entry[4].resource",), "p1")
    broken = Issue("error", "structure", "No date.", ("Bundle.entry[12].resource",))
    doubt = Issue("warning", "value", "Unit not known.", ("Bundle.entry[9].resource",), "p2")
    issues = told(
        answer(
            [assessment(patient=BEN, issues=(doubt,)), assessment(patient=ANN, issues=(own,))],
            [broken],
        )
    )
    assert [issue["expression"] for issue in issues] == [
        ["Bundle.entry[0].resource"],
        ["Bundle.entry[10].resource"],
        ["Bundle.entry[12].resource"],
        ["Bundle.entry[9].resource"],
        ["Bundle.entry[4].resource"],
    ]
    assert [issue["severity"] for issue in issues[2:]] == ["error", "warning", "information"]


def test_two_patients_of_whom_the_same_is_told_are_two_issues() -> None:
    issues = told(answer([assessment(patient=ANN), assessment(patient=BEN)]))
    assert [issue["expression"] for issue in issues] == [
        ["Bundle.entry[0].resource"],
        ["Bundle.entry[10].resource"],
    ]


def test_an_issue_of_a_patient_that_points_nowhere_points_at_the_patient() -> None:
    lost = Issue("warning", "processing", "Suppressed.", (), "p2")
    foreign = Issue("warning", "processing", "Of somebody else.", (), "p3")
    issues = told(answer([assessment(patient=ANN), assessment(patient=BEN)], [lost, foreign]))
    assert {issue["details"]["text"]: issue.get("expression") for issue in issues[2:]} == {
        "Suppressed.": ["Bundle.entry[10].resource"],
        "Of somebody else.": None,
    }


def test_an_issue_that_reading_and_assessing_both_tell_is_told_once() -> None:
    issue = Issue("warning", "value", "Unit not known.", ("Bundle.entry[9].resource",), "p1")
    assert len(told(answer([assessment(issues=(issue,))], [issue]))) == 2


# ---------------------------------------------------------- the request's own


def test_only_what_the_request_alone_could_name_comes_back_by_itself() -> None:
    assert returned(None) == [PATIENT_URN, SODIUM_URN]


def test_all_evidence_comes_back_on_demand_under_the_full_urls_that_were_sent() -> None:
    *sent, made = returned(include=True)

    assert sent == [PATIENT_URN, SODIUM_URN, "https://a.example/fhir/Condition/alc-1"]
    assert made.startswith("urn:uuid:")


def test_what_came_without_a_full_url_gets_the_same_one_each_time_and_at_each_site_another() -> (
    None
):
    def made(options: WritingOptions) -> str:
        wanted = structs.replace(options, include_evidence=True)
        return str(answer([of_urns()], options=wanted)[-1]["fullUrl"])

    assert made(OPTIONS) == made(OPTIONS)
    assert made(OPTIONS) != made(structs.replace(OPTIONS, site_key=b"that of another site"))


def test_no_evidence_comes_back_where_none_is_wanted() -> None:
    assert returned(include=False) == []


def test_without_flags_nothing_comes_back() -> None:
    options = structs.replace(OPTIONS, include_evidence=True)
    assert len(answer([assessment(patient=URN_ANN)], options=options)) == 1


def test_what_comes_back_is_byte_for_byte_what_was_sent() -> None:
    assert SODIUM_JSON in write([of_urns()], [], RESOURCES, KNOWLEDGE, OPTIONS)


def test_a_resource_of_several_flags_comes_back_once() -> None:
    of = assessment(hyponatremia(evidence=(urn_sodium(),)), drug(evidence=(urn_sodium(),)))
    written = write([of], [], RESOURCES, KNOWLEDGE, OPTIONS)
    assert written.count(SODIUM_JSON) == 1


def test_two_names_of_one_resource_bring_it_back_once() -> None:
    both = {
        **RESOURCES,
        "urn:uuid:other": (SODIUM_URN, RESOURCES[SODIUM_URN][1]),
    }
    other = sodium(result=result("sodium", "118 mmol/L", "urn:uuid:other"))
    of = assessment(hyponatremia(evidence=(urn_sodium(), other), sign=()))
    assert write([of], [], both, KNOWLEDGE, OPTIONS).count(SODIUM_JSON) == 1


def test_a_name_of_which_the_request_had_no_resource_stays_a_name() -> None:
    entries = answer([of_urns()], resources={})
    assert len(entries) == 2
    assert entries[0]["resource"]["subject"]["reference"] == PATIENT_URN


@pytest.mark.parametrize("name", ["URN:UUID:1", "urn:oid:1.2.3", "urn:uuid:not-one"])
def test_any_urn_is_a_name_that_only_the_request_knows(name: str) -> None:
    resources = {name: (name, Raw(b'{"resourceType":"Patient"}'))}
    entries = answer(
        [assessment(drug(), patient=structs.replace(ANN, reference=name))], resources=resources
    )
    assert entries[-1]["fullUrl"] == name


# --------------------------------------------------------------------- promise


def test_the_same_input_gives_the_same_bytes_in_whatever_order_it_comes() -> None:
    issues = [
        Issue("warning", "value", "Unit not known.", (f"Bundle.entry[{n}].resource",))
        for n in (11, 2)
    ]
    assessments = [
        assessment(hyponatremia(), drug(), patient=ANN),
        assessment(drug(), patient=BEN),
        assessment(patient=patient_of("c", 20)),
    ]
    answers = {
        write(order, said, RESOURCES, KNOWLEDGE, OPTIONS)
        for order in permutations(assessments)
        for said in permutations(issues)
    }
    assert len(answers) == 1


def patient_of(key: str, entry: int) -> Patient:
    return Patient(key, key, f"Patient/{key}", f"Bundle.entry[{entry}].resource")


def test_the_outcomes_full_url_changes_with_what_it_says_and_with_the_site_key() -> None:
    said = Issue("warning", "value", "Unit not known.")
    other_site = structs.replace(OPTIONS, site_key=b"another key of tests")
    urls = {
        answer([assessment()])[0]["fullUrl"],
        answer([assessment()])[0]["fullUrl"],
        answer([assessment()], [said])[0]["fullUrl"],
        answer([assessment()], options=other_site)[0]["fullUrl"],
    }
    assert len(urls) == 3
