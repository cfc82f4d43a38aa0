from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.formula import evaluate, names_in, round_six, to_decimal

CKD_EPI_FEMALE = (
    "142 * min(scr / 0.7, 1) ** -0.241 * max(scr / 0.7, 1) ** -1.200 * 0.9938 ** age * 1.012"
)
CKD_EPI_MALE = "142 * min(scr / 0.9, 1) ** -0.302 * max(scr / 0.9, 1) ** -1.200 * 0.9938 ** age"


@pytest.mark.parametrize(
    ("formula", "values", "expected"),
    [
        ("ca + 0.8 * (4.0 - albumin)", {"ca": "7.8", "albumin": "2.4"}, "9.08"),
        ("na + 1.6 * (glucose - 100) / 100", {"na": "128", "glucose": "700"}, "137.6"),
        ("na - cl - hco3", {"na": "140", "cl": "100", "hco3": "14"}, "26"),
        ("2 * na + glucose / 18", {"na": "145", "glucose": "900"}, "340"),
        ("ast / alt", {"ast": "120", "alt": "45"}, "2.66667"),
        ("-a ** 2", {"a": "3"}, "-9"),
        ("max(a, b, 3)", {"a": "1", "b": "2"}, "3"),
    ],
)
def test_published_examples_come_out(formula: str, values: dict[str, str], expected: str) -> None:
    given = {name: to_decimal(Fraction(value)) for name, value in values.items()}
    assert evaluate(formula, given) == Decimal(expected)


@pytest.mark.parametrize(
    ("formula", "creatinine", "age", "expected"),
    [(CKD_EPI_FEMALE, "1.0", 50, "68.6"), (CKD_EPI_MALE, "2.5", 70, "27.0")],
)
def test_ckd_epi_2021_gives_the_published_examples(
    formula: str, creatinine: str, age: int, expected: str
) -> None:
    found = evaluate(formula, {"scr": Decimal(creatinine), "age": Decimal(age)})
    assert round(found, 1) == Decimal(expected)


@given(st.integers(20, 2000), st.integers(18, 110))
def test_powers_agree_with_floating_point(creatinine: int, age: int) -> None:
    scr = creatinine / 100
    expected = 142 * min(scr / 0.9, 1) ** -0.302 * max(scr / 0.9, 1) ** -1.2 * 0.9938**age
    values = {"scr": Decimal(creatinine) / 100, "age": Decimal(age)}
    assert float(evaluate(CKD_EPI_MALE, values)) == pytest.approx(expected, rel=1e-5)


def test_names_are_those_of_inputs_and_not_of_functions() -> None:
    assert names_in(CKD_EPI_MALE) == {"scr", "age"}


@pytest.mark.parametrize(
    "formula",
    [
        *("", "a +", "a; b", "a = b", "a if b else c", "a and b", "not a", "a < b", "f(a)"),
        *("min(a)", "min(a, b=c)", "min(*a, b)", "min.real(a, b)", "__import__('os')", "a.b"),
        *("a[0]", "[a]", "(a, b)", "'a'", "f'{a}'", "(a := 3)", "lambda: a", "None", "True"),
        *("a // b", "a % b", "~a", "+a", "a @ b", "1e3 * a", "0x10", "1_000", "1j", "07 + a"),
        "a\x00b",
    ],
)
def test_what_is_not_arithmetic_is_refused(formula: str) -> None:
    with pytest.raises(ValueError, match=r"not arithmetic|not allowed|not a plain number"):
        names_in(formula)


@pytest.mark.parametrize(
    ("formula", "a"), [("1 / a", 0), ("a / a", 0), ("a ** 0.5", -1), ("10 ** a", 1000)]
)
def test_what_has_no_value_is_an_arithmetic_error(formula: str, a: int) -> None:
    with pytest.raises(ArithmeticError):
        evaluate(formula, {"a": Decimal(a)})


def test_an_input_without_value_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        evaluate("a + b", {"a": Decimal(1)})


@given(st.fractions(-(10**9), 10**9))
def test_six_digits_are_within_half_a_unit_of_the_sixth(value: Fraction) -> None:
    rounded = round_six(value)
    assert abs(Fraction(rounded) - value) <= abs(value) * Fraction(1, 200_000)


@given(st.integers(-99_999, 99_999), st.integers(0, 3))
def test_what_has_six_digits_or_fewer_stays_exact(number: int, places: int) -> None:
    value = Fraction(number, 10**places)
    assert Fraction(round_six(value)) == value
