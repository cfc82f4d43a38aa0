import pytest

from service.fhir import wire
from service.fhir.analytes import Refused, analyte_of
from service.fhir.lexicon import Meant
from tests.fhir.sent import LEXICON, LOINC

LOCAL = "https://lab.example/codes"


def _concept(
    *codings: tuple[str, str] | tuple[str, str, str], text: str | None = None
) -> wire.CodeableConcept:
    return wire.CodeableConcept(tuple(wire.Coding(*coding) for coding in codings), text)


def _found(concept: wire.CodeableConcept | None) -> Meant | Refused | None:
    return analyte_of(concept, LEXICON)


@pytest.mark.parametrize(
    "concept",
    [
        _concept((LOINC, "2951-2")),
        _concept(("urn:oid:2.16.840.1.113883.6.1", "2951-2")),
        _concept(("LN", " 2951-2 ")),
        _concept((LOCAL, "NA"), (LOINC, "2951-2"), ("http://www.ama-assn.org/go/cpt", "84295")),
        _concept((LOINC, "2951-2"), (LOINC, "2947-0")),
        _concept((LOINC, "2951-2"), (LOINC, "99999-9")),
        _concept((LOINC, "2951-2"), text="Potassium"),
    ],
)
def test_a_known_loinc_code_decides(concept: wire.CodeableConcept) -> None:
    found = _found(concept)
    assert isinstance(found, Meant)
    assert found.analyte == "sodium"
    assert found.measured


@pytest.mark.parametrize(
    "concept",
    [
        _concept(text="Sodium"),
        _concept(text=" SODIUM "),
        _concept((LOCAL, "17", "Na")),
        _concept((LOINC, "NA", "sodium")),
        _concept((LOCAL, "17"), text="sodium"),
        _concept((LOCAL, "17", "something"), text="sodium"),
        _concept(text="Sodium, serum"),
        _concept(text="Concentration of sodium (plasma)"),
        _concept(text="Sodium level in blood"),
        _concept(text="Serum Na"),
    ],
)
def test_without_a_loinc_code_a_name_that_is_listed_decides(concept: wire.CodeableConcept) -> None:
    assert _found(concept) == Meant("sodium")


@pytest.mark.parametrize(
    "concept",
    [
        None,
        _concept(),
        _concept((LOINC, "99999-9")),
        _concept((LOINC, "99999-9", "Sodium"), text="Sodium"),
        _concept((LOCAL, "2951-2")),
        _concept((LOINC, "2951")),
        _concept(text="Sodium intake"),
        _concept(text="Sodium level, urine"),
        _concept(text="Sodium in red cells"),
        _concept(text="Fractional excretion of sodium"),
        _concept(text="Serum level"),
        _concept(text="Blood"),
        _concept(text="serum " * 40 + "sodium"),
        _concept(text="urine sodium"),
        _concept(text="natremia"),
    ],
)
def test_what_no_rule_knows_is_nothing(concept: wire.CodeableConcept | None) -> None:
    assert _found(concept) is None


@pytest.mark.parametrize(
    ("concept", "why"),
    [
        (_concept((LOINC, "2955-3")), "LOINC 2955-3 was not read as Sodium: it is urine sodium."),
        (_concept((LOINC, "2955-3"), text="Sodium"), "urine sodium"),
        (_concept((LOINC, "2951-2"), (LOINC, "2955-3")), "urine sodium"),
        (_concept((LOINC, "2951-2"), (LOINC, "2823-3")), "different analytes"),
        (_concept((LOINC, "3094-0"), (LOINC, "3091-6")), "which molecule"),
        (_concept((LOCAL, "17", "Potassium"), text="Sodium"), "texts name different"),
    ],
)
def test_a_code_that_resembles_or_contradicts_is_refused_with_the_reason(
    concept: wire.CodeableConcept, why: str
) -> None:
    found = _found(concept)
    assert isinstance(found, Refused)
    assert why in found.why


def test_a_code_says_which_molecule_a_mass_counts() -> None:
    nitrogen, urea = _found(_concept((LOINC, "3094-0"))), _found(_concept((LOINC, "3091-6")))
    assert isinstance(nitrogen, Meant)
    assert isinstance(urea, Meant)
    assert (nitrogen.form, urea.form, Meant("urea").form) == ("nitrogen", "", "")
