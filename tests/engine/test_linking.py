"""The wrapper around durable-rules: exact, loud, and no heavier after thousands of sessions."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import durable_rules_engine
import pytest

from service.engine.linking import MAX_PATTERNS, Fact, Linker, LinkingError, Pattern
from tests.memory import resident_kilobytes

SODIUM = Pattern("finding", "hyponatremia", 2)
CELIAC = Pattern("problem", "celiac-disease")
NORMAL = Pattern("normal", "vitamin_b12")
LOW_SODIUM = Fact("finding", "hyponatremia", 2)
HAS_CELIAC = Fact("problem", "celiac-disease")
NORMAL_B12 = Fact("normal", "vitamin_b12")


@pytest.fixture
def linker() -> Iterator[Linker]:
    with Linker([[SODIUM], [SODIUM, CELIAC], [CELIAC, NORMAL]]) as made:
        yield made


def test_a_conjunction_fires_where_every_fact_is_there(linker: Linker) -> None:
    assert linker.fired([LOW_SODIUM, HAS_CELIAC]) == {0, 1}


def test_a_conjunction_stays_silent_for_want_of_one_fact(linker: Linker) -> None:
    assert linker.fired([HAS_CELIAC]) == set()
    assert linker.fired([NORMAL_B12]) == set()


def test_no_facts_at_all_fire_nothing(linker: Linker) -> None:
    assert linker.fired([]) == set()


def test_facts_that_no_rule_knows_do_no_harm(linker: Linker) -> None:
    unknown = [Fact("finding", "hyperkalemia", 1), Fact("problem", "x"), Fact("", "")]
    assert linker.fired(unknown) == set()
    assert linker.fired([*unknown, LOW_SODIUM]) == {0}


def test_a_milder_grade_does_not_match_a_graver_one(linker: Linker) -> None:
    assert linker.fired([Fact("finding", "hyponatremia", 1), HAS_CELIAC]) == set()


def test_a_graver_grade_matches_a_milder_one(linker: Linker) -> None:
    assert linker.fired([Fact("finding", "hyponatremia", 3)]) == {0}


def test_a_fact_of_another_kind_with_the_same_name_does_not_match() -> None:
    with Linker([[Pattern("problem", "myoclonus")]]) as linker:
        assert linker.fired([Fact("treatment", "myoclonus"), Fact("normal", "myoclonus")]) == set()


def test_stating_a_fact_again_changes_nothing(linker: Linker) -> None:
    assert linker.fired([LOW_SODIUM, HAS_CELIAC, LOW_SODIUM]) == {0, 1}


def test_one_fact_matches_every_pattern_about_it() -> None:
    """durable-rules itself never joins one fact with two patterns."""
    with Linker([[Pattern("finding", "f", 1), Pattern("finding", "f", 2)]]) as linker:
        assert linker.fired([Fact("finding", "f", 2)]) == {0}
        assert linker.fired([Fact("finding", "f", 1)]) == set()


def test_nothing_is_remembered_from_one_session_to_the_next(linker: Linker) -> None:
    linker.fired([LOW_SODIUM])
    assert linker.fired([HAS_CELIAC]) == set()


def test_no_conjunctions_at_all_are_no_trouble() -> None:
    with Linker([]) as linker:
        assert linker.fired([LOW_SODIUM]) == set()


def test_as_many_facts_as_durable_rules_can_join_are_joined() -> None:
    conjunction = [Pattern("problem", f"p{i}") for i in range(MAX_PATTERNS)]
    facts = [Fact("problem", f"p{i}") for i in range(MAX_PATTERNS)]
    with Linker([conjunction]) as linker:
        assert linker.fired(facts) == {0}
        assert linker.fired(facts[1:]) == set()


def test_one_fact_more_than_it_can_join_is_refused_before_any_session() -> None:
    with pytest.raises(ValueError, match="joins 17 facts; it must be 1 to 16"):
        Linker([[Pattern("problem", f"p{i}") for i in range(MAX_PATTERNS + 1)]])


def test_an_empty_conjunction_is_refused_as_it_would_always_hold() -> None:
    with pytest.raises(ValueError, match="joins 0 facts"):
        Linker([[]])


@pytest.mark.parametrize(
    "word", ["", "a b", 'a"b', "a\\b", "a\nb", "\N{MICRO SIGN}", "A", "x" * 101]
)
def test_what_is_no_identifier_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is not an identifier"):
        Linker([[Pattern("problem", word)]])


def test_more_rules_on_one_fact_than_one_rule_set_can_hold_fire_all() -> None:
    count = 600
    conjunctions = [[CELIAC, Pattern("finding", f"f{i}", 1)] for i in range(count)]
    facts = [HAS_CELIAC, *(Fact("finding", f"f{i}", 1) for i in range(count))]
    with Linker(conjunctions) as linker:
        assert linker.fired(facts) == set(range(count))


def test_more_facts_than_a_bucket_of_its_tables_are_told_apart() -> None:
    count = 400
    with Linker([[CELIAC, Pattern("normal", f"n{i}")] for i in range(count)]) as linker:
        assert linker.fired([HAS_CELIAC, Fact("normal", "n399")]) == {399}


def test_two_linkers_side_by_side_do_not_mix() -> None:
    with Linker([[CELIAC]]) as one, Linker([[SODIUM], [CELIAC]]) as other:
        assert one.fired([HAS_CELIAC]) == {0}
        assert other.fired([HAS_CELIAC]) == {1}
        one.close()
        assert other.fired([LOW_SODIUM]) == {0}


def test_a_closed_linker_says_so_and_stays_closed(linker: Linker) -> None:
    linker.close()
    linker.close()
    with pytest.raises(LinkingError, match="closed"):
        linker.fired([LOW_SODIUM])


def test_a_failure_of_durable_rules_is_loud_and_the_next_session_works() -> None:
    """It numbers its rule sets in turn, so the next one can be deleted behind its owner's back."""
    last: int = durable_rules_engine.create_ruleset("last", '{"r": {"all": [{"m": {"a": 1}}]}}')
    with Linker([[SODIUM]]) as linker:
        linker.fired([LOW_SODIUM])
        linker.forget()
        durable_rules_engine.delete_ruleset(last + 1)
        with pytest.raises(LinkingError, match="durable-rules failed"):
            linker.fired([LOW_SODIUM])
        assert linker.fired([LOW_SODIUM]) == {0}
    durable_rules_engine.delete_ruleset(last)


