from typing import Any

import pytest

from tests.fhir.sent import entry, observation, patient, record, result, said, told
from tests.fhir.sent import intake as read_all


def _at(**times: object) -> str | None:
    """The time that a result counts for."""
    found = result(observation(**{"effectiveDateTime": None, **times})).moment
    return found.text if found else None


@pytest.mark.parametrize(
    ("times", "text"),
    [
        ({"effectiveDateTime": "2026-05-01", "issued": "2026-05-02"}, "2026-05-01"),
        ({"effectiveInstant": "2026-05-01T10:00:00Z"}, "2026-05-01T10:00:00Z"),
        ({"effectivePeriod": {"start": "2026-04-30", "end": "2026-05-01"}}, "2026-05-01"),
        ({"effectivePeriod": {"start": "2026-04-30"}}, "2026-04-30"),
        ({"issued": "2026-05-02T00:00:00Z"}, "2026-05-02T00:00:00Z"),
        ({"effectiveTiming": {"event": ["2026-05-01"]}, "issued": "2026-05-02"}, "2026-05-02"),
        ({"effectiveDateTime": "2026-02-30", "issued": "2026-05-02"}, "2026-05-02"),
        ({"effectiveDateTime": "2026-02-30"}, None),
        ({}, None),
    ],
)
def test_the_time_of_a_result_is_its_effective_time_or_else_its_issue(
    times: dict[str, Any], text: str | None
) -> None:
    assert _at(**times) == text


@pytest.mark.parametrize(
    ("times", "word"),
    [
        ({"issued": "2026-05-02T00:00:00Z"}, "time of issue was taken"),
        ({}, "Nothing tells the time"),
        ({"effectiveTiming": {}}, "Timing"),
        ({"effectiveDateTime": "2026-02-30"}, "no such day"),
    ],
)
def test_a_time_that_is_not_the_effective_one_is_told(times: dict[str, Any], word: str) -> None:
    sent = observation(**{"effectiveDateTime": None, **times})
    assert told(word, sent).severity in ("information", "warning")


@pytest.mark.parametrize(
    ("times", "marks"),
    [
        ({"effectiveDateTime": "2026-05-01", "issued": "2026-05-02"}, ()),
        ({"issued": "2026-05-02T00:00:00Z"}, ("issue-dated",)),
        ({"effectiveDateTime": "2026-02-30", "issued": "2026-05-02"}, ("issue-dated",)),
        ({}, ()),
    ],
)
def test_a_result_that_is_dated_by_its_issue_is_marked(
    times: dict[str, Any], marks: tuple[str, ...]
) -> None:
    assert result(observation(**{"effectiveDateTime": None, **times})).marks == marks


@pytest.mark.parametrize(
    ("times", "marks"),
    [
        ({"effectivePeriod": {"start": "2026-04-30"}, "issued": "2026-05-02"}, ()),
        ({"issued": "2026-05-02"}, ("issue-dated",)),
    ],
)
def test_so_is_one_that_is_dated_by_the_issue_of_its_report(
    times: dict[str, Any], marks: tuple[str, ...]
) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "subject": {"reference": "Patient/ann"},
        "result": [{"reference": "Observation/o"}],
        **times,
    }
    (found,) = record(observation(id="o", effectiveDateTime=None), report).results
    assert found.moment
    assert found.marks == marks


@pytest.mark.parametrize(
    ("more", "hour"),
    [
        ({"issued": "2026-05-09T09:00:00Z"}, 9),
        ({"meta": {"lastUpdated": "2026-05-09T10:00:00Z"}}, 10),
        ({"issued": "2026-05-09T09:00:00Z", "meta": {"lastUpdated": "2026-05-09T10:00:00Z"}}, 9),
        ({"issued": "2026-02-30T09:00:00Z"}, None),
        ({}, None),
    ],
)
def test_a_result_knows_when_this_version_of_it_came_out(
    more: dict[str, Any], hour: int | None
) -> None:
    found = result(observation(**more)).issued
    assert (found.hour if found else None) == hour


def _specimen(**more: object) -> dict[str, Any]:
    return {"resourceType": "Specimen", "id": "s", **more}


URINE = _specimen(type={"text": "Urine"})


@pytest.mark.parametrize(
    "resources",
    [
        [observation(specimen={"display": "24h urine"})],
        [observation(specimen={"reference": "Specimen/s"}), URINE],
        [observation(specimen={"reference": "#s"}, contained=[URINE])],
        [observation(bodySite={"text": "Dialysis circuit"})],
        [observation(specimen={"reference": "Specimen/9", "display": "CSF"})],
        [
            observation(specimen={"reference": "Specimen/s"}),
            _specimen(type={"coding": [{"code": "UR"}]}),
        ],
        [
            observation(specimen={"reference": "Specimen/s"}),
            _specimen(collection={"bodySite": {"text": "abdominal drain"}}),
        ],
    ],
)
def test_a_result_from_another_fluid_is_told_and_not_used(resources: list[dict[str, Any]]) -> None:
    assert record(patient(), *resources).results == ()
    issue = told("means something else", patient(), *resources)
    assert (issue.severity, issue.code) == ("warning", "business-rule")


