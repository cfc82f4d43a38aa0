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

#: Beside a phrase ("#") in a longer text, such words leave open whether the patient has what it
#: names, and has it now: too many rather than too few, as nothing but the words tells.
_OPEN_WORDS = (
    # It is denied.
    r"no|not|non(?! alcoholic)|nor|never|none|without|absen\w+|den(?:y|ies|ied|ying)|negativ\w+",
    r"exclu(?:d\w+|sion)|rule[ds]?|r o|unlikely|misdiagnos\w+|mistaken|rather|instead",
    # It is one of several, or suspected.
    r"or|vs|versus|differential|ddx|suspect\w*|possib\w+|probabl[ey]|presum\w+|quer(?:y|ied)|if",
    r"questionable|uncertain|unclear|maybe|may|might|consider\w*|concern\w*|initially|unless",
    r"mimic\w*|resembl\w+|# like|pseudo\w*",
    # It is over.
    r"former\w*|history|hx|h o|previous\w*|prior|past|(?<!year )old|remission|resol\w+|recovered",
    r"cured|ceased|disappear\w+|stopped",
    # It is looked for, prevented or feared.
    r"screen\w*|test\w*|work ?up|evaluat\w+|assess\w*|monitor\w*|surveillance|protocol|pending",
    r"awaiting|panel|antibod\w+|risk|prone|predispos\w+|susceptib\w+|prevent\w*|prophyla\w+",
    r"fear\w*|worr\w+|counsel\w*|education|allerg\w+|# unawareness",
    # Somebody else has it.
    r"fh|fhx|f h|family|relatives?|(?:grand)?(?:mother|father|parents?|daughter)|maternal",
    r"paternal|sister|brother|sibling|aunt|uncle|cousin|husband|wife|carrier|donor",
    # The same in Spanish, Italian and others.
    r"sin|senza|ohne|kein\w*|sans|sem|descart\w+|esclus\w+|sospech\w+|sospett\w+|posible",
    r"probabile|antecedentes?|familiar\w*|madre|padre",
)
_OPEN = re.compile(rf"(?<!\w)(?:{'|'.join(_OPEN_WORDS)})\b")

#: The end of a sentence that denies something else than what it began with: "myoclonus without
#: loss of consciousness", "myoclonus, no asterixis". "No longer" denies what came before.
_DENIES_OTHERS = re.compile(
    r"(?<=\w)(?:,? (?:but )?(?:without|sin|senza)|[,;.] (?:but )?no) "
    r"(?!longer\b|more\b|current|evidence\b(?! of)|signs?\b(?! of))[^;.?]+",
    re.IGNORECASE,
)

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


def denies(text: str) -> bool:
    """Whether a text denies, or tells of somebody else, what it goes on to name.

    "FH: celiac disease", "no myoclonus", "celiac disease (mother)".
    """
    return bool(_DENIES.search(text[:_LONGEST]))


def doubts(text: str) -> bool:
    """Whether a text only suspects what it names: "?celiac disease", "rule out uremia"."""
    return bool(_DOUBTS.search(text[:_LONGEST]))


def problems_of(
    concept: wire.CodeableConcept | None, lexicon: Lexicon, within: bool = False
) -> Named:
    """The problems that a concept names; with `within` also by phrases in a longer text.

    A name counts only where no code is known, and the whole text is the name or it is one of
    the problem's phrases. ICD codes are often coarser than the words beside them; a code that a
    problem's rule excepts speaks against its name all the same.
    """
    names = lexicon.knowledge.problem_names
    words = {text: fold_name(text) for text in texts(concept)}
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
            denied=any(denies(text) or _negates(text, own) for text in said),
            doubted=any(map(doubts, said)),
        )
    if any(denies(text) or doubts(text) for text in said):
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
    for whole in words:
        text = whole[:_LONGEST]
        found, others = _phrases(_DENIES_OTHERS.sub("", text), lexicon.phrases)
        if found:
            left_open |= "?" in text or bool(_OPEN.search(others))
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


def _negates(text: str, names: Iterable[str]) -> bool:
    """Whether a text begins as one of the names with "non" before it.

    "Non-celiac gluten sensitivity" denies celiac disease; "non-alcoholic cirrhosis" is a cirrhosis.
    """
    negated = re.match(r"non (\w+)", fold_name(text[:_LONGEST]))
    return negated is not None and any(
        fold_name(name).split(" ")[0] == negated[1] for name in names
    )
