import pytest

from service.fhir import wire
from service.fhir.lexicon import lexicon_of
from service.fhir.medicines import Taken, medicines_of
from service.knowledge.loader import load
from service.knowledge.model import ATC, RXNORM, SNOMED
from service.settings import shipped
from tests.fhir.sent import LEXICON

SHIPPED = lexicon_of(load(shipped("rules")))


def _taken(*codings: tuple[str, str] | tuple[str, str, str], text: str | None = None) -> Taken:
    return medicines_of(
        wire.CodeableConcept(tuple(wire.Coding(*one) for one in codings), text), LEXICON
    )


@pytest.mark.parametrize(
    ("coding", "medicine"),
    [
        ((RXNORM, "25480"), "gabapentin"),
        (("urn:oid:2.16.840.1.113883.6.88", "25480"), "gabapentin"),
        ((ATC, "N02BF01"), "gabapentin"),
        ((ATC, "N03AG01"), "valproate"),
        ((SNOMED, "387481005"), "valproate"),
    ],
)
def test_a_code_names_its_medicine(coding: tuple[str, str], medicine: str) -> None:
    assert _taken(coding, text="bupropion") == Taken((medicine,))


@pytest.mark.parametrize(
    ("text", "medicines"),
    [
        ("gabapentin", ("gabapentin",)),
        ("Neurontin", ("gabapentin",)),
        ("gabapentin 300 MG Oral Capsule", ("gabapentin",)),
        ("Gabapentin, 300 mg capsules", ("gabapentin",)),
        ("24 HR Bupropion 150 MG Extended Release Tablet [Budeprion]", ("bupropion",)),
        ("sodium valproate 500 mg", ("valproate",)),
        ("Product containing gabapentin (medicinal product)", ("gabapentin",)),
        ("Product containing precisely gabapentin 300 milligram/1 each", ("gabapentin",)),
        ("Oral Form Gabapentin (product)", ("gabapentin",)),
        ("valproate 750 mg/d", ("valproate",)),
        ("Oral suspension of gabapentin 250 mg/5 mL", ("gabapentin",)),
        ("gabapentin 300 MG / bupropion 150 MG Oral Tablet", ("bupropion", "gabapentin")),
        ("Lisinopril 20 MG / gabapentin 100 MG", ("gabapentin",)),
    ],
)
def test_without_a_known_code_the_name_that_a_text_begins_with_names_it(
    text: str, medicines: tuple[str, ...]
) -> None:
    assert _taken(text=text) == Taken(medicines, by_name=True)
    assert _taken((RXNORM, "310431", text)) == Taken(medicines, by_name=True)


@pytest.mark.parametrize(
    "text",
    [
        "acetaminophen",
        "gabapentinoid",
        "serum gabapentinoids",
        "pregabalin",
        "aspirin?",
        "sodium chloride",
        "300 mg",
        "/ / /",
        "stop if drowsy",
        "do not exceed 3600 mg",
    ],
)
def test_a_text_that_names_no_medicine_is_nothing(text: str) -> None:
    assert _taken(text=text) == Taken(by_name=True)


