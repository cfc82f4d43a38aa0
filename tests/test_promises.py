"""The promises of the house, held from a request's bytes to its answer, over the shipped rules."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from service.evaluation import answer, ask, assess, compose
from service.fhir.issues import Refused
from service.knowledge.units import convert
from service.record import Amount, Record, Result
from tests.fhir.bundles_drawn import (
    KNOWLEDGE,
    NOW,
    SITE,
    UNRELATED,
    Entry,
    body,
    document,
    entries,
    facts,
    patients,
    records,
    resources,
)
from tests.fhir_validity import assert_valid_answer
from tests.told import flags

ASKED = ask(SITE, NOW.isoformat())

thorough = settings(max_examples=100, deadline=None)


def answered(listed: Iterable[Entry]) -> dict[str, Any]:
    """The answer to a Bundle; one without entries where it is refused, as one of nobody is."""
    try:
        found: dict[str, Any] = json.loads(answer(SITE, body(listed), ASKED, NOW))
    except Refused:
        return {"entry": []}
    return found


def flagged(listed: Iterable[Entry]) -> dict[str, Any]:
    """The Flags of an answer by their ids, whether references name their server or not."""
    return {
        entry["resource"]["id"]: json.loads(_SERVERS.sub("", json.dumps(entry["resource"])))
        for entry in answered(listed)["entry"]
        if entry["resource"]["resourceType"] == "Flag"
    }


_SERVERS = re.compile(r"https://\w+\.example/fhir/")


@thorough
@given(records())
def test_a_patient_is_judged_alike_as_fhir_and_as_the_tests_beside_the_rules_give_it(
    record: Record,
) -> None:
    judged = SITE.engine.assess(record)

    found = answered(entries(resources(record)))

    causes = sorted((cause.priority, cause.cause) for cause in judged.causes)
    assert sorted((flag.priority, flag.cause) for flag in flags(found)) == causes


@thorough
@given(patients(hostile=True))
def test_whatever_is_sent_is_used_or_named_in_the_answer(found: list[list[Entry]]) -> None:
    sent = body(entry for one in found for entry in one)
    try:
        evaluation = assess(SITE, sent, ASKED, NOW)
    except Refused:
        # What is wrong is told then, and how is for other tests.
        return
    told = assert_valid_answer(compose(SITE, evaluation, ASKED))
    named = {
        expression
        for entry in told["entry"]
        if entry["resource"]["resourceType"] == "OperationOutcome"
        for issue in entry["resource"]["issue"]
        for expression in issue.get("expression", ())
    }
    for record in evaluation.intake.records:
        for used in (record.results, record.problems, record.treatments):
            named |= {fact.source.expression for fact in used}
    for expression, resource in facts(document(sent)):
        assert any(
            f"{one}.".startswith(f"{expression}.") or f"{expression}.".startswith(f"{one}.")
            for one in named
        ), (expression, resource)


def said(listed: list[Entry]) -> Counter[str]:
    """What the answer says, each issue once for each resource that it points at, by its name."""
    found: Counter[str] = Counter()
    for entry in answered(listed)["entry"]:
        if entry["resource"]["resourceType"] == "OperationOutcome":
            for issue in entry["resource"]["issue"]:
                for expression in issue.get("expression", [""]):
                    place, _, rest = expression.removeprefix("Bundle.entry[").partition("]")
                    name = listed[int(place)]["fullUrl"] if place else ""
                    words = (issue["severity"], issue["code"], issue["details"]["text"])
                    found[json.dumps((name, rest, *words))] += 1
    return found


@thorough
@given(patients(), st.randoms(use_true_random=False))
def test_patients_together_are_each_told_what_they_are_told_alone(
    found: list[list[Entry]], chance: Random
) -> None:
    alone = [(flagged(one), said(one)) for one in found]
    mixed = [entry for one in found for entry in one]
    chance.shuffle(mixed)

    assert flagged(mixed) == {name: flag for one, _ in alone for name, flag in one.items()}
    assert said(mixed) == sum((words for _, words in alone), Counter[str]())


@thorough
@given(patients(hostile=True))
def test_sending_twice_changes_nothing(found: list[list[Entry]]) -> None:
    listed = [entry for one in found for entry in one]

    assert answered(listed) == answered(listed)
    assert flagged(listed * 2) == flagged(listed)


@thorough
@given(patients(most=2), st.sampled_from(UNRELATED), st.integers(0, 100))
def test_an_unrelated_resource_changes_no_flag(
    found: list[list[Entry]], unrelated: dict[str, Any], place: int
) -> None:
    listed = [entry for one in found for entry in one]
    more = dict(unrelated)
    if "code" in more:
        _, _, name = found[0][0]["fullUrl"].rpartition("/fhir/")
        more["subject"] = {"reference": name}
    server, _, _ = found[0][0]["fullUrl"].rpartition("/Patient/")
    at = place % (len(listed) + 1)

    assert flagged([*listed[:at], *entries([more], server), *listed[at:]]) == flagged(listed)


def in_another_unit(result: Result, place: int) -> Result:
    """A result in another unit of the same kind, where it converts exactly."""
    amount, interval = result.amount, result.interval
    if amount is None:
        return result
    kind = KNOWLEDGE.units[amount.unit].dimension
    units = [
        unit
        for unit in KNOWLEDGE.analytes[result.analyte].units
        if KNOWLEDGE.units[unit].dimension == kind
    ]
    unit = units[place % len(units)]

    def converted(value: Decimal) -> Decimal | None:
        exact = convert(
            KNOWLEDGE,
            result.analyte,
            value,
            amount.unit,
            unit,
            form=result.form,
            to_form=result.form,
        )
        found = Decimal(exact.numerator) / Decimal(exact.denominator)
        return found if Fraction(found) == exact and len(f"{found:f}") < 20 else None

    value = converted(amount.value)
    bounds = [
        None if bound is None else converted(bound)
        for bound in ((interval.low, interval.high) if interval else ())
    ]
    if value is None or (
        interval and bounds.count(None) != [interval.low, interval.high].count(None)
    ):
        return result
    return structs.replace(
        result,
        amount=Amount(value, unit),
        interval=structs.replace(interval, low=bounds[0], high=bounds[1]) if interval else None,
    )


@thorough
@given(records(), st.integers(0, 5))
def test_another_unit_changes_nothing(record: Record, place: int) -> None:
    other = structs.replace(
        record, results=tuple(in_another_unit(result, place) for result in record.results)
    )

    before, after = (answered(entries(resources(one))) for one in (record, other))

    assert flags(after) == flags(before)


def test_most_of_what_is_drawn_gets_flags() -> None:
    seen = Counter[bool]()

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(records())
    def look(record: Record) -> None:
        seen[bool(flagged(entries(resources(record))))] += 1

    look()
    assert seen[True] > seen.total() / 3
    assert seen[False] > seen.total() / 10
