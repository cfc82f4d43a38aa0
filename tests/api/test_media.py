"""Content types: FHIR's JSON by either name, and a helpful word for the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.media import (
    FHIR_JSON,
    HTML,
    JSON,
    NAMES,
    Form,
    answer_form,
    page_type,
    sent_release,
    why_unreadable,
)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+json",
        "application/json",
        "Application/FHIR+JSON",
        "application/fhir+json; charset=utf-8",
        'application/fhir+json;charset="UTF-8"',
        "application/json; fhirVersion=4.0",
        "application/fhir+json; fhirVersion=4.3; charset=utf-8",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json; fhirVersion=3.0",
        'application/fhir+json; fhirversion="4.0.1"',
        "text/json",
    ],
)
def test_fhir_json_is_read_under_either_name(content_type: str) -> None:
    assert why_unreadable(content_type) is None


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        (None, "no Content-Type"),
        ("", "no Content-Type"),
        ("application/fhir+xml", "FHIR's XML is not read"),
        ("text/xml; charset=utf-8", "FHIR's XML is not read"),
        ("application/x-www-form-urlencoded", "--data-binary"),
        ("application/json; charset=utf-16", "leave the charset out"),
        ("text/plain", "must be application/fhir+json"),
        ("application/json-patch+json", "must be application/fhir+json"),
        ("nonsense", "must be application/fhir+json"),
        ("application/fhir+json; charset=latin-1", "always UTF-8"),
        ("application/fhir+json; fhirVersion=1.0", "FHIR 3.0, 4.0, 4.3 and 5.0 are read"),
        ("application/fhir+json; fhirVersion=6.0", "fhirVersion"),
        ("application/fhir+json; fhirVersion=4.01", "fhirVersion"),
        ("application/fhir+json; fhirVersion=4.0banana", "fhirVersion"),
        ("application/fhir+json; fhirVersion=", "fhirVersion"),
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(
    content_type: str | None, said: str
) -> None:
    assert said in str(why_unreadable(content_type))


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ([], FHIR_JSON),
        (["*/*"], FHIR_JSON),
        (["application/*;q=0.5"], FHIR_JSON),
        (["application/fhir+json"], FHIR_JSON),
        (["application/json, application/fhir+json"], FHIR_JSON),
        (["application/json"], JSON),
        (["text/html", "application/json; charset=utf-8"], JSON),
        (["application/fhir+xml"], None),
        (["text/html"], None),
        ([""], FHIR_JSON),
        (["text/html, */*"], FHIR_JSON),
        (["application/json, text/plain, */*"], FHIR_JSON),
        (["application/json, */*;q=0.1"], JSON),
        (["application/fhir+json;q=0.5, application/json"], JSON),
        (["application/fhir+json;q=0.5", "application/json;q=0.4"], FHIR_JSON),
        (["application/*, application/fhir+json;q=0.1"], JSON),
        (["*/*;q=0.1, application/*;q=0.9, application/fhir+json;q=0.5"], JSON),
        (["APPLICATION/JSON; Q=0.001"], JSON),
        (["application/fhir+json;q=0, application/json"], JSON),
        (["application/fhir+json;q=0, */*"], JSON),
        (["application/json;q=0, */*"], FHIR_JSON),
        (["application/json;q=0"], None),
        (["application/*;q=0.0, */*"], "text/json"),
        (["*/*;q=0.000"], None),
        (["application/json;q=good"], JSON),
        (["application/fhir+json;fhirVersion=4.0"], FHIR_JSON),
        (['application/json; fhirVersion="4.3"; q=0.5'], JSON),
        (["application/fhir+json;fhirVersion=4.01"], None),
        (["application/fhir+json;fhirVersion=3.0, application/json;q=0.1"], JSON),
        (["text/json"], "text/json"),
        (["application/xml, text/json;q=0.2"], "text/json"),
        (['text/html;a=", application/json"'], None),
    ],
)
def test_the_answer_is_named_as_the_caller_asks(accept: list[str], answer: str | None) -> None:
    form = answer_form(accept, "4.0")

    assert (form and form.media_type) == answer


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ([], Form(FHIR_JSON, "4.3")),
        (["*/*"], Form(FHIR_JSON, "4.3")),
        (["application/json"], Form(JSON, "4.3")),
        (["application/fhir+json;fhirVersion=5.0"], Form(FHIR_JSON, "5.0", asked=True)),
        (["application/fhir+json;fhirVersion=4.0.1"], Form(FHIR_JSON, "4.0", asked=True)),
        (["application/fhir+json;fhirVersion=4.3"], Form(FHIR_JSON, "4.3", asked=True)),
        (["*/*;fhirVersion=4.0"], Form(FHIR_JSON, "4.0", asked=True)),
        (["application/json;fhirVersion=5.0;q=0.9"], Form(JSON, "5.0", asked=True)),
        # Of equals, what the site would say by itself.
        (["application/fhir+json;fhirVersion=5.0, */*"], Form(FHIR_JSON, "4.3")),
        (
            ["application/fhir+json;fhirVersion=5.0, */*;q=0.9"],
            Form(FHIR_JSON, "5.0", asked=True),
        ),
        (
            ["application/fhir+json;fhirVersion=5.0;q=0.2, application/fhir+json;fhirVersion=4.0"],
            Form(FHIR_JSON, "4.0", asked=True),
        ),
        # The more exact range counts for what is in both.
        (["application/fhir+json, application/fhir+json;fhirVersion=4.3;q=0"], Form(FHIR_JSON)),
        (
            ["application/fhir+json;fhirVersion=3.0, application/fhir+json;fhirVersion=5.0;q=0.1"],
            Form(FHIR_JSON, "5.0", asked=True),
        ),
        (["application/fhir+json;fhirVersion=3.0"], None),
        (["application/fhir+json;fhirVersion=6.0, application/xml"], None),
        (["application/fhir+xml;fhirVersion=5.0"], None),
    ],
)
def test_the_release_of_the_answer_is_the_one_that_is_asked_for(
    accept: list[str], form: Form | None
) -> None:
    assert answer_form(accept, "4.3") == form


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ([], JSON),
        (["text/html,*/*;q=0.8"], HTML),
        (["application/json;fhirVersion=5.0"], JSON),
        (["application/fhir+json"], None),
    ],
)
def test_what_is_no_fhir_has_no_release(accept: list[str], page: str | None) -> None:
    assert page_type(accept) == page


def test_what_comes_after_a_thousand_characters_is_passed_over() -> None:
    assert answer_form([*["text/html"] * 50, JSON], "4.0") == Form(JSON)
    assert answer_form([*["text/html"] * 5000, JSON], "4.0") is None
    assert why_unreadable(f"{JSON}; x={'y' * 100_000}; charset=latin-1") is None


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=3))
def test_no_header_is_too_strange(content_type: str, accept: list[str]) -> None:
    if not any(name in content_type.lower() for name in NAMES):
        assert sent_release(content_type) is None
        assert why_unreadable(content_type)
    form = answer_form(accept, "4.0")
    assert form is None or form == Form(FHIR_JSON) or any("/" in one for one in accept)


@pytest.mark.parametrize(
    ("content_type", "release"),
    [
        (None, None),
        ("", None),
        ("application/fhir+json", None),
        ("application/fhir+json; fhirVersion=3.0", "3.0"),
        ("application/fhir+json; fhirVersion=5.0.0; charset=utf-8", "5.0"),
        ("application/fhir+json; fhirVersion=7.0", None),
        ("nonsense", None),
    ],
)
def test_the_release_of_a_body_is_the_one_that_its_content_type_says(
    content_type: str | None, release: str | None
) -> None:
    assert sent_release(content_type) == release
