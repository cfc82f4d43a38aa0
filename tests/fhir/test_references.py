from typing import Any

import pytest
from msgspec import convert

from service.fhir import wire
from service.fhir.entries import Entry
from service.fhir.issues import Issues
from service.fhir.references import Directory, Target, Unresolved
from service.fhir.request import unpack
from service.record import Identifier
from tests.fhir.sent import bundle, entry, observation, patient, sent

A, B = "https://a.example/fhir", "https://b.example/fhir"
URN = "urn:uuid:706301fa-48cd-50b0-973e-fd53a15bde7e"
MRN = {"system": "https://a.example/mrn", "value": "17"}


class Case:
    """A request whose last entry is the one that refers."""

    def __init__(self, *resources: dict[str, Any], kind: str = "collection") -> None:
        request = unpack(sent(bundle(*resources, kind=kind)), 100, 64, Issues())
        self.entries = request.entries
        self.directory = Directory(request.entries, request.others)

    def resolve(self, here: Entry | None = None, **reference: object) -> Target | Unresolved:
        read = convert(reference, wire.Reference)
        return self.directory.resolve(read, here or self.entries[-1])

    def target(self, text: str) -> Target:
        found = self.resolve(reference=text)
        assert isinstance(found, Target), found
        return found

    def place(self, text: str) -> int | None:
        """Which entry the text refers to, None for none."""
        found = self.target(text).entry
        return self.entries.index(found) if found else None


def _ann(url: str | None = None, **more: object) -> dict[str, Any]:
    return {"fullUrl": url, "resource": patient(**more)}


def _result(url: str | None = None, **more: object) -> dict[str, Any]:
    return {"fullUrl": url, "resource": observation(**more)}


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (f"{A}/Patient/ann", f"{A}/Patient/ann"),
        (f"{A}/Patient/ann", "http://a.example/fhir/Patient/ann"),
        (f"{A}/Patient/ann", f"{A}/Patient/ann?_format=json"),
        (f"{A}/Patient/ann", f"{A}/Patient/ann/_history/3"),
        (URN, URN),
        (URN, URN.upper()),
        (URN, URN.removeprefix("urn:uuid:")),
        ("urn:oid:1.2.3", "urn:oid:1.2.3"),
        ("resource:0", "resource:0"),
    ],
)
def test_an_absolute_reference_is_the_entry_of_that_full_url(url: str, text: str) -> None:
    case = Case(_ann(url), _result(f"{B}/Observation/1"))
    assert case.place(text) == 0
    assert case.target(text).caution == ""


@pytest.mark.parametrize(
    ("patient_url", "result_url", "text"),
    [
        (f"{A}/Patient/ann", f"{A}/Observation/1", "Patient/ann"),
        (f"{A}/Patient/ann", f"{A}/Observation/1", "Patient/ann/_history/1"),
        ("/Patient/ann", "/Observation/1", "Patient/ann"),
        (None, None, "Patient/ann"),
        ("Patient/ann", None, "/Patient/ann"),
        ("", "", "Patient/ann"),
    ],
)
def test_a_relative_reference_is_on_the_server_of_the_resource_that_refers(
    patient_url: str | None, result_url: str | None, text: str
) -> None:
    case = Case(_ann(patient_url), _result(result_url))
    assert case.place(text) == 0
    assert case.target(text).caution == ""


@pytest.mark.parametrize(
    ("patient_url", "result_url", "text"),
    [
        (f"{A}/Patient/ann", f"{B}/Observation/1", "Patient/ann"),
        (f"{A}/Patient/ann", f"{A}/v2/Observation/1", "Patient/ann"),
        (f"{A}/Patient/ann", f"{A}/Observation/1", f"{B}/Patient/ann"),
        (f"{A}/Patient/ann", f"{A}/Observation/1", "https://a.example:8443/fhir/Patient/ann"),
        (f"{A}/Patient/ann", f"{A}/Observation/1", "Patient/Ann"),
        (f"{A}/Patient/ann", f"{A}/Observation/1", "Group/ann"),
        (URN, f"{A}/Observation/1", "Patient/ann"),
        (None, f"{A}/Observation/1", "Patient/ann"),
        (None, None, f"{A}/Patient/ann"),
        (URN, URN[:-1] + "0", "urn:uuid:00000000-0000-0000-0000-000000000000"),
    ],
)
def test_an_equal_type_and_id_on_another_server_is_another_resource(
    patient_url: str | None, result_url: str | None, text: str
) -> None:
    assert Case(_ann(patient_url), _result(result_url)).place(text) is None


