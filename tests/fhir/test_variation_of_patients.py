"""How real senders differ: whose a result is.

What must not be read outnumbers what must. A row begins with the words that tell it.
"""

import pytest

from service.evaluation import Site
from service.fhir.reading import Refused
from tests.fhir.sent import bundle, entry, observation, patient, quantity
from tests.fhir.varied import ANN, Body, read, words

BASE = "http://a.example/fhir"
OTHER = "http://b.example/fhir"
URN = "urn:uuid:6e1c1e1a-0000-4000-8000-00000000000"
MRN = {"system": "http://a.example/mrn", "value": "17"}
BARE_ANN = {key: value for key, value in ANN.items() if key != "id"}


def of(subject: str | Body | None, **more: object) -> Body:
    """A sodium of 120 mmol/L of that subject."""
    named = {"reference": subject} if isinstance(subject, str) else subject
    return observation(subject=named, **more)


GROUP = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
BOB = {"resourceType": "Patient", "id": "bob", "birthDate": "2026-05-01"}


@pytest.mark.parametrize(
    ("row", "body", "patient_of_it"),
    [
        ("relative", bundle(ANN, of("Patient/ann")), "Patient/ann"),
        (
            "relative, beside http fullUrls",
            bundle(
                entry(f"{BASE}/Patient/ann", ANN), entry(f"{BASE}/Observation/1", of("Patient/ann"))
            ),
            "Patient/ann",
        ),
        (
            "absolute",
            bundle(entry(f"{BASE}/Patient/ann", ANN), of(f"{BASE}/Patient/ann")),
            "Patient/ann",
        ),
        (
            "urn:uuid",
            bundle(entry(f"{URN}1", BARE_ANN), entry(f"{URN}2", of(f"{URN}1"))),
            f"{URN}1",
        ),
        ("with /_history/", bundle(ANN, of("Patient/ann/_history/1")), "Patient/ann"),
        (
            "identifier only",
            bundle(patient(identifier=[MRN]), of({"identifier": MRN})),
            "Patient/ann",
        ),
        ("identifier only, without its Patient", of({"identifier": MRN}), ""),
        (
            "conditional, in a transaction",
            bundle(
                patient(identifier=[MRN]),
                of("Patient?identifier=http://a.example/mrn|17"),
                kind="transaction",
            ),
            "Patient/ann",
        ),
        (
            "fullUrl without a scheme",
            bundle(entry("resource:0", ANN), entry("resource:1", of("resource:0"))),
            "Patient/ann",
        ),
        (
            "fullUrl with a leading slash",
            bundle(entry("/Patient/ann", ANN), entry("/Observation/1", of("Patient/ann"))),
            "Patient/ann",
        ),
        (
            "reference with a leading slash",
            bundle(entry("/Patient/ann", ANN), entry("/Observation/1", of("/Patient/ann"))),
            "Patient/ann",
        ),
        (
            "empty fullUrl",
            bundle(entry("", ANN), entry("", of("Patient/ann"))),
            "Patient/ann",
        ),
        ("without its Patient", of("Patient/ann"), "Patient/ann"),
        (
            "another patient in contained",
            bundle(ANN, of("Patient/ann", contained=[BOB], performer=[{"reference": "#bob"}])),
            "Patient/ann",
        ),
        ("subject in contained", of("#bob", contained=[BOB]), ""),
    ],
    ids=words,
)
def test_a_result_is_of_the_patient_that_it_names(
    site: Site, row: str, body: Body, patient_of_it: str
) -> None:
    (record,) = read(site, body).records

    assert (record.patient.reference, len(record.results)) == (patient_of_it, 1), row


def test_another_patient_in_contained_lends_neither_age_nor_sex(site: Site) -> None:
    body = bundle(ANN, of("Patient/ann", contained=[BOB], performer=[{"reference": "#bob"}]))
    (record,) = read(site, body).records

    assert record.patient.born
    assert (record.patient.born.text, record.patient.sex) == ("1960-01-01", "female")


@pytest.mark.parametrize(
    ("row", "body"),
    [
        ("no subject", bundle(ANN, of(None))),
        ("empty subject", bundle(ANN, of({}))),
        ("empty reference", bundle(ANN, of(""))),
        ("display only", bundle(ANN, of({"display": "Ann Example"}))),
        ("identifier without a system", bundle(ANN, of({"identifier": {"value": "17"}}))),
        ("a Group", bundle(ANN, GROUP, of("Group/g"))),
        ("a Device", bundle(ANN, of("Device/1"))),
        ("a Location", bundle(ANN, of("Location/1"))),
        ("conditional, outside of a transaction", bundle(ANN, of("Patient?identifier=a|17"))),
        (
            "conditional, ill-formed",
            bundle(ANN, of("Patient?identifier=17&?=="), kind="transaction"),
        ),
        ("conditional, by name", bundle(ANN, of("Patient?name=Ann"), kind="transaction")),
        ("contained, and not there", bundle(ANN, of("#bob"))),
        (
            "one id on two servers, and no server told",
            bundle(
                entry(f"{BASE}/Patient/ann", ANN),
                entry(f"{OTHER}/Patient/ann", ANN),
                entry(f"{URN}2", of("Patient/ann")),
            ),
        ),
        (
            "a focus that is not the patient",
            bundle(ANN, of("Patient/ann", focus=[{"reference": "Patient/fetus"}])),
        ),
    ],
    ids=words,
)
def test_a_result_of_nobody_or_of_others_is_told_and_never_guessed(
    site: Site, row: str, body: Body
) -> None:
    found = read(site, body)

    assert [one for record in found.records for one in record.results] == [], row
    assert [issue for issue in found.issues if issue.severity == "warning"], row


def test_one_id_on_two_servers_is_two_patients(site: Site) -> None:
    body = bundle(
        entry(f"{BASE}/Patient/ann", ANN),
        entry(f"{OTHER}/Patient/ann", ANN),
        entry(f"{BASE}/Observation/1", of("Patient/ann", valueQuantity=quantity(118))),
        entry(f"{OTHER}/Observation/1", of("Patient/ann", valueQuantity=quantity(140))),
    )
    found = {
        record.patient.reference: [str(one.amount.value) for one in record.results if one.amount]
        for record in read(site, body).records
    }

    assert found == {f"{BASE}/Patient/ann": ["118"], f"{OTHER}/Patient/ann": ["140"]}


def test_a_request_in_which_nobody_is_named_is_refused(site: Site) -> None:
    with pytest.raises(Refused):
        read(site, of({"display": "Ann Example"}))
