"""The runner of the tests beside the rules: it must fail where they do."""

import pytest

from service.engine import Engine
from service.engine.rule_tests import run
from service.evaluation import Site
from service.knowledge.model import Knowledge
from tests.engine.small import link, linked, rules

NAMES = "cause: hyponatremia\nstrength: strong"
IF_LOW = "{finding: hyponatremia}"


def failures(knowledge: Knowledge) -> list[str]:
    with Engine(knowledge) as engine:
        return [str(failure) for failure in run(engine)]


def tried(
    given: str, expect: str, effect: str = NAMES, when: str = IF_LOW, *others: str, more: str = ""
) -> list[str]:
    """The failures of one test beside one link, in one rule set with others."""
    tests = f"tests:\n  - given: {given}\n    expect: {expect}\n{more}"
    return failures(linked(link("tried", effect, when, tests), *others))


def test_the_shipped_rules_pass_their_own_tests(site: Site) -> None:
    assert [str(failure) for failure in run(site.engine)] == []


def test_the_shipped_rules_have_tests_that_fire_and_more_that_do_not(site: Site) -> None:
    expected = [test.expect for link in site.knowledge.links.values() for test in link.tests]
    silent = [each for each in expected if each in {"none", "indeterminate"}]
    assert len(silent) > len(expected) - len(silent) > 100


def test_a_rule_set_without_tests_passes() -> None:
    assert failures(rules()) == []


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("{sodium: 118 mmol/L}", "{cause: hyponatremia, strength: strong, priority: high}"),
        ("{sodium: 133 mmol/L}", "{cause: hyponatremia, strength: strong, priority: medium}"),
        ("{sodium: 133 mmol/L}", "{cause: hyponatremia}"),
        ("{sodium: 135 mmol/L}", "none"),
        ("{sodium: <140 mmol/L}", "indeterminate"),
        ("{sodium: unreadable}", "indeterminate"),
        ("{}", "none"),
    ],
)
def test_what_comes_as_expected_passes(given: str, expect: str) -> None:
    assert tried(given, expect) == []


@pytest.mark.parametrize(
    ("given", "expect", "said"),
    [
        (
            "{sodium: 135 mmol/L}",
            "{cause: hyponatremia, strength: strong}",
            "expected hyponatremia, strong, but the link does not hold",
        ),
        ("{sodium: 134 mmol/L}", "none", "expected it to stay silent, but the link holds"),
        ("{sodium: 118 mmol/L}", "indeterminate", "expected indeterminate, but the link holds"),
        (
            "{sodium: 140 mmol/L}",
            "indeterminate",
            "expected indeterminate, but it stays silent with nothing left open",
        ),
        ("{}", "indeterminate", "but it stays silent with nothing left open"),
        (
            "{sodium: 118 mmol/L}",
            "{cause: hyponatremia, strength: weak, priority: low}",
            "but it is strong and its priority is high",
        ),
        ("{sodium: 118 mmol/L}", "{cause: uremia}", "but the causes are hyponatremia"),
        (
            "{sodium: <140 mmol/L}",
            "{cause: hyponatremia}",
            "but the link does not hold; sodium is open, because its comparator leaves open",
        ),
    ],
)
def test_what_comes_otherwise_is_told_in_one_sentence(given: str, expect: str, said: str) -> None:
    (failure,) = tried(given, expect)
    assert failure.startswith("link tried, test 1: expected ")
    assert said in failure


def test_the_second_test_is_told_as_the_second() -> None:
    more = "  - given: {sodium: 118 mmol/L}\n    expect: none"
    (failure,) = tried("{}", "none", more=more)
    assert failure.startswith("link tried, test 2:")


def test_a_link_that_only_raises_or_lowers_must_hold_and_its_cause_be_as_expected() -> None:
    other = link("other", "cause: hyponatremia\nstrength: moderate", IF_LOW)
    if_celiac = "{problem: celiac-disease}"
    given = "{sodium: 133 mmol/L, problems: [celiac-disease]}"
    for effect, strength in (("against: 1", "weak"), ("strengthens: 1", "strong")):
        said = f"cause: hyponatremia\n{effect}"
        expect = f"{{cause: hyponatremia, strength: {strength}}}"
        assert tried(given, expect, said, if_celiac, other) == []
        assert tried("{sodium: 133 mmol/L}", expect, said, if_celiac, other) != []
        assert tried(given, expect, said, if_celiac) != []
        assert tried(given, "none", said, if_celiac) != []


