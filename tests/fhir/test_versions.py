from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.fhir.entries import Entry
from service.fhir.issues import Issues
from service.fhir.patients import Charts
from service.fhir.references import Directory
from service.fhir.request import unpack
from service.fhir.versions import newest, newest_versions, replaced_results
from tests.fhir.sent import bundle, entry, observation, patient, sent

UTC_ZONE = ZoneInfo("UTC")
URL = "https://ehr.example/fhir/Observation/na"


def _entries(*resources: dict[str, Any], kind: str = "collection") -> list[Entry]:
    return unpack(sent(bundle(*resources, kind=kind)), 100, 64, Issues()).entries


def _kept(*resources: dict[str, Any], kind: str = "collection") -> tuple[list[int], Issues]:
    """Which entries are left, by their places."""
    issues = Issues()
    entries = _entries(*resources, kind=kind)
    left = newest_versions(entries, UTC_ZONE, issues)
    return [entries.index(one) for one in left], issues


def _version(**more: object) -> dict[str, Any]:
    return entry(URL, observation(id="na", **more))


def _meta(version: str | None = None, updated: str | None = None) -> dict[str, Any]:
    return {"versionId": version, "lastUpdated": updated}


def test_different_resources_are_all_kept_without_a_word() -> None:
    left, issues = _kept(patient(), observation(), observation(), observation(id="a"))
    assert (left, issues.told()) == ([0, 1, 2, 3], ())


def test_a_resource_that_is_repeated_word_for_word_is_read_once() -> None:
    left, issues = _kept(_version(), _version(), bundle(_version()))
    assert left == [0]
    (issue,) = issues.told()
    assert (issue.severity, issue.code) == ("information", "duplicate")
    assert len(issue.expression) == 2


def test_layout_and_order_of_elements_make_no_version() -> None:
    body = (
        b'{"resourceType":"Bundle","type":"collection","entry":['
        b'{"resource":{"resourceType":"Patient","id":"1","gender":"male"}},'
        b'{"resource":{"id": "1", "gender": "male", "resourceType": "Patient"}}]}'
    )
    entries = unpack(body, 9, 64, Issues()).entries
    assert len(newest_versions(entries, UTC_ZONE, Issues())) == 1


