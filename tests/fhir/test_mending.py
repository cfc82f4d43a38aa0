import msgspec
import pytest
from msgspec import Raw

from service.fhir import wire
from service.fhir.contents import Whole
from service.fhir.mending import BrokenError, decode

DECODER = msgspec.json.Decoder(Whole | wire.Patient)


def test_what_is_right_decodes_without_faults() -> None:
    found, faults = decode(DECODER, Raw(b'{"resourceType": "Patient", "gender": "female"}'), ())
    assert (found, faults) == (wire.Patient(gender="female"), ())


@pytest.mark.parametrize(
    ("element", "path", "text"),
    [
        ('"id": 1', ".id", "a whole number where text belongs"),
        ('"note": "words"', ".note", "text where a list belongs"),
        ('"component": [{}, {"code": 5}]', ".component[1].code", "a whole number where an object"),
        ('"interpretation": "H"', ".interpretation", "text where an object or a list belongs"),
        ('"valueBoolean": "true"', ".valueBoolean", "text where true or false belongs"),
        ('"valueInteger": 1.5', ".valueInteger", "decimals where a whole number belongs"),
        (f'"valueInteger": {"1" * 5000}', ".valueInteger", "not as FHIR has it"),
    ],
)
def test_an_element_of_the_wrong_type_is_left_out_and_named(
    element: str, path: str, text: str
) -> None:
    raw = Raw(f'{{"resourceType": "Observation", "status": "final", {element}}}'.encode())
    found, (fault,) = decode(DECODER, raw, {"status"})
    assert isinstance(found, wire.Observation)
    assert found.status == "final"
    assert fault.path == path
    assert text in fault.text


def test_of_a_repeated_element_only_the_wrong_one_goes_and_the_others_keep_their_places() -> None:
    raw = Raw(b'{"resourceType": "Observation", "note": [{"text": 1}, {"text": "b"}]}')
    found, _ = decode(DECODER, raw, ())
    assert isinstance(found, wire.Observation)
    assert found.note == (wire.Annotation(), wire.Annotation("b"))


def test_several_faults_are_all_named() -> None:
    raw = Raw(b'{"resourceType": "Observation", "id": 1, "issued": 2, "comment": []}')
    _, faults = decode(DECODER, raw, ())
    assert {fault.path for fault in faults} == {".id", ".issued", ".comment"}


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b'{"resourceType": "Observation", "status": 1}', ".status"),
        (b'{"resourceType": "Observation", "id": 1, "status": {"a": 1}}', ".status"),
        (b'{"resourceType": "Encounter"}', ".resourceType"),
        (b'{"status": "final"}', ""),
        (b"[]", ""),
        (b"null", ""),
        (b'"Patient"', ""),
    ],
)
def test_a_fault_in_what_is_essential_breaks_the_resource(raw: bytes, path: str) -> None:
    with pytest.raises(BrokenError) as broken:
        decode(DECODER, Raw(raw), {"status", "resourceType"})
    assert broken.value.fault.path == path


def test_a_resource_with_very_many_faults_is_broken_as_a_whole() -> None:
    notes = ", ".join(['{"text": 1}'] * 50)
    raw = Raw(f'{{"resourceType": "Observation", "note": [{notes}]}}'.encode())
    with pytest.raises(BrokenError) as broken:
        decode(DECODER, raw, ())
    assert "Too many" in broken.value.fault.text


def test_no_value_of_the_sender_is_in_the_text_of_a_fault() -> None:
    raw = Raw(b'{"resourceType": "Observation", "id": ["Jane Roe"], "issued": {"Jane": "Roe"}}')
    _, faults = decode(DECODER, raw, ())
    assert not any("Jane" in fault.text + fault.path for fault in faults)
