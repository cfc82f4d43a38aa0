"""What holds for every record: order in it, what nothing asks of it, units, more and less of it."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from time import process_time

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine import Engine
from service.record import STRENGTHS, Amount, Problem, Record, Result, Source, Treatment
from tests.engine.small import (
    NOW,
    ago,
    day,
    interval,
    link,
    linked,
    problem,
    record,
    result,
    rules,
    treatment,
)

LINKS = [
    link("l1", "cause: hyponatremia\nstrength: weak", "{finding: hyponatremia}"),
    link(
        "l2",
        "cause: hyponatremia\nstrength: strong",
        "{finding: hyponatremia, worst_within: 48 h of sign}",
    ),
    link(
        "l3",
        "cause: b12-deficiency\nstrength: moderate",
        "{all: [{finding: low-b12}, {problem: malabsorption}]}",
    ),
    link("l4", "cause: b12-deficiency\nstrengthens: 1", "{problem: crohn-disease}"),
    link(
        "l5",
        "cause: uremia\nstrength: moderate",
        "{at_least: 2, of: [{finding: uremic}, {finding: high-creatinine}, {normal: sodium}]}",
    ),
    link(
        "l6",
        'cause: "drug-{agent}"\nstrength: moderate',
        "{treatment: gabapentinoids, started: within 30 d before now}",
    ),
    link(
        "l7",
        "cause: hypoglycemia\nstrength: weak",
        "{all: [{finding: hypoglycemia}, {normal: sodium}], same_draw: 12 h}",
        "upstream_of: [uremia]\nsubsumed_by: hyponatremia",
    ),
    link("l8", "cause: uremia\nstrengthens: 1", "{count_distinct: 2 of serotonergic}"),
]
AGAINST = [
    link("m1", "cause: hyponatremia\nagainst: 1", "{problem: celiac-disease}"),
    link("m2", "suppress: hyponatremia", "{finding: hyperglycemia}"),
]
SUPPORTING = Engine(linked(*LINKS))
EVERYTHING = Engine(linked(*LINKS, *AGAINST))

Piece = Result | Problem | Treatment

MOMENTS = st.sampled_from(
    [
        *(ago(hours=hours) for hours in (1, 5, 30, 120, 1000, -3)),
        *(day(0), day(1), None),
    ]
)
TEXTS = {
    "sodium": ["118 mmol/L", "133 mmol/L", "140 meq/L", "150 mmol/L", "<140 mmol/L", ""],
    "glucose": ["45 mg/dL", "3.5 mmol/L", "5 mmol/L", "25 mmol/L", ""],
    "urea": ["30 mmol/L", "60 mg/dL as nitrogen", "60 mg/dL", "5 mmol/L"],
    "vitamin_b12": ["120 pg/mL", "180 pg/mL", "150 pmol/L", "400 pg/mL", "<150 pg/mL"],
    "creatinine": ["70 umol/L", "100 umol/L", "400 umol/L", "5 mg/dL"],
}
MARKS = st.sampled_from([(), (), ("preliminary",), ("by-name",)])
INTERVALS = st.sampled_from([None, None, interval("130", "150"), interval(high="100")])


@st.composite
def results(draw: st.DrawFn) -> Result:
    analyte = draw(st.sampled_from(sorted(TEXTS)))
    text = draw(st.sampled_from(TEXTS[analyte]))
    return result(
        analyte,
        text,
        moment=draw(MOMENTS),
        marks=draw(MARKS),
        interval=draw(INTERVALS) if text else None,
        interpretation=draw(st.sampled_from(["", "", "L", "H", "N", "A"])),
        issued=draw(st.sampled_from([None, NOW, NOW - timedelta(hours=1)])),
    )


PROBLEMS = st.builds(
    lambda name, active, onset: problem(name, active=active, onset=onset),
    st.sampled_from(["celiac-disease", "crohn-disease", "myoclonus"]),
    st.booleans(),
    MOMENTS,
)
TREATMENTS = st.builds(
    lambda name, current, start: treatment(name, current=current, start=start),
    st.sampled_from(["gabapentin", "pregabalin", "sertraline", "tramadol"]),
    st.booleans(),
    MOMENTS,
)
PIECES = st.lists(st.one_of(results(), results(), PROBLEMS, TREATMENTS), max_size=14)


def named(piece: Piece, name: str) -> Piece:
    """A piece with a source of its own, as every one in a request has."""
    source = Source(piece.source.type, f"{piece.source.type}/{name}", f"Bundle.entry[{name}]")
    return msgspec.structs.replace(piece, source=source)


@st.composite
def records(draw: st.DrawFn) -> Record:
    return record(
        *(named(piece, str(place)) for place, piece in enumerate(draw(PIECES))),
        age=draw(st.sampled_from([None, 5, 50])),
        sex=draw(st.sampled_from([None, "female", "male"])),
    )


@settings(max_examples=300, deadline=None)
@given(records(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_in_a_record_never_matters(given: Record, random: Random) -> None:
    shuffled = {}
    for name in ("results", "problems", "treatments"):
        listed = list(getattr(given, name))
        random.shuffle(listed)
        shuffled[name] = tuple(listed)
    other = msgspec.structs.replace(given, **shuffled)
    assert EVERYTHING.assess(other) == EVERYTHING.assess(given)


@settings(max_examples=200, deadline=None)
@given(records())
def test_what_no_rule_asks_about_changes_nothing(given: Record) -> None:
    more = (*given.results, result("bicarbonate", "24 mmol/L", "unrelated"))
    other = msgspec.structs.replace(given, results=more)
    assert EVERYTHING.assess(other) == EVERYTHING.assess(given)


@settings(max_examples=300, deadline=None)
@given(records(), PROBLEMS | TREATMENTS)
def test_more_support_never_takes_a_cause_away_or_lowers_it(
    given: Record, more: Problem | Treatment
) -> None:
    """Where no link speaks against a cause, and none lets it be told within another."""
    engine = SUPPORTING
    with_more = msgspec.structs.replace(
        given,
        problems=given.problems + ((more,) if isinstance(more, Problem) else ()),
        treatments=given.treatments + ((more,) if isinstance(more, Treatment) else ()),
    )
    before, after = engine.examine(given).named, engine.examine(with_more).named
    assert before.keys() <= after.keys()
    for cause, named in before.items():
        assert STRENGTHS.index(named.strength) <= STRENGTHS.index(after[cause].strength)


@settings(max_examples=300, deadline=None)
@given(records(), st.sampled_from([*TEXTS, "problems", "treatments"]))
def test_absence_never_names_or_strengthens_a_cause(given: Record, absent: str) -> None:
    without = msgspec.structs.replace(
        given,
        results=tuple(each for each in given.results if each.analyte != absent),
        problems=() if absent == "problems" else given.problems,
        treatments=() if absent == "treatments" else given.treatments,
    )
    before, after = (SUPPORTING.examine(each).named for each in (given, without))
    assert after.keys() <= before.keys()
    for cause, named in after.items():
        assert STRENGTHS.index(named.strength) <= STRENGTHS.index(before[cause].strength)


FACTORS = {
    ("sodium", "mmol/L"): ("meq/L", Fraction(1)),
    ("urea", "mmol/L"): ("g/L", Fraction("60.06") / 1000),
    ("creatinine", "umol/L"): ("mg/dL", Fraction("113.12") / 10000),
}


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(FACTORS)),
    st.decimals(1, 400, places=1, allow_nan=False),
    st.sampled_from(["", "<", "<=", ">", ">="]),
)
def test_a_result_in_another_unit_shows_the_same_where_one_limit_is_written(
    key: tuple[str, str], value: Decimal, comparator: str
) -> None:
    """Sodium is written in mmol/L alone; of the others values are taken that convert exactly."""
    analyte, unit = key
    to_unit, factor = FACTORS[key]
    number = Fraction(value) * factor
    converted = Decimal(number.numerator) / Decimal(number.denominator)
    if Fraction(converted) != number:
        return
    engine = SINGLE_UNIT
    one = result(analyte, f"{comparator}{value} {unit}")
    other = msgspec.structs.replace(one, amount=Amount(converted, to_unit))
    shown = [
        [(f.finding, f.grade) for f in engine.assess(record(each)).findings]
        + [bool(engine.examine(record(each)).undecided)]
        for each in (one, other)
    ]
    assert shown[0] == shown[1]


SINGLE_UNIT = Engine(
    rules("""
finding: very-uremic
name: Very high urea
analyte: urea
references: []
grades:
  - {grade: high, at_or_above: 20 mmol/L}
---
finding: very-high-creatinine
name: Very high creatinine
analyte: creatinine
references: []
grades:
  - {grade: high, above: 150 umol/L}
""")
)


def test_cost_grows_with_the_results_and_no_faster() -> None:
    def seconds(count: int) -> float:
        given = record(
            *(
                result("sodium", f"{118 + i % 30} mmol/L", str(i), moment=ago(minutes=i))
                for i in range(count)
            ),
            problem("myoclonus", onset=ago(hours=1)),
        )
        best = float("inf")
        for _ in range(3):
            started = process_time()
            EVERYTHING.assess(given)
            best = min(best, process_time() - started)
        return best

    assert seconds(8000) < 16 * seconds(1000)
