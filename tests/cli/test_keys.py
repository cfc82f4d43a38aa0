"""myoflag keys: makes the keys that callers present, and lists them."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service import keys
from service.cli import main

run = CliRunner().invoke

TODAY = datetime.now(UTC).date()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def site(file: Path) -> dict[str, str]:
    return {"MYOFLAG_API_KEYS_FILE": str(file)}


def test_a_new_key_is_printed_alone_and_opens(file: Path) -> None:
    result = run(main, ["keys", "new", "lab"], env=site(file))

    assert (result.exit_code, result.stderr) == (0, "")
    found = keys.find(keys.read(file), result.stdout.removesuffix("\n"))
    assert found
    assert (found.name, found.expires) == ("lab", None)


def test_the_file_is_its_owners_alone_and_does_not_hold_the_key(file: Path) -> None:
    result = run(main, ["keys", "new", "lab"], env=site(file))

    assert result.stdout.strip() not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_file_the_line_to_add_is_told_beside_the_key(file: Path) -> None:
    result = run(main, ["keys", "new", "lab", "--expires", "2027-01-31"])

    assert result.exit_code == 0
    file.write_text(result.stderr.splitlines()[-1])
    found = keys.find(keys.read(file), result.stdout.strip())
    assert found
    assert str(found.expires) == "2027-01-31"


@pytest.mark.parametrize(
    "arguments",
    [["", "--expires", "2027-01-31"], ["a b"], ["#lab"], ["lab", "--expires", "soon"]],
)
def test_a_name_or_day_that_can_not_be_makes_no_key(file: Path, arguments: list[str]) -> None:
    result = run(main, ["keys", "new", *arguments], env=site(file))

    assert (result.exit_code, result.stdout) == (2, "")
    assert not file.exists()


@pytest.mark.parametrize("before", ["lab sha256:" + "0" * 64, "broken"])
def test_no_key_is_printed_that_could_not_be_kept(file: Path, before: str) -> None:
    file.write_text(before)

    result = run(main, ["keys", "new", "lab"], env=site(file))

    assert (result.exit_code, result.stdout) == (2, "")
    assert str(file) in result.stderr
    assert file.read_text() == before


def test_the_list_tells_names_and_last_days_and_no_hash(file: Path) -> None:
    for name, last in [("a", None), ("b", TODAY + timedelta(1)), ("c", TODAY - timedelta(1))]:
        keys.append(file, keys.kept(name, keys.make(), last))

    result = run(main, ["keys", "list"], env=site(file))

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "a  without end",
        f"b  to {TODAY + timedelta(1)}",
        "c  expired",
    ]


def test_a_list_without_a_file_is_told() -> None:
    result = run(main, ["keys", "list"])

    assert result.exit_code == 2
    assert "MYOFLAG_API_KEYS_FILE" in result.stderr


def test_a_list_of_a_broken_file_is_told(file: Path) -> None:
    file.write_text("broken")

    result = run(main, ["keys", "list"], env=site(file))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "line 1" in result.stderr
