"""Whether a condition can only hold where another one does: a proof by their words, or none.

It is careful: what it affirms is certain, what it does not may be so all the same.
"""

from datetime import timedelta

from service.knowledge.language import Condition
from service.knowledge.model import Knowledge
from service.knowledge.quantities import (
    Window,
    parse_age,
    parse_count,
    parse_span,
    parse_started,
    parse_stopped,
)


def implies(knowledge: Knowledge, one: Condition, other: Condition) -> bool:
    """Whether, wherever `one` holds, `other` surely holds too."""
    if one == other:
        return True
    if other.state:
        return implies(knowledge, one, knowledge.states[other.state].when)
    if other.all:
        return not other.same_draw and all(implies(knowledge, one, each) for each in other.all)
    if one.any:
        return all(implies(knowledge, each, other) for each in one.any)
    if other.any and any(implies(knowledge, one, each) for each in other.any):
        return True
    if other.of and _of(knowledge, one, other):
        return True
    if one.state:
        return implies(knowledge, knowledge.states[one.state].when, other)
    if one.all:
        return any(implies(knowledge, each, other) for each in one.all)
    if one.of:
        # So many may fail that one of the rest must hold.
        sure = sum(implies(knowledge, each, other) for each in one.of)
        return sure > len(one.of) - int(one.at_least)
    return _leaf(knowledge, one, other)


def _of(knowledge: Knowledge, one: Condition, other: Condition) -> bool:
    sure = sum(implies(knowledge, one, each) for each in other.of)
    return sure >= int(other.at_least)


def _leaf(knowledge: Knowledge, one: Condition, other: Condition) -> bool:
    if one.finding and one.finding == other.finding:
        return _finding(knowledge, one, other)
    if one.normal and one.normal == other.normal:
        return _no_longer(one.within, other.within)
    if one.problem and other.problem:
        return (
            _among(knowledge, one.problem, other.problem)
            and set(one.including) <= set(other.including)
            and (not other.began or _lies_in(one.began, other.began))
        )
    if one.treatment and other.treatment:
        return _among(knowledge, one.treatment, other.treatment) and _treatment(one, other)
    if one.count_distinct:
        return _count(knowledge, one, other)
    if one.age and other.age:
        narrow, wide = parse_age(one.age), parse_age(other.age)
        ends = wide.last is None or (narrow.last is not None and narrow.last <= wide.last)
        return wide.first <= narrow.first and ends
    return False


def _finding(knowledge: Knowledge, one: Condition, other: Condition) -> bool:
    if one.worst_within or other.worst_within:
        narrowed = one.worst_within == other.worst_within
    elif other.older_than:
        narrowed = bool(one.older_than) and _span(one.older_than) >= _span(other.older_than)
    else:
        narrowed = _no_longer(one.within, other.within)
    grades = [grade.grade for grade in knowledge.findings[one.finding].grades]
    names = list(dict.fromkeys(grades))
    least, wanted = (names.index(each.at_least or names[0]) for each in (one, other))
    return narrowed and least >= wanted


def _no_longer(one: str, other: str) -> bool:
    """Whether `within` such a time is within another, "" for any."""
    return not other or (bool(one) and _span(one) <= _span(other))


def _treatment(one: Condition, other: Condition) -> bool:
    if one.stopped or other.stopped:
        # What was stopped need not be taken any more.
        return bool(one.stopped and other.stopped) and _lies_in(one.stopped, other.stopped)
    if one.within or other.within:
        return one.within == other.within
    return not other.started or _lies_in(one.started, other.started)


def _lies_in(one: str, other: str) -> bool:
    """Whether what happened in one time happened in another."""
    if not one or "unknown" in (one, other):
        return one == other
    narrow, wide = _window(one), _window(other)
    if narrow.first != wide.first:
        # A first start in a time is a start in it; within a longer time it need not be the first.
        return narrow.first and _lies_in(one.removeprefix("first "), other)
    alike = (narrow.side, narrow.anchor) == (wide.side, wide.anchor)
    return alike and (narrow.span == wide.span if wide.first else narrow.span <= wide.span)


def _window(text: str) -> Window:
    return parse_started(text) if text.startswith("first ") else parse_stopped(text)


def _count(knowledge: Knowledge, one: Condition, other: Condition) -> bool:
    count = parse_count(one.count_distinct)
    if other.count_distinct:
        wanted = parse_count(other.count_distinct)
        return count.least >= wanted.least and _among(knowledge, count.group, wanted.group)
    plain = bool(other.treatment) and not (other.within or other.started or other.stopped)
    return plain and count.least > 0 and _among(knowledge, count.group, other.treatment)


def _among(knowledge: Knowledge, one: str, other: str) -> bool:
    """Whether all that an id or group stands for is among what another one stands for."""
    return {*knowledge.groups.get(one, (one,))} <= {*knowledge.groups.get(other, (other,))}


def _span(text: str) -> timedelta:
    return parse_span(text)
