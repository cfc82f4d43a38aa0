"""What the service says of itself."""

from fastapi import FastAPI

from service.fhir.parameters import PARAMETERS
from tests.api.client import FHIR_JSON, FLAG_CAUSES, call


def test_the_capability_statement_names_the_operation(app: FastAPI) -> None:
    answer = call(app, "GET", "/fhir/metadata")

    assert answer.headers["content-type"] == FHIR_JSON
    (rest,) = answer.json()["rest"]
    assert [operation["name"] for operation in rest["operation"]] == ["flag-causes"]


def test_the_operation_that_it_names_is_defined_at_the_same_place(app: FastAPI) -> None:
    (rest,) = call(app, "GET", "/fhir/metadata").json()["rest"]
    definition = call(app, "GET", "/fhir/OperationDefinition/flag-causes").json()

    assert definition["url"] == rest["operation"][0]["definition"]
    assert definition["url"].endswith("/OperationDefinition/flag-causes")


def test_the_openapi_page_shows_the_samples(app: FastAPI) -> None:
    operation = call(app, "GET", "/openapi.json").json()["paths"][FLAG_CAUSES]["post"]
    examples = operation["requestBody"]["content"][FHIR_JSON]["examples"]

    assert len(examples) >= 15
    assert examples["celiac-low-copper"]["value"]["resourceType"] == "Bundle"
    assert {one["name"] for one in operation["parameters"]} == {
        *PARAMETERS,
        "_format",
        "_pretty",
        "Prefer",
    }


def test_the_openapi_page_tells_of_the_forms_of_what_the_service_says_of_itself(
    app: FastAPI,
) -> None:
    paths = app.openapi()["paths"]

    for path in ("/fhir/metadata", "/fhir/OperationDefinition/flag-causes"):
        told = paths[path]["get"]
        assert [one["name"] for one in told["parameters"]] == ["_format", "_pretty"]
        assert set(told["responses"]) == {"200", "400", "406", "429", "500"}


def test_the_page_loads_nothing_from_elsewhere(app: FastAPI) -> None:
    page = call(app, "GET", "/docs")

    assert page.status_code == 200
    assert "http" not in page.text.replace("http://www.w3.org", "")
    assert "'unsafe-inline'" in page.headers["content-security-policy"]


def test_data_is_served_as_data(app: FastAPI) -> None:
    answer = call(app, "GET", "/fhir/metadata")

    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
