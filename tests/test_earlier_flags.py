"""Flags that come along with a request: what an answer makes of what was answered before."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from service.evaluation import Site, answer, ask
from service.fhir.issues import Refused
from service.fhir.parameters import ParameterValues
from service.settings import shipped
from tests.fhir_validity import assert_valid_answer, assert_valid_transaction

CLOCK = datetime(2026, 6, 1, tzinfo=UTC)
SAMPLE = json.loads((shipped("fhir_samples") / "celiac-low-copper.json").read_bytes())
LATER = "2026-02-20T08:00:00-05:00"

Resource = dict[str, Any]
Entry = dict[str, Any]


def bundle(*entries: Entry) -> Resource:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries)}


def evaluated(site: Site, *entries: Entry, now: str | None = "latest", **said: Any) -> Resource:  # noqa: ANN401
    body = json.dumps(bundle(*entries)).encode()
    written = answer(site, body, ask(site, now, ParameterValues(**said)), CLOCK)
    if said.get("bundle_type") == "transaction":
        return assert_valid_transaction(written)
    return assert_valid_answer(written)


def flags(answered: Resource) -> dict[str, Resource]:
    """The Flags by their causes."""
    found = (entry["resource"] for entry in answered["entry"])
    return {one["code"]["coding"][0]["code"]: one for one in found if one["resourceType"] == "Flag"}


def texts(answered: Resource) -> list[str]:
    (outcome,) = (
        entry["resource"]
        for entry in answered["entry"]
        if entry["resource"]["resourceType"] == "OperationOutcome"
    )
    return [issue["details"]["text"] for issue in outcome["issue"]]


def told(answered: Resource, *words: str) -> bool:
    return any(all(word in text for word in words) for text in texts(answered))


def of(name: str, **elements: Any) -> Entry:  # noqa: ANN401 - any element
    """An entry of the sample, with other elements."""
    (found,) = (one for one in SAMPLE["entry"] if one["resource"]["id"] == name)
    changed: Entry = copy.deepcopy(found)
    changed["resource"] |= elements
    return changed


def newer(name: str, value: float, at: str = LATER, **elements: Any) -> Entry:  # noqa: ANN401
    """Another result of what one of the sample measured."""
    made = of(name, id=f"{name}-2", effectiveDateTime=at, **elements)
    made["fullUrl"] += "-2"
    made["resource"]["valueQuantity"]["value"] = value
    return made


PATIENT = of("ines")


@pytest.fixture(scope="module")
def first(site: Site) -> Entry:
    """The Flag of the sample's first answer, as it was answered."""
    (entry,) = (
        entry
        for entry in evaluated(site, *SAMPLE["entry"])["entry"]
        if entry["resource"]["resourceType"] == "Flag"
    )
    assert entry["resource"]["code"]["coding"][0]["code"] == "copper-deficiency"
    return dict(entry)


def again(first: Entry, **elements: Any) -> Entry:  # noqa: ANN401 - any element
    changed: Entry = copy.deepcopy(first)
    changed["resource"] |= elements
    return changed


def copper(answered: Resource) -> Resource | None:
    return flags(answered).get("copper-deficiency")


# ---------------------------------------------------------------------------- it holds


def test_one_that_still_holds_is_the_same_flag(site: Site, first: Entry) -> None:
    answered = evaluated(site, *SAMPLE["entry"], first)

    assert answered["entry"][0] == first
    assert evaluated(site, *SAMPLE["entry"])["entry"][0] == first


def test_one_that_a_server_named_keeps_that_name(site: Site, first: Entry) -> None:
    named = again(first, id="123", meta={"versionId": "7", "lastUpdated": "2026-02-01T00:00:00Z"})
    named["fullUrl"] = "https://ehr.example/fhir/Flag/123"

    found = evaluated(site, *SAMPLE["entry"], named)["entry"][0]

    assert (found["fullUrl"], found["resource"]["id"]) == (named["fullUrl"], "123")
    assert found["resource"]["identifier"] == first["resource"]["identifier"]
    assert "meta" not in found["resource"]


@pytest.mark.parametrize("status", ["inactive", "entered-in-error"])
def test_one_that_had_ended_and_is_named_again_comes_back_active(
    site: Site, first: Entry, status: str
) -> None:
    answered = evaluated(site, *SAMPLE["entry"], again(first, status=status))

    assert answered["entry"][0] == first
    assert told(answered, "comes back active")


