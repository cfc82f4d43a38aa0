"""What was measured of durable-rules and positive conjunctions, held to on random ones.

Everything goes through `Linker`. A conjunction holds if each of its patterns matches a fact;
two patterns may match the same one.
"""

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.linking import MAX_PATTERNS, Fact, Linker, Pattern

KINDS = ("finding", "normal", "problem", "condition")
#: "a-1" and "a_1" are like one another, as are the ids of one family.
IDS = ("a", "a-1", "a_1", "b", "drug-a", "c12")
FACTS = st.builds(Fact, st.sampled_from(KINDS), st.sampled_from(IDS), st.integers(0, 3))
PATTERNS = st.builds(Pattern, st.sampled_from(KINDS), st.sampled_from(IDS), st.integers(0, 3))
CONJUNCTIONS = st.lists(
    st.lists(PATTERNS, min_size=1, max_size=5, unique=True), min_size=1, max_size=8
)
#: An evaluation states one grade of a finding, never two.
BATCHES = st.lists(FACTS, max_size=12, unique_by=lambda fact: (fact.kind, fact.of))


def holding(conjunctions: Sequence[Sequence[Pattern]], facts: Sequence[Fact]) -> set[int]:
    return {
        place
        for place, conjunction in enumerate(conjunctions)
        if all(any(matches(pattern, fact) for fact in facts) for pattern in conjunction)
    }


def matches(pattern: Pattern, fact: Fact) -> bool:
    return (pattern.kind, pattern.of) == (fact.kind, fact.of) and fact.grade >= pattern.least


@settings(max_examples=300, deadline=None)
@given(CONJUNCTIONS, BATCHES)
def test_a_conjunction_fires_where_all_its_patterns_match_and_nowhere_else(
    conjunctions: list[list[Pattern]], facts: list[Fact]
) -> None:
    with Linker(conjunctions) as linker:
        assert linker.fired(facts) == holding(conjunctions, facts)


@settings(max_examples=100, deadline=None)
@given(CONJUNCTIONS, BATCHES, st.randoms(use_true_random=False))
def test_neither_the_order_of_facts_nor_their_repetition_matters(
    conjunctions: list[list[Pattern]], facts: list[Fact], random: Random
) -> None:
    shuffled = [*facts, *facts]
    random.shuffle(shuffled)
    with Linker(conjunctions) as linker:
        assert linker.fired(shuffled) == linker.fired(facts)


@settings(max_examples=60, deadline=None)
@given(CONJUNCTIONS, st.lists(BATCHES, min_size=2, max_size=6))
def test_nothing_is_remembered_from_one_evaluation_to_the_next(
    conjunctions: list[list[Pattern]], batches: list[list[Fact]]
) -> None:
    with Linker(conjunctions) as linker:
        fired = [linker.fired(facts) for facts in batches]
    assert fired == [holding(conjunctions, facts) for facts in batches]


@settings(max_examples=60, deadline=None)
@given(CONJUNCTIONS, BATCHES)
def test_conjunctions_do_not_meddle_with_one_another(
    conjunctions: list[list[Pattern]], facts: list[Fact]
) -> None:
    with Linker(conjunctions) as linker:
        together = linker.fired(facts)
    for place, conjunction in enumerate(conjunctions):
        with Linker([conjunction]) as alone:
            assert bool(alone.fired(facts)) == (place in together)


def test_the_longest_conjunction_holds_with_all_its_facts_and_with_none_missing() -> None:
    patterns = [Pattern("finding", f"f{n}", n % 4) for n in range(MAX_PATTERNS)]
    facts = [Fact("finding", f"f{n}", 3) for n in range(MAX_PATTERNS)]
    with Linker([patterns]) as linker:
        assert linker.fired(facts) == {0}
        for missing in range(MAX_PATTERNS):
            assert linker.fired(facts[:missing] + facts[missing + 1 :]) == frozenset()


def test_one_finding_serves_patterns_of_several_grades() -> None:
    mild, severe = Pattern("finding", "a", 1), Pattern("finding", "a", 3)
    with Linker([[mild, severe], [severe, mild, Pattern("problem", "b")]]) as linker:
        assert linker.fired([Fact("finding", "a", 2), Fact("problem", "b")]) == frozenset()
        assert linker.fired([Fact("finding", "a", 3)]) == {0}
        assert linker.fired([Fact("finding", "a", 3), Fact("problem", "b")]) == {0, 1}
