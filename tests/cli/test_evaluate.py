"""myoflag evaluate: files in; a table, the HTTP answer or lines out."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from service.cli import exits, main
from service.cli.evaluate import Format, Job, print_json, print_tables
from service.cli.inputs import Input
from service.evaluation import Asked, open_site
from service.settings import Settings, shipped
from tests.api.client import post

SAMPLES = shipped("fhir_samples")
SODIUM = str(SAMPLES / "hyponatremia-alcohol-use-disorder.json")
HEALTHY = str(SAMPLES / "healthy.json")
NOW = "--now=2026-06-01T12:00:00Z"

run = CliRunner().invoke


@pytest.fixture
def broken(tmp_path: Path) -> str:
    file = tmp_path / "broken.json"
    file.write_text("not json")
    return str(file)


def command(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The installed command, as a user starts it."""
    program = str(Path(sys.executable).with_name("myoflag"))
    return subprocess.run([program, *arguments], input=given, capture_output=True, check=False)


def test_the_table_shows_patient_cause_priority_strength_and_evidence() -> None:
    result = run(main, ["evaluate", "--now", "latest", SODIUM], env={"COLUMNS": "160"})

    assert result.exit_code == 0
    for word in ("Patient", "Priority", "Strength", "Possible cause", "evidence", "118 mmol/L"):
        assert word in " ".join(result.output.split())


def test_a_patient_without_flags_is_in_the_table() -> None:
    result = run(main, ["evaluate", "--now", "latest", HEALTHY])

    assert result.exit_code == 0
    assert "Possible causes of myoclonus: none." in " ".join(result.output.split())


@pytest.mark.parametrize("name", ["several-patients", "single-observation", "messy-units"])
def test_json_is_exactly_what_http_answers(app: FastAPI, name: str) -> None:
    sample = SAMPLES / f"{name}.json"
    answer = post(app, sample.read_bytes(), params={"now": "2026-06-01T12:00:00Z"})

    result = run(main, ["evaluate", "--format", "json", NOW, str(sample)])

    assert result.stdout_bytes == answer.content
    assert result.exit_code == 0


@pytest.mark.parametrize("body", [b"not json", b"", b"{}", b"\xff", b'{"resourceType":"Bundel"}'])
def test_json_of_a_refused_body_is_exactly_what_http_answers(app: FastAPI, body: bytes) -> None:
    result = run(main, ["evaluate", "--format", "json", "-"], input=body)

    assert result.stdout_bytes == post(app, body).content
    assert result.exit_code == 1


@pytest.mark.parametrize("option", ["--include-evidence", "--no-include-evidence"])
def test_evidence_is_included_as_over_http(app: FastAPI, option: str) -> None:
    include = "false" if option.startswith("--no") else "true"
    answer = post(
        app,
        Path(SODIUM).read_bytes(),
        params={"now": "2026-06-01T12:00:00Z", "includeEvidence": include},
    )

    result = run(main, ["evaluate", "--format", "json", NOW, option, SODIUM])

    assert result.stdout_bytes == answer.content


def test_provenance_is_added_as_over_http(app: FastAPI) -> None:
    params = {"now": "2026-06-01T12:00:00Z", "provenance": "true"}
    answer = post(app, Path(SODIUM).read_bytes(), params=params)

    result = run(main, ["evaluate", "--format", "json", NOW, "--provenance", SODIUM])

    assert result.stdout_bytes == answer.content
    assert b'"resourceType":"Provenance"' in answer.content


def test_a_transaction_is_what_http_answers(app: FastAPI) -> None:
    params = {"now": "2026-06-01T12:00:00Z", "bundleType": "transaction"}
    answer = post(app, Path(SODIUM).read_bytes(), params=params)

    result = run(main, ["evaluate", "--format", "json", NOW, "--transaction", SODIUM])

    assert result.stdout_bytes == answer.content
    assert b'"resourceType":"Parameters"' in answer.content


def test_strict_refuses_as_strict_handling_over_http_does(app: FastAPI) -> None:
    body = b'{"resourceType": "Patient", "flavor": 1}'
    refused = post(app, body, headers={"Prefer": "handling=strict"})

    result = run(main, ["evaluate", "--format", "json", "--strict", "-"], input=body)

    assert result.stdout_bytes == refused.content
    assert result.exit_code == 1


