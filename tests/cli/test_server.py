"""myoflag evaluate --server: a record from a FHIR server, judged as a file would be."""

import json
from pathlib import Path

import pytest
import typer
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from service.cli import exits, main
from tests.api.client import post
from tests.delivery.called import Run, Servers
from tests.delivery.fhir_server import PATIENT
from tests.fhir_validity import assert_valid_answer, assert_valid_outcome

NOW = "2026-05-02T12:00:00Z"


def evaluate(run: Run, form: str = "json", **environment: str) -> Result:
    arguments = ["--server", run.base.url, "--patient", PATIENT, "--now", NOW, "--format", form]
    return CliRunner().invoke(main, ["evaluate", *arguments], env=environment)


def test_the_record_is_judged_as_the_same_bundle_over_http_is(
    servers: Servers, app: FastAPI
) -> None:
    result = evaluate(servers.run("pages"))

    assert (result.exit_code, result.stderr) == (0, "")
    body = servers.run("good").fetch().body
    assert result.stdout_bytes == post(app, body, params={"now": NOW}).content
    assert_valid_answer(result.stdout_bytes)
    flagged = [
        entry["resource"]["code"]["coding"][0]["code"]
        for entry in json.loads(result.stdout)["entry"]
        if entry["resource"]["resourceType"] == "Flag"
    ]
    assert "hyponatremia" in flagged


def test_the_table_tells_the_same(servers: Servers) -> None:
    run = servers.run("good")

    result = evaluate(run, "table", COLUMNS="160")

    assert result.exit_code == 0
    assert result.stdout.startswith(run.base.url)
    assert "118 mmol/L" in result.stdout


def test_a_line_names_the_server_and_nobody(servers: Servers) -> None:
    run = servers.run("good")

    assert json.loads(evaluate(run, "ndjson").stdout)["file"] == run.base.url


@pytest.mark.parametrize("behavior", ["no-statements", "warns"])
def test_what_must_be_said_of_the_fetch_is_in_the_answer(servers: Servers, behavior: str) -> None:
    run = servers.run(behavior)
    (issue,) = run.fetch().issues

    result = evaluate(servers.run(behavior))

    assert result.exit_code == 0
    assert_valid_answer(result.stdout_bytes)
    assert issue.text in result.stdout


def test_a_medicine_that_did_not_come_along_is_told(servers: Servers) -> None:
    """Its server includes none, so what the order is for is not known."""
    result = evaluate(servers.run("no-medication"))

    assert result.exit_code == 0
    assert "The Medication that this refers to is not in the request" in result.stdout


@pytest.mark.parametrize(
    "behavior",
    [
        "401",
        "cut-json",
        "next-elsewhere",
        "other-patients",
    ],
)
def test_of_a_part_of_a_record_nothing_is_judged(servers: Servers, behavior: str) -> None:
    result = evaluate(servers.run(behavior), MYOFLAG_SERVER_LOGIN="bearer secret-of-ours")

    assert result.exit_code == exits.UNFETCHED
    assert_valid_outcome(result.stdout_bytes)
    assert result.stderr == ""
    for word in (PATIENT, "secret-of-ours", "hyponatremia"):
        assert word not in result.stdout


def test_the_table_says_that_nothing_was_evaluated(servers: Servers) -> None:
    result = evaluate(servers.run("401"), "table")

    assert result.exit_code == exits.UNFETCHED
    assert "not evaluated" in " ".join(result.stdout.split())
    assert PATIENT not in result.output


def test_the_longest_time_is_a_setting(servers: Servers) -> None:
    result = evaluate(servers.run("hangs"), MYOFLAG_SERVER_SECONDS="1")

    assert result.exit_code == exits.UNFETCHED
    assert json.loads(result.stdout)["issue"][0]["code"] == "timeout"


@pytest.mark.parametrize("limit", ["MYOFLAG_MAX_ENTRIES", "MYOFLAG_MAX_BODY_BYTES"])
def test_a_record_is_no_larger_than_a_body_may_be(servers: Servers, limit: str) -> None:
    result = evaluate(servers.run("good"), **{limit: "3"})

    assert result.exit_code == exits.UNFETCHED
    assert limit in result.stdout


def test_the_login_is_that_of_the_environment(servers: Servers) -> None:
    run = servers.run("good")

    assert evaluate(run, MYOFLAG_SERVER_LOGIN="basic mary:poppins").exit_code == 0

    sent = {one["headers"].get("authorization") for one in run.asked()}
    assert sent == {"Basic bWFyeTpwb3BwaW5z"}


def test_the_login_is_that_of_a_file(servers: Servers, tmp_path: Path) -> None:
    run, file = servers.run("good"), tmp_path / "login"
    file.write_text("bearer abc\n")

    assert evaluate(run, MYOFLAG_SERVER_LOGIN_FILE=str(file)).exit_code == 0

    assert {one["headers"].get("authorization") for one in run.asked()} == {"Bearer abc"}


def test_proxies_of_the_environment_are_not_used(servers: Servers) -> None:
    run = servers.run("good")
    elsewhere = f"http://127.0.0.1:{servers.second}"

    result = evaluate(run, HTTP_PROXY=elsewhere, http_proxy=elsewhere, ALL_PROXY=elsewhere)

    assert result.exit_code == 0
    assert {one["port"] for one in run.asked()} == {"first"}


@pytest.mark.parametrize("content", [None, "", "\n", "swordfish", "basic swordfish"])
def test_a_login_file_that_can_not_be_is_told_without_its_content(
    servers: Servers, content: str | None, tmp_path: Path
) -> None:
    run, file = servers.run("good"), tmp_path / "login"
    if content is not None:
        file.write_text(content)

    result = evaluate(run, MYOFLAG_SERVER_LOGIN_FILE=str(file))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "login" in result.stderr
    assert "swordfish" not in result.stderr
    assert run.asked() == []


def test_two_logins_are_told(servers: Servers, tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text("bearer abc")
    logins = {"MYOFLAG_SERVER_LOGIN": "bearer abc", "MYOFLAG_SERVER_LOGIN_FILE": str(file)}

    result = evaluate(servers.run("good"), **logins)

    assert result.exit_code == 2
    assert "not both" in result.stderr


def test_no_option_takes_a_secret() -> None:
    command = typer.main.get_command(main).commands["evaluate"]  # type: ignore[attr-defined]
    options = " ".join(option for one in command.params for option in one.opts)

    assert not [word for word in ("login", "token", "password", "key", "user") if word in options]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--server", "https://fhir.example.org"],
        ["--patient", "1"],
        ["--server", "https://fhir.example.org", "--patient", "1", "file.json"],
        ["--server", "http://fhir.example.org", "--patient", "1"],
        ["--server", "https://mary:poppins@fhir.example.org", "--patient", "1"],
        ["--server", "https://fhir.example.org", "--patient", ".."],
        ["--server", "https://fhir.example.org", "--patient", "1/../2"],
        ["--server", "https://fhir.example.org", "--patient", "1&code=2"],
        ["--server", "https://fhir.example.org", "--patient", "Patient/1"],
        ["--server", "https://fhir.example.org", "--patient", "x" * 129],
    ],
)
def test_what_can_not_be_asked_is_a_usage_error(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, ["evaluate", *arguments])

    assert (result.exit_code, result.stdout) == (2, "")
    assert "poppins" not in result.stderr
