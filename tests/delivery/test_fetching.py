"""A patient's record is fetched as a whole or not at all."""

import json
from typing import Any

import pytest
from msgspec import structs

from service.fhir.issues import Refused
from tests.delivery.called import LIMITS, Run, Servers, refused
from tests.delivery.fhir_server import BEHAVIORS, MARK, PATIENT

KINDS = [
    "metadata",
    "Patient",
    "Observation",
    "Condition",
    "DiagnosticReport",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
]


def resources(run: Run) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads(run.fetch().body)["entry"]]


def names(run: Run) -> list[str]:
    return [f"{one['resourceType']}/{one['id']}" for one in resources(run)]


def test_everything_that_rules_read_is_asked_for(servers: Servers) -> None:
    run = servers.run("good")
    run.fetch()

    assert run.kinds() == KINDS
    queries = {one["kind"]: one["query"] for one in run.asked()}
    assert queries["Patient"]["_id"] == [PATIENT]
    for kind in KINDS[2:]:
        assert queries[kind]["patient"] == [PATIENT]
    assert queries["Observation"]["_include"] == ["Observation:specimen"]
    assert queries["MedicationRequest"]["_include"] == ["MedicationRequest:medication"]
    assert "category" not in queries["Observation"]


def test_the_record_is_one_collection_with_the_names_that_the_server_gives(
    servers: Servers,
) -> None:
    bundle = json.loads(servers.run("good").fetch().body)

    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert urls[0] == f"https://public.example/fhir/Patient/{PATIENT}"
    assert len(urls) == len(set(urls)) == 10
    assert all(set(entry) == {"fullUrl", "resource"} for entry in bundle["entry"])


def test_a_resource_without_a_name_gets_that_of_its_place_on_the_server(servers: Servers) -> None:
    run = servers.run("unnamed")

    urls = [entry.get("fullUrl") for entry in json.loads(run.fetch().body)["entry"]]
    assert f"{run.base.url}/Observation/sodium-5" in urls


@pytest.mark.parametrize(
    "behavior", ["pages", "next-relative", "next-path", "next-fragment", "repeats"]
)
def test_all_pages_together_are_what_one_page_is(servers: Servers, behavior: str) -> None:
    run = servers.run(behavior)

    assert run.fetch() == servers.run("good").fetch()
    assert (run.kinds().count("Observation") > 1) is (behavior != "repeats")


@pytest.mark.parametrize(
    ("behavior", "code", "said"),
    [
        ("endless", "too-costly", "more pages"),
        ("endless-and-empty", "too-costly", "more pages"),
        ("circle", "incomplete", "circle"),
        ("next-elsewhere", "security", "another server"),
        ("next-by-other-scheme", "security", "another server"),
        ("next-with-login", "security", "another server"),
        ("next-no-url", "security", "another server"),
        ("two-next", "structure", "several next pages"),
        ("next-empty", "incomplete", "circle"),
        ("more-than-it-gives", "incomplete", "has more Observation"),
    ],
)
def test_pages_that_do_not_come_to_an_end_here_are_refused(
    servers: Servers, behavior: str, code: str, said: str
) -> None:
    run = servers.run(behavior)

    issue = refused(run, authorization="Bearer secret")
    assert issue.code == code
    assert said in issue.text
    assert {one["port"] for one in run.asked()} == {"first"}


def test_endless_pages_with_entries_end_at_the_limit_of_entries(servers: Servers) -> None:
    issue = refused(servers.run("endless"), structs.replace(LIMITS, entries=15))

    assert "MYOFLAG_MAX_ENTRIES" in issue.text


def test_endless_pages_end_at_the_limit_of_bytes(servers: Servers) -> None:
    issue = refused(servers.run("endless"), structs.replace(LIMITS, bytes=10_000))

    assert "MYOFLAG_MAX_BODY_BYTES" in issue.text


def test_as_many_entries_as_the_limit_are_read(servers: Servers) -> None:
    limits = structs.replace(LIMITS, entries=10)

    assert servers.run("good").fetch(limits=limits) == servers.run("good").fetch()
    assert refused(servers.run("good"), structs.replace(LIMITS, entries=9)).code == "too-costly"


@pytest.mark.parametrize("behavior", ["other-patients", "another-patient"])
def test_what_is_not_of_the_patient_is_never_judged(servers: Servers, behavior: str) -> None:
    issue = refused(servers.run(behavior))

    assert issue.code == "security"
    assert "not of the patient" in issue.text


@pytest.mark.parametrize("behavior", ["no-patient", "two-patients"])
def test_a_patient_that_is_not_one_is_refused(servers: Servers, behavior: str) -> None:
    issue = refused(servers.run(behavior))

    assert PATIENT not in issue.text


def test_a_result_without_a_subject_is_left_to_the_reading(servers: Servers) -> None:
    assert "Observation/sodium-7" in names(servers.run("unknown-subject"))


def test_a_patient_of_whom_nothing_is_recorded_is_a_whole_record(servers: Servers) -> None:
    assert names(servers.run("nothing-recorded")) == [f"Patient/{PATIENT}"]


def test_a_kind_of_medication_that_the_server_does_not_have_is_told(servers: Servers) -> None:
    run = servers.run("no-statements")

    (issue,) = run.fetch().issues
    assert (issue.severity, issue.code) == ("warning", "incomplete")
    assert "MedicationStatement" in issue.text
    assert run.kinds() == [kind for kind in KINDS if kind != "MedicationStatement"]


def test_an_include_that_the_server_does_not_name_is_not_asked_for(servers: Servers) -> None:
    run = servers.run("no-includes")
    run.fetch()

    queries = {one["kind"]: one["query"] for one in run.asked()}
    assert "_include" not in queries["MedicationRequest"]


def test_a_whole_record_needs_nothing_to_be_said(servers: Servers) -> None:
    assert servers.run("good").fetch().issues == ()


@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_a_fetch_gives_a_record_or_a_refusal_that_repeats_nothing(
    servers: Servers, behavior: str
) -> None:
    limits = structs.replace(LIMITS, read=0.2)
    try:
        fetched = servers.run(behavior).fetch("Bearer secret-of-ours", limits)
    except Refused as refused:
        issues = refused.issues
    else:
        issues = fetched.issues
    for issue in issues:
        for word in (PATIENT, MARK, "secret-of-ours", "127.0.0.1", "public.example"):
            assert word not in issue.text


def test_a_medicine_comes_with_what_it_is(servers: Servers) -> None:
    assert "Medication/gabapentin" in names(servers.run("good"))


def test_a_server_without_reports_is_asked_for_all_else(servers: Servers) -> None:
    run = servers.run("no-reports")
    (issue,) = run.fetch().issues

    assert (issue.severity, issue.code) == ("warning", "incomplete")
    assert "DiagnosticReport" in issue.text
    assert run.kinds() == [kind for kind in KINDS if kind != "DiagnosticReport"]


def test_a_report_that_was_entered_in_error_comes_with_its_results(servers: Servers) -> None:
    assert "DiagnosticReport/gone" in names(servers.run("report-in-error"))
