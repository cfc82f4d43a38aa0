from decimal import Decimal
from typing import Any

import pytest

from service.record import Amount, Interval, Result
from tests.fhir.sent import coding, intake, number, observation, quantity, record, result, told

B12_MASS, B12_MOLES = coding("2132-9"), coding("14685-2")
NITROGEN = coding("3094-0")
INR = coding("6301-6")


def _read(code: dict[str, Any], value: dict[str, Any] | None = None, **more: object) -> Result:
    return result(observation(code=code, valueQuantity=value, **more))


@pytest.mark.parametrize(
    ("code", "value", "amount"),
    [
        (coding("2951-2"), quantity(120), ("120", "mmol/L")),
        (coding("2951-2"), quantity(number("120.0")), ("120.0", "mmol/L")),
        (coding("2951-2"), quantity(120, "meq/L"), ("120", "meq/L")),
        (coding("2951-2"), {"value": 120, "unit": "MMOL/L"}, ("120", "mmol/L")),
        (coding("2951-2"), {"value": 120, "unit": "mmol / l"}, ("120", "mmol/L")),
        (coding("2951-2"), {"value": 120, "unit": "mM", "code": "mmol/L"}, ("120", "mmol/L")),
        (coding("2951-2"), {"value": 120, "unit": "mmol/l", "code": "mmol/L"}, ("120", "mmol/L")),
        (coding("2951-2"), {"value": 120, "unit": "fasting", "code": "mmol/L"}, ("120", "mmol/L")),
        (
            coding("2951-2"),
            {"value": 120, "unit": "mmol/L", "code": "258813002"},
            ("120", "mmol/L"),
        ),
        (B12_MASS, quantity(200, "pg/mL"), ("200", "pg/mL")),
        (B12_MASS, {"value": 200, "unit": "ng/L", "code": "pg/mL"}, ("200", "pg/mL")),
        (B12_MOLES, quantity(200, "pmol/L"), ("200", "pmol/L")),
        (INR, quantity(2, "{INR}"), ("2", "{INR}")),
        (INR, {"value": 2}, ("2", "1")),
    ],
)
def test_a_value_is_read_in_a_unit_that_analyte_and_code_can_have(
    code: dict[str, Any], value: dict[str, Any], amount: tuple[str, str]
) -> None:
    found = _read(code, value)
    assert found.amount
    assert (str(found.amount.value), found.amount.unit) == amount


@pytest.mark.parametrize(
    ("code", "value", "word"),
    [
        (coding("2951-2"), {"value": 120}, "no unit"),
        (coding("2951-2"), {"value": 120, "unit": "", "code": ""}, "no unit"),
        (coding("2951-2"), {"value": 120, "unit": "furlongs"}, "not known"),
        (coding("2951-2"), {"value": 2.5, "unit": "mg/dL", "code": "mmol/L"}, "different units"),
        (coding("2951-2"), quantity(120, "U/L"), "Sodium is read in mmol/L or meq/L, not in U/L"),
        (coding("2823-3"), quantity(4, "mg/dL"), "Potassium is read in mmol/L, not in mg/dL"),
        (B12_MASS, quantity(200, "pmol/L"), "does not fit the code"),
        (B12_MOLES, quantity(200, "pg/mL"), "does not fit the code"),
        (NITROGEN, quantity(5, "mmol/L"), "does not fit the code"),
        (coding("2951-2"), quantity(12), "outside of 90 to 200 mmol/L"),
        (coding("2951-2"), quantity(1200), "outside of"),
        (coding("2951-2"), quantity(-120), "outside of"),
        (coding("2951-2"), quantity(0), "outside of"),
        (B12_MOLES, quantity(2, "pmol/L"), "outside of"),
        (INR, {"value": 30}, "outside of"),
        (coding("2951-2"), {"unit": "mmol/L"}, "no value"),
        (coding("2951-2"), quantity("120"), "text, where a JSON number"),
        (coding("2951-2"), quantity(number("1e400")), "too large"),
        (coding("2951-2"), quantity(120, comparator="~"), "comparator"),
    ],
)
def test_a_value_that_can_not_be_trusted_is_a_result_without_one_and_a_warning(
    code: dict[str, Any], value: dict[str, Any], word: str
) -> None:
    sent = observation(code=code, valueQuantity=value)
    assert result(sent).amount is None
    issue = told(word, sent)
    assert (issue.severity, issue.expression) == ("warning", ("Observation.value",))


