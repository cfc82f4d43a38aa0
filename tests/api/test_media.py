"""Content types: FHIR's JSON by either name, and a helpful word for the rest."""

import pytest

from service.api.media import FHIR_JSON, JSON, answer_type, why_unreadable


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
        ("text/plain", "must be application/fhir+json"),
        ("application/json-patch+json", "must be application/fhir+json"),
        ("nonsense", "must be application/fhir+json"),
        ("application/fhir+json; charset=latin-1", "always UTF-8"),
        ("application/fhir+json; fhirVersion=5.0", "fhirVersion"),
        ("application/fhir+json; fhirVersion=3.0", "fhirVersion"),
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
        (["application/*;q=0.0, */*"], None),
        (["*/*;q=0.000"], None),
        (["application/json;q=good"], JSON),
        (["application/fhir+json;fhirVersion=4.0"], FHIR_JSON),
        (['application/json; fhirVersion="4.3"; q=0.5'], JSON),
        (["application/fhir+json;fhirVersion=5.0"], None),
        (["application/fhir+json;fhirVersion=4.01"], None),
        (["application/fhir+json;fhirVersion=5.0, application/json;q=0.1"], JSON),
        (["application/fhir+json;fhirVersion=5.0, application/fhir+json;q=0.1"], FHIR_JSON),
        (['text/html;a=", application/json"'], None),
    ],
)
def test_the_answer_is_named_as_the_caller_asks(accept: list[str], answer: str | None) -> None:
    assert answer_type(accept) == answer
