"""Conditions and limits as sentences."""

from collections.abc import Iterator

import pytest
from msgspec import structs

from service.knowledge import prose
from service.knowledge.language import Condition, Link, State
from service.knowledge.model import Knowledge


def changed(said: Condition) -> Iterator[Condition]:
    """The condition with one deciding field changed, for each field at any depth."""
    for field in said.__struct_fields__:
        value = getattr(said, field)
        if isinstance(value, str) and value:
            other = "male" if value == "female" else f"{value}-another"
            if field == "count_distinct":
                other = value.replace("2", "3").replace("1", "2")
            yield structs.replace(said, **{field: other})
        elif field == "including" and value:
            yield structs.replace(said, including=())
        elif value:
            yield structs.replace(said, **{field: value[1:]})
            for i, part in enumerate(value):
                for one in changed(part):
                    yield structs.replace(said, **{field: (*value[:i], one, *value[i + 1 :])})


def test_whatever_decides_in_a_link_stands_in_its_prose(shipped: Knowledge) -> None:
    tried = 0
    rules: list[Link | State] = [*shipped.links.values(), *shipped.states.values()]
    for when in (rule.when for rule in rules):
        said = prose.condition(when, shipped)
        for other in changed(when):
            tried += 1
            assert prose.condition(other, shipped) != said, other

    assert tried > 500


def test_whatever_decides_in_a_finding_stands_in_its_prose(shipped: Knowledge) -> None:
    for finding in shipped.findings.values():
        said = prose.grades(finding, shipped)
        for i, grade in enumerate(finding.grades):
            (field,) = [
                f for f in ("below", "at_or_below", "above", "at_or_above") if getattr(grade, f)
            ]
            limit = getattr(grade, field)
            flipped = {"below": "at_or_below", "above": "at_or_above"}.get(field) or field[6:]
            others = [
                structs.replace(grade, grade="another"),
                structs.replace(grade, critical=not grade.critical),
                structs.replace(grade, age="under 99 y"),
                structs.replace(grade, **{field: "", flipped: limit}),
                structs.replace(grade, **{field: "7 x reference"}),
            ]
            for other in others:
                grades = (*finding.grades[:i], other, *finding.grades[i + 1 :])
                assert prose.grades(structs.replace(finding, grades=grades), shipped) != said


@pytest.mark.parametrize(
    ("text", "analyte", "said"),
    [
        ("0.7 mmol/L | 1.7 mg/dL", "magnesium", "0.7 mmol/L or 1.7 mg/dL"),
        ("50 ug/dL", "copper", "50 ug/dL (7.87 umol/L, converted)"),
        ("1000 pmol/L", "vitamin_b12", "1000 pmol/L (1360 pg/mL, converted)"),
        ("50 mm[Hg]", "pco2", "50 mm[Hg] (6.67 kPa, converted)"),
        ("40 U/L", "alt", "40 U/L"),
        ("3 x reference", "alt", "3 times the bound of the reference interval"),
    ],
)
def test_a_limit_is_told_in_both_systems(
    text: str, analyte: str, said: str, shipped: Knowledge
) -> None:
    assert prose.limit(text, analyte, shipped) == said


def test_a_finding_is_told_with_the_limit_from_which_it_counts(shipped: Knowledge) -> None:
    said = prose.condition(Condition(finding="hyponatremia", at_least="moderate"), shipped)

    assert said == (
        "Hyponatremia, moderate or worse (sodium below 130 mmol/L) [finding hyponatremia]"
    )