def test_strict_changes_nothing_for_what_is_valid() -> None:
    lenient = run(main, ["evaluate", "--format", "json", NOW, SODIUM])

    strict = run(main, ["evaluate", "--format", "json", NOW, "--strict", SODIUM])

    assert strict.exit_code == 0
    assert strict.stdout_bytes == lenient.stdout_bytes


def test_json_takes_one_input() -> None:
    result = run(main, ["evaluate", "--format", "json", SODIUM, HEALTHY])

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "ndjson" in result.stderr


def test_ndjson_prints_a_line_for_each_input_in_order(app: FastAPI) -> None:
    files = sorted(map(str, SAMPLES.glob("*.json")), reverse=True)

    result = run(main, ["evaluate", "--format", "ndjson", NOW, *files])

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["file"] for line in lines] == files
    for line in lines:
        answer = post(app, Path(line["file"]).read_bytes(), params={"now": "2026-06-01T12:00:00Z"})
        assert line["answer"] == answer.json()
    assert result.exit_code == 0


def test_ndjson_goes_on_after_a_bad_file_and_then_exits_with_1(broken: str) -> None:
    result = run(main, ["evaluate", "--format", "ndjson", broken, "no-such-file.json", HEALTHY])

    bad, missing, good = (json.loads(line) for line in result.stdout.splitlines())
    assert bad["answer"]["resourceType"] == "OperationOutcome"
    assert missing["answer"]["issue"][0]["code"] == "not-found"
    assert good["answer"]["resourceType"] == "Bundle"
    assert result.exit_code == 1


def test_the_table_goes_on_after_a_bad_file_and_then_exits_with_1(broken: str) -> None:
    result = run(main, ["evaluate", "--now", "latest", broken, HEALTHY])

    assert "not evaluated" in " ".join(result.output.split())
    assert "Possible causes of myoclonus: none." in " ".join(result.output.split())
    assert result.exit_code == 1


def test_a_folder_stands_for_the_json_files_below_it(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("b.json", "a.json", "deeper/c.json"):
        (tmp_path / name).write_bytes(Path(HEALTHY).read_bytes())
    (tmp_path / "notes.txt").write_text("not for evaluation")

    result = run(main, ["evaluate", "--format", "ndjson", str(tmp_path)])

    files = [json.loads(line)["file"] for line in result.stdout.splitlines()]
    assert files == [str(tmp_path / name) for name in ("a.json", "b.json", "deeper/c.json")]


def test_a_folder_without_json_files_is_told(tmp_path: Path) -> None:
    result = run(main, ["evaluate", str(tmp_path)])

    assert result.exit_code == 2
    assert "There is no .json file" in result.stderr


@pytest.mark.parametrize("now", ["yesterday", "2026-13-01", "12:00"])
def test_a_moment_that_can_not_be_is_told_before_anything_is_evaluated(now: str) -> None:
    result = run(main, ["evaluate", "--now", now, SODIUM])

    assert result.exit_code == 2
    assert result.stdout == ""


def test_an_input_larger_than_the_setting_is_refused_as_over_http() -> None:
    result = run(
        main,
        ["evaluate", "--format", "json", SODIUM],
        env={"MYOFLAG_MAX_BODY_BYTES": "100"},
    )

    assert result.exit_code == 1
    assert json.loads(result.stdout)["issue"][0]["code"] == "too-long"


def test_a_wrong_setting_is_told_before_anything_is_evaluated() -> None:
    result = run(main, ["evaluate", SODIUM], env={"MYOFLAG_ZONE": "Mars"})

    assert result.exit_code == 2
    assert result.stderr.startswith("MYOFLAG_ZONE: ")


def test_broken_rules_are_told_with_exit_code_3(tmp_path: Path) -> None:
    result = run(main, ["evaluate", SODIUM], env={"MYOFLAG_RULES": str(tmp_path)})

    assert result.exit_code == 3
    assert "ruleset" in result.stderr


def test_a_broken_table_of_local_codes_is_told_with_exit_code_3(tmp_path: Path) -> None:
    table = tmp_path / "codes.yaml"
    table.write_text("code_system: none\ncodes:\n  NA: {loinc: 2955-3}\n")
    result = run(main, ["evaluate", SODIUM], env={"MYOFLAG_LOCAL_CODES": str(table)})

    assert result.exit_code == 3
    assert f"{table}:3: codes.NA.loinc: " in result.stderr


def test_a_laboratorys_own_codes_are_read_by_the_sites_table(tmp_path: Path) -> None:
    table, sent = tmp_path / "codes.yaml", tmp_path / "sent.json"
    table.write_text(
        "code_system: https://lab.example/tests\ncodes: {NA: {loinc: 2951-2, unit: mmol/L}}\n"
    )
    sent.write_text(
        json.dumps(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "https://lab.example/tests", "code": "NA"}]},
                "subject": {"reference": "Patient/1"},
                "effectiveDateTime": "2026-05-01T08:00:00Z",
                "valueQuantity": {"value": 118},
            }
        )
    )
    asked = ["evaluate", str(sent), "--now=2026-05-01T12:00:00Z"]

    assert "Hyponatremia" not in run(main, asked).stdout
    found = run(main, asked, env={"MYOFLAG_LOCAL_CODES": str(table)}).stdout
    assert "Hyponatremia" in found
    assert "118 mmol/L" in found