def test_memory_is_flat_over_thousands_of_sessions(linker: Linker) -> None:
    facts = [LOW_SODIUM, HAS_CELIAC, NORMAL_B12]
    for _ in range(300):
        linker.fired(facts)
    before = resident_kilobytes()
    for _ in range(3000):
        linker.forget()
        linker.fired(facts)
    assert resident_kilobytes() - before < 500


def test_memory_is_flat_however_many_sets_of_facts_are_remembered() -> None:
    facts = [Fact("normal", f"n{i}") for i in range(12)]
    with Linker([[CELIAC, *(Pattern("normal", fact.of) for fact in facts)]]) as linker:

        def all_sets(firsts: range) -> None:
            for number in firsts:
                chosen = [fact for i, fact in enumerate(facts) if number >> i & 1]
                assert linker.fired([HAS_CELIAC, *chosen]) == ({0} if len(chosen) == 12 else set())

        all_sets(range(300))
        before = resident_kilobytes()
        all_sets(range(4096))
        assert resident_kilobytes() - before < 500


def test_closing_frees_what_was_compiled() -> None:
    conjunctions = [[CELIAC, Pattern("finding", f"f{i}", 1)] for i in range(20)]

    def build_and_close() -> None:
        with Linker(conjunctions) as linker:
            linker.fired([HAS_CELIAC, Fact("finding", "f1", 1)])

    for _ in range(20):
        build_and_close()
    before = resident_kilobytes()
    for _ in range(200):
        build_and_close()
    assert resident_kilobytes() - before < 2000


def test_what_is_forgotten_is_freed_without_closing() -> None:
    conjunctions = [[CELIAC, Pattern("finding", f"f{i}", 1)] for i in range(20)]

    def build_and_forget() -> None:
        Linker(conjunctions).fired([HAS_CELIAC, Fact("finding", "f1", 1)])

    for _ in range(20):
        build_and_forget()
    gc.collect()
    before = resident_kilobytes()
    for _ in range(200):
        build_and_forget()
    gc.collect()
    assert resident_kilobytes() - before < 2000


def test_what_waits_for_a_fact_that_no_patient_had_takes_no_memory() -> None:
    conjunctions = [[Pattern("problem", f"p{i}")] for i in range(400)]
    before = resident_kilobytes()
    with Linker(conjunctions) as linker:
        assert linker.fired([Fact("problem", "p7")]) == {7}
        assert resident_kilobytes() - before < 4000


def test_memory_is_flat_however_many_facts_patients_have_in_turn() -> None:
    conjunctions = [[Pattern("problem", f"p{i}")] for i in range(400)]
    with Linker(conjunctions) as linker:

        def all_in_turn() -> None:
            linker.forget()
            for i in range(400):
                assert linker.fired([Fact("problem", f"p{i}")]) == {i}

        all_in_turn()
        before = resident_kilobytes()
        for _ in range(5):
            all_in_turn()
        assert resident_kilobytes() - before < 2000


def test_what_was_freed_for_others_is_joined_as_before() -> None:
    conjunctions = [[Pattern("problem", f"p{i}"), SODIUM] for i in range(400)]
    everything = [Fact("problem", f"p{i}") for i in range(400)]
    with Linker(conjunctions) as linker:
        for _ in range(3):
            linker.forget()
            assert linker.fired(everything) == set()
            assert linker.fired([*everything, LOW_SODIUM]) == set(range(400))


def test_eight_threads_on_one_linker_find_what_one_finds() -> None:
    conjunctions = [
        [Pattern("finding", f"f{i % 5}", 1 + i % 3), Pattern("problem", f"p{i % 7}")]
        for i in range(30)
    ]
    batches = [
        [
            *(Fact("finding", f"f{i}", (number + i) % 4) for i in range(5) if (number + i) % 4),
            *(Fact("problem", f"p{i}") for i in range(7) if (number >> i) % 2),
        ]
        for number in range(400)
    ]
    with Linker(conjunctions) as linker, ThreadPoolExecutor(8) as threads:

        def anew(batch: list[Fact]) -> frozenset[int]:
            linker.forget()
            return linker.fired(batch)

        expected = [linker.fired(batch) for batch in batches]
        assert list(threads.map(anew, batches)) == expected
        assert list(threads.map(linker.fired, batches)) == expected
    assert any(expected)