# ------------------------------------------------------------------------ it may hold


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (of("celiac"),),
        (of("copper"),),
        (of("ceruloplasmin"),),
        (of("celiac"), of("ceruloplasmin")),
        (newer("copper", 95, "2026-01-12T07:40:00-05:00"),),
        (newer("copper", 95, "2026-01-12"),),
        (newer("copper", 95, "2025-12-01T07:40:00-05:00"),),
        (newer("copper", 95, status="preliminary"),),
        (newer("copper", 95, status="cancelled"),),
        (newer("copper", 95, code={"text": "something else"}),),
        (newer("copper", 95, valueQuantity={"value": 95}),),
        (newer("copper", 95, subject={"reference": "Patient/other"}),),
        (of("celiac", verificationStatus={"coding": [{"code": "provisional"}]}), of("copper")),
    ],
    ids=lambda entries: ", ".join(one["resource"]["id"] for one in entries) or "nothing",
)
def test_one_whose_evidence_was_not_sent_anew_is_left_as_it_is_and_that_is_told(
    site: Site, first: Entry, entries: tuple[Entry, ...]
) -> None:
    answered = evaluated(site, PATIENT, first, *entries)

    found = copper(answered)
    if found is None:
        # Of what was sent, the newest time may lie before the Flag.
        assert told(answered, "not judged again") or told(answered, "begins after the moment")
    else:
        assert found["status"] == "active"


def test_one_is_left_where_its_patient_is_named_otherwise_than_before(
    site: Site, first: Entry
) -> None:
    """Without the Patient nobody knows the identifier that the first answer went by."""
    answered = evaluated(site, first, newer("copper", 95))

    assert flags(answered) == {}
    assert told(answered, "the patient was named otherwise then")


def test_one_is_left_where_nobody_can_tell_whose_it_is(site: Site, first: Entry) -> None:
    answered = evaluated(site, *SAMPLE["entry"], again(first, subject={"display": "Ines"}))

    assert told(answered, "nothing says whose this is")


def test_one_that_is_of_later_than_the_moment_is_left(site: Site, first: Entry) -> None:
    entries = (PATIENT, first, newer("copper", 95))

    answered = evaluated(site, *entries, now="2026-01-01T00:00:00Z")

    assert copper(answered) is None
    assert told(answered, "begins after the moment")


# --------------------------------------------------------------------------- it is over


def test_one_whose_evidence_is_normal_now_comes_back_inactive_with_an_end(
    site: Site, first: Entry
) -> None:
    answered = evaluated(site, PATIENT, first, newer("copper", 95))

    found = copper(answered)
    assert found
    assert found["status"] == "inactive"
    assert found["period"] == {"start": "2026-01-12T07:40:00-05:00", "end": LATER}
    assert (found["id"], found["identifier"]) == (
        first["resource"]["id"],
        first["resource"]["identifier"],
    )
    assert "Copper 95 ug/dL, 2026-02-20 08:00 -05:00" in found["text"]["div"]
    assert "Copper 38 ug/dL" in found["text"]["div"]
    assert told(answered, "no longer holds", "inactive")


def test_it_refers_to_its_old_evidence_and_to_what_overturned_it(site: Site, first: Entry) -> None:
    found = copper(evaluated(site, PATIENT, first, newer("copper", 95)))
    assert found
    details = [one["valueReference"] for one in found["extension"] if "valueReference" in one]

    assert details[:-1] == [
        one["valueReference"] for one in first["resource"]["extension"] if "valueReference" in one
    ]
    assert details[-1] == {
        "reference": "Observation/copper-2",
        "type": "Observation",
        "display": "Copper 95 ug/dL, 2026-02-20 08:00 -05:00",
    }


def test_it_comes_after_the_flags_that_hold(site: Site, first: Entry) -> None:
    sodium = copy.deepcopy(newer("copper", 95))
    sodium["resource"] |= {
        "id": "na",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}]},
        "valueQuantity": {
            "value": 112,
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
    }
    del sodium["resource"]["referenceRange"]
    sodium["fullUrl"] = "https://ehr.example/fhir/Observation/na"

    answered = evaluated(site, first, PATIENT, newer("copper", 95), sodium)

    assert list(flags(answered)) == ["hyponatremia", "copper-deficiency"]


