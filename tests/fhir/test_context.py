from service.record import Identifier
from tests.fhir.sent import condition, entry, medication, observation, record

MRN = [{"value": "1"}, {"system": "https://lab.example", "value": "2"}]


def test_evidence_is_named_as_its_sender_would_name_it() -> None:
    found = record(
        entry("https://e.example/fhir/Observation/na", observation()),
        entry("urn:uuid:1", condition(subject={"reference": "https://e.example/fhir/Patient/ann"})),
        entry(
            "https://e.example/fhir/MedicationStatement/g",
            medication(contained=[condition(id="c", subject={"reference": "Patient/ann"})]),
        ),
    )
    sources = [one.source for one in found.results]
    sources += [one.source for one in found.problems]
    sources += [one.source for one in found.treatments]
    assert [(one.type, one.reference) for one in sources] == [
        ("Observation", "Observation/na"),
        ("Condition", "urn:uuid:1"),
        ("MedicationStatement", "MedicationStatement/g"),
        ("MedicationStatement", "MedicationStatement/g"),
    ]


def test_evidence_without_a_name_has_its_identifier_if_it_has_a_whole_one() -> None:
    found = record(condition(identifier=MRN), observation(identifier=MRN[:1]))
    assert found.problems[0].source.identifier == Identifier("https://lab.example", "2")
    assert found.results[0].source.identifier is None


def test_what_is_contained_has_no_identifier_to_be_named_by() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "subject": {"reference": "Patient/ann"},
        "contained": [observation(identifier=MRN)],
    }
    source = record(report).results[0].source
    assert (source.type, source.reference, source.identifier) == ("DiagnosticReport", "", None)
