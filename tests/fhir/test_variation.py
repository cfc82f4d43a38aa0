"""How real senders differ: each form that was seen, and what is made of it by the shipped rules.

What must not be read outnumbers what must. A row begins with the words that tell it.
"""

from typing import Any

import pytest

from service.evaluation import Site, ask, assess
from service.fhir.reading import Intake, Refused
from tests.fhir.sent import (
    CLOCK,
    LOINC,
    SNOMED,
    UCUM,
    bundle,
    coding,
    condition,
    entry,
    medication,
    observation,
    patient,
    quantity,
    sent,
)

BASE = "http://a.example/fhir"
OTHER = "http://b.example/fhir"
URN = "urn:uuid:6e1c1e1a-0000-4000-8000-00000000000"
MRN = {"system": "http://a.example/mrn", "value": "17"}
ANN = patient(birthDate="1960-01-01", gender="female")
BARE_ANN = {key: value for key, value in ANN.items() if key != "id"}

Body = dict[str, Any]


def read(site: Site, body: Body) -> Intake:
    return assess(site, sent(body), ask(site, "latest"), CLOCK).intake


def results(site: Site, body: Body) -> list[str]:
    """Each result with a number, as "analyte value unit"; one by a flag as "analyte flag"."""
    return [
        f"{one.analyte} {one.comparator}{one.amount.value:f} {one.amount.unit}"
        if one.amount
        else f"{one.analyte} {one.interpretation or 'unreadable'}"
        for record in read(site, body).records
        for one in record.results
    ]


def problems(site: Site, body: Body) -> list[str]:
    return [one.problem for record in read(site, body).records for one in record.problems]


def words(row: object) -> str:
    return row if isinstance(row, str) and len(row) < 60 else ""


def of(subject: str | Body | None, **more: object) -> Body:
    """A sodium of 120 mmol/L of that subject."""
    named = {"reference": subject} if isinstance(subject, str) else subject
    return observation(subject=named, **more)


# Whose it is

GROUP = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
BOB = {"resourceType": "Patient", "id": "bob", "birthDate": "2026-05-01"}


@pytest.mark.parametrize(
    ("row", "body", "patient_of_it"),
    [
        ("relative", bundle(ANN, of("Patient/ann")), "Patient/ann"),
        (
            "relative, beside http fullUrls",
            bundle(
                entry(f"{BASE}/Patient/ann", ANN), entry(f"{BASE}/Observation/1", of("Patient/ann"))
            ),
            "Patient/ann",
        ),
        (
            "absolute",
            bundle(entry(f"{BASE}/Patient/ann", ANN), of(f"{BASE}/Patient/ann")),
            "Patient/ann",
        ),
        (
            "urn:uuid",
            bundle(entry(f"{URN}1", BARE_ANN), entry(f"{URN}2", of(f"{URN}1"))),
            f"{URN}1",
        ),
        ("with /_history/", bundle(ANN, of("Patient/ann/_history/1")), "Patient/ann"),
        (
            "identifier only",
            bundle(patient(identifier=[MRN]), of({"identifier": MRN})),
            "Patient/ann",
        ),
        ("identifier only, without its Patient", of({"identifier": MRN}), ""),
        (
            "conditional, in a transaction",
            bundle(
                patient(identifier=[MRN]),
                of("Patient?identifier=http://a.example/mrn|17"),
                kind="transaction",
            ),
            "Patient/ann",
        ),
        (
            "fullUrl without a scheme",
            bundle(entry("resource:0", ANN), entry("resource:1", of("resource:0"))),
            "Patient/ann",
        ),
        (
            "fullUrl with a leading slash",
            bundle(entry("/Patient/ann", ANN), entry("/Observation/1", of("Patient/ann"))),
            "Patient/ann",
        ),
        (
            "reference with a leading slash",
            bundle(entry("/Patient/ann", ANN), entry("/Observation/1", of("/Patient/ann"))),
            "Patient/ann",
        ),
        (
            "empty fullUrl",
            bundle(entry("", ANN), entry("", of("Patient/ann"))),
            "Patient/ann",
        ),
        ("without its Patient", of("Patient/ann"), "Patient/ann"),
        (
            "another patient in contained",
            bundle(ANN, of("Patient/ann", contained=[BOB], performer=[{"reference": "#bob"}])),
            "Patient/ann",
        ),
        ("subject in contained", of("#bob", contained=[BOB]), ""),
    ],
    ids=words,
)
def test_a_result_is_of_the_patient_that_it_names(
    site: Site, row: str, body: Body, patient_of_it: str
) -> None:
    (record,) = read(site, body).records

    assert (record.patient.reference, len(record.results)) == (patient_of_it, 1), row


