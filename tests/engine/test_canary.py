"""The self-test of a running service."""

import durable_rules_engine
import pytest

from service.engine import Engine
from service.engine.canary import canary
from service.evaluation import Site
from service.knowledge.model import Knowledge
from tests.engine.small import link, linked, rules

FIRES = "tests:\n  - {given: {sodium: 118 mmol/L}, expect: {cause: hyponatremia}}"
NAMES = "cause: hyponatremia\nstrength: strong"
IF_LOW = "{finding: hyponatremia}"


def sings(knowledge: Knowledge) -> bool:
    with Engine(knowledge) as engine:
        return canary(engine)


def test_the_shipped_rules_give_the_canary_its_flag(site: Site) -> None:
    assert canary(site.engine)


def test_a_firing_test_is_enough() -> None:
    assert sings(linked(link("a", NAMES, IF_LOW, FIRES)))


def test_a_rule_set_without_a_firing_test_fails() -> None:
    silent = "tests:\n  - {given: {sodium: 140 mmol/L}, expect: none}"
    assert not sings(rules())
    assert not sings(linked(link("a", NAMES, IF_LOW, silent)))


@pytest.mark.parametrize("status", ["shadow", "retired"])
def test_a_link_that_names_nothing_is_no_canary(status: str) -> None:
    assert not sings(linked(link("a", NAMES, IF_LOW, f"status: {status}\n{FIRES}")))


def test_a_canary_without_its_flag_fails() -> None:
    assert not sings(linked(link("a", NAMES, "{finding: hypernatremia}", FIRES)))


def test_a_flag_for_an_empty_record_fails() -> None:
    always = link("b", "cause: uremia\nstrength: weak", "{any: [{sex: female}, {sex: male}]}")
    given = "tests:\n  - {given: {sodium: 118 mmol/L, sex: female}, expect: {cause: hyponatremia}}"
    assert not sings(linked(link("a", NAMES, IF_LOW, given), always))


def test_a_closed_engine_fails() -> None:
    engine = Engine(linked(link("a", NAMES, IF_LOW, FIRES)))
    assert canary(engine)
    engine.close()
    assert not canary(engine)


def test_a_canary_asks_durable_rules_itself_and_not_what_is_remembered() -> None:
    """It numbers its rule sets in turn, so the next one can be deleted behind its owner's back."""
    last: int = durable_rules_engine.create_ruleset("last", '{"r": {"all": [{"m": {"a": 1}}]}}')
    with Engine(linked(link("a", NAMES, IF_LOW, FIRES))) as engine:
        assert canary(engine)
        durable_rules_engine.delete_ruleset(last + 1)
        assert not canary(engine)
    durable_rules_engine.delete_ruleset(last)
