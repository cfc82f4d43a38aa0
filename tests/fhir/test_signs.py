from typing import Any

import pytest

from service.fhir.reading import Intake
from tests.fhir.sent import SNOMED, coding, intake, observation, patient, problem, told

MYOCLONUS = coding("17450006", SNOMED)
LAB = {"valueQuantity": None}


def _sign(**more: object) -> dict[str, Any]:
    return observation(**{"code": MYOCLONUS, **LAB, **more})


def _finding(code: dict[str, Any], value: dict[str, Any] | None = None) -> dict[str, Any]:
    return _sign(code=code, valueCodeableConcept=value or MYOCLONUS)


def _problems(sent: dict[str, Any]) -> tuple[list[str], Intake]:
    found = intake(patient(), sent)
    return [one.problem for one in found.records[0].problems], found


@pytest.mark.parametrize(
    "sent",
    [
        _sign(valueBoolean=True),
        _sign(valueString="Present"),
        _sign(valueString=" positive "),
        _sign(valueCodeableConcept={"text": "Yes"}),
        _sign(valueCodeableConcept=coding("52101004", SNOMED)),
        _sign(valueCodeableConcept=coding("LA9633-4", "http://loinc.org", text="Present")),
        _sign(interpretation=[coding("POS", "v3-ObservationInterpretation")]),
        _finding({"text": "Movement disorder"}),
        _finding({"text": "Diagnosis"}),
        _finding(coding("29308-4")),
        _finding(coding("404684003", SNOMED)),
        _sign(code={"text": "Exam"}, component=[{"code": MYOCLONUS, "valueBoolean": True}]),
    ],
)
def test_an_observation_that_states_a_problem_is_that_problem(sent: dict[str, Any]) -> None:
    problems, found = _problems(sent)
    assert problems == ["myoclonus"]
    assert found.issues == ()


@pytest.mark.parametrize(
    "sent",
    [
        _sign(valueBoolean=False),
        _sign(valueString="absent"),
        _sign(valueString="Present?"),
        _sign(valueString="present in father"),
        _sign(valueCodeableConcept=coding("2667000", SNOMED)),
        _sign(valueCodeableConcept={"text": "Negative"}),
        _sign(valueCodeableConcept={"coding": [{"code": "POS", "display": "Negative"}]}),
        _sign(valueCodeableConcept=coding("255604002", SNOMED, text="Mild")),
        _sign(interpretation=[coding("NEG", "v3-ObservationInterpretation")]),
        _sign(interpretation=[coding("H", "v3-ObservationInterpretation")]),
        _sign(code={"text": "Myoclonus"}),
        _sign(code={**MYOCLONUS, "text": "No myoclonus"}),
        _sign(code=coding("396331005", SNOMED)),
        _sign(status="cancelled"),
        _sign(valueInteger=1),
        _sign(code={**MYOCLONUS, "text": "No myoclonus"}, valueBoolean=True),
        _sign(code={**MYOCLONUS, "text": "?Myoclonus"}, valueBoolean=True),
        _sign(status="entered-in-error", valueBoolean=True),
        _sign(focus=[{"reference": "Patient/fetus"}], valueBoolean=True),
        _finding({"text": "Family history of neurological disease"}),
        _finding({"text": "Diagnosis excluded"}),
        _finding({"text": "Reason for test"}),
        _finding({"text": "Past history"}),
        _finding({"text": "Education topic"}),
        _finding({"text": "Differential diagnosis"}),
        _finding({"text": "Indication"}),
        _finding({"text": "Order comment"}),
        _finding({"coding": [{"code": "1", "display": "Condition of mother"}]}),
        _finding({"text": "No finding of"}),
        _finding(coding("75315-2")),
        _finding({"coding": [{"code": "local"}]}),
        _finding({"text": "Finding"}, {**MYOCLONUS, "text": "FH: myoclonus"}),
        _sign(component=[{"code": MYOCLONUS, "valueBoolean": True, "modifierExtension": [{}]}]),
    ],
)
def test_what_does_not_state_a_problem_is_none_and_is_told(sent: dict[str, Any]) -> None:
    problems, found = _problems(sent)
    assert problems == []
    assert len(found.issues) == 1 + bool(sent.get("component"))


def test_the_code_of_a_sign_alone_says_that_it_was_found() -> None:
    problems, found = _problems(_sign())
    assert problems == ["myoclonus"]
    (issue,) = found.issues
    assert (issue.severity, issue.text) == (
        "information",
        "There is no value; the code of a finding says by itself that the patient has it.",
    )