def test_another_patient_in_contained_lends_neither_age_nor_sex(site: Site) -> None:
    body = bundle(ANN, of("Patient/ann", contained=[BOB], performer=[{"reference": "#bob"}]))
    (record,) = read(site, body).records

    assert record.patient.born
    assert (record.patient.born.text, record.patient.sex) == ("1960-01-01", "female")


@pytest.mark.parametrize(
    ("row", "body"),
    [
        ("no subject", bundle(ANN, of(None))),
        ("empty subject", bundle(ANN, of({}))),
        ("empty reference", bundle(ANN, of(""))),
        ("display only", bundle(ANN, of({"display": "Ann Example"}))),
        ("identifier without a system", bundle(ANN, of({"identifier": {"value": "17"}}))),
        ("a Group", bundle(ANN, GROUP, of("Group/g"))),
        ("a Device", bundle(ANN, of("Device/1"))),
        ("a Location", bundle(ANN, of("Location/1"))),
        ("conditional, outside of a transaction", bundle(ANN, of("Patient?identifier=a|17"))),
        (
            "conditional, ill-formed",
            bundle(ANN, of("Patient?identifier=17&?=="), kind="transaction"),
        ),
        ("conditional, by name", bundle(ANN, of("Patient?name=Ann"), kind="transaction")),
        ("contained, and not there", bundle(ANN, of("#bob"))),
        (
            "one id on two servers, and no server told",
            bundle(
                entry(f"{BASE}/Patient/ann", ANN),
                entry(f"{OTHER}/Patient/ann", ANN),
                entry(f"{URN}2", of("Patient/ann")),
            ),
        ),
        (
            "a focus that is not the patient",
            bundle(ANN, of("Patient/ann", focus=[{"reference": "Patient/fetus"}])),
        ),
    ],
    ids=words,
)
def test_a_result_of_nobody_or_of_others_is_told_and_never_guessed(
    site: Site, row: str, body: Body
) -> None:
    found = read(site, body)

    assert [one for record in found.records for one in record.results] == [], row
    assert [issue for issue in found.issues if issue.severity == "warning"], row


def test_one_id_on_two_servers_is_two_patients(site: Site) -> None:
    body = bundle(
        entry(f"{BASE}/Patient/ann", ANN),
        entry(f"{OTHER}/Patient/ann", ANN),
        entry(f"{BASE}/Observation/1", of("Patient/ann", valueQuantity=quantity(118))),
        entry(f"{OTHER}/Observation/1", of("Patient/ann", valueQuantity=quantity(140))),
    )
    found = {
        record.patient.reference: [str(one.amount.value) for one in record.results if one.amount]
        for record in read(site, body).records
    }

    assert found == {f"{BASE}/Patient/ann": ["118"], f"{OTHER}/Patient/ann": ["140"]}


def test_a_request_in_which_nobody_is_named_is_refused(site: Site) -> None:
    with pytest.raises(Refused):
        read(site, of({"display": "Ann Example"}))


# What was measured


def coded(*codings: tuple[str | None, str], text: str | None = None) -> Body:
    made: Body = {
        "coding": [
            {"code": code, **({"system": system} if system else {})} for system, code in codings
        ]
    }
    return {**made, "text": text} if text else made


NA = (LOINC, "2951-2")
ACME = "http://acme.lab"
CPT = "http://www.ama-assn.org/go/cpt"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("by URL", coded(NA)),
        ("by https URL with a slash", coded(("https://loinc.org/", "2951-2"))),
        ("by URL with a version", coded(("http://loinc.org|2.74", "2951-2"))),
        ("by OID", coded(("2.16.840.1.113883.6.1", "2951-2"))),
        ("by OID as a urn", coded(("urn:oid:2.16.840.1.113883.6.1", "2951-2"))),
        ("plain LOINC", coded(("LOINC", "2951-2"))),
        ("LN, as in HL7 v2", coded(("LN", "2951-2"))),
        ("with a space", coded((LOINC, " 2951-2"))),
        ("LOINC, CPT and local together", coded((ACME, "NA1"), (CPT, "84295"), NA)),
        ("two LOINC codes of one analyte", coded(NA, (LOINC, "2947-0"))),
        (
            "a name in Chinese, a billing code",
            coded(NA, ("http://nhi", "09021C"), text="\u8840\u6e05\u94a0"),
        ),
        ("a local code, and its name", coded((ACME, "NA1"), text="Sodium")),
        ("no coding, a name", {"text": "Serum sodium"}),
    ],
    ids=words,
)
def test_sodium_is_known_however_it_is_coded(site: Site, row: str, code: Body) -> None:
    assert results(site, observation(code=code)) == ["sodium 120 mmol/L"], row


