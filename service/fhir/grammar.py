"""How the words that rules list are joined to patterns: where in a text each of them counts.

Which words these are stands in rules/words.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from service.knowledge.faults import Fault, RulesError
from service.knowledge.model import Knowledge
from service.knowledge.words import missing, pattern

#: Each list by its id, as the source of a pattern that is one group.
_Words = Mapping[str, str]


class OfProblems(Struct, frozen=True):
    """Where the words beside the name of a problem count.

    `denies`, `doubts` and `denies_others` are for texts as they were written, the others for
    folded ones. `leaves_open` takes a text in which "#" stands for the phrases.
    """

    denies: re.Pattern[str]
    doubts: re.Pattern[str]
    leaves_open: re.Pattern[str]
    denies_others: re.Pattern[str]
    negates: re.Pattern[str]


def _of_problems(words: _Words) -> OfProblems:
    return OfProblems(
        denies=_written(
            rf"^\s*{words['denied-from-the-start']}\b(?!-)|"
            rf"\b(?:{words['relatives']}|{words['denied-anywhere']})\b"
        ),
        doubts=_written(
            rf"^\s*(?:\?|{words['doubted-from-the-start']}\b)|\?\s*$|"
            rf"\b{words['doubted-anywhere']}\b"
        ),
        leaves_open=re.compile(
            rf"(?<!\w)(?:{words['left-open']}|{words['relatives']}|"
            rf"# {words['left-open-behind']})\b"
        ),
        # The end of a sentence that denies something else than what it began with: "myoclonus
        # without loss of consciousness". "No longer" denies what came before.
        denies_others=_written(
            rf"(?<=\w)(?:,? {words['denies-what-follows']}|"
            rf"[,;.] {words['denies-what-follows-a-comma']}) "
            rf"(?!{words['denies-what-came-before']}\b)[^;.?]+"
        ),
        negates=re.compile(rf"{words['negating-prefixes']} (\w+)"),
    )


class Grammar(Struct, frozen=True):
    """The patterns of a rule set, by what the texts are about."""

    problems: OfProblems


def grammar_of(knowledge: Knowledge) -> Grammar:
    """The patterns of a rule set. RulesError where it lacks a list that is listened for."""
    if lacking := missing(knowledge.words):
        text = f"reading listens for lists that are not there: {', '.join(lacking)}"
        raise RulesError((Fault("words", 1, "words", text),))
    words = {name: pattern(rule) for name, rule in knowledge.words.items()}
    return Grammar(problems=_of_problems(words))


def _written(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)
