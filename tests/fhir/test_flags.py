import json
import re
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from service.fhir.citations import Teller
from service.fhir.flags import WritingOptions, flag, names_in, uuid_text
from service.fhir.narrative import narrative
from service.record import Assessment, Cause, Evidence, Identifier, Moment, Patient
from tests.fhir.assessed import (
    ALCOHOL,
    ANN,
    B12,
    BEN,
    GABAPENTIN,
    KNOWLEDGE,
    MYOCLONUS,
    NOW,
    OPTIONS,
    assessment,
    drug,
    hyponatremia,
    moment,
    result,
    sodium,
)
from tests.fhir_validity import assert_valid_flag


def written(
    cause: Cause, of: Assessment | None = None, options: WritingOptions = OPTIONS
) -> dict[str, Any]:
    return assert_valid_flag(flag(cause, of or assessment(cause), Teller(KNOWLEDGE), options))


def displays(cause: Cause) -> list[str]:
    details = written(cause)["extension"][1:]
    return [detail["valueReference"]["display"] for detail in details]


def test_the_whole_flag_of_a_cause() -> None:
    """The identifier is what `openssl dgst -sha256 -hmac` makes of the JSON of its three parts."""
    cause = hyponatremia()
    teller = Teller(KNOWLEDGE)
    evidence, signs = teller.told(cause.evidence), teller.told(cause.sign)
    assert written(cause) == {
        "resourceType": "Flag",
        "id": "97185f33-342c-866f-bc0b-85fd4b9baa40",
        "text": {"status": "extensions", "div": narrative(cause, evidence, signs, teller)},
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/flag-priority",
                "valueCodeableConcept": {
                    "coding": [
                        {
                            "system": "http://hl7.org/fhir/flag-priority-code",
                            "code": "PH",
                            "display": "High priority",
                        }
                    ]
                },
            },
            {
                "url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
                "valueReference": {
                    "reference": "Observation/na-1",
                    "type": "Observation",
                    "display": "Sodium 118 mmol/L, 2026-03-04 (limit < 120 mmol/L)",
                },
            },
            {
                "url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
                "valueReference": {
                    "reference": "Condition/alc-1",
                    "type": "Condition",
                    "display": "Alcohol use disorder, since 2015-06-01 "
                    '(recorded as "Alcohol dependence <F10.2>")',
                },
            },
            {
                "url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
                "valueReference": {
                    "reference": "Observation/b12",
                    "type": "Observation",
                    "display": "Vitamin B12 412 ng/L, 2026-03-01 (normal: 200 to 900 ng/L)",
                },
            },
            {
                "url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
                "valueReference": {
                    "reference": "Condition/jerks",
                    "type": "Condition",
                    "display": "Myoclonus, recorded 2026-03-02",
                },
            },
        ],
        "identifier": [
            {
                "system": "https://flags.example.org/flag",
                "value": "97185f33342ca66fbc0b85fd4b9baa401c663e34a9cfd49e7314de8f9305b67d",
            }
        ],
        "status": "active",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/flag-category",
                        "code": "clinical",
                        "display": "Clinical",
                    }
                ]
            }
        ],
        "code": {
            "coding": [
                {
                    "system": "https://flags.example.org/CodeSystem/cause",
                    "code": "hyponatremia",
                    "display": "Hyponatremia",
                },
                {
                    "system": "http://snomed.info/sct",
                    "code": "89627008",
                    "display": "Hyponatremia (disorder)",
                },
            ],
            "text": "Possible cause of myoclonus: Hyponatremia",
        },
        "subject": {"reference": "Patient/ann", "type": "Patient"},
        "period": {"start": "2026-03-04"},
        "author": {
            "type": "Device",
            "identifier": {"system": "https://flags.example.org/device", "value": "myoflag"},
            "display": "Myoflag 0.1.0, rules 2026.3.0 (SHA-256 0123456789ab)",
        },
    }


@pytest.mark.parametrize(
    ("priority", "code", "display"),
    [
        ("low", "PL", "Low priority"),
        ("medium", "PM", "Medium priority"),
        ("high", "PH", "High priority"),
    ],
)
def test_priority_is_the_first_extension(priority: str, code: str, display: str) -> None:
    first = written(hyponatremia(priority=priority))["extension"][0]
    (coding,) = first["valueCodeableConcept"]["coding"]
    assert (coding["code"], coding["display"]) == (code, display)


def test_a_medicine_is_a_cause_of_its_own_by_agent() -> None:
    code = written(drug())["code"]
    assert code["coding"][0]["code"] == "drug-gabapentin"
    assert code["text"] == "Possible cause of myoclonus: Gabapentin"