@pytest.mark.parametrize(
    ("row", "code", "word"),
    [
        ("no code", None, "no code"),
        ("a local code alone", coded((ACME, "NA")), "No rule uses"),
        ("a mnemonic labelled LN", coded(("LN", "NA")), "No rule uses"),
        ("a mnemonic without a system", coded((None, "NA")), "No rule uses"),
        ("LOINC without a system", coded((None, "2951-2")), "system is missing"),
        ("a LOINC code in a local system", coded((ACME, "2951-2")), "is not LOINC's"),
        ("a LOINC code in SNOMED CT", coded((SNOMED, "2951-2")), "No rule uses"),
        ("codes of two analytes", coded(NA, (LOINC, "2823-3")), "different analytes"),
        ("codes of serum and of urine", coded(NA, (LOINC, "2955-3")), "urine sodium"),
        (
            "an unknown LOINC, named sodium",
            coded((LOINC, "99999-9"), text="Sodium"),
            "No rule uses",
        ),
        ("CPT alone", coded((CPT, "84295")), "No rule uses"),
        ("a name that is not the whole text", {"text": "Sodium channel antibody"}, "No rule uses"),
        ("a name of another fluid", {"text": "Urine sodium"}, "No rule uses"),
        ("serum by code, urine by name", coded(NA, text="Sodium, urine"), "urine"),
        (
            "names of two analytes",
            {"text": "Sodium", "coding": [{"display": "Potassium"}]},
            "different analytes",
        ),
    ],
    ids=words,
)
def test_what_may_be_something_else_is_not_sodium(
    site: Site, row: str, code: Body | None, word: str
) -> None:
    found = read(site, observation(code=code))

    assert found.records[0].results == (), row
    assert [issue for issue in found.issues if word in issue.text], row


# The units of VARIATION, by LOINC code: unit text, unit code


@pytest.mark.parametrize(
    ("loinc", "value", "text", "code", "result"),
    [
        ("2951-2", 138, "mmol/L", "mmol/L", "sodium 138 mmol/L"),
        ("2951-2", 138, "mmol/L", None, "sodium 138 mmol/L"),
        ("2951-2", 138, "mEq/L", None, "sodium 138 meq/L"),
        ("2947-0", 138, "mmol/L", "mmol/L", "sodium 138 mmol/L"),
        ("2823-3", 4, "mmol/L", None, "potassium 4 mmol/L"),
        ("2823-3", 4, "mEq/L", "meq/L", "potassium 4 meq/L"),
        ("6298-4", 4, "mmol/L", "mmol/L", "potassium 4 mmol/L"),
        ("17861-6", 9, "mg/dL", "mg/dL", "calcium_total 9 mg/dL"),
        ("2000-8", 2, "mmol/L", None, "calcium_total 2 mmol/L"),
        ("49765-1", 9, "mg/dL", "mg/dL", "calcium_total 9 mg/dL"),
        ("19123-9", 2, "mg/dL", "mg/dL", "magnesium 2 mg/dL"),
        ("2601-3", 2, "mEq/L", None, "magnesium 2 meq/L"),
        ("2132-9", 829, "pg/mL", "pg/mL", "vitamin_b12 829 pg/mL"),
        ("2345-7", 90, "mg/dL", "mg/dL", "glucose 90 mg/dL"),
        ("2339-0", 90, "mg/dL", "mg/dL", "glucose 90 mg/dL"),
        ("14749-6", 5, "mmol/L", None, "glucose 5 mmol/L"),
        ("15074-8", 5, "mmol/l", "mmol/L", "glucose 5 mmol/L"),
        ("1554-5", 90, "mg/dl", None, "glucose 90 mg/dL"),
        ("2160-0", 1, "mg/dL", "mg/dL", "creatinine 1 mg/dL"),
        ("38483-4", 1, "mg/dL", "mg/dL", "creatinine 1 mg/dL"),
        ("14682-9", 0.09, "mmol/L", None, "creatinine 0.09 mmol/L"),
        ("3094-0", 14, "mg/dL", "mg/dL", "urea 14 mg/dL"),
        ("6299-2", 14, "mg/dL", "mg/dL", "urea 14 mg/dL"),
        ("14937-7", 5, "mmol/L", None, "urea 5 mmol/L"),
        ("33914-3", 60, "mL/min", "mL/min", "egfr 60 mL/min"),
        ("1975-2", 1, "mg/dL", "mg/dL", "bilirubin_total 1 mg/dL"),
        ("14631-6", 10, "umol/L", None, "bilirubin_total 10 umol/L"),
        ("1751-7", 4, "g/dL", "g/dL", "albumin 4 g/dL"),
        ("1751-7", 40, "g/L", None, "albumin 40 g/L"),
        ("1742-6", 30, "U/L", None, "alt 30 U/L"),
        ("1920-8", 30, "U/L", "U/L", "ast 30 U/L"),
        ("6768-6", 80, "U/L", "U/L", "alp 80 U/L"),
        ("2324-2", 30, "U/L", None, "ggt 30 U/L"),
    ],
)
def test_a_unit_is_read_as_it_is_spelled(
    site: Site, loinc: str, value: float, text: str, code: str | None, result: str
) -> None:
    with_code = {"system": UCUM, "code": code} if code else {}
    value_quantity = {"value": value, "unit": text, **with_code}

    assert results(site, observation(code=coding(loinc), valueQuantity=value_quantity)) == [result]


