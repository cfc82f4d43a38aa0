"""A machine that lacks something is told what, in a plain sentence."""

import runpy
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.packaging.dockerfile import ROOT


def complaint() -> str | None:
    try:
        runpy.run_path(str(ROOT / "requirements" / "machine.py"))
    except SystemExit as left:
        return str(left.code)
    return None


def test_a_machine_that_has_everything_is_told_nothing() -> None:
    assert complaint() is None


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 13, 0), (3, 14, 1)])
def test_a_wrong_python_is_told_which_ones_are_right(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", version)

    said = complaint()

    assert said is not None
    assert said.startswith("Myoflag needs Python 3.11 or 3.12, and this is 3.1")


def test_a_missing_compiler_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")

    said = complaint()

    assert said is not None
    assert said.startswith("There is no C compiler (no-such-compiler)")
    assert "apt-get install gcc" in said


def test_missing_headers_are_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))

    said = complaint()

    assert said is not None
    assert said.startswith("The C headers of Python 3.")


def make(tmp_path: Path, python: str, **variables: str) -> subprocess.CompletedProcess[str]:
    venv = tmp_path / "venv"
    return subprocess.run(
        ["make", "-C", str(ROOT), f"VENV={venv}", f"PYTHON={python}", f"{venv}/.made"],
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_says_that_there_is_no_python(tmp_path: Path) -> None:
    made = make(tmp_path, "no-such-python")

    assert made.returncode != 0
    assert "Myoflag needs Python 3.11 or 3.12, and there is none here" in made.stderr


def test_make_stops_with_the_sentence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    made = make(tmp_path, sys.executable, CC="no-such-compiler")

    assert made.returncode != 0
    assert "There is no C compiler" in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_make_takes_the_next_python_where_the_first_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "python-that-is-too-old"
    wrong.write_text('#!/bin/sh\n[ "$1" = -c ] || exit 1\n')
    wrong.chmod(0o755)

    made = make(tmp_path, f"{wrong} {sys.executable}")

    assert made.returncode == 0, made.stderr
    assert (tmp_path / "venv" / "bin" / "python").exists()
