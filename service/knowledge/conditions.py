"""What a condition may say: one thing, with only the small words that narrow it."""

from collections.abc import Callable, Container, Iterator, Mapping
from itertools import combinations
from math import prod

from service.knowledge.faults import Complaint, Path, attempt
from service.knowledge.language import Condition, FindingRule, State
from service.knowledge.model import Knowledge
from service.knowledge.quantities import (
    parse_age,
    parse_count,
    parse_span,
    parse_started,
    parse_stopped,
    parse_whole,
    parse_worst,
)

#: The words that say a thing, and the small words that fit each.
_SMALL_WORDS: dict[str, tuple[str, ...]] = {
    "all": ("same_draw",),
    "any": (),
    "of": ("at_least",),
    "finding": ("at_least", "within", "older_than", "worst_within"),
    "normal": ("within",),
    "problem": ("including", "began"),
    "treatment": ("within", "started", "stopped"),
    "count_distinct": (),
    "state": (),
    "age": (),
    "sex": (),
    "quality": ("analyte",),
    "not_measured": (),
}
#: Small words of which a condition takes one.
_TIMES = ("within", "older_than", "worst_within", "started", "stopped")
_PARSERS: dict[str, Callable[[str], object]] = {
    "age": parse_age,
    "count_distinct": parse_count,
    "within": parse_span,
    "older_than": parse_span,
    "worst_within": parse_worst,
    "started": parse_started,
    "stopped": parse_stopped,
    "began": parse_stopped,
    "same_draw": parse_span,
}

#: The most that one link may ask of the engine.
MOST_FACTS = 16
MOST_CONJUNCTIONS = 200


def check_condition(
    knowledge: Knowledge, condition: Condition, path: Path, *, remark: bool = False
) -> Iterator[Complaint]:
    """What is wrong with a condition and those inside it; only a remark may say `not_measured`."""
    said = [word for word in _SMALL_WORDS if getattr(condition, word)]
    if len(said) != 1:
        found = f"it says {' and '.join(said)}" if said else "it says nothing"
        yield path, f"a condition says exactly one thing, and {found}"
        return
    word = said[0]
    yield from _check_small_words(condition, word, path)
    for field, parser in _PARSERS.items():
        if text := getattr(condition, field):
            yield from attempt(parser, text, (*path, field))
    yield from _check_names(knowledge, condition, path)
    if condition.not_measured and not remark:
        yield (
            (*path, "not_measured"),
            "only a remark may ask for it; what is absent never makes a cause",
        )
    for field in ("all", "any", "of"):
        for i, part in enumerate(getattr(condition, field)):
            yield from check_condition(knowledge, part, (*path, field, i), remark=remark)


def _check_small_words(condition: Condition, word: str, path: Path) -> Iterator[Complaint]:
    fitting = _SMALL_WORDS[word]
    every = sorted({small for words in _SMALL_WORDS.values() for small in words})
    for small in every:
        if getattr(condition, small) and small not in fitting:
            yield (*path, small), f"does not go with `{word}`"
    times = [small for small in _TIMES if small in fitting and getattr(condition, small)]
    if len(times) > 1:
        yield (*path, times[1]), f"does not go together with `{times[0]}`"
    if word == "quality" and not condition.analyte:
        yield (*path, "analyte"), "is missing: whose specimen?"
    if word == "of":
        yield from _check_at_least(condition, path)


def _check_at_least(condition: Condition, path: Path) -> Iterator[Complaint]:
    try:
        least = parse_whole(condition.at_least)
    except ValueError:
        yield (*path, "at_least"), "must say of how many of `of`, as in `at_least: 2`"
        return
    if not 0 < least <= len(condition.of):
        yield (*path, "at_least"), f"must be from 1 to {len(condition.of)}, as many as `of` has"


