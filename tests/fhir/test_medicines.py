import pytest

from service.fhir import wire
from service.fhir.medicines import Taken, medicines_of
from service.knowledge.model import ATC, RXNORM, SNOMED
from tests.fhir.sent import LEXICON


def _taken(*codings: tuple[str, str] | tuple[str, str, str], text: str | None = None) -> Taken:
    return medicines_of(wire.CodeableConcept([wire.Coding(*one) for one in codings], text), LEXICON)


@pytest.mark.parametrize(
    ("coding", "medicine"),
    [
        ((RXNORM, "25480"), "gabapentin"),
        (("urn:oid:2.16.840.1.113883.6.88", "25480"), "gabapentin"),
        ((ATC, "N02BF01"), "gabapentin"),
        ((ATC, "N03AG01"), "valproate"),
        ((SNOMED, "387481005"), "valproate"),
    ],
)
def test_a_code_names_its_medicine(coding: tuple[str, str], medicine: str) -> None:
    assert _taken(coding, text="bupropion") == Taken((medicine,))


@pytest.mark.parametrize(
    ("text", "medicines"),
    [
        ("gabapentin", ("gabapentin",)),
        ("Neurontin", ("gabapentin",)),
        ("gabapentin 300 MG Oral Capsule", ("gabapentin",)),
        ("Gabapentin, 300 mg capsules", ("gabapentin",)),
        ("24 HR Bupropion 150 MG Extended Release Tablet [Budeprion]", ("bupropion",)),
        ("sodium valproate 500 mg", ("valproate",)),
        ("valproate 750 mg/d", ("valproate",)),
        ("gabapentin 300 MG / bupropion 150 MG Oral Tablet", ("bupropion", "gabapentin")),
        ("Lisinopril 20 MG / gabapentin 100 MG", ("gabapentin",)),
    ],
)
def test_without_a_known_code_the_name_that_a_text_begins_with_names_it(
    text: str, medicines: tuple[str, ...]
) -> None:
    assert _taken(text=text) == Taken(medicines, by_name=True)
    assert _taken((RXNORM, "310431", text)) == Taken(medicines, by_name=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acetaminophen",
        "gabapentinoid",
        "compound gabapentin cream",
        "pregabalin",
        "allergy to gabapentin",
        "gabapentin allergy",
        "Gabapentin - stopped",
        "gabapentin (discontinued)",
        "gabapentin?",
        "no gabapentin",
        "gabapentin level",
        "not on gabapentin",
        "sodium chloride",
        "300 mg",
        "/ / /",
    ],
)
def test_a_text_that_names_no_medicine_that_is_taken_is_nothing(text: str) -> None:
    assert _taken(text=text).medicines == ()


def test_one_word_against_it_silences_all_names() -> None:
    assert _taken((RXNORM, "1", "gabapentin"), text="allergy").medicines == ()


def test_a_text_of_any_length_is_no_name() -> None:
    assert _taken(text="gabapentin " + "x" * 1000).medicines == ()
    assert medicines_of(None, LEXICON).medicines == ()
