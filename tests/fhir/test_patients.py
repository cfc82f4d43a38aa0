from typing import Any

import pytest

from service.fhir.reading import Refused
from service.record import Identifier, Record
from tests.fhir.sent import bundle, entry, intake, observation, patient, record, said, told

A, B = "https://a.example/fhir", "https://b.example/fhir"
URN = "urn:uuid:706301fa-48cd-50b0-973e-fd53a15bde7e"
MRN = {"system": "https://a.example/mrn", "value": "17"}


def _of(reference: object, url: str | None = None, **more: object) -> dict[str, Any]:
    """An Observation of somebody."""
    subject = {"reference": reference} if isinstance(reference, str) else reference
    return {"fullUrl": url, "resource": observation(subject=subject, **more)}


def _ann(url: str | None = None, **more: object) -> dict[str, Any]:
    return {"fullUrl": url, "resource": patient(**more)}


def _counts(*resources: dict[str, Any], kind: str = "collection") -> dict[str, int]:
    """How many results each patient has, by key."""
    return {
        one.patient.key: len(one.results) for one in intake(bundle(*resources, kind=kind)).records
    }


def test_age_and_sex_come_from_the_patient() -> None:
    found = record(patient(birthDate="1960-05-03", gender="female"), observation()).patient
    assert found.born
    assert (found.born.text, found.sex, found.reference) == ("1960-05-03", "female", "Patient/ann")
    assert found.expression == "Bundle.entry[0].resource"


@pytest.mark.parametrize("gender", [None, "other", "unknown", "F"])
def test_a_gender_that_is_not_female_or_male_leaves_the_sex_unknown(gender: str | None) -> None:
    assert record(patient(gender=gender)).patient.sex is None


def test_an_impossible_birth_date_is_told_and_not_used() -> None:
    resources = (patient(birthDate="1960-02-30"), observation())
    assert record(*resources).patient.born is None
    issue = told("no such day", *resources)
    assert (issue.severity, issue.expression) == (
        "warning",
        ("Bundle.entry[0].resource.birthDate",),
    )


@pytest.mark.parametrize(
    ("elements", "word", "path"),
    [
        ({"active": False}, "not in use", ".active"),
        ({"deceasedBoolean": True}, "deceased", ".deceased"),
        ({"deceasedDateTime": "2026-05-01"}, "deceased", ".deceased"),
        ({"deceasedDateTime": "lately"}, "deceased", ".deceased"),
        ({"link": [{"type": "replaced-by"}]}, "another record replaces this one", ".link[0]"),
        ({"link": [{"type": "refer"}]}, "another record of the same person", ".link[0]"),
        ({"link": [{"type": "seealso"}]}, "another record of the same person", ".link[0]"),
    ],
)
def test_a_patient_who_may_not_be_meant_any_more_is_judged_and_that_is_told(
    elements: dict[str, Any], word: str, path: str
) -> None:
    resources = (patient(**elements), observation())

    (issue,) = said(intake(*resources).issues, word)

    assert record(*resources).results
    assert (issue.severity, issue.code) == ("information", "informational")
    assert issue.expression == (f"Bundle.entry[0].resource{path}",)


@pytest.mark.parametrize(
    "elements",
    [
        {"active": True, "deceasedBoolean": False, "link": []},
        # After the moment of the evaluation.
        {"deceasedDateTime": "2026-08-01"},
    ],
)
def test_of_a_patient_who_lives_nothing_is_told(elements: dict[str, Any]) -> None:
    assert (
        intake(patient(**elements), observation()).issues == intake(patient(), observation()).issues
    )


def test_a_patient_without_results_has_a_record_too() -> None:
    assert _counts(_ann(f"{A}/Patient/ann")) == {"//a.example/fhir/Patient/ann": 0}


def test_results_without_their_patient_are_of_the_patient_that_they_name() -> None:
    found = record(bundle(_of("Patient/ann", f"{A}/Observation/1"), _of(f"{A}/Patient/ann", URN)))
    assert len(found.results) == 2
    assert found.patient.reference == "Patient/ann"
    assert "not in the request" in told("not in the request", _of("Patient/ann")["resource"]).text


