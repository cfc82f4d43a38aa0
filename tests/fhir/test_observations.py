from typing import Any

import pytest

from tests.fhir.sent import (
    LOINC,
    coding,
    entry,
    intake,
    observation,
    patient,
    quantity,
    record,
    result,
    told,
)

LOCAL = "https://lab.example/codes"


def _results(*resources: dict[str, Any]) -> list[str]:
    return [one.analyte for one in record(patient(), *resources).results]


@pytest.mark.parametrize(
    ("status", "marks"),
    [
        ("final", ()),
        ("amended", ()),
        ("corrected", ()),
        ("preliminary", ("preliminary",)),
        ("unknown", ("unknown-status",)),
        (" Final ", ()),
    ],
)
def test_a_result_of_a_status_that_counts_carries_it_as_a_mark(
    status: str, marks: tuple[str, ...]
) -> None:
    assert result(observation(status=status)).marks == marks


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error", "Cancelled"])
def test_a_result_of_a_status_that_does_not_count_is_told_and_not_used(status: str) -> None:
    assert _results(observation(status=status)) == []
    issue = told("does not count", patient(), observation(status=status))
    assert (issue.severity, issue.expression) == (
        "information",
        ("Bundle.entry[1].resource.status",),
    )


@pytest.mark.parametrize("status", ["F", "complete", "finale", "active"])
def test_a_status_that_is_none_of_fhirs_is_a_warning_and_the_result_not_used(status: str) -> None:
    assert _results(observation(status=status)) == []
    assert told("none of FHIR's", patient(), observation(status=status)).severity == "warning"


@pytest.mark.parametrize("status", [None, ""])
def test_a_missing_status_is_read_as_unknown_and_told(status: str | None) -> None:
    assert result(observation(status=status)).marks == ("unknown-status",)
    assert told("status is missing", observation(status=status)).severity == "warning"


def test_what_is_not_understood_as_a_whole_is_not_used() -> None:
    odd = observation(modifierExtension=[{"url": "https://e.example/not-the-patient"}])
    assert _results(odd) == []
    assert told("modifierExtension", patient(), odd).severity == "warning"


@pytest.mark.parametrize(
    "focus",
    [
        [{"reference": "Patient/fetus"}],
        [{"reference": "Patient/ann"}, {"reference": "Patient/fetus"}],
        [{"reference": "RelatedPerson/1"}],
        [{"display": "Fetus"}],
        [{"reference": "#donor"}],
    ],
)
def test_a_result_about_somebody_else_is_told_and_not_used(focus: list[dict[str, Any]]) -> None:
    assert _results(observation(focus=focus)) == []
    assert told("focus", patient(), observation(focus=focus)).severity == "warning"


@pytest.mark.parametrize("focus", [[], [{"reference": "Patient/ann"}]])
def test_a_focus_that_is_the_patient_changes_nothing(focus: list[dict[str, Any]]) -> None:
    assert _results(observation(focus=focus)) == ["sodium"]


def test_a_code_that_no_rule_uses_is_told_once_for_each_patient() -> None:
    others = [observation(id=str(i), code=coding(f"{i}-9")) for i in range(3)]
    issue = told("No rule uses", patient(), *others)
    assert issue.severity == "information"
    assert issue.expression == tuple(f"Bundle.entry[{i}].resource.code" for i in (1, 2, 3))


def test_an_observation_without_a_code_is_told() -> None:
    assert told("There is no code", observation(code=None)).severity == "warning"


def test_a_code_that_resembles_an_analyte_is_told_with_the_reason() -> None:
    urine = observation(code=coding("2955-3"))
    assert _results(urine) == []
    issue = told("urine sodium", patient(), urine)
    assert (issue.severity, issue.expression) == ("warning", ("Bundle.entry[1].resource.code",))


def _named(name: str = "Sodium", **more: object) -> dict[str, Any]:
    code = {"coding": [{"system": LOCAL, "code": "1"}], "text": name}
    return observation(**{"code": code, **more})


LABORATORY = [coding("laboratory", "observation-category")]


@pytest.mark.parametrize(
    "more",
    [{}, {"category": LABORATORY}, {"category": LABORATORY[0]}, {"category": [{"text": "Lab"}]}],
)
def test_a_listed_name_is_read_as_weaker_evidence(more: dict[str, Any]) -> None:
    assert result(_named(**more)).marks == ("by-name",)
    assert told("by its name", _named(**more)).severity == "information"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"category": [coding("vital-signs", "observation-category")]}, "category"),
        ({"category": [*LABORATORY, coding("survey", "observation-category")]}, "category"),
        ({"category": coding("social-history", "observation-category")}, "category"),
        ({"specimen": {"display": "Urine"}}, "urine"),
        ({"category": [{"text": "Urine"}]}, "urine"),
        ({"category": {"text": "Vital signs"}}, "category"),
        (
            {
                "code": {
                    "coding": [{"code": "1", "display": "Sodium"}],
                    "text": "Urine electrolytes",
                }
            },
            "urine",
        ),
        (
            {"code": {"coding": [{"system": LOINC, "code": "2955-3"}], "text": "Sodium"}},
            "urine sodium",
        ),
        (
            {"code": {"coding": [{"code": "1", "display": "Potassium"}], "text": "Sodium"}},
            "different",
        ),
    ],
)
def test_a_name_is_not_read_where_anything_speaks_against_it(
    more: dict[str, Any], word: str
) -> None:
    assert _results(_named(**more)) == []
    assert told(word, patient(), _named(**more)).severity == "warning"


