"""Rule files broken in one place each, and every word that the loader says of them.

`broken_rules.txt` holds the cases: a file of the small rule set, lines to take out (-) and to
put in (+; at the end where none is taken out), and each fault that follows (!), as
"line: field: text", or with its file where it shows up in another.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.knowledge.small_rules import FILES, complaints, write_rules

CASES = Path(__file__).with_name("broken_rules.txt")
#: A fault that shows up in another file than the broken one.
ELSEWHERE = re.compile(r"[a-z_/]+\.yaml:")


class Broken(NamedTuple):
    """One case."""

    file: str
    old: list[str]
    new: list[str]
    told: list[str]


def cases(text: str) -> list[Broken]:
    """The cases of a text, in its order."""
    found: list[Broken] = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            file, *marked = lines
            sorts = {sign: [x[1:] for x in marked if x[0] == sign] for sign in "-+!"}
            assert sum(map(len, sorts.values())) == len(marked), f"neither -, + nor !: {block}"
            told = [line.strip() for line in sorts["!"]]
            found.append(Broken(file, sorts["-"], sorts["+"], told))
    return found


def break_(case: Broken, folder: Path) -> Path:
    lines = FILES[case.file].splitlines()
    places = [i for i in range(len(lines)) if lines[i : i + len(case.old)] == case.old]
    if not case.old:
        places = [len(lines)]
    assert places, f"not in {case.file}: {case.old}"
    lines[places[0] : places[0] + len(case.old)] = case.new
    return write_rules(folder, {case.file: "\n".join(lines) + "\n"})


@pytest.mark.parametrize(
    "case",
    cases(CASES.read_text(encoding="utf-8")),
    ids=lambda case: f"{case.file}: {case.told[0]}",
)
def test_a_broken_rule_is_told_with_file_line_and_field(case: Broken, tmp_path: Path) -> None:
    told = complaints(break_(case, tmp_path))
    assert told == [line if ELSEWHERE.match(line) else f"{case.file}:{line}" for line in case.told]


def test_every_case_expects_something() -> None:
    """A case that expects nothing would pass on sound rules and prove nothing."""
    assert all(case.told for case in cases(CASES.read_text(encoding="utf-8")))


def test_the_small_rule_set_itself_is_sound(tmp_path: Path) -> None:
    assert complaints(write_rules(tmp_path)) == []


@pytest.mark.parametrize(
    "told", ["1: state: is wrong", "3: when: needs itself: drinking", "4: when: needs itself"]
)
def test_a_case_that_expects_something_else_fails(told: str, tmp_path: Path) -> None:
    case = Broken("states/all.yaml", ["    - {problem: alcohol}"], ["    - {sex: x}"], [told])
    with pytest.raises(AssertionError):
        test_a_broken_rule_is_told_with_file_line_and_field(case, tmp_path)


def test_a_case_that_changes_nothing_is_refused(tmp_path: Path) -> None:
    case = Broken("states/all.yaml", ["state: eating"], ["state: drinking"], ["1: "])
    with pytest.raises(AssertionError, match=r"not in states/all\.yaml"):
        break_(case, tmp_path)
