"""From a document's tree of text to its frozen struct, with every fault of its shape.

The check walks the types of the rule language itself. msgspec would stop at the first
error and, told to read numbers from text, would take "010" for 10 and "1" for true.
"""

import difflib
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from service.knowledge.documents import Fields, Items, Node, Text, Written, line_of
from service.knowledge.faults import Fault, Path, spell
from service.knowledge.language import DOCUMENTS, Document
from service.knowledge.quantities import parse_whole

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
#: Kinds whose ids are written with underscores: they are names in formulas too.
_SNAKE_KINDS = frozenset({"analyte", "derived"})
_FAMILY = "drug-{agent}"

_Kind = TypeVar("_Kind", bound=msgspec.Struct)

#: What msgspec builds a struct from.
Plain = str | int | bool | None | list["Plain"] | dict[str, "Plain"]


class Placed(NamedTuple):
    """A document as its struct, and where it is written."""

    kind: str
    id: str
    document: Document
    written: Written

    def fault(self, path: Path, text: str) -> Fault:
        """A fault of this document, at the line of the field that `path` names."""
        return Fault(self.written.file, line_of(self.written.tree, path), spell(path), text)


def shape(written: Written, faults: list[Fault]) -> Placed | None:
    """The struct of a document; None, and its faults, where it has not the shape of its kind."""
    checked = _Shape(written, faults)
    kind = next(iter(written.tree.fields))
    if kind not in DOCUMENTS:
        checked.fault((kind,), f"the first field says what a document is; {_one_of(DOCUMENTS)}")
        return None
    before = len(faults)
    value = checked.value(written.tree, _type(kind), ())
    name = _name(checked, kind)
    if len(faults) > before:
        return None
    return Placed(kind, name, msgspec.convert(value, DOCUMENTS[kind]), written)


def shape_as(kind: type[_Kind], written: Written, faults: list[Fault]) -> _Kind | None:
    """The struct of a document of a kind that is no rule; None, and its faults, as above."""
    before = len(faults)
    value = _Shape(written, faults).value(written.tree, inspect.type_info(kind), ())
    return None if len(faults) > before else msgspec.convert(value, kind)


@cache
def _type(kind: str) -> inspect.Type:
    return inspect.type_info(DOCUMENTS[kind])


def _name(checked: "_Shape", kind: str) -> str:
    node = checked.written.tree.fields[kind]
    if not isinstance(node, Text):
        return ""
    snake = kind in _SNAKE_KINDS
    known = (_SNAKE if snake else _KEBAB).fullmatch(node.value)
    if not known and not (kind == "cause" and node.value == _FAMILY):
        like = "vitamin_b12" if snake else "celiac-disease"
        checked.fault((kind,), f'"{node.value}" is not an id; ids look like {like}')
    return node.value


class _Shape:
    """One document while its shape is being checked."""

    def __init__(self, written: Written, faults: list[Fault]) -> None:
        self.written = written
        self.faults = faults

    def fault(self, path: Path, text: str) -> None:
        line = line_of(self.written.tree, path)
        self.faults.append(Fault(self.written.file, line, spell(path), text))

    def value(self, node: Node, wanted: inspect.Type, path: Path) -> Plain:
        """What a node says, as the plain value that its type is built from."""
        kinds = wanted.types if isinstance(wanted, inspect.UnionType) else (wanted,)
        if isinstance(node, Text):
            for kind in kinds:
                if isinstance(kind, _SCALARS):
                    return self._scalar(node.value, kind, path)
        elif isinstance(node, Items):
            for kind in kinds:
                if isinstance(kind, inspect.VarTupleType | inspect.ListType):
                    inner = kind.item_type
                    return [self.value(n, inner, (*path, i)) for i, n in enumerate(node.items)]
        else:
            for kind in kinds:
                if isinstance(kind, inspect.StructType):
                    return self._struct(node, kind, path)
                if isinstance(kind, inspect.DictType):
                    inner = kind.value_type
                    return {k: self.value(n, inner, (*path, k)) for k, n in node.fields.items()}
        self.fault(path, f"must be {' or '.join(map(_describe, filter(_told, kinds)))}")
        return None

    def _scalar(self, text: str, wanted: inspect.Type, path: Path) -> Plain:
        if isinstance(wanted, inspect.LiteralType) and text not in wanted.values:
            self.fault(path, f'"{text}" is not allowed; {_one_of(filter(None, wanted.values))}')
        elif isinstance(wanted, inspect.BoolType):
            if text not in ("true", "false"):
                self.fault(path, f'"{text}" is not allowed; one of true, false')
            return text == "true"
        elif isinstance(wanted, inspect.IntType):
            try:
                return parse_whole(text)
            except ValueError as error:
                self.fault(path, str(error))
        return text

    def _struct(self, node: Fields, wanted: inspect.StructType, path: Path) -> dict[str, Plain]:
        fields = {field.name: field for field in wanted.fields}
        for name in node.fields.keys() - fields.keys():
            near = difflib.get_close_matches(name, fields, 1)
            hint = f"did you mean {near[0]}?" if near else _one_of(fields)
            self.fault((*path, name), f"is not a field here; {hint}")
        for field in wanted.fields:
            if field.required and field.name not in node.fields:
                self.fault((*path, field.name), "is missing")
        return {
            name: self.value(inner, fields[name].type, (*path, name))
            for name, inner in node.fields.items()
            if name in fields
        }


_SCALARS = (inspect.StrType, inspect.LiteralType, inspect.BoolType, inspect.IntType)


def _told(wanted: inspect.Type) -> bool:
    return not isinstance(wanted, inspect.NoneType)


def _describe(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.VarTupleType | inspect.ListType):
        return "a list"
    if isinstance(wanted, inspect.StructType | inspect.DictType):
        return "`field: value` pairs"
    return "one value"


def _one_of(words: Iterable[object]) -> str:
    return f"one of {', '.join(map(str, words))}"
