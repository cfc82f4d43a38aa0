from typing import Any

import msgspec
import pytest
from msgspec import Raw

from service.fhir import contents, wire
from service.fhir.contents import Whole, contents_of, parted
from service.fhir.entries import decode
from tests.fhir.sent import coding, number, observation, quantity, result, sent, told

RANGE = [{"low": quantity(135), "high": quantity(145)}]


def _content(**more: object) -> wire.Content:
    return contents_of(msgspec.json.decode(sent(observation(**more)), type=wire.Observation))[0]


def _whole(**more: object) -> wire.Content:
    return parted(msgspec.json.decode(sent(observation(**more)), type=Whole))[1][0]


def _quantity(value: object = 120, unit: str = "mmol/L") -> wire.Quantity:
    sent_one = sent(observation(valueQuantity=quantity(value, unit)))
    _, found = contents_of(msgspec.json.decode(sent_one, type=wire.Observation))
    assert found
    return found


def test_what_is_sent_again_is_the_same_object_whatever_the_number_the_name_and_the_patient() -> (
    None
):
    one = _content(id="a", valueQuantity=quantity(120), subject={"reference": "Patient/a"})
    other = _content(id="b", valueQuantity=quantity(121), subject={"reference": "Patient/b"})
    assert one is other


@pytest.mark.parametrize(
    "more",
    [
        {"code": coding("2823-3")},
        {"interpretation": [coding("L")]},
        {"referenceRange": RANGE},
        {"valueString": "120"},
        {"dataAbsentReason": {"text": "unknown"}},
        {"category": [coding("laboratory")]},
        {"component": [{"code": coding("2951-2")}]},
        {"valueCodeableConcept": {"text": "high"}},
        {"valueBoolean": True},
        {"valueInteger": 3},
        {"valueRange": {"low": {"unit": "mmol/L"}}},
        {"valueRatio": {}},
        {"valueSampledData": {}},
        {"valueTime": "10:00:00"},
        {"valueDateTime": "2026"},
        {"valuePeriod": {}},
        {"valueAttachment": {}},
        {"valueReference": {}},
    ],
)
def test_what_differs_in_what_is_said_is_another_and_the_same_as_if_decoded_at_once(
    more: dict[str, Any],
) -> None:
    assert _content(**more) is not _content()
    # Raw is equal by its bytes, and so all that holds it.
    assert (
        msgspec.structs.astuple(_content(**more))[:-1]
        == (msgspec.structs.astuple(_whole(**more))[:-1])
    )


def test_a_quantity_that_is_sent_again_is_the_same_object_and_another_is_not() -> None:
    assert _quantity(120) is _quantity(120)
    assert _quantity(120) is not _quantity(number("120.0"))
    assert _quantity(120) is not _quantity(120, "meq/L")


def test_a_quantity_of_the_wrong_type_is_told_each_time() -> None:
    wrong = observation(valueQuantity={"value": 120, "unit": 7})
    for _ in range(2):
        issue = told("a whole number where text belongs", wrong)
        assert issue.expression == ("Observation.value.unit",)


def test_results_of_one_content_keep_their_own_numbers() -> None:
    both = [
        result(observation(id="x", valueQuantity=quantity(value), referenceRange=RANGE))
        for value in (121, 122)
    ]
    assert [one.amount and one.amount.value for one in both] == [121, 122]
    assert {one.interval and str(one.interval.low) for one in both} == {"135"}


def test_one_content_with_numbers_in_several_units_is_read_in_each() -> None:
    bound = {"code": coding("2132-9"), "referenceRange": [{"low": {"value": 200}}]}
    found = [
        result(observation(id="x", **bound, valueQuantity=quantity(300, unit)))
        for unit in ("pg/mL", "ng/L", "pg/mL")
    ]
    assert [one.amount and one.amount.unit for one in found] == ["pg/mL", "ng/L", "pg/mL"]


def test_an_element_of_the_wrong_type_is_told_after_right_ones_and_again() -> None:
    right, wrong = ({"interpretation": [{"coding": [{"code": code}]}]} for code in ("H", 7))
    assert not result(observation(**right)).marks
    for _ in range(2):
        issue = told("a whole number where text belongs", observation(**wrong))
        assert issue.expression == ("Observation.interpretation[0].coding[0].code",)


def test_what_was_mended_is_not_kept() -> None:
    found, (content, _), faults = decode(Raw(sent(observation(id=5, code=coding("2951-2")))))
    assert isinstance(found, wire.Observation)
    assert faults
    assert content.code
    assert not content.kept


def test_long_contents_and_ever_new_ones_do_not_fill_the_memory() -> None:
    assert not _content(valueString="long " * 1_000).kept
    for i in range(3_000):
        assert _content(code={"text": f"test {i}"}).kept
        assert type(_quantity(i)) is contents.KeptQuantity
    assert type(_quantity(1, "furlongs " * 100)) is wire.Quantity
    assert contents._kept_quantity.cache_info().currsize <= 4096  # noqa: SLF001 - so it is
    assert contents._kept.cache_info().currsize <= 2048  # noqa: SLF001 - this is about it