def test_a_system_of_units_without_a_code_leaves_the_text_to_tell(site: Site) -> None:
    value = {"value": 9, "unit": "mg/dL", "system": UCUM}

    assert results(site, observation(code=coding("17861-6"), valueQuantity=value)) == [
        "calcium_total 9 mg/dL"
    ]


def test_a_unit_that_is_coded_in_snomed_ct_is_read_by_its_text(site: Site) -> None:
    value = {"value": 122, "unit": "umol/L", "system": SNOMED, "code": "258814008"}
    code = {"coding": [{"system": ACME, "code": "20005", "display": "Creatinine(Serum)"}]}

    assert results(site, observation(code=code, valueQuantity=value)) == ["creatinine 122 umol/L"]


@pytest.mark.parametrize(
    ("row", "loinc", "value"),
    [
        ("glucose in mass under a code for moles", "15074-8", quantity(90, "mg/dL")),
        ("magnesium in equivalents under a code for mass", "19123-9", quantity(2, "meq/L")),
        ("no unit", "2951-2", {"value": 120}),
        ("an unknown unit", "2951-2", {"value": 120, "unit": "giga.l-1"}),
        ("a unit of another kind", "2951-2", quantity(120, "U/L")),
        ("two units", "2951-2", {"value": 120, "unit": "mg/dL", "code": "mmol/L"}),
        ("creatinine in mmol/L that is umol/L", "14682-9", quantity(90, "mmol/L")),
        ("sodium that is lethal", "2951-2", quantity(12)),
        ("a comparator alone", "2951-2", {"comparator": "<", "unit": "mmol/L"}),
        ("an unknown comparator", "2951-2", quantity(120, comparator="~")),
        ("text where a number belongs", "2951-2", quantity("120")),
    ],
    ids=words,
)
def test_a_value_whose_unit_may_be_another_is_not_read_and_told(
    site: Site, row: str, loinc: str, value: Body
) -> None:
    found = read(site, observation(code=coding(loinc), valueQuantity=value))

    assert [one.amount for one in found.records[0].results] == [None], row
    assert [issue for issue in found.issues if issue.severity == "warning"], row


@pytest.mark.parametrize(
    ("loinc", "what"),
    [
        ("13959-2", "ionized calcium that was calculated"),
        ("1968-7", "direct bilirubin"),
        ("1971-1", "indirect bilirubin"),
        ("14629-0", "direct bilirubin in moles"),
        ("5792-7", "urine glucose"),
        ("9318-7", "albumin to creatinine in urine"),
        ("2532-0", "lactate dehydrogenase"),
        ("48642-3", "eGFR coded for race"),
        ("48643-1", "eGFR coded for race"),
        ("2885-2", "total protein"),
        ("10834-0", "globulin"),
        ("4548-4", "HbA1c"),
        ("75626-2", "AUDIT-C score"),
        ("74013-4", "drinks per day"),
    ],
)
def test_a_code_that_only_resembles_what_rules_use_is_told_and_not_read(
    site: Site, loinc: str, what: str
) -> None:
    found = read(site, observation(code=coding(loinc), valueQuantity=quantity(1, "mg/dL")))

    assert found.records[0].results == (), what
    assert [issue for issue in found.issues if "code" in issue.expression[0]], what


