"""Which analyte a code means, by LOINC, or by a name where no code tells."""

import re
from collections.abc import Sequence
from typing import final

from msgspec import Struct, structs

from service.fhir import wire
from service.fhir.codes import codings, texts
from service.fhir.lexicon import Lexicon, Meant
from service.knowledge.model import LOINC, Measured
from service.knowledge.names import fold_name

_LOINC_CODE = re.compile(r"[0-9]{1,7}-[0-9]")

#: A text longer than this is no name of a test.
_LONGEST = 200

_CONFLICT = "The codings name different analytes, so the result was not used."
_FORMS_CONFLICT = "The codings differ in which molecule a mass counts, so the result was not used."
_NAMES_CONFLICT = "The texts name different analytes, so the result was not used."
_UNITS_CONFLICT = "The texts name different units, so the result was not used."

#: A name with something in brackets at its end.
_WITH_BRACKETS = re.compile(r"([^()\[\]]+)[(\[]([^()\[\]]+)[)\]]\s*")


@final
class Refused(Struct, frozen=True):
    """A code that must not be read as the analyte that it resembles, or names two; and why."""

    why: str


def analyte_of(
    concept: wire.CodeableConcept | None, lexicon: Lexicon, by_name: bool = True
) -> Meant | Refused | None:
    """The analyte that an Observation's code means, None for none that rules know.

    A name is only asked where there is no LOINC code at all, known or not: a LOINC code
    that no rule uses means something else, however the sender calls it.
    """
    coded = (concept and concept.coding) or ()
    if len(coded) == 1 and coded[0].system == LOINC and coded[0].code in lexicon.loinc:
        return lexicon.loinc[coded[0].code]
    known = lexicon.knowledge.loinc
    measured: list[Measured] = []
    refused: list[str] = []
    other = False
    for system, code in codings(concept):
        if system != LOINC:
            continue
        if found := known.get(code):
            measured.append(found)
        elif look_alike := lexicon.knowledge.refused.get(code):
            name = lexicon.analyte(look_alike.analyte).name
            refused.append(f"LOINC {code} was not read as {name}: it is {look_alike.why}.")
        elif _LOINC_CODE.fullmatch(code):
            other = True
    if refused:
        return Refused(refused[0])
    if not other:
        measured = _with_local(measured, coded, lexicon)
    if measured:
        return _agreed(measured)
    return None if other or not by_name else _named(concept, lexicon)


def _with_local(
    measured: list[Measured], coded: Sequence[wire.Coding], lexicon: Lexicon
) -> list[Measured]:
    """What codings mean with those of the site's own table, which LOINC comes before."""
    local = lexicon.knowledge.local
    for coding in coded if local else ():
        found = local.get(((coding.system or "").strip(), (coding.code or "").strip()))
        if found and measured and found.analyte == measured[0].analyte:
            unit = measured[0].unit or found.unit
            measured = [structs.replace(measured[0], unit=unit), *measured[1:]]
        elif found:
            measured = [*measured, found]
    return measured


def _agreed(measured: list[Measured]) -> Meant | Refused:
    first = measured[0]
    if any(one.analyte != first.analyte for one in measured):
        return Refused(_CONFLICT)
    if any(one.form != first.form for one in measured):
        return Refused(_FORMS_CONFLICT)
    return Meant(first.analyte, tuple(measured))


def _named(concept: wire.CodeableConcept | None, lexicon: Lexicon) -> Meant | Refused | None:
    found = {
        meant
        for text in texts(concept)
        if len(text) <= _LONGEST and (meant := _meant(text, lexicon))
    }
    if len({(meant.analyte, meant.counts) for meant in found}) > 1:
        return Refused(_NAMES_CONFLICT)
    if len({meant.unit for meant in found if meant.unit}) > 1:
        return Refused(_UNITS_CONFLICT)
    # The name that tells most: a unit, and a name that means nothing else.
    return min(found, key=lambda meant: (not meant.unit, meant.plausible), default=None)


def _meant(text: str, lexicon: Lexicon) -> Meant | None:
    """What a name means, which may have in brackets its short form or the unit of its values.

    "Copper (Cu)" and "urea (mg/dL)" are read so; "sodium (urine)" is no name of either kind.
    """
    if meant := lexicon.named(fold_name(text)):
        return meant
    found = _WITH_BRACKETS.fullmatch(text)
    if not found or not (meant := lexicon.named(fold_name(found[1]))):
        return None
    short = lexicon.named(fold_name(found[2]))
    if short and short.analyte == meant.analyte:
        return max(meant, short, key=lambda one: (one.counts, not one.plausible))
    unit = lexicon.unit("", "", found[2].strip())
    return structs.replace(meant, unit=unit) if unit else None