def test_a_unit_that_fits_one_code_of_an_analyte_does_not_so_fit_another() -> None:
    in_mass = observation(code=B12_MASS, valueQuantity=quantity(200, "pg/mL"))
    in_moles = observation(id="o-2", code=B12_MOLES, valueQuantity=quantity(200, "pg/mL"))
    for together in ((in_mass, in_moles), (in_moles, in_mass)):
        found = {one.source.reference: one.amount for one in record(*together).results}
        assert found.pop("Observation/o-2") is None
        assert list(found.values()) == [Amount(Decimal(200), "pg/mL")]


def test_a_code_in_moles_and_one_in_mass_side_by_side_take_either_unit() -> None:
    both = {"coding": [*B12_MASS["coding"], *B12_MOLES["coding"]]}
    assert _read(both, quantity(200, "pg/mL")).amount == Amount(Decimal(200), "pg/mL")
    assert _read(both, quantity(200, "pmol/L")).amount == Amount(Decimal(200), "pmol/L")


def test_the_molecule_that_a_mass_counts_stays_with_the_result() -> None:
    found = _read(NITROGEN, quantity(98, "mg/dL"))
    assert (found.form, found.amount) == ("nitrogen", Amount(Decimal(98), "mg/dL"))


@pytest.mark.parametrize(
    ("text", "amount"), [("118 mmol/L", "118"), ("< 100 meq/L", "100"), ("> 150mmol/l", "150")]
)
def test_a_number_in_a_text_is_read_and_told(text: str, amount: str) -> None:
    sent = observation(valueQuantity=None, valueString=text)
    found = result(sent)
    assert found.amount
    assert str(found.amount.value) == amount
    assert told("text and was read", sent).severity == "information"


def test_a_number_in_a_text_without_a_unit_is_not_read() -> None:
    sent = observation(valueQuantity=None, valueString="<5")
    assert (result(sent).amount, result(sent).printed) == (None, "<5")
    assert told("no unit", sent).severity == "warning"
    found = _read(INR, None, valueString="> 4.5")
    assert (found.amount, found.comparator) == (Amount(Decimal("4.5"), "1"), ">")


EGFR = coding("98979-8")


def test_a_value_without_a_unit_is_in_the_only_one_that_it_is_reported_in() -> None:
    sent = observation(code=EGFR, valueQuantity={"value": 44})
    found = result(sent)
    assert (found.amount, found.printed) == (Amount(Decimal(44), "U/L"), "44 U/L")
    assert "only-unit" in found.marks
    assert told("the only one that it is reported in", sent).severity == "information"


def test_a_range_in_another_unit_speaks_against_the_only_one() -> None:
    low = {"low": {"value": 60, "unit": "mmol/L"}}
    sent = observation(code=EGFR, valueQuantity={"value": 44}, referenceRange=[low])
    assert result(sent).amount is None
    assert told("in another one than that", sent).severity == "warning"
    plain = {"low": {"value": 60}}
    sent = observation(code=EGFR, valueQuantity={"value": 44}, referenceRange=[plain])
    assert result(sent).amount == Amount(Decimal(44), "U/L")


@pytest.mark.parametrize("unit", ["mg/24h", "mmol/24 h", "mg/d", "mmol/(24.h)", "mg/Tag"])
def test_what_is_excreted_in_a_time_is_no_value_of_blood(unit: str) -> None:
    own = {"low": {"value": 3, "unit": unit}, "high": {"value": 50, "unit": unit}}
    sent = observation(
        code={"text": "Urea"},
        valueQuantity={"value": 1, "unit": unit},
        referenceRange=[own],
        interpretation=[coding("L", "v3-ObservationInterpretation")],
    )
    found = result(sent)
    assert (found.amount, found.interval, found.interpretation) == (None, None, "")
    assert told("excreted in a time", sent).severity == "warning"


def test_an_integer_is_read_where_no_unit_is_needed() -> None:
    assert _read(INR, None, valueInteger=3).amount == Amount(Decimal(3), "1")
    assert _read(coding("2951-2"), None, valueInteger=120).amount is None


