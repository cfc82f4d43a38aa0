"""Strict handling: every resource of a request is valid FHIR, or nothing of it is read.

The models are those of fhir.resources for the release that the request is in; for R4 those of
R4B (4.3.0). They do not know codes, profiles or most invariants. They take text for a number or
a flag, and tell what is missing only where nothing beside it is wrong: both is found here, by
what they say of their elements. A resource is validated without those inside of it, each of
which is validated by itself: so every path is exact, and one problem hides no other.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from pydantic import ValidationError

from service.fhir.issues import Issues, Refused
from service.fhir.models import MODELS, Element, Model, Shape, model_of, shape_of
from service.fhir.releases import RELEASES, USUAL
from service.fhir.resource_types import KNOWN

#: The way to an element below its resource: names as JSON has them, and places in lists.
Way = tuple[str | int, ...]


class Problem(NamedTuple):
    """What can be wrong with an element: an issue-type, and a sentence without its value.

    "{}" in the sentence is the release.
    """

    code: str
    text: str


class Sifted(NamedTuple):
    """What came up in a resource's JSON: the resources inside of it, and problems."""

    inside: list[tuple[Way, Any]]
    problems: list[tuple[Way, Problem]]


_MISSING = Problem("required", "The element is required and is not there.")
_UNKNOWN = Problem("structure", "FHIR {} has no such element here.")
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
    "The value is not written as FHIR {} has it: a date is YYYY, YYYY-MM or YYYY-MM-DD, a time "
    "of day has seconds and with a date a time zone, a text is not empty, and a number keeps to "
    "the limits of its type.",
)
_OTHER = Problem("invalid", "The element is not valid in FHIR {}.")
_NO_TYPE = Problem("required", "This has no resourceType, so it is no resource.")
_NO_MODEL = Problem("code-invalid", "The resourceType is none of FHIR {}.")

#: Beginnings of pydantic's error types. Its messages may quote the value and are never told.
_PROBLEMS = {
    "extra_forbidden": _UNKNOWN,
    **dict.fromkeys(("bool_", "int_", "string_type", "list_type", "json_"), _KIND),
    **dict.fromkeys(("value_error", "string_", "date", "time", "greater_", "less_"), _FORM),
}

#: What the models tell of elements that are missing or there in several types, which is found
#: without them.
_PRESENCE = {"missing", "model_field_validation.missing"}
_OF_A_CHOICE = re.compile(r"from this list \['\w+'")

#: Elements that hold a resource; elsewhere their names mean something else.
_HOLDERS = {"Bundle": {"resource", "outcome"}, "Parameters": {"resource"}}
_HOLDERS_SINCE_R5 = {"Bundle": {"issues"}}

_NAME = re.compile(r"[A-Za-z]{1,64}")

#: Beyond what a float can hold.
_LARGEST_EXPONENT = 400


