from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import json

from service.fhir import wire
from service.fhir.issues import Issues, Spot
from service.fhir.patients import Chart
from service.fhir.ranges import interval_of
from service.fhir.times import moment
from service.record import Interval, Issue, Sex
from tests.fhir.sent import LEXICON, number, sent

DECODER = json.Decoder(list[wire.ReferenceRange])
UTC_ZONE = ZoneInfo("UTC")


def _interval(
    *ranges: dict[str, Any],
    unit: str = "mmol/L",
    born: str | None = None,
    sex: Sex | None = None,
    at: str | None = "2026-05-09",
) -> tuple[Interval | None, tuple[Issue, ...]]:
    chart = Chart("ann", "Patient")
    chart.born = moment(born, UTC_ZONE) if born else None
    chart.sex = sex
    issues = Issues()
    found = interval_of(
        DECODER.decode(sent(list(ranges))),
        unit,
        LEXICON,
        Spot(issues, "Observation", "ann"),
        chart=chart,
        moment=moment(at, UTC_ZONE) if at else None,
    )
    return found, issues.told()


def _range(
    low: object = 135, high: object = 145, unit: str | None = "mmol/L", **more: object
) -> dict[str, Any]:
    def bound(value: object) -> dict[str, Any] | None:
        return None if value is None else {"value": value, **({"unit": unit} if unit else {})}

    return {"low": bound(low), "high": bound(high), **more}


def _is(low: str | None, high: str | None) -> Interval:
    return Interval(Decimal(low) if low else None, Decimal(high) if high else None)


@pytest.mark.parametrize(
    ("sent_range", "interval"),
    [
        (_range(), _is("135", "145")),
        (_range(number("135.0"), 145), _is("135.0", "145")),
        (_range(None, 145), _is(None, "145")),
        (_range(135, None), _is("135", None)),
        (_range(unit=None), _is("135", "145")),
        (_range(unit="MMOL/L"), _is("135", "145")),
        (_range(135_000, 145_000, unit="umol/L"), _is("135", "145")),
        (_range(5, 5), _is("5", "5")),
        (_range(type={"coding": [{"code": "normal"}]}), _is("135", "145")),
        (_range(type={"text": "usual"}), _is("135", "145")),
    ],
)
def test_the_range_of_a_laboratory_is_in_the_unit_of_the_value(
    sent_range: dict[str, Any], interval: Interval
) -> None:
    assert _interval(sent_range) == (interval, ())


def test_a_range_in_another_unit_of_the_same_dimension_is_converted_exactly() -> None:
    found, issues = _interval(_range(number("3.5"), number("5.3"), unit="mg/dL"), unit="g/L")
    assert (found, issues) == (_is("0.035", "0.053"), ())


@pytest.mark.parametrize(
    ("sent_range", "severity", "word"),
    [
        (_range(0, 0), "information", "0 to 0"),
        (_range(number("0.0"), number("0.00")), "information", "0 to 0"),
        (_range(145, 135), "warning", "above"),
        (_range(unit="mg/dL"), "warning", "another unit"),
        (_range(unit="furlongs"), "warning", "another unit"),
        (_range("135", "145"), "warning", "no plain number"),
        (_range(number("1e400"), 145), "warning", "no plain number"),
        ({"low": {"value": 135, "comparator": "<"}}, "warning", "no plain number"),
        (_range(type={"coding": [{"code": "therapeutic"}]}), "information", "other patients"),
        (_range(modifierExtension=[{"url": "x"}]), "information", "other patients"),
        ({"text": "see report"}, "information", "words"),
        ({"text": "1,000-2,000"}, "information", "words"),
        ({"text": "VN for children 70-110"}, "information", "words"),
        ({"text": "normal"}, "information", "words"),
        ({"text": "n70-110"}, "information", "words"),
        ({"text": "hasta 50 en mujeres, hasta 60 en hombres"}, "information", "words"),
        ({"text": "Ref: g/L 3-5"}, "information", "words"),
        ({"text": "<4 mmol/L (high risk)"}, "information", "words"),
        ({}, "information", "words"),
        ({"text": "3.5-5.1 g/L"}, "information", "another unit"),
        ({"text": "5.1-3.5"}, "warning", "above"),
        ({"text": "0-0"}, "information", "0 to 0"),
    ],
)
def test_a_range_that_can_not_be_right_is_told_and_not_used(
    sent_range: dict[str, Any], severity: str, word: str
) -> None:
    found, (issue,) = _interval(sent_range)
    assert found is None
    assert (issue.severity, issue.expression) == (severity, ("Observation.referenceRange[0]",))
    assert word in issue.text


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("3.5-5.1", _is("3.5", "5.1")),
        ("135 - 145 mmol/L", _is("135", "145")),
        ("163 \N{EN DASH} 347", _is("163", "347")),
        ("4.3 to 6.2", _is("4.3", "6.2")),
        ("70_105", _is("70", "105")),
        ("(3.5-5.1)", _is("3.5", "5.1")),
        ("8,4 - 10,2", _is("8.4", "10.2")),
        ("VN 70-110", _is("70", "110")),
        ("v.n.: 135-145 mmol/L", _is("135", "145")),
        ("(N: 0,5 - 1,2)", _is("0.5", "1.2")),
        ("Ref: <5", _is(None, "5")),
        ("hasta 50", _is(None, "50")),
        ("up to 50 mmol/L", _is(None, "50")),
        ("0,5-0.9", _is("0.5", "0.9")),
        ("< 1,2", _is(None, "1.2")),
        ("-2 - 2", _is("-2", "2")),
        ("<0.04", _is(None, "0.04")),
        ("<= 10 mmol/L", _is(None, "10")),
        (">1", _is("1", None)),
    ],
)
def test_a_range_that_is_only_printed_is_read_and_told(text: str, interval: Interval) -> None:
    found, (issue,) = _interval({"text": text})
    assert found == interval
    assert (issue.severity, issue.code) == ("information", "informational")


