from datetime import timedelta
from typing import Any

import pytest

from service.fhir.issues import Issues, Spot
from service.fhir.medications import settle
from service.record import Moment, Source, Treatment
from tests.fhir.sent import (
    CLOCK,
    coding,
    intake,
    medication,
    patient,
    record,
    said,
    told,
    treatment,
)

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
GABAPENTIN = coding("25480", RXNORM)
REQUEST, STATEMENT, ADMINISTRATION = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
)


def _request(**more: object) -> dict[str, Any]:
    return medication(REQUEST, **{"intent": "order", **more})


def _treatments(sent: dict[str, Any]) -> list[str]:
    return [one.medicine for one in record(patient(), sent).treatments]


@pytest.mark.parametrize(
    ("kind", "status", "current"),
    [
        (REQUEST, "active", True),
        (REQUEST, "unknown", True),
        (REQUEST, "on-hold", False),
        (REQUEST, "stopped", False),
        (REQUEST, "completed", False),
        (REQUEST, "ended", False),
        (REQUEST, "inactive", False),
        (REQUEST, "Active", True),
        (STATEMENT, "active", True),
        (STATEMENT, "recorded", True),
        (STATEMENT, "unknown", True),
        (STATEMENT, "stopped", False),
        (STATEMENT, "on-hold", False),
        (STATEMENT, "completed", False),
        (STATEMENT, None, True),
        (ADMINISTRATION, "in-progress", True),
        (ADMINISTRATION, "completed", False),
        (ADMINISTRATION, "stopped", False),
        (ADMINISTRATION, "unknown", False),
    ],
)
def test_the_status_says_whether_a_medicine_is_being_taken(
    kind: str, status: str | None, current: bool
) -> None:
    found = treatment(medication(kind, status=status))
    assert (found.medicine, found.current) == ("gabapentin", current)
    assert ("past" in found.marks) is not current
    assert ("unknown-status" in found.marks) is (status in (None, "unknown", "recorded"))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (REQUEST, "cancelled"),
        (REQUEST, "draft"),
        (REQUEST, "entered-in-error"),
        (STATEMENT, "intended"),
        (STATEMENT, "not-taken"),
        (STATEMENT, "entered-in-error"),
        (ADMINISTRATION, "not-done"),
        (ADMINISTRATION, "entered-in-error"),
    ],
)
def test_a_status_that_does_not_count_is_told_and_not_used(kind: str, status: str) -> None:
    sent = medication(kind, status=status)
    assert _treatments(sent) == []
    assert told("does not count", patient(), sent).severity == "information"


@pytest.mark.parametrize("status", ["Xactive", "in-progress", "final"])
def test_a_status_that_is_none_of_fhirs_is_a_warning_and_not_used(status: str) -> None:
    sent = _request(status=status)
    assert _treatments(sent) == []
    assert told("none of FHIR's", patient(), sent).severity == "warning"


@pytest.mark.parametrize(
    ("intent", "counts"),
    [
        ("order", True),
        ("original-order", True),
        ("reflex-order", True),
        ("filler-order", True),
        ("instance-order", True),
        (None, True),
        ("plan", False),
        ("proposal", False),
        ("option", False),
    ],
)
def test_only_an_order_is_a_treatment(intent: str | None, counts: bool) -> None:
    sent = _request(intent=intent)
    assert bool(_treatments(sent)) is counts
    if not counts:
        assert told("no order", patient(), sent).severity == "information"


@pytest.mark.parametrize(
    "sent",
    [
        _request(doNotPerform=True),
        medication(taken="n"),
        medication(status="recorded", adherence={"code": coding("not-taking", "adherence")}),
        medication(ADMINISTRATION, status="completed", notGiven=True),
        medication(ADMINISTRATION, status="completed", wasNotGiven=True),
        medication(wasNotTaken=True),
        medication(taken="N"),
        medication(modifierExtension=[{"url": "x"}]),
    ],
)
def test_what_says_that_a_medicine_is_not_given_is_told_and_no_treatment(
    sent: dict[str, Any],
) -> None:
    found = intake(patient(), sent)
    assert found.records[0].treatments == ()
    assert len(found.issues) == 1


@pytest.mark.parametrize(
    "sent", [_request(doNotPerform=False), medication(taken="y"), medication(taken="unk")]
)
def test_what_does_not_deny_it_is_a_treatment(sent: dict[str, Any]) -> None:
    assert _treatments(sent) == ["gabapentin"]


