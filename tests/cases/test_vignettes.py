"""Patients made up from reviews and guidelines: the cause that each was written for comes first."""

from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from service.engine.rule_tests import MOMENT
from service.evaluation import Site
from service.knowledge.cases import record_of
from service.knowledge.language import RuleTest
from tests.cases.test_cases import cases


class Vignette(NamedTuple):
    """A patient in words and in results; `first` is the cause due, or "none"."""

    story: str
    given: dict[str, str | list[str]]
    first: str
    source: str


def vignettes() -> list[Vignette]:
    # Every scalar as text, as the rules have it.
    text = Path(__file__).with_name("vignettes.yaml").read_text(encoding="utf-8")
    return [Vignette(**each) for each in yaml.load(text, Loader=yaml.BaseLoader)]  # noqa: S506


@pytest.mark.parametrize("vignette", vignettes(), ids=lambda vignette: vignette.story[:40])
def test_the_first_cause_is_the_one_that_the_vignette_was_written_for(
    site: Site, vignette: Vignette
) -> None:
    record = record_of(RuleTest(vignette.given, "none"), site.knowledge, MOMENT)
    causes = [cause.cause for cause in site.engine.assess(record).causes]
    assert causes[:1] == ([] if vignette.first == "none" else [vignette.first])


@pytest.mark.parametrize(
    ("given", "causes"),
    [
        ({"age": "4 d", "ammonia": "890 umol/L"}, ["hyperammonemia"]),
        ({"age": "4 d", "ammonia": "250 umol/L"}, ["hepatic-encephalopathy"]),
        ({"age": "40 y", "ammonia": "890 umol/L"}, ["hepatic-encephalopathy"]),
        (
            {"age": "5 mo", "ammonia": "890 umol/L", "inr": "3.1", "bilirubin_total": "9 mg/dL"},
            ["hepatic-encephalopathy", "hyperammonemia"],
        ),
    ],
)
def test_high_ammonia_gives_one_flag_unless_the_liver_shows_that_it_fails(
    site: Site, given: dict[str, str | list[str]], causes: list[str]
) -> None:
    record = record_of(RuleTest(given, "none"), site.knowledge, MOMENT)
    assert sorted(cause.cause for cause in site.engine.assess(record).causes) == sorted(causes)


def test_every_vignette_names_a_source_of_the_rules(site: Site) -> None:
    assert {each.source for each in vignettes()} <= site.knowledge.references.keys()


def test_every_cause_has_a_published_case_or_a_vignette(site: Site) -> None:
    published = {cause for case in cases() for cause in case.causes}
    covered = published | {each.first for each in vignettes()}
    causes = {each for each in site.knowledge.causes if not each.startswith("drug-")}
    assert causes <= covered