@pytest.mark.parametrize(
    "value",
    [
        {"dataAbsentReason": coding("error", "data-absent-reason")},
        {"valueCodeableConcept": {"text": "low"}},
        {},
    ],
)
def test_a_result_without_a_value_is_unreadable_but_there(value: dict[str, Any]) -> None:
    found = intake(observation(valueQuantity=None, **value))
    (one,) = found.records[0].results
    assert (one.amount, one.interpretation) == (None, "")
    assert {issue.severity for issue in found.issues} == {"information"}
    assert found.records[0].tally.results == 0


def _flag(*codes: str) -> list[dict[str, Any]]:
    return [coding(code, "v3-ObservationInterpretation") for code in codes]


def test_a_flag_tells_where_no_value_can_be_read() -> None:
    for value in (None, quantity("120"), {"value": 120, "unit": "furlongs"}):
        found = _read(coding("2951-2"), value, interpretation=_flag("L"))
        assert (found.amount, found.interpretation) == (None, "L")


def test_what_was_made_of_a_result_without_a_value_is_told_truly() -> None:
    alone = told("There is no value", observation(valueQuantity=None, interpretation=_flag("L")))
    assert "flag alone was used" in alone.text
    for flag in ("A", "U"):
        sent = observation(valueQuantity=None, interpretation=_flag(flag))
        assert "can not be read" in told("There is no value", sent).text


@pytest.mark.parametrize(
    ("value", "flag", "read"),
    [
        # Typed wrong, the flag can not be of it; in a wrong unit, it is of the right one.
        (1120, "LL", "LL"),
        (11, "LL", "LL"),
        (1200, "H", "H"),
        (1120, "N", ""),
        (1120, "A", ""),
    ],
)
def test_a_flag_stays_where_a_value_can_not_be_unless_it_says_normal(
    value: int, flag: str, read: str
) -> None:
    found = _read(coding("2951-2"), quantity(value), interpretation=_flag(flag))
    assert (found.amount, found.interpretation, found.marks) == (
        None,
        read,
        ("implausible",) if read else (),
    )


def _range(low: float | None, high: float | None) -> list[dict[str, Any]]:
    ends = {"low": low, "high": high}
    return [{side: quantity(end) for side, end in ends.items() if end is not None}]


@pytest.mark.parametrize(
    ("value", "low", "high", "read"),
    [
        # Written in moles per deciliter, and the like: all of it is in one wrong unit.
        (1.2, 1.35, 1.45, "L"),
        (1.5, 1.35, 1.45, "H"),
        (1.4, 1.35, 1.45, "N"),
        (1500, 0, 1450, "H"),
        (1500, None, 1450, "H"),
        # Typed wrong: the range tells that the unit is right.
        (1120, 135, 145, ""),
        (1.2, 135, 145, ""),
        # A range for which nothing is wrong with either of its ends can not be a misprint whole.
        (1120, 145, 1450, ""),
        (1120, 0, 145, ""),
    ],
)
def test_a_range_decides_where_it_is_in_the_same_impossible_unit(
    value: float, low: float | None, high: float | None, read: str
) -> None:
    found = _read(coding("2951-2"), quantity(value), referenceRange=_range(low, high))
    assert (found.amount, found.interpretation, found.marks) == (
        None,
        read,
        ("range-only",) if read else (),
    )


def test_a_unit_that_must_be_a_misprint_is_told() -> None:
    sent = observation(valueQuantity=quantity(1.2), referenceRange=_range(1.35, 1.45))
    assert told("misprint", sent).severity == "warning"
    assert told("own range", sent).expression == ("Observation.referenceRange",)


def test_a_flag_stays_beside_a_value() -> None:
    found = _read(coding("2951-2"), quantity(120), interpretation=_flag("LL"))
    assert (found.amount, found.interpretation) == (Amount(Decimal(120), "mmol/L"), "LL")


def test_flags_that_contradict_each_other_are_told_and_not_used() -> None:
    sent = observation(interpretation=_flag("H", "L"))
    assert result(sent).interpretation == ""
    assert told("contradict", sent).expression == ("Observation.interpretation",)


def test_a_failed_quality_control_takes_value_and_flag() -> None:
    sent = observation(interpretation=_flag("QCF", "L"))
    found = result(sent)
    assert (found.amount, found.interpretation, found.printed) == (None, "", "120 mmol/L")
    assert told("quality control", sent).severity == "warning"


def test_a_held_result_is_preliminary() -> None:
    sent = observation(interpretation=_flag("HM"))
    assert result(sent).marks == ("preliminary",)
    assert told("holds", sent).severity == "information"


