from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from service.knowledge.cases import check_test, record_of, value_of
from service.knowledge.derived import age_in_days, age_in_years
from service.knowledge.language import RuleTest
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_age
from service.record import Amount, Interval, Moment, Record, Result, Source

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(**ago: float) -> Moment:
    when = NOW - timedelta(**ago)
    return Moment(when.isoformat(), when, when)


def record(knowledge: Knowledge, **given: str | list[str]) -> Record:
    return record_of(RuleTest(given, "none"), knowledge, NOW)


def only(knowledge: Knowledge, copper: str) -> Result:
    (found,) = record(knowledge, copper=copper).results
    return found


def test_an_amount_is_a_result_of_an_hour_ago(small: Knowledge) -> None:
    assert only(small, "45 ug/dL") == Result(
        analyte="copper",
        amount=Amount(Decimal(45), "ug/dL"),
        printed="45 ug/dL",
        moment=at(hours=1),
        source=Source("Observation", "Observation/copper-1", "given.copper[0]"),
    )


@pytest.mark.parametrize("comparator", ["<", "<=", ">", ">="])
def test_a_comparator_is_kept(small: Knowledge, comparator: str) -> None:
    for text in (f"{comparator}45 ug/dL", f"{comparator} 45 ug/dL"):
        found = only(small, text)
        assert (found.comparator, found.amount) == (comparator, Amount(Decimal(45), "ug/dL"))


def test_what_follows_commas_is_said_of_the_result(small: Knowledge) -> None:
    found = only(small, "45 ug/dL, 3 d ago, range 70 to 140, L, hemolyzed, preliminary")
    assert found.moment == at(days=3)
    assert found.interval == Interval(Decimal(70), Decimal(140))
    assert found.interpretation == "L"
    assert found.marks == ("hemolyzed", "preliminary")
    assert found.printed == "45 ug/dL"


def test_a_flag_alone_is_a_result_without_an_amount(small: Knowledge) -> None:
    found = only(small, "LL, 2 h ago")
    assert (found.amount, found.interpretation, found.moment) == (None, "LL", at(hours=2))


def test_an_unreadable_result_has_neither_amount_nor_flag(small: Knowledge) -> None:
    found = only(small, "unreadable")
    assert (found.amount, found.interpretation) == (None, "")


def test_an_undated_result_has_no_moment(small: Knowledge) -> None:
    assert only(small, "45 ug/dL, undated").moment is None


def test_a_mass_of_another_molecule_has_its_form(small: Knowledge) -> None:
    (found,) = record(small, urea="56 mg/dL as nitrogen").results
    assert (found.form, found.amount) == ("nitrogen", Amount(Decimal(56), "mg/dL"))


def test_a_list_is_several_results_with_names_of_their_own(small: Knowledge) -> None:
    found = record(small, sodium=["118 mmol/L, 3 d ago", "130 mmol/L"]).results
    assert [each.source.reference for each in found] == [
        "Observation/sodium-1",
        "Observation/sodium-2",
    ]


def test_problems_may_be_past_unconfirmed_or_dated(small: Knowledge) -> None:
    plain, dated, past = record(
        small,
        problems=["celiac-disease", "myoclonus, since 10 d", "myoclonus, past, unconfirmed"],
    ).problems
    assert (plain.active, plain.confirmed, plain.onset, plain.marks) == (True, True, None, ())
    assert plain.recorded == at(hours=1)
    assert plain.text == "Celiac disease"
    assert dated.onset == at(days=10)
    assert (past.active, past.confirmed, past.marks) == (False, False, ("past", "unconfirmed"))


def test_an_undated_problem_has_neither_onset_nor_record(small: Knowledge) -> None:
    (found,) = record(small, problems="celiac-disease, undated").problems
    assert (found.onset, found.recorded) == (None, None)


def test_treatments_are_current_until_they_are_stopped(small: Knowledge) -> None:
    plain, started, stopped = record(
        small,
        treatments=["gabapentin", "gabapentin, started 5 d ago", "pregabalin, stopped 3 d ago"],
    ).treatments
    assert (plain.current, plain.start, plain.end) == (True, None, None)
    assert (started.current, started.start) == (True, at(days=5))
    assert (stopped.current, stopped.end) == (False, at(days=3))


