"""Strict handling: every resource of a request is valid FHIR R4, or nothing of it is read.

The models are those of fhir.resources for R4B (4.3.0). They do not know codes, profiles or
most invariants, and take text for a number or a flag; that last is found here. A resource is
validated without those inside of it, each of which is validated by itself: so every path is
exact, and one problem does not hide another resource's.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple, get_args

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from service.fhir.issues import Issues, Refused
from service.fhir.resource_types import KNOWN

#: The way to an element below its resource: names as JSON has them, and places in lists.
Way = tuple[str | int, ...]
Model = type[FHIRAbstractModel]


class Problem(NamedTuple):
    """What can be wrong with an element: an issue-type, and a sentence without its value."""

    code: str
    text: str


class Sifted(NamedTuple):
    """What came up in a resource's JSON: the resources inside of it, and problems."""

    inside: list[tuple[Way, Any]]
    problems: list[tuple[Way, Problem]]


_MISSING = Problem("required", "The element is required and is not there.")
_UNKNOWN = Problem("structure", "FHIR R4 has no such element here.")
_TWICE = Problem("structure", "The JSON object has this name more than once.")
_EMPTY = Problem("structure", "The element is null or empty, which FHIR's JSON never is.")
_SEVERAL = Problem("structure", "The element is there in several types; it has one at a time.")
_KIND = Problem(
    "structure",
    "The JSON type is another than this element has: text, a number, true or false, an object "
    "or a list.",
)
_FORM = Problem(
    "value",
    "The value is not written as FHIR R4 has it: a date is YYYY, YYYY-MM or YYYY-MM-DD, a time "
    "of day has seconds and with a date a time zone, a text is not empty, and a number keeps to "
    "the limits of its type.",
)
_OTHER = Problem("invalid", "The element is not valid in FHIR R4.")
_NO_TYPE = Problem("required", "This has no resourceType, so it is no resource.")
_NO_MODEL = Problem("code-invalid", "The resourceType is none of FHIR R4B.")

#: Beginnings of pydantic's error types. Its messages may quote the value and are never told.
_PROBLEMS = {
    "missing": _MISSING,
    "model_field_validation.missing": _MISSING,
    "extra_forbidden": _UNKNOWN,
    **dict.fromkeys(("bool_", "int_", "string_type", "list_type", "json_"), _KIND),
    **dict.fromkeys(("value_error", "string_", "date", "time", "greater_", "less_"), _FORM),
}
_OF_A_CHOICE = re.compile(r"from this list \['(\w+)'")

#: Elements that hold a resource; elsewhere their names mean something else.
_HOLDERS = {"Bundle": {"resource", "outcome"}, "Parameters": {"resource"}}
_NAME = re.compile(r"[A-Za-z]{1,64}")


