import random
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json, structs

from service.fhir.reading import Intake, ReadingOptions, Refused, read
from service.record import Problem, Record, Result, Treatment
from tests.fhir.sent import (
    BERLIN,
    CLOCK,
    KNOWLEDGE,
    LOINC,
    OPTIONS,
    SNOMED,
    bundle,
    coding,
    condition,
    entry,
    intake,
    medication,
    number,
    observation,
    patient,
    quantity,
    record,
    sent,
    told,
)

CORPUS = Path(__file__).parents[2].parent / "shared"
LATEST = ReadingOptions(clock=CLOCK)


def _on(day: str, **more: object) -> dict[str, Any]:
    return observation(effectiveDateTime=day, **more)


def _height(day: str) -> dict[str, Any]:
    return _on(day, code=coding("8302-2"), valueQuantity=quantity(170, "cm"))


@pytest.mark.parametrize(
    ("resources", "moment"),
    [
        ([_on("2020-03-01T10:00:00Z"), _on("2020-03-05T10:00:00Z")], "2020-03-05T10:00:00"),
        ([_on("2020-03-05")], "2020-03-05T23:59:59.999999"),
        ([_on("2020")], "2020-12-31T23:59:59.999999"),
        ([_on("2020-03-01"), condition(onsetDateTime="2020-03-02")], "2020-03-02T23:59:59.999999"),
        ([_on("2020-03-01"), condition(recordedDate="2020-03-03")], "2020-03-03T23:59:59.999999"),
        (
            [
                _on("2020-03-01"),
                medication(effectivePeriod={"start": "2020-03-04", "end": "2020-09"}),
            ],
            "2020-03-04T23:59:59.999999",
        ),
        ([_on("2020-03-01"), _on("2031-03-01")], "2020-03-01T23:59:59.999999"),
        ([_on("2020-03-01"), _on("2026-05-10")], "2026-05-10T12:00:00"),
        ([_on("2020-03-01"), _on("2026-03-01", code=coding("9-9"))], "2020-03-01T23:59:59.999999"),
        ([_on("2020-03-01"), _height("2026-03-01")], "2020-03-01T23:59:59.999999"),
        ([_on("2031-03-01")], "2026-05-10T12:00:00"),
        ([observation(effectiveDateTime=None)], "2026-05-10T12:00:00"),
        ([patient()], "2026-05-10T12:00:00"),
    ],
)
def test_the_latest_moment_is_a_patients_own_newest_clinical_time_up_to_the_clock(
    resources: list[dict[str, Any]], moment: str
) -> None:
    found = record(*resources, options=LATEST)
    assert found.moment == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_each_patient_has_a_latest_moment_of_its_own() -> None:
    ben = _on("2019-01-01T00:00:00Z", subject={"reference": "Patient/ben"})
    found = intake(_on("2020-01-01T00:00:00Z"), ben, options=LATEST)
    assert [one.moment.year for one in found.records] == [2020, 2019]
    assert found.now is None


def _parameters(*more: dict[str, Any]) -> dict[str, Any]:
    parameters = [{"name": "resource", "resource": observation()}, *more]
    return {"resourceType": "Parameters", "parameter": parameters}


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        ({"valueInstant": "2026-05-01T10:00:00+02:00"}, "2026-05-01T08:00:00"),
        ({"valueDate": "2026-05-01"}, "2026-05-01T21:59:59.999999"),
        ({"valueString": "latest"}, "2026-05-09T08:00:00"),
    ],
)
def test_the_moment_in_the_request_comes_before_that_of_the_caller(
    now: dict[str, str], moment: str
) -> None:
    options = ReadingOptions(clock=CLOCK, moment=CLOCK, zone=BERLIN)
    found = intake(_parameters({"name": "now", **now}), options=options)
    assert found.records[0].moment == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_without_parameters_the_moment_is_that_of_the_caller() -> None:
    found = intake(_parameters())
    assert (found.now, found.records[0].moment, found.said.include_evidence) == (CLOCK, CLOCK, None)