@pytest.mark.parametrize(
    ("code", "current"),
    [("taking", True), ("on-hold", False), ("stopped", False), ("unknown", True)],
)
def test_in_r5_adherence_says_whether_it_is_taken(code: str, current: bool) -> None:
    sent = medication(status="recorded", adherence={"code": coding(code, "adherence")})
    assert treatment(sent).current is current
    assert ("unknown-status" in treatment(sent).marks) is (code == "unknown")


def _times(sent: dict[str, Any]) -> tuple[str | None, str | None]:
    found = treatment(sent)
    return found.start and found.start.text, found.end and found.end.text  # type: ignore[return-value]


def _bounds(**period: str) -> list[dict[str, Any]]:
    return [{"text": "1-0-1"}, {"timing": {"repeat": {"boundsPeriod": period}}}]


@pytest.mark.parametrize(
    ("sent", "times"),
    [
        (_request(authoredOn="2026-04-01"), ("2026-04-01", None)),
        (_request(authoredOn="2026-04-01", dosageInstruction=[{}]), ("2026-04-01", None)),
        (
            _request(
                authoredOn="2026-04-01", dosageInstruction=_bounds(start="2026-04-02", end="2027")
            ),
            ("2026-04-02", "2027"),
        ),
        (
            _request(authoredOn="2026-04-01", dosageInstruction=_bounds(end="2027")),
            ("2026-04-01", "2027"),
        ),
        (_request(), (None, None)),
        (medication(effectiveDateTime="2026-04-01"), ("2026-04-01", None)),
        (medication(effectivePeriod={"start": "2026-04-01"}), ("2026-04-01", None)),
        (medication(effectivePeriod={"start": "2026", "end": "2027"}), ("2026", "2027")),
        (medication(effectivePeriod={"start": "2027", "end": "2026"}), (None, None)),
        (
            medication(status="completed", effectiveDateTime="2026-04-01"),
            ("2026-04-01", "2026-04-01"),
        ),
        (
            medication(ADMINISTRATION, status="completed", effectiveDateTime="2026-04-01"),
            ("2026-04-01", "2026-04-01"),
        ),
        (
            medication(ADMINISTRATION, status="completed", occurenceDateTime="2026-04-01"),
            ("2026-04-01", "2026-04-01"),
        ),
        (
            medication(ADMINISTRATION, status="completed", occurencePeriod={"end": "2026-04-01"}),
            (None, "2026-04-01"),
        ),
        (medication(effectiveDateTime="2026-02-30"), (None, None)),
        # R5
        (
            _request(authoredOn="2026-04-01", effectiveDosePeriod={"start": "2026", "end": "2027"}),
            ("2026", "2027"),
        ),
        (
            _request(
                authoredOn="2026-04-01",
                effectiveDosePeriod={"end": "2027"},
                dosageInstruction=_bounds(start="2026-04-02", end="2028"),
            ),
            ("2026-04-01", "2027"),
        ),
        (
            _request(status="stopped", authoredOn="2026-04-01", statusChanged="2026-04-20"),
            ("2026-04-01", "2026-04-20"),
        ),
        (
            _request(status="active", authoredOn="2026-04-01", statusChanged="2026-04-20"),
            ("2026-04-01", None),
        ),
        (
            _request(status="stopped", authoredOn="2026-04-01", statusChanged="2026-03-20"),
            ("2026-04-01", None),
        ),
        (
            _request(
                status="completed",
                authoredOn="2026-04-01",
                statusChanged="2026-05-20",
                dosageInstruction=_bounds(start="2026-04-02", end="2026-04-09"),
            ),
            ("2026-04-02", "2026-04-09"),
        ),
        (
            medication(effectiveTiming=_bounds(start="2026-04-01")[1]["timing"]),
            ("2026-04-01", None),
        ),
        (
            medication(
                ADMINISTRATION,
                status="completed",
                occurenceTiming=_bounds(start="2026", end="2027")[1]["timing"],
            ),
            ("2026", "2027"),
        ),
        (medication(effectiveTiming={"event": ["2026-04-01"]}), (None, None)),
        (medication(effectiveTiming={"code": {"text": "daily"}}), (None, None)),
    ],
)
def test_a_treatment_has_a_start_and_an_end(
    sent: dict[str, Any], times: tuple[str | None, str | None]
) -> None:
    assert _times(sent) == times


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        (medication(effectiveTiming={"event": ["2026-04-01"]}), "effective"),
        (medication(ADMINISTRATION, status="completed", occurenceTiming={}), "occurence"),
        (
            medication(ADMINISTRATION, status="completed", occurenceTiming={"repeat": {}}),
            "occurence",
        ),
    ],
)
def test_a_timing_that_tells_no_period_is_told(sent: dict[str, Any], path: str) -> None:
    issue = told("does not tell when", sent)
    assert (issue.severity, issue.expression) == (
        "information",
        (f"{sent['resourceType']}.{path}",),
    )


