"""Which medicines a concept names, by code, or by a name where no code is known."""

import re

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, texts
from service.fhir.lexicon import Lexicon
from service.knowledge.names import fold_name

#: RxNorm's names of products begin with a duration or a count, "24 HR Bupropion 150 MG ...";
#: SNOMED CT's with what they are, "Product containing only oxycodone", "Oral form oxycodone".
_BEGINNING = re.compile(
    r"^(?:(?:[0-9]+ (?:hr|hour|actuat|ml|mg|day)s? )+|"
    r"product containing (?:only |precisely )?|(?:oral|parenteral) form )"
)

_NEGATED = (
    r"(?:allerg(?:y|ies|ic)|intoleran(?:t|ce)|adverse (?:reaction|event|effect)|stopped|"
    r"discontinued|ceased|declined|refused|withheld|omitted|"
    r"(?:not|never|no longer) (?:being )?(?:taken|taking|tolerated|given|started|used|using|on))"
)

#: What stands before a name that it negates: "no gabapentin", "not taking gabapentin".
_BEFORE = re.compile(
    rf"(?:^|.* )(?:no|not|never|without|stop|avoid|{_NEGATED})"
    r"(?: (?:to|on|of|the|any|longer|taking|take|using|use|given|give|started|start|prescribe))*"
)

#: What stands after a name that it negates. Instructions for doses come in between only where
#: it ends the text: "do not exceed" and "stop if drowsy" are said of what is taken.
_AFTER = re.compile(
    rf"(?:free|levels?)\b.*|(?:(?:[0-9]+|mc?g|ml|iu|oral|tablets?|capsules?|is|was|has|been) )*"
    rf"{_NEGATED}\b.*|(?:.*(?<!\bif)(?<!\buntil)(?<!\bunless)(?<!\bwhen) )?{_NEGATED}"
)

#: Longest names in words that are tried at the beginning of a text.
_MOST_WORDS = 4

#: A text longer than this is no name of a medicine.
_LONGEST = 300


class Taken(Struct, frozen=True):
    """The medicines that a concept names, in id order.

    `denied`: its words say that what they name is not taken, or not as a medicine.
    """

    medicines: tuple[str, ...] = ()
    by_name: bool = False
    denied: bool = False


def medicines_of(concept: wire.CodeableConcept | None, lexicon: Lexicon) -> Taken:
    """The medicines that a concept names.

    RxNorm, ATC and SNOMED CT codes come first. Product codes of RxNorm are not those of their
    ingredients, so where no code is known the texts are read: a whole text that is a name, or
    the name that it, or a part of a combination ("A 5 MG / B 10 MG Oral Tablet"), begins with.
    """
    names = lexicon.knowledge.medicine_names
    words = [text for text in texts(concept) if len(text) <= _LONGEST]
    denied = any(_denies(text, names) for text in words)
    found = {
        medicine
        for system, code in codings(concept)
        for medicine in lexicon.medicines(system, code)
    }
    if found:
        return Taken(tuple(sorted(found)), denied=denied)
    named = {
        names[name] for text in words for part in text.split(" / ") if (name := _name(part, names))
    }
    return Taken(tuple(sorted(named)), by_name=True, denied=denied)


def _denies(text: str, names: dict[str, str]) -> bool:
    """Whether a text negates the medicine that it names, or negates and names nothing."""
    folded = fold_name(text)
    words = folded.split(" ")
    for i in range(len(words)):
        if name := _longest(words[i:], names):
            before, after = " ".join(words[:i]), " ".join(words[i:])[len(name) + 1 :]
            doubted = text.strip().startswith("?") or text.rstrip().endswith("?")
            return doubted or bool(_BEFORE.fullmatch(before) or _AFTER.fullmatch(after))
    return bool(re.fullmatch(_NEGATED, folded))


def _name(text: str, names: dict[str, str]) -> str:
    """The longest known name that a text begins with, in whole words; "" for none."""
    return _longest(_BEGINNING.sub("", fold_name(text)).split(" "), names)


def _longest(words: list[str], names: dict[str, str]) -> str:
    for length in range(min(len(words), _MOST_WORDS), 0, -1):
        if (name := " ".join(words[:length])) in names:
            return name
    return ""
