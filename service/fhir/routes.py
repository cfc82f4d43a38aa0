"""Whether a medicine stays where it is put, on the skin or in an eye or ear."""

import re
from collections.abc import Iterable

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, concepts, texts
from service.fhir.lexicon import Lexicon
from service.knowledge.language import MedicineRule
from service.knowledge.model import ATC

#: Routes in SNOMED CT: topical, auricular, ophthalmic.
_LOCAL_ROUTES = frozenset({"6064005", "10547007", "54485002"})

#: Groups of ATC: for the skin, and for eyes and ears.
_LOCAL_GROUPS = ("D", "S")

_SIDE = r"(?:the |each |both |affected |left |right |either |r |l )*"
#: What is put into an eye or ear; "ringing in the ears" is an effect, and no way.
_PUT = r"(?:drops?|gtts?|instill?\w*|squirts?|put|place|apply|applied|use|inch|cm|strip)"
#: These may also tell what a medicine is for, as "ocular migraine" does. They tell the way before
#: a form, a dose or the end.
_OF_A_PLACE = r"(?:ophthalmic|ophth|opht|ocular|conjunctival|otic|auricular|cutaneous)"
_FORM = (
    r"(?:use|appl\w+|admin\w*|instill\w*|route|sol(?:n|ution)s?|susp(?:ension)?|oint(?:ment)?|gel|"
    r"drops?|gtts?|emulsion|insert|irrigation|preparation|product|form|spray|foam|powder|lotion|"
    r"cream|strip|wash|both|each|every|left|right|once|twice|daily|bid|tid|qid|in|into|to)"
)
_LOCAL = re.compile(
    r"\b(?:(?:eye|ear)[ -]*(?:drops?|ointment|gel|solution|suspension|wash)|"
    rf"(?:^|{_PUT} (?:[\w.]+ ){{0,4}})(?:in|into|to|on) {_SIDE}(?:eyes?|ears?)|"
    rf"{_OF_A_PLACE}(?=[ -]*(?:[^\w\s-]|[0-9]|{_FORM}\b))|(?<!for ){_OF_A_PLACE}(?=\s*$)|"
    r"intravitreal|intracameral|topically|(?<!for )topical|topical (?:use|application)|"
    r"(?<!ice )creams?|ointments?|lotions?|shampoos?|"
    r"[0-9]+ ?% gels?|gel [0-9.,]+ ?%|"
    rf"(?:apply|applied) (?:thinly|sparingly|to {_SIDE}(?:skin|area)))(?!\w)",
    re.IGNORECASE,
)

#: How fast a patch gives what is in it, written as one of many ways: "25 mcg/h", "4 mg/24 hours".
_RATE = (
    r"(?:m?c?g|[u\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}]g|micrograms?|milligrams?) ?(?:/|per) ?"
    r"(?:24 ?)?h(?:(?:ou)?rs?)?"
)

#: What is meant for the whole body all the same; a patch is, as a rule (fentanyl, rotigotine).
_SYSTEMIC = re.compile(
    rf"(?<!not for )(?<!not )\b(?:patch(?:es)?|transdermal|{_RATE}|oral(?:ly)?|by mouth|po|"
    r"tab(?:let)?s?|cap(?:sule)?s?|iv|intravenous(?:ly)?|infusion|im|intramuscular|sc|"
    r"subcutaneous|inj(?:ect\w*)?)\b",
    re.IGNORECASE,
)
_PATCH = re.compile(r"\b(?:patch(?:es)?|plasters?)\b", re.IGNORECASE)


class Way(Struct, frozen=True):
    """What names, forms, routes and dosages say of the way of a medicine into the body.

    `local`: it is put on the skin, or into an eye or ear. `patch`: it is in a patch.
    """

    local: bool = False
    patch: bool = False

    def is_local(self, medicine: MedicineRule) -> bool:
        """Whether hardly any of a medicine gets from there into the rest of the body."""
        return self.local or (self.patch and medicine.patch_is_local)


def way_of(
    named: Iterable[wire.CodeableConcept],
    dosage: tuple[wire.Dosage, ...] | wire.Dosage | None,
    lexicon: Lexicon,
) -> Way:
    """The way of a medicine by the concepts that name it and its form, and by its dosages.

    A code of ATC that rules name is one that counts, whatever its group.
    """
    dosages = (dosage,) if isinstance(dosage, wire.Dosage) else dosage or ()
    routes = [route for each in dosages for route in concepts(each.route)]
    named = tuple(named)
    words = [text for concept in (*named, *routes) for text in texts(concept)]
    words += [each.text for each in dosages if each.text]
    codes = {coding.code for route in routes for coding in route.coding or ()}
    local = (
        not codes.isdisjoint(_LOCAL_ROUTES)
        or any(
            system == ATC and code.startswith(_LOCAL_GROUPS) and not lexicon.medicines(ATC, code)
            for concept in named
            for system, code in codings(concept)
        )
        or any(map(_LOCAL.search, words))
    )
    return Way(local and not any(map(_SYSTEMIC.search, words)), any(map(_PATCH.search, words)))
