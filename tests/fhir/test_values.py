from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, convert, json

from service.fhir import wire
from service.fhir.values import (
    NotANumberError,
    Unreadable,
    Value,
    has_value,
    is_of_time,
    number,
    text_value,
    value_of,
)
from tests.fhir.sent import number as written
from tests.fhir.sent import sent

DECODER = json.Decoder(wire.Component)


def _value(**elements: object) -> Value | Unreadable | None:
    said = DECODER.decode(sent(elements))
    return value_of(said, said.value_quantity)


@pytest.mark.parametrize(
    ("unit", "of_time"),
    [
        ("ug/24h", True),
        ("mmol/(24.h)", True),
        ("mcg/24 hr", True),
        ("mg/{24h}", True),
        ("g/Tag", True),
        ("nmol/d", True),
        ("mg/24 horas", True),
        ("mg/dL", False),
        ("mmol/L", False),
        ("mL/min", False),
        ("mL/min/1.73m2", False),
        ("ug/g", False),
        ("h", False),
        ("d", False),
        ("", False),
    ],
)
def test_a_unit_of_what_is_collected_in_a_time_is_known_by_its_end(
    unit: str, of_time: bool
) -> None:
    assert is_of_time(unit) is of_time


@pytest.mark.parametrize(
    "text", ["0", "-0.0", "9", "1.50", "1e5", "1E-5", "0.0000001", "6.022e23", "1" * 30]
)
def test_a_json_number_is_read_exactly_as_written(text: str) -> None:
    assert str(number(Raw(text.encode()))) == str(Decimal(text))


@pytest.mark.parametrize(
    "text",
    [
        '"9"',
        '"9.5"',
        "true",
        "false",
        "null",
        "{}",
        "[]",
        "",
        "1e400",
        "-118e99999999999999999999",
        "1e-400",
        "0e99",
        "1e31",
        "1" * 31,
        "0." + "3" * 40,
        "NaN",
        "Infinity",
        "\u0669",
    ],
)
def test_what_is_no_number_or_out_of_all_bounds_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(NotANumberError) as error:
        number(Raw(text.encode()))
    assert len(text) <= len("false") or text not in str(error.value)


@given(st.decimals(-(10**6), 10**6, places=6))
def test_no_number_changes_on_the_way(value: Decimal) -> None:
    assert _value(valueQuantity={"value": written(f"{value:f}")}) == Value(value, f"{value:f}")


@pytest.mark.parametrize(
    ("quantity", "number", "comparator", "printed"),
    [
        ({"value": 120, "unit": "mmol/L"}, "120", "", "120 mmol/L"),
        ({"value": written("1.50"), "code": "mg/dL"}, "1.50", "", "1.50 mg/dL"),
        ({"value": 5, "comparator": "<", "unit": "ng/L"}, "5", "<", "<5 ng/L"),
        ({"value": 600, "comparator": ">="}, "600", ">=", ">=600"),
        ({"value": 5, "comparator": ""}, "5", "", "5"),
    ],
)
def test_a_quantity_is_a_number_with_comparator_and_unit(
    quantity: dict[str, Any], number: str, comparator: str, printed: str
) -> None:
    found = _value(valueQuantity=quantity)
    assert isinstance(found, Value)
    assert (str(found.number), found.comparator, found.printed) == (number, comparator, printed)
    assert not found.from_text


@pytest.mark.parametrize(
    ("elements", "severity"),
    [
        ({"valueQuantity": {"unit": "mmol/L"}}, "warning"),
        ({"valueQuantity": {"comparator": "<"}}, "warning"),
        ({"valueQuantity": {"value": None}}, "warning"),
        ({"valueQuantity": {"value": "9"}}, "warning"),
        ({"valueQuantity": {"value": "NaN"}}, "warning"),
        ({"valueQuantity": {"value": written("1e400")}}, "warning"),
        ({"valueQuantity": {"value": 9, "comparator": "ad"}}, "warning"),
        ({"valueQuantity": {"value": 9, "comparator": "~"}}, "warning"),
        ({"valueQuantity": {"value": 9, "comparator": "=<"}}, "warning"),
        ({"valueInteger": 10**30}, "warning"),
        ({"valueString": "hemolyzed"}, "warning"),
        ({"valueString": ""}, "warning"),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2, "unit": "g/L"}}}, "warning"),
        ({"valueRange": {}}, "warning"),
        ({"valueRange": {"low": {"value": "1"}}}, "warning"),
        ({"valueRange": {"low": {"unit": "g/L"}}}, "warning"),
        ({"valueRange": {"high": {"value": 1, "comparator": ">"}}}, "warning"),
        ({"valueCodeableConcept": {"text": "positive"}}, "information"),
        ({"valueBoolean": True}, "information"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "information"),
        ({"valueSampledData": {}}, "information"),
        ({"valueTime": "10:00"}, "information"),
        ({"valueDateTime": "2026"}, "information"),
        ({"valuePeriod": {}}, "information"),
        ({"valueAttachment": {}}, "information"),
        ({"valueReference": {}}, "information"),
        ({"valueQuantity": {"value": 9}, "valueString": "9"}, "warning"),
        ({"valueString": "9", "valueInteger": 9}, "warning"),
        ({"valueQuantity": {"value": 9}, "dataAbsentReason": {"text": "error"}}, "warning"),
        ({"dataAbsentReason": {"text": "not performed"}}, "information"),
    ],
)
def test_what_is_not_one_certain_number_is_unreadable(
    elements: dict[str, Any], severity: str
) -> None:
    found = _value(**elements)
    assert isinstance(found, Unreadable)
    assert found.severity == severity