OWN = [{"low": {"value": 135, "unit": "furlongs"}, "high": {"value": 145, "unit": "furlongs"}}]
BARE = [{"low": {"value": 135}, "high": {"value": 145}}]
IN_MMOL = [{"low": quantity(135), "high": quantity(145)}]
CODED = [{"low": {"value": 135, "unit": "furlongs", "code": "{furlong}"}}]
BY_CODE = [{"low": {"value": 135, "code": "{furlong}"}}]
PRINTED = [{"text": "135-145"}]
UP_TO = [{"high": {"value": 145}}]


def _furlongs(value: int, **more: object) -> dict[str, Any]:
    return {"value": value, "unit": "furlongs", **more}


@pytest.mark.parametrize(
    ("value", "ranges", "flag"),
    [
        (_furlongs(120), OWN, "L"),
        (_furlongs(134), OWN, "L"),
        (_furlongs(135), OWN, "N"),
        (_furlongs(145), OWN, "N"),
        (_furlongs(146), OWN, "H"),
        (_furlongs(120), BARE, "L"),
        (_furlongs(120), CODED, "L"),
        (_furlongs(120, code="{furlong}"), OWN, "L"),
        (_furlongs(120, code="{furlong}"), CODED, "L"),
        (_furlongs(120, code="{furlong}"), BY_CODE, "L"),
        (_furlongs(120), PRINTED, "L"),
        (_furlongs(120), [{"text": "135 - 145 furlongs"}], "L"),
        (_furlongs(150), UP_TO, "H"),
        (_furlongs(135, comparator="<"), OWN, "L"),
        (_furlongs(145, comparator=">"), OWN, "H"),
        (_furlongs(146, comparator=">="), OWN, "H"),
        ({"value": 120}, BARE, "L"),
        ({"value": 120}, IN_MMOL, "L"),
        ({"value": 2.5, "unit": "mg/dL", "code": "mmol/L"}, BARE, "L"),
        (quantity(120, "U/L"), [{"low": quantity(135, "U/L")}], "L"),
    ],
)
def test_without_a_unit_the_laboratorys_own_range_tells_the_side(
    value: dict[str, Any], ranges: list[dict[str, Any]], flag: str
) -> None:
    sent = observation(valueQuantity=value, referenceRange=ranges)
    found = result(sent)
    assert (found.amount, found.interpretation, found.marks) == (None, flag, ("range-only",))
    assert found.interval
    assert told("laboratory's own range", sent).expression == ("Observation.referenceRange",)


@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        (_furlongs(120), None),
        (_furlongs(120), IN_MMOL),
        (_furlongs(120), BY_CODE),
        (_furlongs(120, code="{mile}"), CODED),
        (_furlongs(120, code="{mile}"), BY_CODE),
        ({"value": 120, "unit": "miles", "code": "{furlong}"}, CODED),
        ({"value": 120, "unit": "miles", "code": "{furlong}"}, OWN),
        (_furlongs(120), [{"text": "135-145 mmol/L"}]),
        (_furlongs(120), [{"text": "see report"}]),
        (_furlongs(120), [{"low": {"value": 0}, "high": {"value": 0}}]),
        (_furlongs(120), [{"low": {"value": 145}, "high": {"value": 135}}]),
        (_furlongs(120), BARE + UP_TO),
        (_furlongs(120), [{"type": {"coding": [{"code": "therapeutic"}]}, **BARE[0]}]),
        (_furlongs(140), UP_TO),
        (_furlongs(140, comparator="<"), OWN),
        (_furlongs(140, comparator=">"), OWN),
        (_furlongs(135, comparator="<="), OWN),
        (_furlongs(145, comparator=">="), OWN),
        (_furlongs(120, comparator=">"), OWN),
        (_furlongs(150, comparator="<"), OWN),
        (quantity(1200), IN_MMOL),
        (quantity("120"), BARE),
        ({"unit": "mmol/L"}, BARE),
    ],
)
def test_a_range_that_leaves_the_side_open_tells_nothing(
    value: dict[str, Any], ranges: list[dict[str, Any]] | None
) -> None:
    found = result(observation(valueQuantity=value, referenceRange=ranges))
    assert (found.amount, found.interval, found.interpretation, found.marks) == (None, None, "", ())


