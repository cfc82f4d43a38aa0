from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ucumvert import PintUcumRegistry  # type: ignore[import-untyped]

from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_limit
from service.knowledge.units import (
    EQUIVALENTS,
    MASS,
    SUBSTANCE,
    UCUM,
    accepted,
    convert,
    dimension_of_name,
    find_unit,
    scale,
)
from tests.knowledge.small_rules import FILES, write_rules

#: Units of the shipped table that the oracle cannot judge, and why.
BEYOND_THE_ORACLE = {
    "{INR}": "an annotation alone is no unit to it",
    "{ratio}": "an annotation alone is no unit to it",
    "[pH]": "it does not define it",
    "U/mL": "printed for antibodies, where it is no amount of enzyme",
}
amounts = st.decimals("0.001", 99999, places=3)


def test_every_scale_of_the_shipped_table_agrees_with_an_independent_ucum_library(
    shipped: Knowledge,
) -> None:
    """Within a dimension, what the library makes of two units differs as their scales do."""
    registry = PintUcumRegistry()
    measures: dict[str, set[str]] = {}
    sizes: dict[str, list[float]] = {}
    for code, unit in shipped.units.items():
        if code in BEYOND_THE_ORACLE:
            continue
        theirs = registry.from_ucum(code).to_base_units()
        measures.setdefault(unit.dimension, set()).add(str(theirs.dimensionality))
        sizes.setdefault(unit.dimension, []).append(float(theirs.magnitude) / float(scale(unit)))
    assert {dimension: len(found) for dimension, found in measures.items()} == dict.fromkeys(
        measures, 1
    )
    for dimension, found in sizes.items():
        # UCUM's millimeter of mercury is 133.322 Pa, the library's 133.322387.
        assert max(found) == pytest.approx(min(found), rel=1e-5), dimension


def test_the_oracle_judges_all_units_but_the_named_ones(shipped: Knowledge) -> None:
    assert BEYOND_THE_ORACLE.keys() <= shipped.units.keys()


@pytest.mark.parametrize(
    ("system", "code", "text", "unit"),
    [
        (UCUM, "mmol/L", "", "mmol/L"),
        (UCUM, "mmol/L", "mg/dL", "mmol/L"),
        ("", "mmol/L", "", "mmol/L"),
        ("", "", "mmol/L", "mmol/L"),
        ("", "", " mmol / L ", "mmol/L"),
        ("", "", "MMOL/L", "mmol/L"),
        (UCUM, "MMOL/L", "", "mmol/L"),
        ("", "", "µmol/L", "umol/L"),
        ("", "", "\u03bcmol/L", "umol/L"),
        ("", "", "mcg/dL", "ug/dL"),
        ("", "", "UG%", "ug/dL"),
        ("http://example.org/units", "17", "IU/L", "[IU]/L"),
        (UCUM, "[iU]/L", "", "[IU]/L"),
    ],
)
def test_a_unit_is_found_by_its_code_then_by_how_it_is_printed(
    small: Knowledge, system: str, code: str, text: str, unit: str
) -> None:
    assert find_unit(small, system, code, text) == unit


@pytest.mark.parametrize(
    ("system", "code", "text"),
    [
        ("", "", ""),
        ("", "", "  "),
        (UCUM, "", ""),
        (UCUM, "kg", ""),
        ("", "", "mmol"),
        ("", "", "mmol/L/L"),
        ("", "", "mmol/mL"),
        ("", "", "mol/L"),
        ("", "", "1"),
    ],
)
def test_a_unit_outside_the_table_is_not_guessed(
    small: Knowledge, system: str, code: str, text: str
) -> None:
    assert find_unit(small, system, code, text) is None


def test_case_counts_where_two_units_differ_in_nothing_else(tmp_path: Path) -> None:

    more = '  - {unit: Mmol/L, dimension: substance/volume, scale: "1000000", also: [MOL6/L]}\n'
    knowledge = load(write_rules(tmp_path, {"units.yaml": FILES["units.yaml"] + more}))
    assert find_unit(knowledge, "", "", "Mmol/L") == "Mmol/L"
    assert find_unit(knowledge, "", "", "mmol/L") == "mmol/L"
    assert find_unit(knowledge, "", "", "MMOL/L") is None
    assert find_unit(knowledge, "", "", "mol6/l") == "Mmol/L"