@pytest.mark.parametrize("now", ["2026-02-30", "yesterday", "Latest"])
def test_a_moment_that_is_none_refuses_the_request(now: str) -> None:
    with pytest.raises(Refused) as refused:
        intake(_parameters({"name": "now", "valueString": now}))
    assert refused.value.status == 400
    assert now not in refused.value.issues[0].text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"nonsense", b"\xff", b'{"resourceType": "Slot"}']
)
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read(body, KNOWLEDGE, OPTIONS)
    assert 400 <= refused.value.status < 500
    assert refused.value.issues


@pytest.mark.parametrize(
    "whole",
    [
        {"resourceType": "Bundle", "type": "collection"},
        bundle({"resource": {"resourceType": "Encounter"}}),
        bundle({"resource": {"resourceType": "Medication"}}),
        bundle(observation(subject=None)),
        observation(subject=None),
    ],
)
def test_a_request_with_nothing_of_a_patient_is_refused_with_every_reason(
    whole: dict[str, Any],
) -> None:
    with pytest.raises(Refused) as refused:
        intake(whole)
    assert refused.value.status == 422
    assert refused.value.issues[0].severity == "error"


def test_limits_are_those_of_the_options() -> None:
    for options, status in (
        (ReadingOptions(clock=CLOCK, max_entries=1), 413),
        (ReadingOptions(clock=CLOCK, max_depth=4), 400),
    ):
        with pytest.raises(Refused) as refused:
            intake(patient(), observation(), options=options)
        assert refused.value.status == status


def test_dates_are_read_in_the_zone_of_the_options() -> None:
    found = record(_on("2026-05-03"), options=ReadingOptions(clock=CLOCK, zone=BERLIN))
    assert found.results[0].moment
    assert found.results[0].moment.earliest.hour == 22


def test_a_record_counts_what_was_read_and_what_usable_came_of_it() -> None:
    found = record(
        patient(),
        observation(),
        observation(valueQuantity=quantity("x")),
        observation(valueQuantity=None, interpretation=[coding("L", "v3")]),
        observation(code=coding("9-9")),
        observation(status="cancelled"),
        condition(),
        condition(code={"text": "x"}),
        medication(),
    )
    assert structs.astuple(found.tally) == (5, 2, 2, 1, 1, 1)


def test_what_records_refer_to_can_be_given_back_as_it_came() -> None:
    urn = "urn:uuid:706301fa-48cd-50b0-973e-fd53a15bde7e"
    found = intake(
        entry(urn, patient()),
        entry(urn[:-1] + "1", observation(subject={"reference": urn})),
        entry(urn[:-1] + "2", observation(subject={"reference": urn}, code=coding("9-9"))),
        {"resource": condition(id="c", subject={"reference": urn})},
        {"resource": {"resourceType": "Encounter", "id": "e"}},
    )
    assert {name: url for name, (url, _) in found.resources.items()} == {
        urn: urn,
        urn[:-1] + "1": urn[:-1] + "1",
        "Condition/c": "",
    }
    assert json.decode(found.resources[urn][1]) == patient()


def test_the_answer_to_one_body_is_always_the_same() -> None:
    body = sent(
        bundle(patient(), observation(), condition(), medication(), observation(status="x"))
    )
    first, second = (read(body, KNOWLEDGE, OPTIONS) for _ in range(2))
    assert (first.records, first.issues) == (second.records, second.issues)


# Promises that hold whatever is sent

MARK = "Zq7Jane"
SERVER = "https://ehr.example/fhir"


def _maybe(*values: object) -> st.SearchStrategy[Any]:
    return st.sampled_from((None, *values))