@pytest.mark.parametrize(
    ("flags", "value", "flag"),
    [
        (("L",), 120, "L"),
        (("LL",), 120, "LL"),
        (("A",), 120, "L"),
        (("AA",), 150, "H"),
        (("N",), 140, "N"),
        (("<",), 120, "L"),
    ],
)
def test_a_flag_that_agrees_with_the_range_counts_with_it(
    flags: tuple[str, ...], value: int, flag: str
) -> None:
    sent = observation(
        valueQuantity=_furlongs(value), referenceRange=OWN, interpretation=_flag(*flags)
    )
    assert (result(sent).interpretation, result(sent).marks) == (flag, ("range-only",))


@pytest.mark.parametrize(
    ("flag", "value"),
    [("H", 120), ("HH", 120), ("N", 120), ("L", 140), ("A", 140), ("AA", 140), ("L", 150)],
)
def test_a_flag_and_a_range_that_contradict_each_other_tell_nothing(flag: str, value: int) -> None:
    sent = observation(
        valueQuantity=_furlongs(value), referenceRange=OWN, interpretation=_flag(flag)
    )
    assert (result(sent).interpretation, result(sent).marks) == ("", ())
    assert told("contradict each other", sent).severity == "warning"


@pytest.mark.parametrize("flag", ["A", "AA"])
def test_a_flag_without_a_side_is_told_and_not_used_where_no_value_can_be_read(flag: str) -> None:
    sent = observation(valueQuantity=None, interpretation=_flag(flag))
    assert (result(sent).interpretation, record(sent).tally.results) == ("", 0)
    issue = told("not on which side", sent)
    assert (issue.severity, issue.expression) == ("warning", ("Observation.interpretation",))


@pytest.mark.parametrize(
    ("flags", "flag"),
    [(("<",), "L"), ((">",), "H"), (("<", "H"), "H"), (("<", ">"), ""), (("<", "N"), "N")],
)
def test_a_value_off_the_scale_is_low_or_high_where_nothing_else_tells(
    flags: tuple[str, ...], flag: str
) -> None:
    assert result(observation(valueQuantity=None, interpretation=_flag(*flags))).interpretation == (
        flag
    )


def test_a_value_off_the_scale_tells_nothing_beside_a_value() -> None:
    assert result(observation(interpretation=_flag("<"))).interpretation == ""


def test_a_failed_quality_control_takes_range_and_scale_too() -> None:
    for more in ({}, {"valueQuantity": None}):
        sent = {"valueQuantity": _furlongs(120), **more}
        found = result(observation(**sent, referenceRange=OWN, interpretation=_flag("QCF", "<")))
        assert (found.interpretation, found.interval) == ("", None)


def test_a_range_goes_with_a_value_and_only_with_one() -> None:
    limits = [{"low": {"value": 135}, "high": {"value": 145}}]
    assert result(observation(referenceRange=limits)).interval == Interval(
        Decimal(135), Decimal(145)
    )
    assert result(observation(referenceRange=limits, valueQuantity=quantity("x"))).interval is None


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (quantity(number("120.0")), "120.0 mmol/L"),
        (quantity(5, comparator="<"), "<5 mmol/L"),
        (quantity(1200), "1200 mmol/L"),
        ({"value": 120, "unit": "furlongs"}, "120 furlongs"),
    ],
)
def test_a_value_is_printed_as_its_sender_wrote_it(value: dict[str, Any], printed: str) -> None:
    assert _read(coding("2951-2"), value).printed == printed


def test_a_text_that_says_hemolyzed_marks_the_result() -> None:
    assert result(observation(valueQuantity=None, valueString="hemolyzed")).marks == ("hemolyzed",)


def test_what_was_made_of_a_value_that_is_not_plausible_is_told_truly() -> None:
    flagged, normal, side = (
        observation(valueQuantity=quantity(1120), interpretation=_flag(flag))
        for flag in ("LL", "N", "A")
    )

    assert "flag alone was used" in told("all that is plausible", flagged).text
    assert "can not be read" in told("all that is plausible", normal).text
    assert told("says normal", normal).expression == ("Observation.interpretation",)
    assert "can not be read" in told("all that is plausible", side).text
    assert told("not on which side", side).severity == "warning"


@pytest.mark.parametrize("code", ["**", "S"])
def test_a_flag_that_tells_nothing_of_low_and_high_is_told(code: str) -> None:
    sent = observation(interpretation=_flag(code))

    assert result(sent).amount
    assert told("interpretation is none", sent).severity == "information"


