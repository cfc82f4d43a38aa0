"""Explanations over HTTP: asked for in the query or in Parameters, and else not there."""

from fastapi import FastAPI

from tests.api.client import issue_of, post
from tests.api.test_evaluate import MOMENT, outcome_in, parameters, sample

CALCIUM = "low-calcium-only-by-albumin"


def explained(app: FastAPI, name: str) -> dict[str, str]:
    """What is said of each cause; `post` checks that the answer is valid FHIR."""
    answer = post(app, sample(name), params={"now": "latest", "explain": "true"})
    return {
        issue["details"]["coding"][0]["code"]: issue["details"]["text"]
        for issue in outcome_in(answer.json())
        if "coding" in issue["details"]
    }


def test_a_cause_that_was_not_named_tells_what_was_missing_and_by_how_much(app: FastAPI) -> None:
    told = explained(app, CALCIUM)

    assert told["hypocalcemia"].startswith("Hypocalcemia not named: ")
    assert "is not below 1.90 mmol/L (0.08 above)" in told["hypocalcemia"]
    assert told["copper-deficiency"] == "Copper deficiency not named: copper was not measured."


def test_a_cause_that_was_named_says_so(app: FastAPI) -> None:
    assert " named, " in explained(app, "celiac-low-copper")["copper-deficiency"]


def test_unless_asked_for_not_a_byte_differs(app: FastAPI) -> None:
    plain = post(app, sample(CALCIUM), params={"now": MOMENT})
    declined = post(app, sample(CALCIUM), params={"now": MOMENT, "explain": "false"})

    assert plain.content == declined.content
    assert "not named" not in plain.text


def test_parameters_ask_for_the_same_as_the_query(app: FastAPI) -> None:
    body = parameters(sample(CALCIUM), explain=("valueBoolean", True))

    assert "Hypocalcemia not named" in post(app, body, params={"now": MOMENT}).text


def test_anything_but_true_or_false_is_refused(app: FastAPI) -> None:
    answer = post(app, sample(CALCIUM), params={"explain": "yes"})

    assert answer.status_code == 400
    assert issue_of(answer)["details"]["text"] == "explain is true or false."
