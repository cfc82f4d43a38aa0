import pytest

from service.fhir import wire
from service.fhir.medicines import Taken, medicines_of
from service.knowledge.model import ATC, RXNORM, SNOMED
from tests.fhir.sent import LEXICON


def _taken(*codings: tuple[str, str] | tuple[str, str, str], text: str | None = None) -> Taken:
    return medicines_of(
        wire.CodeableConcept(tuple(wire.Coding(*one) for one in codings), text), LEXICON
    )


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
        ("Product containing gabapentin (medicinal product)", ("gabapentin",)),
        ("Product containing precisely gabapentin 300 milligram/1 each", ("gabapentin",)),
        ("Oral Form Gabapentin (product)", ("gabapentin",)),
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
        "acetaminophen",
        "gabapentinoid",
        "compound gabapentin cream",
        "Topical form gabapentin (product)",
        "Product not containing gabapentin",
        "pregabalin",
        "aspirin?",
        "sodium chloride",
        "300 mg",
        "/ / /",
        "stop if drowsy",
        "do not exceed 3600 mg",
    ],
)
def test_a_text_that_names_no_medicine_is_nothing(text: str) -> None:
    assert _taken(text=text) == Taken(by_name=True)


@pytest.mark.parametrize(
    "text",
    [
        "allergy to gabapentin",
        "no gabapentin",
        "not on gabapentin",
        "Not taking gabapentin",
        "stopped gabapentin",
        "Patient is not taking gabapentin",
        "never started on gabapentin",
        "do not give gabapentin",
        "gabapentin allergy",
        "Gabapentin - stopped",
        "gabapentin (discontinued)",
        "gabapentin?",
        "gabapentin level",
        "gabapentin-free",
        "Gabapentin 300 mg stopped 2019",
        "?gabapentin",
        "Gabapentin 300 mg TID - discontinued",
        "gabapentin 300 mg (not taking)",
        "gabapentin no longer taken",
        "Gabapentin: allergic reaction",
    ],
)
def test_words_that_negate_a_medicine_are_heard(text: str) -> None:
    assert _taken(text=text).denied
    assert _taken((RXNORM, "1", "gabapentin"), text=text).denied
    assert _taken((RXNORM, "25480"), text=text).denied


@pytest.mark.parametrize("text", ["allergy", "not taken", "Discontinued"])
def test_a_denial_alone_negates_what_stands_beside_it(text: str) -> None:
    assert _taken((RXNORM, "1", "gabapentin"), text=text).denied


@pytest.mark.parametrize(
    "text",
    [
        "Gabapentin 300mg PRN do not exceed 3600 mg",
        "gabapentin 300 mg, stop if drowsy",
        "gabapentin, never with alcohol",
        "gabapentin 300 mg without food",
        "Gabapentin 300 mg, avoid driving",
        "gabapentin no refills",
        "gabapentin until stopped",
        "Gabapentin, no more than 3 capsules, less if not tolerated",
        "Gabapentin 50 mg/ml oral solution sugar free",
        "gabapentin 300 mg, check level",
    ],
)
def test_a_denial_in_instructions_for_doses_does_not_negate_the_medicine(text: str) -> None:
    assert _taken(text=text) == Taken(("gabapentin",), by_name=True)


def test_a_text_of_any_length_is_no_name() -> None:
    assert _taken(text="gabapentin " + "x" * 1000).medicines == ()
    assert medicines_of(None, LEXICON).medicines == ()
