from pathlib import Path

from service.knowledge.language import Link
from service.knowledge.loader import read
from tests.knowledge.small_rules import complaints, write_rules


def test_every_fault_of_every_document_is_told_at_once(tmp_path: Path) -> None:
    write_rules(
        tmp_path,
        {
            "states/a.yaml": "state: a\nnam: A\nwhen: {alle: []}\n",
            "causes/b.yaml": "cause: b\nevidence: proven\n",
        },
    )
    assert [told.split(": ", 2)[:2] for told in complaints(tmp_path)] == [
        ["causes/b.yaml:1", "confirm"],
        ["causes/b.yaml:1", "kind"],
        ["causes/b.yaml:1", "mechanism"],
        ["causes/b.yaml:1", "name"],
        ["causes/b.yaml:1", "references"],
        ["causes/b.yaml:2", "evidence"],
        ["states/a.yaml:1", "name"],
        ["states/a.yaml:2", "nam"],
        ["states/a.yaml:3", "when.alle"],
    ]


def test_a_sound_document_becomes_its_struct(tmp_path: Path) -> None:
    placed, faults = read(write_rules(tmp_path))
    assert faults == []
    (link,) = [p.document for p in placed if p.id == "low-sodium-in-drinking"]
    assert isinstance(link, Link)
    assert link.strengthens == 1
    assert [leaf.finding for leaf in link.when.all] == ["hyponatremia", ""]
    assert link.when.all[0].at_least == "severe"


def test_a_place_names_the_line_of_a_field(tmp_path: Path) -> None:
    placed, _ = read(write_rules(tmp_path))
    (link,) = [p for p in placed if p.id == "low-sodium-in-drinking"]
    fault = link.fault(("when", "all", 1), "is vague")
    assert str(fault) == f"{tmp_path.as_posix()}/links/hyponatremia.yaml:21: when.all[1]: is vague"
