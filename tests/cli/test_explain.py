"""myoflag explain: why not, for people and as HTTP answers it."""

from fastapi import FastAPI
from typer.testing import CliRunner

from service.cli import main
from service.settings import shipped
from tests.api.client import post

CALCIUM = shipped("fhir_samples") / "low-calcium-only-by-albumin.json"
NOW = "2026-01-30T12:00:00Z"

run = CliRunner().invoke


def test_the_table_tells_what_each_cause_lacks() -> None:
    result = run(main, ["explain", "--now", "latest", str(CALCIUM)], env={"COLUMNS": "200"})

    assert result.exit_code == 0
    assert "Copper deficiency not named: copper was not measured." in result.output


def test_a_cause_is_told_alone_with_all_of_its_rules() -> None:
    arguments = ["explain", "--now", "latest", "--cause", "hypocalcemia", str(CALCIUM)]
    result = run(main, arguments, env={"COLUMNS": "200"})

    assert "Copper deficiency" not in result.output
    assert result.output.count("Rule ") > 3


def test_json_is_exactly_what_http_answers(app: FastAPI) -> None:
    answer = post(app, CALCIUM.read_bytes(), params={"now": NOW, "explain": "true"})

    result = run(main, ["explain", "--format", "json", "--now", NOW, str(CALCIUM)])

    assert result.stdout_bytes == answer.content


def test_an_unknown_cause_is_a_usage_error_that_names_the_nearest() -> None:
    result = run(main, ["explain", "--cause", "hypocalcaemia", str(CALCIUM)])

    assert result.exit_code == 2
    assert "Perhaps hypocalcemia" in result.stderr


def test_an_input_that_is_refused_exits_with_1() -> None:
    assert run(main, ["explain", "-"], input=b"not json").exit_code == 1