@pytest.mark.parametrize(
    "text",
    [
        "allergy to gabapentin",
        "no gabapentin",
        "not on gabapentin",
        "Not taking gabapentin",
        "stopped gabapentin",
        "Patient is not taking gabapentin",
        "never started on gabapentin",
        "do not give gabapentin",
        "gabapentin allergy",
        "Gabapentin - stopped",
        "gabapentin (discontinued)",
        "gabapentin?",
        "gabapentin level",
        "gabapentin-free",
        "Gabapentin 300 mg stopped 2019",
        "?gabapentin",
        "Gabapentin 300 mg TID - discontinued",
        "gabapentin 300 mg (not taking)",
        "gabapentin no longer taken",
        "Gabapentin: allergic reaction",
        "gabapentin on hold",
        "gabapentin 300 mg - on hold",
        "gabapentin held",
        "gabapentin d/c",
        "D/C gabapentin",
        "denies gabapentin",
        "gabapentin 300 MG capsule (Patient not taking: Reported on 1/2/2026)",
        "gabapentin d/c'd",
        "D/C'd gabapentin 300 mg",
        "gabapentin 300 mg. Patient not taking since May",
        "gabapentin 300 mg. Stopped 2 weeks ago",
        "gabapentin 300 mg; discontinued.",
        "Gabapentin 300 mg\nPatient stopped taking it because of drowsiness",
        "gabapentin 300 mg. Allergic reaction.",
        "gabapentin allergy: rash",
        "gabapentin 300 mg - documented allergy",
        "Gabapentin (patient reports allergy)",
        "gabapentin 300 mg (not currently taking)",
        "Not taking. Gabapentin 300 mg",
        "gabapentin suspendida",
        "Gabapentin 300 mg/8 h, retirada",
        "alergia a gabapentin",
        "sin gabapentin",
        "gabapentin sospeso",
        "allergia al gabapentin",
        "senza gabapentin",
        "Gabapentin abgesetzt",
        "kein Gabapentin",
        "Allergie gegen Gabapentin",
        "gabapentin arrêté",
        "pas de gabapentin",
        "allergie à la gabapentin",
        "sem gabapentin",
    ],
)
def test_words_that_negate_a_medicine_are_heard(text: str) -> None:
    assert _taken(text=text).denied
    assert _taken((RXNORM, "1", "gabapentin"), text=text).denied
    assert _taken((RXNORM, "25480"), text=text).denied


@pytest.mark.parametrize("text", ["allergy", "not taken", "Discontinued"])
def test_a_denial_alone_negates_what_stands_beside_it(text: str) -> None:
    assert _taken((RXNORM, "1", "gabapentin"), text=text).denied


@pytest.mark.parametrize(
    "text",
    [
        "Gabapentin 300mg PRN do not exceed 3600 mg",
        "gabapentin 300 mg, stop if drowsy",
        "gabapentin, never with alcohol",
        "gabapentin 300 mg without food",
        "Gabapentin 300 mg, avoid driving",
        "gabapentin no refills",
        "gabapentin until stopped",
        "Gabapentin, no more than 3 capsules, less if not tolerated",
        "Gabapentin 50 mg/ml oral solution sugar free",
        "gabapentin 300 mg, check level",
        "Gabapentin 300 mg. No known allergies",
        "gabapentin 300 mg, patient not allergic",
        "gabapentin 300 mg, not stopped",
        "gabapentin 50 mg. Allergies: penicillin",
        "gabapentin 50 mg; allergic to penicillin",
        "gabapentin 50 mg, allergies: penicillin",
        "gabapentin, allergic to penicillin",
        "gabapentin 50 mg, penicillin allergy",
        "Gabapentin 300 mg. Stopped smoking.",
        "Gabapentin 300 mg\nDeclined vaccine",
        "Gabapentin 300 mg. Never given with alcohol",
        "No known allergies. Gabapentin 300 mg",
        "Penicillin allergy. Gabapentin 300 mg",
        "Lisinopril stopped.\nGabapentin 300 mg",
        "Patient is off work.\ngabapentin 300 mg",
    ],
)
def test_a_denial_in_instructions_for_doses_does_not_negate_the_medicine(text: str) -> None:
    assert _taken(text=text) == Taken(("gabapentin",), by_name=True)


@pytest.mark.parametrize(
    ("text", "medicines"),
    [
        ("IV gabapentin 2 g", ("gabapentin",)),
        ("Tab gabapentin 300", ("gabapentin",)),
        ("Tab. Gabapentin 300mg TDS", ("gabapentin",)),
        ("Inj. valproate 500 mg IV stat", ("valproate",)),
        ("T. gabapentin 300", ("gabapentin",)),
        ("Apo-Gabapentin 300 mg", ("gabapentin",)),
        ("take 1 capsule of gabapentin at night", ("gabapentin",)),
        ("Patient on gabapentin 600 mg", ("gabapentin",)),
        ("Continue home gabapentin", ("gabapentin",)),
        ("Convulex (sodium valproate) 300", ("valproate",)),
        ("Product containing gabapentin (medicinal product)", ("gabapentin",)),
        ("naltrexone/bupropion 8/90 mg", ("bupropion",)),
        ("acetaminophen with gabapentin", ("gabapentin",)),
        ("magnesium sulfate, gabapentin", ("gabapentin",)),
    ],
)
def test_a_name_in_the_middle_of_a_text_is_read(text: str, medicines: tuple[str, ...]) -> None:
    assert _taken(text=text) == Taken(medicines, by_name=True)
    assert _taken((RXNORM, "1", text)) == Taken(medicines, by_name=True)