def test_one_id_on_two_servers_is_two_patients() -> None:
    counts = _counts(
        _ann(f"{A}/Patient/ann"),
        _ann(f"{B}/Patient/ann"),
        _of("Patient/ann", f"{A}/Observation/1"),
        _of("Patient/ann", f"{B}/Observation/1"),
        _of(f"{B}/Patient/ann", f"{A}/Observation/2"),
    )
    assert counts == {"//a.example/fhir/Patient/ann": 1, "//b.example/fhir/Patient/ann": 2}


def test_one_id_on_two_servers_is_named_with_its_server() -> None:
    records = intake(_ann(f"{A}/Patient/ann"), _ann(f"{B}/Patient/ann")).records
    assert [one.patient.reference for one in records] == [f"{A}/Patient/ann", f"{B}/Patient/ann"]


def test_all_forms_of_a_reference_to_one_patient_are_one_patient() -> None:
    forms = [
        "Patient/ann",
        "/Patient/ann",
        "Patient/ann/_history/3",
        f"{A}/Patient/ann",
        "http://a.example/fhir/Patient/ann",
        f"{A}/Patient/ann/_history/1?_pretty=true",
        {"identifier": MRN},
        {"type": "Patient", "identifier": MRN},
    ]
    results = [_of(form, f"{A}/Observation/{i}") for i, form in enumerate(forms)]
    assert _counts(_ann(f"{A}/Patient/ann", identifier=[MRN]), *results) == {
        "//a.example/fhir/Patient/ann": len(forms)
    }


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        (None, "required"),
        ({}, "required"),
        ({"display": "Jane Roe"}, "required"),
        ("Group/1", "business-rule"),
        (f"{A}/Group/1", "business-rule"),
        ("Device/1", "business-rule"),
        ({"reference": URN, "type": "Group"}, "business-rule"),
        ({"identifier": MRN, "type": "Device"}, "business-rule"),
        ("ann", "value"),
        ("#nobody", "not-found"),
        ({"identifier": {"value": "17"}}, "value"),
        ("Patient?identifier=https://a.example/mrn|17", "not-supported"),
    ],
)
def test_what_is_of_nobody_is_told_and_never_given_to_the_only_patient(
    subject: object, code: str
) -> None:
    found = intake(bundle(_ann(f"{A}/Patient/ann"), _of(subject, f"{A}/Observation/1")))
    assert [len(one.results) for one in found.records] == [0]
    (issue,) = found.issues
    assert (issue.severity, issue.code, issue.patient) == ("warning", code, "")
    assert issue.expression[0].startswith("Bundle.entry[1].resource")


def test_a_urn_of_a_group_is_no_patient() -> None:
    group = entry(URN, {"resourceType": "Group"})
    assert _counts(_ann(f"{A}/Patient/ann"), group, _of(URN)) == {"//a.example/fhir/Patient/ann": 0}


def test_a_request_of_which_nothing_is_of_a_patient_is_refused_with_all_reasons() -> None:
    with pytest.raises(Refused) as refused:
        intake(bundle(_of(None), _of("Group/1")))
    assert refused.value.status == 422
    assert [issue.severity for issue in refused.value.issues] == ["error", "warning", "warning"]


def test_an_identifier_is_enough_to_be_a_patient() -> None:
    found = record(_of({"identifier": MRN})["resource"]).patient
    assert (found.key, found.reference) == ("identifier:https://a.example/mrn|17", "")
    assert found.identifier == Identifier("https://a.example/mrn", "17")
    assert found.identity == "https://a.example/mrn|17"


def test_in_a_transaction_a_search_is_enough_to_be_a_patient() -> None:
    counts = _counts(_of("Patient?identifier=https://a.example/mrn|17"), kind="transaction")
    assert counts == {"identifier:https://a.example/mrn|17": 1}


def _holding(subject: str = "#p", **patient_elements: object) -> dict[str, Any]:
    inside = patient(**{"id": "p", **patient_elements})
    return observation(subject={"reference": subject}, contained=[inside])


def test_a_contained_patient_is_a_patient_with_age_and_sex() -> None:
    found = record(
        bundle(entry(f"{A}/Observation/1", _holding(gender="male", birthDate="1960")))
    ).patient
    assert (found.sex, found.reference) == ("male", "")
    assert found.born
    assert found.key == "//a.example/fhir/Observation/1#p"


