import pytest

from service.fhir.parameters import PARAMETERS, ParameterValues, first_values, values_of, why_not


def test_every_parameter_has_a_place_for_what_it_says() -> None:
    assert set(PARAMETERS) == set(ParameterValues.__struct_encode_fields__)


def test_what_is_said_first_counts_and_the_second_fills_what_it_leaves_open() -> None:
    first = values_of({"includeEvidence": False, "now": "latest"})
    second = values_of({"includeEvidence": True, "explain": True})

    assert first_values(first, second) == ParameterValues(
        "latest", include_evidence=False, explain=True
    )


def test_nothing_said_is_no_refusal_of_what_was_asked_before() -> None:
    assert first_values(ParameterValues(), ParameterValues(explain=True)).explain is True


@pytest.mark.parametrize("name", [n for n, one in PARAMETERS.items() if one.type == "boolean"])
@pytest.mark.parametrize("value", ["true", "yes", "", 1, None])
def test_a_yes_or_no_is_nothing_else(name: str, value: object) -> None:
    assert why_not(name, value) == f"{name} is true or false."


def test_a_refusal_does_not_repeat_the_value() -> None:
    assert "secret" not in str(why_not("explain", "secret"))