@pytest.mark.parametrize(
    "text",
    [
        "hold gabapentin",
        "Held: gabapentin 300 mg",
        "wean off gabapentin",
        "avoid all gabapentin",
        "history of gabapentin use",
        "h/o gabapentin",
        "previously gabapentin 300",
        "failed gabapentin",
        "instead of gabapentin",
        "replaces gabapentin",
        "switched from gabapentin",
        "naloxone for gabapentin overdose",
        "antidote: gabapentin",
        "serum gabapentin",
        "monitor gabapentin",
        "placebo, looks like gabapentin",
        "patient hypersensitive to gabapentin",
        "rash with gabapentin",
        "interacts with gabapentin",
        "give if gabapentin is not tolerated",
        "consider gabapentin",
        "aspirin or gabapentin",
        "do not combine with gabapentin",
        "non-gabapentin",
        "after gabapentin",
        "plan: gabapentin 300 mg",
        "Product not containing gabapentin",
        "Hx. gabapentin",
        "Allergies. Gabapentin",
        "Stopped: lisinopril; gabapentin",
        "suspender gabapentin",
        "niveles de gabapentin",
        "intoxicación por gabapentin",
        "sospendere gabapentin",
    ],
)
def test_a_name_in_words_that_leave_it_open_is_not_read(text: str) -> None:
    taken = _taken(text=text)
    assert taken.medicines == ()
    assert taken.doubtful or taken.denied


@pytest.mark.parametrize(
    ("text", "medicines"),
    [
        ("Gabapentin 300 mg instead of valproate", ("gabapentin",)),
        ("gabapentin or bupropion", ("gabapentin",)),
        ("gabapentin 300 mg, not with valproate", ("gabapentin",)),
        ("bupropion 150 mg (previously valproate)", ("bupropion",)),
    ],
)
def test_doubt_about_one_medicine_is_none_about_the_one_before(
    text: str, medicines: tuple[str, ...]
) -> None:
    assert _taken(text=text) == Taken(medicines, by_name=True, doubtful=True)


@pytest.mark.parametrize(
    "text", ["gabapentin toxicity", "gabapentin withdrawal", "Gabapentin poisoning"]
)
def test_a_harm_of_a_medicine_is_not_the_medicine(text: str) -> None:
    taken = _taken(text=text)
    assert taken.denied


@pytest.mark.parametrize(
    "text",
    [
        "gabapentin overdose",
        "Gabapentin 9 g (overdose)",
        "overdose of gabapentin",
        "OD: gabapentin",
    ],
)
def test_an_overdose_was_taken(text: str) -> None:
    assert _taken(text=text) == Taken(("gabapentin",), by_name=True)
    assert not _taken((RXNORM, "25480"), text=text).denied


@pytest.mark.parametrize(
    ("text", "medicines"),
    [
        ("INH 300 mg", ("isoniazid",)),
        ("Tab INH 300 mg", ("isoniazid",)),
        ("zinc 50 mg", ("zinc",)),
        ("Tab. Zinc sulfate 220", ("zinc",)),
        ("folic acid 1 MG / zinc 10 MG Oral Tablet", ("zinc",)),
        ("albuterol 90 mcg INH q4h", ()),
        ("budesonide INH", ()),
        ("bacitracin zinc", ()),
        ("rabeprazole magnesium", ("rabeprazole",)),
        ("naproxen / esomeprazole magnesium", ("esomeprazole", "nsaid")),
        ("multivitamin with zinc", ()),
    ],
)
def test_salts_and_abbreviations_are_names_only_where_they_begin(
    text: str, medicines: tuple[str, ...]
) -> None:
    taken = medicines_of(wire.CodeableConcept(text=text), SHIPPED)
    assert taken == Taken(medicines, by_name=True)


