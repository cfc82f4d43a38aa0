from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from service.fhir.wording import LONGEST, fit, line, measured, plain, value, when
from service.record import Amount, Evidence, Finding, Moment, Normal, Problem, Result, Treatment
from tests.fhir.assessed import (
    ALCOHOL,
    B12,
    GABAPENTIN,
    KNOWLEDGE,
    MYOCLONUS,
    moment,
    result,
    sodium,
)

CORRECTED = Result(
    analyte="calcium_total",
    amount=Amount(Decimal("1.94"), "mmol/L"),
    printed="1.94 mmol/L",
    moment=moment("2026-03-04"),
    source=result("calcium_total", "1.70 mmol/L", "Observation/ca").source,
    marks=("calculated", "preliminary"),
    formula="Calcium corrected for albumin",
    inputs=(
        result("calcium_total", "1.70 mmol/L", "Observation/ca"),
        result("albumin", "28 g/L", "Observation/alb", "2026-03-03"),
    ),
)


def flagged(interpretation: str, printed: str = "") -> Result:
    of = result("sodium", "118 mmol/L")
    return structs.replace(of, amount=None, printed=printed, interpretation=interpretation)


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (sodium(), "Sodium 118 mmol/L, 2026-03-04 (limit < 120 mmol/L)"),
        (
            sodium(marks=("laboratory-range", "adult-limits", "laboratory-range")),
            (
                "Sodium 118 mmol/L, 2026-03-04 (limit < 120 mmol/L; "
                "by the laboratory's own range; age unknown: adult limits)"
            ),
        ),
        (
            sodium(result=result("sodium", "118 mmol/L", at=None)),
            "Sodium 118 mmol/L (limit < 120 mmol/L; without a date)",
        ),
        (
            sodium(result=result("sodium", "118 mmol/L", at=None, marks=("undated",))),
            "Sodium 118 mmol/L (limit < 120 mmol/L; without a date)",
        ),
        (
            sodium(result=flagged("LL"), limit="flagged LL by the laboratory"),
            "Sodium reported as critically low, 2026-03-04 (flagged LL by the laboratory)",
        ),
        (sodium(limit=""), "Sodium 118 mmol/L, 2026-03-04"),
        (
            sodium(limit="< 15 mL/min/{1.73_m2}"),
            "Sodium 118 mmol/L, 2026-03-04 (limit < 15 mL/min/1.73 m2)",
        ),
        (
            sodium(finding="hypocalcemia", result=CORRECTED, limit="< 2.1 mmol/L"),
            (
                "Calcium 1.94 mmol/L, 2026-03-04 (limit < 2.1 mmol/L; calculated (Calcium "
                "corrected for albumin) from Calcium 1.70 mmol/L, 2026-03-04 and Albumin 28 g/L, "
                "2026-03-03; preliminary result)"
            ),
        ),
        (
            sodium(
                finding="hypocalcemia",
                result=structs.replace(CORRECTED, analyte="calcium_corrected", marks=()),
                limit="< 2.1 mmol/L",
            ),
            (
                "Calcium corrected for albumin 1.94 mmol/L, 2026-03-04 (limit < 2.1 mmol/L; "
                "calculated from Calcium 1.70 mmol/L, 2026-03-04 and Albumin 28 g/L, 2026-03-03)"
            ),
        ),
        (B12, "Vitamin B12 412 ng/L, 2026-03-01 (normal: 200 to 900 ng/L)"),
        (structs.replace(B12, limit=""), "Vitamin B12 412 ng/L, 2026-03-01"),
        (
            ALCOHOL,
            'Alcohol use disorder, since 2015-06-01 (recorded as "Alcohol dependence <F10.2>")',
        ),
        (MYOCLONUS, "Myoclonus, recorded 2026-03-02"),
        (
            structs.replace(MYOCLONUS, text="", recorded=None, active=False, confirmed=False),
            "Myoclonus (not confirmed; no longer active)",
        ),
        (GABAPENTIN, 'Gabapentin, from 2026-02-20 (recorded as "Neurontin 300 mg")'),
        (
            structs.replace(GABAPENTIN, text="GABAPENTIN", end=moment("2026-03-01")),
            "Gabapentin, from 2026-02-20, until 2026-03-01",
        ),
        (structs.replace(GABAPENTIN, text="", start=None), "Gabapentin, being taken"),
        (
            structs.replace(GABAPENTIN, text="", start=None, current=False, marks=("by-name",)),
            "Gabapentin, no longer taken (recognized by its name, not by a code)",
        ),
    ],
)
def test_each_kind_of_evidence_has_its_line(piece: Evidence, expected: str) -> None:
    assert expected == line(piece, KNOWLEDGE)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (result("sodium", "118 mmol/L"), "118 mmol/L"),
        (structs.replace(result("sodium", "118 mmol/L"), printed=""), "118 mmol/L"),
        (
            structs.replace(result("sodium", "5E+1 mmol/L"), printed="", comparator="<"),
            "<50 mmol/L",
        ),
        (result("sodium", "14 mL/min/{1.73_m2}"), "14 mL/min/1.73 m2"),
        (
            structs.replace(result("sodium", "88 mg/dL"), form="nitrogen"),
            "88 mg/dL as nitrogen",
        ),
        (result("sodium", "2.1 {INR}"), "2.1 INR"),
        (
            structs.replace(
                result("sodium", "118 mmol/L"), printed="", amount=Amount(Decimal("2.1"), "1")
            ),
            "2.1",
        ),
        (flagged("L"), "reported as low"),
        (flagged("POS"), "reported as POS"),
        (flagged("H", "see comment"), "see comment, reported as high"),
        (flagged("", "see comment"), "see comment, not readable"),
        (flagged(""), "not readable"),
    ],
)
def test_a_value_is_told_as_it_was_sent_or_as_it_was_flagged(of: Result, expected: str) -> None:
    assert expected == value(of)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", "2026"),
        ("2026-03", "2026-03"),
        ("2026-03-04", "2026-03-04"),
        ("2026-03-04T09:15:02Z", "2026-03-04 09:15:02 UTC"),
        ("2026-03-04T09:00:00+00:00", "2026-03-04 09:00 UTC"),
        ("2026-03-04T09:00:00", "2026-03-04 09:00"),
        ("2026-03-04T09:15:02.5+01:00", "2026-03-04 09:15:02.5 +01:00"),
        ("2026-03-04T09:15:02-05:00", "2026-03-04 09:15:02 -05:00"),
        ("2026-03-04T09:15", "2026-03-04 09:15"),
    ],
)
def test_a_time_keeps_its_precision_and_its_zone(text: str, expected: str) -> None:
    instant = datetime(2026, 3, 4, tzinfo=UTC)
    assert expected == when(Moment(text, instant, instant))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a\t\r\n b ", "a b"),
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("118\u202e \u2066mmol", "118\ufffd \ufffdmmol"),
        ("\ud800", "\ufffd"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("µmol/L · 10⁹/L · 钠", "µmol/L · 10⁹/L · 钠"),
        ("x" * 500, "x" * (LONGEST - 1) + "…"),
        ("x" * LONGEST, "x" * LONGEST),
    ],
)
def test_a_senders_text_is_one_fit_line_of_bounded_length(text: str, expected: str) -> None:
    assert expected == plain(text)