def test_contained_patients_of_two_resources_are_two_patients() -> None:
    first, second = entry(f"{A}/Observation/1", _holding()), entry(f"{A}/Observation/2", _holding())
    assert sorted(_counts(first, second).values()) == [1, 1]


def test_contained_patients_with_one_identifier_are_one_patient() -> None:
    first = entry(f"{A}/Observation/1", _holding(identifier=[MRN], gender="male"))
    second = entry(f"{A}/Observation/2", _holding(identifier=[MRN]))
    assert list(_counts(first, second).values()) == [2]
    assert list(_counts(first, second, _ann(f"{A}/Patient/ann", identifier=[MRN])).values()) == [2]


@pytest.mark.parametrize("turned", [False, True])
def test_what_contained_copies_of_a_patient_tell_differently_is_not_used(turned: bool) -> None:
    first = entry(f"{A}/Observation/1", _holding(identifier=[MRN], gender="male", birthDate="1960"))
    second = entry(
        f"{A}/Observation/2", _holding(identifier=[MRN], gender="female", birthDate="1960")
    )
    found = intake(bundle(*((second, first) if turned else (first, second))))
    (one,) = found.records
    assert one.patient.sex is None
    assert one.patient.born
    assert len(said(found.issues, "in different ways")) == 1


def test_another_patient_inside_of_a_result_has_nothing_to_do_with_it() -> None:
    donor = _holding("Patient/ann", gender="male")
    found = record(
        bundle(_ann(f"{A}/Patient/ann", gender="female"), entry(f"{A}/Observation/1", donor))
    )
    assert (found.patient.sex, len(found.results)) == ("female", 1)


def test_a_contained_result_without_a_subject_is_of_the_patient_of_its_container() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "subject": {"reference": "Patient/ann"},
        "contained": [observation(id="o", subject=None)],
        "result": [{"reference": "#o"}],
    }
    assert len(record(patient(), report).results) == 1
    assert told("resource around it", patient(), report).severity == "information"


def test_a_patient_with_a_modifier_extension_has_no_age_and_sex_that_can_be_used() -> None:
    odd = patient(gender="female", birthDate="1960", modifierExtension=[{"url": "x"}])
    found = record(odd, observation())
    assert (found.patient.sex, found.patient.born, len(found.results)) == (None, None, 1)
    assert told("modifierExtension", odd, observation()).severity == "warning"


@pytest.mark.parametrize(
    ("identifiers", "identity"),
    [
        ([MRN], "https://a.example/mrn|17"),
        ([{**MRN, "use": "temp"}], "Patient/ann"),
        ([{**MRN, "use": "old"}], "Patient/ann"),
        ([{"value": "17"}], "Patient/ann"),
        ([], "Patient/ann"),
        ([{"system": "a", "value": "1"}, {"system": "b", "value": "2", "use": "official"}], "b|2"),
        ([{"system": "b", "value": "2"}, {"system": "a", "value": "1"}], "a|1"),
        ([{"system": "a", "value": "1", "use": "secondary"}, {"system": "b", "value": "2"}], "b|2"),
    ],
)
def test_the_identity_is_the_best_identifier_or_else_the_reference(
    identifiers: list[dict[str, Any]], identity: str
) -> None:
    assert record(patient(identifier=identifiers)).patient.identity == identity
    assert record(patient(identifier=identifiers[::-1])).patient.identity == identity


def test_patients_who_share_an_identifier_are_kept_apart() -> None:
    found = intake(
        _ann(f"{A}/Patient/1", identifier=[MRN]), _ann(f"{B}/Patient/1", identifier=[MRN])
    )
    assert len({one.patient.identity for one in found.records}) == 2
    (issue, other) = said(found.issues, "share")
    assert {issue.patient, other.patient} == {one.patient.key for one in found.records}


@pytest.mark.parametrize(
    ("displays", "display"),
    [(["Ann"], "Ann"), (["Ann", "Ann"], "Ann"), (["Ann", "Ben"], ""), ([], "")],
)
def test_the_display_is_what_all_references_say(displays: list[str], display: str) -> None:
    results = [
        observation(subject={"reference": "Patient/ann", "display": one}) for one in displays
    ]
    found: Record = record(patient(), *results)
    assert found.patient.display == display


def test_versions_of_a_patient_that_nothing_orders_leave_open_what_differs() -> None:
    found = record(
        patient(gender="female", birthDate="1960"), patient(gender="male", birthDate="1960")
    )
    assert found.patient.sex is None
    assert found.patient.born