@pytest.mark.parametrize("reported", [False, True])
def test_a_result_that_was_only_issued_later_ends_nothing(
    site: Site, first: Entry, reported: bool
) -> None:
    """A specimen of before the Flag may be reported weeks after it."""
    issued = newer("copper", 100)
    del issued["resource"]["effectiveDateTime"]
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": issued["resource"]["subject"],
        "result": [{"reference": "Observation/copper-2"}],
    }
    (report if reported else issued["resource"])["issued"] = LATER
    report_entry = {"fullUrl": "https://ehr.example/fhir/DiagnosticReport/r", "resource": report}

    answered = evaluated(site, PATIENT, of("celiac"), issued, report_entry, first)

    assert copper(answered) is None
    assert told(answered, "not judged again")
    report["effectiveDateTime"] = LATER
    ended = copper(evaluated(site, PATIENT, of("celiac"), issued, report_entry, first))
    assert bool(ended) == reported


def test_a_correction_of_its_evidence_ends_it(site: Site, first: Entry) -> None:
    corrected = of("copper", status="corrected")
    corrected["resource"]["valueQuantity"]["value"] = 95

    found = copper(evaluated(site, PATIENT, first, corrected))

    assert found
    assert found["status"] == "inactive"
    assert found["period"]["end"] >= found["period"]["start"]


def test_the_same_value_read_again_ends_nothing(site: Site, first: Entry) -> None:
    unchanged = of("copper", status="corrected")

    found = copper(evaluated(site, PATIENT, first, unchanged))

    assert found
    assert found["status"] == "active"


def test_a_refuted_diagnosis_ends_nothing_that_may_stand_without_it(
    site: Site, first: Entry
) -> None:
    refuted = of("celiac", verificationStatus={"coding": [{"code": "refuted"}]})

    alone = evaluated(site, PATIENT, first, refuted, now="2026-03-01")
    low = copper(evaluated(site, PATIENT, first, refuted, of("copper"), now="2026-03-01"))

    assert copper(alone) is None
    assert told(alone, "not judged again")
    assert low
    assert low["status"] == "active"


# ------------------------------------------------------------------------ it was an error


def in_error(name: str) -> Entry:
    if name == "celiac":
        return of(name, verificationStatus={"coding": [{"code": "entered-in-error"}]})
    return of(name, status="entered-in-error")


def test_one_of_which_all_evidence_was_an_error_is_an_error(site: Site, first: Entry) -> None:
    wrong = [in_error(name) for name in ("copper", "ceruloplasmin", "celiac")]

    answered = evaluated(site, PATIENT, first, *wrong)

    found = copper(answered)
    assert found
    assert found["status"] == "entered-in-error"
    assert "end" not in found["period"]
    assert "entered in error" in found["text"]["div"]
    assert told(answered, "entered-in-error")


def test_one_that_was_an_error_never_held_whenever_it_began(site: Site, first: Entry) -> None:
    wrong = [in_error(name) for name in ("copper", "ceruloplasmin", "celiac")]

    found = copper(evaluated(site, PATIENT, first, *wrong, now="2026-01-01T00:00:00Z"))

    assert found
    assert found["status"] == "entered-in-error"


def test_one_of_which_some_evidence_was_an_error_is_none(site: Site, first: Entry) -> None:
    answered = evaluated(site, PATIENT, first, in_error("ceruloplasmin"))

    found = copper(answered)
    assert found is None
    assert told(answered, "not judged again")


def test_one_that_rested_on_an_error_alone_beside_what_does_not_suffice_is_over(
    site: Site, first: Entry
) -> None:
    answered = evaluated(site, PATIENT, first, in_error("copper"), in_error("ceruloplasmin"))

    found = copper(answered)
    assert found
    assert found["status"] == "inactive"
    assert "entered in error" in found["text"]["div"]


# -------------------------------------------------------------------------- whose it is


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f["identifier"][0].update(value="0" * 64),
        lambda f: f["code"]["coding"][0].update(code="hyponatremia"),
        lambda f: f["code"]["coding"][0].update(code="no-such-cause"),
        lambda f: f["code"]["coding"][0].update(system="https://other.example"),
        lambda f: f.pop("code"),
        lambda f: f.update(subject={"reference": "Patient/somebody-else"}),
    ],
)
def test_one_that_is_not_of_its_patient_and_cause_is_left_and_warned_of(
    site: Site, first: Entry, spoil: Callable[[Resource], object]
) -> None:
    spoiled = again(first)
    spoil(spoiled["resource"])

    answered = evaluated(site, PATIENT, newer("copper", 95), spoiled)

    assert flags(answered) == {}
    assert told(answered, "It was left as it is.")


def test_one_made_with_another_site_key_is_left(site: Site, first: Entry) -> None:
    other = structs.replace(site, site_key=b"the key of another site")

    answered = evaluated(other, PATIENT, newer("copper", 95), first)

    assert flags(answered) == {}
    assert told(answered, "site key was another")