@pytest.mark.parametrize(
    ("patient_url", "result_url"),
    [
        (URN, URN[:-1] + "0"),
        (f"{A}/Patient/ann", URN),
        ("resource:0", "resource:1"),
        (URN, None),
        (None, URN),
    ],
)
def test_a_relative_reference_from_no_server_is_the_one_resource_of_that_type_and_id(
    patient_url: str | None, result_url: str | None
) -> None:
    case = Case(_ann(patient_url), _result(result_url))
    assert case.place("Patient/ann") == 0
    assert "no meaning" in case.target("Patient/ann").caution


@pytest.mark.parametrize("other", [f"{B}/Patient/ann", None])
def test_where_two_resources_could_be_meant_none_is_picked(other: str | None) -> None:
    case = Case(_ann(f"{A}/Patient/ann"), _ann(other), _result(URN))
    found = case.resolve(reference="Patient/ann")
    assert isinstance(found, Unresolved)
    assert found.code == "multiple-matches"


def test_a_version_that_the_request_does_not_hold_is_not_the_one_it_holds() -> None:
    case = Case(_ann(f"{A}/Patient/ann", meta={"versionId": "2"}), _result(f"{A}/Observation/1"))
    found = case.target("Patient/ann/_history/1")
    assert (found.entry, found.key) == (None, case.entries[0].key)
    assert "another version" in found.caution
    assert case.place("Patient/ann/_history/2") == 0


def test_a_resource_that_is_not_in_the_request_still_has_a_name() -> None:
    case = Case(_result(f"{A}/Observation/1"))
    found = case.target("Patient/ann")
    assert (found.key, found.type, found.entry) == ("//a.example/fhir/Patient/ann", "Patient", None)


@pytest.mark.parametrize("text", ["ann", "patient/ann", "Patient/", "Patient", "a b", "resource:9"])
def test_a_word_that_names_nothing_is_not_resolved(text: str) -> None:
    assert isinstance(Case(_ann(), _result()).resolve(reference=text), Unresolved)


@pytest.mark.parametrize(
    "reference", [{}, {"reference": ""}, {"reference": " "}, {"display": "Ann"}]
)
def test_an_empty_reference_is_not_resolved(reference: dict[str, Any]) -> None:
    found = Case(_ann(), _result()).resolve(**reference)
    assert isinstance(found, Unresolved)
    assert found.code == "required"


def test_a_contained_resource_is_found_inside_of_the_resource_that_refers() -> None:
    inside = [patient(id="p"), observation(id="o")]
    case = Case(_result(f"{A}/Observation/1", contained=inside), _result(f"{A}/Observation/2"))
    container, contained = case.entries[0], case.entries[2]
    for here in (container, contained):
        found = case.resolve(here, reference="#p")
        assert isinstance(found, Target)
        assert found.entry is case.entries[1]
    whole = case.resolve(contained, reference="#")
    assert isinstance(whole, Target)
    assert whole.entry is container
    assert isinstance(case.resolve(case.entries[-1], reference="#p"), Unresolved)
    assert isinstance(case.resolve(container, reference="#q"), Unresolved)


def test_a_contained_resource_refers_with_the_rules_of_its_container() -> None:
    held = _result(f"{A}/Observation/1", contained=[observation(id="o")])
    case = Case(_ann(f"{A}/Patient/ann"), held)
    found = case.resolve(case.entries[2], reference="Patient/ann")
    assert isinstance(found, Target)
    assert found.entry is case.entries[0]


def test_an_identifier_refers_to_the_patient_who_has_it() -> None:
    case = Case(_ann(URN, identifier=[MRN]), _result())
    found = case.resolve(identifier=MRN)
    assert isinstance(found, Target)
    assert found.entry is case.entries[0]


