from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.knowledge.quantities import (
    AgeBand,
    Count,
    LimitValue,
    Range,
    Window,
    Worst,
    parse_age,
    parse_count,
    parse_decimal,
    parse_limit,
    parse_range,
    parse_span,
    parse_started,
    parse_stopped,
    parse_whole,
    parse_worst,
)

decimals = st.decimals(-9999, 9999, allow_nan=False, places=3).map(lambda d: d + 0)
units = st.sampled_from(["1", "mmol/L", "mL/min/{1.73_m2}", "[IU]/L", "{INR}", "10*9/L"])
forms = st.sampled_from(["", "nitrogen", "b12"])
amounts = st.builds(LimitValue, decimals, units, forms).filter(
    lambda limit: limit.unit != "1" or not limit.form
)


@given(st.lists(amounts, min_size=1, max_size=3, unique_by=lambda limit: (limit.unit, limit.form)))
def test_a_limit_printed_and_read_is_the_same(limits: list[LimitValue]) -> None:
    assert parse_limit(" | ".join(map(str, limits))) == tuple(limits)


@given(st.decimals("0.1", 99, places=1))
def test_a_multiple_of_the_reference_printed_and_read_is_the_same(factor: Decimal) -> None:
    limit = LimitValue(factor, "", reference=True)
    assert parse_limit(str(limit)) == (limit,)


def test_limits_are_read_as_clinicians_write_them() -> None:
    assert parse_limit("135 mmol/L") == (LimitValue(Decimal(135), "mmol/L"),)
    assert parse_limit("0.70 mmol/L | 1.7 mg/dL") == (
        LimitValue(Decimal("0.70"), "mmol/L"),
        LimitValue(Decimal("1.7"), "mg/dL"),
    )
    assert parse_limit("56 mg/dL as nitrogen") == (LimitValue(Decimal(56), "mg/dL", "nitrogen"),)
    assert parse_limit("1.5") == (LimitValue(Decimal("1.5"), "1"),)
    assert parse_limit("reference") == (LimitValue(Decimal(1), "", reference=True),)
    assert parse_limit("3 x reference") == (LimitValue(Decimal(3), "", reference=True),)


@pytest.mark.parametrize(
    "text",
    [
        *("", "mmol/L", "135  mmol/L", "135mmol/L", " 135 mmol/L", "135 mmol/L ", "135 mmol / L"),
        *("1e3 mmol/L", "+5 mmol/L", "010 mmol/L", ".5 mmol/L", "5. mmol/L", "1_0 mmol/L"),
        *("\u0661 mmol/L", "NaN mmol/L", "Infinity", "1,5 mmol/L", "< 5 mmol/L", "5 g/L|6 mg/dL"),
        *("5 mmol/L | ", "5 mmol/L | 5 mmol/L", "reference | 5 mmol/L", "x reference"),
        *("0 x reference", "-1 x reference", "3x reference", "5 mg/dL as", "5 mg/dL as N\n"),
        "1234567890123 mmol/L",
    ],
)
def test_what_is_no_limit_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S+ \S+ \S+"):
        parse_limit(text)


@pytest.mark.parametrize("text", ["0", "-0.5", "12", "0.00000000001", "999999999999"])
def test_plain_decimals_keep_their_digits(text: str) -> None:
    assert f"{parse_decimal(text):f}" == text


@pytest.mark.parametrize("text", ["1e3", "1E3", "+1", "01", "00", "1.", ".1", "--1", "1 ", "inf"])
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a plain number"):
        parse_decimal(text)


