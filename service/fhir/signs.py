"""Observations that document a problem: "myoclonus: present", "diagnosis: celiac disease"."""

import re
from collections.abc import Iterator
from functools import lru_cache

from service.fhir import wire
from service.fhir.codes import display_of, plain_codes, texts
from service.fhir.context import Context
from service.fhir.draws import draw_of
from service.fhir.entries import Entry
from service.fhir.issues import Spot
from service.fhir.lexicon import Lexicon
from service.fhir.modifiers import is_extended
from service.fhir.patients import Chart, Recorded
from service.fhir.problems import Named, denies, problems_of
from service.record import Problem

#: Words and codes that say yes and no (HL7 v3, SNOMED CT, LOINC answers).
_YES = frozenset(
    {"present", "positive", "yes", "true", "pos", "y", "+", "det", "detected"}
    | {"52101004", "10828004", "la9633-4", "la6576-8"}
)
_NO = frozenset(
    {"absent", "negative", "no", "false", "neg", "n", "-", "nd", "none"}
    | {"2667000", "260385009", "260415000", "la9634-2", "la6577-6"}
)

#: Codes of Observations whose value is the finding: LOINC diagnosis, problem, clinical finding,
#: symptom; SNOMED CT diagnosis, clinical finding, disease.
_ASKS = frozenset(
    {"29308-4", "75326-9", "75321-0", "75325-1"}
    | {"439401001", "282291009", "404684003", "64572001"}
)
#: Words in a code that ask what the patient has; without one a value is only mentioned.
_ASKS_IN_WORDS = re.compile(
    r"\b(?:diagnos[ei]s|disorders?|disease|problems?|findings?|symptoms?|signs?|complaints?|"
    r"conditions?|comorbidit(?:y|ies)|exam|examination)\b",
    re.IGNORECASE,
)
_ASKS_OF_OTHERS = re.compile(
    r"\b(?:family|relative|mother|father|parent|sibling|brother|sister|history|allerg\w+|risk|"
    r"differential|education|exclu\w+|ruled out|absen\w+|negative|denie\w+|screen\w*|reason)\b",
    re.IGNORECASE,
)

_ABSENT = "This says that the problem is absent; absence is no evidence to any rule."
_UNCLEAR = "The value does not say whether the problem is there, so this was not used."
_DENIED = "The words deny, doubt or tell of somebody else what the code says; this was not used."
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
        if not _holds(said, named, concept is said.code, spot):
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
            # In a value, only a code is certain enough.
            if named.problems and not (named.by_name and concept is not said.code):
                stated.append((path, said, named, concept))
                break
    return tuple(stated)


_kept_stated = lru_cache(maxsize=2048)(_stated)


def _holds(said: wire.Content | wire.Component, named: Named, asked_for: bool, spot: Spot) -> bool:
    """Whether a part says that the patient has the problem that it names; else why not is told."""
    if isinstance(said, wire.Component) and is_extended(said, spot):
        return False
    if named.denied or named.doubted:
        spot.warning("business-rule", _DENIED)
    elif not asked_for:
        if _asks_for_problem(said):
            return True
        spot.information("business-rule", _UNASKED, ".value")
    else:
        answers = set(_answers(said))
        if answers and answers <= _YES:
            return True
        if answers and answers <= _NO:
            spot.information("informational", _ABSENT)
        else:
            spot.information("business-rule", _UNCLEAR)
    return False


def _asks_for_problem(said: wire.Said) -> bool:
    words = list(texts(said.code))
    if any(_ASKS_OF_OTHERS.search(text) or denies(text) for text in words):
        return False
    asked = not _ASKS.isdisjoint(plain_codes(said.code))
    return asked or any(map(_ASKS_IN_WORDS.search, words))


def _answers(said: wire.Said) -> Iterator[str]:
    """What a part answers, as far as it is a yes or a no; anything else is "?"."""
    if said.value_boolean is not None:
        yield "true" if said.value_boolean else "false"
    elif said.value_string is not None:
        yield said.value_string.strip().lower()
    elif concept := said.value_codeable_concept:
        words = {*plain_codes(concept), *(text.strip().lower() for text in texts(concept))}
        yield from words & (_YES | _NO) or {"?"}
    elif said.interpretation:
        yield from set(plain_codes(said.interpretation)) & (_YES | _NO) or {"?"}
