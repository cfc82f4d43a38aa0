"""A page for each rule, in plain language."""

import pytest

from service.knowledge.agents import causes_of
from service.knowledge.model import Knowledge
from service.knowledge.pages import UNREVIEWED, Page, entries, kinds, page_text, pages


def page(knowledge: Knowledge, kind: str, wanted: str, *, snomed: bool = True) -> Page:
    (found,) = [one for one in pages(knowledge, wanted, snomed=snomed) if one.kind == kind]
    return found


def lines(one: Page, heading: str) -> tuple[str, ...]:
    (found,) = [section.lines for section in one.sections if section.heading == heading]
    return found


def test_every_shipped_rule_has_a_page_that_says_something(shipped: Knowledge) -> None:
    listed = entries(shipped)

    assert {one.kind for one in listed} == set(kinds(shipped))
    for one in listed:
        found = [
            p for p in pages(shipped, one.id, snomed=True) if (p.kind, p.id) == (one.kind, one.id)
        ]
        (told,) = found
        assert one.name
        assert told.sections or told.sources, one
        assert len(page_text(told).splitlines()) > 2
        assert "{name}" not in page_text(told)


def test_a_cause_lists_all_of_its_links(shipped: Knowledge) -> None:
    for cause in shipped.causes:
        of_it = [link for link in shipped.links.values() if cause in causes_of(link)]
        told = lines(page(shipped, "cause", cause), "Its rules")

        assert len(told) == len(of_it)


def test_a_link_tells_its_doubts_its_checks_its_sources_and_that_nobody_reviewed_it(
    shipped: Knowledge,
) -> None:
    told = page(shipped, "link", "hyponatremia")

    assert lines(told, "What speaks against it") == (shipped.links["hyponatremia"].speaks_against,)
    assert lines(told, "What to check next")[0] == "Glucose"
    assert [one.reference for one in told.sources] == ["spasovski-2014", "nardone-2016"]
    assert told.review == UNREVIEWED


def test_an_id_of_several_kinds_gives_the_page_of_each(shipped: Knowledge) -> None:
    found = pages(shipped, "hyponatremia", snomed=True)

    assert [one.kind for one in found] == ["cause", "link", "finding"]


def test_a_link_of_a_family_gives_the_page_of_each_medicine(shipped: Knowledge) -> None:
    found = pages(shipped, "renally-cleared-medicine-with-failing-kidneys", snomed=True)

    assert {one.id.partition("/")[2] for one in found} >= {"gabapentin", "lithium"}


@pytest.mark.parametrize("wanted", ["", "hypo", "no-such-rule", "/"])
def test_what_is_no_id_gives_no_page(wanted: str, shipped: Knowledge) -> None:
    assert pages(shipped, wanted, snomed=True) == []


def test_without_snomed_no_page_holds_one_of_its_codes(shipped: Knowledge) -> None:
    codes = {
        code
        for rules in (shipped.causes, shipped.problems, shipped.medicines)
        for rule in rules.values()
        for code in rule.snomed
    }
    assert codes
    for one in entries(shipped):
        told = "".join(map(page_text, pages(shipped, one.id, snomed=False)))
        assert "SNOMED" not in told
        assert not {code for code in codes if f" {code} " in told}, one


def test_with_snomed_a_problem_tells_its_codes(shipped: Knowledge) -> None:
    problem = next(rule for rule in shipped.problems.values() if rule.snomed)

    told = lines(page(shipped, "problem", problem.problem), "SNOMED CT codes")

    assert len(told) == len(problem.snomed)
