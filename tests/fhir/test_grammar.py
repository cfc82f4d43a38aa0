"""Every word of every list is heard where it should be, and words of no list change nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from service.fhir import wire
from service.fhir.grammar import grammar_of
from service.fhir.lexicon import lexicon_of
from service.fhir.medicines import Taken, medicines_of
from service.fhir.problems import Named, denies, problems_of
from service.fhir.routes import Way, way_of
from service.fhir.specimens import fluid_in, says_hemolyzed
from service.knowledge.faults import RulesError
from service.knowledge.loader import load
from service.knowledge.model import SNOMED
from service.knowledge.words import LISTS, pattern
from service.record import Issue, Problem
from tests.fhir.sent import intake, observation, patient, said

KNOWLEDGE = load(Path(__file__).parents[2] / "rules")
LEXICON = lexicon_of(KNOWLEDGE)
MEDICINES = LEXICON.grammar.medicines
_EVERY = {name: re.compile(pattern(rule)) for name, rule in KNOWLEDGE.words.items()}


def _coded(text: str) -> Named:
    concept = wire.CodeableConcept((wire.Coding(SNOMED, "396331005"),), text)
    return problems_of(concept, LEXICON)


def _told(text: str) -> Named:
    return problems_of(wire.CodeableConcept(text=text), LEXICON, within=True)


def _taken(text: str) -> Taken:
    return medicines_of(wire.CodeableConcept(text=text), LEXICON)


def _way(text: str) -> Way:
    return way_of([wire.CodeableConcept(text=text)], None, LEXICON)


class _Seen(NamedTuple):
    problems: tuple[Problem, ...]
    issues: tuple[Issue, ...]


def _seen(code: str, value: str) -> _Seen:
    """What is read of an Observation with words as its code and value."""
    read = intake(
        patient(), observation(code={"text": code}, valueQuantity=None, valueString=value)
    )
    (record,) = read.records
    return _Seen(record.problems, read.issues)


def _names(fluid: str) -> Callable[[str], bool]:
    """Whether a word names a specimen, by the list of it."""
    return lambda word: fluid_in(["blood", f"a {word}"], LEXICON) == KNOWLEDGE.words[fluid].name


#: Of each list, what is heard where a word of it stands at its place.
HEARD: dict[str, Callable[[str], object]] = {
    "relatives": lambda word: (
        denies(f"celiac disease ({word})", LEXICON) and _told(f"celiac disease of the {word}").open
    ),
    "denied-from-the-start": lambda word: _coded(f"{word} celiac disease").denied,
    "denied-anywhere": lambda word: _coded(f"celiac disease: {word}").denied,
    "negating-prefixes": lambda word: _coded(f"{word}-celiac gluten sensitivity").denied,
    "doubted-from-the-start": lambda word: _coded(f"{word} celiac disease").doubted,
    "doubted-anywhere": lambda word: _coded(f"celiac disease: {word}").doubted,
    "left-open": lambda word: _told(f"celiac disease {word}").open,
    "left-open-behind": lambda word: _told(f"celiac disease {word}").open,
    "denies-what-follows": lambda word: _told(f"celiac disease {word} history").problems,
    "denies-what-follows-a-comma": lambda word: _told(f"celiac disease, {word} history").problems,
    "denies-what-came-before": lambda word: _told(f"celiac disease, no {word}").open,
    "medicine-lead-ins": MEDICINES.leads_in.fullmatch,
    "medicine-doubts": lambda word: _taken(f"{word} other gabapentin").doubtful,
    "salts": lambda word: _taken(word).medicines and not _taken(f"other {word}").medicines,
    "allergies": lambda word: _taken(f"gabapentin {word}").denied,
    "headings-of-allergies": lambda word: (
        _taken(f"gabapentin {word}").denied and not _taken(f"gabapentin {word} milk").denied
    ),
    "object-of-an-allergy": lambda word: not _taken(f"gabapentin allergic {word} milk").denied,
    "denies-an-allergy": lambda word: MEDICINES.no_allergy.search(f"{word} known allergies"),
    "medicine-ended": lambda word: _taken(f"gabapentin {word}").denied,
    "not-any-more": lambda word: _taken(f"gabapentin: {word} taken").denied,
    "at-present": lambda word: _taken(f"gabapentin: not {word} taken").denied,
    "taken": lambda word: _taken(f"gabapentin: not {word}").denied,
    "conditions-of-an-end": lambda word: not _taken(f"gabapentin daily {word} stopped").denied,
    "negates-a-medicine": lambda word: _taken(f"{word} gabapentin").denied,
    "between-negation-and-medicine": lambda word: _taken(f"no {word} gabapentin").denied,
    "medicine-fillers": lambda word: _taken(f"gabapentin {word} stopped milk").denied,
    "no-medicine-behind": lambda word: _taken(f"gabapentin {word} milk").denied,
    "goes-on-about-the-end": lambda word: _taken(f"gabapentin. Stopped {word} milk").denied,
    "stays-where-it-is-put": lambda word: _way(f"gabapentin {word}").local,
    "stays-with-a-percentage": lambda word: _way(f"gabapentin 5 % {word}").local,
    "eye-ear-or-skin": lambda word: _way(f"gabapentin {word}").local,
    "indications": lambda word: not _way(f"gabapentin {word} otic").local,
    "forms-and-doses": lambda word: _way(f"gabapentin otic {word}").local,
    "eyes-and-ears": lambda word: _way(f"into the {word}").local,
    "puts": lambda word: _way(f"gabapentin {word} into eye").local,
    "into": lambda word: _way(f"put {word} eye").local,
    "puts-on-skin": lambda word: _way(f"gabapentin {word} skin").local,
    "skin": lambda word: _way(f"apply to {word}").local,
    "sides": lambda word: _way(f"apply to {word} skin").local,
    "reaches-the-whole-body": lambda word: not _way(f"otic drops {word}").local,
    "not-this-way": lambda word: _way(f"otic drops, {word} oral").local,
    "patches": lambda word: _way(f"gabapentin {word}").patch,
    "yes": lambda word: _seen("myoclonus", word).problems,
    "no": lambda word: said(_seen("myoclonus", word).issues, "absent"),
    "asks-what-is-there": lambda word: _seen(word, "myoclonic jerks").problems,
    "asks-of-others": lambda word: not _seen(f"{word} examination", "myoclonic jerks").problems,
    "tells-how-a-sign-looks": lambda word: _seen("myoclonus", word).problems,
    "tells-nothing-of-a-sign": lambda word: (
        _seen("myoclonus", f"bilateral {word}").problems and not _seen("myoclonus", word).problems
    ),
    "specimen-urine": _names("specimen-urine"),
    "specimen-cerebrospinal-fluid": _names("specimen-cerebrospinal-fluid"),
    "specimen-dialysis-fluid": _names("specimen-dialysis-fluid"),
    "specimen-circuit": _names("specimen-circuit"),
    "specimen-control": _names("specimen-control"),
    "specimen-donor": _names("specimen-donor"),
    "specimen-body-fluid": _names("specimen-body-fluid"),
    "specimen-drainage": _names("specimen-drainage"),
    "specimen-saliva": _names("specimen-saliva"),
    "specimen-stool": _names("specimen-stool"),
    "specimen-milk": _names("specimen-milk"),
    "specimen-tissue": _names("specimen-tissue"),
    "hemolyzed": lambda word: says_hemolyzed(f"grossly {word}", LEXICON),
    "not-hemolyzed-before": lambda word: not says_hemolyzed(f"{word} hemolysis", LEXICON),
    "not-hemolyzed-behind": lambda word: not says_hemolyzed(f"hemolysis: {word}", LEXICON),
}


def test_every_list_is_tried() -> None:
    assert HEARD.keys() == set(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_every_word_of_a_list_is_heard_where_it_should_be(name: str) -> None:
    words = [word for words in KNOWLEDGE.words[name].languages.values() for word in words]
    plain = {word.replace("*", end) for word in words for end in ("", "xy")}
    assert [word for word in sorted(plain) if not HEARD[name](word)] == []


@pytest.mark.parametrize("name", LISTS)
def test_a_word_of_no_list_is_heard_nowhere(name: str) -> None:
    assert not HEARD[name]("xylophone")


_OTHERS = st.from_regex(r"[a-z]{3,9}", fullmatch=True).filter(
    lambda word: (
        word not in KNOWLEDGE.medicine_names
        and not any(each.fullmatch(word) for each in _EVERY.values())
    )
)


@given(st.lists(_OTHERS, max_size=4), st.lists(_OTHERS, max_size=4))
def test_words_of_no_list_change_nothing(before: list[str], behind: list[str]) -> None:
    text = " ".join([*before, "celiac disease", *behind])
    assert _told(text) == Named(("celiac-disease",), by_name=True)
    assert _coded(text) == Named(("celiac-disease",))
    text = " ".join([*before, "gabapentin", *behind])
    assert _taken(text) == Taken(("gabapentin",), by_name=True)
    assert _way(text) == Way()
    assert fluid_in([text], LEXICON) == ""
    assert says_hemolyzed(f"{text} hemolysis", LEXICON)
    assert _seen(text, "myoclonic jerks").problems == ()
    assert _seen("myoclonus", text).problems == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tells-how-a-sign-looks", "severe " * 300 + "zzz"),
        ("tells-nothing-of-a-sign", "left " * 300 + "zzz"),
        ("medicine-fillers", "gabapentin " + "tablets " * 30 + "zzz"),
        ("between-negation-and-medicine", "no " + "taking " * 30 + "zzz gabapentin"),
        ("sides", "put into " + "either " * 300 + "zzz"),
    ],
)
def test_lists_that_overlap_make_no_text_slow(name: str, text: str) -> None:
    rule = KNOWLEDGE.words[name]
    stems = tuple(f"{word[:3]}*" for word in rule.languages["en"] if len(word) > 3)
    more = structs.replace(
        rule, languages=rule.languages | {"xx": stems, "yy": rule.languages["en"]}
    )
    words = KNOWLEDGE.words | {name: more}
    grammar = grammar_of(structs.replace(KNOWLEDGE, words=words))

    assert not grammar.signs.tells_how.fullmatch(text)
    assert not grammar.signs.tells_nothing.fullmatch(text)
    assert not grammar.ways.stays.search(text)
    assert not grammar.medicines.before.fullmatch(text.removesuffix(" gabapentin"))
    assert not grammar.medicines.after.fullmatch(text.removeprefix("gabapentin "))


def test_without_one_of_the_lists_nothing_is_read() -> None:
    words = {name: rule for name, rule in KNOWLEDGE.words.items() if name != "relatives"}
    with pytest.raises(RulesError, match=r"lists that are not there: relatives$"):
        grammar_of(structs.replace(KNOWLEDGE, words=words))
