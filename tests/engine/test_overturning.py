"""An earlier conclusion falls only by what was read anew: never by what was not sent."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from msgspec import structs

from service.engine import Engine
from service.knowledge.cases import record_of
from service.knowledge.language import Expected
from service.knowledge.loader import load
from service.record import (
    Amount,
    Cause,
    Earlier,
    Evidence,
    Ground,
    Moment,
    Problem,
    Record,
    Result,
    Source,
    Treatment,
)
from tests.engine import random_records
from tests.engine.oracle_quantities import rounded
from tests.engine.small import ago, day, link, linked, problem, record, result, rules, treatment
from tests.engine.strategies import CHANCE
from tests.engine.test_oracle_agreement import thorough

RULES = Path(__file__).parents[2] / "rules"

SODIUM = link("low", "cause: hyponatremia\nstrength: strong", "{finding: hyponatremia}")
DEFICIENT = link(
    "deficient",
    "cause: b12-deficiency\nstrength: moderate",
    "{all: [{finding: low-b12}, {problem: celiac-disease}]}",
)
KIDNEYS = link(
    "drug",
    'cause: "drug-{agent}"\nstrength: moderate',
    "{all: [{treatment: gabapentinoids}, {any: [{finding: uremic}, {finding: high-creatinine}]}]}",
)
SUGAR = link(
    "sugar",
    "cause: hypoglycemia\nstrength: strong",
    "{finding: hypoglycemia, worst_within: 24 h of now}",
)
SINCE = ago(days=3)
NEWER = ago(days=1)
OLDER = ago(days=5)


def earlier(cause: str, *grounds: tuple[str, str, str], **more: object) -> Earlier:
    """A conclusion of three days ago: ("result", "sodium", "Observation/sodium"), ..."""
    found = frozenset(Ground(kind, one, name) for kind, one, name in grounds)  # type: ignore[arg-type]
    return structs.replace(Earlier(cause, SINCE, found), **more)


def overturning(
    engine: Engine, of: Record, one: Earlier
) -> tuple[Result | Problem | Treatment, ...] | None:
    (found,) = engine.overturning(of, (one,))
    return found


LOW_SODIUM = earlier("hyponatremia", ("result", "sodium", "Observation/old"))
LOW_B12 = earlier(
    "b12-deficiency",
    ("result", "vitamin_b12", "Observation/old"),
    ("problem", "celiac-disease", "Condition/celiac-disease"),
)
GABAPENTIN = earlier(
    "drug-gabapentin",
    ("treatment", "gabapentin", "MedicationStatement/gabapentin"),
    ("result", "urea", "Observation/old"),
)
NORMAL_SODIUM = result("sodium", "140 mmol/L", "new", moment=NEWER)
NORMAL_B12 = result("vitamin_b12", "500 pg/mL", "new", moment=NEWER)
NORMAL_UREA = result("urea", "5 mmol/L", "new", moment=NEWER)
KNOWLEDGE = linked(SODIUM, DEFICIENT, KIDNEYS, SUGAR)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(KNOWLEDGE) as made:
        yield made


def test_a_newer_normal_result_overturns_what_rested_on_the_old_one(engine: Engine) -> None:
    assert overturning(engine, record(NORMAL_SODIUM), LOW_SODIUM) == (NORMAL_SODIUM,)


def test_one_of_two_things_that_must_hold_together_suffices(engine: Engine) -> None:
    assert overturning(engine, record(NORMAL_B12), LOW_B12) == (NORMAL_B12,)


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (result("glucose", "5 mmol/L", "new", moment=NEWER),),
        (problem("celiac-disease"),),
        (result("sodium", "140 mmol/L", "new", moment=OLDER),),
        (result("sodium", "140 mmol/L", "new", moment=SINCE),),
        (result("sodium", "140 mmol/L", "new", moment=day(3)),),
        (result("sodium", "140 mmol/L", "new", moment=None),),
        (result("sodium", "", "new", moment=NEWER),),
        (result("sodium", "120 mmol/L", "new", moment=NEWER),),
        (structs.replace(result("sodium", "150 mmol/L", "new", moment=NEWER), comparator="<"),),
        (structs.replace(NORMAL_SODIUM, marks=("preliminary",)),),
        (structs.replace(NORMAL_SODIUM, marks=("unknown-status",)),),
        (structs.replace(NORMAL_SODIUM, marks=("hemolyzed",)),),
        (structs.replace(NORMAL_SODIUM, marks=("issue-dated",)),),
        (
            structs.replace(
                result("sodium", "", "new", moment=NEWER),
                interpretation="H",
                marks=("implausible",),
            ),
        ),
        (
            structs.replace(
                result("sodium", "", "new", moment=NEWER), interpretation="N", marks=("range-only",)
            ),
        ),
        (NORMAL_SODIUM, result("sodium", "", "newest", moment=ago(hours=1))),
        (result("sodium", "140 mmol/L", "new", moment=ago(hours=-1)),),
    ],
    ids=[
        "nothing at all",
        "something else",
        "a problem",
        "an older result",
        "one of the same moment",
        "one of the same day",
        "one without a time",
        "one that can not be read",
        "one as low",
        "one that leaves it open",
        "a preliminary one",
        "one of unknown status",
        "a hemolyzed one",
        "one of which only the issue is known to be newer",
        "a flag beside a number that can not be",
        "one in a unit that can not be read",
        "one before another that can not be read",
        "one to come",
    ],
)
def test_what_does_not_surely_speak_against_it_overturns_nothing(
    engine: Engine, pieces: tuple[Result | Problem, ...]
) -> None:
    assert overturning(engine, record(*pieces), LOW_SODIUM) is None


def test_a_newer_result_too_old_to_count_by_now_overturns_nothing(engine: Engine) -> None:
    long_ago = structs.replace(LOW_SODIUM, since=ago(days=40))
    old = result("sodium", "140 mmol/L", "new", moment=ago(days=20))

    assert overturning(engine, record(old), long_ago) is None


def test_a_conclusion_without_a_time_is_overturned_by_no_newer_result(engine: Engine) -> None:
    undated = structs.replace(LOW_SODIUM, since=None)

    assert overturning(engine, record(NORMAL_SODIUM), undated) is None


def test_a_correction_of_its_own_evidence_overturns_it_whatever_the_time(engine: Engine) -> None:
    corrected = structs.replace(LOW_SODIUM, corrected=frozenset({"Observation/old"}))
    result_ = result("sodium", "140 mmol/L", "old", moment=OLDER)

    assert overturning(engine, record(result_), corrected) == (result_,)
    assert overturning(engine, record(result_), LOW_SODIUM) is None
    issued = structs.replace(result_, marks=("issue-dated",))
    assert overturning(engine, record(issued), corrected) == (issued,)


def test_a_medicine_that_was_not_sent_is_not_stopped(engine: Engine) -> None:
    low_kidneys = result("urea", "30 mmol/L", "new", moment=NEWER)

    assert overturning(engine, record(low_kidneys), GABAPENTIN) is None
    assert overturning(engine, record(), GABAPENTIN) is None


def test_recovered_kidneys_overturn_it_though_the_medicine_goes_on(engine: Engine) -> None:
    taken = treatment("gabapentin")

    assert overturning(engine, record(NORMAL_UREA, taken), GABAPENTIN) == (NORMAL_UREA,)
    assert overturning(engine, record(NORMAL_UREA), GABAPENTIN) == (NORMAL_UREA,)


def test_an_alternative_that_it_rested_on_too_must_be_overturned_as_well(engine: Engine) -> None:
    grounds = GABAPENTIN.grounds or frozenset()
    both = structs.replace(
        GABAPENTIN, grounds=grounds | {Ground("result", "creatinine", "Observation/old2")}
    )
    normal = result("creatinine", "70 umol/L", "new2", moment=NEWER)

    assert overturning(engine, record(NORMAL_UREA), both) is None
    assert overturning(engine, record(NORMAL_UREA, normal), both) == (NORMAL_UREA, normal)


def test_an_alternative_that_it_did_not_rest_on_holds_nothing_up(engine: Engine) -> None:
    assert overturning(engine, record(NORMAL_UREA), GABAPENTIN) is not None


def test_a_medicine_that_was_stopped_overturns_it_once_its_record_says_so(engine: Engine) -> None:
    stopped = treatment("gabapentin", current=False, end=ago(days=30))
    said = structs.replace(GABAPENTIN, stopped=frozenset({"MedicationStatement/gabapentin"}))

    assert overturning(engine, record(stopped), said) == (stopped,)
    assert overturning(engine, record(stopped), GABAPENTIN) is None
    another = treatment("gabapentin", "another", current=False)
    assert overturning(engine, record(another), said) is None
    renewed = treatment("gabapentin", "renewed")
    assert overturning(engine, record(stopped, renewed), said) is None


def test_a_problem_overturns_it_only_as_the_same_record_that_says_it_is_over(
    engine: Engine,
) -> None:
    over = problem("celiac-disease", active=False)
    doubted = problem("celiac-disease", confirmed=False)
    another = problem("celiac-disease", "another", active=False)

    assert overturning(engine, record(over), LOW_B12) == (over,)
    assert overturning(engine, record(doubted), LOW_B12) == (doubted,)
    assert overturning(engine, record(another), LOW_B12) is None


def test_the_worst_of_a_time_may_just_not_have_been_sent(engine: Engine) -> None:
    normal = result("glucose", "6 mmol/L", "new", moment=ago(hours=1))
    ground = ("result", "glucose", "Observation/old")
    recent = earlier("hypoglycemia", ground, since=ago(hours=5))
    before = earlier("hypoglycemia", ground, since=ago(hours=30))

    assert overturning(engine, record(normal), recent) is None
    assert overturning(engine, record(normal), before) == (normal,)


def test_what_it_rested_on_being_unknown_all_of_it_may_hold(engine: Engine) -> None:
    unknown = structs.replace(LOW_B12, grounds=None)

    assert overturning(engine, record(NORMAL_SODIUM), unknown) is None
    assert overturning(engine, record(NORMAL_B12), unknown) == (NORMAL_B12,)


def test_evidence_that_was_withdrawn_overturns_it_where_the_rest_does_not_suffice(
    engine: Engine,
) -> None:
    left = [each for each in LOW_B12.grounds or () if each.kind == "result"]
    torn = structs.replace(LOW_B12, grounds=frozenset(left), withdrawn=True)

    assert overturning(engine, record(), torn) == ()


@pytest.mark.parametrize("sent_again", [False, True])
def test_a_cause_that_was_told_within_it_is_not_lost_with_it(sent_again: bool) -> None:
    within = link(
        "within",
        "cause: b12-deficiency\nstrength: moderate\nsubsumed_by: hyponatremia",
        "{problem: celiac-disease}",
    )
    both = earlier(
        "hyponatremia",
        ("result", "sodium", "Observation/old"),
        ("problem", "celiac-disease", "Condition/celiac-disease"),
    )
    named_anew = [problem("celiac-disease")] if sent_again else []
    with Engine(linked(SODIUM, within)) as engine:
        found = overturning(engine, record(NORMAL_SODIUM, *named_anew), both)
        assert found == ((NORMAL_SODIUM,) if sent_again else None)
        assert overturning(engine, record(NORMAL_SODIUM), LOW_SODIUM) == (NORMAL_SODIUM,)


def test_a_conclusion_that_no_rule_draws_any_more_is_not_overturned_by_that(engine: Engine) -> None:
    assert (
        overturning(engine, record(NORMAL_SODIUM), structs.replace(LOW_SODIUM, cause="uremia"))
        is None
    )


def test_a_value_of_two_results_may_hold_for_want_of_one_of_them() -> None:
    knowledge = rules(
        """