@pytest.mark.parametrize(
    ("text", "medicine"),
    [
        ("fentanilo transdérmico 100 mcg/h", "fentanyl"),
        ("piperacilina-tazobactam 4/0,5 g/8 h", "piperacillin"),
        ("carbolithium 300 mg x 3", "lithium"),
        ("ácido valproico 500 mg/12 h", "valproate"),
        ("metformina 850 mg", "metformin"),
        ("Gabapentina 300 mg, 1 cp x 3/die", "gabapentin"),
    ],
)
def test_names_in_spanish_and_italian_are_read(text: str, medicine: str) -> None:
    taken = medicines_of(wire.CodeableConcept(text=text), SHIPPED)
    assert taken == Taken((medicine,), by_name=True)


@pytest.mark.parametrize(
    ("text", "medicine"),
    [
        ("Mirtazapin 30 mg abends", "mirtazapine"),
        ("Valproat retard 500 mg", "valproate"),
        ("AXEPIM 2 g inj", "cefepime"),
        ("Téralithe 250 mg", "lithium"),
        ("Gabapentine Teva 800 mg", "gabapentin"),
        ("PK-Merz 100 mg 1-1-0", "amantadine"),
        ("Ciprobay 500 mg 1-0-1", "ciprofloxacin"),
        ("Robitussin DM OTC", "dextromethorphan"),
        ("St. John's wort", "st-johns-wort"),
        ("Natrilix SR 1,5 mg", "indapamide"),
        ("HCT 25 mg", "hydrochlorothiazide"),
        ("Tramacet 37.5mg/325mg tablets", "tramadol"),
        ("Co-dydramol 10mg/500mg tablets", "dihydrocodeine"),
        ("Sereupin 20 mg", "paroxetine"),
        ("Diovan HCT 160/25", "thiazide-in-combination"),
    ],
)
def test_names_in_german_and_french_and_brands_of_many_countries_are_read(
    text: str, medicine: str
) -> None:
    taken = medicines_of(wire.CodeableConcept(text=text), SHIPPED)
    assert taken == Taken((medicine,), by_name=True)


@pytest.mark.parametrize(
    "text",
    [
        "Epoetin alfa, give when Hct is low",
        "Celebrity vitamins",
        "Mucinex 600 mg",
        "Robitussin chest congestion",
        "hydralazine 25 mg",
        "oxybutynin 5 mg",
    ],
)
def test_what_looks_like_such_a_name_is_none(text: str) -> None:
    assert medicines_of(wire.CodeableConcept(text=text), SHIPPED).medicines == ()


@pytest.mark.parametrize("text", ["Litio: sospeso", "sin morfina", "alergia a la penicilina G"])
def test_denials_in_spanish_and_italian_are_heard(text: str) -> None:
    assert medicines_of(wire.CodeableConcept(text=text), SHIPPED).denied


@pytest.mark.parametrize(
    "text",
    [
        "Gabapentin abgesetzt",
        "kein Gabapentin",
        "Lithium seit 2019 abgesetzt",
        "Unverträglichkeit Morphin",
        "gabapentine arrêtée",
        "pas de gabapentine",
        "arrêt de la gabapentine",
        "intolérance morphine",
        "gabapentina suspensa",
        "sem gabapentina",
    ],
)
def test_denials_in_german_french_and_portuguese_are_heard(text: str) -> None:
    assert medicines_of(wire.CodeableConcept(text=text), SHIPPED).denied


@pytest.mark.parametrize(
    "text",
    [
        "Gabapentin 300 mg 1-0-1, Tageshöchstdosis nicht überschreiten",
        "gabapentine 300 mg, 1 cp matin et soir, ne pas croquer",
        "gabapentina 300 mg, não mastigar",
    ],
)
def test_instructions_in_german_french_and_portuguese_deny_nothing(text: str) -> None:
    assert medicines_of(wire.CodeableConcept(text=text), SHIPPED) == Taken(
        ("gabapentin",), by_name=True
    )


def test_a_text_of_any_length_is_no_name() -> None:
    assert _taken(text="gabapentin " + "x" * 1000).medicines == ()
    assert medicines_of(None, LEXICON).medicines == ()