def test_a_number_too_long_to_be_read_does_not_keep_a_repetition_from_being_one() -> None:
    number = b'{"extension":[{"valueInteger":' + b"9" * 5000 + b"}]}"
    one = b'{"resource":{"resourceType":"Patient","id":"1","contact":[' + number + b"]}}"
    body = b'{"resourceType":"Bundle","type":"collection","entry":[' + one + b"," + one + b"]}"
    entries = unpack(body, 9, 64, Issues()).entries
    assert len(newest_versions(entries, UTC_ZONE, Issues())) == 1


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"meta": _meta("2")}, {"meta": _meta("10")}),
        ({"meta": _meta("1", "2026-05-09")}, {"meta": _meta("2", "2026-05-01")}),
        ({"meta": _meta("a", "2026-05-01")}, {"meta": _meta("b", "2026-05-02")}),
        ({"meta": _meta(None, "2026-05-01")}, {"meta": _meta("1", "2026-05-02")}),
        ({"issued": "2026-05-01T10:00:00Z"}, {"issued": "2026-05-01T10:00:00.5Z"}),
        (
            {"meta": _meta("1"), "issued": "2026-05-01T10:00:00Z"},
            {"issued": "2026-05-02T10:00:00Z"},
        ),
        ({"status": "preliminary"}, {"status": "final"}),
        ({"status": "final"}, {"status": "corrected"}),
        ({"status": "registered"}, {"status": "cancelled"}),
        ({"status": "corrected"}, {"status": "entered-in-error"}),
    ],
)
def test_the_newest_version_counts_in_whatever_order_they_come(
    older: dict[str, Any], newer: dict[str, Any]
) -> None:
    for versions, newest_place in (((older, newer), 1), ((newer, older), 0)):
        left, issues = _kept(*(_version(**one) for one in versions))
        assert left == [newest_place]
        (issue,) = issues.told()
        assert issue.expression == (f"Bundle.entry[{1 - newest_place}].resource",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"meta": _meta("1")}, {"comment": "x"}),
        ({"meta": _meta("7")}, {"meta": _meta("7"), "comment": "x"}),
        ({"status": "amended"}, {"status": "corrected"}),
        ({"status": "unknown"}, {"status": "final"}),
        ({"meta": _meta("9" * 5000)}, {"meta": _meta("1")}),
        ({"meta": _meta("\u0661")}, {"meta": _meta("2")}),
        ({"issued": "2026-02-30T00:00:00Z"}, {"issued": "2026-05-02T10:00:00Z"}),
    ],
)
def test_versions_that_nothing_orders_are_both_kept_with_a_warning(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    left, issues = _kept(_version(**one), _version(**other))
    assert left == [0, 1]
    (issue,) = issues.told()
    assert (issue.severity, len(issue.expression)) == ("warning", 2)


def test_what_an_older_version_contains_goes_with_it() -> None:
    old = _version(meta=_meta("1"), contained=[observation(id="c")])
    new = _version(meta=_meta("2"), contained=[observation(id="c", status="amended")])
    left, _ = _kept(new, old)
    assert left == [0, 1]


def _deleted(version: str | None = None, updated: str | None = None) -> dict[str, Any]:
    response = {"etag": version and f'W/"{version}"', "lastModified": updated}
    return {"fullUrl": URL, "request": {"method": "DELETE", "url": "x"}, "response": response}


@pytest.mark.parametrize(
    ("versions", "left"),
    [
        ([_version(meta=_meta("1")), _deleted("2")], []),
        ([_deleted("2"), _version(meta=_meta("1"))], []),
        ([_version(meta=_meta("3")), _deleted("2"), _version(meta=_meta("1"))], [0]),
        ([_version(meta=_meta(None, "2026-05-02")), _deleted(None, "2026-05-01")], [0]),
        ([_version(meta=_meta(None, "2026-05-01")), _deleted(None, "2026-05-02")], []),
        ([_version(), _deleted()], []),
        ([_version(meta=_meta("3")), _deleted("2"), _deleted("4")], []),
        ([_deleted("4")], []),
    ],
)
def test_a_resource_that_was_deleted_is_gone_unless_it_was_written_again(
    versions: list[dict[str, Any]], left: list[int]
) -> None:
    assert _kept(*versions, kind="history")[0] == left


@pytest.mark.parametrize(
    ("versions", "orders", "left"),
    [
        ([3, 1, 2], [lambda n: n], [3]),
        ([3, 1], [lambda n: None if n == 3 else n, lambda n: -n], [1]),
        ([3, 1], [], [3, 1]),
        ([3, 1], [{}.get], [3, 1]),
        ([31, 32, 11], [lambda n: n // 10, lambda n: n % 10], [32]),
        ([31, 31], [lambda n: n], [31, 31]),
    ],
)
def test_the_first_order_that_decides_decides(
    versions: list[int], orders: list[Callable[[int], int | None]], left: list[int]
) -> None:
    assert newest(versions, *orders) == left


NUMBER = [{"system": "https://lab.example", "value": "4711"}]


def _replaced(*resources: dict[str, Any]) -> set[int]:
    entries = _entries(*resources)
    charts = Charts(Directory(entries, {}), UTC_ZONE, Issues())
    gone = replaced_results(entries, charts.key_of, UTC_ZONE, Issues())
    return {i for i, one in enumerate(entries) if one.expression in gone}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"status": "preliminary"}, {"status": "final"}),
        ({"issued": "2026-05-09T09:00:00Z"}, {"issued": "2026-05-09T10:00:00Z"}),
        ({"meta": _meta(None, "2026-05-09")}, {"meta": _meta(None, "2026-05-10")}),
        (
            {"status": "final", "issued": "2026-05-09T09:00:00Z"},
            {"status": "preliminary", "issued": "2026-05-09T10:00:00Z"},
        ),
        ({"status": "final"}, {"status": "entered-in-error"}),
    ],
)
def test_a_report_of_the_same_result_under_another_name_replaces_the_older(
    older: dict[str, Any], newer: dict[str, Any]
) -> None:
    first = observation(id="a", identifier=NUMBER, **older)
    second = observation(id="b", identifier=NUMBER, **newer)
    assert _replaced(first, second) == {0}
    assert _replaced(second, first) == {1}