def test_one_of_another_system_is_told_as_not_read_and_opens_no_chart(
    site: Site, first: Entry
) -> None:
    foreign = again(
        first,
        identifier=[{"system": "https://ehr.example/flags", "value": "1"}],
        subject={"reference": "Patient/unknown"},
    )

    answered = evaluated(site, PATIENT, foreign)

    assert told(answered, "not one of this service's")
    assert sum(text.startswith("Judged at") for text in texts(answered)) == 1


def test_two_of_one_identifier_are_both_left(site: Site, first: Entry) -> None:
    other = again(first, id="other")
    other["fullUrl"] = "https://ehr.example/fhir/Flag/other"

    answered = evaluated(site, PATIENT, newer("copper", 95), first, other)

    assert flags(answered) == {}
    assert told(answered, "More than one Flag of this identifier")


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "resolved"},
        {"status": None},
        {"implicitRules": "https://rules.example"},
        {"modifierExtension": [{"url": "https://a.example", "valueBoolean": True}]},
    ],
)
def test_one_that_can_not_be_understood_is_left(
    site: Site, first: Entry, elements: Resource
) -> None:
    answered = evaluated(site, PATIENT, newer("copper", 95), again(first, **elements))

    assert flags(answered) == {}
    assert told(answered, "left as it is")


def test_evidence_that_says_nothing_known_is_taken_for_anything(site: Site, first: Entry) -> None:
    vague = again(first)
    for one in vague["resource"]["extension"]:
        if "valueReference" in one:
            one["valueReference"].pop("display", None)

    answered = evaluated(site, PATIENT, newer("copper", 95), vague)

    assert copper(answered) is None
    assert told(answered, "not judged again")


def renamed(entry: Entry) -> Entry:
    """An entry of another patient, whose resources have the same names on another server."""
    text = json.dumps(entry).replace("MG-1003", "MG-2003")
    changed: Entry = json.loads(text.replace("https://ehr.example/", "https://clinic.example/"))
    return changed


def test_new_results_of_one_patient_end_no_flag_of_another(site: Site, first: Entry) -> None:
    others = [renamed(one) for one in SAMPLE["entry"]]
    (their,) = (
        one
        for one in evaluated(site, *others)["entry"]
        if one["resource"]["resourceType"] == "Flag"
    )
    assert their["resource"]["id"] != first["resource"]["id"]
    flags_sent = []
    for one, server in ((first, "ehr"), (their, "clinic")):
        placed = again(one, subject={"reference": f"https://{server}.example/fhir/Patient/ines"})
        placed["fullUrl"] = f"https://{server}.example/fhir/Flag/{one['resource']['id']}"
        flags_sent.append(placed)

    answered = evaluated(site, PATIENT, renamed(PATIENT), *flags_sent, renamed(newer("copper", 95)))

    ended = [
        one["resource"]["identifier"]
        for one in answered["entry"]
        if one["resource"]["resourceType"] == "Flag"
    ]
    assert ended == [their["resource"]["identifier"]]
    assert told(answered, "not judged again")