def test_a_timing_with_a_modifier_is_not_used() -> None:
    timing = _bounds(start="2026-04-01")[1]["timing"] | {"modifierExtension": [{"url": "x"}]}
    sent = medication(effectiveTiming=timing)
    assert _times(sent) == (None, None)
    assert told("modifierExtension", sent).severity == "warning"


@pytest.mark.parametrize(
    "sent", [medication(effectiveDateTime="2026-02-30"), _request(authoredOn="x")]
)
def test_an_impossible_time_is_told(sent: dict[str, Any]) -> None:
    assert told("not used", sent).severity == "warning"


@pytest.mark.parametrize(("days", "current"), [(-1, False), (1, True)])
def test_a_treatment_that_has_ended_by_the_moment_is_not_current(days: int, current: bool) -> None:
    at = CLOCK + timedelta(days=days)
    one = Treatment("gabapentin", Source("MedicationRequest", "", ""), end=Moment("x", at, at))
    settled = settle(one, CLOCK, Spot(Issues(), "", ""))
    assert settled
    assert (settled.current, settled.marks) == (current, () if current else ("past",))


@pytest.mark.parametrize(
    "sent",
    [
        _request(status="stopped"),
        _request(status="on-hold"),
        _request(status="completed", authoredOn="2026-05-06"),
        _request(dosageInstruction=_bounds(start="2025-01-01", end="2025-02-01")),
        medication(status="on-hold"),
        medication(status="recorded", adherence={"code": coding("stopped", "adherence")}),
        medication(effectivePeriod={"end": "2026-01-01"}),
        medication(ADMINISTRATION, status="completed", effectiveDateTime="2026-04-01"),
    ],
)
def test_a_medicine_that_is_not_being_taken_is_told(sent: dict[str, Any]) -> None:
    issue = told("not being taken", patient(), sent)
    assert (issue.severity, issue.expression) == ("information", ("Bundle.entry[1].resource",))


@pytest.mark.parametrize(
    "sent",
    [
        _request(authoredOn="2026-05-11"),
        _request(dosageInstruction=_bounds(start="2027-01-01")),
        medication(effectivePeriod={"start": "2026-06-01"}),
        medication(ADMINISTRATION, status="completed", effectiveDateTime="2026-05-11"),
    ],
)
def test_a_treatment_that_starts_later_is_told_and_does_not_count(sent: dict[str, Any]) -> None:
    assert _treatments(sent) == []
    assert told("after the moment", patient(), sent).severity == "information"


@pytest.mark.parametrize(
    "sent", [_request(authoredOn="2026-05-01"), medication(effectiveDateTime="2026-05-10")]
)
def test_of_a_medicine_that_is_being_taken_nothing_is_told(sent: dict[str, Any]) -> None:
    assert intake(patient(), sent).issues == ()


def test_medicines_that_are_not_being_taken_are_told_in_one_issue() -> None:
    past = [medication(status="completed"), medication(status="stopped"), _request(status="ended")]
    assert len(told("not being taken", patient(), *past).expression) == 3


def _titrated(*periods: dict[str, str]) -> dict[str, Any]:
    doses = [{"timing": {"repeat": {"boundsPeriod": period}}} for period in periods]
    return _request(authoredOn="2024-12-24", dosageInstruction=doses)


FIRST = {"start": "2025-01-01", "end": "2025-02-01"}


@pytest.mark.parametrize(
    ("periods", "times"),
    [
        ([FIRST, {"start": "2025-02-01"}], ("2025-01-01", None)),
        ([{"start": "2025-02-01"}, FIRST], ("2025-01-01", None)),
        ([FIRST, {"start": "2025-02-01", "end": "2025-03"}], ("2025-01-01", "2025-03")),
        ([{"start": "2025-02-01", "end": "2025-03"}, FIRST], ("2025-01-01", "2025-03")),
        ([FIRST, FIRST], ("2025-01-01", "2025-02-01")),
        ([{"end": "2025-02-01"}, {"end": "2025-03"}], ("2024-12-24", "2025-03")),
    ],
)
def test_an_order_lasts_from_its_first_dosage_to_its_last(
    periods: list[dict[str, str]], times: tuple[str | None, str | None]
) -> None:
    assert _times(_titrated(*periods)) == times


