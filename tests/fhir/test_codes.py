import pytest

from service.fhir import wire
from service.fhir.codes import code_of, codings, display_of, plain_codes, system_of, texts
from service.knowledge.model import ATC, ICD10, ICD10CM, LOINC, RXNORM, SNOMED


@pytest.mark.parametrize(
    ("sent", "system"),
    [
        ("http://loinc.org", LOINC),
        ("https://loinc.org", LOINC),
        ("http://loinc.org/", LOINC),
        ("http://loinc.org|2.78", LOINC),
        (" HTTP://LOINC.org ", LOINC),
        ("urn:oid:2.16.840.1.113883.6.1", LOINC),
        ("2.16.840.1.113883.6.1", LOINC),
        ("LOINC", LOINC),
        ("LN", LOINC),
        ("http://snomed.info/sct", SNOMED),
        ("http://snomed.info/sct/731000124108/version/20260301", SNOMED),
        ("urn:oid:2.16.840.1.113883.6.96", SNOMED),
        ("SNOMED CT", SNOMED),
        ("http://hl7.org/fhir/sid/icd-10-cm", ICD10CM),
        ("urn:oid:2.16.840.1.113883.6.90", ICD10CM),
        ("http://hl7.org/fhir/sid/icd-10", ICD10),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", ICD10),
        ("http://www.nlm.nih.gov/research/umls/rxnorm", RXNORM),
        ("RxNorm", RXNORM),
        ("http://www.whocc.no/atc", ATC),
        ("urn:oid:2.16.840.1.113883.6.73", ATC),
    ],
)
def test_a_system_is_known_by_all_its_names(sent: str, system: str) -> None:
    assert system_of(wire.Coding(system=sent)) == system


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "L",
        "99LAB",
        "http://loinc.org.example",
        "http://example.org/loinc",
        "http://snomed.info/id",
        "http://hl7.org/fhir/sid/icd-9-cm",
        "urn:oid:2.16.840.1.113883.6.10",
        "local LOINC",
    ],
)
def test_any_other_system_is_none_that_rules_use(sent: str | None) -> None:
    assert system_of(wire.Coding(system=sent)) == ""


@pytest.mark.parametrize(
    ("system", "sent", "code"),
    [
        (ICD10CM, "F10.20", "F1020"),
        (ICD10CM, "f10.20", "F1020"),
        (ICD10CM, "F1020", "F1020"),
        (ICD10, "G63.0*", "G630"),
        (ICD10, "E10.4\N{DAGGER}", "E104"),
        (LOINC, " 2951-2 ", "2951-2"),
        (ATC, "N02BF01", "N02BF01"),
        (SNOMED, None, ""),
    ],
)
def test_a_code_is_as_look_ups_have_it(system: str, sent: str | None, code: str) -> None:
    assert code_of(wire.Coding(code=sent), system) == code


CONCEPT = wire.CodeableConcept(
    (
        wire.Coding(LOINC, "2951-2", "Sodium in serum"),
        wire.Coding("http://lab.example", "NA", "Na"),
        wire.Coding(ICD10, "E87.1"),
    ),
    "Natrium",
)


def test_the_codings_of_a_concept_are_those_of_systems_that_rules_use() -> None:
    assert list(codings(CONCEPT)) == [(LOINC, "2951-2"), (ICD10, "E871")]
    assert list(codings(None)) == []


def test_the_words_of_a_concept_are_its_text_and_displays() -> None:
    assert list(texts(CONCEPT)) == ["Natrium", "Sodium in serum", "Na"]
    assert display_of(CONCEPT) == "Natrium"
    assert display_of(wire.CodeableConcept()) == display_of(None) == ""


@pytest.mark.parametrize(
    ("concepts", "codes"),
    [
        (None, []),
        ("Active", ["active"]),
        (wire.CodeableConcept((wire.Coding(code=" H "),)), ["h"]),
        (
            [wire.CodeableConcept((wire.Coding(code="A"), wire.Coding())), wire.CodeableConcept()],
            ["a"],
        ),
    ],
)
def test_plain_codes_come_from_concepts_and_from_older_plain_elements(
    concepts: list[wire.CodeableConcept] | wire.CodeableConcept | str | None, codes: list[str]
) -> None:
    assert list(plain_codes(concepts)) == codes