SUPPRESSES = "cause: hyponatremia\nsuppress: hyponatremia"
IF_SUGAR = "{finding: hyperglycemia}"


def test_a_link_that_suppresses_must_have_taken_something_away() -> None:
    both = "{sodium: 118 mmol/L, glucose: 30 mmol/L}"
    assert tried(both, "suppressed", SUPPRESSES, IF_SUGAR) == []
    assert tried("{glucose: 30 mmol/L}", "suppressed", SUPPRESSES, IF_SUGAR) != []
    assert tried("{sodium: 118 mmol/L}", "suppressed", SUPPRESSES, IF_SUGAR) != []
    assert tried("{sodium: 118 mmol/L}", "none", SUPPRESSES, IF_SUGAR) == []
    assert tried(both, "none", SUPPRESSES, IF_SUGAR) != []


def test_a_cause_that_is_told_within_another_is_judged_as_it_is_by_itself() -> None:
    root = link("root", "cause: uremia\nstrength: weak", IF_LOW)
    effect = f"{NAMES}\nsubsumed_by: uremia"
    given = "{sodium: 133 mmol/L}"
    assert tried(given, "{cause: hyponatremia}", effect, IF_LOW, root) == []
    assert tried(given, "{cause: hyponatremia, strength: strong}", effect, IF_LOW, root) == []
    assert tried(given, "{cause: hyponatremia, strength: weak}", effect, IF_LOW, root) != []


def test_of_a_shadow_link_it_is_tested_whether_it_holds() -> None:
    effect = f"{NAMES}\nstatus: shadow"
    assert tried("{sodium: 118 mmol/L}", "{cause: hyponatremia}", effect) == []
    assert tried("{sodium: 140 mmol/L}", "{cause: hyponatremia}", effect) != []
    assert tried("{sodium: 118 mmol/L}", "none", effect) != []


def test_tests_of_a_retired_link_are_not_run() -> None:
    assert tried("{sodium: 118 mmol/L}", "{cause: uremia}", f"{NAMES}\nstatus: retired") == []


def test_an_open_input_of_a_derived_value_leaves_the_link_open() -> None:
    derived = """
derived: corrected_sodium
name: Corrected sodium
unit: mmol/L
references: []
plausible: 90 to 200 mmol/L
lookback: 14 d
inputs:
  na: {analyte: sodium, unit: mmol/L}
formulas:
  - {formula: na + 1}
same_draw: 4 h
---
finding: low-corrected
name: Low corrected sodium
analyte: corrected_sodium
references: []
grades:
  - {grade: low, below: 135 mmol/L}
""".strip()
    when = "{finding: low-corrected}"
    assert tried("{sodium: <140 mmol/L}", "indeterminate", NAMES, when, derived) == []
    assert tried("{sodium: 140 mmol/L}", "indeterminate", NAMES, when, derived) != []


def test_a_state_leaves_a_link_open_through_its_findings() -> None:
    state = f"state: low\nname: Low\nwhen: {IF_LOW}"
    assert tried("{sodium: <140 mmol/L}", "indeterminate", NAMES, "{state: low}", state) == []


def with_values(values: str) -> list[str]:
    finding = (
        "\nfinding: low\nname: Low\nanalyte: sodium\nreferences: []\n"
        "grades: [{grade: mild, below: 135 mmol/L}, {grade: grave, below: 125 mmol/L}]\n"
        f"tests: {{{values}}}"
    )
    return failures(rules(finding))


@pytest.mark.parametrize(
    "values",
    [
        "none: [135 mmol/L]",
        "mild: [134 mmol/L, 125 mmol/L]",
        "grave: [124 mmol/L]",
        'mild: ["134 mmol/L, aged 20 y, female"]',
        "indeterminate: [<140 mmol/L, unreadable]",
        'none: ["120 mmol/L, 15 d ago"]',
    ],
)
def test_a_value_beside_a_finding_that_shows_what_is_expected_passes(values: str) -> None:
    assert with_values(values) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("none: [134 mmol/L]", "finding low, 134 mmol/L: expected none, but it shows mild"),
        ("mild: [135 mmol/L]", "finding low, 135 mmol/L: expected mild, but it shows none"),
        ("mild: [124 mmol/L]", "finding low, 124 mmol/L: expected mild, but it shows grave"),
        (
            "none: [<140 mmol/L]",
            "finding low, <140 mmol/L: expected none, but it shows indeterminate",
        ),
    ],
)
def test_a_value_beside_a_finding_that_shows_something_else_is_told(values: str, said: str) -> None:
    assert with_values(values) == [said]