@pytest.mark.parametrize(
    "other",
    [
        {"identifier": [{"system": "https://lab.example", "value": "4712"}]},
        {"identifier": [{"value": "4711"}]},
        {"identifier": None},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}},
        {"code": {"text": "sodium"}},
        {"subject": {"reference": "Patient/ben"}},
        {"subject": {"identifier": {"system": "urn:mrn", "value": "B"}}},
        {"subject": {"display": "Ben"}},
        {"specimen": {"reference": "Specimen/2"}},
        {"effectiveDateTime": "2026-05-09T09:00:00Z"},
        {"effectiveDateTime": None, "effectivePeriod": {"end": "2026-05-09T08:00:00Z"}},
    ],
)
def test_results_that_differ_in_what_they_are_replace_nothing(other: dict[str, Any]) -> None:
    first = observation(id="a", identifier=NUMBER, status="preliminary")
    assert _replaced(first, observation(**{"id": "b", "identifier": NUMBER, **other})) == set()


def test_results_of_two_servers_replace_nothing() -> None:
    first = entry("https://a.example/Observation/1", observation(identifier=NUMBER, status="final"))
    second = entry(
        "https://b.example/Observation/1", observation(identifier=NUMBER, status="amended")
    )
    assert _replaced(first, second) == set()


def test_reports_that_nothing_orders_replace_nothing() -> None:
    first, second = (observation(id=one, identifier=NUMBER) for one in "ab")
    assert _replaced(first, second) == set()


def test_results_of_two_patients_known_by_identifier_alone_replace_nothing() -> None:
    subjects = [{"identifier": {"system": "urn:mrn", "value": value}} for value in "AB"]
    first, second = (
        observation(
            id=f"o{i}", identifier=NUMBER, subject=subject, issued=f"2026-05-09T0{i}:00:00Z"
        )
        for i, subject in enumerate(subjects)
    )
    assert _replaced(first, second) == set()


def test_one_name_for_results_of_two_patients_makes_neither_an_older_version() -> None:
    older = observation(subject={"reference": "Patient/ann"}, issued="2026-05-09T09:00:00Z")
    newer = observation(subject={"reference": "Patient/ben"}, issued="2026-05-09T10:00:00Z")
    assert _kept(older, newer)[0] == [0, 1]
    updated = (
        one | {"meta": _meta(str(i), f"2026-05-0{i}")} for i, one in enumerate((older, newer), 1)
    )
    assert _kept(*updated)[0] == [0, 1]
    corrected = _version(subject={"reference": "Patient/ben"}, meta=_meta("2"))
    assert _kept(_version(subject={"reference": "Patient/ann"}, meta=_meta("1")), corrected)[0] == [
        1
    ]


def _deletes(url: str) -> dict[str, Any]:
    return {"request": {"method": "DELETE", "url": url}, "response": {"status": "204"}}


@pytest.mark.parametrize("url", ["Observation/na", "/Observation/na", URL])
def test_a_deletion_without_a_full_url_is_of_the_servers_resource(url: str) -> None:
    left, issues = _kept(_version(), _deletes(url), kind="history")
    assert left == []
    (issue,) = issues.told()
    assert issue.expression == ("Bundle.entry[0].resource",)


def test_a_deletion_without_a_full_url_meets_what_has_none_either() -> None:
    assert _kept(observation(id="na"), _deletes("Observation/na"), kind="history")[0] == []


@pytest.mark.parametrize(
    "url",
    [
        "Observation/na2",
        "Patient/na",
        "https://other.example/fhir/Observation/na",
        "Observation?identifier=x|1",
    ],
)
def test_a_deletion_that_meets_nothing_says_so(url: str) -> None:
    left, issues = _kept(_version(), _deletes(url), kind="history")
    assert left == [0]
    (issue,) = issues.told()
    assert (issue.severity, issue.expression) == ("information", ("Bundle.entry[1]",))


def test_a_deletion_that_could_mean_two_resources_deletes_neither() -> None:
    other = entry("https://other.example/fhir/Observation/na", observation(id="na"))
    left, issues = _kept(_version(), other, _deletes("Observation/na"), kind="history")
    assert left == [0, 1]
    (issue,) = issues.told()
    assert (issue.severity, issue.code) == ("warning", "multiple-matches")


def test_one_bare_name_of_two_patients_is_two_resources() -> None:
    other = observation(id="na", subject={"reference": "Patient/ben"}, meta=_meta("2"))
    left, issues = _kept(observation(id="na", meta=_meta("1")), bundle(other))
    assert left == [0, 1]
    (issue,) = issues.told()
    assert (issue.severity, len(issue.expression)) == ("warning", 2)


def test_on_a_server_a_version_may_correct_whose_it_is() -> None:
    corrected = _version(subject={"reference": "Patient/ben"}, meta=_meta("2"))
    assert _kept(_version(meta=_meta("1")), corrected)[0] == [1]
