"""Observations that document a problem: "myoclonus: present", "diagnosis: celiac disease"."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec
from msgspec import Raw

from service.fhir import wire
from service.fhir.codes import display_of, plain_codes, texts
from service.fhir.context import Context
from service.fhir.draws import draw_of
from service.fhir.entries import Entry
from service.fhir.grammar import OfSigns
from service.fhir.issues import Spot
from service.fhir.lexicon import Lexicon
from service.fhir.modifiers import is_extended
from service.fhir.patients import Chart, Recorded
from service.fhir.problems import Named, denies, problems_of
from service.record import Problem

#: Codes that say yes and no (HL7 v2 and v3, SNOMED CT, LOINC answers), and signs for them.
_YES = frozenset({"true", "pos", "y", "+", "det", "52101004", "10828004", "la9633-4", "la6576-8"})
_NO = frozenset(
    {"false", "neg", "n", "-", "nd", "2667000", "260385009", "260415000", "la9634-2", "la6577-6"}
)

#: Codes of Observations whose value is the finding: LOINC diagnosis, problem, clinical finding,
#: symptom; SNOMED CT diagnosis, clinical finding, disease.
_ASKS = frozenset(
    {"29308-4", "75326-9", "75321-0", "75325-1"}
    | {"439401001", "282291009", "404684003", "64572001"}
)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])

#: How the elements begin that may answer what a code asks for, or tell of it.
_SAY_MORE = (
    *("value", "dataAbsentReason", "interpretation", "component", "note", "comment"),
    *("hasMember", "related", "derivedFrom"),
)

#: Sentences of a note stand for themselves: "No myoclonus. Asterixis of both hands".
_SENTENCES = re.compile(r"[.;\n]+(?:\s+|$)")

#: Of a note so many letters are read.
_LONGEST = 400

_ABSENT = "This says that the problem is absent; absence is no evidence to any rule."
_ASSERTED = "There is no value; the code of a finding says by itself that the patient has it."
_UNCLEAR = "The value does not say whether the problem is there, so this was not used."
_DENIED = "The words deny, doubt or tell of somebody else what the code says; this was not used."
_OPEN = (
    "The words leave open whether the patient has the sign that they name, and has it now, so "
    "this was not used."
)
_UNASKED = (
    "The value is a problem that rules know, but the code does not say that the patient has it; "
    "this was not used."
)
_BY_NAME = "No code is known here; the problem was recognized by its name."


def read_sign(
    entry: Entry,
    observation: wire.Observation,
    marks: tuple[str, ...],
    chart: Chart,
    context: Context,
) -> bool:
    """Add the problems that an Observation documents to its patient's chart.

    False where it and its components neither ask for nor state a problem that rules know.
    """
    whole = Spot(context.issues, entry.expression, chart.key)
    stated = (_kept_stated if entry.content.kept else _stated)(entry.content, context.lexicon)
    for path, said, named, concept in stated:
        spot = whole.at(path)
        if _is_asserted(said, named, entry, context.lexicon):
            spot.information("informational", _ASSERTED)
        elif not _holds(said, named, concept is said.code, spot, context.lexicon):
            continue
        if named.by_name:
            spot.information("informational", _BY_NAME, ".code")
        draw = draw_of(entry, observation, [], context, whole)
        source = context.source(entry, observation.identifier)
        for problem in named.problems:
            documented = Problem(
                problem,
                source,
                display_of(concept),
                onset=draw.moment,
                recorded=draw.moment,
                marks=(*marks, "by-name") if named.by_name else marks,
            )
            chart.problems.append(Recorded(documented))
    return bool(stated)


_Stated = tuple[str, wire.Content | wire.Component, Named, wire.CodeableConcept | None]


def _stated(content: wire.Content, lexicon: Lexicon) -> tuple[_Stated, ...]:
    """The parts that name a problem in code or value, with the concept that does."""
    parts: list[tuple[str, wire.Content | wire.Component]] = [("", content)]
    parts += [(f".component[{i}]", one) for i, one in enumerate(content.component or ())]
    stated: list[_Stated] = []
    for path, said in parts:
        for concept in (said.code, said.value_codeable_concept):
            named = problems_of(concept, lexicon)
            # In a value, only a code is certain enough for a diagnosis.
            if named.problems and not (named.by_name and concept is not said.code):
                stated.append((path, said, named, concept))
                break
        else:
            if seen := _seen(said, lexicon):
                stated.append((path, said, *seen))
    return tuple(stated)


def _seen(
    said: wire.Content | wire.Component, lexicon: Lexicon
) -> tuple[Named, wire.CodeableConcept] | None:
    """The signs that a code asks for in a longer text, or that the words of a value describe.

    Jerks are seen at the bedside and written down in words; a diagnosis in words may be a guess.
    """
    asked = _signs(texts(said.code), lexicon)
    if said.code is not None and asked is not None and not asked.open:
        return asked, said.code
    if not _asks_for_problem(said, lexicon):
        return None
    words = list(texts(said.value_codeable_concept))
    if said.value_string is not None:
        words += _SENTENCES.split(said.value_string[:_LONGEST])
    if seen := _signs(words, lexicon):
        return seen, wire.CodeableConcept(text=", ".join(filter(None, words)))
    return None


def _signs(sentences: Iterable[str], lexicon: Lexicon) -> Named | None:
    """The signs that any of the sentences names without leaving them open."""
    named = [
        problems_of(wire.CodeableConcept(text=sentence), lexicon, within=True)
        for sentence in sentences
    ]
    problems = lexicon.knowledge.problems
    signs = {one for each in named for one in each.problems if problems[one].sign}
    if not signs and not any(each.open for each in named):
        return None
    return Named(tuple(sorted(signs)), by_name=True, open=not signs)


_kept_stated = lru_cache(maxsize=2048)(_stated)


def _holds(
    said: wire.Content | wire.Component,
    named: Named,
    asked_for: bool,
    spot: Spot,
    lexicon: Lexicon,
) -> bool:
    """Whether a part says that the patient has the problem that it names; else why not is told."""
    if isinstance(said, wire.Component) and is_extended(said, spot):
        return False
    if named.denied or named.doubted:
        spot.warning("business-rule", _DENIED)
    elif named.open:
        spot.information("business-rule", _OPEN, ".value")
    elif not asked_for:
        if _asks_for_problem(said, lexicon):
            return True
        spot.information("business-rule", _UNASKED, ".value")
    else:
        answers = set(_answers(said, lexicon.grammar.signs))
        if answers == {"yes"}:
            return True
        if answers == {"no"}:
            spot.information("informational", _ABSENT)
        else:
            spot.information("business-rule", _UNCLEAR)
    return False


def _is_asserted(said: wire.Said, named: Named, entry: Entry, lexicon: Lexicon) -> bool:
    """Whether an Observation is but the code of a sign, which then says that it was found.

    https://hl7.org/fhir/R4/observation.html, 10.1.4.4: "value element is omitted". An element that
    was passed over for being broken is there all the same.
    """
    if said is not entry.content or named.by_name or named.denied or named.doubted:
        return False
    if any(map(lexicon.grammar.signs.asks_of_others.search, texts(said.code))):
        return False
    problems = lexicon.knowledge.problems
    names = (name.lstrip("_") for name in _FIELDS.decode(entry.raw))
    return all(problems[one].sign for one in named.problems) and not any(
        name.startswith(_SAY_MORE) for name in names
    )


def _asks_for_problem(said: wire.Said, lexicon: Lexicon) -> bool:
    words = list(texts(said.code))
    grammar = lexicon.grammar.signs
    if any(grammar.asks_of_others.search(text) or denies(text, lexicon) for text in words):
        return False
    asked = not _ASKS.isdisjoint(plain_codes(said.code))
    return asked or any(map(grammar.asks.search, words))


def _answers(said: wire.Said, grammar: OfSigns) -> Iterator[str]:
    """What a part answers: "yes", "no", both, or "?" for anything else; nothing without a value."""
    if said.value_boolean is not None:
        yield "yes" if said.value_boolean else "no"
    elif said.value_string is not None:
        text = said.value_string.strip().lower()
        # Words that tell where a sign was seen, or how strong, say yes.
        seen = grammar.tells_how.fullmatch(text) and not grammar.tells_nothing.fullmatch(text)
        yield "yes" if seen else _answer(text, grammar) or "?"
    elif concept := said.value_codeable_concept:
        words = (*plain_codes(concept), *(text.strip().lower() for text in texts(concept)))
        yield from {_answer(word, grammar) for word in words} - {""} or {"?"}
    elif said.interpretation:
        codes = plain_codes(said.interpretation)
        yield from {_answer(code, grammar) for code in codes} - {""} or {"?"}


def _answer(word: str, grammar: OfSigns) -> str:
    """What a code or a whole text, in lower case, says: "yes", "no", or "" for anything else."""
    if word in _YES or grammar.yes.fullmatch(word):
        return "yes"
    return "no" if word in _NO or grammar.no.fullmatch(word) else ""
