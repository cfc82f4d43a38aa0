"""Why not, in words."""

from collections.abc import Sequence

import pytest

from service.fhir.explanations import held, rules, sentence, unmet
from service.record import Criteria, Criterion, Explanation, NearLink, Problem, Source
from tests.fhir.sent import KNOWLEDGE

MYOCLONUS = Problem("myoclonus", Source("Condition", "Condition/1", "given"), "Myoclonus")


def absent(name: str, why: str = "is not on file") -> Criterion:
    return Criterion("absent", name, (), why)


def some(least: int, *parts: Criterion | Criteria, why: str = "", ok: bool = False) -> Criteria:
    return Criteria(ok, least, parts, "", why)


COPPER, ZINC, LEAD = (absent(name, "was not measured") for name in ("Copper", "Zinc", "Lead"))
CELIAC, CROHN = absent("Celiac disease"), absent("Crohn disease")
JERKS = Criterion("held", "", (MYOCLONUS,))
TOO_OLD = Criterion("short", "Age 68 y", (), "is not under 2 y")
DROWN = Criterion("short", "", (MYOCLONUS,), "is no longer active")


def lacks(when: Criterion | Criteria) -> str:
    return unmet(when, KNOWLEDGE)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (COPPER, "copper was not measured"),
        (CELIAC, "Celiac disease is not on file"),
        (TOO_OLD, "age 68 y is not under 2 y"),
        (some(2, COPPER, JERKS), "copper was not measured"),
        (some(2, COPPER, CELIAC), "copper was not measured; Celiac disease is not on file"),
        (some(1, COPPER, ZINC), "neither copper nor zinc was measured"),
        (some(1, CELIAC, CROHN), "neither Celiac disease nor Crohn disease is on file"),
        (some(1, COPPER, ZINC, LEAD), "none of copper, zinc and lead was measured"),
        (
            some(1, COPPER, CELIAC),
            "copper was not measured; Celiac disease is not on file (either would do)",
        ),
        (
            some(2, COPPER, ZINC, LEAD),
            "copper was not measured; zinc was not measured; lead was not measured (2 would do)",
        ),
        (
            some(2, COPPER, ZINC, JERKS),
            "copper was not measured; zinc was not measured (either would do)",
        ),
        (
            some(2, TOO_OLD, some(1, COPPER, CELIAC)),
            (
                "age 68 y is not under 2 y; "
                "[copper was not measured; Celiac disease is not on file (either would do)]"
            ),
        ),
        (
            some(2, TOO_OLD, some(1, COPPER, ZINC)),
            "age 68 y is not under 2 y; neither copper nor zinc was measured",
        ),
        (
            some(2, JERKS, JERKS, why="the results were not drawn within 24 h of each other"),
            "the results were not drawn within 24 h of each other",
        ),
        (DROWN, "Myoclonus is no longer active"),
    ],
)
def test_what_lacks_is_said_in_a_sentence(when: Criterion | Criteria, words: str) -> None:
    assert lacks(when) == words


def test_two_limits_of_one_result_are_told_of_it_once() -> None:
    below = Criterion("short", "", (MYOCLONUS,), "is not below 135 mmol/L (3 above)")
    lower = Criterion("short", "", (MYOCLONUS,), "is not below 130 mmol/L (8 above)")
    said = lacks(some(1, below, lower))
    assert said == "myoclonus is not below 135 mmol/L (3 above), nor below 130 mmol/L (8 above)"


def test_units_are_told_as_people_write_them() -> None:
    off = Criterion("short", "eGFR", (), "is not below 15 mL/min/{1.73_m2} (3.8 above)")
    assert lacks(off) == "eGFR is not below 15 mL/min/1.73 m2 (3.8 above)"


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (JERKS, ["Myoclonus"]),
        (COPPER, []),
        (some(1, COPPER, JERKS), ["Myoclonus"]),
        (some(2, JERKS, some(1, JERKS, COPPER)), ["Myoclonus"]),
    ],
)
def test_what_holds_is_told_once(when: Criterion | Criteria, words: Sequence[str]) -> None:
    assert held(when, KNOWLEDGE) == words


def link(when: Criterion | Criteria, **more: object) -> NearLink:
    usual: dict[str, object] = {"held": False, "effect": "supports", "strength": "weak"}
    return NearLink("a-rule", 1, when=when, **(usual | more))  # type: ignore[arg-type]


def explanation(*links: NearLink, **more: object) -> Explanation:
    return Explanation("x", "Copper deficiency", links=links, links_in_all=1, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (explanation(link(COPPER)), "Copper deficiency not named: copper was not measured."),
        (explanation(strength="weak"), "Copper deficiency named, weak."),
        (
            explanation(strength="weak", within="Malabsorption"),
            "Copper deficiency: told within Malabsorption, its likely origin.",
        ),
        (
            explanation(link(COPPER, shadow=True)),
            "Copper deficiency not named: no rule that is in force could name it.",
        ),
        (
            explanation(link(COPPER, effect="against", strength=None)),
            "Copper deficiency not named: no rule that is in force could name it.",
        ),
    ],
)
def test_what_became_of_a_cause_is_one_sentence(one: Explanation, words: str) -> None:
    assert sentence(one, KNOWLEDGE) == words


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            explanation(link(some(2, COPPER, JERKS))),
            ["Rule a-rule, which would name it (weak). Holds: Myoclonus."],
        ),
        (
            explanation(
                link(some(2, TOO_OLD, JERKS), effect="strengthens", strength=None), strength="weak"
            ),
            [
                (
                    "Rule a-rule, which would raise it. Holds: Myoclonus. "
                    "Does not hold: age 68 y is not under 2 y."
                )
            ],
        ),
        (
            explanation(link(JERKS, held=True), link(COPPER, shadow=True)),
            [
                "Rule a-rule, which would name it (weak), and holds. Holds: Myoclonus.",
                (
                    "Rule a-rule, which would name it (weak) were it not in shadow. "
                    "Does not hold: copper was not measured."
                ),
            ],
        ),
        (explanation(), []),
    ],
)
def test_each_rule_tells_what_it_would_do_and_how_it_stands(
    one: Explanation, said: list[str]
) -> None:
    assert list(rules(one, KNOWLEDGE)) == said
