"""What the models say of elements is what they hold a resource to."""

from collections.abc import Iterator

import pytest

from service.fhir.models import MODELS, Model, model_of, shape_of
from service.fhir.releases import RELEASES
from service.fhir.resource_types import READ


def _all_models(release: str) -> Iterator[Model]:
    """The models of all resources that are read, and of what is in them."""
    seen: set[Model] = set()
    waiting = [model for kind in sorted(READ) if (model := model_of(kind, release))]
    while waiting:
        model = waiting.pop()
        if model not in seen:
            seen.add(model)
            yield model
            waiting += [one.model for one in shape_of(model).elements.values() if one.model]


@pytest.mark.parametrize("release", MODELS)
def test_required_elements_and_choices_are_those_that_the_models_ask_for(release: str) -> None:
    models = list(_all_models(release))

    for model in models:
        names = {name: field.alias or name for name, field in model.model_fields.items()}
        # They need no resource, but are methods.
        asks = model.model_construct()
        required = {name for name, _ in asks.get_required_fields()}
        required |= {names[name] for name, one in model.model_fields.items() if one.is_required()}
        choices = asks.get_one_of_many_fields()
        shape = shape_of(model)
        assert set(shape.required) == required, model
        assert {one: set(many) for one, (many, _) in shape.choices.items()} == {
            one: {names[name] for name in many} for one, many in choices.items()
        }, model
    assert len(models) > 30


def test_every_release_that_is_read_has_models_of_all_types_that_are_read() -> None:
    assert MODELS.keys() == RELEASES.keys()
    for release in RELEASES:
        assert all(model_of(kind, release) for kind in READ)


@pytest.mark.parametrize(
    ("kind", "release"),
    [("Sequence", "4.0"), ("Ingredient", "3.0"), ("MedicinalProduct", "4.0"), ("Bundel", "5.0")],
)
def test_a_type_that_a_release_does_not_have_has_no_model(kind: str, release: str) -> None:
    assert model_of(kind, release) is None
