"""What a specimen says against a result: another fluid, another patient, broken red cells."""

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import texts

#: Specimens that a serum, plasma or blood result is never from, and how they are printed.
_FLUIDS = {
    "urine": r"urin\w*|uroculture|orina",
    "cerebrospinal fluid": r"csf|cerebro[- ]?spinal|spinal fluid|liquor|lcr",
    "dialysis fluid": r"dialysates?|dialysis fluid|dialysis effluent|effluent|ultrafiltrate",
    "a circuit outside of the body": (
        r"\w*circuit|extracorporeal|(?:pre|post)[- ]?(?:filter|dialy[sz]er|ha?emofilter)|"
        r"ha?emofiltrate"
    ),
    "a control or calibrator": (
        r"quality control|control (?:material|sample|specimen|serum|plasma|level)|qc|calibrators?|"
        r"proficiency (?:test\w*|sample)"
    ),
    "of a donor or a blood product": (
        r"donor|apheresis|blood (?:bag|unit|product)|packed (?:red )?cells|fresh frozen plasma|"
        r"platelet (?:concentrate|unit)"
    ),
    "another body fluid": (
        r"body fluid|pleural|ascit\w+|peritoneal|synovial|joint fluid|pericardial|amniotic|vitreous"
    ),
    "drainage": r"drain|drainage|wound fluid|bile|gastric\w*",
    "saliva, sputum or sweat": r"saliva\w*|oral fluid|sputum|sweat|tears?",
    "stool": r"stool|fa?eces|fa?ecal",
    "milk": r"breast milk|human milk|colostrum",
    "tissue, hair or a swab": r"tissue(?![- ]trans)|biopsy|hairs?|nails?|swab|calculus",
}
_WORDS = {
    fluid: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for fluid, pattern in _FLUIDS.items()
}

#: Codes of specimen types that come without words: HL7 table 0487 and SNOMED CT.
_CODES = {
    "UR": "urine",
    "URC": "urine",
    "URT": "urine",
    "122575003": "urine",
    "CSF": "cerebrospinal fluid",
    "258450006": "cerebrospinal fluid",
    "DIAF": "dialysis fluid",
    "PLR": "another body fluid",
    "PRT": "another body fluid",
    "SNV": "another body fluid",
    "AMN": "another body fluid",
    "STL": "stool",
    "SPT": "saliva, sputum or sweat",
    "SAL": "saliva, sputum or sweat",
    "SWT": "saliva, sputum or sweat",
}

_HEMOLYZED = re.compile(r"\bha?emoly[sz](?:ed|is)\b", re.IGNORECASE)
_NOT_HEMOLYZED = re.compile(
    r"\b(?:no|non|not|without|absent|negative|free of)\b[^.;,]{0,30}ha?emoly[sz]|"
    r"ha?emoly[sz]\w*\W{0,4}(?:none|no|absent|negative|not|index|0)\b",
    re.IGNORECASE,
)


class Drawn(Struct, frozen=True):
    """What a specimen is: `words` of its kind, `fluid` by its code, and whether it is hemolyzed."""

    words: tuple[str, ...] = ()
    fluid: str = ""
    hemolyzed: bool = False


def drawn(specimen: wire.Specimen) -> Drawn:
    """What a Specimen says of itself."""
    site = specimen.collection.body_site if specimen.collection else None
    codes = [coding.code or "" for coding in (specimen.type and specimen.type.coding) or ()]
    return Drawn(
        (*texts(specimen.type), *_words_in(site)),
        next((_CODES[code] for code in codes if code in _CODES), ""),
        any(says_hemolyzed(text) for concept in specimen.condition or () for text in texts(concept))
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


def fluid_in(words: Iterable[str]) -> str:
    """The specimen other than blood that one of the texts names, "" for none."""
    for text in words:
        if fluid := (_remembered if len(text) <= _LONGEST_REMEMBERED else _fluid)(text):
            return fluid
    return ""


def _fluid(text: str) -> str:
    return next((fluid for fluid, word in _WORDS.items() if word.search(text)), "")


#: What senders call a test comes again with every result of it; whole essays do not.
_LONGEST_REMEMBERED = 200
_remembered = lru_cache(maxsize=4096)(_fluid)


def says_hemolyzed(text: str) -> bool:
    """Whether a note says that red cells broke in the tube, which lets potassium out of them."""
    return bool(_HEMOLYZED.search(text)) and not _NOT_HEMOLYZED.search(text)