def test_a_treatment_may_be_at_a_higher_dose(small: Knowledge) -> None:
    raised, plain = record(
        small, treatments=["gabapentin, started 5 d ago, at a higher dose", "pregabalin"]
    ).treatments
    assert (raised.start, raised.marks) == (at(days=5), ("dose-raised",))
    assert plain.marks == ()


def test_the_tally_counts_what_is_given(small: Knowledge) -> None:
    tally = record(small, sodium=["H", "N"], problems="myoclonus", treatments=["gabapentin"]).tally
    assert (tally.results, tally.problems, tally.treatments) == (2, 1, 1)


@pytest.mark.parametrize("age", ["0 d", "27 d", "3 wk", "5 mo", "1 y", "18 y", "40 y", "99 y"])
def test_an_age_is_reached_today(small: Knowledge, age: str) -> None:
    patient = record(small, age=age).patient
    days = age_in_days(patient, NOW)
    assert days is not None
    assert parse_age(f"{age} and over").holds(days)
    if age.endswith("y"):
        assert age_in_years(patient, NOW) == int(age.split(maxsplit=1)[0])
        assert not parse_age(f"under {age}").holds(days)


def test_an_age_is_reached_on_the_day_that_leap_years_have_alone(small: Knowledge) -> None:
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)
    patient = record_of(RuleTest({"age": "18 y"}, "none"), small, leap).patient
    assert patient.born
    assert patient.born.text == "2010-02-28"


def test_age_and_sex_are_unknown_unless_given(small: Knowledge) -> None:
    assert record(small).patient.born is None
    assert record(small).patient.sex is None
    assert record(small, sex="female").patient.sex == "female"


@pytest.mark.parametrize(
    "given",
    [
        {"copper": "45"},
        {"copper": "45 mg/dL"},
        {"copper": "45 ug/dL | 7 umol/L"},
        {"copper": "reference"},
        {"copper": "< ug/dL"},
        {"copper": "45 ug/dL,3 d ago"},
        {"copper": "45 ug/dL, 3 days ago"},
        {"copper": "45 ug/dL, range 140 to 70"},
        {"copper": "99999 ug/dL"},
        {"copper": "A"},
        {"copper": ""},
        {"osmoles": "285 mmol/L"},
        {"zinc": "45 ug/dL"},
        {"problems": "coeliac-disease"},
        {"problems": "malabsorption"},
        {"problems": "myoclonus, since then"},
        {"treatments": "gabapentin, current"},
        {"treatments": "gabapentin, started 5 d"},
        {"treatments": "lithium"},
        {"age": "40"},
        {"age": "under 40 y"},
        {"sex": "other"},
        {"sex": ["male"]},
    ],
)
def test_what_cannot_be_read_is_told_and_raised(
    small: Knowledge, given: dict[str, str | list[str]]
) -> None:
    test = RuleTest(given, "none")
    assert list(check_test(test, small))
    with pytest.raises(ValueError, match=r"\S+ \S+ \S+"):
        record_of(test, small, NOW)


def test_a_value_may_say_whose_it_is(small: Knowledge) -> None:
    found = value_of(small, "copper", "38 ug/dL, aged 6 y, female, hemolyzed", NOW)
    (result,) = found.results
    assert (result.amount, result.marks) == (Amount(Decimal(38), "ug/dL"), ("hemolyzed",))
    assert (age_in_years(found.patient, NOW), found.patient.sex) == (6, "female")


def test_a_value_of_nobody_in_particular_is_of_unknown_age_and_sex(small: Knowledge) -> None:
    patient = value_of(small, "copper", "38 ug/dL", NOW).patient
    assert (patient.born, patient.sex) == (None, None)


def test_a_value_may_be_a_derived_one(small: Knowledge) -> None:
    (result,) = value_of(small, "sodium_rise", "9 mmol/L", NOW).results
    assert result.amount == Amount(Decimal(9), "mmol/L")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("38 ug/dL, female, male", "says twice whose result it is"),
        ("38 ug/dL, aged 6 y, aged 7 y", "says twice whose result it is"),
        ("38 ug/dL, aged old", "is not an age"),
        ("38 mg/dL", "is not a unit of copper"),
        ("38000 umol/L", "is outside 0.1 to 100 umol/L"),
    ],
)
def test_a_value_that_cannot_be_is_told(small: Knowledge, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        value_of(small, "copper", text, NOW)
