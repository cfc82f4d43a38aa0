from typing import Any

import pytest

from tests.fhir.sent import intake, observation, patient, record, said


def _replacing(name: str, *older: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    related = [{"type": "replaces", "target": {"reference": f"Observation/{o}"}} for o in older]
    return observation(id=name, related=related, **more)


def _results(*sent: dict[str, Any]) -> list[str]:
    return [one.source.reference for one in record(patient(), *sent).results]


@pytest.mark.parametrize("turned", [False, True])
def test_a_result_replaces_the_one_that_it_says_it_does(turned: bool) -> None:
    both = [observation(id="old"), _replacing("new", "old")][:: -1 if turned else 1]
    assert _results(*both) == ["Observation/new"]
    (issue,) = said(intake(patient(), *both).issues, "says that it replaces")
    assert issue.expression == (f"Bundle.entry[{2 if turned else 1}].resource",)


def test_each_of_a_chain_replaces_the_one_before() -> None:
    chain = [observation(id="a"), _replacing("b", "a"), _replacing("c", "b")]
    assert _results(*chain) == ["Observation/c"]


@pytest.mark.parametrize(
    "sent",
    [
        [_replacing("a", "b"), _replacing("b", "a")],
        [_replacing("a", "a")],
        [_replacing("a", "gone")],
        [observation(id="a"), _replacing("b", "a", subject={"reference": "Patient/ben"})],
        [observation(id="a"), _replacing("b", "a", status="entered-in-error")],
        [observation(id="a"), _replacing("b", "a", status="cancelled")],
        [observation(id="a"), _replacing("b", "a", status="unknown")],
        [observation(id="a"), _replacing("b", "a", modifierExtension=[{"url": "x"}])],
        [observation(id="a"), _replacing("b", "a", implicitRules="https://rules.example")],
        [
            observation(id="a"),
            observation(
                id="b",
                related=[{"type": "sequel-to", "target": {"reference": "Observation/a"}}],
            ),
        ],
        [
            observation(id="a"),
            observation(
                id="b",
                related=[
                    {
                        "type": "replaces",
                        "target": {"reference": "Observation/a"},
                        "modifierExtension": [{"url": "x"}],
                    }
                ],
            ),
        ],
    ],
)
def test_no_result_goes_but_for_one_that_counts_and_is_of_the_same_patient(
    sent: list[dict[str, Any]],
) -> None:
    found = intake(patient(), *sent)
    assert said(found.issues, "says that it replaces") == []
    assert "Observation/a" in {one.source.reference for r in found.records for one in r.results}


def test_one_without_a_value_that_replaces_another_is_told_and_is_no_panel() -> None:
    sent = [observation(id="a"), _replacing("b", "a", valueQuantity=None)]

    found = intake(patient(), *sent)

    (result,) = found.records[0].results
    assert (result.source.reference, result.amount) == ("Observation/b", None)
    assert said(found.issues, "There is no value")