# Values of other types


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"valueString": "118 mmol/L"}, "sodium 118 mmol/L"),
        ({"valueString": " 118mmol/L "}, "sodium 118 mmol/L"),
        ({"valueString": "<118 mmol/L"}, "sodium <118 mmol/L"),
        ({"valueString": "> 160 mEq/L"}, "sodium >160 meq/L"),
        ({"valueRange": {"high": quantity(115)}}, "sodium <=115 mmol/L"),
        ({"valueRange": {"low": quantity(160)}}, "sodium >=160 mmol/L"),
        ({"valueQuantity": quantity(118, comparator="<=")}, "sodium <=118 mmol/L"),
    ],
)
def test_a_number_in_another_type_is_read(site: Site, value: Body, result: str) -> None:
    assert results(site, observation(**{"valueQuantity": None, **value})) == [result]


@pytest.mark.parametrize(
    "text",
    [
        "<5",
        "> 600",
        "118",
        "4+ (2000)",
        "1+ (80)",
        "see comment",
        "120-130",
        "120 - 130 mmol/L",
        "5 (prev 7)",
        "118 (135-145)",
        "118 mmol/L (L)",
        "118 L",
        "*118 mmol/L",
        "L 118 mmol/L",
        "118,5 mmol/L",
        "1,180 mmol/L",
        "1.18e2 mmol/L",
        "~118 mmol/L",
        "118 mmol",
        "118 mg/dL",
        "118 mmol/L hemolyzed",
        "118 mmol/L; repeat 120",
        "118/120 mmol/L",
        "+118 mmol/L",
        "hemolyzed",
        "pending",
        "LOW",
        "",
    ],
)
def test_a_text_that_is_no_plain_number_with_a_unit_is_not_read_and_told(
    site: Site, text: str
) -> None:
    found = read(site, observation(valueQuantity=None, valueString=text))

    assert [one.amount for one in found.records[0].results] == [None]
    assert [issue for issue in found.issues if issue.severity == "warning"]


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 118},
        {"valueRange": {"low": quantity(110), "high": quantity(115)}},
        {"valueCodeableConcept": {"text": "118"}},
        {"valueBoolean": True},
        {"valueQuantity": quantity(118), "valueString": "118 mmol/L"},
        {"dataAbsentReason": {"text": "118 mmol/L"}},
        {},
    ],
)
def test_no_other_value_is_taken_for_a_number(site: Site, value: Body) -> None:
    found = read(site, observation(**{"valueQuantity": None, **value}))

    assert [one.amount for one in found.records[0].results] == [None]
    assert found.issues


def test_an_integer_is_read_where_no_unit_is_needed(site: Site) -> None:
    inr = observation(code=coding("6301-6"), valueQuantity=None, valueInteger=3)

    assert results(site, inr) == ["inr 3 1"]


# Ranges


@pytest.mark.parametrize(
    ("own", "interval"),
    [
        ({"low": quantity(135), "high": quantity(145)}, ("135", "145")),
        ({"low": {"value": 135}, "high": {"value": 145}}, ("135", "145")),
        ({"high": {"value": 145}}, (None, "145")),
        ({"low": {"value": 135}}, ("135", None)),
        ({"text": "135-145"}, ("135", "145")),
        ({"text": "135_145"}, ("135", "145")),
        ({"text": "135 - 145 mmol/L"}, ("135", "145")),
        ({"text": "<145"}, (None, "145")),
    ],
)
def test_a_range_is_read_from_bounds_or_text(
    site: Site, own: Body, interval: tuple[str | None, str | None]
) -> None:
    (record,) = read(site, observation(referenceRange=[own])).records
    found = record.results[0].interval

    assert found
    assert (found.low and str(found.low), found.high and str(found.high)) == interval


@pytest.mark.parametrize(
    "own",
    [
        {"low": {"value": 0}, "high": {"value": 0}},
        {"low": {"value": 145}, "high": {"value": 135}},
        {"low": {"value": 13.5, "unit": "mmol/dL"}},
        {"low": {"value": "135"}},
        {"text": ""},
        {"text": "normal"},
        {"text": "135-145 (adults)"},
        {"text": "see report"},
        {"text": "0-0"},
        {"text": "M 135-145, F 133-144"},
        {"text": "135-145 mg/dL"},
        {"low": {"value": 135}, "type": {"coding": [{"code": "therapeutic"}]}},
    ],
)
def test_a_range_that_can_not_be_right_costs_itself_alone_and_is_told(
    site: Site, own: Body
) -> None:
    found = read(site, observation(referenceRange=[own]))

    (one,) = found.records[0].results
    assert (one.interval, one.amount is None) == (None, False)
    assert [issue for issue in found.issues if "referenceRange" in issue.expression[0]]


def test_a_single_object_of_interpretation_is_read_as_a_list(site: Site) -> None:
    sent_by_stu3 = observation(
        valueQuantity=None, interpretation=coding("L", "http://hl7.org/fhir/v2/0078")
    )

    assert results(site, sent_by_stu3) == ["sodium L"]


