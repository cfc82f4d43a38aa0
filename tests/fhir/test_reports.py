from typing import Any

import pytest

from tests.fhir.sent import coding, intake, observation, patient, record, told


def _report(*results: str, **more: object) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": {"reference": "Patient/ann"},
        "result": [{"reference": one} for one in results],
        **more,
    }


SODIUM = observation(id="na")
UNDATED = observation(id="na", effectiveDateTime=None)


def _time(*resources: dict[str, Any]) -> str | None:
    (found,) = record(patient(), *resources).results
    return found.moment.text if found.moment else None


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "Cancelled"])
def test_a_report_that_does_not_count_takes_its_results_with_it(status: str) -> None:
    sent = (patient(), SODIUM, _report("Observation/na", status=status))
    assert record(*sent).results == ()
    assert told("report of this result", *sent).expression == ("Bundle.entry[1].resource",)


def test_reports_that_disagree_whether_a_result_counts_are_a_warning() -> None:
    gone = _report("Observation/na", status="cancelled")
    assert told("so it does not", patient(), SODIUM, gone).severity == "information"
    sent = (patient(), SODIUM, gone, _report("Observation/na", id="other", status="final"))
    assert record(*sent).results == ()
    assert told("Another report", *sent).severity == "warning"


@pytest.mark.parametrize(
    "status", ["registered", "partial", "preliminary", "final", "unknown", None]
)
def test_a_report_of_any_other_status_leaves_its_results_their_own(status: str | None) -> None:
    assert len(record(patient(), SODIUM, _report("Observation/na", status=status)).results) == 1


def test_a_report_of_no_status_of_fhirs_leaves_them_too_and_that_is_told() -> None:
    sent = (patient(), SODIUM, _report("Observation/na", status="done"))

    assert len(record(*sent).results) == 1
    assert told("status is none of FHIR's", *sent).expression[0].endswith(".status")


@pytest.mark.parametrize(
    ("report", "text"),
    [
        ({"effectiveDateTime": "2026-05-01", "issued": "2026-05-02T00:00:00Z"}, "2026-05-01"),
        ({"effectivePeriod": {"end": "2026-05-01"}}, "2026-05-01"),
        ({"issued": "2026-05-02T00:00:00Z"}, "2026-05-02T00:00:00Z"),
        ({}, None),
    ],
)
def test_a_result_without_a_time_has_that_of_its_report(
    report: dict[str, Any], text: str | None
) -> None:
    assert _time(UNDATED, _report("Observation/na", **report)) == text


def test_a_result_keeps_its_own_time() -> None:
    assert (
        _time(SODIUM, _report("Observation/na", issued="2026-05-02T00:00:00Z"))
        == "2026-05-09T08:00:00Z"
    )


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_reports_the_earliest_counts(turned: bool) -> None:
    days = ["2026-05-02", "2026-05-01"][:: -1 if turned else 1]
    reports = [_report("Observation/na", id=day, effectiveDateTime=day) for day in days]
    assert _time(UNDATED, *reports, _report("Observation/na", id="undated")) == "2026-05-01"


@pytest.mark.parametrize(
    "members",
    [
        {"hasMember": [{"reference": "Observation/na"}]},
        {"related": [{"type": "has-member", "target": {"reference": "Observation/na"}}]},
    ],
)
def test_a_panel_dates_its_members_as_a_report_does(members: dict[str, Any]) -> None:
    panel = observation(id="p", code={"text": "Panel"}, valueQuantity=None, **members)
    assert _time(UNDATED, panel) == "2026-05-09T08:00:00Z"


def test_a_report_dates_before_a_panel() -> None:
    panel = observation(id="p", valueQuantity=None, hasMember=[{"reference": "Observation/na"}])
    report = _report("Observation/na", effectiveDateTime="2026-05-09")
    assert _time(UNDATED, panel, report) == "2026-05-09"


def test_a_panel_that_was_entered_in_error_leaves_its_members_their_own_status() -> None:
    members = [{"reference": "Observation/na"}]
    panel = observation(id="p", valueQuantity=None, status="entered-in-error", hasMember=members)
    assert len(record(patient(), SODIUM, panel).results) == 1


def test_the_only_specimen_of_a_report_is_that_of_its_results() -> None:
    urine = {"resourceType": "Specimen", "id": "s", "type": {"text": "Urine"}}
    specimen = {"reference": "Specimen/s"}
    alone = _report("Observation/na", specimen=[specimen])
    assert record(patient(), SODIUM, urine, alone).results == ()
    one_of_two = _report("Observation/na", specimen=[specimen, {"display": "Serum"}])
    assert len(record(patient(), SODIUM, urine, one_of_two).results) == 1


