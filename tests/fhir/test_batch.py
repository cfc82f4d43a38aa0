from typing import Any

import pytest

from service.fhir.batch import Answered, Call, open_batch, write_batch_response
from service.fhir.issues import Refused
from tests.fhir.sent import bundle, number, observation, patient, sent
from tests.fhir_validity import assert_valid_batch_response

CAPABILITY = b'{"resourceType":"CapabilityStatement"}'


def batch(*entries: object, **more: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries), **more}


def entry(resource: object = None, method: str = "POST", url: str = "$flag-causes") -> Any:  # noqa: ANN401
    asked: dict[str, Any] = {"request": {"method": method, "url": url}}
    return asked if resource is None else asked | {"resource": resource}


def calls(resource: object, most: int = 100) -> list[Call | Refused]:
    return open_batch(sent(resource), most, 64)


def refused(resource: object, most: int = 100) -> Refused:
    with pytest.raises(Refused) as caught:
        calls(resource, most)
    return caught.value


def test_each_entry_is_a_call_in_its_order() -> None:
    found = calls(batch(entry(patient()), entry(method="get", url=" metadata ")))

    assert found == [
        Call("POST", "$flag-causes", sent(patient())),
        Call("GET", "metadata", b""),
    ]


def test_a_batch_of_nothing_is_answered_with_nothing() -> None:
    assert calls({"resourceType": "Bundle", "type": "batch"}) == []
    assert assert_valid_batch_response(write_batch_response([])) == {
        "resourceType": "Bundle",
        "type": "batch-response",
    }


@pytest.mark.parametrize(
    ("resource", "status", "code"),
    [
        ("batch", 400, "structure"),
        ([batch()], 400, "structure"),
        ({"type": "batch"}, 400, "required"),
        ({"resourceType": "Bundel"}, 400, "code-invalid"),
        (patient(), 422, "not-supported"),
        ({"resourceType": "Parameters"}, 422, "not-supported"),
        ({"resourceType": "Bundle"}, 422, "not-supported"),
        (batch(type="collection"), 422, "not-supported"),
        (batch(type="transaction"), 422, "not-supported"),
        (batch(type="Batch"), 422, "not-supported"),
        (batch(type=5), 400, "structure"),
        (batch(entry=5), 400, "structure"),
        (batch(implicitRules="https://a.example"), 400, "not-supported"),
        (batch(modifierExtension=[{"url": "https://a.example"}]), 400, "not-supported"),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(resource: object, status: int, code: str) -> None:
    found = refused(resource)

    assert (found.status, found.issues[0].code) == (status, code)


def test_a_transaction_is_refused_with_what_to_do() -> None:
    (issue,) = refused(batch(entry(patient()), type="transaction")).issues

    assert "stores nothing" in issue.text
    assert "Send a batch" in issue.text
    assert issue.expression == ("Bundle.type",)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, "required"),
        (None, "structure"),
        ("POST", "structure"),
        ({"resource": patient()}, "required"),
        ({"request": None}, "required"),
        ({"request": {"method": "POST"}}, "required"),
        ({"request": {"url": "$flag-causes"}}, "required"),
        ({"request": {"method": 5, "url": "$flag-causes"}}, "structure"),
        ({"request": ["POST"]}, "structure"),
        ({**entry(), "modifierExtension": [{"url": "https://a.example"}]}, "extension"),
        (
            {"request": {**entry()["request"], "modifierExtension": [{"url": "https://a.b"}]}},
            "extension",
        ),
    ],
)
def test_an_entry_that_is_no_call_costs_only_itself(wrong: object, code: str) -> None:
    before, found, after = calls(batch(entry(), wrong, entry(url="$other")))

    assert isinstance(found, Refused)
    assert (found.status, found.issues[0].code) == (400, code)
    assert found.issues[0].expression[0].startswith("Bundle.entry[1]")
    assert (before, after) == (Call("POST", "$flag-causes", b""), Call("POST", "$other", b""))


def test_what_a_call_does_not_ask_of_is_not_looked_at() -> None:
    (found,) = calls(batch({**entry(), "fullUrl": 5, "search": "no"}))

    assert found == Call("POST", "$flag-causes", b"")


@pytest.mark.parametrize("most", [1, 2, 3])
def test_entries_count_with_those_of_the_bundles_inside(most: int) -> None:
    inner = entry(bundle(patient(), observation()))

    assert refused(batch(inner, entry()), most).status == 413
    assert len(calls(batch(inner, entry()), 4)) == 2


def test_bundles_inside_of_bundles_and_of_parameters_count_too() -> None:
    deep = bundle(bundle(patient(), observation()))
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": deep}],
    }

    assert refused(batch(entry(parameters)), most=3).issues[0].code == "too-costly"
    assert len(calls(batch(entry(parameters)), most=4)) == 1


def test_a_list_of_other_resources_is_not_counted() -> None:
    worklist = {"resourceType": "List", "entry": [{}, {}, {}]}

    assert len(calls(batch(entry(worklist)), most=1)) == 1


def test_nesting_has_the_limit_of_any_request() -> None:
    deep: object = 1
    for _ in range(70):
        deep = [deep]

    assert refused(batch(entry({"resourceType": "Patient", "x": deep}))).issues[0].code in {
        "too-costly",
        "structure",
    }


def test_numbers_that_python_can_not_hold_are_no_obstacle() -> None:
    body = sent(batch(entry({"x": number("1e999999")})))

    (found,) = open_batch(body, 1, 64)

    assert found == Call("POST", "$flag-causes", b'{"x": 1e999999}')


def test_answers_and_refusals_keep_their_order_and_their_bytes() -> None:
    outcome = (
        b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value",'
        b'"details":{"text":"No."}}]}'
    )

    written = write_batch_response([Answered(422, outcome), Answered(200, CAPABILITY)])

    assert written == (
        b'{"resourceType":"Bundle","type":"batch-response","entry":['
        b'{"response":{"status":"422","outcome":' + outcome + b"}},"
        b'{"resource":' + CAPABILITY + b',"response":{"status":"200"}}]}'
    )
