"""How real senders differ: what was measured, and in which unit.

What must not be read outnumbers what must. A row begins with the words that tell it.
"""

import pytest

from service.evaluation import Site
from tests.fhir.sent import LOINC, SNOMED, UCUM, coding, observation, quantity
from tests.fhir.varied import Body, coded, read, results, words

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
        ("2888-6", "protein of urine"),
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
