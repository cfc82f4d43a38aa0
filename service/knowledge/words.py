"""The lists of words that reading listens for: which there are, each as a pattern, and its faults.

The rules say which words; the readers in service/fhir say where in a text they count.
"""

import difflib
import re
from collections.abc import Iterable, Iterator

from service.knowledge.faults import Complaint, Path
from service.knowledge.language import WordList
from service.knowledge.names import american, fold_name

#: Every list that a reader listens for; it can do without none of them.
LISTS = (
    "relatives",
    "denied-from-the-start",
    "denied-anywhere",
    "negating-prefixes",
    "doubted-from-the-start",
    "doubted-anywhere",
    "left-open",
    "left-open-behind",
    "denies-what-follows",
    "denies-what-follows-a-comma",
    "denies-what-came-before",
    "medicine-lead-ins",
    "medicine-doubts",
    "salts",
    "allergies",
    "headings-of-allergies",
    "object-of-an-allergy",
    "denies-an-allergy",
    "medicine-ended",
    "not-any-more",
    "at-present",
    "taken",
    "conditions-of-an-end",
    "negates-a-medicine",
    "between-negation-and-medicine",
    "medicine-fillers",
    "no-medicine-behind",
    "goes-on-about-the-end",
    "stays-where-it-is-put",
    "stays-with-a-percentage",
    "eye-ear-or-skin",
    "indications",
    "forms-and-doses",
    "eyes-and-ears",
    "puts",
    "into",
    "puts-on-skin",
    "skin",
    "sides",
    "reaches-the-whole-body",
    "not-this-way",
    "patches",
    "yes",
    "no",
    "asks-what-is-there",
    "asks-of-others",
    "tells-how-a-sign-looks",
    "tells-nothing-of-a-sign",
    "specimen-urine",
    "specimen-cerebrospinal-fluid",
    "specimen-dialysis-fluid",
    "specimen-circuit",
    "specimen-control",
    "specimen-donor",
    "specimen-body-fluid",
    "specimen-drainage",
    "specimen-saliva",
    "specimen-stool",
    "specimen-milk",
    "specimen-tissue",
    "hemolyzed",
    "not-hemolyzed-before",
    "not-hemolyzed-behind",
)

#: Lists whose words are compared with one word of a text after the other; they hold no phrases.
SINGLE = frozenset(
    {"medicine-lead-ins", "between-negation-and-medicine", "medicine-fillers", "sides"}
    | {"tells-how-a-sign-looks", "tells-nothing-of-a-sign"}
)

_LANGUAGE = re.compile(r"[a-z]{2}")
_PLAIN = re.compile(r"(?:\*?[\w'/-]*[^\W_][\w'/-]*\*?)(?: \*?[\w'/-]*[^\W_][\w'/-]*\*?)*")

#: A shorter stem would hear half of the language.
_SHORTEST_STEM = 3

#: What may stand in a text where a word has this: folded texts are without punctuation.
_BETWEEN = {"-": "[- ]*", "/": "[/ ]", "'": "[' ]"}
#: The same where the pattern must have one length.
_BEFORE = {**_BETWEEN, "-": "[- ]"}


def pattern(rule: WordList) -> str:
    """One of the words of a list, as the source of a regular expression that is one group.

    It fits texts as they were written, where case is ignored, and texts that were folded by
    `fold_name`. It does not look at what stands around a word, save for exceptions.
    """
    return _one_of(_guards(word, rule) + _spelled(word) for _, word in _words(rule))


def missing(lists: Iterable[str]) -> tuple[str, ...]:
    """The lists that a rule set does not have."""
    held = frozenset(lists)
    return tuple(name for name in LISTS if name not in held)


def _words(rule: WordList) -> Iterator[tuple[Path, str]]:
    for language, words in rule.languages.items():
        for i, word in enumerate(words):
            yield ("languages", language, i), word


def _one_of(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(dict.fromkeys(patterns))})"


def _spelled(word: str, between: dict[str, str] = _BETWEEN) -> str:
    """A word or phrase, or some of it, as a pattern; British spelling is heard as American, too."""
    lower = word.lower()
    spelled = ("".join(_letter(one, between) for one in way) for way in (lower, american(lower)))
    ways = tuple(dict.fromkeys(spelled))
    return ways[0] if len(ways) == 1 else _one_of(ways)


