"""Units: finding the one a sender meant, and exact conversion.

The table (rules/units.yaml) is closed. Within one dimension units convert by their scales.
Between dimensions nothing converts but what the analyte itself connects:

- MASS, SUBSTANCE and EQUIVALENTS, through its molar mass (or that of the molecule that a
  mass counts) and its charge;
- CATALYTIC and INTERNATIONAL: an analyte that accepts units of both counts 1 [IU] as 1 U.

All other dimensions (osmolality, time, pressure, "1", clearance ...) stand alone.
Every conversion is a Fraction, so that none decides a clinical question by rounding.
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from service.knowledge.language import Analyte, Unit
from service.knowledge.model import Knowledge, Measured

UCUM = "http://unitsofmeasure.org"

MASS = "mass/volume"
SUBSTANCE = "substance/volume"
EQUIVALENTS = "equivalents/volume"
CATALYTIC = "catalytic activity/volume"
INTERNATIONAL = "international units/volume"

#: Bases: g/L, mol/L and eq/L; kat/L and [IU]/L, where 1 U is 1 umol/min.
_KATALS_PER_UNIT = Fraction(1, 60_000_000)

#: What a LOINC long name says in brackets of its unit.
_BRACKETS = {"[Mass/volume]": MASS, "[Moles/volume]": SUBSTANCE}

#: Signs of print, and what keyboards have: a micro sign is "u", a superscript minus "-".
_KEYBOARD = str.maketrans(
    {
        "\N{MICRO SIGN}": "u",
        "\N{GREEK SMALL LETTER MU}": "u",
        "\N{MINUS SIGN}": "-",
        "\N{SUPERSCRIPT MINUS}": "-",
        "\N{SUPERSCRIPT ONE}": "1",
    }
)
_SPACES = re.compile(r"\s+")


def fold_spelling(text: str) -> str:
    """A printed unit without spaces, signs as on a keyboard; letters keep their case."""
    return _SPACES.sub("", text.translate(_KEYBOARD))


def find_unit(knowledge: Knowledge, system: str, code: str, text: str) -> str | None:
    """The unit of the table that a quantity's system, code and printed unit name, if any.

    A UCUM code decides. Else code and then text are looked up among the
    spellings: as they are, then without regard to case where only one unit is spelled so.
    """
    if system == UCUM and code in knowledge.units:
        return code
    for spelling in (fold_spelling(code), fold_spelling(text)):
        for key in (spelling, spelling.casefold()):
            if key and (found := knowledge.unit_spellings.get(key)):
                return found
    return None


def dimension_of_name(loinc_name: str) -> str:
    """The dimension that a LOINC long name fixes for its unit, "" where it fixes none.

    SUBSTANCE stands for EQUIVALENTS too: LOINC calls both "[Moles/volume]".
    """
    return next((found for word, found in _BRACKETS.items() if word in loinc_name), "")


def accepted(knowledge: Knowledge, analyte: str, measured: Measured | None, unit: str) -> bool:
    """Whether a result of an analyte may have this unit: it is the analyte's, and fits the code.

    `measured` is what the result's LOINC code measures, None where it came by name.
    """
    if unit not in knowledge.analytes[analyte].units:
        return False
    dimension = knowledge.units[unit].dimension
    if measured is None or not measured.dimension or dimension == measured.dimension:
        return True
    return measured.dimension == SUBSTANCE and dimension == EQUIVALENTS


def convert(
    knowledge: Knowledge,
    analyte: str,
    value: Decimal,
    unit: str,
    to_unit: str,
    *,
    form: str = "",
    to_form: str = "",
) -> Fraction:
    """An amount of an analyte (or derived value) in another unit, exactly.

    `form` and `to_form` name the molecules that masses count ("" the analyte's own).
    Raises ValueError where the analyte does not connect the two dimensions.
    """
    here, there = _unit(knowledge, unit), _unit(knowledge, to_unit)
    if here is there and form == to_form:
        return _exactly(value)
    rule = chemistry(knowledge, analyte)
    return _exactly(value) * _factor(
        (here.dimension, here.scale, _molecule(rule, form)),
        (there.dimension, there.scale, _molecule(rule, to_form)),
    )


def chemistry(knowledge: Knowledge, analyte: str) -> Analyte | None:
    """The analyte whose molar mass and charge hold for an analyte or derived value, if any."""
    if derived := knowledge.derived.get(analyte):
        analyte = derived.change.analyte if derived.change else derived.stands_for
    return knowledge.analytes.get(analyte)


def scale(unit: Unit) -> Fraction:
    """How much of the base unit of its dimension a unit is."""
    return _fraction(unit.scale)


@lru_cache(maxsize=1024)
def _fraction(text: str) -> Fraction:
    return Fraction(text)


# Formulas ask again for the same result, and laboratories print few digits.
@lru_cache(maxsize=4096)
def _exactly(value: Decimal) -> Fraction:
    return Fraction(value)


def _unit(knowledge: Knowledge, unit: str) -> Unit:
    if found := knowledge.units.get(unit):
        return found
    raise ValueError(f'"{unit}" is not a unit of the table (rules/units.yaml)')


class _Molecule(NamedTuple):
    """What is counted: of which analyte, as which form, its molar mass and charge as written."""

    analyte: str = ""
    form: str = ""
    molar_mass: str = ""
    charge: str = ""


def _molecule(analyte: Analyte | None, form: str) -> _Molecule:
    if not analyte:
        return _Molecule(form=form)
    mass = analyte.forms.get(form, "") if form else analyte.molar_mass
    return _Molecule(analyte.analyte, form, mass, analyte.charge)


#: A dimension, a scale in it as written, and what is counted.
_Measure = tuple[str, str, _Molecule]


@lru_cache(maxsize=4096)
def _factor(here: _Measure, there: _Measure) -> Fraction:
    """What an amount is multiplied by. Few pairs exist, and each is used with every record."""
    return _fraction(here[1]) * _bridge(here, there) / _fraction(there[1])


def _bridge(here: _Measure, there: _Measure) -> Fraction:
    """How many bases of the one dimension a base of the other is."""
    (one, _, molecule), (other, _, to_molecule) = here, there
    if one == other and (one != MASS or molecule == to_molecule):
        return Fraction(1)
    if molecule.analyte:
        if {one, other} <= {MASS, SUBSTANCE, EQUIVALENTS}:
            return _moles(one, molecule) / _moles(other, to_molecule)
        if (one, other) == (CATALYTIC, INTERNATIONAL):
            return 1 / _KATALS_PER_UNIT
        if (one, other) == (INTERNATIONAL, CATALYTIC):
            return _KATALS_PER_UNIT
    raise ValueError(f"{one} does not convert to {other}")


def _moles(dimension: str, molecule: _Molecule) -> Fraction:
    """How many mol/L one g/L or eq/L is."""
    if dimension == SUBSTANCE:
        return Fraction(1)
    if dimension == EQUIVALENTS:
        return 1 / _known(molecule.analyte, molecule.charge, "charge")
    what = f"molar mass as {molecule.form}" if molecule.form else "molar_mass"
    return 1 / _known(molecule.analyte, molecule.molar_mass, what)


def _known(analyte: str, text: str, what: str) -> Fraction:
    if not text:
        raise ValueError(f"{analyte} has no {what}")
    known = _fraction(text)
    if known <= 0:
        raise ValueError(f"the {what} of {analyte} must be above zero")
    return known