@pytest.mark.parametrize("text", ["no gabapentin", "Gabapentin - stopped"])
def test_words_that_negate_a_medicine_are_a_warning(text: str) -> None:
    sent = medication(medicationCodeableConcept={"text": text})
    assert _treatments(sent) == []
    assert told("not taken", patient(), sent).severity == "warning"


@pytest.mark.parametrize("text", ["hold gabapentin", "aspirin instead of gabapentin"])
def test_words_that_leave_a_medicine_open_are_a_warning_and_said_once(text: str) -> None:
    sent = medication(medicationCodeableConcept={"text": text})
    found = intake(patient(), sent)
    assert found.records[0].treatments == ()
    assert [issue.severity for issue in found.issues] == ["warning"]


EYE = {"coding": [{"system": "http://snomed.info/sct", "code": "54485002"}]}


@pytest.mark.parametrize(
    "resources",
    [
        [medication(medicationCodeableConcept={"text": "gabapentin eye drops"})],
        [medication(medicationCodeableConcept={"text": "compound gabapentin cream"})],
        [medication(dosage=[{"route": EYE}])],
        [medication(dosage=[{"text": "apply to affected area"}])],
        [_request(dosageInstruction=[{"route": {"text": "Topical"}}])],
        [medication(ADMINISTRATION, status="in-progress", dosage={"route": EYE})],
        [
            medication(
                medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"}
            ),
            {
                "resourceType": "Medication",
                "id": "m",
                "code": GABAPENTIN,
                "form": {"text": "Cream"},
            },
        ],
        [
            medication(
                medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"}
            ),
            {
                "resourceType": "Medication",
                "id": "m",
                "code": GABAPENTIN,
                "doseForm": {"text": "Eye drops"},
            },
        ],
    ],
)
def test_what_stays_on_skin_eye_or_ear_is_told_and_no_treatment(
    resources: list[dict[str, Any]],
) -> None:
    assert record(patient(), *resources).treatments == ()
    assert told("hardly reaches", patient(), *resources).severity == "information"


@pytest.mark.parametrize(
    "sent",
    [
        medication(dosage=[{"route": {"text": "Oral"}}]),
        medication(dosage=[{"route": EYE}, {"route": {"text": "Oral"}}]),
        medication(ADMINISTRATION, status="in-progress", dosage={"route": {"text": "Intravenous"}}),
        medication(medicationCodeableConcept={"text": "gabapentin patch"}),
    ],
)
def test_what_reaches_the_whole_body_is_a_treatment(sent: dict[str, Any]) -> None:
    assert _treatments(sent) == ["gabapentin"]


def _medication(**more: object) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": "m", **more}


def _referring(reference: dict[str, Any], **more: object) -> dict[str, Any]:
    sent = {"medicationCodeableConcept": None, "medicationReference": reference, **more}
    return medication("MedicationStatement", **sent)


@pytest.mark.parametrize(
    "resources",
    [
        [_referring({"reference": "#m"}, contained=[_medication(code=GABAPENTIN)])],
        [_referring({"reference": "Medication/m"}), _medication(code=GABAPENTIN)],
        [
            _referring({"reference": "Medication/m"}),
            _medication(ingredient=[{"itemCodeableConcept": GABAPENTIN}]),
        ],
        [
            _referring({"reference": "Medication/m"}),
            _medication(code={"text": "Mix"}, ingredient=[{"item": {"concept": GABAPENTIN}}]),
        ],
        *(
            [
                _referring({"reference": "Medication/m"}),
                _medication(code={"text": "Mix"}, ingredient=[ingredient]),
                {**_medication(code=GABAPENTIN), "id": "n"},
            ]
            for ingredient in (
                {"itemReference": {"reference": "Medication/n"}},
                {"item": {"reference": {"reference": "Medication/n"}}},
            )
        ),
        [medication(medicationCodeableConcept=None, medication={"concept": GABAPENTIN})],
        [
            medication(
                medicationCodeableConcept=None,
                medication={"reference": {"reference": "Medication/m"}},
            ),
            _medication(code=GABAPENTIN),
        ],
    ],
)
def test_a_medicine_may_be_a_concept_or_a_medication_in_any_place(
    resources: list[dict[str, Any]],
) -> None:
    found = record(patient(), *resources)
    assert [(one.medicine, one.marks) for one in found.treatments] == [("gabapentin", ())]


