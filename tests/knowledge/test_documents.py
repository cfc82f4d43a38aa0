from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.documents import Fields, Items, Node, Text, line_of, read_folder
from tests.knowledge.small_rules import complaints, write_rules


def read_one(folder: Path, text: str | bytes) -> tuple[list[Fields], list[str]]:
    """The documents of one file, and what is wrong with it."""
    content = text.encode() if isinstance(text, str) else text
    (folder / "a.yaml").write_bytes(content)
    documents, faults = read_folder(folder)
    return [each.tree for each in documents], [
        str(fault).replace(f"{folder.as_posix()}/", "") for fault in faults
    ]


def plain(node: Node) -> object:
    """A tree without its lines."""
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Items):
        return [plain(each) for each in node.items]
    return {name: plain(each) for name, each in node.fields.items()}


@pytest.mark.parametrize(
    "written",
    [
        *("no", "yes", "on", "12:30", "010", "0x1F", "1e3", "1_000", ".5", "+1", "2026-05-01"),
        *("1.0", "true", "False", ".nan", "=", "<<", "0b11", "NaN"),
    ],
)
def test_every_scalar_is_text_as_written(tmp_path: Path, written: str) -> None:
    (document,), faults = read_one(tmp_path, f"finding: {written}\n")
    assert faults == []
    assert plain(document) == {"finding": written}


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1))
def test_every_quoted_text_comes_back_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, written: str
) -> None:
    quoted = "'" + written.replace("'", "''") + "'"
    (document,), faults = read_one(tmp_path_factory.mktemp("rules"), f"finding: {quoted}\n")
    assert faults == []
    assert plain(document) == {"finding": written}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a.yaml:1: the file is empty"),
        ("# nothing\n", "a.yaml:1: the file is empty"),
        ("finding: a\n---\n", "a.yaml:3: nothing is written here; give a value or leave it out"),
        ("- a\n", "a.yaml:1: a document is `field: value` lines, one below another"),
        ("{}\n", "a.yaml:1: a document is `field: value` lines, one below another"),
        ("just a text\n", "a.yaml:1: a document is `field: value` lines, one below another"),
        ("a: b\nc:\n", "a.yaml:2: c: nothing is written here; give a value or leave it out"),
        ("a: ~\n", "a.yaml:1: a: nothing is written here; give a value or leave it out"),
        ("a: null\n", "a.yaml:1: a: nothing is written here; give a value or leave it out"),
        ('a: ""\n', "a.yaml:1: a: nothing is written here; give a value or leave it out"),
        ("a: [b, '']\n", "a.yaml:1: a[1]: nothing is written here; give a value or leave it out"),
        ("a: b\nc: d\na: e\n", "a.yaml:3: a: written twice; the first is on line 1"),
        ("a: {b: c, b: d}\n", "a.yaml:1: a.b: written twice; the first is on line 1"),
        ("a: &x b\n", "a.yaml:1: a: an anchor (&x) is not allowed; write it out"),
        ("a: !!int 3\n", "a.yaml:1: a: a tag (tag:yaml.org,2002:int) is not allowed; leave it out"),
        ("a: !x [b]\n", "a.yaml:1: a: a tag (!x) is not allowed; leave it out"),
        ("[a, b]: c\n", "a.yaml:1: a field's name must be plain text"),
        ("a: [b\n", "not YAML: while parsing a flow sequence"),
        ("a: b: c\n", "a.yaml:1: not YAML: "),
        ("a:\n\tb: c\n", "a.yaml:2: not YAML: "),
        ("a: \x07\n", "a.yaml:1: not YAML: "),
        (b"a: b\nc: \xe9\n", "a.yaml:2: not UTF-8; save the file as UTF-8"),
        ("a: b\n".encode("utf-16"), "a.yaml:1: not UTF-8; save the file as UTF-8"),
    ],
)
def test_what_is_not_plain_nesting_is_refused(
    tmp_path: Path, text: str | bytes, expected: str
) -> None:
    _, faults = read_one(tmp_path, text)
    assert any(expected in fault for fault in faults), faults


def test_an_alias_is_refused_with_its_anchor(tmp_path: Path) -> None:
    _, faults = read_one(tmp_path, "a: &x [b]\nc:\n  - *x\n")
    assert faults == [
        "a.yaml:1: a: an anchor (&x) is not allowed; write it out",
        "a.yaml:3: c[0]: an alias (*x) is not allowed; write it out",
    ]


def test_a_merge_key_is_an_unknown_field_like_any_other(tmp_path: Path) -> None:
    write_rules(
        tmp_path, {"states/merge.yaml": "state: a\nname: A\nwhen: {sex: male}\n<<: {b: c}\n"}
    )
    assert complaints(tmp_path)[0].startswith("states/merge.yaml:4: <<: is not a field here;")


def test_lines_are_those_of_the_keys_and_items(tmp_path: Path) -> None:
    text = """\
finding: a
grades:
  - {grade: b,
     below: c}
  - grade: d

    above: >
      e
"""
    (tree,), _ = read_one(tmp_path, text)
    assert line_of(tree, ()) == 1
    assert line_of(tree, ("grades",)) == 2
    assert line_of(tree, ("grades", 0)) == 3
    assert line_of(tree, ("grades", 0, "below")) == 4
    assert line_of(tree, ("grades", 1, "above")) == 7
    assert line_of(tree, ("grades", 1, "missing")) == 5
    assert line_of(tree, ("grades", 7, "below")) == 2


def test_files_are_read_in_path_order_and_only_yaml(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/z.yaml", "a/notes.md", "c.yml", "README.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"state: {path.stem}\n")
    documents, faults = read_folder(tmp_path)
    assert faults == []
    assert [Path(each.file).name for each in documents] == ["z.yaml", "b.yaml"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    _, faults = read_folder(tmp_path / "rules")
    assert [fault.text for fault in faults] == ["there is no such folder of rules"]


def test_several_documents_of_a_file_know_their_own_lines(tmp_path: Path) -> None:
    documents, _ = read_one(tmp_path, "a: b\n---\nc: d\n---\n\ne: f\n")
    assert [tree.line for tree in documents] == [1, 3, 6]
