"""The laboratory's own flag, folded to the few words that grading knows.

https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html; HL7 v2 table 0078 and
FHIR's copies of it have the same codes.
"""

from collections.abc import Sequence

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import plain_codes, texts

_FOLDED = {
    "l": "L",
    "ll": "LL",
    # Significantly low is not critical.
    "lu": "L",
    "l<": "L",
    "h": "H",
    "hh": "HH",
    "hu": "H",
    "h>": "H",
    "n": "N",
    "a": "A",
    "aa": "AA",
    "low": "L",
    "critical low": "LL",
    "critically low": "LL",
    "significantly low": "L",
    "high": "H",
    "critical high": "HH",
    "critically high": "HH",
    "significantly high": "H",
    "normal": "N",
    "abnormal": "A",
    "critical abnormal": "AA",
    "critically abnormal": "AA",
    "below reference range": "L",
    "above reference range": "H",
    "within reference range": "N",
    # SNOMED CT: below, above and within reference range; low, high, normal and abnormal.
    "281300000": "L",
    "281302008": "H",
    "281301001": "N",
    "62482003": "L",
    "75540009": "H",
    "17621005": "N",
    "263654008": "A",
}

#: Beyond what the laboratory can measure: of a value that can be read, this tells no more.
_OFF_SCALE = {"<": "L", ">": "H"}

#: What each flag also says.
_IMPLIED = {"LL": {"L", "A", "AA"}, "HH": {"H", "A", "AA"}, "L": {"A"}, "H": {"A"}, "AA": {"A"}}

_QUALITY_FAILED = "qcf"
_HELD = "hm"


class Flagged(Struct, frozen=True):
    """What the laboratory flags: one of L, LL, H, HH, N, A, AA, or "".

    `contradictory`: it flags more than one can be. `failed`: its own quality control failed;
    `held`: it waits for a physician's review. `off_scale`: L or H where the value lies beyond
    what the laboratory can measure. `unread`: it flags, and nothing of that is known here.
    """

    flag: str = ""
    contradictory: bool = False
    failed: bool = False
    held: bool = False
    off_scale: str = ""
    unread: bool = False


_NOTHING = Flagged()

#: What most results say: one code, as HL7 writes it.
_ALONE = {word.upper(): Flagged(flag) for word, flag in _FOLDED.items()}


def flagged(
    interpretation: Sequence[wire.CodeableConcept] | wire.CodeableConcept | None,
) -> Flagged:
    """The laboratory's flag; a concept's text is asked where none of its codes tells."""
    if not interpretation:
        return _NOTHING
    if isinstance(interpretation, wire.CodeableConcept):
        interpretation = (interpretation,)
    coded = interpretation[0].coding or ()
    if len(interpretation) == len(coded) == 1 and coded[0].code in _ALONE:
        return _ALONE[coded[0].code]
    flags: set[str] = set()
    failed = held = told = False
    beyond: set[str] = set()
    for concept in interpretation:
        codes = plain_codes(concept)
        told = told or bool(codes) or any(text.strip() for text in texts(concept))
        failed = failed or _QUALITY_FAILED in codes
        held = held or _HELD in codes
        beyond |= {_OFF_SCALE[code] for code in codes if code in _OFF_SCALE}
        said = {_FOLDED[code] for code in codes if code in _FOLDED}
        flags |= said or {
            _FOLDED[word] for text in texts(concept) if (word := text.strip().lower()) in _FOLDED
        }
    if len(flags) > 1:
        flags -= {implied for flag in flags for implied in _IMPLIED.get(flag, ())}
    if len(flags) > 1:
        return Flagged("", True, failed, held)
    unread = told and not (flags or failed or held or beyond)
    off_scale = beyond.pop() if len(beyond) == 1 else ""
    return Flagged(flags.pop() if flags else "", False, failed, held, off_scale, unread)
