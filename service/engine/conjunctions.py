"""Conditions as alternatives: "all of these hold", or all of those.

durable-rules joins facts and knows no `any`, so a link's condition is written out as the
conjunctions of leaves of which one must hold. States are put in place of their names.
"""

import itertools
from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import comb

from msgspec import Struct

from service.engine.linking import MAX_PATTERNS
from service.knowledge.conditions import MOST_CONJUNCTIONS
from service.knowledge.language import Condition, State
from service.knowledge.quantities import parse_span, parse_whole


class Draw(Struct, frozen=True):
    """The results of these leaves lie at most `span` apart."""

    span: timedelta
    leaves: tuple[Condition, ...]


class Conjunction(Struct, frozen=True):
    """Leaves that must all hold, and draws that must too; each once, in the order written."""

    leaves: tuple[Condition, ...] = ()
    draws: tuple[Draw, ...] = ()


class TooComplexError(ValueError):
    """A condition that durable-rules could not hold; says how to make it smaller."""


def expand(condition: Condition, states: Mapping[str, State]) -> tuple[Conjunction, ...]:
    """The alternatives of a condition, each once, in the order written.

    Raises TooComplexError for more than MOST_CONJUNCTIONS alternatives, and for one that
    joins more than MAX_PATTERNS facts.
    """
    alternatives = _expand(condition, states)
    longest = max(len(each.leaves) + len(each.draws) for each in alternatives)
    if longest > MAX_PATTERNS:
        raise TooComplexError(
            f"joins {longest} conditions at once; at most {MAX_PATTERNS} are possible. "
            "Leave out those that say little"
        )
    return alternatives


def _expand(condition: Condition, states: Mapping[str, State]) -> tuple[Conjunction, ...]:
    if condition.any:
        return _either(_expand(part, states) for part in condition.any)
    if condition.all:
        joined = _together([_expand(part, states) for part in condition.all])
        if condition.same_draw:
            span = parse_span(condition.same_draw)
            return tuple(_drawn(each, span) for each in joined)
        return joined
    if condition.of:
        parts = [_expand(part, states) for part in condition.of]
        least = parse_whole(condition.at_least)
        _bound(comb(len(parts), least))
        return _either(_together(some) for some in itertools.combinations(parts, least))
    if condition.state:
        return _expand(states[condition.state].when, states)
    return (Conjunction((condition,)),)


def _either(branches: Iterable[tuple[Conjunction, ...]]) -> tuple[Conjunction, ...]:
    alternatives = tuple(dict.fromkeys(itertools.chain.from_iterable(branches)))
    _bound(len(alternatives))
    return alternatives


def _together(parts: Iterable[tuple[Conjunction, ...]]) -> tuple[Conjunction, ...]:
    alternatives: tuple[Conjunction, ...] = (Conjunction(),)
    for part in parts:
        _bound(len(alternatives) * len(part))
        pairs = itertools.product(alternatives, part)
        alternatives = tuple(dict.fromkeys(_join(one, other) for one, other in pairs))
    return alternatives


def _join(one: Conjunction, other: Conjunction) -> Conjunction:
    return Conjunction(
        tuple(dict.fromkeys(one.leaves + other.leaves)),
        tuple(dict.fromkeys(one.draws + other.draws)),
    )


def _drawn(conjunction: Conjunction, span: timedelta) -> Conjunction:
    leaves = tuple(leaf for leaf in conjunction.leaves if leaf.finding or leaf.normal)
    if not leaves:
        return conjunction
    return Conjunction(conjunction.leaves, (*conjunction.draws, Draw(span, leaves)))


def _bound(alternatives: int) -> None:
    if alternatives > MOST_CONJUNCTIONS:
        raise TooComplexError(
            f"can hold in {alternatives} ways; at most {MOST_CONJUNCTIONS} are possible. "
            "Divide it into several links, or its parts into groups"
        )
