"""How real senders differ: values and the laboratory's own ranges.

What must not be read outnumbers what must. A row begins with the words that tell it.
"""

import pytest

from service.evaluation import Site, ask, assess
from tests.fhir.sent import CLOCK, bundle, coding, observation, quantity, sent
from tests.fhir.varied import ANN, Body, assessed, read, results


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"valueString": "118 mmol/L"}, "sodium 118 mmol/L"),
        ({"valueString": " 118mmol/L "}, "sodium 118 mmol/L"),
        ({"valueString": "<118 mmol/L"}, "sodium <118 mmol/L"),
        ({"valueString": "> 160 mEq/L"}, "sodium >160 meq/L"),
        ({"valueRange": {"high": quantity(115)}}, "sodium <=115 mmol/L"),
        ({"valueRange": {"low": quantity(160)}}, "sodium >=160 mmol/L"),
        ({"valueQuantity": quantity(118, comparator="<=")}, "sodium <=118 mmol/L"),
    ],
)
def test_a_number_in_another_type_is_read(site: Site, value: Body, result: str) -> None:
    assert results(site, observation(**{"valueQuantity": None, **value})) == [result]


@pytest.mark.parametrize(
    "text",
    [
        "<5",
        "> 600",
        "118",
        "4+ (2000)",
        "1+ (80)",
        "see comment",
        "120-130",
        "120 - 130 mmol/L",
        "5 (prev 7)",
        "118 (135-145)",
        "118 mmol/L (L)",
        "118 L",
        "*118 mmol/L",
        "L 118 mmol/L",
        "118,500 mmol/L",
        "1,180 mmol/L",
        "1.18e2 mmol/L",
        "~118 mmol/L",
        "118 mmol",
        "118 mg/dL",
        "118 mmol/L hemolyzed",
        "118 mmol/L; repeat 120",
        "118/120 mmol/L",
        "+118 mmol/L",
        "hemolyzed",
        "pending",
        "LOW",
        "",
    ],
)
def test_a_text_that_is_no_plain_number_with_a_unit_is_not_read_and_told(
    site: Site, text: str
) -> None:
    found = read(site, observation(valueQuantity=None, valueString=text))

    assert [one.amount for one in found.records[0].results] == [None]
    assert [issue for issue in found.issues if issue.severity == "warning"]


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 118},
        {"valueRange": {"low": quantity(110), "high": quantity(115)}},
        {"valueCodeableConcept": {"text": "118"}},
        {"valueBoolean": True},
        {"valueQuantity": quantity(118), "valueString": "118 mmol/L"},
        {"dataAbsentReason": {"text": "118 mmol/L"}},
        {},
    ],
)
def test_no_other_value_is_taken_for_a_number(site: Site, value: Body) -> None:
    found = read(site, observation(**{"valueQuantity": None, **value}))

    assert [one.amount for one in found.records[0].results] == [None]
    assert found.issues


def test_an_integer_is_read_where_no_unit_is_needed(site: Site) -> None:
    inr = observation(code=coding("6301-6"), valueQuantity=None, valueInteger=3)

    assert results(site, inr) == ["inr 3 1"]


# Ranges


@pytest.mark.parametrize(
    ("own", "interval"),
    [
        ({"low": quantity(135), "high": quantity(145)}, ("135", "145")),
        ({"low": {"value": 135}, "high": {"value": 145}}, ("135", "145")),
        ({"high": {"value": 145}}, (None, "145")),
        ({"low": {"value": 135}}, ("135", None)),
        ({"text": "135-145"}, ("135", "145")),
        ({"text": "135_145"}, ("135", "145")),
        ({"text": "135 - 145 mmol/L"}, ("135", "145")),
        ({"text": "<145"}, (None, "145")),
    ],
)
def test_a_range_is_read_from_bounds_or_text(
    site: Site, own: Body, interval: tuple[str | None, str | None]
) -> None:
    (record,) = read(site, observation(referenceRange=[own])).records
    found = record.results[0].interval

    assert found
    assert (found.low and str(found.low), found.high and str(found.high)) == interval


@pytest.mark.parametrize(
    "own",
    [
        {"low": {"value": 0}, "high": {"value": 0}},
        {"low": {"value": 145}, "high": {"value": 135}},
        {"low": {"value": 13.5, "unit": "mmol/dL"}},
        {"low": {"value": "135"}},
        {"text": ""},
        {"text": "normal"},
        {"text": "135-145 (adults)"},
        {"text": "see report"},
        {"text": "0-0"},
        {"text": "M 135-145, F 133-144"},
        {"text": "135-145 mg/dL"},
        {"low": {"value": 135}, "type": {"coding": [{"code": "therapeutic"}]}},
    ],
)
def test_a_range_that_can_not_be_right_costs_itself_alone_and_is_told(
    site: Site, own: Body
) -> None:
    found = read(site, observation(referenceRange=[own]))

    (one,) = found.records[0].results
    assert (one.interval, one.amount is None) == (None, False)
    assert [issue for issue in found.issues if "referenceRange" in issue.expression[0]]


def test_a_single_object_of_interpretation_is_read_as_a_list(site: Site) -> None:
    sent_by_stu3 = observation(
        valueQuantity=None, interpretation=coding("L", "http://hl7.org/fhir/v2/0078")
    )

    assert results(site, sent_by_stu3) == ["sodium L"]


# What was seen in public data elsewhere


def findings(site: Site, *resources: Body) -> list[str]:
    evaluation = assess(site, sent(bundle(*resources)), ask(site, "latest"), CLOCK)
    return [
        f"{one.finding} {one.grade}" for told in evaluation.assessments for one in told.findings
    ]


def test_a_range_that_is_a_stage_of_disease_makes_nothing_normal(site: Site) -> None:
    stage_3 = observation(
        code=coding("33914-3"),
        valueQuantity=quantity(32, "mL/min"),
        referenceRange=[{"low": {"value": 30}, "high": {"value": 59}}],
        interpretation=[coding("N", "v3-ObservationInterpretation")],
    )

    assert findings(site, ANN, stage_3) == ["reduced-egfr G3b"]


def test_a_b12_above_its_range_is_no_deficiency(site: Site) -> None:
    b12 = observation(
        code=coding("2132-9"),
        valueQuantity=quantity(829, "pg/mL"),
        referenceRange=[{"low": {"value": 197}, "high": {"value": 771}}],
    )

    assert findings(site, ANN, b12) == ["high-b12 raised"]
    assert assessed(site, ANN, b12) == []
