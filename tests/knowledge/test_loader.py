from pathlib import Path

import pytest
from msgspec.structs import asdict

from service.knowledge.faults import RulesError
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from tests.knowledge.small_rules import FILES, complaints, write_rules


def test_documents_come_by_id_in_order(small: Knowledge) -> None:
    assert list(small.analytes) == ["alt", "copper", "sodium", "urea"]
    assert list(small.causes)[:2] == ["copper-deficiency", "hyponatremia"]
    assert list(small.derived) == ["osmoles", "sodium_rise"]
    assert list(small.states) == ["drinking"]
    assert small.ruleset.version == "1.0.0"


def test_loading_twice_gives_the_same(tmp_path: Path, small: Knowledge) -> None:
    assert asdict(load(write_rules(tmp_path))) == asdict(small)


def test_layout_comments_files_and_order_do_not_change_the_digest(
    tmp_path: Path, small: Knowledge
) -> None:
    findings = FILES["findings/all.yaml"].split("---\n")
    moved = {
        "findings/all.yaml": "# Low first.\n" + findings[2],
        "findings/others.yaml": "\n\n---\n".join(findings[1::-1]),
        "analytes/alt.yaml": FILES["analytes/alt.yaml"]
        .replace('units: [U/L, "[IU]/L"]', "units:\n  - 'U/L'\n  # as printed\n  - '[IU]/L'")
        .replace("lookback: 30 d\n", "")
        .replace("name: ALT", "lookback:   30 d\nname: >-\n  ALT"),
    }
    assert load(write_rules(tmp_path, moved)).digest == small.digest


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("findings/all.yaml", "below: 125 mmol/L", "below: 124 mmol/L"),
        ("findings/all.yaml", "below: 125 mmol/L", "below: 125.0 mmol/L"),
        ("analytes/sodium.yaml", "lookback: 14 d", "lookback: 15 d"),
        ("links/hyponatremia.yaml", "strength: moderate\nbecause", "strength: weak\nbecause"),
        ("units.yaml", "also: [mcmol/L]", "also: [mcmol/l]"),
        ("ruleset.yaml", "version: 1.0.0", "version: 1.0.1"),
    ],
)
def test_any_other_change_changes_the_digest(
    tmp_path: Path, small: Knowledge, file: str, old: str, new: str
) -> None:
    assert old in FILES[file]
    assert load(write_rules(tmp_path, {file: FILES[file].replace(old, new)})).digest != small.digest


def test_the_lock_does_not_change_the_digest(tmp_path: Path, small: Knowledge) -> None:
    locked = "{version: 1, hash: abc, date: 2026-05-01, reason: first}"
    folder = write_rules(tmp_path, {"lock.yaml": f"lock:\n  finding/x: {locked}\n"})
    assert load(folder).digest == small.digest


def test_everything_that_is_wrong_is_told_in_order(tmp_path: Path) -> None:
    write_rules(
        tmp_path,
        {
            "findings/all.yaml": FILES["findings/all.yaml"].replace("135 mmol/L", "135 mg/dL"),
            "analytes/alt.yaml": FILES["analytes/alt.yaml"].replace("30 d", "30 days"),
            "links/copper.yaml": FILES["links/copper.yaml"].replace("[kumar-2006]", "[kumar]"),
        },
    )
    assert [told.split(": ")[0] for told in complaints(tmp_path)] == [
        "analytes/alt.yaml:8",
        "findings/all.yaml:5",
        "links/copper.yaml:12",
    ]


def test_documents_that_cannot_be_read_are_told_before_what_they_cause(tmp_path: Path) -> None:
    write_rules(tmp_path, {"analytes/sodium.yaml": "analyte: sodium\n"})
    assert {told.split(":")[0] for told in complaints(tmp_path)} == {"analytes/sodium.yaml"}


def test_rules_without_a_ruleset_are_refused(tmp_path: Path) -> None:
    folder = write_rules(tmp_path)
    (folder / "ruleset.yaml").unlink()
    assert complaints(folder) == [
        "analytes/alt.yaml:1: ruleset: no document says the set's name and version"
    ]


@pytest.mark.parametrize("name", ["rules", "empty"])
def test_a_folder_without_rules_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RulesError, match=r"no such folder|no document says"):
        load(tmp_path / name)
