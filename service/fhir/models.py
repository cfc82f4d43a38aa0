"""What the models of fhir.resources say of FHIR's elements, for each release."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from fhir import resources
from fhir.resources import R4B, STU3
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from fhir_core.types import Integer64

from service.fhir.resource_types import KNOWN

Model = type[FHIRAbstractModel]


class Models(NamedTuple):
    """The models of a release, by their resource's type, and the release that they really are."""

    find: Callable[[str], Model]
    name: str


#: By release. There are none of R4 (4.0.1) itself.
MODELS = {
    "3.0": Models(STU3.get_fhir_model_class, "STU3"),
    "4.0": Models(R4B.get_fhir_model_class, "R4B"),
    "4.3": Models(R4B.get_fhir_model_class, "R4B"),
    "5.0": Models(resources.get_fhir_model_class, "R5"),
}


class Element(NamedTuple):
    """What a model says of an element. `choice` is the name that it shares with other types."""

    many: bool
    kind: type
    model: Model | None
    choice: str


class Shape(NamedTuple):
    """What a model says of its elements, by their names in JSON.

    `required` are those that must be there; `choices` are those of which one may be there, or
    where it says so must be, by the name that they share.
    """

    elements: dict[str, Element]
    required: list[str]
    choices: dict[str, tuple[list[str], bool]]


def model_of(kind: str, release: str) -> Model | None:
    """The model of a resource type; None where the release has no such type."""
    try:
        return MODELS[release].find(kind) if kind in KNOWN else None
    except ValueError:
        return None


@cache
def shape_of(model: Model) -> Shape:
    """What a model says of its elements."""
    elements = {}
    required = []
    choices: dict[str, tuple[list[str], bool]] = {}
    for name, field in model.model_fields.items():
        called = field.alias or name
        about = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        choice = str(about.get("one_of_many") or "")
        elements[called] = _element(field.annotation)._replace(choice=choice)
        if choice:
            names, _ = choices.setdefault(choice, ([], bool(about.get("one_of_many_required"))))
            names.append(called)
        elif field.is_required() or about.get("element_required"):
            required.append(called)
    return Shape(elements, required, choices)


def _element(annotation: Any) -> Element:  # noqa: ANN401 - whatever the model says
    if hasattr(annotation, "get_model_klass"):
        return Element(False, dict, annotation.get_model_klass(), "")
    inner = [one for one in get_args(annotation) if one is not type(None)]
    if get_origin(annotation) is list:
        return _element(inner[0])._replace(many=True)
    if get_origin(annotation) is Annotated:
        # FHIR's JSON writes it as text, since some readers lose digits of large numbers.
        is_text = any(isinstance(one, Integer64) for one in inner[1:])
        return Element(False, str if is_text else _element(inner[0]).kind, None, "")
    if inner:
        return _element(inner[0])
    numbers = {int: Decimal, Decimal: Decimal, bool: bool}
    return Element(False, numbers.get(annotation, str), None, "")
