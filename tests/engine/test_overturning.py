"""An earlier conclusion falls only by what was read anew: never by what was not sent."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from msgspec import structs

from service.engine import Engine
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.record import (
    Cause,
    Earlier,
    Evidence,
    Ground,
    Moment,
    Problem,
    Record,
    Result,
    Treatment,
)
from tests.engine import random_records
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
    assert engine.overturning(record(NORMAL_SODIUM), LOW_SODIUM) == (NORMAL_SODIUM,)


def test_one_of_two_things_that_must_hold_together_suffices(engine: Engine) -> None:
    assert engine.overturning(record(NORMAL_B12), LOW_B12) == (NORMAL_B12,)


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
        "one before another that can not be read",
        "one to come",
    ],
)
def test_what_does_not_surely_speak_against_it_overturns_nothing(
    engine: Engine, pieces: tuple[Result | Problem, ...]
) -> None:
    assert engine.overturning(record(*pieces), LOW_SODIUM) is None


def test_a_newer_result_too_old_to_count_by_now_overturns_nothing(engine: Engine) -> None:
    long_ago = structs.replace(LOW_SODIUM, since=ago(days=40))
    old = result("sodium", "140 mmol/L", "new", moment=ago(days=20))

    assert engine.overturning(record(old), long_ago) is None


def test_a_conclusion_without_a_time_is_overturned_by_no_newer_result(engine: Engine) -> None:
    undated = structs.replace(LOW_SODIUM, since=None)

    assert engine.overturning(record(NORMAL_SODIUM), undated) is None


def test_a_correction_of_its_own_evidence_overturns_it_whatever_the_time(engine: Engine) -> None:
    corrected = structs.replace(LOW_SODIUM, corrected=frozenset({"Observation/old"}))
    result_ = result("sodium", "140 mmol/L", "old", moment=OLDER)

    assert engine.overturning(record(result_), corrected) == (result_,)
    assert engine.overturning(record(result_), LOW_SODIUM) is None


def test_a_medicine_that_was_not_sent_is_not_stopped(engine: Engine) -> None:
    low_kidneys = result("urea", "30 mmol/L", "new", moment=NEWER)

    assert engine.overturning(record(low_kidneys), GABAPENTIN) is None
    assert engine.overturning(record(), GABAPENTIN) is None


def test_recovered_kidneys_overturn_it_though_the_medicine_goes_on(engine: Engine) -> None:
    taken = treatment("gabapentin")

    assert engine.overturning(record(NORMAL_UREA, taken), GABAPENTIN) == (NORMAL_UREA,)
    assert engine.overturning(record(NORMAL_UREA), GABAPENTIN) == (NORMAL_UREA,)


def test_an_alternative_that_it_rested_on_too_must_be_overturned_as_well(engine: Engine) -> None:
    grounds = GABAPENTIN.grounds or frozenset()
    both = structs.replace(
        GABAPENTIN, grounds=grounds | {Ground("result", "creatinine", "Observation/old2")}
    )
    normal = result("creatinine", "70 umol/L", "new2", moment=NEWER)

    assert engine.overturning(record(NORMAL_UREA), both) is None
    assert engine.overturning(record(NORMAL_UREA, normal), both) == (NORMAL_UREA, normal)


def test_an_alternative_that_it_did_not_rest_on_holds_nothing_up(engine: Engine) -> None:
    assert engine.overturning(record(NORMAL_UREA), GABAPENTIN) is not None


def test_a_medicine_that_was_stopped_overturns_it_once_its_record_says_so(engine: Engine) -> None:
    stopped = treatment("gabapentin", current=False, end=ago(days=30))
    said = structs.replace(GABAPENTIN, stopped=frozenset({"MedicationStatement/gabapentin"}))

    assert engine.overturning(record(stopped), said) == (stopped,)
    assert engine.overturning(record(stopped), GABAPENTIN) is None
    another = treatment("gabapentin", "another", current=False)
    assert engine.overturning(record(another), said) is None
    renewed = treatment("gabapentin", "renewed")
    assert engine.overturning(record(stopped, renewed), said) is None


def test_a_problem_overturns_it_only_as_the_same_record_that_says_it_is_over(
    engine: Engine,
) -> None:
    over = problem("celiac-disease", active=False)
    doubted = problem("celiac-disease", confirmed=False)
    another = problem("celiac-disease", "another", active=False)

    assert engine.overturning(record(over), LOW_B12) == (over,)
    assert engine.overturning(record(doubted), LOW_B12) == (doubted,)
    assert engine.overturning(record(another), LOW_B12) is None


def test_the_worst_of_a_time_may_just_not_have_been_sent(engine: Engine) -> None:
    normal = result("glucose", "6 mmol/L", "new", moment=ago(hours=1))
    ground = ("result", "glucose", "Observation/old")
    recent = earlier("hypoglycemia", ground, since=ago(hours=5))
    before = earlier("hypoglycemia", ground, since=ago(hours=30))

    assert engine.overturning(record(normal), recent) is None
    assert engine.overturning(record(normal), before) == (normal,)


def test_what_it_rested_on_being_unknown_all_of_it_may_hold(engine: Engine) -> None:
    unknown = structs.replace(LOW_B12, grounds=None)

    assert engine.overturning(record(NORMAL_SODIUM), unknown) is None
    assert engine.overturning(record(NORMAL_B12), unknown) == (NORMAL_B12,)


def test_evidence_that_was_withdrawn_overturns_it_where_the_rest_does_not_suffice(
    engine: Engine,
) -> None:
    left = [each for each in LOW_B12.grounds or () if each.kind == "result"]
    torn = structs.replace(LOW_B12, grounds=frozenset(left), withdrawn=True)

    assert engine.overturning(record(), torn) == ()


def test_a_conclusion_that_no_rule_draws_any_more_is_not_overturned_by_that(engine: Engine) -> None:
    assert (
        engine.overturning(record(NORMAL_SODIUM), structs.replace(LOW_SODIUM, cause="uremia"))
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
        + link("fall", "cause: hyponatremia\nstrength: strong", "{finding: fast-fall}")
        + "\n"
    )
    with Engine(knowledge) as engine:
        assert engine.overturning(record(NORMAL_SODIUM), LOW_SODIUM) is None


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


def concluded(cause: Cause) -> Earlier:
    """A cause as a Flag would tell it later."""
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
    return Earlier(cause.cause, since, frozenset(grounds))


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


def renamed(of: Record, times: int) -> Record:
    """A record whose resources have names of their own, but for every third."""

    def own(piece: Result | Problem | Treatment) -> Result | Problem | Treatment:
        source = piece.source
        number = sum(map(ord, source.reference))
        if number % times == 0:
            return piece
        return structs.replace(
            piece, source=structs.replace(source, reference=f"{source.reference}-new")
        )

    return structs.replace(
        of,
        results=tuple(own(one) for one in of.results),
        problems=tuple(own(one) for one in of.problems),
        treatments=tuple(own(one) for one in of.treatments),
    )


def overturned_wrongly(engine: Engine, first: Record, then: Record) -> tuple[list[str], int]:
    """Of the causes that a first record names, those that a later one overturns although they are
    named from it with their old evidence beside it; and how many it overturns at all.
    """
    wrong, overturned = [], 0
    later = named(engine, then)
    for cause in named(engine, first).values():
        by = engine.overturning(then, concluded(cause))
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


def two_records(random: Random, knowledge: Knowledge) -> tuple[Record, Record]:
    """Two records of one patient, the second some days later and about the same things."""
    focus = random_records.focused(random, random_records.vocabulary(knowledge))
    first, then = (random_records.record(random, focus) for _ in range(2))
    then = structs.replace(then, patient=first.patient)
    days = timedelta(days=random.choice((0, 0, 1, 3, 20)))
    before = structs.replace(first, moment=first.moment - days)
    return before, renamed(then, random.choice((3, 10**6)))


def test_nothing_falls_that_would_stand_with_its_old_evidence_beside_the_new(
    shipped: Engine, cases_asked_for: int
) -> None:
    found: list[int] = []

    @thorough(150, cases_asked_for)
    @given(CHANCE)
    def check(random: Random) -> None:
        first, then = two_records(random, SHIPPED)
        wrong, overturned = overturned_wrongly(shipped, first, then)
        found.append(overturned)
        assert wrong == []

    check()
    assert sum(found) > 0, "no case overturned anything, so this proves nothing"


def test_nothing_falls_by_sending_less_of_the_same_record(
    shipped: Engine, cases_asked_for: int
) -> None:
    found: list[int] = []

    @thorough(100, cases_asked_for)
    @given(CHANCE)
    def check(random: Random) -> None:
        first, _ = two_records(random, SHIPPED)
        part = structs.replace(
            first,
            results=tuple(one for one in first.results if random.random() < 0.6),
            problems=tuple(one for one in first.problems if random.random() < 0.6),
            treatments=tuple(one for one in first.treatments if random.random() < 0.6),
        )
        for cause in named(shipped, first).values():
            found.append(1)
            newest = concluded(cause).since
            results = [one.moment for one in part.results if one.moment]
            if newest and all(at.earliest <= newest.latest for at in results):
                problems_over = [one for one in part.problems if not (one.active and one.confirmed)]
                if not problems_over:
                    assert shipped.overturning(part, concluded(cause)) is None

    check()
    assert sum(found) > 0