# Time


@pytest.mark.parametrize(
    ("row", "more", "text"),
    [
        ("date", {"effectiveDateTime": "2026-05-09"}, "2026-05-09"),
        ("month", {"effectiveDateTime": "2026-05"}, "2026-05"),
        ("year", {"effectiveDateTime": "2026"}, "2026"),
        ("offset", {"effectiveDateTime": "2026-05-09T08:00:00+05:30"}, "2026-05-09T08:00:00+05:30"),
        ("no offset", {"effectiveDateTime": "2026-05-09T08:00:00"}, "2026-05-09T08:00:00"),
        ("period", {"effectivePeriod": {"start": "2026-05-08", "end": "2026-05-09"}}, "2026-05-09"),
        ("open period", {"effectivePeriod": {"start": "2026-05-08"}}, "2026-05-08"),
        ("issued", {"issued": "2026-05-09T08:00:00Z"}, "2026-05-09T08:00:00Z"),
    ],
    ids=words,
)
def test_the_time_of_a_result_is_read(site: Site, row: str, more: Body, text: str) -> None:
    (record,) = read(site, observation(**{"effectiveDateTime": None, **more})).records
    at = record.results[0].moment

    assert at, row
    assert at.text == text


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"effectiveDateTime": "2026-02-30"},
        {"effectiveDateTime": "09.05.2026"},
        {"effectiveDateTime": "20260509"},
        {"effectiveDateTime": "2026-05-09T25:00:00Z"},
        {"effectiveDateTime": "0001-01-01"},
        {"effectivePeriod": {"start": "2026-05-09", "end": "2026-05-08"}},
        {"effectiveTiming": {"event": ["2026-05-09"]}},
    ],
)
def test_a_time_that_is_none_leaves_a_result_undated_and_is_told(site: Site, more: Body) -> None:
    found = read(site, observation(**{"effectiveDateTime": None, **more}))

    assert [one.moment for one in found.records[0].results] == [None]
    assert [issue for issue in found.issues if "time of this result" in issue.text]


# Panels, reports, copies and versions

PANEL = {"code": coding("24323-8"), "valueQuantity": None}
UNDATED = observation(id="m", effectiveDateTime=None)
MEMBER = {"reference": "Observation/m"}
REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "code": {"text": "panel"},
    "subject": {"reference": "Patient/ann"},
    "effectiveDateTime": "2026-05-09T08:00:00Z",
}


@pytest.mark.parametrize(
    ("row", "holder"),
    [
        ("hasMember", observation(id="p", **PANEL, hasMember=[MEMBER])),
        (
            "related",
            observation(id="p", **PANEL, related=[{"type": "has-member", "target": MEMBER}]),
        ),
        ("DiagnosticReport.result", {**REPORT, "result": [MEMBER]}),
    ],
    ids=words,
)
def test_a_member_is_one_result_with_the_time_of_what_holds_it(
    site: Site, row: str, holder: Body
) -> None:
    (record,) = read(site, bundle(holder, UNDATED)).records

    assert [one.moment and one.moment.text for one in record.results] == ["2026-05-09T08:00:00Z"], (
        row
    )


def test_components_are_results_and_their_panel_is_none(site: Site) -> None:
    parts = [
        {"code": coding("2951-2"), "valueQuantity": quantity(118)},
        {"code": coding("2823-3"), "valueQuantity": quantity(4)},
        {"code": coding("2955-3"), "valueQuantity": quantity(30)},
    ]

    assert results(site, observation(**PANEL, component=parts)) == [
        "sodium 118 mmol/L",
        "potassium 4 mmol/L",
    ]


def stamped(version: str, value: int, **more: object) -> Body:
    return observation(id="m", meta={"versionId": version}, valueQuantity=quantity(value), **more)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        ("one result twice", bundle(observation(id="m"), observation(id="m"))),
        (
            "a nested Bundle that repeats the rest",
            bundle(ANN, observation(id="m"), bundle(ANN, observation(id="m"), kind="searchset")),
        ),
        ("several versions", bundle(stamped("2", 120), stamped("1", 140))),
        (
            "preliminary, then final",
            bundle(stamped("1", 140, status="preliminary"), stamped("2", 120)),
        ),
        ("final, then corrected", bundle(stamped("1", 140), stamped("2", 120, status="corrected"))),
        ("final, then amended", bundle(stamped("1", 140), stamped("2", 120, status="amended"))),
    ],
    ids=words,
)
def test_of_copies_and_versions_one_counts_and_the_other_is_told(
    site: Site, row: str, body: Body
) -> None:
    found = read(site, body)

    assert [str(one.amount and one.amount.value) for one in found.records[0].results] == ["120"], (
        row
    )
    assert [
        issue
        for issue in found.issues
        if "more than once" in issue.text or "newer version" in issue.text
    ]


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error", "done"])
def test_a_result_that_does_not_count_by_its_status_is_told(site: Site, status: str) -> None:
    found = read(site, observation(status=status))

    assert found.records[0].results == ()
    assert [issue for issue in found.issues if "status" in str(issue.expression)]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_newer_version_that_does_not_count_takes_the_older_with_it(
    site: Site, status: str
) -> None:
    assert results(site, bundle(stamped("1", 120), stamped("2", 120, status=status))) == []


