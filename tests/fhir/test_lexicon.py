from decimal import Decimal

import pytest

from service.fhir.lexicon import Lexicon, lexicon_of
from service.knowledge.model import ATC, ICD10CM, RXNORM, SNOMED
from tests.fhir.sent import KNOWLEDGE, LEXICON, UCUM


@pytest.mark.parametrize(
    ("system", "code", "text", "unit"),
    [
        (UCUM, "mmol/L", "", "mmol/L"),
        ("", "", "MMOL/L", "mmol/L"),
        ("", "", "mmol / l", "mmol/L"),
        ("http://snomed.info/sct", "258814008", "umol/L", "umol/L"),
        ("", "", "\N{MICRO SIGN}mol/L", "umol/L"),
        ("", "", "furlongs", None),
        ("", "", "", None),
    ],
)
def test_a_unit_is_found_the_same_way_each_time(
    system: str, code: str, text: str, unit: str | None
) -> None:
    assert LEXICON.unit(system, code, text) == LEXICON.unit(system, code, text) == unit


def test_ever_new_spellings_do_not_fill_the_memory() -> None:
    lexicon = Lexicon(KNOWLEDGE)
    for i in range(25_000):
        assert lexicon.unit("", "", f"unit {i}") is None
        assert lexicon.problems(SNOMED, str(i)) == ()
    assert len(lexicon._units) <= 10_000  # noqa: SLF001 - the memory is what this is about
    assert len(lexicon._coded) <= 10_000  # noqa: SLF001


def test_very_long_spellings_are_looked_up_and_not_kept() -> None:
    lexicon = Lexicon(KNOWLEDGE)
    assert lexicon.unit("", "", f"mmol{' ' * 1_000}/L") == "mmol/L"
    assert lexicon.problems(SNOMED, "7" * 1_000) == ()
    assert not lexicon._units  # noqa: SLF001 - the memory is what this is about
    assert not lexicon._coded  # noqa: SLF001


@pytest.mark.parametrize(
    ("analyte", "unit", "form", "bounds"),
    [
        ("sodium", "mmol/L", "", ("90", "200")),
        ("sodium", "meq/L", "", ("90", "200")),
        ("vitamin_b12", "ng/L", "", ("5", "200000")),
        ("urea", "mmol/L", "", ("0.3", "120")),
        ("inr", "1", "", ("0.5", "20")),
    ],
)
def test_plausible_bounds_are_those_of_the_rules_in_the_unit_of_the_value(
    analyte: str, unit: str, form: str, bounds: tuple[str, str]
) -> None:
    low, high = bounds
    assert LEXICON.plausible(analyte, unit, form) == (Decimal(low), Decimal(high))


def test_a_mass_of_another_molecule_has_bounds_of_its_own() -> None:
    urea = LEXICON.plausible("urea", "mg/dL", "")
    nitrogen = LEXICON.plausible("urea", "mg/dL", "nitrogen")
    assert urea
    assert nitrogen
    assert urea[0] / nitrogen[0] == pytest.approx(Decimal("60.06") / Decimal("28.014"))


def test_a_unit_that_the_analyte_does_not_connect_has_no_bounds() -> None:
    assert LEXICON.plausible("sodium", "mg/dL", "") is None


def test_codes_name_problems_and_medicines_each_in_their_own_system() -> None:
    assert LEXICON.problems(ICD10CM, "F1020") == ("alcohol-use-disorder",)
    assert LEXICON.problems(ICD10CM, "F1021") == ()
    assert LEXICON.problems(SNOMED, "F1020") == ()
    assert LEXICON.problems("http://elsewhere.example", "F1020") == ()
    assert LEXICON.medicines(ATC, "N03AG01") == ("valproate",)
    assert LEXICON.medicines(RXNORM, "") == ()


def test_a_rule_set_has_one_lexicon() -> None:
    assert lexicon_of(KNOWLEDGE) is lexicon_of(KNOWLEDGE)