def test_a_category_does_not_speak_against_a_code() -> None:
    odd = observation(category=[coding("vital-signs", "observation-category")])
    assert result(odd).marks == ()


def test_a_code_brings_its_own_marks() -> None:
    sent = observation(
        code=coding("98979-8"), valueQuantity=quantity(60, "U/L"), status="preliminary"
    )
    assert result(sent).marks == ("preliminary", "calculated")


def _part(code: str, value: float, **more: object) -> dict[str, Any]:
    return {"code": coding(code), "valueQuantity": quantity(value), **more}


def _panel(*parts: dict[str, Any], **more: object) -> dict[str, Any]:
    panel = {"code": {"text": "Electrolytes"}, "valueQuantity": None, **more}
    return observation(component=list(parts), **panel)


def test_components_are_results_of_their_own() -> None:
    found = record(_panel(_part("2951-2", 120), _part("2823-3", 4), id="p")).results
    assert [(one.analyte, one.source.expression) for one in found] == [
        ("sodium", "Observation.component[0]"),
        ("potassium", "Observation.component[1]"),
    ]
    assert {one.source.reference for one in found} == {"Observation/p"}


def test_a_value_and_components_are_all_read() -> None:
    sent = _panel(_part("2823-3", 4), code=coding("2951-2"), valueQuantity=quantity(120))
    assert _results(sent) == ["sodium", "potassium"]


def test_a_component_that_can_not_be_used_costs_itself_alone() -> None:
    sent = _panel(
        _part("2951-2", 120, modifierExtension=[{"url": "x"}]),
        _part("2955-3", 30),
        _part("9-9", 1),
        {"valueQuantity": quantity(1)},
        _part("2823-3", 4),
    )
    found = intake(patient(), sent)
    assert [one.analyte for one in found.records[0].results] == ["potassium"]
    base = "Bundle.entry[1].resource.component"
    assert {path for issue in found.issues for path in issue.expression} == {
        f"{base}[0].modifierExtension",
        f"{base}[1].code",
        f"{base}[2].code",
        f"{base}[3]",
    }


@pytest.mark.parametrize(
    "members",
    [
        {"hasMember": [{"reference": "Observation/na"}]},
        {"related": [{"type": "has-member", "target": {"reference": "Observation/na"}}]},
        {"component": [_part("2951-2", 120)]},
    ],
)
def test_a_panel_without_a_value_is_no_result_and_no_mistake(members: dict[str, Any]) -> None:
    panel = observation(code=coding("2823-3"), valueQuantity=None, **members)
    found = intake(patient(), panel, observation(id="na"))
    assert "potassium" not in [one.analyte for one in found.records[0].results]
    assert found.issues == ()


def test_a_panel_with_a_value_is_a_result_too() -> None:
    panel = observation(hasMember=[{"reference": "Observation/k"}])
    assert "sodium" in _results(panel)


def test_an_older_report_of_the_same_result_is_counted_and_not_read() -> None:
    number = [{"system": "https://lab.example", "value": "1"}]
    sent = [
        observation(id="a", identifier=number, status="preliminary", valueQuantity=quantity(110)),
        observation(id="b", identifier=number),
    ]
    found = record(patient(), *sent)
    assert [one.source.reference for one in found.results] == ["Observation/b"]
    assert (found.tally.observations, found.tally.results) == (2, 1)


def test_a_result_without_a_name_is_named_by_its_identifier() -> None:
    named = [{"value": "1"}, {"system": "https://lab.example", "value": "2"}]
    source = result(observation(identifier=named)).source
    assert (source.type, source.reference, source.expression) == ("Observation", "", "Observation")
    assert source.identifier
    assert source.identifier.value == "2"
    assert result(observation(id="o", identifier=named)).source.identifier is None


def test_results_of_many_patients_stay_with_their_patients() -> None:
    sent = [
        entry(
            f"https://e.example/Observation/{i}",
            observation(subject={"reference": f"Patient/{i % 3}"}, valueQuantity=quantity(120 + i)),
        )
        for i in range(9)
    ]
    found = {
        one.patient.key[-1]: {int(r.amount.value) % 3 for r in one.results if r.amount}
        for one in intake(*sent).records
    }
    assert found == {"0": {0}, "1": {1}, "2": {2}}


@pytest.mark.parametrize(
    "code",
    [
        coding("2951-2", text="Urine sodium"),
        {"coding": [{"system": LOINC, "code": "2951-2", "display": "Sodium, urine"}]},
        coding("2951-2", text="CSF sodium"),
    ],
)
def test_a_code_of_serum_with_the_name_of_another_fluid_is_not_used(code: dict[str, Any]) -> None:
    assert _results(observation(code=code)) == []
    assert told("The specimen is", patient(), observation(code=code)).severity == "warning"


@pytest.mark.parametrize(
    "text", ["Serum sodium", "Natrium", "Sodium, venous blood", "SODIUM (S/P)"]
)
def test_other_words_beside_a_code_change_nothing(text: str) -> None:
    assert _results(observation(code=coding("2951-2", text=text))) == ["sodium"]


@pytest.mark.parametrize("system", [None, "https://lab.example/codes"])
@pytest.mark.parametrize("part", ["whole", "component"])
def test_a_known_code_without_its_system_is_a_warning(part: str, system: str | None) -> None:
    bare = {"coding": [{"system": system, "code": "2951-2", "display": "Natrium"}]}
    sent = (
        observation(code=bare)
        if part == "whole"
        else observation(component=[{"code": bare, "valueQuantity": quantity()}])
    )
    issue = told("system is missing", patient(), sent)
    assert (issue.severity, issue.code) == ("warning", "required")
