"""GET /rules: what the rules say."""

from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi import FastAPI
from msgspec import structs

from service.api.app import create_app
from service.evaluation import Site
from service.knowledge.language import ABOUT, SOURCE_ATTRIBUTES
from tests.api.client import call, issue_of

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_the_list_names_every_rule_and_answers_every_source_attribute(
    app: FastAPI, site: Site
) -> None:
    answer = call(app, "GET", "/rules")

    said = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert site.knowledge.digest in answer.headers["etag"]
    assert set(said["source_attributes"]) == set(SOURCE_ATTRIBUTES)
    assert set(said["about"]) == set(ABOUT)
    assert said["intended_use"] == site.knowledge.ruleset.intended_use
    listed = {(one["kind"], one["id"]) for one in said["rules"]}
    assert {("link", link) for link in site.knowledge.links} <= listed
    assert set(said["rules"][0]) == {"kind", "id", "name", "version", "status"}


def test_the_list_can_be_of_one_kind(app: FastAPI) -> None:
    said = call(app, "GET", "/rules?kind=finding").json()

    assert {one["kind"] for one in said["rules"]} == {"finding"}


@pytest.mark.parametrize("query", ["kind=flag", "knid=finding"])
def test_a_query_that_can_not_be_is_refused(query: str, app: FastAPI) -> None:
    answer = call(app, "GET", f"/rules?{query}")

    assert answer.status_code == 400
    assert "there" in issue_of(answer)["details"]["text"]


def test_a_rule_is_told_with_its_sources(app: FastAPI) -> None:
    said = call(app, "GET", "/rules/hyponatremia").json()

    assert [one["kind"] for one in said["rules"]] == ["cause", "link", "finding"]
    source = said["rules"][0]["sources"][0]
    assert source["doi"] == "10.1093/ndt/gfu040"


def test_a_rule_of_one_medicine_has_the_address_that_its_flag_names(app: FastAPI) -> None:
    name = "renally-cleared-medicine-with-failing-kidneys/lithium"

    said = call(app, "GET", f"/rules/{name}").json()

    assert [one["id"] for one in said["rules"]] == [name]


@pytest.mark.parametrize("rule", ["no-such-rule", "<script>", ""])
def test_an_unknown_id_is_told_as_everything_else_that_is_not_there(
    rule: str, app: FastAPI
) -> None:
    answer = call(app, "GET", f"/rules/{rule}", headers=HTML)

    assert answer.status_code == 404
    issue = issue_of(answer)
    assert issue["code"] == "not-found"
    assert "GET /rules" in issue["details"]["text"]


@pytest.mark.parametrize("path", ["/rules", "/rules/hyponatremia", "/rules/reduced-egfr"])
def test_a_browser_gets_a_page_without_script(path: str, app: FastAPI, site: Site) -> None:
    answer = call(app, "GET", path, headers=HTML)

    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ANN401, ARG002
            tags.append(tag)

    Reader().feed(answer.text)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert not {"script", "style", "img", "link"} & set(tags)
    assert site.knowledge.ruleset.intended_use.replace("'", "&#x27;") in answer.text


def test_what_a_rule_says_is_escaped_in_a_page(site: Site) -> None:
    knowledge = site.knowledge
    sodium = structs.replace(knowledge.analytes["sodium"], name="<b>&", note="<script>")
    analytes = {**knowledge.analytes, "sodium": sodium}
    spoiled = structs.replace(site, knowledge=structs.replace(knowledge, analytes=analytes))

    page = call(create_app(spoiled), "GET", "/rules/sodium", headers=HTML).text

    assert "<b>" not in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_caller_who_takes_neither_form_is_told(app: FastAPI) -> None:
    answer = call(app, "GET", "/rules", headers={"Accept": "image/png"})

    assert answer.status_code == 406


def test_a_site_without_snomed_tells_none_of_its_codes(site: Site) -> None:
    without = create_app(structs.replace(site, snomed=False))
    problem = next(rule for rule in site.knowledge.problems.values() if rule.snomed)
    path = f"/rules/{problem.problem}"

    assert "SNOMED" in call(create_app(site), "GET", path).text
    assert "SNOMED" not in call(without, "GET", path).text
