"""Compiled rules are those that were checked, or they are not used."""

import shutil
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from service.cli import main
from service.engine import Engine
from service.engine.canary import canary
from service.knowledge import compiled, loader
from service.knowledge.faults import RulesError
from service.settings import shipped

SHIPPED = shipped("rules")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the shipped rules that a test may change."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "rules"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "compiled.msgpack"


def is_used(rules: Path, file: Path) -> bool:
    return compiled.read(rules, file) is not None


def test_compiled_rules_are_the_checked_ones(file: Path) -> None:
    expected = loader.load(SHIPPED)
    compiled.write(SHIPPED, file)
    found = compiled.load(SHIPPED, file)

    assert is_used(SHIPPED, file)
    for field in msgspec.structs.fields(expected):
        one, other = getattr(expected, field.name), getattr(found, field.name)
        assert one == other, field.name
        if isinstance(one, dict):
            assert list(one) == list(other), field.name


def test_an_engine_works_with_compiled_rules(file: Path) -> None:
    compiled.write(SHIPPED, file)
    with Engine(compiled.load(SHIPPED, file)) as engine:
        assert canary(engine)


def test_without_compiled_rules_the_files_are_read(rules: Path, file: Path) -> None:
    assert not is_used(rules, file)
    assert compiled.load(rules, file).digest == loader.load(rules).digest


def test_one_changed_byte_of_a_rule_and_the_files_are_read(rules: Path, file: Path) -> None:
    compiled.write(rules, file)
    changed = min(rules.rglob("*.yaml"))
    changed.write_bytes(changed.read_bytes() + b"\n")

    assert not is_used(rules, file)


def test_a_limit_that_was_changed_is_the_one_that_counts(rules: Path, file: Path) -> None:
    compiled.write(rules, file)
    ruleset = rules / "ruleset.yaml"
    ruleset.write_text(ruleset.read_text().replace("version: 0.1.0", "version: 0.1.1"))

    assert compiled.load(rules, file).ruleset.version == "0.1.1"


def test_rules_that_were_broken_since_are_told_and_not_covered_up(rules: Path, file: Path) -> None:
    compiled.write(rules, file)
    (rules / "links" / "broken.yaml").write_text("link: Not an id\n")

    with pytest.raises(RulesError):
        compiled.load(rules, file)


def test_a_file_that_came_went_or_was_renamed_counts(rules: Path, file: Path) -> None:
    compiled.write(rules, file)
    (rules / "units.yaml").rename(rules / "units_of_measure.yaml")
    assert not is_used(rules, file)
    (rules / "units_of_measure.yaml").rename(rules / "units.yaml")
    assert is_used(rules, file)
    (rules / "new.yaml").write_text("")
    assert not is_used(rules, file)


def test_other_code_does_not_use_them(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled.write(SHIPPED, file)
    code = tmp_path / "service" / "knowledge"
    shutil.copytree(compiled.CODE, code)
    shutil.copy(compiled.CODE.with_name("record.py"), code.parent)
    monkeypatch.setattr(compiled, "CODE", code)
    assert is_used(SHIPPED, file)

    (code / "limits.py").write_bytes((code / "limits.py").read_bytes() + b"#\n")
    assert not is_used(SHIPPED, file)


@pytest.mark.parametrize("place", [0, 40, 64, 70, -1])
def test_damaged_ones_are_not_used(file: Path, place: int) -> None:
    compiled.write(SHIPPED, file)
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)

    assert not is_used(SHIPPED, file)


@pytest.mark.parametrize("length", [0, 20, 64, 1000])
def test_ones_that_were_cut_off_are_not_used(file: Path, length: int) -> None:
    compiled.write(SHIPPED, file)
    file.write_bytes(file.read_bytes()[:length])

    assert not is_used(SHIPPED, file)


def test_broken_rules_are_not_compiled(rules: Path, file: Path) -> None:
    (rules / "links" / "broken.yaml").write_text("link: Not an id\n")

    with pytest.raises(RulesError):
        compiled.write(rules, file)
    assert not file.exists()


def test_the_command_compiles_and_says_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "FILE", file)
    result = CliRunner().invoke(main, ["rules", "compile"])

    assert result.exit_code == 0, result.stderr
    assert "compiled" in result.stdout
    assert is_used(SHIPPED, file)


def test_a_place_where_nothing_can_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "FILE", tmp_path / "none" / "file")
    result = CliRunner().invoke(main, ["rules", "compile"])

    assert result.exit_code == 2
    assert "Can not write" in result.stderr