@pytest.mark.parametrize("text", ["-1", "01", "1.0", "1e0", "true", "", "1000000", "²"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        parse_whole(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90 min", timedelta(minutes=90)),
        ("72 h", timedelta(days=3)),
        ("0 d", timedelta()),
        ("2 wk", timedelta(days=14)),
        ("6 mo", timedelta(days=180)),
        ("2 y", timedelta(days=730)),
    ],
)
def test_spans_are_of_fixed_length(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    "text", ["72h", "72", "h", "-1 d", "1.5 d", "01 d", "1 days", "1 M", "1 w"]
)
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a span of time"):
        parse_span(text)


def test_ranges_are_read_with_their_unit() -> None:
    assert parse_range("90 to 200 mmol/L") == Range(Decimal(90), Decimal(200), "mmol/L")
    assert parse_range("-5 to 0.5") == Range(Decimal(-5), Decimal("0.5"), "1")


@pytest.mark.parametrize(
    "text", ["90 mmol/L", "90 - 200", "90 to 200 to 300", "5 to 5", "6 to 5 g/L"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a range|low end"):
        parse_range(text)


def test_ages_are_whole_days_of_life() -> None:
    assert parse_age("under 28 d") == AgeBand(0, 27)
    assert parse_age("1 wk to 3 wk") == AgeBand(7, 27)
    assert parse_age("18 y and over") == AgeBand(6574)
    assert parse_age("1 y to 17 y") == AgeBand(365, 6573)
    assert parse_age("1 mo to 11 mo") == AgeBand(30, 364)


@given(st.integers(1, 120))
def test_years_abut_without_a_gap_or_an_overlap(years: int) -> None:
    under, over = parse_age(f"under {years} y"), parse_age(f"{years} y and over")
    to = parse_age(f"0 y to {years - 1} y")
    assert under == to
    assert under.last is not None
    assert under.last + 1 == over.first


@given(st.dates(date(1901, 1, 1), date(2099, 12, 28)), st.integers(1, 110))
def test_a_birthday_is_never_missed_and_anticipated_by_two_days_at_most(
    born: date, years: int
) -> None:
    assume(born.year + years < 2100)
    assume((born.month, born.day) != (2, 29))
    birthday = born.replace(year=born.year + years)
    band = parse_age(f"{years} y and over")
    assert band.holds((birthday - born).days)
    assert not band.holds((birthday - born).days - 3)


@pytest.mark.parametrize(
    "text",
    [
        *("adults", "18 y", "18 and over", "over 18 y", "18 y to 1 y", "under 0 d"),
        *("18 h and over", "1 d to 2 d to 3 d", "under", " and over", "-1 y and over"),
    ],
)
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an age|holds nobody"):
        parse_age(text)


def test_windows_worst_times_and_counts_are_read() -> None:
    days = timedelta(days=14)
    assert parse_started("within 14 d before sign") == Window(days, "before", "sign")
    assert parse_started("within 14 d after sign") == Window(days, "after", "sign")
    assert parse_started("within 14 d before now") == Window(days, "before", "now")
    first = Window(days, "before", "sign", first=True)
    assert parse_started("first within 14 d before sign") == first
    assert parse_started("unknown").side == "unknown"
    assert parse_stopped("within 14 d before sign") == Window(days, "before", "sign")
    assert parse_worst("24 h of now") == Worst(timedelta(days=1), "now")
    assert parse_worst("24 h of sign") == Worst(timedelta(days=1), "sign")
    assert parse_count("2 of serotonergic") == Count(2, "serotonergic")


@pytest.mark.parametrize(
    "text", ["14 d before sign", "within 14 d after now", "within 14 d of now"]
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        parse_started(text)


@pytest.mark.parametrize("text", ["first within 14 d after sign", "first unknown", "first 14 d"])
def test_only_before_something_is_a_first_start_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match=r"only a first start|not a time"):
        parse_started(text)


def test_a_medicine_is_not_stopped_at_an_unknown_time() -> None:
    with pytest.raises(ValueError, match="not a time"):
        parse_stopped("unknown")


@pytest.mark.parametrize("text", ["24 h", "24 h of then", "of now", "soon of sign"])
def test_what_is_no_worst_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_worst(text)


@pytest.mark.parametrize(
    "text", ["1 of a", "0 of a", "02 of a", "two of a", "2 a", "2 of", "100 of a"]
)
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a count of 2 or more"):
        parse_count(text)
