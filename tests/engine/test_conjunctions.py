"""Conditions written out as the conjunctions of which one must hold."""

from datetime import timedelta

import pytest

from service.engine.conjunctions import Conjunction, Draw, TooComplexError, expand
from service.engine.linking import MAX_PATTERNS
from service.knowledge.language import Condition, State

A, B, C, D = (Condition(problem=each) for each in "abcd")
LOW, HIGH, NORMAL = Condition(finding="low"), Condition(finding="high"), Condition(normal="n")
DAY = timedelta(days=1)


def leaves(condition: Condition, **states: Condition) -> list[tuple[Condition, ...]]:
    known = {name: State(name, name, when) for name, when in states.items()}
    return [each.leaves for each in expand(condition, known)]


def test_a_leaf_is_a_conjunction_of_one() -> None:
    assert leaves(A) == [(A,)]


def test_all_joins_and_any_divides() -> None:
    assert leaves(Condition(all=(A, B))) == [(A, B)]
    assert leaves(Condition(any=(A, B))) == [(A,), (B,)]


def test_all_of_alternatives_is_every_pair_of_them() -> None:
    both = Condition(all=(Condition(any=(A, B)), Condition(any=(C, D))))
    assert leaves(both) == [(A, C), (A, D), (B, C), (B, D)]


def test_at_least_some_is_every_choice_of_so_many() -> None:
    two = Condition(at_least="2", of=(A, B, C))
    assert leaves(two) == [(A, B), (A, C), (B, C)]
    assert leaves(Condition(at_least="1", of=(A, B))) == [(A,), (B,)]
    assert leaves(Condition(at_least="3", of=(A, B, C))) == [(A, B, C)]


def test_at_least_some_of_alternatives_chooses_among_parts_and_not_among_their_branches() -> None:
    two = Condition(at_least="2", of=(Condition(any=(A, B)), C))
    assert leaves(two) == [(A, C), (B, C)]


def test_a_state_stands_for_its_condition() -> None:
    assert leaves(Condition(all=(Condition(state="s"), C)), s=Condition(any=(A, B))) == [
        (A, C),
        (B, C),
    ]


def test_a_state_may_name_another() -> None:
    assert leaves(Condition(state="s"), s=Condition(state="t"), t=A) == [(A,)]


def test_what_is_said_twice_is_asked_once() -> None:
    assert leaves(Condition(all=(A, B, A))) == [(A, B)]
    assert leaves(Condition(any=(A, B, A))) == [(A,), (B,)]


def test_an_alternative_that_holds_another_stays_since_it_has_more_evidence() -> None:
    assert leaves(Condition(any=(A, Condition(all=(A, B))))) == [(A,), (A, B)]


def test_same_draw_binds_findings_and_normals_of_each_alternative() -> None:
    either = Condition(any=(LOW, HIGH))
    drawn = Condition(all=(either, NORMAL, A), same_draw="24 h")
    assert expand(drawn, {}) == (
        Conjunction((LOW, NORMAL, A), (Draw(DAY, (LOW, NORMAL)),)),
        Conjunction((HIGH, NORMAL, A), (Draw(DAY, (HIGH, NORMAL)),)),
    )


def test_same_draw_around_nothing_that_is_drawn_binds_nothing() -> None:
    assert expand(Condition(all=(A, B), same_draw="24 h"), {}) == (Conjunction((A, B)),)


def test_nested_draws_each_bind_their_own_part() -> None:
    inner = Condition(all=(LOW, NORMAL), same_draw="1 h")
    (found,) = expand(Condition(all=(inner, HIGH), same_draw="24 h"), {})
    assert found.draws == (
        Draw(timedelta(hours=1), (LOW, NORMAL)),
        Draw(DAY, (LOW, NORMAL, HIGH)),
    )


def test_as_many_facts_as_can_be_joined_are_joined() -> None:
    parts = tuple(Condition(problem=f"p{i}") for i in range(MAX_PATTERNS))
    assert len(leaves(Condition(all=parts))[0]) == MAX_PATTERNS


def test_one_fact_more_is_refused() -> None:
    parts = tuple(Condition(problem=f"p{i}") for i in range(MAX_PATTERNS + 1))
    with pytest.raises(TooComplexError, match="joins 17 conditions at once"):
        leaves(Condition(all=parts))


def test_a_draw_counts_as_a_fact() -> None:
    parts = tuple(Condition(finding=f"f{i}") for i in range(MAX_PATTERNS))
    with pytest.raises(TooComplexError, match="joins 17 conditions"):
        leaves(Condition(all=parts, same_draw="24 h"))


def test_too_many_alternatives_are_refused_before_they_are_written_out() -> None:
    either = tuple(Condition(problem=f"p{i}") for i in range(10))
    many = tuple(
        Condition(any=tuple(Condition(problem=f"{each.problem}-{i}") for each in either))
        for i in range(12)
    )
    with pytest.raises(TooComplexError, match="can hold in 1000 ways; at most 200"):
        leaves(Condition(all=many))


def test_too_many_choices_are_refused_before_they_are_made() -> None:
    parts = tuple(Condition(problem=f"p{i}") for i in range(60))
    with pytest.raises(TooComplexError, match="can hold in"):
        leaves(Condition(at_least="30", of=parts))
