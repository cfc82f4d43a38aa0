"""Which medicines a concept names, by code, or by a name where no code is known."""

import re
from collections.abc import Iterator

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, texts
from service.fhir.grammar import OfMedicines
from service.fhir.lexicon import Lexicon
from service.knowledge.names import fold_name

#: Abbreviations as short as that mean many things: INH is isoniazid, and a way to inhale.
_SHORTEST = 4

#: Where a sentence ends, and where a clause does. "2.5 mg" is within one.
_SENTENCE = re.compile(r"[.!?]\s+|\n+")
_CLAUSE = re.compile(r"[.!?]\s+|[;\n]+")

#: Longest names in words that are tried at each place of a text.
_MOST_WORDS = 4

#: A text longer than this is no name of a medicine.
_LONGEST = 300


class Taken(Struct, frozen=True):
    """The medicines that a concept names, in id order.

    `denied`: its words say that what they name is not taken, or not as a medicine. `doubtful`:
    they name a medicine that is not among these, as they leave open whether it is taken.
    """

    medicines: tuple[str, ...] = ()
    by_name: bool = False
    denied: bool = False
    doubtful: bool = False


def medicines_of(concept: wire.CodeableConcept | None, lexicon: Lexicon) -> Taken:
    """The medicines that a concept names.

    RxNorm, ATC and SNOMED CT codes come first. Product codes of RxNorm are not those of their
    ingredients, so where no code is known the texts are read for names, in whole words.
    """
    names = lexicon.knowledge.medicine_names
    words = [text for text in texts(concept) if len(text) <= _LONGEST]
    grammar = lexicon.grammar.medicines
    denied = any(_denies(text, names, grammar) for text in words)
    found = {
        medicine
        for system, code in codings(concept)
        for medicine in lexicon.medicines(system, code)
    }
    if found:
        return Taken(tuple(sorted(found)), denied=denied)
    read = [one for text in words for one in _named(text, names, grammar)]
    named = {medicine for medicine, sure in read if sure}
    doubtful = any(medicine not in named for medicine, _ in read)
    return Taken(tuple(sorted(named)), by_name=True, denied=denied, doubtful=doubtful)


def _named(text: str, names: dict[str, str], grammar: OfMedicines) -> Iterator[tuple[str, bool]]:
    """The medicines that a text names, and whether its words leave no doubt that each is taken.

    Of a combination ("A 5 MG / B 10 MG Oral Tablet") each part is a beginning.
    """
    before: list[str] = []
    for part in text.split(" / "):
        leading = True
        for sentence in _SENTENCE.split(part):
            words = fold_name(sentence).split(" ")
            i = 0
            while i < len(words):
                name = _longest(words[i : i + _MOST_WORDS], names)
                if name and (leading or _counts_within(name, grammar)):
                    yield names[name], not grammar.doubts.search(" ".join(before))
                length = len(name.split(" ")) if name else 1
                leading = leading and bool(grammar.leads_in.fullmatch(words[i]))
                before += words[i : i + length] if not name else []
                i += length
            if not _goes_on(words, grammar):
                before.clear()


def _counts_within(name: str, grammar: OfMedicines) -> bool:
    """Whether a name means the medicine in the middle of a text, too."""
    return len(name) >= _SHORTEST and not grammar.salt.fullmatch(name)


def _goes_on(words: list[str], grammar: OfMedicines) -> bool:
    """Whether what a sentence or clause doubts may be what comes next, as it names nothing itself.

    "Hx. gabapentin" goes on; "Penicillin allergy. Gabapentin" does not.
    """
    names_nothing = all(
        grammar.doubts.fullmatch(word)
        or grammar.fills.fullmatch(word)
        or grammar.leads_in.fullmatch(word)
        for word in words
    )
    return names_nothing and not grammar.no_allergy.search(" ".join(words))


def _denies(text: str, names: dict[str, str], grammar: OfMedicines) -> bool:
    """Whether a text negates the medicine that it names, or negates and names nothing.

    What stands behind the name negates it within its clause, or as a sentence of its own that
    has no other object.
    """
    clauses = [fold_name(clause) for clause in _CLAUSE.split(text)]
    before: list[str] = []
    for place, clause in enumerate(clauses):
        words = clause.split(" ")
        for i in range(len(words)):
            if name := _longest(words[i : i + _MOST_WORDS], names):
                after = " ".join(words[i:])[len(name) + 1 :]
                doubted = text.strip().startswith("?") or text.rstrip().endswith("?")
                return (
                    doubted
                    or bool(grammar.before.fullmatch(" ".join([*before, *words[:i]])))
                    or bool(grammar.after.fullmatch(after))
                    or any(map(grammar.afterwards.fullmatch, clauses[place + 1 :]))
                )
        before = before + words if _goes_on(words, grammar) else []
    return bool(grammar.negates.fullmatch(fold_name(text)))


def _longest(words: list[str], names: dict[str, str]) -> str:
    """The longest name that the words begin with, "" for none."""
    for length in range(len(words), 0, -1):
        if (name := " ".join(words[:length])) in names:
            return name
    return ""
