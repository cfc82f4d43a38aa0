import pytest

from service.fhir import wire
from service.fhir.routes import Way, way_of
from service.knowledge.language import MedicineRule
from service.knowledge.model import ATC, RXNORM, SNOMED
from tests.fhir.sent import LEXICON


def _concept(text: str | None = None, *codings: tuple[str, str]) -> wire.CodeableConcept:
    return wire.CodeableConcept(tuple(wire.Coding(*one) for one in codings), text)


def _named(text: str) -> Way:
    return way_of([_concept(text)], None, LEXICON)


def _given(*dosages: wire.Dosage) -> Way:
    return way_of([_concept("ciprofloxacin")], dosages, LEXICON)


@pytest.mark.parametrize(
    "text",
    [
        "ciprofloxacin 0.3% eye drops",
        "Ciprofloxacin 3 MG/ML Ophthalmic Solution",
        "gentamicin ear drops",
        "Ofloxacin 3 MG/ML Otic Solution",
        "acyclovir 5% cream",
        "Aciclovir ointment",
        "Gentamicin 0.001 MG/MG Topical Ointment",
        "diltiazem 2% cream, topically",
        "moxifloxacin intravitreal",
        "ciprofloxacin, 1 drop into both eyes",
        "compound gabapentin cream",
        "Topical form gabapentin (product)",
        "ciprofloxacin, for ophthalmic use",
        "ciprofloxacin ophthalmic",
        "ciprofloxacin ophthalmic 0.3%",
        "ciprofloxacin ophthalmic (Ciloxan)",
        "ciprofloxacin otic twice daily",
        "gentamicin, for topical use only",
        "metronidazole 0.75% gel",
        "Ibuprofen gel 5 %",
        "Ofloxacin Augentropfen",
        "Aciclovir Creme",
        "collyre ofloxacine",
        "aciclovir pommade",
        "aciclovir pomada",
        "colirio de tobramicina",
        "ciprofloxacina collirio",
    ],
)
def test_the_name_of_a_product_may_say_that_it_stays_where_it_is_put(text: str) -> None:
    assert _named(text).local


@pytest.mark.parametrize(
    "text",
    [
        "ciprofloxacin",
        "ciprofloxacin 500 MG Oral Tablet",
        "fentanyl 25 mcg/h patch, topical",
        "72 HR fentanyl 0.025 MG/HR Transdermal System",
        "morphine oral drops",
        "gentamicin injection",
        "insulin subcutaneous",
        "narcotic",
        "morphine subcutaneous infusion",
        "desmopressin nasal drops",
        "lidocaine gel",
        "levodopa/carbidopa intestinal gel",
        "rotigotine 4 mg/24 h, apply to skin",
        "rotigotine 4 mg/24 hours, apply to the skin",
        "fentanyl 25 micrograms/hour, apply to skin",
        "fentanyl 25 ug/h, apply to skin",
        "buprenorphine 5 micrograms per hour, apply to the skin weekly",
        "diazepam rectal",
        "amitriptyline for ocular migraine",
        "amitriptyline (ocular migraine)",
        "gabapentin, ophthalmic zoster pain",
        "hydroxychloroquine for cutaneous lupus",
        "gabapentin for topical steroid withdrawal",
        "valproate sprinkle, with ice cream",
    ],
)
def test_other_ways_reach_the_whole_body(text: str) -> None:
    assert not _named(text).local


@pytest.mark.parametrize("code", ["6064005", "10547007", "54485002"])
def test_a_route_may_be_only_a_code(code: str) -> None:
    assert _given(wire.Dosage(route=_concept(None, (SNOMED, code)))).local


@pytest.mark.parametrize(
    "dosage",
    [
        wire.Dosage(route=_concept("Topical route")),
        wire.Dosage(route=_concept("Ophthalmic")),
        wire.Dosage(text="1 drop in each eye twice daily"),
        wire.Dosage(text="instil 2 drops twice daily into the left ear"),
        wire.Dosage(text="Apply 1 cm to both eyes"),
        wire.Dosage(text="into the right eye"),
        wire.Dosage(text="Apply thinly"),
        wire.Dosage(text="apply to the affected area"),
    ],
)
def test_a_dosage_may_say_it_in_words(dosage: wire.Dosage) -> None:
    assert _given(dosage).local


@pytest.mark.parametrize(
    "dosages",
    [
        (),
        (wire.Dosage(),),
        (wire.Dosage(route=_concept("Oral route", (SNOMED, "26643006"))),),
        (wire.Dosage(text="take with food; keep away from children"),),
        (wire.Dosage(text="apply one patch to the skin every 72 hours"),),
        (wire.Dosage(text="1 every 6 h; stop if ringing in the ears"),),
        (wire.Dosage(text="25 mg at night, for pain in the left ear"),),
        (wire.Dosage(text="1 daily. For infection in right eye"),),
        (wire.Dosage(route=_concept("Topical")), wire.Dosage(route=_concept("Oral"))),
        (wire.Dosage(route=_concept("Topical"), text="1 tablet daily"),),
    ],
)
def test_without_such_words_a_medicine_counts(dosages: tuple[wire.Dosage, ...]) -> None:
    assert not _given(*dosages).local


def test_an_administration_has_one_dosage() -> None:
    dosage = wire.Dosage(route=_concept("Otic route"))
    assert way_of([_concept("ciprofloxacin")], dosage, LEXICON).local


def test_not_for_oral_use_is_no_way_by_mouth() -> None:
    assert _named("gentamicin cream, not for oral use").local


@pytest.mark.parametrize(
    ("codings", "local"),
    [
        ([(ATC, "S01AE03")], True),
        ([(ATC, "D06BB03")], True),
        ([(ATC, "J01MA02")], False),
        ([(RXNORM, "D06BB03")], False),
    ],
)
def test_the_group_of_an_atc_code_tells(codings: list[tuple[str, str]], local: bool) -> None:
    assert way_of([_concept("ciprofloxacin", *codings)], None, LEXICON).local is local


@pytest.mark.parametrize("text", ["lidocaine 5% patch", "Lidocaine medicated plaster"])
def test_of_some_medicines_a_patch_stays_in_the_skin(text: str) -> None:
    lidocaine = MedicineRule("lidocaine", "Lidocaine", patch_is_local=True)
    fentanyl = MedicineRule("fentanyl", "Fentanyl")
    assert _named(text).is_local(lidocaine)
    assert not _named(text).is_local(fentanyl)
    assert not _named("lidocaine infusion").is_local(lidocaine)