@pytest.mark.parametrize(
    ("cause", "snomed", "codings"),
    [
        (hyponatremia(), True, 2),
        (hyponatremia(), False, 1),
        (drug(), True, 1),
    ],
)
def test_snomed_ct_stands_beside_the_own_code_where_wished_and_known(
    cause: Cause, snomed: bool, codings: int
) -> None:
    options = structs.replace(OPTIONS, snomed=snomed)
    assert len(written(cause, options=options)["code"]["coding"]) == codings


# ------------------------------------------------------------------------- ids


def test_id_and_identifier_are_of_patient_cause_and_agent_alone() -> None:
    first = written(hyponatremia())
    later = written(
        hyponatremia(strength="weak", priority="low", evidence=(B12,), sign=(), remarks=()),
        assessment(patient=structs.replace(ANN, reference="Patient/other", key="x", display="A")),
    )
    assert (first["id"], first["identifier"]) == (later["id"], later["identifier"])


def test_id_is_a_uuid_of_the_identifiers_beginning() -> None:
    one = written(hyponatremia())
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one["id"])
    assert re.fullmatch(r"[0-9a-f]{64}", one["identifier"][0]["value"])
    assert (
        one["id"][:13]
        == f"{one['identifier'][0]['value'][:8]}-{one['identifier'][0]['value'][8:12]}"
    )


@pytest.mark.parametrize("digest", [b"\x00" * 32, b"\xff" * 32])
def test_a_uuid_says_version_8_of_rfc_9562(digest: bytes) -> None:
    text = uuid_text(digest)
    assert (text[14], text[19] in "89ab", len(text)) == ("8", True, 36)


identities = st.text(max_size=30)


@given(identities, identities)
def test_two_patients_never_share_an_id(one: str, other: str) -> None:
    ids = {
        flag(
            hyponatremia(),
            assessment(patient=structs.replace(ANN, identity=identity)),
            Teller(KNOWLEDGE),
            OPTIONS,
        )["identifier"][0]["value"]
        for identity in (one, other)
    }
    assert len(ids) == len({one, other})


parts = st.lists(st.text(max_size=3), min_size=3, max_size=3)


@given(parts, parts)
def test_identity_cause_and_agent_do_not_run_into_one_another(
    one: list[str], other: list[str]
) -> None:
    """Patient "1", agent "23" is not patient "12", agent "3"."""
    keys = {identifier_of(*each) for each in (one, other)}
    assert len(keys) == len({tuple(one), tuple(other)})


def identifier_of(identity: str, name: str, agent: str) -> str:
    knowledge = structs.replace(
        KNOWLEDGE, causes={**KNOWLEDGE.causes, name: KNOWLEDGE.causes["drug-gabapentin"]}
    )
    of = assessment(patient=structs.replace(ANN, identity=identity))
    one = flag(drug(cause=name, agent=agent, links=()), of, Teller(knowledge), OPTIONS)
    return str(one["identifier"][0]["value"])


def test_another_site_key_gives_other_ids() -> None:
    other = structs.replace(OPTIONS, site_key=b"another key of tests")
    one, two = written(hyponatremia()), written(hyponatremia(), options=other)
    assert one["id"] != two["id"]
    assert one["identifier"] != two["identifier"]


@given(st.integers(10_000, 10**12))
def test_ids_do_not_hold_the_identity(number: int) -> None:
    of = assessment(patient=structs.replace(ANN, identity=f"urn:oid:1.2.3|MRN{number}"))
    one = flag(hyponatremia(), of, Teller(KNOWLEDGE), OPTIONS)
    assert f"MRN{number}" not in json.dumps(one)


# -------------------------------------------------------------------- evidence


def test_the_order_of_the_evidence_does_not_matter() -> None:
    evidence = (*hyponatremia().evidence, GABAPENTIN)
    flags = {
        json.dumps(flag(hyponatremia(evidence=order), assessment(), Teller(KNOWLEDGE), OPTIONS))
        for order in permutations(evidence)
    }
    assert len(flags) == 1


def test_a_sign_that_raised_the_priority_is_cited_after_the_evidence() -> None:
    assert displays(hyponatremia())[-1] == "Myoclonus, recorded 2026-03-02"


def test_evidence_that_speaks_against_is_told_but_not_cited_as_support() -> None:
    assert len(displays(hyponatremia(evidence=(sodium(),), sign=()))) == 1


def test_the_literal_references_of_a_flag_are_its_subject_then_its_evidence() -> None:
    assert [*names_in(written(hyponatremia()))] == [
        "Patient/ann",
        "Observation/na-1",
        "Condition/alc-1",
        "Observation/b12",
        "Condition/jerks",
    ]


def test_what_has_no_literal_reference_is_not_among_them() -> None:
    nameless = structs.replace(ANN, reference="")
    condition = structs.replace(ALCOHOL, source=structs.replace(ALCOHOL.source, reference=""))
    one = written(hyponatremia(evidence=(condition,), sign=()), assessment(patient=nameless))
    assert [*names_in(one)] == []


