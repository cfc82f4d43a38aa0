"""How real senders differ: times, panels, reports, copies and versions.

What must not be read outnumbers what must. A row begins with the words that tell it.
"""

import pytest

from service.evaluation import Site
from tests.fhir.sent import bundle, coding, observation, quantity
from tests.fhir.varied import ANN, Body, read, results, words


@pytest.mark.parametrize(
    ("row", "more", "text"),
    [
        ("date", {"effectiveDateTime": "2026-05-09"}, "2026-05-09"),
        ("month", {"effectiveDateTime": "2026-05"}, "2026-05"),
        ("year", {"effectiveDateTime": "2026"}, "2026"),
        ("offset", {"effectiveDateTime": "2026-05-09T08:00:00+05:30"}, "2026-05-09T08:00:00+05:30"),
        ("no offset", {"effectiveDateTime": "2026-05-09T08:00:00"}, "2026-05-09T08:00:00"),
        ("period", {"effectivePeriod": {"start": "2026-05-08", "end": "2026-05-09"}}, "2026-05-09"),
        ("open period", {"effectivePeriod": {"start": "2026-05-08"}}, "2026-05-08"),
        ("issued", {"issued": "2026-05-09T08:00:00Z"}, "2026-05-09T08:00:00Z"),
    ],
    ids=words,
)
def test_the_time_of_a_result_is_read(site: Site, row: str, more: Body, text: str) -> None:
    (record,) = read(site, observation(**{"effectiveDateTime": None, **more})).records
    at = record.results[0].moment

    assert at, row
    assert at.text == text


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"effectiveDateTime": "2026-02-30"},
        {"effectiveDateTime": "09.05.2026"},
        {"effectiveDateTime": "20260509"},
        {"effectiveDateTime": "2026-05-09T25:00:00Z"},
        {"effectiveDateTime": "0001-01-01"},
        {"effectivePeriod": {"start": "2026-05-09", "end": "2026-05-08"}},
        {"effectiveTiming": {"event": ["2026-05-09"]}},
    ],
)
def test_a_time_that_is_none_leaves_a_result_undated_and_is_told(site: Site, more: Body) -> None:
    found = read(site, observation(**{"effectiveDateTime": None, **more}))

    assert [one.moment for one in found.records[0].results] == [None]
    assert [issue for issue in found.issues if "time of this result" in issue.text]


# Panels, reports, copies and versions


PANEL = {"code": coding("24323-8"), "valueQuantity": None}
UNDATED = observation(id="m", effectiveDateTime=None)
MEMBER = {"reference": "Observation/m"}
REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "code": {"text": "panel"},
    "subject": {"reference": "Patient/ann"},
    "effectiveDateTime": "2026-05-09T08:00:00Z",
}


@pytest.mark.parametrize(
    ("row", "holder"),
    [
        ("hasMember", observation(id="p", **PANEL, hasMember=[MEMBER])),
        (
            "related",
            observation(id="p", **PANEL, related=[{"type": "has-member", "target": MEMBER}]),
        ),
        ("DiagnosticReport.result", {**REPORT, "result": [MEMBER]}),
    ],
    ids=words,
)
def test_a_member_is_one_result_with_the_time_of_what_holds_it(
    site: Site, row: str, holder: Body
) -> None:
    (record,) = read(site, bundle(holder, UNDATED)).records

    assert [one.moment and one.moment.text for one in record.results] == ["2026-05-09T08:00:00Z"], (
        row
    )


def test_components_are_results_and_their_panel_is_none(site: Site) -> None:
    parts = [
        {"code": coding("2951-2"), "valueQuantity": quantity(118)},
        {"code": coding("2823-3"), "valueQuantity": quantity(4)},
        {"code": coding("2955-3"), "valueQuantity": quantity(30)},
    ]

    assert results(site, observation(**PANEL, component=parts)) == [
        "sodium 118 mmol/L",
        "potassium 4 mmol/L",
    ]


def stamped(version: str, value: int, **more: object) -> Body:
    return observation(id="m", meta={"versionId": version}, valueQuantity=quantity(value), **more)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        ("one result twice", bundle(observation(id="m"), observation(id="m"))),
        (
            "a nested Bundle that repeats the rest",
            bundle(ANN, observation(id="m"), bundle(ANN, observation(id="m"), kind="searchset")),
        ),
        ("several versions", bundle(stamped("2", 120), stamped("1", 140))),
        (
            "preliminary, then final",
            bundle(stamped("1", 140, status="preliminary"), stamped("2", 120)),
        ),
        ("final, then corrected", bundle(stamped("1", 140), stamped("2", 120, status="corrected"))),
        ("final, then amended", bundle(stamped("1", 140), stamped("2", 120, status="amended"))),
    ],
    ids=words,
)
def test_of_copies_and_versions_one_counts_and_the_other_is_told(
    site: Site, row: str, body: Body
) -> None:
    found = read(site, body)

    assert [str(one.amount and one.amount.value) for one in found.records[0].results] == ["120"], (
        row
    )
    assert [
        issue
        for issue in found.issues
        if "more than once" in issue.text or "newer version" in issue.text
    ]


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error", "done"])
def test_a_result_that_does_not_count_by_its_status_is_told(site: Site, status: str) -> None:
    found = read(site, observation(status=status))

    assert found.records[0].results == ()
    assert [issue for issue in found.issues if "status" in str(issue.expression)]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_newer_version_that_does_not_count_takes_the_older_with_it(
    site: Site, status: str
) -> None:
    assert results(site, bundle(stamped("1", 120), stamped("2", 120, status=status))) == []