@pytest.mark.parametrize(
    ("analyte", "amount", "same"),
    [
        ("sodium", "140 mmol/L", "140 meq/L"),
        ("copper", "63.546 ug/dL", "10 umol/L"),
        ("copper", "1 umol/L", "6.3546 ug/dL"),
        ("urea", "28.014 mg/dL as nitrogen", "10 mmol/L"),
        ("urea", "60.06 mg/dL", "10 mmol/L"),
        ("urea", "10 mmol/L", "10 mmol/L"),
        ("urea", "28.014 mg/dL as nitrogen", "60.06 mg/dL"),
        ("urea", "60.06 mg/dL", "28.014 mg/dL as nitrogen"),
        ("alt", "60 U/L", "60 [IU]/L"),
        ("alt", "60 [IU]/L", "60 U/L"),
        ("sodium_rise", "8 mmol/L", "8 meq/L"),
    ],
)
def test_conversions_are_exact(small: Knowledge, analyte: str, amount: str, same: str) -> None:
    (one,), (other,) = parse_limit(amount), parse_limit(same)
    found = convert(
        small, analyte, one.value, one.unit, other.unit, form=one.form, to_form=other.form
    )
    assert found == Fraction(other.value)


def test_a_form_is_of_masses_only(small: Knowledge) -> None:
    found = convert(small, "urea", Decimal(10), "mmol/L", "mmol/L", form="nitrogen")
    assert found == Fraction(10)


@pytest.mark.parametrize(
    ("analyte", "unit", "to_unit", "form"),
    [
        ("sodium", "mmol/L", "mg/dL", ""),
        ("copper", "umol/L", "meq/L", ""),
        ("copper", "umol/L", "U/L", ""),
        ("copper", "ug/dL", "umol/L", "sulfate"),
        ("osmoles", "mmol/L", "mg/dL", ""),
        ("alt", "U/L", "mmol/L", ""),
        ("sodium", "mmol/L", "mmol/l", ""),
        ("sodium", "furlong", "mmol/L", ""),
    ],
)
def test_what_an_analyte_does_not_connect_does_not_convert(
    small: Knowledge, analyte: str, unit: str, to_unit: str, form: str
) -> None:
    with pytest.raises(ValueError, match=r"\S+ \S+"):
        convert(small, analyte, Decimal(1), unit, to_unit, form=form)


@given(amounts, st.data())
def test_there_and_back_is_the_same_number(
    shipped: Knowledge, value: Decimal, data: st.DataObject
) -> None:
    analyte = data.draw(st.sampled_from(sorted(shipped.analytes)))
    units = st.sampled_from(shipped.analytes[analyte].units)
    unit, other = data.draw(units), data.draw(units)
    there = convert(shipped, analyte, value, unit, other)
    scale_back = convert(shipped, analyte, Decimal(1), other, unit)
    assert there * scale_back == Fraction(value)


@pytest.mark.parametrize(
    ("name", "dimension"),
    [
        ("Sodium [Moles/volume] in Serum or Plasma", SUBSTANCE),
        ("Copper [Mass/volume] in Serum or Plasma", MASS),
        ("Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", ""),
        ("Sodium", ""),
        ("Osmolality of Serum or Plasma", ""),
        ("Protein [Mass/time] in 24 hour Urine", ""),
    ],
)
def test_the_name_of_a_code_fixes_the_dimension(name: str, dimension: str) -> None:
    assert dimension_of_name(name) == dimension


def test_a_result_is_accepted_in_units_that_fit_the_analyte_and_the_code(small: Knowledge) -> None:
    copper, sodium = small.loinc["5631-7"], small.loinc["2951-2"]
    assert accepted(small, "copper", copper, "ug/dL")
    assert accepted(small, "copper", None, "umol/L")
    assert accepted(small, "sodium", sodium, "mmol/L")
    assert small.units["meq/L"].dimension == EQUIVALENTS
    assert accepted(small, "sodium", sodium, "meq/L")


def test_a_result_in_another_dimension_than_its_code_says_is_not_accepted(small: Knowledge) -> None:
    copper = small.loinc["5631-7"]
    assert copper.dimension == MASS
    assert not accepted(small, "copper", copper, "umol/L")
    assert not accepted(small, "copper", copper, "mmol/L")
    assert not accepted(small, "copper", None, "U/L")
    assert not accepted(small, "urea", small.loinc["22664-7"], "mg/dL")


@pytest.mark.parametrize(
    "printed",
    [
        "mmol L\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT ONE}",
        "mmol L\N{MINUS SIGN}1",
        "mmol L-1",
        "mmol/lt",
        "MMOL/litro",
    ],
)
def test_the_signs_of_print_are_those_of_a_keyboard(shipped: Knowledge, printed: str) -> None:
    assert find_unit(shipped, "", "", printed) == "mmol/L"


@pytest.mark.parametrize("printed", ["mmol L2", "mmol L\N{SUPERSCRIPT TWO}", "mmol/lb", "mOsm/L"])
def test_a_sign_that_makes_another_unit_is_not_read(shipped: Knowledge, printed: str) -> None:
    assert find_unit(shipped, "", "", printed) is None
