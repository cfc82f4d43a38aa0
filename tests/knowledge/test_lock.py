from datetime import date
from pathlib import Path

import pytest

from service.knowledge.faults import RulesError
from service.knowledge.language import Lock
from service.knowledge.lint import lint
from service.knowledge.loader import read
from service.knowledge.lock import write_lock
from tests.knowledge.small_rules import FILES, write_rules

FIRST, LATER = date(2026, 5, 1), date(2026, 6, 1)
FINDINGS, LINKS = "findings/all.yaml", "links/hyponatremia.yaml"
SEVERE = "{grade: severe, below: 125 mmol/L, critical: true}"


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """The small rule set, released on the first day."""
    folder = write_rules(tmp_path)
    write_lock(folder, FIRST, "first release")
    return folder


def rewrite(folder: Path, file: str, old: str, new: str) -> None:
    assert FILES[file].count(old) == 1
    (folder / file).write_text(FILES[file].replace(old, new))


def told(folder: Path) -> list[str]:
    return [str(fault).replace(f"{folder.as_posix()}/", "") for fault in lint(folder)]


def entries(folder: Path) -> dict[str, tuple[int, str, str, bool]]:
    placed, faults = read(folder)
    assert faults == []
    (lock,) = [p.document for p in placed if isinstance(p.document, Lock)]
    return {
        name: (each.version, each.date, each.reason, each.retired)
        for name, each in lock.lock.items()
    }


def test_a_lock_holds_every_rule_that_decides(locked: Path) -> None:
    held = entries(locked)
    assert held["finding/hyponatremia"] == (1, "2026-05-01", "first release", False)
    assert {name.split("/")[0] for name in held} == {
        "analyte",
        "derived",
        "finding",
        "link",
        "state",
    }
    assert told(locked) == []


def test_writing_the_lock_again_changes_nothing(locked: Path) -> None:
    before = (locked / "lock.yaml").read_text()
    write_lock(locked, LATER, "nothing happened")
    assert (locked / "lock.yaml").read_text() == before


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        (FINDINGS, SEVERE, SEVERE.replace("125", "124"), 1),
        (FINDINGS, SEVERE, SEVERE.replace(", critical: true", ""), 1),
        (LINKS, "strength: moderate\nbecause", "strength: weak\nbecause", 1),
        (LINKS, "within: 72 h", "within: 71 h", 16),
        ("analytes/sodium.yaml", "90 to 200", "90 to 201", 1),
        ("analytes/copper.yaml", "3 umol/L, high", "2 umol/L, high", 1),
        ("derived/all.yaml", "2 * na", "1.9 * na", 9),
        ("states/all.yaml", "problem: alcohol", "problem: alcohol-use-disorder", 1),
    ],
)
def test_a_locked_rule_cannot_decide_otherwise_without_a_new_version(
    locked: Path, file: str, old: str, new: str, line: int
) -> None:
    rewrite(locked, file, old, new)
    assert (
        f"{file}:{line}: version: what it says changed since version 1 was locked; "
        "raise the version"
    ) in told(locked)
    with pytest.raises(RulesError, match="raise the version"):
        write_lock(locked, LATER, "in secret")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (LINKS, "  - given: {sodium: 136 mmol/L}", "  - given: {sodium: 137 mmol/L}"),
        ("analytes/sodium.yaml", "names: [sodium, Na+]", "names: [sodium, Na+, Na]"),
        ("analytes/sodium.yaml", "2955-3: urine sodium", "2955-3: sodium in urine"),
        (FINDINGS, "name: Rising sodium", "name: Rising sodium\nnote: Too fast."),
    ],
)
def test_tests_names_and_notes_may_change_as_they_like(
    locked: Path, file: str, old: str, new: str
) -> None:
    rewrite(locked, file, old, new)
    assert told(locked) == []


def test_a_change_with_a_new_version_is_locked_with_its_day_and_reason(locked: Path) -> None:
    rewrite(locked, FINDINGS, SEVERE, SEVERE.replace(", critical: true", ""))
    text = (locked / FINDINGS).read_text()
    (locked / FINDINGS).write_text(text.replace("name: Low sodium", "name: Low sodium\nversion: 2"))
    assert told(locked) == []
    write_lock(locked, LATER, 'guideline: "2026"')
    assert entries(locked)["finding/hyponatremia"] == (2, "2026-06-01", 'guideline: "2026"', False)
    assert entries(locked)["finding/hypocupremia"] == (1, "2026-05-01", "first release", False)


def test_a_version_never_falls(locked: Path) -> None:
    lock = (locked / "lock.yaml").read_text()
    (locked / "lock.yaml").write_text(
        lock.replace("finding/hyponatremia: {version: 1", "finding/hyponatremia: {version: 3")
    )
    assert told(locked) == ["findings/all.yaml:1: version: is below the released one, 3"]


def test_a_new_rule_is_not_released_and_not_locked(locked: Path) -> None:
    finding = "---\nfinding: hypernatremia\nname: High sodium\nanalyte: sodium\n"
    finding += "grades: [{grade: mild, above: 145 mmol/L}]\nreferences: [spasovski-2014]\n"
    finding += "tests: {none: [144 mmol/L, 145 mmol/L], mild: [146 mmol/L]}\n"
    (locked / FINDINGS).write_text(FILES[FINDINGS] + finding)
    assert told(locked) == []
    assert "finding/hypernatremia" not in entries(locked)
    write_lock(locked, LATER, "second release")
    assert entries(locked)["finding/hypernatremia"] == (1, "2026-06-01", "second release", False)


def test_a_rule_that_is_gone_is_retired_and_never_returns(locked: Path) -> None:
    findings = FILES[FINDINGS]
    (locked / FINDINGS).write_text(findings[: findings.index("---\nfinding: sodium-rise")])
    (only,) = told(locked)
    assert only.startswith("lock.yaml:")
    assert only.endswith(
        "finding/sodium-rise: is locked and gone; write the lock anew to retire it"
    )
    write_lock(locked, LATER, "too noisy")
    assert told(locked) == []
    assert entries(locked)["finding/sodium-rise"] == (1, "2026-06-01", "too noisy", True)
    write_lock(locked, date(2026, 7, 1), "again")
    assert entries(locked)["finding/sodium-rise"] == (1, "2026-06-01", "too noisy", True)
    (locked / FINDINGS).write_text(findings)
    assert told(locked) == [
        "findings/all.yaml:22: finding: was retired on 2026-06-01; a retired id never returns"
    ]