@pytest.mark.parametrize(
    "resources",
    [
        [_referring({"reference": "Medication/m", "display": "Gabapentin 300 mg"})],
        [_referring({"reference": "Medication/m", "display": "Gabapentin 300 mg"}), _medication()],
        [medication(medicationCodeableConcept={"text": "Neurontin"})],
        [
            medication(
                medicationCodeableConcept=coding("310431", RXNORM, text="gabapentin 300 MG Capsule")
            )
        ],
    ],
)
def test_a_medicine_that_is_only_named_is_weaker_evidence(resources: list[dict[str, Any]]) -> None:
    (found,) = record(patient(), *resources).treatments
    assert (found.medicine, found.marks) == ("gabapentin", ("by-name",))
    assert told("by its name", patient(), *resources).severity == "information"


@pytest.mark.parametrize(
    ("sent", "word", "severity"),
    [
        (medication(medicationCodeableConcept={"text": "Aspirin"}), "No rule uses", "information"),
        (medication(medicationCodeableConcept=None), "Nothing says which", "warning"),
        (_referring({"reference": "Medication/9"}), "not in the request", "warning"),
        (_referring({}), "not in the request", "warning"),
        (_referring({"reference": "#m"}, contained=[_medication()]), "no code", "warning"),
        (
            _referring(
                {"reference": "#m"},
                contained=[_medication(code=GABAPENTIN, status="entered-in-error")],
            ),
            "entered in error",
            "warning",
        ),
        (_referring({"reference": "Patient/ann"}), "not in the request", "warning"),
    ],
)
def test_a_medicine_that_is_not_known_is_told(
    sent: dict[str, Any], word: str, severity: str
) -> None:
    assert _treatments(sent) == []
    assert told(word, patient(), sent).severity == severity


@pytest.mark.parametrize(
    "other",
    [
        {"resourceType": "Substance", "id": "n", "code": GABAPENTIN},
        {**_medication(code=GABAPENTIN, status="entered-in-error"), "id": "n"},
        {**_medication(ingredient=[{"itemCodeableConcept": GABAPENTIN}]), "id": "n"},
        {**_medication(code=GABAPENTIN), "id": "another"},
    ],
)
def test_an_ingredient_that_is_only_referred_to_is_told(other: dict[str, Any]) -> None:
    named = {"reference": f"{other['resourceType']}/n"}
    mix = _medication(code={"text": "Mix"}, ingredient=[{"itemReference": named}])
    resources = [patient(), _referring({"reference": "Medication/m"}), mix, other]

    assert record(*resources).treatments == ()
    assert told("An ingredient", *resources).severity == "warning"
    named["display"] = "Gabapentin"
    (found,) = record(*resources).treatments
    assert (found.medicine, found.marks) == ("gabapentin", ("by-name",))


@pytest.mark.parametrize(
    "sent",
    [
        medication(),
        medication(effectivePeriod={"end": "2027-01-01"}),
        medication("MedicationRequest", intent="order"),
    ],
)
def test_that_nobody_knows_the_start_of_what_is_taken_is_told(sent: dict[str, Any]) -> None:
    issue = told("since when the medicine is taken", patient(), sent)

    assert (issue.severity, issue.expression) == ("information", ("Bundle.entry[1].resource",))


@pytest.mark.parametrize(
    "sent",
    [
        medication(effectiveDateTime="2026-05-01"),
        medication(status="stopped"),
        medication(medicationCodeableConcept={"text": "Aspirin"}),
    ],
)
def test_a_start_that_is_known_or_asked_for_by_no_rule_is_not_missed(sent: dict[str, Any]) -> None:
    assert not said(intake(patient(), sent).issues, "since when the medicine")


def test_a_combination_is_all_its_medicines() -> None:
    both = {"text": "gabapentin 300 MG / bupropion 150 MG"}
    assert _treatments(medication(medicationCodeableConcept=both)) == ["bupropion", "gabapentin"]


def test_a_code_comes_before_a_name_of_the_same_medicine() -> None:
    mix = _medication(code={"text": "Gabapentin"}, ingredient=[{"itemCodeableConcept": GABAPENTIN}])
    sent = _referring({"reference": "#m"}, contained=[mix])
    assert treatment(sent).marks == ()


def test_medications_are_counted_whether_used_or_not() -> None:
    found = record(patient(), medication(), medication(medicationCodeableConcept={"text": "x"}))
    assert (found.tally.medications, found.tally.treatments) == (2, 1)


def test_what_a_medicine_was_called_goes_with_it() -> None:
    found = treatment(
        medication(id="m", medicationCodeableConcept={**GABAPENTIN, "text": "300 mg"})
    )
    assert (found.text, found.source.reference) == ("300 mg", "MedicationStatement/m")
