"""Which problems a concept names, by code, or by a name where no code is known."""

import re
from collections.abc import Iterable

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, texts
from service.fhir.lexicon import Lexicon
from service.knowledge.names import fold_name

#: What stands behind a name and is none of it: SNOMED CT's kind of concept, a mark for billing.
_TAG = re.compile(r"\((?:disorder|finding|(?:CMS[/-])?HCC)\)\s*\Z", re.IGNORECASE)

#: Beyond so many letters nothing is looked for.
_LONGEST = 400

#: Longest phrases in words that are tried at each place of a text.
_MOST_WORDS = 7


class Named(Struct, frozen=True):
    """The problems that a concept names, in id order.

    `denied`: its words say that the patient does not have it; `doubted`: that it is suspected.
    `open`: there is a phrase in its text, but other words leave open whether the patient has
    what it names.
    """

    problems: tuple[str, ...] = ()
    by_name: bool = False
    denied: bool = False
    doubted: bool = False
    open: bool = False


def denies(text: str, lexicon: Lexicon) -> bool:
    """Whether a text denies, or tells of somebody else, what it goes on to name.

    "FH: celiac disease", "no myoclonus", "celiac disease (mother)".
    """
    return bool(lexicon.grammar.problems.denies.search(text[:_LONGEST]))


def doubts(text: str, lexicon: Lexicon) -> bool:
    """Whether a text only suspects what it names: "?celiac disease", "rule out uremia"."""
    return bool(lexicon.grammar.problems.doubts.search(text[:_LONGEST]))


def problems_of(
    concept: wire.CodeableConcept | None, lexicon: Lexicon, within: bool = False
) -> Named:
    """The problems that a concept names; with `within` also by phrases in a longer text.

    A name counts only where no code is known, and the whole text is the name or it is one of
    the problem's phrases. ICD codes are often coarser than the words beside them; a code that a
    problem's rule excepts speaks against its name all the same.
    """
    names = lexicon.knowledge.problem_names
    words = {text: fold_name(_TAG.sub("", text)) for text in texts(concept)}
    coded = tuple(codings(concept))
    found = {problem for system, code in coded for problem in lexicon.problems(system, code)}
    named = {names[name] for name in words.values() if name in names}
    if not found and not named:
        return _within(words, coded, lexicon) if within else Named()
    # Some names begin like denials, as "negative myoclonus" does.
    said = [text for text, name in words.items() if "?" in text or name not in names]
    if found:
        own = [lexicon.knowledge.problems[problem].name for problem in found]
        return Named(
            tuple(sorted(found)),
            denied=any(denies(text, lexicon) or _negates(text, own, lexicon) for text in said),
            doubted=any(doubts(text, lexicon) for text in said),
        )
    if any(denies(text, lexicon) or doubts(text, lexicon) for text in said):
        return Named()
    return Named(_unless_excepted(named, coded, lexicon), by_name=True)


def _unless_excepted(
    named: set[str], coded: tuple[tuple[str, str], ...], lexicon: Lexicon
) -> tuple[str, ...]:
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
    return tuple(sorted(kept))


def _within(words: dict[str, str], coded: tuple[tuple[str, str], ...], lexicon: Lexicon) -> Named:
    """The problems whose phrases stand in texts; none where one text leaves them open."""
    named: set[str] = set()
    left_open = False
    grammar = lexicon.grammar.problems
    for whole in words:
        text = whole[:_LONGEST]
        found, others = _phrases(grammar.denies_others.sub("", text), lexicon.phrases)
        if found:
            left_open |= "?" in text or bool(grammar.leaves_open.search(others))
            named |= found
        else:
            denied, _ = _phrases(text, lexicon.phrases)
            left_open |= bool(denied)
    if not named or left_open:
        return Named(open=left_open)
    return Named(_unless_excepted(named, coded, lexicon), by_name=True)


def _phrases(text: str, phrases: dict[tuple[str, ...], str]) -> tuple[set[str], str]:
    """The problems that a text names, the longest phrase at each place, and the other words.

    A phrase stands among the others as "#".
    """
    words = fold_name(text).split(" ")
    found: set[str] = set()
    others: list[str] = []
    i = 0
    while i < len(words):
        for length in range(min(_MOST_WORDS, len(words) - i), 0, -1):
            if problem := phrases.get(tuple(words[i : i + length])):
                found.add(problem)
                others.append("#")
                i += length
                break
        else:
            others.append(words[i])
            i += 1
    return found, " ".join(others)


def _negates(text: str, names: Iterable[str], lexicon: Lexicon) -> bool:
    """Whether a text begins as one of the names with "non" before it.

    "Non-celiac gluten sensitivity" denies celiac disease; "non-alcoholic cirrhosis" is a cirrhosis.
    """
    negated = lexicon.grammar.problems.negates.match(fold_name(text[:_LONGEST]))
    return negated is not None and any(
        fold_name(name).split(" ")[0] == negated[1] for name in names
    )
