"""The rules that Myoflag ships."""

from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import asdict

from service.knowledge.cases import record_of
from service.knowledge.lint import lint
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.knowledge.names import fold_name


def test_they_load_and_lint_clean(shipped_folder: Path) -> None:
    assert [str(fault) for fault in lint(shipped_folder)] == []


def test_they_load_twice_to_the_same_digest(shipped_folder: Path, shipped: Knowledge) -> None:
    again = load(shipped_folder)
    assert again.digest == shipped.digest
    assert asdict(again) == asdict(shipped)


def test_a_limit_changes_the_digest_and_a_comment_does_not(
    shipped_folder: Path, shipped: Knowledge, tmp_path: Path
) -> None:
    for file in shipped_folder.rglob("*.yaml"):
        copy = tmp_path / file.relative_to(shipped_folder)
        copy.parent.mkdir(exist_ok=True, parents=True)
        copy.write_text("# A comment.\n\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert load(tmp_path).digest == shipped.digest
    sodium = tmp_path / "findings" / "sodium.yaml"
    text = sodium.read_text(encoding="utf-8")
    assert "below: 135 mmol/L" in text
    sodium.write_text(text.replace("below: 135 mmol/L", "below: 134 mmol/L"), encoding="utf-8")
    assert load(tmp_path).digest != shipped.digest


def test_every_rule_test_makes_a_record(shipped: Knowledge) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    records = [
        record_of(test, shipped, now) for link in shipped.links.values() for test in link.tests
    ]
    assert len(records) > 100


def test_no_unit_of_the_table_is_spelled_like_the_name_of_an_analyte(shipped: Knowledge) -> None:
    spelled = {fold_name(spelling) for spelling in shipped.unit_spellings}
    assert spelled & shipped.analyte_names.keys() <= {"inr", "ph"}


def test_every_cause_is_named_by_a_link_that_is_active(shipped: Knowledge) -> None:
    named = {
        link.cause for link in shipped.links.values() if link.strength and link.status == "active"
    }
    assert shipped.causes.keys() <= named
