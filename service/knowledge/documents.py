"""YAML files as trees of text that know their lines.

The events of the YAML parser are used and its idea of types is not, so that `no`,
`12:30`, `010` and `1e3` stay what their author wrote. What YAML offers beyond
plain nesting (anchors, aliases, tags, merges, duplicate keys) is refused: a rule must
read the same to a clinician as to the machine.
"""

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import yaml

from service.knowledge.faults import Fault, Path, spell

#: libyaml where PyYAML was built with it, for speed; both give the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: What an unquoted scalar may not be: YAML's words for nothing.
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


_Content = yaml.AliasEvent | yaml.ScalarEvent | yaml.SequenceStartEvent | yaml.MappingStartEvent


class Text(NamedTuple):
    """A scalar, on its line (from 1)."""

    value: str
    line: int


class Items(NamedTuple):
    """A list."""

    items: "list[Node]"
    line: int


class Fields(NamedTuple):
    """A mapping; `lines` holds the line of each key."""

    fields: "dict[str, Node]"
    lines: dict[str, int]
    line: int


Node = Text | Items | Fields


class Written(NamedTuple):
    """One YAML document of a rule file."""

    file: str
    tree: Fields


def read_folder(folder: FilePath) -> tuple[list[Written], list[Fault]]:
    """Every document of every *.yaml file below a folder, files in path order, and what is wrong.

    A file that is not UTF-8 or not YAML is a fault and gives no further documents.
    """
    documents: list[Written] = []
    faults: list[Fault] = []
    if not folder.is_dir():
        return [], [Fault(folder.as_posix(), 1, "", "there is no such folder of rules")]
    for file in sorted(path for path in folder.rglob("*.yaml") if path.is_file()):
        documents += read_file(file, faults)
    return documents, faults


def read_file(file: FilePath, faults: list[Fault]) -> list[Written]:
    """Every document of a file; what is wrong with it is added to `faults`."""
    documents: list[Written] = []
    read = _File(file.as_posix(), faults)
    try:
        documents.extend(read.documents(file.read_bytes().decode()))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        faults.append(Fault(read.file, line, "", "not UTF-8; save the file as UTF-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = " ".join(filter(None, (error.context, error.problem)))
        faults.append(Fault(read.file, mark.line + 1 if mark else 1, "", f"not YAML: {why}"))
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
        faults.append(Fault(read.file, 1, "", f"not YAML: {why}"))
    return documents


class _File:
    """One file while its events are being read."""

    def __init__(self, file: str, faults: list[Fault]) -> None:
        self.file = file
        self.faults = faults
        self.events: Iterator[Any] = iter(())

    def documents(self, text: str) -> Iterator[Written]:
        """The documents of the file; an empty one, or one that is no mapping, is a fault."""
        # As yaml.parse does it, without a generator's step for each of 60,000 events.
        self.events = iter(_LOADER(text).get_event, None)
        empty = True
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            empty = False
            node = self._node(next(self.events), ())
            if isinstance(node, Fields) and node.fields:
                yield Written(self.file, node)
            elif not isinstance(node, Text) or node.value:
                self._fault(node.line, (), "a document is `field: value` lines, one below another")
        if empty:
            self._fault(1, (), "the file is empty")

    def _node(self, event: _Content, path: Path) -> Node:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            self._fault(line, path, f"an alias (*{event.anchor}) is not allowed; write it out")
            return Text("?", line)
        if event.anchor is not None:
            self._fault(line, path, f"an anchor (&{event.anchor}) is not allowed; write it out")
        if event.tag is not None:
            self._fault(line, path, f"a tag ({event.tag}) is not allowed; leave it out")
        if isinstance(event, yaml.ScalarEvent):
            value = event.value
            if not value or (value in _NOTHING and not event.style):
                self._fault(line, path, "nothing is written here; give a value or leave it out")
            return Text(value, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(line, path)
        return self._fields(line, path)

    def _items(self, line: int, path: Path) -> Items:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return Items(items, line)

    def _fields(self, line: int, path: Path) -> Fields:
        fields: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._node(event, path)
            if not isinstance(key, Text):
                self._fault(key.line, path, "a field's name must be plain text")
                self._node(next(self.events), path)
                continue
            inner = (*path, key.value)
            if key.value in fields:
                why = f"written twice; the first is on line {lines[key.value]}"
                self._fault(key.line, inner, why)
            lines[key.value] = key.line
            fields[key.value] = self._node(next(self.events), inner)
        return Fields(fields, lines, line)

    def _fault(self, line: int, path: Path, text: str) -> None:
        self.faults.append(Fault(self.file, line, spell(path), text))


def line_of(tree: Node, path: Path) -> int:
    """The line of a field: of its key, or of the nearest part of its path that is written."""
    node: Node = tree
    line = tree.line
    for step in path:
        if isinstance(node, Fields) and isinstance(step, str) and step in node.fields:
            line = node.lines[step]
            node = node.fields[step]
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            line = node.line
        else:
            break
    return line
