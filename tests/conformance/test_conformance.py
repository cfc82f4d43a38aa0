"""Every form of the page is sent, and becomes what it is said to become."""

from itertools import pairwise

import pytest

from service.evaluation import Site
from tests.conformance.forms import (
    DOCUMENT,
    Form,
    Section,
    book,
    bundle,
    document,
    merged,
    told,
)

BOOK = book()
FORMS = [(section, form) for section in BOOK.sections for form in section.forms]


@pytest.mark.parametrize(
    ("section", "form"), FORMS, ids=[f"{section.heading}: {form.form}" for section, form in FORMS]
)
def test_a_form_becomes_what_is_said_of_it(site: Site, section: Section, form: Form) -> None:
    found = told(site, bundle(BOOK, section, form))
    assert found.becomes == form.becomes
    assert found.said or found.becomes == "used", "what is not used is told"


def test_the_page_is_what_the_service_answers(site: Site) -> None:
    assert document(site) == DOCUMENT.read_text(encoding="utf-8"), "see `make docs`"


def test_no_form_is_told_twice() -> None:
    for section in BOOK.sections:
        names = sorted(form.form for form in section.forms)
        assert [one for one, next_one in pairwise(names) if one == next_one] == []


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
