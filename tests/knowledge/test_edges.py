"""Where findings change, and the values that tests give around these places."""

from decimal import Decimal
from pathlib import Path

import pytest

from service.knowledge.edges import edges, untested
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from tests.knowledge.small_rules import changed


def told(knowledge: Knowledge, finding: str) -> list[str]:
    return list(untested(knowledge, knowledge.findings[finding]))


def test_a_limit_has_an_edge_in_each_unit_that_it_is_written_in(small: Knowledge) -> None:
    found = edges(small, small.findings["hypocupremia"])
    assert [str(edge) for edge in found if edge.grade == "deficient"] == ["8 umol/L", "50 ug/dL"]


def test_a_reference_bound_has_an_edge_for_each_interval_of_the_rules(small: Knowledge) -> None:
    found = [edge for edge in edges(small, small.findings["hypocupremia"]) if edge.grade == "low"]
    assert [str(edge) for edge in found] == ["11 umol/L", "70 ug/dL", "3 umol/L"]
    assert [band.holds(10) for edge in found for band in edge.bands] == [False, False, True]


def test_a_step_is_one_of_the_last_digit_written(small: Knowledge) -> None:
    (edge, *_) = edges(small, small.findings["hyponatremia"])
    assert (edge.value, edge.step) == (Decimal(135), Decimal(1))


def test_values_all_around_leave_nothing_to_tell(small: Knowledge) -> None:
    assert [told(small, finding) for finding in small.findings] == [[], [], []]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("none: [135 mmol/L, 136", "none: [136", ["at 135 mmol/L, the limit of mild"]),
        ("[134 mmol/L, 125", "[133 mmol/L, 125", ["just below 135 mmol/L, the limit of mild"]),
        (
            "125 mmol/L, 126 mmol/L]",
            "125 mmol/L]",
            ["just above 125 mmol/L, the limit of severe"],
        ),
        (
            "[134 mmol/L, 125 mmol/L, 126 mmol/L]",
            "[<134 mmol/L, 125 mmol/L, 126 mmol/L]",
            ["just below 135 mmol/L, the limit of mild"],
        ),
        ('"3 umol/L, aged 10 d"', '"3 umol/L, aged 40 y"', ["at 3 umol/L, the limit of low"]),
        ("70 ug/dL, 71", '"70 ug/dL, range 80 to 140", 71', ["at 70 ug/dL, the limit of low"]),
        ("umol/L, 8.1 umol/L", "umol/L", ["just above 8 umol/L, the limit of deficient"]),
    ],
)
def test_a_missing_value_is_told_with_its_limit(
    tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    knowledge = load(changed(tmp_path, "findings/all.yaml", old, new))
    every = [text for finding in knowledge.findings for text in told(knowledge, finding)]
    assert every == [f"no test is {text}" for text in said]