# What the patient does not have


def named(text: str, *codes: tuple[str, str]) -> Body:
    return bundle(ANN, condition(code=coded(*codes, text=text)))


CELIAC = (SNOMED, "396331005")
ALCOHOLISM = (SNOMED, "7200002")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (named("Celiac disease", CELIAC), ["celiac-disease"]),
        (named("celiac disease"), ["celiac-disease"]),
        (named("Alcohol dependence"), ["alcohol-use-disorder"]),
        (named("Pernicious anemia", (SNOMED, "84027009")), ["pernicious-anemia"]),
    ],
)
def test_a_diagnosis_is_known_by_code_or_by_its_whole_name(
    site: Site, body: Body, found: list[str]
) -> None:
    assert problems(site, body) == found


@pytest.mark.parametrize(
    "body",
    [
        named("FH: Diabetes mellitus"),
        named("FH: celiac disease"),
        named("FH: Celiac disease", CELIAC),
        named("Family history of celiac disease", CELIAC),
        named("Celiac disease (mother)", CELIAC),
        named("No celiac disease", CELIAC),
        named("Celiac disease excluded", CELIAC),
        named("Non-celiac gluten sensitivity", CELIAC),
        named("Non-celiac gluten sensitivity"),
        named("?celiac disease"),
        named("Screening for celiac disease"),
        named("Chronic nonalcoholic liver disease", (SNOMED, "197315008")),
        named("Chronic nonalcoholic liver disease"),
        named("Dilated cardiomyopathy secondary to alcohol", (SNOMED, "83521008")),
        named("Dilated cardiomyopathy secondary to alcohol"),
        named("Neonatal jaundice", (SNOMED, "387712008")),
        named("Neonatal jaundice"),
        named("No alcohol dependence", ALCOHOLISM),
        named("Denies alcohol dependence", ALCOHOLISM),
        bundle(ANN, condition(verificationStatus=coding("refuted", "x"))),
        bundle(ANN, condition(verificationStatus=coding("entered-in-error", "x"))),
        bundle(ANN, {**condition(), "resourceType": "FamilyMemberHistory"}),
        bundle(ANN, condition(subject=None)),
    ],
)
def test_what_is_denied_or_of_others_or_only_sounds_alike_is_told_and_no_diagnosis(
    site: Site, body: Body
) -> None:
    found = read(site, body)

    assert [record.problems for record in found.records] == [()]
    assert found.issues


def assessed(site: Site, *resources: Body) -> list[str]:
    evaluation = assess(site, sent(bundle(*resources)), ask(site, "latest"), CLOCK)
    return [cause.cause for one in evaluation.assessments for cause in one.causes]


def test_jaundice_of_a_newborn_names_no_cause(site: Site) -> None:
    newborn = patient(birthDate="2026-05-06")
    bilirubin = observation(
        code=coding("1975-2"),
        valueQuantity=quantity(11.3, "mg/dL"),
        referenceRange=[{"low": {"value": 0}, "high": {"value": 1.2}}],
    )
    jaundice = condition(code=coded((SNOMED, "387712008"), text="Neonatal jaundice"))

    assert assessed(site, newborn, bilirubin, jaundice) == []


def test_pernicious_anemia_without_a_b12_names_no_cause(site: Site) -> None:
    anemia = condition(code=coded((SNOMED, "84027009"), text="Pernicious anemia"))

    assert assessed(site, ANN, anemia, observation(valueQuantity=quantity(140))) == []


# Specimens that are not the patient's blood


@pytest.mark.parametrize(
    "display",
    [
        "Dialysis circuit, arterial line",
        "ECMO circuit",
        "Post-filter blood",
        "Dialysate",
        "Urine",
        "CSF",
        "Ascitic fluid",
        "Quality control material",
        "Calibrator",
        "Donor blood",
        "Apheresis product",
    ],
)
def test_a_result_of_a_specimen_that_is_not_of_the_patient_is_told_and_not_used(
    site: Site, display: str
) -> None:
    found = read(site, observation(specimen={"display": display}))

    assert found.records[0].results == ()
    assert [issue for issue in found.issues if "specimen" in issue.text.lower()]


