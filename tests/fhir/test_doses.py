from fractions import Fraction
from typing import Any

import msgspec
import pytest

from service.fhir import wire
from service.fhir.doses import daily_dose, with_raised_doses
from tests.fhir.sent import medication, patient, record


def _dosage(value: object, unit: str = "mg", **repeat: object) -> dict[str, Any]:
    return {
        "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}],
        "timing": {"repeat": repeat},
    }


def _thrice(value: object, unit: str = "mg", **more: object) -> dict[str, Any]:
    return _dosage(value, unit, frequency=3, period=1, periodUnit="d") | more


def _read(*sent: dict[str, Any]) -> Fraction | None:
    return daily_dose(msgspec.json.decode(msgspec.json.encode(sent), type=tuple[wire.Dosage, ...]))


@pytest.mark.parametrize(
    ("sent", "milligrams"),
    [
        (_thrice(300), 900),
        (_thrice(1, "g"), 3000),
        (_thrice(500, "ug"), Fraction(3, 2)),
        (_dosage(75, frequency=1, period=12, periodUnit="h"), 150),
        (_dosage(75, period=8, periodUnit="h"), 225),
        (_dosage(70, frequency=1, period=1, periodUnit="wk"), 10),
        (_dosage(75) | {"timing": {"code": {"coding": [{"code": "BID"}]}}}, 150),
        (
            {
                "doseQuantity": {"value": 20, "code": "mg"},
                "timing": {"code": {"coding": [{"code": "QD"}]}},
            },
            20,
        ),
    ],
)
def test_a_dosage_in_numbers_tells_the_milligrams_a_day(
    sent: dict[str, Any], milligrams: Fraction | int
) -> None:
    assert _read(sent) == milligrams


def test_dosages_beside_each_other_add_up() -> None:
    assert _read(_thrice(300), _dosage(600, frequency=1, period=1, periodUnit="d")) == 1500


@pytest.mark.parametrize(
    "sent",
    [
        (),
        ({"text": "600 mg three times a day"},),
        (_thrice(2, "tablet"),),
        (_thrice(0),),
        (_thrice(-300),),
        (_thrice("300"),),
        (_thrice(300, asNeededBoolean=True),),
        (_thrice(300, asNeededCodeableConcept={"text": "pain"}),),
        (_thrice(300), {"text": "and one at night"}),
        (_thrice(300, sequence=1), _thrice(600, sequence=2)),
        (_dosage(300, frequency=0, period=1, periodUnit="d"),),
        (_dosage(300, frequency=3, period=0, periodUnit="d"),),
        (_dosage(300, frequency=3, period=1, periodUnit="mo"),),
        (_dosage(300, frequency=True, period=1, periodUnit="d"),),
        (_dosage(300),),
        ({"timing": {"code": {"coding": [{"code": "BID"}]}}},),
        (
            _thrice(300)
            | {"doseAndRate": [{"doseQuantity": {"value": 300, "comparator": "<", "unit": "mg"}}]},
        ),
        (
            _dosage(300, frequency=1, periodUnit="d", boundsPeriod={"end": "2026-01-01"}),
            _dosage(600, frequency=1, periodUnit="d", boundsPeriod={"start": "2026-01-01"}),
        ),
    ],
)
def test_what_does_not_say_it_in_numbers_tells_nothing(sent: tuple[dict[str, Any], ...]) -> None:
    assert _read(*sent) is None


def _order(day: str, dose: object, **more: object) -> dict[str, Any]:
    sent = {"authoredOn": day, "dosageInstruction": [_thrice(dose)], "intent": "order"}
    return medication("MedicationRequest", **{"id": f"o{day}-{dose}", **sent, **more})


def _raised(*sent: dict[str, Any]) -> list[bool]:
    treatments = record(patient(), *sent).treatments
    return ["dose-raised" in one.marks for one in treatments]


def test_an_order_for_more_a_day_than_the_one_before_raises_the_dose() -> None:
    assert _raised(_order("2026-01-01", 300), _order("2026-03-01", 600)) == [False, True]
    assert _raised(_order("2026-03-01", 600), _order("2026-01-01", 300)) == [True, False]


@pytest.mark.parametrize(
    "sent",
    [
        (_order("2026-03-01", 600),),
        (_order("2026-01-01", 600), _order("2026-03-01", 600)),
        (_order("2026-01-01", 600), _order("2026-03-01", 300)),
        (_order("2026-03-01", 300), _order("2026-03-01", 600)),
        (
            _order("2026-01-01", 300, dosageInstruction=[{"text": "3 x 300"}]),
            _order("2026-03-01", 600),
        ),
        (_order("2026-01-01", 300, authoredOn=None), _order("2026-03-01", 600)),
        (_order("2025-12-01", 300), _order("2026-01-01", 600), _order("2026-03-01", 600)),
    ],
    ids=["first", "refill", "reduced", "same day", "words", "undated", "raised before"],
)
def test_the_last_order_raises_no_dose(sent: tuple[dict[str, Any], ...]) -> None:
    assert not _raised(*sent)[-1]


def test_a_dose_of_another_medicine_is_not_compared() -> None:
    other = {"medicationCodeableConcept": {"text": "bupropion"}}
    assert _raised(_order("2026-01-01", 100, **other), _order("2026-03-01", 600)) == [False, False]


def test_the_dose_of_a_combination_is_that_of_none_of_its_parts() -> None:
    both = {"medicationCodeableConcept": {"text": "gabapentin 300 MG / bupropion 150 MG"}}
    (first, second) = record(patient(), _order("2026-01-01", 1, **both)).treatments
    assert first.daily is None
    assert second.daily is None


def test_nothing_is_marked_where_nothing_is_taken() -> None:
    assert with_raised_doses([]) == []