def test_nothing_at_all_is_nothing() -> None:
    assert _value() is None
    assert _value(interpretation=[{"text": "High"}]) is None
    assert not has_value(DECODER.decode(b"{}"))


@pytest.mark.parametrize(
    "elements",
    [
        {"valueString": "x"},
        {"valueInteger": 0},
        {"valueBoolean": False},
        {"dataAbsentReason": {"text": "unknown"}},
    ],
)
def test_a_value_or_a_reason_for_its_absence_is_something(elements: dict[str, Any]) -> None:
    assert has_value(convert(elements, wire.Component))


@pytest.mark.parametrize(
    ("text", "number", "comparator", "unit"),
    [
        ("118 mmol/L", "118", "", "mmol/L"),
        ("118mmol/L", "118", "", "mmol/L"),
        ("<5", "5", "<", ""),
        ("> 600", "600", ">", ""),
        ("<= 0.50 mg/dL", "0.50", "<=", "mg/dL"),
        ("\N{GREATER-THAN OR EQUAL TO}7", "7", ">=", ""),
        ("=<7", "7", "<=", ""),
        (" 5.1 ", "5.1", "", ""),
        ("-2 mmol/L", "-2", "", "mmol/L"),
        ("118,5 mmol/L", "118.5", "", "mmol/L"),
        ("<0,25", "0.25", "<", ""),
        ("1,2345 ng/mL", "1.2345", "", "ng/mL"),
        ("5 %", "5", "", "%"),
        ("5 mL/min/1.73 m2", "5", "", "mL/min/1.73 m2"),
        ("5 \N{MICRO SIGN}mol/L", "5", "", "\N{MICRO SIGN}mol/L"),
    ],
)
def test_a_text_that_is_a_number_is_read_as_one(
    text: str, number: str, comparator: str, unit: str
) -> None:
    found = text_value(text)
    assert isinstance(found, Value)
    assert (str(found.number), found.comparator, found.unit) == (number, comparator, unit)
    assert found.from_text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NEG",
        "see note",
        "hemolyzed",
        "1,500",
        "1,2345.6",
        "1,5,2",
        "1.250,00",
        "4+ (2000)",
        "1+ (80)",
        "1:128",
        "3.5-5.1",
        "120/80",
        "1_0",
        "5.",
        ".5",
        "1e3",
        "<",
        "< >5",
        "\u0661\u0662",
        "5 " + "x" * 100,
        "1" * 16,
        "10 20",
        "5 (low)",
        "++5",
    ],
)
def test_a_text_that_may_be_something_else_is_not_read_as_a_number(text: str) -> None:
    assert isinstance(text_value(text), Unreadable)


def test_an_integer_is_a_number_without_a_unit() -> None:
    assert _value(valueInteger=3) == Value(Decimal(3), "3")


@pytest.mark.parametrize(("end", "comparator"), [("low", ">="), ("high", "<=")])
def test_a_range_that_is_open_at_one_end_is_a_number_with_a_comparator(
    end: str, comparator: str
) -> None:
    found = _value(valueRange={end: {"value": 5, "unit": "g/L", "code": "g/L"}})
    assert isinstance(found, Value)
    assert (found.number, found.comparator, found.unit) == (Decimal(5), comparator, "g/L")
    assert found.printed == f"{comparator}5 g/L"


def test_a_range_is_printed_though_it_is_not_read() -> None:
    found = _value(valueRange={"low": {"value": 1, "unit": "g/L"}, "high": {"value": 2}})
    assert isinstance(found, Unreadable)
    assert found.printed == "1-2 g/L"


def test_nothing_that_is_sent_is_in_the_reason_why_it_can_not_be_read() -> None:
    for elements in (
        {"valueString": "Jane Roe"},
        {"valueQuantity": {"value": "Jane Roe"}},
        {"valueQuantity": {"value": 9, "comparator": "Jane Roe"}},
        {"valueCodeableConcept": {"text": "Jane Roe"}},
        {"dataAbsentReason": {"text": "Jane Roe"}},
    ):
        found = _value(**elements)
        assert isinstance(found, Unreadable)
        assert "Jane" not in found.why


def test_a_printed_value_is_cut_to_a_sensible_length() -> None:
    for elements in (
        {"valueString": "x" * 1000},
        {"valueQuantity": {"value": 1, "unit": "x" * 1000}},
        {"valueCodeableConcept": {"text": "x" * 1000}},
    ):
        found = _value(**elements)
        assert found
        assert len(found.printed) < 100


@pytest.mark.parametrize("text", ["1e400", "118e99999999999999999999", "-1e-99999999999999999999"])
def test_a_number_beyond_all_bounds_is_a_number_all_the_same(text: str) -> None:
    with pytest.raises(NotANumberError, match="too large or too small"):
        number(Raw(text.encode()))