def test_a_tolerated_reference_is_told_once_for_each_patient() -> None:
    others = [
        _of("Patient/ann", f"urn:uuid:706301fa-48cd-50b0-973e-00000000000{i}") for i in range(3)
    ]
    issue = told("no meaning", bundle(_ann(URN), *others))
    assert (issue.severity, len(issue.expression), issue.patient) == ("warning", 3, URN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"identifier": [MRN]}, {"identifier": [MRN | {"value": "18"}]}),
        ({"birthDate": "1960-05-03"}, {"birthDate": "1990-01-01"}),
    ],
)
def test_two_people_of_one_name_are_never_one_patient(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    resources = (patient(**one), patient(**other), observation())
    assert [found.results for found in intake(*resources).records] == [()]
    issue = told("more than one person", *resources)
    assert (issue.severity, issue.expression) == ("warning", ("Bundle.entry[2].resource.subject",))


@pytest.mark.parametrize(
    "other",
    [
        {"identifier": [MRN, {"system": "urn:other", "value": "1"}]},
        {"identifier": [{"system": "urn:other", "value": "1"}]},
        {"birthDate": "1960-05-03", "gender": "female"},
    ],
)
def test_two_accounts_of_one_person_are_one_patient(other: dict[str, Any]) -> None:
    resources = (patient(identifier=[MRN], birthDate="1960-05-03"), patient(**other), observation())
    assert len(record(*resources).results) == 1


def _beside(value: str, system: str = MRN["system"]) -> dict[str, Any]:
    identifier = {"system": system, "value": value}
    return observation(subject={"reference": "Patient/ann", "identifier": identifier})


def test_a_reference_beside_the_identifier_of_somebody_else_is_nobody() -> None:
    resources = (patient(identifier=[MRN]), _beside("18"))
    assert record(*resources).results == ()
    issue = told("another identifier", *resources)
    assert (issue.severity, issue.expression) == (
        "warning",
        ("Bundle.entry[1].resource.subject",),
    )


@pytest.mark.parametrize(
    "resources",
    [
        (patient(identifier=[MRN]), _beside("17")),
        (patient(identifier=[{**MRN, "value": "18"}, {**MRN, "use": "old"}]), _beside("17")),
        (patient(identifier=[MRN]), _beside("18", "https://b.example/mrn")),
        (patient(), _beside("18")),
        (_beside("18"),),
    ],
)
def test_an_identifier_that_contradicts_nothing_changes_nothing(
    resources: tuple[dict[str, Any], ...],
) -> None:
    assert len(record(*resources).results) == 1


def test_what_is_beside_a_reference_is_heeded_each_time() -> None:
    plain = _of("Patient/ann", id="o-1")
    other = _of({"reference": "Patient/ann", "identifier": {**MRN, "value": "18"}}, id="o-2")
    shown = _of({"reference": "Patient/ann", "display": "Ann"}, id="o-3")
    found = record(bundle(_ann(identifier=[MRN]), plain, other, shown))
    assert [one.source.reference for one in found.results] == ["Observation/o-1", "Observation/o-3"]
    assert found.patient.display == "Ann"


@pytest.mark.parametrize("born", ["2030-01-01", "2027", "2026-05-11"])
def test_a_birth_after_the_moment_is_told_and_not_used(born: str) -> None:
    assert record(patient(birthDate=born)).patient.born is None
    assert told("after the moment", patient(birthDate=born)).severity == "warning"


@pytest.mark.parametrize("gender", ["F", "M", "2", "woman"])
def test_a_gender_that_is_none_of_fhirs_is_told(gender: str) -> None:
    issue = told("none of FHIR's", patient(gender=gender))
    assert (issue.severity, issue.expression) == ("warning", ("Patient.gender",))


def test_an_animal_of_stu3_is_told() -> None:
    issue = told("animal", patient(animal={"species": {"text": "dog"}}))
    assert (issue.severity, issue.expression) == ("warning", ("Patient.animal",))


@pytest.mark.parametrize("gender", ["other", "unknown", "Female", "MALE"])
def test_a_gender_of_fhirs_is_taken_without_a_word(gender: str) -> None:
    assert intake(patient(gender=gender)).issues == ()
