import pytest

from service.fhir.reasons import reason_of_priority, reason_of_strength
from service.record import Priority, Strength
from tests.fhir.assessed import KNOWLEDGE


@pytest.mark.parametrize(
    ("cause", "strength", "links", "expected"),
    [
        (
            "hyponatremia",
            "moderate",
            ["sodium-low"],
            "Evidence moderate: the rule sodium-low is moderate.",
        ),
        (
            "hyponatremia",
            "strong",
            ["sodium-low", "sodium-very-low"],
            "Evidence strong: the rule sodium-very-low is strong.",
        ),
        (
            "hyponatremia",
            "strong",
            ["sodium-very-low", "sodium-with-alcohol"],
            (
                "Evidence strong: the rule sodium-very-low is strong, raised one step by the rule "
                "sodium-with-alcohol."
            ),
        ),
        (
            "hyponatremia",
            "moderate",
            ["sodium-very-low", "sodium-chronic"],
            (
                "Evidence moderate: the rule sodium-very-low is strong, lowered one step by the "
                "rule sodium-chronic."
            ),
        ),
        (
            "hypocalcemia",
            "weak",
            ["calcium-low", "calcium-doubtful"],
            (
                "Evidence weak: the rule calcium-low is strong, lowered 2 steps by the rule "
                "calcium-doubtful."
            ),
        ),
        (
            "copper-deficiency",
            "moderate",
            ["copper-low-in-celiac"],
            (
                "Evidence moderate: the rule copper-low-in-celiac is strong, moderate is the most "
                "that this cause may reach."
            ),
        ),
    ],
)
def test_strength_is_explained_by_the_rules_that_made_it(
    cause: str, strength: Strength, links: list[str], expected: str
) -> None:
    fired = [KNOWLEDGE.links[link] for link in links]
    assert expected == reason_of_strength(cause, strength, fired, KNOWLEDGE)


def test_rules_of_an_absorbed_cause_have_no_part_in_the_strength() -> None:
    fired = [KNOWLEDGE.links[link] for link in ("calcium-low", "sodium-low", "sodium-with-alcohol")]
    said = reason_of_strength("hyponatremia", "strong", fired, KNOWLEDGE)
    assert said == (
        "Evidence strong: the rule sodium-low is moderate, raised one step by the rule "
        "sodium-with-alcohol."
    )


@pytest.mark.parametrize(
    ("priority", "strength", "critical", "signs", "expected"),
    [
        ("high", "weak", True, [], "a value among the evidence is critical by itself"),
        (
            "high",
            "strong",
            True,
            ["Myoclonus"],
            "a value among the evidence is critical by itself; Myoclonus is on file",
        ),
        (
            "high",
            "strong",
            False,
            ["Myoclonus"],
            "the evidence is strong, and Myoclonus is on file",
        ),
        ("medium", "strong", False, [], "the evidence is strong, and no jerks are on file"),
        (
            "medium",
            "moderate",
            False,
            ["Myoclonus", "Asterixis"],
            "the evidence is moderate, and Myoclonus and Asterixis are on file",
        ),
        ("low", "moderate", False, [], "the evidence is moderate, and no jerks are on file"),
        ("low", "weak", False, [], "the evidence is weak, and no jerks are on file"),
        (
            "low",
            "weak",
            False,
            ["Myoclonus"],
            "the evidence is weak, although Myoclonus is on file",
        ),
    ],
)
def test_priority_is_explained_by_what_made_it(
    priority: Priority, strength: Strength, critical: bool, signs: list[str], expected: str
) -> None:
    said = reason_of_priority(priority, strength, critical=critical, signs=signs, absorbed=[])
    assert f"Priority {priority}: {expected}." == said


def test_a_priority_above_its_own_evidence_is_that_of_an_absorbed_cause() -> None:
    said = reason_of_priority(
        "medium", "weak", critical=False, signs=[], absorbed=["Hypocalcemia", "Copper deficiency"]
    )
    assert said == "Priority medium: that of Hypocalcemia and Copper deficiency, told here too."