NAMES = st.sampled_from(["ann", "ben", "cyd"])
SUBJECTS = st.one_of(
    NAMES.map(lambda name: {"reference": f"Patient/{name}"}),
    NAMES.map(lambda name: {"reference": f"{SERVER}/Patient/{name}", "display": MARK}),
    NAMES.map(lambda name: {"identifier": {"system": "mrn", "value": f"{MARK}{name}"}}),
    st.sampled_from([None, {"display": MARK}, {"reference": "Group/1"}, {"reference": MARK}]),
)
CODES = st.sampled_from(
    [
        coding("2951-2", LOINC, text=MARK),
        coding("2823-3"),
        coding("2955-3", LOINC, text=MARK),
        coding(MARK, LOINC),
        coding("1", "local", text="Sodium"),
        {"text": MARK},
        {"coding": [*coding("2951-2")["coding"], *coding("2823-3")["coding"]]},
        coding("17450006", SNOMED),
        None,
    ]
)
VALUES = st.sampled_from(
    [
        {"valueQuantity": quantity(120)},
        {"valueQuantity": quantity(4)},
        {"valueQuantity": {"value": 98765, "unit": "mmol/L"}},
        {"valueQuantity": {"value": 120, "unit": MARK, "code": MARK, "system": MARK}},
        {"valueQuantity": {"value": MARK, "unit": "mmol/L"}},
        {"valueQuantity": {"value": number("98765e98765"), "comparator": MARK}},
        {"valueQuantity": {"value": 120, "unit": 98765}},
        {"valueQuantity": MARK},
        {"valueString": MARK},
        {"valueString": "118 mmol/L"},
        {"valueBoolean": True},
        {"valueBoolean": MARK},
        {"valueInteger": 98765},
        {"valueCodeableConcept": {"text": MARK}},
        {"valueCodeableConcept": coding("17450006", SNOMED, text=MARK)},
        {"valueRange": {"low": quantity(98765), "high": quantity(98765)}},
        {"dataAbsentReason": {"text": MARK}},
        {"valueQuantity": quantity(120), "valueString": MARK},
        {},
    ]
)
ODD = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["preliminary", "unknown", "cancelled", MARK, None, 5]),
        "issued": st.sampled_from(["2026-05-09T09:00:00Z", MARK, "2026-02-30T00:00:00Z", 98765]),
        "effectiveDateTime": st.sampled_from(
            [None, "2026", "2026-05-03T10:00:00", MARK, "0001", 98765]
        ),
        "referenceRange": st.sampled_from(
            [
                [{"low": quantity(135), "high": quantity(145)}],
                [{"low": quantity(0), "high": quantity(0)}],
                [{"low": quantity(145), "high": quantity(135)}],
                [{"low": {"value": 98765, "unit": MARK}}],
                [{"text": MARK}, {"text": "135-145"}],
                [MARK],
            ]
        ),
        "interpretation": st.sampled_from(
            [[coding("L", "v3")], [{"text": MARK}], [coding("H", "v3"), coding("L", "v3")], MARK]
        ),
        "specimen": st.sampled_from([{"display": "Urine"}, {"display": MARK}, {"reference": MARK}]),
        "note": st.sampled_from([[{"text": "hemolyzed"}], [{"text": MARK}], MARK]),
        "focus": st.sampled_from([[], [{"reference": MARK}]]),
        "modifierExtension": st.sampled_from([[], [{"url": MARK}]]),
        "category": st.sampled_from([[coding("vital-signs", MARK)], MARK]),
        "component": st.lists(
            st.builds(lambda code, value: {"code": code, **value}, CODES, VALUES), max_size=2
        ),
        "hasMember": st.just([{"reference": "Observation/0"}]),
        "identifier": st.sampled_from([[{"system": "lab", "value": MARK}], [{"value": MARK}]]),
    },
)
OBSERVATIONS = st.builds(
    lambda subject, code, value, odd: observation(
        **{"subject": subject, "code": code, "valueQuantity": None, **value, **odd}
    ),
    SUBJECTS,
    CODES,
    VALUES,
    ODD,
)
CONDITIONS = st.builds(
    lambda subject, code, status, verified, onset: condition(
        subject=subject,
        code=code,
        clinicalStatus=status,
        verificationStatus=verified,
        onsetDateTime=onset,
    ),
    SUBJECTS,
    st.sampled_from(
        [
            coding("396331005", SNOMED, text=MARK),
            coding("396331005", SNOMED, text=f"FH: {MARK}"),
            {"text": "Celiac disease"},
            {"text": MARK},
            None,
        ]
    ),
    _maybe("active", "resolved", MARK, coding(MARK, MARK)),
    _maybe("confirmed", "refuted", "provisional", MARK),
    _maybe("2020-05", MARK),
)
MEDICATIONS = st.builds(
    lambda kind, subject, concept, status: medication(
        kind, subject=subject, medicationCodeableConcept=concept, status=status
    ),
    st.sampled_from(["MedicationRequest", "MedicationStatement", "MedicationAdministration"]),
    SUBJECTS,
    st.sampled_from(
        [coding("25480", "RxNorm", text=MARK), {"text": "gabapentin 3 mg"}, {"text": MARK}, None]
    ),
    _maybe("active", "stopped", "entered-in-error", MARK),
)
OTHERS = st.sampled_from(
    [
        {"resourceType": "Encounter", "id": MARK},
        {"resourceType": MARK},
        {"resourceType": "Observation", "status": [MARK]},
        {MARK: MARK},
        MARK,
    ]
)
PATIENTS = NAMES.map(
    lambda name: patient(
        id=name,
        gender="female",
        birthDate="1960",
        identifier=[{"system": "mrn", "value": f"{MARK}{name}"}],
    )
)
RESOURCES = st.lists(
    st.one_of(OBSERVATIONS, OBSERVATIONS, CONDITIONS, MEDICATIONS, OTHERS), max_size=6
)
REQUESTS = st.builds(
    lambda people, resources: [*people, *resources], st.lists(PATIENTS, max_size=3), RESOURCES
)