@pytest.mark.parametrize(
    "more",
    [
        {"code": {**MYOCLONUS, "text": "History of myoclonus"}},
        {"code": {**MYOCLONUS, "text": "Reason for examination: myoclonus"}},
        {"dataAbsentReason": coding("not-performed")},
        {"valueQuantity": {"value": 0}},
        {"valueQuantity": {"unit": "points"}},
        {"valueBoolean": "false"},
        {"_valueBoolean": {"extension": [{"url": "http://example.org", "valueCode": "unknown"}]}},
        {"valueDateTime": "2026-01-01"},
        {"valueCodeableConcept": {}},
        {"valueMolecularSequence": {}},
        {"interpretation": []},
        {"note": [{"text": "not seen"}]},
        {"component": [{"code": {"text": "Side"}, "valueString": "left"}]},
        {"hasMember": [{"reference": "Observation/1"}]},
    ],
)
def test_the_code_of_a_sign_with_anything_that_may_answer_it_is_no_sign_by_itself(
    more: dict[str, Any],
) -> None:
    assert _problems(_sign(**more))[0] == []


@pytest.mark.parametrize(
    "sent",
    [
        _finding({"text": "Finding"}, {"text": "Celiac disease"}),
        _finding({"text": "Finding"}, coding("1", SNOMED)),
        _sign(code={"text": "Exam"}, valueString="celiac disease"),
        _sign(code={"text": "Exam"}, valueString="myoclonus?"),
        _sign(code={"text": "Exam"}, valueString="No myoclonus."),
        _sign(code={"text": "Exam"}, valueString="myoclonus resolved"),
        _sign(code={"text": "Order comment"}, valueString="myoclonus"),
        _sign(code={"text": "Examination of the mother"}, valueString="myoclonus"),
    ],
)
def test_words_in_a_value_are_not_enough_for_a_diagnosis_or_where_they_leave_it_open(
    sent: dict[str, Any],
) -> None:
    problems, found = _problems(sent)
    assert problems == []
    assert [issue.severity for issue in found.issues] == ["information"]


@pytest.mark.parametrize(
    "sent",
    [
        _finding({"text": "Finding"}, {"text": "Myoclonus"}),
        _sign(code={"text": "Exam"}, valueString="myoclonus"),
        _sign(code={"text": "Neurological examination"}, valueString="Alert. Myoclonus of arms."),
        _sign(code={"text": "Exam"}, valueString="No tremor. Myoclonus at rest; gait normal"),
        _sign(code={"text": "Exploración neurológica"}, valueString="myoclonus, no asterixis"),
        _sign(code={"text": "Myoclonus"}, valueString="bilateral, both arms"),
        _sign(code={"text": "Presence of myoclonus at rest"}, valueString="yes"),
        _sign(code=MYOCLONUS, valueString="Multifocal, all limbs"),
        _sign(code=MYOCLONUS, valueString="Presente"),
        _sign(code=MYOCLONUS, valueString="generalizado, leve, en ambas manos"),
        _sign(code=MYOCLONUS, valueString="vorhanden, beidseits"),
        _sign(code=MYOCLONUS, valueString="oui, membres supérieurs"),
        _sign(code=MYOCLONUS, valueString="lieve, alle mani"),
    ],
)
def test_a_sign_in_the_words_of_an_examination_is_read(sent: dict[str, Any]) -> None:
    assert _problems(sent)[0] == ["myoclonus"]


@pytest.mark.parametrize(
    "words",
    [
        "left",
        "both",
        "at rest",
        "not bilateral",
        "2",
        "of the arms?",
        "de ambas",
        "keine Angabe",
        "gauche",
    ],
)
def test_words_that_tell_neither_yes_nor_how_much_leave_a_sign_open(words: str) -> None:
    assert _problems(_sign(valueString=words))[0] == []


def test_a_sign_asked_for_by_name_is_read_as_weaker_evidence() -> None:
    sent = _sign(code={"text": "Myoclonus"}, valueBoolean=True)
    assert problem(sent).marks == ("by-name",)
    assert told("by its name", sent).severity == "information"


def test_a_sign_is_of_the_time_of_its_observation() -> None:
    found = problem(_sign(id="o", status="preliminary", valueBoolean=True))
    assert found.onset
    assert found.onset == found.recorded
    assert (found.onset.text, found.marks) == ("2026-05-09T08:00:00Z", ("preliminary",))
    assert (found.source.type, found.source.reference) == ("Observation", "Observation/o")
    assert found.active
    assert found.confirmed


def test_a_sign_of_later_does_not_count_and_is_told() -> None:
    problems, found = _problems(_sign(valueBoolean=True, effectiveDateTime="2030-01-01"))
    assert problems == []
    assert [issue.severity for issue in found.issues] == ["warning"]


def test_several_stated_problems_are_all_read() -> None:
    value = {"coding": [*MYOCLONUS["coding"], *coding("396331005", SNOMED)["coding"]]}
    assert _problems(_finding({"text": "Findings"}, value))[0] == ["celiac-disease", "myoclonus"]
