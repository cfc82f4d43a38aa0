"""What a specimen says against a result: another fluid, another patient, broken red cells."""

from collections.abc import Iterable

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import texts
from service.fhir.lexicon import Lexicon

#: Codes of specimen types that come without words (HL7 table 0487 and SNOMED CT), and the lists of
#: words that say the same.
_CODES = {
    "UR": "specimen-urine",
    "URC": "specimen-urine",
    "URT": "specimen-urine",
    "122575003": "specimen-urine",
    "CSF": "specimen-cerebrospinal-fluid",
    "258450006": "specimen-cerebrospinal-fluid",
    "DIAF": "specimen-dialysis-fluid",
    "PLR": "specimen-body-fluid",
    "PRT": "specimen-body-fluid",
    "SNV": "specimen-body-fluid",
    "AMN": "specimen-body-fluid",
    "STL": "specimen-stool",
    "SPT": "specimen-saliva",
    "SAL": "specimen-saliva",
    "SWT": "specimen-saliva",
}


class Drawn(Struct, frozen=True):
    """What a specimen is: `words` of its kind, `fluid` by its code, and whether it is hemolyzed."""

    words: tuple[str, ...] = ()
    fluid: str = ""
    hemolyzed: bool = False


def drawn(specimen: wire.Specimen, lexicon: Lexicon) -> Drawn:
    """What a Specimen says of itself."""
    site = specimen.collection.body_site if specimen.collection else None
    codes = [coding.code or "" for coding in (specimen.type and specimen.type.coding) or ()]
    fluids = lexicon.grammar.specimens.fluids
    return Drawn(
        (*texts(specimen.type), *_words_in(site)),
        next((fluids[_CODES[code]].name for code in codes if code in _CODES), ""),
        any(
            says_hemolyzed(text, lexicon)
            for concept in specimen.condition or ()
            for text in texts(concept)
        )
        or any(
            coding.code == "HEM"
            for concept in specimen.condition or ()
            for coding in concept.coding or ()
        ),
    )


def _words_in(element: object) -> Iterable[str]:
    """All texts in an element whose shape differs between versions of FHIR."""
    if isinstance(element, str):
        yield element
    elif isinstance(element, dict):
        for inner in element.values():
            yield from _words_in(inner)
    elif isinstance(element, list):
        for inner in element:
            yield from _words_in(inner)


def fluid_in(words: Iterable[str], lexicon: Lexicon) -> str:
    """The specimen other than blood that one of the texts names, "" for none."""
    for text in words:
        if fluid := lexicon.fluid(text):
            return fluid
    return ""


def says_hemolyzed(text: str, lexicon: Lexicon) -> bool:
    """Whether a note says that red cells broke in the tube, which lets potassium out of them."""
    grammar = lexicon.grammar.specimens
    return bool(grammar.hemolyzed.search(text)) and not grammar.not_hemolyzed.search(text)