@pytest.mark.parametrize(
    "resources",
    [
        [observation(specimen={"display": "Serum"})],
        [
            observation(specimen={"reference": "Specimen/s"}),
            _specimen(type={"text": "Venous blood"}),
        ],
        [observation(specimen={"reference": "Specimen/unknown"})],
        [observation(specimen={"reference": "Patient/ann"})],
        [observation(specimen={})],
        [
            observation(specimen={"reference": "Specimen/s"}),
            _specimen(subject={"reference": "Patient/ann"}),
        ],
        [observation(specimen={"reference": "Specimen/s"}), _specimen(subject={"display": "?"})],
        [observation(bodySite={"text": "Left arm"})],
    ],
)
def test_a_specimen_that_speaks_against_nothing_costs_nothing(
    resources: list[dict[str, Any]],
) -> None:
    assert len(record(patient(), *resources).results) == 1


def test_a_specimen_of_another_patient_is_told_and_its_result_not_used() -> None:
    other = _specimen(subject={"reference": "Patient/ben"})
    resources = (patient(), observation(specimen={"reference": "Specimen/s"}), other)
    assert record(*resources).results == ()
    assert told("another patient", *resources).severity == "warning"


@pytest.mark.parametrize(
    ("more", "marks"),
    [
        ({"note": [{"text": "Specimen hemolyzed"}]}, ("hemolyzed",)),
        ({"comment": "haemolysis"}, ("hemolyzed",)),
        ({"note": [{"text": "no hemolysis"}, {}]}, ()),
        (
            {
                "specimen": {"reference": "#s"},
                "contained": [_specimen(condition=[{"text": "Hemolyzed"}])],
            },
            ("hemolyzed",),
        ),
    ],
)
def test_broken_red_cells_mark_the_result(more: dict[str, Any], marks: tuple[str, ...]) -> None:
    assert result(observation(**more)).marks == marks


def test_the_parts_of_one_observation_share_its_time_and_specimen() -> None:
    sent = observation(
        code={"text": "Panel"},
        valueQuantity=None,
        note=[{"text": "hemolyzed"}],
        component=[
            {"code": {"coding": [{"system": "LN", "code": code}]}} for code in ("2951-2", "2823-3")
        ],
    )
    found = record(sent).results
    assert {one.analyte for one in found} == {"sodium", "potassium"}
    assert {one.moment.text for one in found if one.moment} == {"2026-05-09T08:00:00Z"}
    assert {one.marks for one in found} == {("hemolyzed",)}


def test_undated_results_are_told_in_one_issue() -> None:
    sent = [entry(f"urn:uuid:{i}", observation(effectiveDateTime=None)) for i in range(3)]
    (issue,) = said(read_all(*sent).issues, "Nothing tells the time")
    assert len(issue.expression) == 3


UNSEEN = "specimen that this refers to is not in the request"


@pytest.mark.parametrize(
    ("code", "severity"), [(None, "information"), ({"text": "Sodium"}, "warning")]
)
def test_a_specimen_that_is_not_in_the_request_is_told(
    code: dict[str, Any] | None, severity: str
) -> None:
    more = {"code": code} if code else {}
    sent = observation(specimen={"reference": "Specimen/gone"}, **more)

    found = told(UNSEEN, sent)
    assert (found.severity, found.expression) == (
        severity,
        ("Observation.specimen",),
    )
    assert result(sent).amount


@pytest.mark.parametrize(
    "specimen", [{"reference": "Specimen/gone", "display": "Serum"}, {"display": "Serum"}]
)
def test_a_specimen_whose_name_is_told_need_not_be_there(specimen: dict[str, str]) -> None:
    assert said(read_all(observation(specimen=specimen)).issues, UNSEEN) == []


@pytest.mark.parametrize(
    ("effective", "word"), [("2026-05-09T08:00:00", "no offset"), ("2026-02-30", "no such day")]
)
def test_what_is_wrong_with_a_time_is_told_each_time_that_it_comes(
    effective: str, word: str
) -> None:
    sent = observation(effectiveDateTime=effective, issued="2026-05-09T09:00:00Z")
    for _ in range(3):
        assert told(word, sent).expression == ("Observation.effective",)


def test_a_hemolyzed_specimen_is_none_like_another_of_the_same_times() -> None:
    times = {"effectiveDateTime": "2026-05-09T08:00:00Z", "issued": "2026-05-09T09:00:00Z"}
    assert not result(observation(**times)).marks
    assert result(observation(**times, note=[{"text": "hemolyzed"}])).marks == ("hemolyzed",)
    assert not result(observation(**times)).marks