def test_an_identifier_of_nobody_in_the_request_is_a_name_by_itself() -> None:
    found = Case(_ann(URN), _result()).resolve(identifier=MRN)
    assert isinstance(found, Target)
    assert found.identifier == Identifier(MRN["system"], MRN["value"])
    assert found.entry is None


@pytest.mark.parametrize("identifier", [{"value": "17"}, {"system": "https://a.example/mrn"}, {}])
def test_an_identifier_without_system_or_value_names_nobody(identifier: dict[str, Any]) -> None:
    one = _ann(URN, identifier=[{"value": "17"}])
    assert isinstance(Case(one, _result()).resolve(identifier=identifier), Unresolved)


def test_an_identifier_of_two_patients_names_neither() -> None:
    case = Case(
        _ann(f"{A}/Patient/1", identifier=[MRN]),
        _ann(f"{B}/Patient/1", identifier=[MRN]),
        _result(),
    )
    assert isinstance(case.resolve(identifier=MRN), Unresolved)


def test_in_a_transaction_a_search_by_identifier_is_a_reference() -> None:
    case = Case(_ann(URN, identifier=[MRN]), _result(), kind="transaction")
    assert case.place("Patient?identifier=https://a.example/mrn|17") == 0
    assert case.place("Patient?identifier=https%3A%2F%2Fa.example%2Fmrn%7C17") == 0
    assert case.target("Patient?identifier=https://a.example/mrn|18").identifier


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("collection", "Patient?identifier=https://a.example/mrn|17"),
        ("batch", "Patient?identifier=https://a.example/mrn|17"),
        ("transaction", "Patient?identifier=17"),
        ("transaction", "Patient?identifier=|17"),
        ("transaction", "Patient?identifier=https://a.example/mrn|"),
        ("transaction", "Patient?name=Ann"),
        ("transaction", "Patient?identifier=https://a.example/mrn|17&active=true"),
        ("transaction", "Patient?"),
        ("transaction", "Patient?identifier=a|1&identifier=b|2"),
    ],
)
def test_any_other_search_is_no_reference(kind: str, text: str) -> None:
    case = Case(_ann(URN, identifier=[MRN]), _result(), kind=kind)
    assert isinstance(case.resolve(reference=text), Unresolved)


def test_a_full_url_of_a_resource_that_is_not_read_tells_its_type() -> None:
    group = entry(URN, {"resourceType": "Group"})
    assert Case(group, _result()).target(URN).type == "Group"


@pytest.mark.parametrize(
    ("url", "identifier", "name"),
    [
        (f"{A}/Patient/ann", "ann", "Patient/ann"),
        (URN, "ann", URN),
        (None, "ann", "Patient/ann"),
        ("/Patient/ann", "ann", "Patient/ann"),
        ("resource:0", "ann", "Patient/ann"),
        ("resource:0", None, "resource:0"),
        (f"{A}/Patients/ann", "ann", f"{A}/Patients/ann"),
        ("https://a.example/record?id=3", None, "https://a.example/record"),
        (None, None, ""),
    ],
)
def test_a_resource_is_named_as_its_sender_would(
    url: str | None, identifier: str | None, name: str
) -> None:
    case = Case({"fullUrl": url, "resource": patient(id=identifier)})
    assert case.directory.name_of(case.entries[0]) == name


def test_where_a_request_spans_several_servers_names_are_absolute() -> None:
    case = Case(_ann(f"{A}/Patient/1"), _ann(f"{B}/Patient/1"), _result(f"{A}/Observation/1"))
    names = [case.directory.name_of(one) for one in case.entries]
    assert names == [f"{A}/Patient/1", f"{B}/Patient/1", f"{A}/Observation/1"]
    assert case.directory.name_of_target(case.target("Patient/9")) == f"{A}/Patient/9"


def test_what_is_contained_is_named_by_its_container() -> None:
    case = Case(_result(f"{A}/Observation/1", contained=[patient(id="p")]))
    assert case.directory.name_of(case.entries[1]) == "Observation/1"
    found = case.resolve(case.entries[0], reference="#p")
    assert isinstance(found, Target)
    assert case.directory.name_of_target(found) == ""