@pytest.mark.parametrize(
    "report",
    [
        {"subject": {"reference": "Patient/ben"}, "status": "entered-in-error"},
        {"subject": {"reference": "Patient/ben"}, "effectiveDateTime": "2026-05-01"},
    ],
)
def test_a_report_of_another_patient_has_no_say(report: dict[str, Any]) -> None:
    found = intake(patient(), UNDATED, _report("Observation/na", **report))
    (ann, _) = found.records
    assert [one.moment for one in ann.results] == [None]
    assert any(
        "another patient" in issue.text and issue.severity == "warning" for issue in found.issues
    )


def test_a_report_without_a_subject_is_of_its_results_patient() -> None:
    report = _report("Observation/na", effectiveDateTime="2026-05-01")
    del report["subject"]
    assert _time(UNDATED, report) == "2026-05-01"


def test_a_report_that_is_not_understood_is_not_used() -> None:
    odd = _report("Observation/na", status="cancelled", modifierExtension=[{"url": "x"}])
    assert len(record(patient(), SODIUM, odd).results) == 1
    assert told("modifierExtension", patient(), SODIUM, odd).severity == "warning"


def test_a_result_that_was_not_sent_is_told() -> None:
    sent = (patient(), _report("Observation/na", "Observation/k"))
    assert told("not in the request", *sent).expression == (
        "Bundle.entry[1].resource.result[0]",
        "Bundle.entry[1].resource.result[1]",
    )


def test_a_result_that_is_not_named_is_told() -> None:
    sent = (patient(), _report(result=[{"display": "Sodium"}]))
    assert told("a result is unknown", *sent).expression == ("Bundle.entry[1].resource.result[0]",)


def test_a_report_holds_its_results_inside_of_it() -> None:
    contained = [
        {"resourceType": "Specimen", "id": "s", "type": {"text": "Serum"}},
        observation(id="na", effectiveDateTime=None, specimen={"reference": "#s"}),
        observation(id="k", code=coding("2823-3"), valueQuantity={"value": 4, "unit": "mmol/L"}),
    ]
    report = _report("#na", "#k", contained=contained, effectiveDateTime="2026-05-01")
    found = record(patient(), report).results
    assert [(one.analyte, one.moment and one.moment.text) for one in found] == [
        ("sodium", "2026-05-01"),
        ("potassium", "2026-05-09T08:00:00Z"),
    ]
    assert {(one.source.type, one.source.reference) for one in found} == {
        ("DiagnosticReport", "DiagnosticReport/r")
    }
    assert found[0].source.expression == "Bundle.entry[1].resource.contained[1]"


CONCLUSIONS: list[dict[str, Any]] = [
    {"conclusion": "Sodium is low."},
    {"conclusionCode": [{"text": "Hyponatremia"}]},
    {"codedDiagnosis": [{"text": "Hyponatremia"}]},
    {"presentedForm": [{"contentType": "application/pdf"}]},
]


@pytest.mark.parametrize("conclusion", CONCLUSIONS)
def test_a_report_without_results_says_that_its_conclusion_is_not_read(
    conclusion: dict[str, Any],
) -> None:
    issue = told("names no results", patient(), _report(**conclusion))
    assert (issue.severity, issue.expression) == ("information", ("Bundle.entry[1].resource",))


@pytest.mark.parametrize("conclusion", CONCLUSIONS)
def test_a_conclusion_from_results_that_were_not_sent_is_a_warning(
    conclusion: dict[str, Any],
) -> None:
    issue = told("None of the results", patient(), _report("Observation/na", **conclusion))
    assert (issue.severity, issue.expression) == ("warning", ("Bundle.entry[1].resource",))


def test_a_report_with_a_result_or_without_a_conclusion_says_no_more() -> None:
    concluded = _report("Observation/na", "Observation/k", **CONCLUSIONS[0])
    (issue,) = intake(patient(), SODIUM, concluded).issues
    assert issue.expression == ("Bundle.entry[2].resource.result[1]",)
    assert intake(patient(), _report()).issues == ()
    assert intake(patient(), _report(status="cancelled", **CONCLUSIONS[0])).issues == ()


def test_a_specimen_that_only_a_panel_tells_is_not_looked_for_in_its_member() -> None:
    panel = observation(
        id="p",
        valueQuantity=None,
        specimen={"reference": "Specimen/elsewhere"},
        hasMember=[{"reference": "Observation/na"}],
    )
    issues = intake(patient(), panel, observation(id="na")).issues
    unseen = {path for one in issues if one.code == "not-found" for path in one.expression}
    assert "Bundle.entry[2].resource" in unseen
    assert "Bundle.entry[2].resource.specimen" not in unseen