def test_flags_of_one_patient_end_each_for_itself(site: Site) -> None:
    """Copper was low, and now it is normal; sodium was low, and nobody sent it again."""
    sodium = newer("copper", 112, "2026-01-12T07:40:00-05:00")
    sodium["fullUrl"] = "https://ehr.example/fhir/Observation/na"
    sodium["resource"] |= {
        "id": "na",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}]},
        "valueQuantity": {"value": 112, "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    }
    del sodium["resource"]["referenceRange"]
    before = [
        one
        for one in evaluated(site, *SAMPLE["entry"], sodium)["entry"]
        if one["resource"]["resourceType"] == "Flag"
    ]
    assert len(before) == 2

    answered = evaluated(site, PATIENT, *before, newer("copper", 95))

    assert [(cause, one["status"]) for cause, one in flags(answered).items()] == [
        ("copper-deficiency", "inactive")
    ]
    assert told(answered, "not judged again")


# ------------------------------------------------------------- beside other wishes


def test_a_transaction_puts_what_ended_to_the_same_identifier(site: Site, first: Entry) -> None:
    named = again(first, id="123", meta={"versionId": "7"})
    named["fullUrl"] = "https://ehr.example/fhir/Flag/123"

    answered = evaluated(
        site, PATIENT, newer("copper", 95), named, bundle_type="transaction", provenance=True
    )

    flag, trace = answered["parameter"][0]["resource"]["entry"]
    (identifier,) = first["resource"]["identifier"]
    assert flag["request"]["url"] == f"Flag?identifier={identifier['system']}|{identifier['value']}"
    assert flag["resource"]["status"] == "inactive"
    assert trace["resource"]["activity"]["coding"][0]["code"] == "UPDATE"
    assert trace["resource"]["entity"][0] == {
        "role": "revision",
        "what": {"reference": "Flag/123/_history/7", "type": "Flag"},
    }


def test_what_ended_is_refused_in_a_transaction_with_evidence_of_a_urn(
    site: Site, first: Entry
) -> None:
    vague = again(first)
    details = [one for one in vague["resource"]["extension"] if "valueReference" in one]
    details[-1]["valueReference"]["reference"] = "urn:uuid:0a6f3c9e-0000-4000-8000-000000000001"
    entries = (PATIENT, newer("copper", 95), vague)

    assert copper(evaluated(site, *entries))
    with pytest.raises(Refused) as caught:
        evaluated(site, *entries, bundle_type="transaction")

    assert caught.value.status == 422


def test_markup_in_what_was_sent_comes_back_as_text(site: Site, first: Entry) -> None:
    marked = again(first)
    details = [one for one in marked["resource"]["extension"] if "valueReference" in one]
    details[0]["valueReference"]["display"] += " <script>alert(1)</script>\u202e"

    found = copper(evaluated(site, PATIENT, newer("copper", 95), marked))

    assert found
    assert "<script>" not in found["text"]["div"]


def test_a_narrative_that_was_sent_never_comes_back(site: Site, first: Entry) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>All is well.</p></div>'
    marked = again(first, text={"status": "additional", "div": div})

    answered = evaluated(site, PATIENT, newer("copper", 95), marked)

    assert "All is well" not in json.dumps(answered)


def test_strict_handling_takes_the_service_at_its_word(site: Site, first: Entry) -> None:
    body = json.dumps(bundle(PATIENT, newer("copper", 95), first)).encode()

    answered = answer(site, body, ask(site, "latest", strict=True), CLOCK)

    assert copper(assert_valid_answer(answered))


# ------------------------------------------------------------------ whatever is sent

PARTS = st.sets(st.sampled_from(["copper", "ceruloplasmin", "celiac", "b12"]))
VALUES = st.sampled_from([5, 38, 49.9, 50, 69, 95, 140, 300])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(PARTS, VALUES, st.sampled_from(["before", "same", "after"]), st.randoms())
def test_what_was_sent_before_is_never_lost_and_order_never_matters(
    site: Site,
    parts: set[str],
    value: float,
    when: str,
    random: Any,  # noqa: ANN401
) -> None:
    (before,) = (
        one
        for one in evaluated(site, *SAMPLE["entry"])["entry"]
        if one["resource"]["resourceType"] == "Flag"
    )
    known = {one["resource"]["id"] for one in SAMPLE["entry"]}
    at = {"before": "2025-12-12", "same": "2026-01-12T07:40:00-05:00", "after": LATER}[when]
    entries = [PATIENT, before, newer("copper", value, at)]
    entries += [of(name) for name in sorted(parts & known)]

    answered = evaluated(site, *entries)
    random.shuffle(entries)
    shuffled = evaluated(site, *entries)

    assert flags(shuffled) == flags(answered)
    found = copper(answered)
    # It is there, or it is told that it was left; nothing but a newer, higher value ends it.
    assert found or told(answered, "It was left as it is.")
    if found and found["status"] != "active":
        assert when == "after"
        assert value >= 50


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_a_spoiled_flag_is_answered_or_refused(site: Site, seed: int) -> None:
    """A few bytes of a Flag are replaced, cut out or doubled."""
    chance = Random(seed)  # noqa: S311 - not for secrets
    (before,) = (
        one
        for one in evaluated(site, *SAMPLE["entry"])["entry"]
        if one["resource"]["resourceType"] == "Flag"
    )
    del before["resource"]["text"]
    spoiled = json.dumps(before).encode()
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(spoiled))
        end = start + chance.randint(0, 20)
        into = chance.choice((chance.randbytes(chance.randint(0, 9)), spoiled[start:end] * 2, b""))
        spoiled = spoiled[:start] + into + spoiled[end:]
    head = json.dumps(bundle(PATIENT, newer("copper", 95))).encode().removesuffix(b"]}")
    body = head + b", " + spoiled + b"]}"

    try:
        answered = assert_valid_answer(answer(site, body, ask(site, "latest"), CLOCK))
    except Refused as refused:
        status, found = refused.status, None
    else:
        status, found = 200, copper(answered)

    assert status in {200, 400, 422}
    assert found is None or found["status"] == "inactive"
