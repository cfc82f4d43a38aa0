"""The engine as the rooms above use it."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.engine import Engine
from service.engine.conjunctions import TooComplexError
from service.engine.linking import LinkingError
from tests.engine.small import link, linked, problem, record, result, treatment

KNOWLEDGE = linked(
    link("a", "cause: hyponatremia\nstrength: strong", "{finding: hyponatremia}"),
    link(
        "b",
        "cause: b12-deficiency\nstrength: moderate",
        "{all: [{finding: low-b12}, {problem: malabsorption}]}",
    ),
    link("c", "cause: uremia\nstrength: weak", "{treatment: gabapentin, within: 30 d}"),
)
RECORDS = [
    record(*pieces)
    for sodium in ("118 mmol/L", "133 mmol/L", "140 mmol/L")
    for b12 in ("100 pg/mL", "500 pg/mL")
    for pieces in (
        [result("sodium", sodium), result("vitamin_b12", b12)],
        [result("sodium", sodium), result("vitamin_b12", b12), problem("celiac-disease")],
        [result("sodium", sodium), treatment("gabapentin")],
    )
]


def test_an_engine_assesses_until_it_is_closed() -> None:
    with Engine(KNOWLEDGE) as engine:
        assert engine.assess(RECORDS[0]).causes
    with pytest.raises(LinkingError, match="closed"):
        engine.assess(RECORDS[0])
    engine.close()


def test_a_closed_engine_never_looks_like_one_that_found_nothing() -> None:
    engine = Engine(KNOWLEDGE)
    engine.close()
    with pytest.raises(LinkingError):
        engine.assess(record())


def test_two_engines_side_by_side_do_not_mix() -> None:
    other = linked(link("a", "cause: uremia\nstrength: weak", "{finding: hyponatremia}"))
    with Engine(KNOWLEDGE) as one, Engine(other) as two:
        assert [cause.cause for cause in one.assess(RECORDS[0]).causes] == ["hyponatremia"]
        assert [cause.cause for cause in two.assess(RECORDS[0]).causes] == ["uremia"]
        assert [cause.cause for cause in one.assess(RECORDS[0]).causes] == ["hyponatremia"]


def test_eight_threads_find_what_one_finds() -> None:
    records = RECORDS * 12
    with Engine(KNOWLEDGE) as engine:
        expected = [engine.assess(each) for each in records]
    with Engine(KNOWLEDGE) as engine, ThreadPoolExecutor(8) as threads:
        assert list(threads.map(engine.assess, records)) == expected


def test_the_same_record_is_assessed_the_same_again_and_by_another_engine() -> None:
    with Engine(KNOWLEDGE) as one, Engine(KNOWLEDGE) as other:
        for each in RECORDS:
            assert one.assess(each) == one.assess(each) == other.assess(each)


def test_a_rule_set_that_cannot_be_compiled_is_refused_with_its_link() -> None:
    many = ", ".join(f"{{treatment: gabapentin, within: {i} h}}" for i in range(1, 18))
    wide = linked(link("wide", "cause: uremia\nstrength: weak", f"{{all: [{many}]}}"))
    with pytest.raises(TooComplexError, match="link wide joins 17"):
        Engine(wide)


def test_an_examination_tells_what_held_and_what_is_open() -> None:
    with Engine(KNOWLEDGE) as engine:
        examination = engine.examine(
            record(result("sodium", "<140 mmol/L"), treatment("gabapentin"))
        )
    assert examination.held == {"c"}
    assert examination.named.keys() == {"uremia"}
    assert examination.undecided.keys() == {"sodium"}


def test_a_forgotten_engine_is_freed() -> None:
    engine = Engine(KNOWLEDGE)
    engine.assess(RECORDS[0])
    remembered = weakref.ref(engine)
    del engine
    gc.collect()
    assert remembered() is None
