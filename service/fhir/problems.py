"""Which problems a concept names, by code, or by a name where no code is known."""

import re
from collections.abc import Iterable

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, texts
from service.fhir.lexicon import Lexicon
from service.knowledge.names import fold_name

#: A text that begins so, or has such words in it, speaks of a relative, or of what is not there.
_DENIES = re.compile(
    r"^\s*(?:fh|fhx|f/h|family|no|not|without|absen\w*|negative|exclu\w*|at risk|risk|"
    r"screen\w*)\b(?!-)|"
    r"\b(?:family history|(?:grand)?(?:mother|father|parents?)|maternal|paternal|sister|brother|"
    r"sibling|aunt|uncle|cousin|denies|denied|not confirmed|negative for|no evidence of|"
    r"(?<!not )(?<!not be )(?<!cannot be )(?:ruled out|excluded))\b",
    re.IGNORECASE,
)

#: A text that begins or ends so, or has such words in it, tells of a suspicion.
_DOUBTS = re.compile(
    r"^\s*(?:\?|(?:rule out|r/o|suspect\w*|possible|probable|query)\b)|\?\s*$|"
    r"\b(?:not|not be|cannot be) (?:ruled out|excluded)\b",
    re.IGNORECASE,
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

    "FH: celiac disease", "no myoclonus", "celiac disease (mother)".
    """
    return bool(_DENIES.search(text[:_LONGEST]))


def doubts(text: str) -> bool:
    """Whether a text only suspects what it names: "?celiac disease", "rule out uremia"."""
    return bool(_DOUBTS.search(text[:_LONGEST]))


def problems_of(concept: wire.CodeableConcept | None, lexicon: Lexicon) -> Named:
    """The problems that a concept names.

    A name counts only where no code is known and the whole text is the name. ICD codes are
    often coarser than the words beside them; a code that a problem's rule excepts speaks
    against its name all the same.
    """
    names = lexicon.knowledge.problem_names
    words = {text: fold_name(text) for text in texts(concept)}
    coded = tuple(codings(concept))
    found = {problem for system, code in coded for problem in lexicon.problems(system, code)}
    named = {names[name] for name in words.values() if name in names}
    if not found and not named:
        return Named()
    # Some names begin like denials, as "negative myoclonus" does.
    said = [text for text, name in words.items() if "?" in text or name not in names]
    if found:
        own = [lexicon.knowledge.problems[problem].name for problem in found]
        return Named(
            tuple(sorted(found)),
            denied=any(denies(text) or _negates(text, own) for text in said),
            doubted=any(map(doubts, said)),
        )
    if any(denies(text) or doubts(text) for text in said):
        return Named()
    indexes = lexicon.knowledge.problem_codes
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


def _negates(text: str, names: Iterable[str]) -> bool:
    """Whether a text begins as one of the names with "non" before it.

    "Non-celiac gluten sensitivity" denies celiac disease; "non-alcoholic cirrhosis" is a cirrhosis.
    """
    negated = re.match(r"non (\w+)", fold_name(text[:_LONGEST]))
    return negated is not None and any(
        fold_name(name).split(" ")[0] == negated[1] for name in names
    )
