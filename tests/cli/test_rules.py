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


def test_a_test_beside_a_rule_that_fails_is_told_with_what_came_instead(rules: Path) -> None:
    file = rules / "links" / "copper_deficiency.yaml"
    spoil(
        file,
        "expect: {cause: copper-deficiency, strength: weak",
        "expect: {cause: copper-deficiency, strength: strong",
    )

    result = run(main, ["rules", "test"], env={"MYOFLAG_RULES": str(rules)})

    assert result.exit_code == 3
    assert "expected copper-deficiency, strong" in result.stderr
    assert "it is weak" in result.stderr


def test_the_lock_holds_each_rule_with_its_reason_and_lint_holds_to_it(rules: Path) -> None:
    locked = run(
        main, ["rules", "lock", "--reason", "First release."], env={"MYOFLAG_RULES": str(rules)}
    )
    assert locked.exit_code == 0, locked.stderr
    assert 'reason: "First release."' in (rules / "lock.yaml").read_text()

    spoil(rules / "findings" / "sodium.yaml", "below: 135 mmol/L", "below: 134 mmol/L")
    result = run(main, ["rules", "lint"], env={"MYOFLAG_RULES": str(rules)})

    assert result.exit_code == 3
    assert "raise the version" in result.stderr


def test_a_rule_that_changed_without_a_new_version_is_not_locked(rules: Path) -> None:
    settings = {"MYOFLAG_RULES": str(rules)}
    run(main, ["rules", "lock", "--reason", "First release."], env=settings)
    spoil(rules / "findings" / "sodium.yaml", "below: 135 mmol/L", "below: 134 mmol/L")

    result = run(main, ["rules", "lock", "--reason", "Quietly."], env=settings)

    assert result.exit_code == 3
    assert "Quietly." not in (rules / "lock.yaml").read_text()


def test_rules_that_can_not_be_read_are_told_by_every_command(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("link: [")
    for command in (["lint"], ["test"], ["list"], ["show", "x"]):
        result = run(main, ["rules", *command], env={"MYOFLAG_RULES": str(tmp_path)})

        assert result.exit_code == 3
        assert "broken.yaml:2: not YAML" in result.stderr


def test_list_tells_every_cause_that_is_not_of_a_family(site: Site) -> None:
    result = run(main, ["rules", "list", "cause"])

    listed = {line.split()[1] for line in result.stdout.splitlines()[1:]}
    assert result.exit_code == 0
    assert {cause for cause in site.knowledge.causes if not cause.startswith("drug-")} <= listed


def test_list_of_a_kind_that_is_none_tells_the_kinds() -> None:
    result = run(main, ["rules", "list", "flag"])

    assert result.exit_code == 2
    assert "finding" in result.stderr


def test_show_tells_a_rule_in_plain_language_with_its_literature() -> None:
    result = run(main, ["rules", "show", "hyponatremia"])

    assert result.exit_code == 0
    assert "below 135 mmol/L it is mild" in result.stdout
    assert "not yet reviewed by a clinician" in result.stdout
    assert "doi:10.1093/ndt/gfu040" in result.stdout
    assert "SNOMED" in result.stdout


def test_show_tells_no_snomed_codes_where_the_site_has_none() -> None:
    result = run(main, ["rules", "show", "hyponatremia"], env={"MYOFLAG_SNOMED": "false"})

    assert result.exit_code == 0
    assert "SNOMED" not in result.stdout


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