def _check_names(knowledge: Knowledge, condition: Condition, path: Path) -> Iterator[Complaint]:
    for field, (what, known) in _NAMES.items():
        text = getattr(condition, field)
        if text and not known(knowledge, text):
            yield (*path, field), f'there is no {what} "{text}"'
    finding = knowledge.findings.get(condition.finding)
    if finding and condition.at_least and condition.at_least not in _grades(finding):
        grades = ", ".join(_grades(finding))
        yield (*path, "at_least"), f'"{condition.at_least}" is none of its grades: {grades}'
    yield from _check_count(knowledge, condition, path)


def _check_count(knowledge: Knowledge, condition: Condition, path: Path) -> Iterator[Complaint]:
    try:
        count = parse_count(condition.count_distinct)
    except ValueError:
        return
    if not _is_group(knowledge, count.group, knowledge.medicines):
        yield (*path, "count_distinct"), f'there is no group of medicines "{count.group}"'
    elif count.least > len(knowledge.groups[count.group]):
        yield (*path, "count_distinct"), "the group has not so many medicines"


def _is_value(knowledge: Knowledge, name: str) -> bool:
    return name in knowledge.analytes or name in knowledge.derived


def _is_problem(knowledge: Knowledge, name: str) -> bool:
    return name in knowledge.problems or _is_group(knowledge, name, knowledge.problems)


def _is_treatment(knowledge: Knowledge, name: str) -> bool:
    return name in knowledge.medicines or _is_group(knowledge, name, knowledge.medicines)


def _is_group(knowledge: Knowledge, name: str, of: Container[str]) -> bool:
    return name in knowledge.groups and knowledge.groups[name][0] in of


#: What the names in a condition are, and whether there is such a one.
_NAMES: dict[str, tuple[str, Callable[[Knowledge, str], bool]]] = {
    "finding": ("finding", lambda knowledge, name: name in knowledge.findings),
    "normal": ("analyte or derived value", _is_value),
    "not_measured": ("analyte or derived value", _is_value),
    "analyte": ("analyte", lambda knowledge, name: name in knowledge.analytes),
    "problem": ("problem or group", _is_problem),
    "treatment": ("medicine or group", _is_treatment),
    "state": ("state", lambda knowledge, name: name in knowledge.states),
}


def _grades(finding: FindingRule) -> list[str]:
    return list(dict.fromkeys(grade.grade for grade in finding.grades))


def leaves(condition: Condition) -> Iterator[Condition]:
    """The conditions inside one that join no others, in reading order."""
    parts = condition.all + condition.any + condition.of
    if not parts:
        yield condition
    for part in parts:
        yield from leaves(part)


def check_size(condition: Condition, states: Mapping[str, State]) -> str:
    """What is wrong with the size of a condition that was checked otherwise, "" if nothing.

    States must not be cyclic. Sizes are those of the disjunctive normal form.
    """
    facts, conjunctions = _size(condition, states)
    if facts > MOST_FACTS:
        return f"asks for {facts} things at once; {MOST_FACTS} is the most"
    if conjunctions > MOST_CONJUNCTIONS:
        return f"can hold in {conjunctions} ways; {MOST_CONJUNCTIONS} is the most"
    return ""


def _size(condition: Condition, states: Mapping[str, State]) -> tuple[int, int]:
    """The most facts in a conjunction, and how many conjunctions."""
    if condition.state in states:
        return _size(states[condition.state].when, states)
    if condition.all:
        parts = [_size(part, states) for part in condition.all]
        return sum(facts for facts, _ in parts), prod(ways for _, ways in parts)
    if condition.any:
        parts = [_size(part, states) for part in condition.any]
        return max(facts for facts, _ in parts), sum(ways for _, ways in parts)
    if condition.of:
        parts = [_size(part, states) for part in condition.of]
        least = int(condition.at_least)
        most = sum(sorted((facts for facts, _ in parts), reverse=True)[:least])
        return most, sum(prod(some) for some in combinations((ways for _, ways in parts), least))
    return 1, 1