def _request(resources: list[Any]) -> list[dict[str, Any]]:
    """Each resource with an id and a fullUrl of its own, as far as it is one."""
    entries = []
    for i, resource in enumerate(resources):
        if isinstance(resource, dict) and "resourceType" in resource:
            named = {"id": str(i), **resource}
            url = f"{SERVER}/{named['resourceType']}/{named['id']}"
            entries.append({"fullUrl": url, "resource": named})
        else:
            entries.append({"resource": resource})
    return entries


def _taken(body: bytes) -> Intake | Refused:
    try:
        return read(body, KNOWLEDGE, LATEST)
    except Refused as refused:
        return refused


def _read(entries: list[dict[str, Any]]) -> Intake | Refused:
    return _taken(sent(bundle(*entries)))


def _placeless(one: Record) -> str:
    """A record without the places of its evidence in the request, in an order of its own."""

    def bare(facts: Iterable[Result | Problem | Treatment]) -> list[str]:
        return sorted(
            repr(structs.replace(fact, source=structs.replace(fact.source, expression="")))
            for fact in facts
        )

    person = structs.replace(one.patient, expression="")
    facts = (bare(one.results), bare(one.problems), bare(one.treatments))
    return repr((person, one.moment, one.tally, facts))


@given(REQUESTS, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_entries_changes_no_record(
    resources: list[Any], shuffle: random.Random
) -> None:
    entries = _request(resources)
    turned = shuffle.sample(entries, len(entries))
    first, second = _read(entries), _read(turned)
    if isinstance(first, Refused) or isinstance(second, Refused):
        assert isinstance(first, Refused) is isinstance(second, Refused)
        return
    assert list(map(_placeless, first.records)) == list(map(_placeless, second.records))


@given(REQUESTS)
@settings(max_examples=200, deadline=None)
def test_no_value_and_no_name_is_in_the_text_of_any_issue(resources: list[Any]) -> None:
    found = _read(_request(resources))
    for issue in found.issues:
        assert MARK not in issue.text
        assert "98765" not in issue.text
        assert not any(MARK in path for path in issue.expression)


CHOICES = ("value", "effective", "onset", "abatement", "medication", "occurence")


def _step(element: Any, name: str, index: str) -> Any:  # noqa: ANN401 - it is JSON
    if name not in element and name in CHOICES:
        name = next(key for key in element if re.fullmatch(rf"{name}[A-Z]\w*", key))
    return element[name][int(index)] if index else element[name]


def _element(whole: dict[str, Any], expression: str) -> Any:  # noqa: ANN401 - it is JSON
    """What a FHIRPath points at; raises where it points at nothing."""
    kind, *steps = expression.split(".")
    assert whole["resourceType"] == kind
    element: Any = whole
    for step in steps:
        name, index = re.fullmatch(r"([A-Za-z]+)(?:\[([0-9]+)\])?", step).groups()  # type: ignore[union-attr]
        element = _step(element, name, index)
    return element


@given(REQUESTS)
@settings(max_examples=200, deadline=None)
def test_every_issue_points_at_something_in_the_request(resources: list[Any]) -> None:
    entries = _request(resources)
    whole = bundle(*entries)
    for issue in _read(entries).issues:
        for expression in issue.expression:
            _element(whole, expression)


#: These carry what others need; what they say is used where it is needed.
HOLDERS = ("Patient",)


@given(REQUESTS)
@settings(max_examples=200, deadline=None)
def test_every_resource_is_in_a_record_or_in_an_issue(resources: list[Any]) -> None:
    entries = _request(resources)
    found = _read(entries)
    places = {path for issue in found.issues for path in issue.expression}
    if isinstance(found, Intake):
        for one in found.records:
            places |= {fact.source.expression for fact in one.results}
            places |= {fact.source.expression for fact in one.problems}
            places |= {fact.source.expression for fact in one.treatments}
    for i, sent_entry in enumerate(entries):
        resource = sent_entry["resource"]
        if not (isinstance(resource, dict) and resource.get("resourceType") in HOLDERS):
            here = re.compile(rf"Bundle\.entry\[{i}\](\.|$)")
            panel = isinstance(resource, dict) and "hasMember" in resource
            assert panel or any(here.match(place) for place in places)


@given(REQUESTS)
@settings(max_examples=100, deadline=None)
def test_a_patient_among_others_has_the_same_record_as_alone(resources: list[Any]) -> None:
    entries = _request(resources)
    together = _read(entries)
    if isinstance(together, Refused):
        return
    for one in together.records:
        name = one.patient.key[-3:]
        alone = _read([e for e in entries if _is_about(e["resource"], name)])
        assert isinstance(alone, Intake)
        assert _placeless(one) in map(_placeless, alone.records)


def _is_about(resource: object, name: str) -> bool:
    if not isinstance(resource, dict):
        return False
    subject = resource.get("subject") or {}
    text = str(subject.get("reference") or (subject.get("identifier") or {}).get("value"))
    return resource.get("id") == name or text.endswith(name)


@given(st.lists(st.binary(max_size=4), max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_bytes_that_are_changed_at_random_are_read_or_refused(
    noise: list[bytes], chance: random.Random
) -> None:
    body = bytearray(sent(bundle(patient(), observation(), condition(), medication())))
    for piece in noise:
        at = chance.randrange(len(body))
        body[at : at + len(piece)] = piece
    found = _taken(bytes(body))
    assert found.issues or isinstance(found, Intake)


def _corpus() -> list[Path]:
    folders = (CORPUS / "corpus", CORPUS / "cases")
    return sorted(path for folder in folders for path in folder.glob("**/*.json"))


@pytest.mark.parametrize("path", _corpus(), ids=lambda path: path.name)
def test_every_file_of_the_corpus_is_read_or_refused_with_a_reason(path: Path) -> None:
    body = path.read_bytes()
    found = _taken(body)
    if isinstance(found, Refused):
        assert found.issues
        return
    assert found.records
    whole = json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    for issue in found.issues:
        for expression in issue.expression:
            _element(whole, expression)


def test_a_bundle_of_thousands_of_entries_is_read_whole() -> None:
    many = [observation(id=str(i)) for i in range(5_000)]
    assert len(record(patient(), *many).results) == 5_000


def test_a_result_of_nobody_is_told_where_it_is() -> None:
    assert told("no subject", patient(), observation(subject=None)).expression == (
        "Bundle.entry[1].resource",
    )