@pytest.mark.parametrize(
    "display", ["Serum", "Post-dialysis blood", "Venous blood", "Plasma, lithium heparin"]
)
def test_a_result_of_the_patients_blood_is_used(site: Site, display: str) -> None:
    assert results(site, observation(specimen={"display": display})) == ["sodium 120 mmol/L"]


# Bytes


def test_a_byte_order_mark_is_passed_over_and_told(site: Site) -> None:
    body = b"\xef\xbb\xbf" + sent(observation())
    found = assess(site, body, ask(site, "latest"), CLOCK).intake

    assert len(found.records[0].results) == 1
    assert [issue for issue in found.issues if "byte order mark" in issue.text]


@pytest.mark.parametrize(
    ("row", "old", "new"),
    [
        ("a comment", b"{", b"// sodium\n{"),
        ("an unquoted value", b'"final"', b"final"),
        ("a trailing text", b"}", b"} end"),
        ("a number that ends in its point", b"120,", b"120.,"),
        ("Latin-1", b"final", b"fin\xe4l"),
        ("a closing brace too many", b"", b"}"),
        ("half a surrogate pair", b"final", b"\\ud800"),
        ("a control character", b"final", b"fin\x01al"),
    ],
    ids=words,
)
def test_what_is_not_json_in_utf8_is_refused_with_its_place(
    site: Site, row: str, old: bytes, new: bytes
) -> None:
    whole = sent(observation())
    body = whole.replace(old, new, 1) if old not in {b"}", b""} else whole + new.removeprefix(b"} ")

    with pytest.raises(Refused) as caught:
        assess(site, body, ask(site, "latest"), CLOCK)

    assert caught.value.status == 400, row
    assert "line" in caught.value.issues[0].text


def test_of_a_key_that_stands_twice_the_last_one_counts(site: Site) -> None:
    body = sent(observation()).replace(b'"status"', b'"status": "cancelled", "status"', 1)

    assert len(assess(site, body, ask(site, "latest"), CLOCK).intake.records[0].results) == 1


# What was seen in public data elsewhere


def findings(site: Site, *resources: Body) -> list[str]:
    evaluation = assess(site, sent(bundle(*resources)), ask(site, "latest"), CLOCK)
    return [
        f"{one.finding} {one.grade}" for told in evaluation.assessments for one in told.findings
    ]


def test_a_range_that_is_a_stage_of_disease_makes_nothing_normal(site: Site) -> None:
    stage_3 = observation(
        code=coding("33914-3"),
        valueQuantity=quantity(32, "mL/min"),
        referenceRange=[{"low": {"value": 30}, "high": {"value": 59}}],
        interpretation=[coding("N", "v3-ObservationInterpretation")],
    )

    assert findings(site, ANN, stage_3) == ["reduced-egfr G3b"]


def test_a_b12_above_its_range_is_no_deficiency(site: Site) -> None:
    b12 = observation(
        code=coding("2132-9"),
        valueQuantity=quantity(829, "pg/mL"),
        referenceRange=[{"low": {"value": 197}, "high": {"value": 771}}],
    )

    assert findings(site, ANN, b12) == ["high-b12 raised"]
    assert assessed(site, ANN, b12) == []


# Statuses of conditions and medicines in older versions, and outside of all


@pytest.mark.parametrize(
    ("status", "active"), [("active", True), ("resolved", False), ("inactive", False)]
)
def test_a_plain_clinical_status_is_read_as_a_concept(
    site: Site, status: str, active: bool
) -> None:
    plain = condition(clinicalStatus=status, verificationStatus="confirmed")
    (record,) = read(site, bundle(ANN, plain)).records

    assert [(one.problem, one.active, one.confirmed) for one in record.problems] == [
        ("celiac-disease", active, True)
    ]


@pytest.mark.parametrize(
    ("status", "current"),
    [
        ("active", [True]),
        ("completed", [False]),
        ("stopped", [False]),
        ("inactive", [False]),
        ("Xactive", []),
        ("entered-in-error", []),
    ],
)
def test_a_medicine_is_taken_only_while_its_status_says_so(
    site: Site, status: str, current: list[bool]
) -> None:
    request = medication("MedicationRequest", status=status, intent="order")
    found = read(site, bundle(ANN, request))

    assert [one.current for one in found.records[0].treatments] == current
    assert current == [True] or found.issues