class _Object(dict[str, Any]):
    """A JSON object that knows which names it was sent more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = Counter(name for name, _ in pairs) if len(pairs) > len(self) else {}
        self.twice = [name for name, times in names.items() if times > 1]


def check(body: bytes) -> None:
    """Refuse a request, a resource as JSON, unless it and all resources in it are valid.

    Refused holds every problem that was found, with 400, which is FHIR's for its basic rules.
    That an element is missing may come to light only once those beside it are right.
    """
    issues = Issues()
    sent = json.loads(body, object_pairs_hook=_Object, parse_float=_number, parse_int=_number)
    root = str(sent.get("resourceType"))
    waiting = [(root if root in KNOWN else "", sent)]
    while waiting:
        expression, resource = waiting.pop()
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        model = _model(kind) if isinstance(kind, str) else None
        if not model:
            problem = _NO_MODEL if isinstance(kind, str) else _NO_TYPE
            issues.error(*problem, expression)
            continue
        found = Sifted([], [])
        alone = _sift(resource, (), _HOLDERS.get(str(kind), set()), found)
        _as_text(alone, model)
        for way, problem in (*found.problems, *_problems(alone, model)):
            issues.error(*problem, expression + _spelled(way, model))
        waiting += [(expression + _spelled(way, model), one) for way, one in found.inside]
    if told := issues.told():
        raise Refused(400, told)


def _number(text: str) -> Decimal | float:
    try:
        return Decimal(text)
    except InvalidOperation:
        # More digits of exponent than Decimal has: infinite, which no element may be.
        return float(text)


def _model(kind: str) -> Model | None:
    try:
        return get_fhir_model_class(kind) if kind in KNOWN else None
    except ValueError:
        return None


def _sift(element: Any, way: Way, holders: set[str], found: Sifted) -> Any:  # noqa: ANN401 - JSON
    """The element without resources inside of it and without names that FHIR never has.

    No name in FHIR has an underscore inside; the models have such names in Python and take them.
    """
    if isinstance(element, list):
        return [_sift(one, (*way, i), holders, found) for i, one in enumerate(element)]
    if not isinstance(element, _Object):
        return element
    found.problems.extend(((*way, name), _TWICE) for name in element.twice)
    kept: dict[str, Any] = {}
    for name, value in element.items():
        here = (*way, name)
        if name == "contained" and isinstance(value, list) and value:
            found.inside.extend(((*here, i), one) for i, one in enumerate(value))
        elif name in holders and isinstance(value, dict):
            found.inside.append((here, value))
        elif "_" in name[1:]:
            found.problems.append((here, _UNKNOWN))
        else:
            if value is None or value in ({}, []):
                found.problems.append((here, _EMPTY))
            kept[name] = _sift(value, here, holders, found)
    return kept


def _as_text(element: Any, model: Model) -> None:  # noqa: ANN401 - JSON
    """Makes texts in the places of objects texts that are no JSON: the models would read it."""
    parts = _parts(model)
    for name in element.keys() & parts.keys() if isinstance(element, dict) else ():
        value = element[name]
        if isinstance(value, str):
            element[name] = "text"
        elif isinstance(value, list):
            element[name] = ["text" if isinstance(one, str) else one for one in value]
            for one in value:
                _as_text(one, parts[name])
        else:
            _as_text(value, parts[name])


def _problems(resource: Mapping[str, Any], model: Model) -> Iterator[tuple[Way, Problem]]:
    try:
        understood = model.model_validate(resource)
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False, include_input=False):
            yield _problem(error["type"], error["loc"], error["msg"])
    except Exception:  # noqa: BLE001 - the models fail in many ways on JSON that they do not expect
        yield from _culprits(resource, model)
    else:
        yield from _converted(resource, understood, ())


def _culprits(resource: Mapping[str, Any], model: Model) -> Iterator[tuple[Way, Problem]]:
    """The elements on which a model fails, rather than say what is wrong with them."""
    culprits = []
    for name, value in resource.items():
        try:
            model.model_validate({name: value})
        except ValidationError:
            continue
        except Exception:  # noqa: BLE001 - as above
            culprits.append(name)
    yield from (((name,), _KIND) for name in culprits)
    if not culprits:
        yield (), _OTHER


def _problem(kind: str, way: Way, message: str) -> tuple[Way, Problem]:
    if choice := _OF_A_CHOICE.search(message):
        return (*way, choice[1]), _SEVERAL if message.endswith("multiple!") else _MISSING
    if way[-1:] in {("root",), ("resource_type",)}:
        return way[:-1], _KIND
    return way, next((_PROBLEMS[one] for one in _PROBLEMS if kind.startswith(one)), _OTHER)


def _converted(sent: Any, understood: Any, way: Way) -> Iterator[tuple[Way, Problem]]:  # noqa: ANN401 - JSON
    """Where a model took one JSON type for another, such as "5" for a number."""
    if _kind(sent) is not _kind(understood):
        yield way, _KIND
    elif isinstance(sent, list):
        for i, (one, other) in enumerate(zip(sent, understood, strict=True)):
            yield from _converted(one, other, (*way, i))
    elif isinstance(sent, dict):
        model: Model = type(understood)
        fields = _fields(model)
        for name in sent.keys() & fields.keys():
            value = getattr(understood, fields[name][0])
            yield from _converted(sent[name], value, (*way, name))


def _kind(value: object) -> type:
    """A JSON type; dates, addresses and bytes are text there."""
    for kind in (bool, list, type(None)):
        if isinstance(value, kind):
            return kind
    if isinstance(value, Decimal | int | float):
        return Decimal
    return dict if isinstance(value, dict | FHIRAbstractModel) else str


def _spelled(way: Way, model: Model | None) -> str:
    """The way in FHIRPath: value[x] is "value". A name that can be no element's is left out."""
    path = ""
    for step in way:
        if isinstance(step, int):
            path += f"[{step}]"
            continue
        field = _fields(model).get(step, ("", None))[1] if model else None
        choice = (
            field
            and isinstance(field.json_schema_extra, dict)
            and field.json_schema_extra.get("one_of_many")
        )
        name = str(choice or step.removeprefix("_"))
        if not _NAME.fullmatch(name):
            break
        path += f".{name}"
        model = field and _inner(field.annotation)
    return path


@cache
def _fields(model: Model) -> dict[str, tuple[str, FieldInfo]]:
    """A model's fields and their names in Python, by their names in JSON."""
    return {field.alias or name: (name, field) for name, field in model.model_fields.items()}


@cache
def _parts(model: Model) -> dict[str, Model]:
    """The models of a model's elements that are objects, by the elements' names in JSON."""
    found = {name: _inner(field.annotation) for name, (_, field) in _fields(model).items()}
    return {name: inner for name, inner in found.items() if inner}


def _inner(annotation: Any) -> Model | None:  # noqa: ANN401 - whatever the model says
    """The model of a field's elements, None where they are primitive."""
    if hasattr(annotation, "get_model_klass"):
        model: Model = annotation.get_model_klass()
        return model
    return next(filter(None, map(_inner, get_args(annotation))), None)