def test_numbers_come_before_the_text_beside_them() -> None:
    assert _interval(_range(text="1-2"))[0] == _is("135", "145")


WOMEN = _range(1, 2, appliesTo=[{"text": "Female"}])
MEN = _range(3, 4, appliesTo=[{"coding": [{"code": "248153007"}]}])
CHILDREN = _range(5, 6, age={"high": {"value": 17, "unit": "years"}})
ADULTS = _range(7, 8, age={"low": {"value": 18, "code": "a"}})
PREGNANT = _range(9, 10, appliesTo=[{"text": "Pregnant"}])
BLACK = _range(1, 9, appliesTo=[{"text": "Black or African American"}])


@pytest.mark.parametrize(
    ("ranges", "born", "sex", "interval"),
    [
        ([WOMEN, MEN], None, "female", _is("1", "2")),
        ([WOMEN, MEN], None, "male", _is("3", "4")),
        ([CHILDREN, ADULTS], "1960-01-01", None, _is("7", "8")),
        ([CHILDREN, ADULTS], "2020-01-01", None, _is("5", "6")),
        ([CHILDREN, ADULTS], "2008-05-09", None, _is("7", "8")),
        ([CHILDREN, ADULTS], "2008-05-11", None, _is("5", "6")),
        ([WOMEN], None, None, _is("1", "2")),
        ([ADULTS], None, None, _is("7", "8")),
        ([WOMEN, _range()], None, "female", _is("1", "2")),
        ([MEN, _range()], None, "female", _is("135", "145")),
        ([PREGNANT], None, "female", _is("9", "10")),
    ],
)
def test_of_several_ranges_the_one_for_this_patient_counts(
    ranges: list[dict[str, Any]], born: str | None, sex: Sex | None, interval: Interval
) -> None:
    assert _interval(*ranges, born=born, sex=sex)[0] == interval
    assert _interval(*reversed(ranges), born=born, sex=sex)[0] == interval


@pytest.mark.parametrize(
    ("ranges", "born", "sex", "at"),
    [
        ([WOMEN, MEN], None, None, "2026"),
        ([CHILDREN, ADULTS], None, None, "2026"),
        ([CHILDREN, ADULTS], "1960", None, None),
        ([_range(), _range(130, 150)], "1960", "male", "2026"),
        ([PREGNANT, BLACK], None, "female", "2026"),
        ([MEN], None, "female", "2026"),
        ([CHILDREN], "1960", None, "2026"),
    ],
)
def test_where_none_or_several_may_be_for_this_patient_none_is_guessed(
    ranges: list[dict[str, Any]], born: str | None, sex: Sex | None, at: str | None
) -> None:
    found, issues = _interval(*ranges, born=born, sex=sex, at=at)
    assert found is None
    assert {path for issue in issues for path in issue.expression} == {
        f"Observation.referenceRange[{i}]" for i in range(len(ranges))
    }


@pytest.mark.parametrize(
    "age",
    [
        {"low": {"value": 18}},
        {"low": {"value": 18, "unit": "furlongs"}},
        {"low": {"value": "18", "unit": "a"}},
    ],
)
def test_an_age_that_can_not_be_read_excludes_nobody(age: dict[str, Any]) -> None:
    assert _interval(_range(age=age), born="2020")[0] == _is("135", "145")
