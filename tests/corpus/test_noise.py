"""How often people whom nobody suspects of anything get a flag: noise teaches to look away."""

from service.evaluation import Site, answer, ask
from tests.corpus.third_party import CLOCK, body, files, name
from tests.fhir_validity import assert_valid_answer
from tests.told import flags

#: Most flags for each 100 patients of the general population, by priority (docs/rules.md).
BUDGET = {"low": 15, "medium": 3, "high": 0}


def test_the_general_population_stays_within_the_budget_of_flags(site: Site) -> None:
    people = [
        path for path in files() if "/smart-patient-" in name(path) or "/synthea-" in name(path)
    ]
    found = [
        flag.priority
        for path in people
        for flag in flags(assert_valid_answer(answer(site, body(path), ask(site, "latest"), CLOCK)))
    ]
    assert len(people) == 17
    for priority, most in BUDGET.items():
        assert found.count(priority) * 100 <= most * len(people), priority
