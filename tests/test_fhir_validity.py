"""The checker of every other test has to catch what is wrong, or they all prove nothing."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fhir_validity import (
    assert_valid_answer,
    assert_valid_batch_response,
    assert_valid_capability_statement,
    assert_valid_flag,
    assert_valid_operation_definition,
    assert_valid_outcome,
    assert_valid_provenance,
    assert_valid_transaction,
)

Resource = dict[str, Any]
Spoil = Callable[[Resource], object]

FLAG: Resource = {
    "resourceType": "Flag",
    "id": "0d9c6f3e-3c5c-8d6b-9d5a-0123456789ab",
    "text": {
        "status": "extensions",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Sodium 118 &lt; 125</p></div>',
    },
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/flag-priority",
            "valueCodeableConcept": {
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/flag-priority-code",
                        "code": "PH",
                        "display": "High priority",
                    }
                ]
            },
        },
        {
            "url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
            "valueReference": {"reference": "Observation/na-1", "display": "Sodium 118 mmol/L"},
        },
    ],
    "identifier": [{"system": "https://flags.example.org/flag", "value": "abc"}],
    "status": "active",
    "category": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/flag-category",
                    "code": "clinical",
                    "display": "Clinical",
                }
            ]
        }
    ],
    "code": {
        "coding": [{"system": "https://flags.example.org/CodeSystem/cause", "code": "hyponatremia"}]
    },
    "subject": {"reference": "Patient/p1", "type": "Patient"},
    "period": {"start": "2026-03-04T09:15:02+01:00", "end": "2026-03-05T09:15:02+01:00"},
    "author": {"type": "Device", "identifier": {"value": "myoflag"}, "display": "Myoflag"},
}
OUTCOME: Resource = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "warning",
            "code": "value",
            "details": {"text": "The unit is not known."},
            "expression": ["Bundle.entry[3].resource.value"],
        }
    ],
}
PROVENANCE: Resource = {
    "resourceType": "Provenance",
    "id": "44444444-4444-8444-8444-444444444444",
    "target": [{"reference": f"urn:uuid:{FLAG['id']}", "type": "Flag"}],
    "recorded": "2026-03-04T09:15:02Z",
    "policy": ["https://flags.example.org/rules/x|1"],
    "activity": {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation", "code": "CREATE"}
        ]
    },
    "agent": [
        {
            "type": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/"
                        "provenance-participant-type",
                        "code": "assembler",
                    }
                ]
            },
            "who": {"type": "Device", "display": "Myoflag"},
        }
    ],
    "entity": [{"role": "source", "what": {"reference": "Observation/na-1"}}],
}
OBSERVATION: Resource = {"resourceType": "Observation", "status": "not even a code"}
ANSWER: Resource = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": f"urn:uuid:{FLAG['id']}", "resource": FLAG},
        {"fullUrl": "urn:uuid:11111111-1111-8111-8111-111111111111", "resource": OUTCOME},
        {"fullUrl": "urn:uuid:22222222-2222-4222-8222-222222222222", "resource": OBSERVATION},
    ],
}
STATEMENT: Resource = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2026-03-04",
    "kind": "instance",
    "implementation": {"description": "A service."},
    "fhirVersion": "4.0.1",
    "format": ["application/fhir+json"],
    "rest": [
        {
            "mode": "server",
            "operation": [
                {
                    "name": "flag-causes",
                    "definition": "https://flags.example.org/OperationDefinition/x",
                }
            ],
        }
    ],
}
DEFINITION: Resource = {
    "resourceType": "OperationDefinition",
    "name": "FlagCauses",
    "status": "active",
    "kind": "operation",
    "code": "flag-causes",
    "system": True,
    "type": False,
    "instance": False,
    "parameter": [{"name": "return", "use": "out", "min": 1, "max": "1", "type": "Bundle"}],
}


def narrative(inner: str) -> Spoil:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'
    return lambda flag: flag["text"].update(div=div)


def priority(**coding: str) -> Spoil:
    def spoil(flag: Resource) -> None:
        flag["extension"][0]["valueCodeableConcept"]["coding"][0].update(coding)

    return spoil


BROKEN_FLAGS: dict[str, tuple[Spoil, str]] = {
    "another resource": (lambda f: f.update(resourceType="List"), "not Flag"),
    "a bogus status": (lambda f: f.update(status="resolved"), "no flag-status"),
    "no status": (lambda f: f.pop("status"), "no flag-status"),
    "no code": (lambda f: f.pop("code"), "Flag.code"),
    "a code that says nothing": (lambda f: f.update(code={"id": "x"}), "neither coding nor text"),
    "a coding without a system": (lambda f: f["code"]["coding"][0].pop("system"), "absolute URI"),
    "a system that is a name": (
        lambda f: f["code"]["coding"][0].update(system="our codes"),
        "is no URI",
    ),
    "no subject": (lambda f: f.pop("subject"), "Flag.subject"),
    "a null subject": (lambda f: f.update(subject=None), "null"),
    "an Observation as subject": (
        lambda f: f.update(subject={"reference": "Observation/1"}),
        "must not refer to a Observation",
    ),
    "an Observation as subject by its type": (
        lambda f: f.update(subject={"reference": "urn:uuid:1", "type": "Observation"}),
        "must not refer to a Observation",
    ),
    "a subject of two types": (
        lambda f: f.update(subject={"reference": "Group/1", "type": "Patient"}),
        "at once",
    ),
    "a subject of a type that is none": (
        lambda f: f.update(subject={"display": "Ann", "type": "Person of interest"}),
        "no resource type",
    ),
    "a subject that names nothing": (
        lambda f: f.update(subject={"type": "Patient"}),
        "names nothing",
    ),
    "a subject that is not contained": (
        lambda f: f.update(subject={"reference": "#p"}),
        "is not contained",
    ),
    "a Patient's relative as author": (
        lambda f: f.update(author={"reference": "RelatedPerson/1"}),
        "must not refer to a RelatedPerson",
    ),
    "an id with a space": (lambda f: f.update(id="a b"), "is no id"),
    "an id that is too long": (lambda f: f.update(id="a" * 65), "is no id"),
    "an identifier without a value": (lambda f: f["identifier"][0].pop("value"), "no value"),
    "an identifier without a system": (lambda f: f["identifier"][0].pop("system"), "absolute URI"),
    "a script in the narrative": (narrative("<script>alert(1)</script>"), "<script>"),
    "a handler in the narrative": (narrative('<p onclick="x()">a</p>'), "onclick"),
    "a form in the narrative": (narrative("<form>a</form>"), "<form>"),
    "a frame in the narrative": (narrative('<iframe src="#a">a</iframe>'), "<iframe>"),
    "a link that runs": (narrative('<a href="javascript:x()">a</a>'), "a link to"),
    "an image from elsewhere": (narrative('<img src="https://x.example/a.png"/>'), "an image"),
    "a style that loads": (narrative('<p style="background:url(x)">a</p>'), "a style"),
    "a foreign namespace": (
        narrative('<svg xmlns="http://www.w3.org/2000/svg">a</svg>'),
        "not allowed",
    ),
    "a bare ampersand": (narrative("<p>a & b</p>"), "not well-formed"),
    "a named entity": (narrative("<p>a&nbsp;b</p>"), "not well-formed"),
    "an empty narrative": (narrative("<p> </p>"), "says nothing"),
    "a narrative without a namespace": (
        lambda f: f["text"].update(div="<div>a</div>"),
        "not an XHTML div",
    ),
    "two divs": (lambda f: f["text"].update(div=2 * f["text"]["div"]), "not well-formed"),
    "a document type": (
        lambda f: f["text"].update(div=f"<!DOCTYPE a>{f['text']['div']}"),
        "not the text of one div",
    ),
    "a narrative status that is none": (
        lambda f: f["text"].update(status="active"),
        "no narrative status",
    ),
    "no narrative": (lambda f: f.pop("text"), "dom-6"),
    "a priority code that is none": (priority(code="P1"), "'P1' is not in"),
    "a priority with another's display": (priority(display="Low priority"), "does not mean"),
    "a priority from another system": (
        priority(system="http://hl7.org/fhir/CodeSystem/flag-priority-code"),
        "not the code system",
    ),
    "a priority as a code": (
        lambda f: f["extension"][0].update(valueCode="PH"),
        "flag-priority has valueCodeableConcept",
    ),
    "two priorities": (lambda f: f["extension"].append(f["extension"][0]), "stands twice"),
    "a nested extension": (
        lambda f: f["extension"][1].update(extension=[{"url": "x", "valueString": "y"}]),
        "ext-1",
    ),
    "evidence that is no reference": (
        lambda f: f["extension"][1].update(valueString=f["extension"][1].pop("valueReference")),
        "flag-detail has valueReference",
    ),
    "an extension of nobody": (
        lambda f: f["extension"][1].update(url="https://flags.example.org/mine"),
        "no extension of Flag",
    ),
    "an extension that has no place there": (
        lambda f: f["code"].update(extension=[f["extension"][1]]),
        "has no place here",
    ),
    "a modifier extension": (
        lambda f: f.update(modifierExtension=[f["extension"][1]]),
        "has no place here",
    ),
    "a category of another list": (
        lambda f: f["category"][0]["coding"][0].update(code="laboratory"),
        "'laboratory' is not in",
    ),
    "a category that is not a list": (
        lambda f: f.update(category=f["category"][0]),
        "Flag.category",
    ),
    "a day that there is not": (
        lambda f: f.update(period={"start": "2026-02-30"}),
        "not in the calendar",
    ),
    "a time without a zone": (
        lambda f: f.update(period={"start": "2026-02-20T10:00:00"}),
        "no dateTime",
    ),
    "a time without seconds": (
        lambda f: f.update(period={"start": "2026-02-20T10:00Z"}),
        "no dateTime",
    ),
    "a period that ends before it starts": (
        lambda f: f["period"].update(end="2026-03-04T08:15:01Z"),
        "per-1",
    ),
    "an empty period": (lambda f: f.update(period={}), "ele-1"),
    "an empty list": (lambda f: f.update(category=[]), "empty"),
    "an empty string": (lambda f: f["code"].update(text=" "), "an empty string"),
    "a control character": (lambda f: f["code"].update(text="a\x00b"), "a control character"),
    "an element of R5": (lambda f: f.update(priority="high"), "Extra inputs"),
    "a contained resource that nothing refers to": (
        lambda f: f.update(contained=[{"resourceType": "Patient", "id": "p"}]),
        "dom-3",
    ),
    "a contained resource with a version": (
        lambda f: f.update(
            contained=[{"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}}],
            subject={"reference": "#p"},
        ),
        "dom-4",
    ),
}

BROKEN_OUTCOMES: dict[str, tuple[Spoil, str]] = {
    "no issue": (lambda o: o.update(issue=[]), "there is none"),
    "an empty issue": (lambda o: o["issue"].append({}), "no issue-severity"),
    "a severity that is none": (lambda o: o["issue"][0].update(severity="info"), "issue-severity"),
    "a type that is none": (lambda o: o["issue"][0].update(code="oops"), "no issue-type"),
    "an issue that says nothing": (lambda o: o["issue"][0].pop("details"), "says nothing"),
    "a location": (lambda o: o["issue"][0].update(location=["/f:a"]), "deprecated"),
    "an expression twice": (
        lambda o: o["issue"][0].update(expression=["a", "a"]),
        "stands twice",
    ),
    "no expressions": (lambda o: o["issue"][0].update(expression=[]), "empty"),
}

BROKEN_PROVENANCES: dict[str, tuple[Spoil, str]] = {
    "no target": (lambda p: p.pop("target"), "Provenance.target"),
    "another's target": (
        lambda p: p.update(target=[{"reference": "Condition/1"}]),
        "must not refer to a Condition",
    ),
    "no time": (lambda p: p.pop("recorded"), "Provenance.recorded"),
    "a time that is none": (lambda p: p.update(recorded="2026-03-04"), "Provenance.recorded"),
    "nobody who did it": (lambda p: p.pop("agent"), "Provenance.agent"),
    "an activity that is none": (
        lambda p: p["activity"]["coding"][0].update(code="MAKE"),
        "'MAKE' is not in",
    ),
    "a role of R4 alone": (lambda p: p["entity"][0].update(role="derivation"), "no role"),
    "a policy that is a name": (lambda p: p.update(policy=["our rules"]), "absolute URI"),
}

BROKEN_ANSWERS: dict[str, tuple[Spoil, str]] = {
    "another type": (lambda b: b.update(type="searchset"), "not collection"),
    "a total": (lambda b: b.update(total=1), "bdl-1"),
    "a search mode": (lambda b: b["entry"][0].update(search={"mode": "match"}), "bdl-2"),
    "an entry without a resource": (lambda b: b["entry"][1].pop("resource"), "bdl-5"),
    "a fullUrl twice": (
        lambda b: b["entry"][2].update(fullUrl=b["entry"][1]["fullUrl"]),
        "bdl-7",
    ),
    "a fullUrl of a version": (
        lambda b: b["entry"][2].update(fullUrl="https://a.example/Observation/1/_history/2"),
        "bdl-8",
    ),
    "an entry without a fullUrl": (lambda b: b["entry"][2].pop("fullUrl"), "bdl-15"),
    "a Flag under another's fullUrl": (
        lambda b: b["entry"][0].update(fullUrl="urn:uuid:33333333-3333-4333-8333-333333333333"),
        "not that of the Flag's id",
    ),
    "an outcome whose fullUrl is no UUID": (
        lambda b: b["entry"][1].update(fullUrl="urn:uuid:1"),
        "is no UUID",
    ),
    "no outcome": (lambda b: b["entry"].pop(1), "one OperationOutcome"),
    "no entries": (lambda b: b.pop("entry"), "one OperationOutcome"),
    "the outcome first": (lambda b: b["entry"].insert(0, b["entry"].pop(1)), "not Flags, then"),
    "the request's resources first": (
        lambda b: b["entry"].insert(0, b["entry"].pop(2)),
        "not Flags, then",
    ),
    "a Flag that is broken": (
        lambda b: b["entry"][0]["resource"].update(status="on"),
        "Bundle.entry[0].resource: Flag.status",
    ),
    "an outcome that is broken": (
        lambda b: b["entry"][1]["resource"].update(issue=[]),
        "Bundle.entry[1].resource: OperationOutcome.issue",
    ),
}

TRANSACTION: Resource = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "return",
            "resource": {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [
                    {
                        "fullUrl": f"urn:uuid:{FLAG['id']}",
                        "resource": {k: v for k, v in FLAG.items() if k != "id"},
                        "request": {
                            "method": "PUT",
                            "url": "Flag?identifier=https://flags.example.org/flag|abc",
                        },
                    },
                    {
                        "fullUrl": "urn:uuid:44444444-4444-8444-8444-444444444444",
                        "resource": {k: v for k, v in PROVENANCE.items() if k != "id"},
                        "request": {"method": "POST", "url": "Provenance"},
                    },
                ],
            },
        },
        {"name": "outcome", "resource": OUTCOME},
    ],
}
BATCH_RESPONSE: Resource = {
    "resourceType": "Bundle",
    "type": "batch-response",
    "entry": [
        {"resource": ANSWER, "response": {"status": "200"}},
        {"response": {"status": "422", "outcome": OUTCOME}},
    ],
}


def entry_of(parameters: Resource, index: int = 0) -> Resource:
    entry: Resource = parameters["parameter"][0]["resource"]["entry"][index]
    return entry


BROKEN_TRANSACTIONS: dict[str, tuple[Spoil, str]] = {
    "no outcome": (lambda p: p["parameter"].pop(), "not return and outcome"),
    "a batch": (
        lambda p: p["parameter"][0]["resource"].update(type="batch"),
        "not transaction",
    ),
    "a Flag with an id": (
        lambda p: entry_of(p)["resource"].update(id="x"),
        "names itself",
    ),
    "a Flag with a version": (
        lambda p: entry_of(p)["resource"].update(meta={"versionId": "1"}),
        "names itself",
    ),
    "a Flag that is posted": (
        lambda p: entry_of(p)["request"].update(method="POST"),
        "not a PUT",
    ),
    "a Flag put to another's identifier": (
        lambda p: entry_of(p)["request"].update(url="Flag?identifier=a|b"),
        "not a PUT",
    ),
    "a subject of a urn": (
        lambda p: entry_of(p)["resource"].update(subject={"reference": "urn:uuid:1"}),
        "names nothing on another server",
    ),
    "a subject without a name": (
        lambda p: entry_of(p)["resource"].update(subject={"display": "Ann"}),
        "names nothing on another server",
    ),
    "a Provenance that is put": (
        lambda p: entry_of(p, 1)["request"].update(method="PUT"),
        "not a POST",
    ),
    "a Provenance of something else": (
        lambda p: entry_of(p, 1)["resource"].update(target=[{"reference": "Flag/1"}]),
        "is not in the transaction",
    ),
    "a fullUrl twice": (
        lambda p: entry_of(p, 1).update(fullUrl=entry_of(p)["fullUrl"]),
        "bdl-7",
    ),
}
BROKEN_BATCH_RESPONSES: dict[str, tuple[Spoil, str]] = {
    "a batch": (lambda b: b.update(type="batch"), "not batch-response"),
    "no entries as an empty list": (lambda b: b.update(entry=[]), "ele-1"),
    "an answer and a refusal": (
        lambda b: b["entry"][1].update(resource=ANSWER),
        "neither an answer nor a refusal",
    ),
    "neither of them": (
        lambda b: b["entry"][1]["response"].pop("outcome"),
        "neither an answer nor a refusal",
    ),
    "a status in words": (
        lambda b: b["entry"][0]["response"].update(status="OK"),
        "no HTTP status",
    ),
    "a request": (
        lambda b: b["entry"][0].update(request={"method": "POST", "url": "x"}),
        "neither an answer nor a refusal",
    ),
    "an answer that is none": (
        lambda b: b["entry"][0].update(resource=OBSERVATION),
        "is no answer",
    ),
    "a broken answer": (
        lambda b: b["entry"][0]["resource"].update(total=1),
        "bdl-1",
    ),
}

BROKEN_STATEMENTS: dict[str, tuple[Spoil, str]] = {
    "no date": (lambda s: s.pop("date"), "CapabilityStatement.date"),
    "nothing that it can do": (lambda s: s.pop("rest"), "cpb-1"),
    "another version of FHIR": (lambda s: s.update(fhirVersion="5.0.0"), "fhirVersion: not that"),
    "an instance without implementation": (lambda s: s.pop("implementation"), "cpb-14"),
    "an operation with a dollar sign": (
        lambda s: s["rest"][0]["operation"][0].update(name="$flag-causes"),
        "without the dollar sign",
    ),
}

BROKEN_DEFINITIONS: dict[str, tuple[Spoil, str]] = {
    "no scope": (lambda d: d.pop("system"), "OperationDefinition.system"),
    "a code with a dollar sign": (lambda d: d.update(code="$flag-causes"), "the dollar sign"),
    "a parameter without a type": (lambda d: d["parameter"][0].pop("type"), "incomplete"),
    "a parameter twice": (lambda d: d["parameter"].append(d["parameter"][0]), "stands twice"),
}


def broken(samples: dict[str, tuple[Spoil, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("spoil", "complaint"), samples.values(), ids=samples)


def fails(
    check: Callable[[Resource], Resource], sound: Resource, spoil: Spoil, complaint: str
) -> None:
    resource = copy.deepcopy(sound)
    spoil(resource)
    with pytest.raises(AssertionError) as caught:
        check(resource)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("check", "resource"),
    [
        (assert_valid_flag, FLAG),
        (assert_valid_outcome, OUTCOME),
        (assert_valid_answer, ANSWER),
        (assert_valid_provenance, PROVENANCE),
        (assert_valid_transaction, TRANSACTION),
        (assert_valid_batch_response, BATCH_RESPONSE),
        (assert_valid_capability_statement, STATEMENT),
        (assert_valid_operation_definition, DEFINITION),
    ],
)
def test_what_is_sound_passes_as_text_bytes_and_dict(
    check: Callable[[object], Resource], resource: Resource
) -> None:
    text = json.dumps(resource)
    assert check(text) == check(text.encode()) == check(resource) == resource


@pytest.mark.parametrize("release", ["4.0", "4.3", "5.0"])
def test_a_flag_is_sound_in_every_release_and_an_element_that_it_has_not_in_none(
    release: str,
) -> None:
    assert assert_valid_answer(ANSWER, release) == ANSWER
    fails(
        lambda flag: assert_valid_flag(flag, release),
        FLAG,
        lambda flag: flag.update(supportingInfo=[{"reference": "Observation/1"}]),
        "Extra inputs",
    )


def test_a_statement_is_held_to_the_models_of_its_release() -> None:
    statement = STATEMENT | {"fhirVersion": "5.0.0", "copyrightLabel": "2026"}

    assert assert_valid_capability_statement(statement, "5.0") == statement
    with pytest.raises(AssertionError, match="copyrightLabel"):
        assert_valid_capability_statement(statement | {"fhirVersion": "4.3.0"}, "4.3")


@broken(BROKEN_FLAGS)
def test_a_broken_flag_is_caught(spoil: Spoil, complaint: str) -> None:
    fails(assert_valid_flag, FLAG, spoil, complaint)


@broken(BROKEN_OUTCOMES)
def test_a_broken_outcome_is_caught(spoil: Spoil, complaint: str) -> None:
    fails(assert_valid_outcome, OUTCOME, spoil, complaint)


@broken(BROKEN_PROVENANCES)
def test_a_broken_provenance_is_caught(spoil: Spoil, complaint: str) -> None:
    fails(assert_valid_provenance, PROVENANCE, spoil, complaint)


@broken(BROKEN_ANSWERS)
def test_a_broken_answer_is_caught(spoil: Spoil, complaint: str) -> None:
    fails(assert_valid_answer, ANSWER, spoil, complaint)


@broken(BROKEN_TRANSACTIONS)
def test_a_broken_transaction_is_caught(spoil: Spoil, complaint: str) -> None:
    fails(assert_valid_transaction, TRANSACTION, spoil, complaint)


@broken(BROKEN_BATCH_RESPONSES)
def test_a_broken_batch_response_is_caught(spoil: Spoil, complaint: str) -> None:
    fails(assert_valid_batch_response, BATCH_RESPONSE, spoil, complaint)


@broken(BROKEN_STATEMENTS)
def test_a_broken_capability_statement_is_caught(spoil: Spoil, complaint: str) -> None:
    fails(assert_valid_capability_statement, STATEMENT, spoil, complaint)


@broken(BROKEN_DEFINITIONS)
def test_a_broken_operation_definition_is_caught(spoil: Spoil, complaint: str) -> None:
    fails(assert_valid_operation_definition, DEFINITION, spoil, complaint)


@pytest.mark.parametrize(
    "body",
    [
        '{"resourceType": "OperationOutcome", "resourceType": "Flag"}',
        '{"resourceType": "Flag", "id": NaN}',
        "[]",
    ],
)
def test_what_is_not_one_json_object_is_caught(body: str) -> None:
    with pytest.raises(AssertionError):
        assert_valid_flag(body)