class _Object(dict[str, Any]):
    """A JSON object that knows which names it was sent more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = Counter(name for name, _ in pairs) if len(pairs) > len(self) else {}
        self.twice = [name for name, times in names.items() if times > 1]


def check(body: bytes, release: str = USUAL) -> None:
    """Refuse a request, a resource as JSON, unless it and all resources in it are valid.

    Refused holds every problem that was found, with 400, which is FHIR's for its basic rules.
    """
    issues = Issues()
    told = RELEASES[release].name
    sent = json.loads(body, object_pairs_hook=_Object, parse_float=_number, parse_int=_number)
    root = str(sent.get("resourceType"))
    waiting = [(root if root in KNOWN else "", sent)]
    while waiting:
        expression, resource = waiting.pop()
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        model = model_of(kind, release) if isinstance(kind, str) else None
        if not model:
            problem = _NO_MODEL if isinstance(kind, str) else _NO_TYPE
            issues.error(problem.code, problem.text.format(MODELS[release].name), expression)
            continue
        found = Sifted([], [])
        alone = _sift(resource, (), _holders(str(kind), release), found)
        for way, problem in (*found.problems, *_problems(alone, model)):
            issues.error(problem.code, problem.text.format(told), expression + _spelled(way, model))
        waiting += [(expression + _spelled(way, model), one) for way, one in found.inside]
    if refused := issues.told():
        raise Refused(400, refused)


def _number(text: str) -> Decimal | float:
    try:
        exact = Decimal(text)
    except InvalidOperation:  # more digits of exponent than Decimal has
        return float(text)
    # Where an integer belongs, the models would write all its digits out. As a float it is
    # infinite, which no element may be, or zero.
    return exact if abs(exact.adjusted()) <= _LARGEST_EXPONENT else float(text)


def _holders(kind: str, release: str) -> set[str]:
    later = _HOLDERS_SINCE_R5.get(kind, set()) if release >= "5" else set()
    return _HOLDERS.get(kind, set()) | later


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


def _problems(resource: dict[str, Any], model: Model) -> Iterator[tuple[Way, Problem]]:
    yield from _misshapen(resource, model, ())
    try:
        model.model_validate(resource)
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False, include_input=False):
            kind = error["type"]
            if not (kind in _PRESENCE or _OF_A_CHOICE.search(error["msg"])):
                way = error["loc"]
                ours = way[-1:] in {("root",), ("resource_type",)}
                yield (way[:-1], _KIND) if ours else (way, _problem(kind))


def _problem(kind: str) -> Problem:
    return next((_PROBLEMS[one] for one in _PROBLEMS if kind.startswith(one)), _OTHER)


def _misshapen(sent: dict[str, Any], model: Model, way: Way) -> Iterator[tuple[Way, Problem]]:
    """What is missing, there in several types, or of another JSON type than it has.

    The last is taken out: the models make something of much of it, and fail on some.
    """
    shape = shape_of(model)
    yield from (((*way, name), problem) for name, problem in _absent(sent, shape))
    for name, value in list(sent.items()):
        if value is None or not (element := shape.elements.get(name)):
            continue
        if element.many is not isinstance(value, list):
            yield (*way, name), _KIND
            del sent[name]
        elif isinstance(value, list):
            yield from _misshapen_list(value, element, (*way, name))
        elif _kind(value) is not element.kind:
            yield (*way, name), _KIND
            del sent[name]
        elif element.model:
            yield from _misshapen(value, element.model, (*way, name))


def _absent(sent: dict[str, Any], shape: Shape) -> Iterator[tuple[str, Problem]]:
    """What is missing, or there in several types."""
    for name in shape.required:
        if not _is_there(sent, name):
            yield name, _MISSING
    for names, required in shape.choices.values():
        if sum(sent.get(name) is not None for name in names) > 1:
            yield names[0], _SEVERAL
        elif required and not any(_is_there(sent, name) for name in names):
            yield names[0], _MISSING


def _misshapen_list(sent: list[Any], element: Element, way: Way) -> Iterator[tuple[Way, Problem]]:
    """As above. A null keeps the place of an extension; a null where an object belongs is wrong.

    What is taken out leaves its place, so that the others keep theirs.
    """
    is_beside = str(way[-1]).startswith("_")
    for i, one in enumerate(sent):
        if one is None and (is_beside or not element.model):
            continue
        if one is None or _kind(one) is not element.kind:
            yield (*way, i), _KIND
            sent[i] = {} if element.model and not is_beside else None
        elif element.model:
            yield from _misshapen(one, element.model, (*way, i))


def _is_there(sent: Mapping[str, Any], name: str) -> bool:
    """Whether an element has a value, or extensions that say why it has none."""
    beside = sent.get(f"_{name}")
    return sent.get(name) is not None or (
        isinstance(beside, dict) and bool(beside.get("extension"))
    )


def _kind(value: object) -> type:
    """A JSON type."""
    for kind in (bool, str, list, dict):
        if isinstance(value, kind):
            return kind
    return Decimal


def _spelled(way: Way, model: Model | None) -> str:
    """The way in FHIRPath: value[x] is "value". A name that can be no element's is left out."""
    path = ""
    for step in way:
        if isinstance(step, int):
            path += f"[{step}]"
            continue
        element = shape_of(model).elements.get(step) if model else None
        name = (element and element.choice) or step.removeprefix("_")
        if not _NAME.fullmatch(name):
            break
        path += f".{name}"
        model = element and element.model
    return path