# --------------------------------------------------------------------- subject


@pytest.mark.parametrize(
    ("patient", "subject"),
    [
        (
            structs.replace(ANN, display="Ann A.\n"),
            {"reference": "Patient/ann", "display": "Ann A."},
        ),
        (
            structs.replace(ANN, reference=""),
            {"identifier": {"system": "urn:oid:1.2.3", "value": "MRN-4711"}},
        ),
        (
            structs.replace(ANN, reference="#p", identifier=Identifier("", "4711")),
            {"identifier": {"value": "4711"}},
        ),
        (
            structs.replace(BEN, reference="", display="B."),
            {"display": "B."},
        ),
        (
            structs.replace(BEN, reference=""),
            {"display": "The patient of Bundle.entry[10].resource"},
        ),
    ],
)
def test_the_subject_is_named_as_the_sender_named_it(
    patient: Patient, subject: dict[str, Any]
) -> None:
    one = written(hyponatremia(), assessment(patient=patient))
    assert one["subject"] == {"type": "Patient", **subject}


# ---------------------------------------------------------------------- period


def started(*evidence: Evidence) -> str | None:
    period = written(hyponatremia(evidence=evidence)).get("period", {})
    assert set(period) <= {"start"}
    start = period.get("start")
    return None if start is None else str(start)


UNDATED = sodium(result=result("sodium", "118 mmol/L", at=None))


@pytest.mark.parametrize(
    ("evidence", "start"),
    [
        ((sodium(), ALCOHOL, B12), "2026-03-04"),
        ((B12, ALCOHOL), "2026-03-01"),
        ((ALCOHOL,), "2015-06-01"),
        ((MYOCLONUS,), "2026-03-02"),
        ((GABAPENTIN, ALCOHOL), "2026-02-20"),
        ((UNDATED, ALCOHOL), "2015-06-01"),
        ((UNDATED,), None),
        ((structs.replace(GABAPENTIN, start=None),), None),
        # A year is a wide word: that it may reach past the result does not make it newer.
        ((sodium(), structs.replace(ALCOHOL, onset=moment("2026-01-01"))), "2026-03-04"),
        # What is yet to come has not been there.
        ((sodium(), structs.replace(GABAPENTIN, start=moment("2026-03-09"))), "2026-03-04"),
        ((structs.replace(GABAPENTIN, start=moment("2026-03-09")),), None),
    ],
)
def test_the_period_starts_with_the_newest_piece_of_evidence(
    evidence: tuple[Evidence, ...], start: str | None
) -> None:
    assert start == started(*evidence)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2026", "2026"),
        ("2026-03", "2026-03"),
        ("2026-03-04", "2026-03-04"),
        ("2026-03-04T09:15:02+01:00", "2026-03-04T09:15:02+01:00"),
        ("2026-03-04T08:15:02.250Z", "2026-03-04T08:15:02.250Z"),
        ("2026-03-04T09:15:02", "2026-03-04T08:15:02Z"),
        ("2026-03-04T09:15", "2026-03-04T08:15:02Z"),
        ("2026-03-04 09:15:02", "2026-03-04T08:15:02Z"),
        ("20260304", "2026-03-04T08:15:02Z"),
        ("2026-03-04T09:15:60+01:00", "2026-03-04T08:15:02Z"),
        ("\uff12026", "2026-03-04T08:15:02Z"),
        ("", "2026-03-04T08:15:02Z"),
    ],
)
def test_a_time_that_is_no_fhir_date_time_becomes_the_first_instant_it_may_mean(
    text: str, start: str
) -> None:
    first = datetime(2026, 3, 4, 8, 15, 2, tzinfo=UTC)
    sent = Moment(text, first, first + timedelta(seconds=30))
    assert sent.latest < NOW
    of = structs.replace(result("sodium", "118 mmol/L"), moment=sent)
    assert start == started(sodium(result=of))


# ------------------------------------------------------------------ any text


texts = st.text(max_size=40)


@given(texts, texts, texts, texts, texts)
def test_any_text_of_a_sender_gives_a_valid_flag(
    printed: str, problem: str, name: str, reference: str, identifier: str
) -> None:
    patient = structs.replace(
        ANN,
        display=name,
        reference=reference,
        identifier=Identifier(identifier, "x" + identifier),
        identity=identifier,
    )
    value = structs.replace(result("sodium", "118 mmol/L"), printed=printed)
    where = structs.replace(value.source, reference=reference)
    cause = hyponatremia(
        evidence=(
            sodium(result=structs.replace(value, source=where)),
            structs.replace(ALCOHOL, text=problem),
        )
    )
    one = flag(cause, assessment(cause, patient=patient), Teller(KNOWLEDGE), OPTIONS)
    assert_valid_flag(json.dumps(one))
