"""Which medicines a concept names, by code, or by a name where no code is known."""

import re

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, texts
from service.fhir.lexicon import Lexicon
from service.knowledge.names import fold_name

#: RxNorm's names of products begin with a duration or a count; "24 HR Bupropion 150 MG ...".
_BEGINNING = re.compile(r"^(?:[0-9]+ (?:hr|hour|actuat|ml|mg|day)s? )+")

#: Words that say that a medicine is not taken, or is not taken as one.
_DENIES = re.compile(
    r"\b(?:allerg\w+|intoleran\w+|stop|stopped|discontinue\w*|ceased|avoid\w*|declined|refused|"
    r"not|no|never|without|free|level|levels|withheld|omit|omitted|adverse)\b|\?",
    re.IGNORECASE,
)

#: Longest names in words that are tried at the beginning of a text.
_MOST_WORDS = 4

#: A text longer than this is no name of a medicine.
_LONGEST = 300


class Taken(Struct, frozen=True):
    """The medicines that a concept names, in id order."""

    medicines: tuple[str, ...] = ()
    by_name: bool = False


def medicines_of(concept: wire.CodeableConcept | None, lexicon: Lexicon) -> Taken:
    """The medicines that a concept names.

    RxNorm, ATC and SNOMED CT codes come first. Product codes of RxNorm are not those of their
    ingredients, so where no code is known the texts are read: a whole text that is a name, or
    the name that it, or a part of a combination ("A 5 MG / B 10 MG Oral Tablet"), begins with.
    """
    found = {
        medicine
        for system, code in codings(concept)
        for medicine in lexicon.medicines(system, code)
    }
    if found:
        return Taken(tuple(sorted(found)))
    words = [text for text in texts(concept) if len(text) <= _LONGEST]
    if any(_DENIES.search(text) for text in words):
        return Taken()
    names = lexicon.knowledge.medicine_names
    named = {
        names[name] for text in words for part in text.split(" / ") if (name := _name(part, names))
    }
    return Taken(tuple(sorted(named)), by_name=True)


def _name(text: str, names: dict[str, str]) -> str:
    """The longest known name that a text begins with, in whole words; "" for none."""
    words = _BEGINNING.sub("", fold_name(text)).split(" ")
    for length in range(min(len(words), _MOST_WORDS), 0, -1):
        if (name := " ".join(words[:length])) in names:
            return name
    return ""