derived: sodium_fall
name: Fall of sodium
unit: mmol/L
references: []
plausible: 0 to 100 mmol/L
lookback: 3 d
change: {analyte: sodium, kind: fall, over: 48 h}
---
finding: fast-fall
name: Fast fall
analyte: sodium_fall
references: []
grades: [{grade: fast, at_or_above: 10 mmol/L}]
---
"""
        + link(
            "fall",
            "cause: hyponatremia\nstrength: strong",
            "{any: [{finding: fast-fall}, {finding: hyponatremia}]}",
        )
        + "\n"
    )
    before = result("sodium", "141 mmol/L", "before", moment=ago(days=1, hours=20))
    with Engine(knowledge) as engine:
        assert overturning(engine, record(NORMAL_SODIUM), LOW_SODIUM) is None
        both = overturning(engine, record(NORMAL_SODIUM, before), LOW_SODIUM)
        assert both is not None
        assert NORMAL_SODIUM in both


def test_when_something_began_or_was_taken_is_never_overturned() -> None:
    """A course of time that the rules ask for is not told anew by what is over now."""
    timed = linked(
        link(
            "started",
            'cause: "drug-{agent}"\nstrength: moderate',
            "{treatment: gabapentinoids, started: within 14 d before now}",
        ),
        link(
            "began",
            "cause: b12-deficiency\nstrength: moderate",
            "{problem: celiac-disease, began: within 14 d before now}",
        ),
    )
    said = structs.replace(GABAPENTIN, stopped=frozenset({"MedicationStatement/gabapentin"}))
    stopped = treatment("gabapentin", current=False, start=ago(days=90), end=ago(days=30))
    over = problem("celiac-disease", active=False, onset=ago(days=90))
    with Engine(timed) as engine:
        assert overturning(engine, record(stopped), said) is None
        assert overturning(engine, record(over), LOW_B12) is None


# ------------------------------------------------------------------------ for any record


def evidence_of(cause: Cause) -> tuple[Evidence, ...]:
    return (*cause.evidence, *cause.sign)


def pieces_of(evidence: Evidence) -> list[Result | Problem | Treatment]:
    """What a piece of evidence was, with the inputs of what was computed."""
    if isinstance(evidence, Problem | Treatment):
        return [evidence]
    return list(leaves(evidence.result))


def leaves(result: Result) -> Iterator[Result]:
    if result.inputs:
        for part in result.inputs:
            yield from leaves(part)
    else:
        yield result


def concluded(cause: Cause, then: Record) -> Earlier:
    """A cause as a Flag would tell it later, beside what is sent then."""
    grounds: set[Ground] = set()
    moments: list[Moment] = []
    for piece in (piece for one in evidence_of(cause) for piece in pieces_of(one)):
        name = piece.source.reference
        if isinstance(piece, Result):
            grounds.add(Ground("result", piece.analyte, name))
            moments += [piece.moment] if piece.moment else []
        elif isinstance(piece, Problem):
            grounds.add(Ground("problem", piece.problem, name))
            moments += [at for at in (piece.onset or piece.recorded,) if at]
        else:
            grounds.add(Ground("treatment", piece.medicine, name))
            moments += [piece.start] if piece.start else []
    since = max(moments, key=lambda at: (at.earliest, at.latest), default=None)
    known = {ground.source for ground in grounds}
    sent = {one.source.reference for one in then.results if "corrected" in one.printed}
    over = {one.source.reference for one in then.treatments if not one.current}
    return Earlier(
        cause.cause, since, frozenset(grounds), frozenset(sent & known), frozenset(over & known)
    )


def beside(evidence: tuple[Evidence, ...], sent: Record) -> Record:
    """What was sent, with the old evidence beside it, but for what was sent anew."""
    sent_again: tuple[Result | Problem | Treatment, ...] = (
        *sent.results,
        *sent.problems,
        *sent.treatments,
    )
    again = {one.source.reference for one in sent_again}
    old = [piece for one in evidence for piece in pieces_of(one)]
    old = [piece for piece in old if piece.source.reference not in again]
    return structs.replace(
        sent,
        results=(*sent.results, *(one for one in old if isinstance(one, Result))),
        problems=(*sent.problems, *(one for one in old if isinstance(one, Problem))),
        treatments=(*sent.treatments, *(one for one in old if isinstance(one, Treatment))),
    )


def named(engine: Engine, of: Record) -> dict[str, Cause]:
    return {cause.cause: cause for cause in engine.assess(of).causes}


def overturned_wrongly(engine: Engine, first: Record, then: Record) -> tuple[list[str], int]:
    """Of the causes that a first record names, those that a later one overturns although they are
    named from it with their old evidence beside it; and how many it overturns at all.
    """
    wrong, overturned = [], 0
    later = named(engine, then)
    for cause in named(engine, first).values():
        by = overturning(engine, then, concluded(cause, then))
        if cause.cause not in later and by is not None:
            overturned += 1
            if cause.cause in named(engine, beside(evidence_of(cause), then)):
                wrong.append(cause.cause)
    return wrong, overturned


SHIPPED = load(RULES)


@pytest.fixture(scope="module")
def shipped() -> Iterator[Engine]:
    with Engine(SHIPPED) as made:
        yield made


#: Cases beside the rules in which a link names its cause.
FIRING = [
    test
    for link in SHIPPED.links.values()
    if link.strength and link.status == "active"
    for test in link.tests
    if isinstance(test.expect, Expected)
]
ASKED = {analyte: random_records.asked(SHIPPED, analyte) for analyte in SHIPPED.analytes}


def first_record(random: Random) -> Record:
    """A record of which the shipped rules name a cause, each piece of it with a name."""
    found = record_of(random.choice(FIRING), SHIPPED, random_records.NOW)

    def own(kind: str, number: int) -> Source:
        return Source(kind, f"{kind}/{number}", f"Bundle.entry[{number}].resource")

    return structs.replace(
        found,
        results=tuple(
            structs.replace(one, source=own("Observation", n))
            for n, one in enumerate(found.results)
        ),
        problems=tuple(
            structs.replace(one, source=own("Condition", n)) for n, one in enumerate(found.problems)
        ),
        treatments=tuple(
            structs.replace(one, source=own("MedicationStatement", n))
            for n, one in enumerate(found.treatments)
        ),
    )


def other_value(random: Random, one: Result, printed: str) -> Result:
    """Another value of what a result measured, of those that rules ask about, or about them."""
    amount = random.choice(ASKED[one.analyte])
    value = rounded(amount.value * (1 + random.choice(random_records.NUDGES)), 12)
    return structs.replace(
        one,
        amount=Amount(value, amount.unit),
        form=amount.form,
        comparator="",
        interval=None,
        interpretation="",
        printed=printed,
    )


def anew(source: Source) -> Source:
    return structs.replace(source, reference=f"{source.reference}-new")


def sent_later(random: Random, first: Record) -> Record:
    """Parts of a record some days later: left out, as they were, with other values or over."""
    shift = timedelta(days=random.choice((0, 1, 3, 20)))
    results: list[Result] = []
    for one in first.results:
        if one.analyte in SHIPPED.analytes and random.random() < 0.7:
            other = other_value(random, one, "another")
            hours = random.choice((-30, -1, 0, 1, 20))
            at = random_records.at(first.moment + timedelta(hours=hours))
            results.append(structs.replace(other, moment=at, source=anew(one.source)))
        fate = random.randrange(4)
        if fate == 0:
            results.append(one)
        elif fate == 1 and one.analyte in SHIPPED.analytes:
            results.append(other_value(random, one, "corrected"))
    problems: list[Problem] = []
    for problem_ in first.problems:
        source = random.choice((problem_.source, anew(problem_.source)))
        active = random.random() < 0.5
        if random.random() < 0.6:
            problems.append(structs.replace(problem_, active=active, source=source))
    treatments: list[Treatment] = []
    for taken in first.treatments:
        source = random.choice((taken.source, anew(taken.source)))
        current = taken.current and random.random() < 0.5
        if random.random() < 0.6:
            treatments.append(structs.replace(taken, current=current, source=source))
    return structs.replace(
        first,
        moment=first.moment + shift,
        results=tuple(results),
        problems=tuple(problems),
        treatments=tuple(treatments),
    )


def test_nothing_falls_that_would_stand_with_its_old_evidence_beside_the_new(
    shipped: Engine, cases_asked_for: int
) -> None:
    found: list[int] = []

    @thorough(300, cases_asked_for)
    @given(CHANCE)
    def check(random: Random) -> None:
        first = first_record(random)
        wrong, overturned = overturned_wrongly(shipped, first, sent_later(random, first))
        found.append(overturned)
        assert wrong == []

    check()
    # Where next to nothing falls, this proves next to nothing.
    assert sum(found) > len(found) / 20


def test_nothing_falls_by_sending_less_of_the_same_record(
    shipped: Engine, cases_asked_for: int
) -> None:
    found: list[int] = []

    @thorough(100, cases_asked_for)
    @given(CHANCE)
    def check(random: Random) -> None:
        first = first_record(random)
        part = structs.replace(
            first,
            moment=first.moment + timedelta(days=random.choice((0, 1, 3, 20, 400))),
            results=tuple(one for one in first.results if random.random() < 0.6),
            problems=tuple(one for one in first.problems if random.random() < 0.6),
            treatments=tuple(one for one in first.treatments if random.random() < 0.6),
        )
        for cause in named(shipped, first).values():
            found.append(1)
            if cause.cause not in named(shipped, part):
                assert overturning(shipped, part, concluded(cause, part)) is None

    check()
    assert found
