"""Bundles that are decoded in one pass, and those that are not."""

import msgspec
import pytest
from msgspec import Raw

from service.fhir import at_once, wire
from service.fhir.entries import Entry
from service.fhir.issues import Issues
from service.fhir.request import unpack
from service.record import Issue
from tests.fhir.sent import bundle, coding, condition, entry, observation, patient, quantity, sent

#: Behind a body, it makes one that is not decoded in one pass.
LARGE = b" " * 1024 * 1024
WRONG = observation(id="wrong", code={"coding": [{"code": 7}]})


def _read(body: bytes) -> tuple[list[Entry], dict[str, str], tuple[Issue, ...]]:
    issues = Issues()
    request = unpack(body, 200, 64, issues)
    return request.entries, request.others, issues.told()


def _plain(one: Entry) -> tuple[object, ...]:
    # Contents are the same by what they are in memory, where they are kept.
    values = {**msgspec.structs.asdict(one), "sent": None, "container": None}
    return bytes(one.raw), *(msgspec.json.encode(value) for value in values.values())


@pytest.mark.parametrize(
    "body",
    [
        sent(bundle(patient(id="p"), observation(id="x", valueQuantity=quantity(120)))),
        sent(bundle(observation(id="x"), condition(id="c"))),
        sent(bundle(entry("https://ehr.example/fhir/Encounter/1", {"resourceType": "Encounter"}))),
        sent(bundle({"resourceType": "Parameters"}, bundle(patient(id="p"), WRONG))),
        sent(bundle(observation(id="x", contained=[patient(id="p"), {"resourceType": "Group"}]))),
        sent(bundle(WRONG, observation(id="right", code=coding("2951-2")))),
        sent({"resourceType": "Bundle", "entry": [{"fullUrl": "urn:x"}, {"resource": None}]}),
    ],
)
def test_what_is_read_is_the_same_as_if_each_resource_was_decoded_by_itself(body: bytes) -> None:
    assert at_once.decoded(Raw(body))
    assert at_once.decoded(Raw(body + LARGE)) is None
    (entries, *rest), (others, *others_rest) = _read(body), _read(body + LARGE)
    assert [_plain(one) for one in entries] == [_plain(one) for one in others]
    assert rest == others_rest


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"entry":[]}',
        b'{"resourceType":"Bundle","entry":[{"resource":{"id":"1"}}]}',
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Gadget"}}]}',
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":1}}]}',
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}}',
        b'{"resourceType":"Bundle","entry":{}}',
        b'{"resourceType":"Patient"}',
        b'{"resourceType":"Encounter"}',
    ],
)
def test_what_is_no_bundle_or_has_something_broken_in_it_is_not_decoded_at_once(
    body: bytes,
) -> None:
    assert at_once.decoded(Raw(body)) is None


def test_of_a_large_body_the_entries_are_counted_first() -> None:
    body = sent(bundle(patient(id="p")))
    assert at_once.decoded(Raw(body))
    assert at_once.decoded(Raw(body + LARGE)) is None


def test_a_resource_is_told_byte_for_byte_once_somebody_asks() -> None:
    body = (
        b'{"resourceType":"Bundle","entry":[{},{"resource":{"resourceType":"Patient", "x":1.50}}]}'
    )
    ((one,), *_) = _read(body)
    assert isinstance(one.resource, wire.Patient)
    assert one.raw == Raw(b'{"resourceType":"Patient", "x":1.50}')
