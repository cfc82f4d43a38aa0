from typing import Any

import pytest
from msgspec.structs import replace

from service.knowledge.language import Condition, Link
from service.knowledge.model import Knowledge
from service.knowledge.redundancy import redundant

SODIUM = Condition(finding="hyponatremia")
SEVERE = Condition(finding="hyponatremia", at_least="severe")
COPPER = Condition(finding="hypocupremia")


def link(name: str, when: Condition, **more: Any) -> Link:  # noqa: ANN401 - fields of all kinds
    usual = {"cause": "hyponatremia", "strength": "moderate", "because": "b"}
    return Link(link=name, when=when, references=(), speaks_against="", **(usual | more))


def found(small: Knowledge, *links: Link) -> list[tuple[str, str]]:
    return list(redundant(replace(small, links={each.link: each for each in links})))


def test_a_narrower_link_that_says_no_more_is_redundant(small: Knowledge) -> None:
    assert found(small, link("a", SEVERE), link("b", SODIUM)) == [("a", "b")]
    assert found(small, link("a", SEVERE, strength="weak"), link("b", SODIUM)) == [("a", "b")]


def test_of_two_that_say_the_same_one_is_redundant(small: Knowledge) -> None:
    assert found(small, link("a", SODIUM), link("b", SODIUM)) == [("b", "a")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (link("a", SEVERE, strength="strong"), link("b", SODIUM)),
        (link("a", COPPER), link("b", SEVERE)),
        (link("a", SEVERE, cause="copper-deficiency"), link("b", SODIUM)),
        (link("a", SEVERE, cause=("hyponatremia", "copper-deficiency")), link("b", SODIUM)),
        (link("a", SEVERE, status="shadow"), link("b", SODIUM)),
        (link("a", SEVERE), link("b", SODIUM, status="shadow")),
        (link("a", SEVERE), link("b", SODIUM, status="retired")),
        (link("a", SEVERE, upstream_of=("copper-deficiency",)), link("b", SODIUM)),
        (link("a", SEVERE), link("b", SODIUM, subsumed_by="copper-deficiency")),
        (link("a", SEVERE, strength=None, strengthens=1), link("b", SODIUM)),
        (link("a", SEVERE, strength=None, against=1), link("b", SODIUM)),
        (link("a", SEVERE), link("b", SODIUM, strength=None, strengthens=1)),
        (link("a", Condition(all=(SODIUM, COPPER))), link("b", COPPER)),
    ],
)
def test_a_link_that_may_matter_is_not_redundant(small: Knowledge, one: Link, other: Link) -> None:
    assert found(small, one, other) == []


def test_a_finding_that_is_never_dangerous_does_not_matter_beside_another(
    small: Knowledge,
) -> None:
    both = link("a", Condition(all=(SODIUM, COPPER)))
    assert found(small, both, link("b", SODIUM)) == [("a", "b")]
