"""myoflag rules: for those who write them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service import __version__
from service.cli import main
from service.evaluation import Site
from service.settings import shipped

run = CliRunner().invoke


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The shipped rules, to be spoiled."""
    copied = tmp_path / "rules"
    shutil.copytree(shipped("rules"), copied)
    return copied


def spoil(file: Path, right: str, wrong: str) -> None:
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))


def test_the_shipped_rules_are_in_order() -> None:
    result = run(main, ["rules", "lint"])

    assert result.exit_code == 0
    assert "Nothing is wrong." in result.stdout


def test_lint_names_file_line_and_field_of_what_is_wrong(rules: Path) -> None:
    spoil(rules / "analytes" / "sodium.yaml", "unit: mmol/L", "unit: mmol/lightyear")

    result = run(main, ["rules", "lint"], env={"MYOFLAG_RULES": str(rules)})

    assert result.exit_code == 3
    assert "analytes/sodium.yaml:" in result.stderr
    assert "unit: " in result.stderr


def test_the_tests_beside_the_shipped_rules_pass() -> None:
    result = run(main, ["rules", "test"])

    assert result.exit_code == 0, result.stderr


def test_list_tells_every_cause_that_is_not_of_a_family(site: Site) -> None:
    result = run(main, ["rules", "list", "cause"])

    listed = {line.split()[1] for line in result.stdout.splitlines()[1:]}
    assert result.exit_code == 0
    assert {cause for cause in site.knowledge.causes if not cause.startswith("drug-")} <= listed


def test_list_of_a_kind_that_is_none_tells_the_kinds() -> None:
    result = run(main, ["rules", "list", "flag"])

    assert result.exit_code == 2
    assert "finding" in result.stderr


def test_show_prints_a_rule_word_for_word_with_its_literature() -> None:
    result = run(main, ["rules", "show", "hyponatremia"])

    assert result.exit_code == 0
    assert "finding: hyponatremia" in result.stdout
    assert "below: 135 mmol/L" in result.stdout
    assert "# [" in result.stdout


def test_show_of_an_unknown_id_suggests_what_may_be_meant() -> None:
    result = run(main, ["rules", "show", "hyponatraemia"])

    assert result.exit_code == 2
    assert "hyponatremia" in result.stderr


def test_the_schema_is_a_json_schema() -> None:
    result = run(main, ["rules", "schema"])

    assert json.loads(result.stdout)["$schema"].startswith("https://json-schema.org/")


def test_version_tells_service_and_rules(site: Site) -> None:
    result = run(main, ["version"])

    assert __version__ in result.stdout
    assert site.knowledge.ruleset.version in result.stdout
    assert site.knowledge.digest in result.stdout
