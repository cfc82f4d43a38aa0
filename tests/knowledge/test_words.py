import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.language import WordList
from service.knowledge.model import Knowledge
from service.knowledge.names import fold_name
from service.knowledge.words import LISTS, check_words, missing, needless, pattern


def listed(*words: str, exceptions: tuple[str, ...] = ()) -> WordList:
    return WordList(LISTS[0], "A list", "Nothing.", {"en": words}, exceptions)


def hears(rule: WordList, text: str) -> bool:
    return bool(re.search(rf"\b{pattern(rule)}\b", text, re.IGNORECASE))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("denies", "Denies"),
        ("absen*", "absence"),
        ("absen*", "absent"),
        ("absen*", "absen"),
        ("*circuit", "microcircuit"),
        ("adverse react* to", "adverse reactions to"),
        ("work-up", "work-up"),
        ("work-up", "work up"),
        ("work-up", "workup"),
        ("work-up", "work - up"),
        ("r/o", "r/o"),
        ("r/o", "r o"),
        ("dc'd", "dc'd"),
        ("dc'd", "dc d"),
        ("exploración", "Exploración"),
        ("exploración", "exploracion"),
        ("draußen", "draussen"),
        ("haemolysed", "haemolysed"),
        ("haemolysed", "hemolysed"),
    ],
)
def test_a_word_is_heard_as_it_is_written_and_as_it_is_folded(word: str, text: str) -> None:
    assert hears(listed(word), text)
    assert hears(listed("another", word), f"There: {text}, so")
    assert hears(listed(word), fold_name(text))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("denies", "deny"),
        ("denies", "deniesx"),
        ("absen*", "abse"),
        ("absen*", "xabsent"),
        ("*circuit", "circuits"),
        ("ruled out", "ruled  out"),
        ("ruled out", "ruled-out"),
        ("r/o", "ro"),
        ("exploracion", "exploración"),
    ],
)
def test_what_only_resembles_a_word_is_not_heard(word: str, text: str) -> None:
    assert not hears(listed(word), text)


@pytest.mark.parametrize(
    ("word", "exception", "text", "heard"),
    [
        ("old", "year old", "a 62 year old man", False),
        ("old", "year old", "old jerks", True),
        ("old", "year old", "a year old, and old jerks", True),
        ("non", "non alcoholic*", "non alcoholics", False),
        ("non", "non alcoholic", "non alcoholics", True),
        ("tissue", "tissue-trans*", "tissue transglutaminase", False),
        ("tissue", "tissue-trans*", "tissue copper", True),
        ("ruled out", "not ruled out", "not ruled out", False),
        ("ruled out", "not ruled out", "ruled out", True),
        ("sign", "a sign of", "a sign of it", False),
        ("sign", "a sign of", "a sign", True),
        ("sign", "a sign of", "the sign of it", True),
    ],
)
def test_a_word_is_not_heard_within_an_exception(
    word: str, exception: str, text: str, heard: bool
) -> None:
    rule = listed(word, exceptions=(exception,))
    assert list(check_words(rule)) == []
    assert hears(rule, text) is heard


def test_the_shipped_lists_are_those_that_reading_listens_for(shipped: Knowledge) -> None:
    assert shipped.words.keys() == set(LISTS)
    assert missing(shipped.words) == ()
    assert missing([]) == LISTS


def test_every_shipped_word_is_heard_in_any_writing(shipped: Knowledge) -> None:
    unheard = [
        (rule.words, word)
        for rule in shipped.words.values()
        for heard in [re.compile(pattern(rule), re.IGNORECASE)]
        for words in rule.languages.values()
        for word in words
        for plain in (word.replace("*", ""), word.replace("*", "xyz"))
        for text in (plain, plain.upper(), fold_name(plain))
        if not heard.fullmatch(text)
    ]
    assert unheard == []


def test_no_shipped_exception_is_heard(shipped: Knowledge) -> None:
    phrases = [(rule, one) for rule in shipped.words.values() for one in rule.exceptions]
    assert phrases
    assert [one for rule, one in phrases if hears(rule, one.replace("*", ""))] == []


_WORDS = st.lists(st.from_regex(r"[a-zé]{3,8}\*?", fullmatch=True), min_size=1, max_size=6)


@given(_WORDS, st.from_regex(r"[a-z]{1,12}", fullmatch=True))
def test_a_list_hears_its_own_words_and_no_others(words: list[str], text: str) -> None:
    rule = listed(*words)
    assert list(check_words(rule)) == []
    folded = [fold_name(word) + "*" * word.endswith("*") for word in words]
    expected = any(
        text.startswith(word[:-1]) if word.endswith("*") else text == word for word in folded
    )
    assert hears(rule, text) is expected


@given(_WORDS)
def test_without_the_needless_words_as_much_is_heard(words: list[str]) -> None:
    rule = listed(*words)
    gone = {path[2] for path, _ in needless(rule)}
    left = listed(*(word for i, word in enumerate(words) if i not in gone))
    assert list(needless(left)) == []
    assert all(hears(left, word.replace("*", end)) for word in words for end in ("", "x"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("stop", "stop"), [(("languages", "en", 1), '"stop" is there twice')]),
        (("Stop", "stop"), [(("languages", "en", 1), '"stop" is there twice')]),
        (("stopped", "stop*"), [(("languages", "en", 0), '"stopped" is heard as "stop*" already')]),
        (("stop*", "stopp*"), [(("languages", "en", 1), '"stopp*" is heard as "stop*" already')]),
        (
            ("work-up", "workup"),
            [(("languages", "en", 1), '"workup" is heard as "work-up" already')],
        ),
        (("stop", "stopp*", "top*"), []),
    ],
)
def test_a_word_that_is_never_reached_is_needless(
    words: tuple[str, ...], told: list[object]
) -> None:
    assert list(needless(listed(*words))) == told


def test_two_languages_may_have_a_word_in_common() -> None:
    rule = WordList(LISTS[0], "A list", "Nothing.", {"en": ("no",), "es": ("no",)})
    assert list(needless(rule)) == []