def test_a_name_is_made_fit_but_never_cut() -> None:
    assert fit("x" * 500 + "\x07") == "x" * 500 + "\ufffd"


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_becomes_one_line_that_json_and_xml_can_carry(text: str) -> None:
    told = plain(text)
    assert len(told) <= LONGEST
    assert len(told.splitlines()) <= 1
    assert told == plain(told)
    told.encode("utf-8")
    element = ET.Element("p")
    element.text = told
    assert told == (ET.fromstring(ET.tostring(element, "utf-8")).text or "")  # noqa: S314 - ours


def test_an_analyte_without_a_date_is_measured_without_one() -> None:
    assert measured(result("sodium", "118 mmol/L", at=None), KNOWLEDGE) == "Sodium 118 mmol/L"


@given(st.sampled_from([sodium(), B12, ALCOHOL, GABAPENTIN]), st.text(max_size=40))
def test_no_line_breaks_whatever_the_sender_wrote(piece: Evidence, text: str) -> None:
    if isinstance(piece, Problem | Treatment):
        piece = structs.replace(piece, text=text)
    else:
        assert isinstance(piece, Finding | Normal)
        piece = structs.replace(piece, result=structs.replace(piece.result, printed=text))
    told = line(piece, KNOWLEDGE)
    assert told.isprintable() or "\ufffd" in told or not text.isprintable()
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "printed", "expected"),
    [
        ("INR", "2.4 INR", "INR 2.4, 2026-03-04 (limit > 2.3)"),
        ("Blood pH", "7.10 [pH]", "Blood pH 7.10, 2026-03-04 (limit > 2.3)"),
        ("INR", "2.4", "INR 2.4, 2026-03-04 (limit > 2.3)"),
        ("INR", "INR", "INR INR, 2026-03-04 (limit > 2.3)"),
        ("Sodium", "2.4 INR", "Sodium 2.4 INR, 2026-03-04 (limit > 2.3 INR)"),
    ],
)
def test_a_unit_that_repeats_the_name_is_not_told_again(
    name: str, printed: str, expected: str
) -> None:
    renamed = structs.replace(KNOWLEDGE.analytes["sodium"], name=name)
    knowledge = structs.replace(KNOWLEDGE, analytes=KNOWLEDGE.analytes | {"sodium": renamed})
    unit = "[pH]" if "pH" in name else "{INR}"
    piece = sodium(
        result=structs.replace(result("sodium", "118 mmol/L"), printed=printed),
        limit=f"> 2.3 {unit}",
    )
    assert line(piece, knowledge) == expected