@pytest.mark.parametrize("show", [print_tables, partial(print_json, form=Format.ndjson)])
def test_a_failure_inside_is_told_without_patient_data_and_with_exit_code_5(
    show: Callable[[Job, list[Input]], set[int]], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    broken = open_site(Settings())
    broken.engine.close()

    codes = show(Job(broken, Asked(), datetime.now(UTC)), [Input(SODIUM)])

    told = capfdbinary.readouterr()
    assert codes == {exits.INSIDE}
    assert b"nothing was evaluated" in told.out
    assert json.loads(told.err)["exception"] == "LinkingError"
    assert b"Alcohol" not in told.err


def test_the_same_command_prints_the_same_bytes_in_another_process() -> None:
    arguments = ("evaluate", "--format", "json", NOW, SODIUM)

    assert command(*arguments).stdout == command(*arguments).stdout


def test_standard_input_is_read_by_the_installed_command() -> None:
    result = command("evaluate", "--format", "ndjson", NOW, "-", given=Path(SODIUM).read_bytes())

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["file"] == "-"
    assert result.stderr == b""


@pytest.mark.parametrize(
    ("terminal", "form", "shown"),
    [("1", "table", True), ("1", "ndjson", True), ("0", "table", False), ("0", "ndjson", False)],
)
def test_a_progress_bar_is_for_those_who_would_wait_at_a_terminal(
    terminal: str, form: str, monkeypatch: pytest.MonkeyPatch, *, shown: bool
) -> None:
    monkeypatch.setattr("service.cli.evaluate.LONG", 0)
    settings = {"TTY_COMPATIBLE": terminal}

    result = run(main, ["evaluate", "--format", form, SODIUM, HEALTHY], env=settings)

    assert ("Evaluating" in result.stderr) is shown
    assert "Evaluating" not in result.stdout


def test_no_progress_bar_is_shown_for_what_is_quick() -> None:
    result = run(main, ["evaluate", HEALTHY], env={"TTY_COMPATIBLE": "1"})

    assert "Evaluating" not in result.stderr


@pytest.mark.parametrize("form", list(Format))
def test_output_that_nobody_reads_to_its_end_ends_the_command_quietly(form: Format) -> None:
    unread, output = os.pipe()
    os.close(unread)
    program = str(Path(sys.executable).with_name("myoflag"))

    with os.fdopen(output) as closed:
        result = subprocess.run(
            [program, "evaluate", "--format", form, SODIUM],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (result.returncode, result.stderr) == (exits.UNREAD, b"")


def test_a_letter_that_the_terminal_does_not_know_costs_no_flag(tmp_path: Path) -> None:
    document = json.loads(Path(SODIUM).read_text())
    for entry in document["entry"]:
        if entry["resource"]["resourceType"] == "Condition":
            entry["resource"]["code"]["text"] = "tr\u00e4gt Wein"
    bundle = tmp_path / "bundle.json"
    bundle.write_text(json.dumps(document))
    start = [sys.executable, "-c", "from service.cli import main; main()"]

    result = subprocess.run(
        [*start, "evaluate", "--now", "latest", str(bundle)],
        env={"PYTHONIOENCODING": "ascii", "COLUMNS": "200"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, b"")
    assert b"Hyponatremia" in result.stdout
    assert rb"tr\xe4gt Wein" in result.stdout


def test_no_input_at_all_is_a_usage_error() -> None:
    assert run(main, ["evaluate"]).exit_code == 2
