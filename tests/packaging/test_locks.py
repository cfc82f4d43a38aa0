"""The locks: what is installed is what was looked at, wherever it comes from."""

import re
import tomllib
from pathlib import Path

import pytest

from service import __version__
from tests.packaging.dockerfile import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)


def pinned(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", lock.read_text(), re.MULTILINE))


@each_lock
def test_a_lock_names_no_place_to_fetch_from(lock: Path) -> None:
    assert not re.search(r"https?:|file:|index|find-links|^-[^-]", lock.read_text(), re.MULTILINE)


@each_lock
def test_each_package_of_a_lock_has_a_hash(lock: Path) -> None:
    packages = re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", lock.read_text(), flags=re.MULTILINE))

    assert [one for one in packages if "--hash=sha256:" not in one] == []


def test_the_locks_agree_with_one_another() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in pinned(lock).items():
            versions.setdefault(name, set()).add(version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_what_the_project_needs_is_locked() -> None:
    names = (re.split(r"[<>=]", one)[0] for one in PROJECT["dependencies"])
    needed = {name.lower().replace(".", "-") for name in names}

    assert needed - set(pinned(ROOT / "requirements" / "runtime.txt")) == set()


def test_what_the_inputs_name_is_locked() -> None:
    for source in (ROOT / "requirements").glob("*.in"):
        named = re.findall(r"^[\w.-]+", source.read_text(), re.MULTILINE)
        normal = {name.lower().replace(".", "-") for name in named}

        assert normal - set(pinned(source.with_suffix(".txt"))) == set(), source.name


def test_durable_rules_is_exactly_the_one_that_was_measured() -> None:
    assert pinned(ROOT / "requirements" / "runtime.txt")["durable-rules"] == "2.0.28"


def test_the_changelog_knows_the_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()
