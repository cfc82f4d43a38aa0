"""Which problems a concept names, by code, or by a name where no code is known."""

import re

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, texts
from service.fhir.lexicon import Lexicon
from service.knowledge.names import fold_name

#: A text that begins or ends so speaks of a relative, or of what is not there.
_DENIES = re.compile(
    r"\s*(?:fh|fhx|f/h|family|no|not|non|denies|denied|without|absen\w*|negative|exclu\w*|"
    r"ruled out|at risk|risk|screen\w*)\b|.*\b(?:ruled out|excluded|family history.*)\s*$",
    re.IGNORECASE | re.DOTALL,
)

#: A text that begins or ends so tells of a suspicion.
_DOUBTS = re.compile(
    r"\s*(?:\?|(?:rule out|r/o|suspect\w*|possible|probable|query)\b)|.*\?\s*$",
    re.IGNORECASE | re.DOTALL,
)

#: Beyond so many letters nothing is looked for.
_LONGEST = 400


class Named(Struct, frozen=True):
    """The problems that a concept names, in id order.

    `denied`: its words say that the patient does not have it; `doubted`: that it is suspected.
    """

    problems: tuple[str, ...] = ()
    by_name: bool = False
    denied: bool = False
    doubted: bool = False


def denies(text: str) -> bool:
    """Whether a text denies, or tells of somebody else, what it goes on to name.

    "FH: celiac disease", "no myoclonus", "non-alcoholic ...".
    """
    return bool(_DENIES.match(text[:_LONGEST]))


def doubts(text: str) -> bool:
    """Whether a text only suspects what it names: "?celiac disease", "rule out uremia"."""
    return bool(_DOUBTS.match(text[:_LONGEST]))


def problems_of(concept: wire.CodeableConcept | None, lexicon: Lexicon) -> Named:
    """The problems that a concept names.

    A name counts only where no code is known and the whole text is the name. ICD codes are
    often coarser than the words beside them; a code that a problem's rule excepts speaks
    against its name all the same.
    """
    coded = tuple(codings(concept))
    found = {problem for system, code in coded for problem in lexicon.problems(system, code)}
    if found:
        said = (concept and concept.text) or ""
        return Named(tuple(sorted(found)), denied=denies(said), doubted=doubts(said))
    words = tuple(dict.fromkeys(texts(concept)))
    if not words or any(denies(text) or doubts(text) for text in words):
        return Named()
    names = lexicon.knowledge.problem_names
    indexes = lexicon.knowledge.problem_codes
    named = {names[name] for text in words if (name := fold_name(text)) in names}
    kept = {
        problem
        for problem in named
        if not any(
            (problem, code) in indexes[system].exceptions
            for system, code in coded
            if system in indexes
        )
    }
    return Named(tuple(sorted(kept)), by_name=True)
