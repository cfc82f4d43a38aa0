import pytest

from service.fhir.addresses import Address, address, beside

UUID = "706301fa-48cd-50b0-973e-fd53a15bde7e"


def _found(text: str) -> Address:
    found = address(text)
    assert found
    return found


@pytest.mark.parametrize(
    ("text", "key", "local", "version"),
    [
        ("https://ehr.example/fhir/Patient/1", "//ehr.example/fhir/Patient/1", "Patient/1", ""),
        ("http://ehr.example/fhir/Patient/1", "//ehr.example/fhir/Patient/1", "Patient/1", ""),
        ("https://ehr.example:8443/Patient/1", "//ehr.example:8443/Patient/1", "Patient/1", ""),
        ("https://e.example/f/Patient/1/_history/3", "//e.example/f/Patient/1", "Patient/1", "3"),
        ("https://e.example/f/Patient/1?_format=json", "//e.example/f/Patient/1", "Patient/1", ""),
        ("https://e.example/Patient/1#x", "//e.example/Patient/1", "Patient/1", ""),
        ("https://ehr.example/patients/1", "//ehr.example/patients/1", "", ""),
        ("https://ehr.example/1", "//ehr.example/1", "", ""),
        ("Patient/1", "Patient/1", "Patient/1", ""),
        ("/Patient/1", "Patient/1", "Patient/1", ""),
        (" Patient/1 ", "Patient/1", "Patient/1", ""),
        ("Patient/1/_history/2", "Patient/1", "Patient/1", "2"),
        (f"urn:uuid:{UUID}", f"urn:uuid:{UUID}", "", ""),
        (f"URN:UUID:{UUID.upper()}", f"urn:uuid:{UUID}", "", ""),
        (UUID.upper(), f"urn:uuid:{UUID}", "", ""),
        ("urn:uuid:Example", "urn:uuid:Example", "", ""),
        ("urn:oid:1.2.3", "urn:oid:1.2.3", "", ""),
        ("resource:0", "resource:0", "", ""),
        ("patient/1", "patient/1", "", ""),
        ("Patient/", "Patient/", "", ""),
        ("12345", "12345", "", ""),
    ],
)
def test_an_address_is_what_tells_resources_apart(
    text: str, key: str, local: str, version: str
) -> None:
    found = _found(text)
    assert (found.key, found.local, found.version) == (key, local, version)


@pytest.mark.parametrize(
    "text",
    [
        "https://ehr.example/fhir/Patient/1",
        "http://ehr.example:8443/Patient/a-1.b",
        "https://ehr.example/fhir/Patient/1/_history/2/Group/3",
        "https://ehr.example/Group/3/Patient/1",
        "https://a/Patient/1",
        "https:/Patient/1",
        "https://ehr.example/patients/1",
    ],
)
def test_what_is_around_a_url_or_behind_it_makes_no_difference(text: str) -> None:
    assert _found(f" {text}\n") == _found(f"{text}?_format=json") == _found(text)


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_a_blank_is_no_address(text: str) -> None:
    assert address(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/fhir/Patient/1", "https://b.example/fhir/Patient/1"),
        ("https://a.example/fhir/Patient/1", "https://a.example/Patient/1"),
        ("https://a.example/Patient/1", "https://a.example:8443/Patient/1"),
        ("https://a.example/Patient/1", "https://a.example/Patient/A1"),
        ("https://a.example/Patient/a", "https://a.example/Patient/A"),
        ("Patient/1", "https://a.example/Patient/1"),
        ("Patient/1", "Group/1"),
    ],
)
def test_different_resources_have_different_keys(one: str, other: str) -> None:
    assert _found(one).key != _found(other).key


def test_a_local_name_beside_an_address_is_on_its_server() -> None:
    here = _found("https://ehr.example/fhir/Observation/3")
    there = beside(here, _found("Patient/1/_history/2"))
    assert there == _found("https://ehr.example/fhir/Patient/1/_history/2")
