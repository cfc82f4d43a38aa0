"""Every form of the page is sent, and becomes what it is said to become."""

import json
import re
from itertools import pairwise

import pytest
from fastapi import FastAPI

from service.evaluation import Site
from service.fhir.codes import NAMES
from tests.conformance.forms import Form, Section, book, bundle, merged, told
from tests.conformance.page import PAGE, SYSTEMS, page
from tests.conformance.requests import Request, answer, groups, small

BOOK = book()
FORMS = [(section, form) for section in BOOK.sections for form in section.forms]
GROUPS = groups()
REQUESTS = [(group.heading, request) for group in GROUPS for request in group.requests]


@pytest.fixture(scope="module")
def small_app(site: Site) -> FastAPI:
    return small(site)


@pytest.mark.parametrize(
    ("section", "form"), FORMS, ids=[f"{section.heading}: {form.form}" for section, form in FORMS]
)
def test_a_form_becomes_what_is_said_of_it(site: Site, section: Section, form: Form) -> None:
    found = told(site, bundle(BOOK, section, form))
    assert found.becomes == form.becomes
    assert found.said or found.becomes == "used", "what is not used is told"


@pytest.mark.parametrize(
    "request_", [one for _, one in REQUESTS], ids=[f"{kind}: {one.form}" for kind, one in REQUESTS]
)
def test_a_request_is_answered_as_is_said_of_it(small_app: FastAPI, request_: Request) -> None:
    found = answer(small_app, BOOK, request_)
    assert (found.status, found.becomes, found.code) == (
        request_.status,
        request_.becomes,
        request_.code,
    )
    assert found.said or found.becomes == "used", "what is not used is told"


def test_the_page_is_what_the_service_answers(site: Site) -> None:
    assert page(site) == PAGE.read_text(encoding="utf-8"), "see `make docs`"


def test_every_row_of_the_page_has_as_many_cells_as_its_table() -> None:
    bars = 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        found = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("| ") else 0
        assert found == bars or not (found and bars), line
        bars = found


#: By type and element: the statuses that FHIR has, of STU3, R4 and R5.
STATUSES = {
    ("Observation", "status"): "registered preliminary final amended corrected cancelled "
    "entered-in-error unknown",
    ("DiagnosticReport", "status"): "registered partial preliminary modified final amended "
    "corrected appended cancelled entered-in-error unknown",
    ("Condition", "clinicalStatus"): "active recurrence relapse inactive remission resolved "
    "unknown",
    ("Condition", "verificationStatus"): "unconfirmed provisional differential confirmed refuted "
    "entered-in-error unknown",
    ("MedicationRequest", "status"): "active on-hold ended stopped completed cancelled "
    "entered-in-error draft unknown",
    ("MedicationRequest", "intent"): "proposal plan order original-order reflex-order "
    "filler-order instance-order option",
    ("MedicationStatement", "status"): "active completed entered-in-error intended stopped on-hold "
    "unknown not-taken recorded draft",
    ("MedicationAdministration", "status"): "in-progress not-done on-hold completed "
    "entered-in-error stopped unknown",
}


@pytest.mark.parametrize(("element", "statuses"), STATUSES.items())
def test_every_status_that_fhir_has_is_told(element: tuple[str, str], statuses: str) -> None:
    kind, name = element
    forms = [form.sent for section, form in FORMS if section.of == kind]
    sent = json.dumps([one.get(name) for one in (BOOK.resources[kind], *forms)])
    assert [status for status in statuses.split() if f'"{status}"' not in sent] == []


def test_every_code_system_is_told() -> None:
    assert set(SYSTEMS) == set(NAMES.values())


def test_no_form_is_told_twice() -> None:
    kinds = [(one.heading, one.forms) for one in BOOK.sections]
    for heading, forms in kinds + [(one.heading, one.requests) for one in GROUPS]:
        names = sorted(one.form for one in forms)
        assert [one for one, next_one in pairwise(names) if one == next_one] == [], heading


@pytest.mark.parametrize(
    ("whole", "change", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_change_is_merged_as_rfc_7386_says(
    whole: dict[str, object], change: dict[str, object], result: dict[str, object]
) -> None:
    assert merged(whole, change) == result