def test_what_must_be_said_of_a_value_is_said_each_time_that_it_comes() -> None:
    for _ in range(3):
        far = observation(code=coding("2951-2"), valueQuantity=quantity(900))
        told("outside of 90 to 200 mmol/L", far)


def test_a_range_for_one_sex_is_not_remembered_for_the_other() -> None:
    ranges = [
        {"low": {"value": low}, "appliesTo": [{"text": sex}]}
        for sex, low in (("female", 130), ("male", 140))
    ]
    one = observation(code=coding("2951-2"), valueQuantity=quantity(135), referenceRange=ranges)
    for sex, low in (("female", 130), ("male", 140), ("female", 130)):
        patient = {"resourceType": "Patient", "id": "ann", "gender": sex}
        (read,) = record(patient, one).results
        assert read.interval == Interval(Decimal(low), None)


@pytest.mark.parametrize(
    ("name", "value", "amount", "form"),
    [
        ("urea (mg/dL)", {"value": 90}, Amount(Decimal(90), "mg/dL"), ""),
        ("BUN (mg/dL)", {"value": 90}, Amount(Decimal(90), "mg/dL"), "nitrogen"),
        ("urea (mg/dL)", quantity(90, "mg/dL"), Amount(Decimal(90), "mg/dL"), ""),
        ("BUN", quantity(90, "mg/dL"), Amount(Decimal(90), "mg/dL"), "nitrogen"),
        ("urea (mg/dL)", quantity(9, "mmol/L"), None, ""),
        ("urea (mmol/L)", quantity(90, "mg/dL"), None, ""),
        ("BUN", {"value": 90}, None, "nitrogen"),
        ("urea", {"value": 90}, None, ""),
        ("urea (U/L)", {"value": 90}, None, ""),
    ],
)
def test_the_unit_in_a_name_is_that_of_a_value_without_one(
    name: str, value: dict[str, Any], amount: Amount | None, form: str
) -> None:
    found = _read({"text": name}, value)
    assert (found.amount, found.form) == (amount, form)
    assert ("unit-by-name" in found.marks) == ("(" in name and "unit" not in value)


def test_a_unit_that_is_not_the_one_of_the_name_is_told() -> None:
    sample = observation(code={"text": "urea (mg/dL)"}, valueQuantity=quantity(9, "mmol/L"))
    issue = told("not the one that its name tells (mg/dL)", sample)
    assert (issue.severity, issue.expression) == ("warning", ("Observation.value",))


def test_a_range_in_another_unit_speaks_against_the_unit_of_the_name() -> None:
    own = {"low": quantity(15, "mmol/L"), "high": quantity(45, "mmol/L")}
    sample = observation(
        code={"text": "urea (mg/dL)"}, valueQuantity={"value": 20}, referenceRange=[own]
    )
    assert result(sample).amount is None
    assert told("in another one than its name tells", sample).severity == "warning"


@pytest.mark.parametrize(
    ("name", "value", "is_read"),
    [
        ("U", quantity(5, "mmol/L"), True),
        ("U", quantity(120, "mmol/L"), True),
        ("U", quantity(4, "mmol/L"), False),
        ("U", quantity(20, "mg/dL"), False),
        ("U", quantity(121, "mmol/L"), False),
        ("urea", quantity(4, "mmol/L"), True),
    ],
)
def test_a_name_that_may_mean_something_else_is_read_where_its_value_can_not(
    name: str, value: dict[str, Any], is_read: bool
) -> None:
    sample = observation(code={"text": name}, valueQuantity=value)
    assert (result(sample).amount is not None) == is_read
    if not is_read:
        assert "5 to 120 mmol/L" in told("plausible", sample).text


def _ranged(value: int, low: int, high: int) -> dict[str, Any]:
    own = {"low": quantity(low), "high": quantity(high)}
    return observation(code={"text": "U"}, valueQuantity=quantity(value), referenceRange=[own])


@pytest.mark.parametrize("value", [1, 4, 5, 20])
def test_a_range_of_the_analyte_makes_a_name_certain_that_may_mean_something_else(
    value: int,
) -> None:
    assert result(_ranged(value, 3, 8)).amount == Amount(Decimal(value), "mmol/L")


def test_a_range_of_something_else_speaks_against_such_a_name() -> None:
    found = result(_ranged(6, 1, 2))
    assert (found.amount, found.interpretation) == (None, "")
    assert told("is not one of that", _ranged(6, 1, 2)).severity == "warning"