def _letter(letter: str, between: dict[str, str]) -> str:
    if letter == "*":
        return r"\w*"
    plain = fold_name(letter) or letter
    if len(plain) > 1:
        return f"(?:{letter}|{plain})"
    return between.get(letter) or (letter if letter == plain else f"[{letter}{plain}]")


def _guards(word: str, rule: WordList) -> str:
    """What keeps a word from being heard within the exceptions of its list."""
    return "".join(
        _guard(before, word, after)
        for phrase in rule.exceptions
        for before, after in _around(word, phrase)
    )


def _guard(before: str, word: str, after: str) -> str:
    behind = f"(?<={_spelled(before, _BEFORE)})" if before else ""
    end = "" if after.endswith("*") else r"(?!\w)"
    return f"(?!{behind}{_spelled(word)}{_spelled(after)}{end})"


def _around(word: str, phrase: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind a word, at each place of a phrase that has it, and more."""
    # Nearly no word is in an exception, and a start should not wait for a pattern of each.
    if fold_name(word)[:_SHORTEST_STEM] not in fold_name(phrase):
        return
    for found in re.finditer(rf"(?<!\w){_spelled(word)}(?!\w)", phrase.lower()):
        before, after = phrase[: found.start()], phrase[found.end() :]
        if before or after.strip("*"):
            yield before, after


def check_words(rule: WordList) -> Iterator[Complaint]:
    """What is wrong with a list of words."""
    if rule.words not in LISTS:
        near = difflib.get_close_matches(rule.words, LISTS, 1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(LISTS)}"
        yield ("words",), f'nothing listens for the list "{rule.words}"; {hint}'
    if not any(rule.languages.values()):
        yield ("languages",), "has no words"
    for language in rule.languages:
        if not _LANGUAGE.fullmatch(language):
            yield ("languages", language), f'"{language}" is no language; write en, es, it ...'
    for path, word in _words(rule) if rule.words in SINGLE else ():
        if len(fold_name(word).split(" ")) > 1:
            yield path, f'"{word}" is never reached: this list is heard word by word'
    written = [*_words(rule), *((("exceptions", i), one) for i, one in enumerate(rule.exceptions))]
    ill = [(path, text) for path, word in written for text in _ill(word)]
    yield from ill or _check_exceptions(rule)


def _check_exceptions(rule: WordList) -> Iterator[Complaint]:
    for i, phrase in enumerate(rule.exceptions):
        around = [found for _, word in _words(rule) for found in _around(word, phrase)]
        if not around:
            yield ("exceptions", i), f'"{phrase}" has no word of the list in it, and more'
        elif not all(_has_one_length(before) for before, _ in around):
            why = "has a *, a British spelling or such before the word of the list"
            yield ("exceptions", i), f'"{phrase}" {why}, and cannot be looked for backwards'


def _has_one_length(before: str) -> bool:
    try:
        re.compile(f"(?<={_spelled(before, _BEFORE)})")
    except re.error:
        return False
    return True


def _ill(word: str) -> Iterator[str]:
    """Why a text is no word or phrase that can be listened for."""
    if not _PLAIN.fullmatch(word):
        yield f'"{word}" is no plain word or phrase; a * at the end of a word is any ending'
    elif any(
        "*" in one and len(one.strip("*")) < _SHORTEST_STEM for one in re.split(r"[ /'-]", word)
    ):
        yield f'"{word}" is heard in too much; before a * stand at least {_SHORTEST_STEM} letters'


def needless(rule: WordList) -> Iterator[Complaint]:
    """Words that are never reached: another word of the same language is heard there first."""
    for language, words in rule.languages.items():
        heard = [re.compile(_spelled(word)) for word in words]
        for i, word in enumerate(words):
            plain = word.lower().replace("*", "")
            for j, other in enumerate(words):
                if i == j or ("*" in word and "*" not in other) or not heard[j].fullmatch(plain):
                    continue
                if heard[i] != heard[j]:
                    yield ("languages", language, i), f'"{word}" is heard as "{other}" already'
                    break
                if j < i:
                    yield ("languages", language, i), f'"{word}" is there twice'
                    break
