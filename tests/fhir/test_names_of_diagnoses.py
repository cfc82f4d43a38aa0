"""What diagnoses of metabolism, organs and genes are called in print, by the shipped rules."""

import pytest

from service.fhir import wire
from service.fhir.lexicon import lexicon_of
from service.fhir.problems import problems_of
from service.knowledge.loader import load
from service.settings import shipped

SHIPPED = lexicon_of(load(shipped("rules")))


def _problems(text: str) -> tuple[str, ...]:
    return problems_of(wire.CodeableConcept((), text), SHIPPED, within=True).problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Insuficiencia respiratoria hipercápnica", "hypercapnic-respiratory-failure"),
        ("Insufficienza respiratoria ipercapnica", "hypercapnic-respiratory-failure"),
        ("Estado hiperosmolar hiperglucémico", "hyperosmolar-state"),
        ("Stato iperosmolare in diabetico", "hyperosmolar-state"),
        ("Tirotossicosi", "hyperthyroidism"),
        ("Ataxia por déficit de vitamina E", "vitamin-e-deficiency-on-file"),
        ("Enfermedad de Wernicke", "thiamine-deficiency-on-file"),
        ("Encefalopatia anossica", "hypoxic-brain-injury"),
        ("Parada cardiaca extrahospitalaria", "cardiac-arrest"),
        ("Hypernatraemic encephalopathy", "hypernatremia-on-file"),
        ("Encefalopatía hiperamoniémica", "hyperammonemia-on-file"),
        ("Sialidosi tipo I", "progressive-myoclonus-epilepsy"),
        ("CLN2 disease", "progressive-myoclonus-epilepsy"),
        ("Encefalopatía mitocondrial", "mitochondrial-disease"),
        ("Déficit de GLUT1", "inborn-error-with-myoclonus"),
        ("Stato di male mioclonico", "myoclonus"),
        ("Encefalitis anti-LGI1", "autoimmune-encephalitis"),
        ("Atrofia sistémica múltiple", "multiple-system-atrophy"),
        ("Mioclonus espinal", "myoclonus-of-its-own-kind"),
        (
            "Acute on chronic respiratory failure with hypercapnia (HCC)",
            "hypercapnic-respiratory-failure",
        ),
        (
            "Acute respiratory failure with hypoxia and hypercapnia (HCC)",
            "hypercapnic-respiratory-failure",
        ),
        ("Hx of gastric bypass", "bariatric-surgery-or-gastrectomy"),
        ("History of Roux-en-Y gastric bypass", "bariatric-surgery-or-gastrectomy"),
        ("Acquired absence of stomach [part of]", "bariatric-surgery-or-gastrectomy"),
        ("Uremia of renal origin", "uremic-encephalopathy"),
        ("Vitamin B12 deficiency (non anemic)", "b12-deficiency-on-file"),
        ("Alcohol abuse, in remission", "alcohol-use-disorder-in-remission"),
    ],
)
def test_a_diagnosis_in_print_is_read(text: str, problem: str) -> None:
    assert problem in _problems(text)


GERMAN_AND_FRENCH = {
    "myoclonus": "Generalisierte Myoklonien|Secousses musculaires|Jerking of limbs",
    "asterixis": "Flattertremor|negativer Myoklonus|Astérixis|Metabolic flap",
    "cirrhosis": "Leberzirrhose|Leberzirrhose Child C|Cirrhose alcoolique|Cirrhose",
    "hepatic-failure": "Akutes Leberversagen|Insuffisance hépatique aiguë",
    "hepatic-encephalopathy": "Hepatische Enzephalopathie|Encéphalopathie hépatique",
    "acute-kidney-injury": "Akutes Nierenversagen|Insuffisance rénale aiguë|Lesão renal aguda",
    "end-stage-kidney-disease": "Terminale Niereninsuffizienz|Insuffisance rénale terminale",
    "dialysis": "Dialysepflichtige Niereninsuffizienz|Hémodialyse chronique",
    "uremic-encephalopathy": "Urämie|Encéphalopathie urémique",
    "alcohol-use-disorder": "Alkoholabhängigkeit|C2-Abusus|Éthylisme chronique|Alcolismo",
    "alcohol-withdrawal": "Alkoholentzugsdelir|Sevrage alcoolique",
    "celiac-disease": "Zöliakie|Maladie cœliaque",
    "crohn-disease": "Morbus Crohn|Maladie de Crohn",
    "short-bowel-syndrome": "Kurzdarmsyndrom|Syndrome du grêle court|Síndrome de intestino corto",
    "bariatric-surgery-or-gastrectomy": "Z. n. Gastrektomie|Magenbypass|Chirurgie bariatrique",
    "pernicious-anemia": "Perniziöse Anämie|Maladie de Biermer",
    "vegan-diet": "Vegane Ernährung|Végétalien",
    "malnutrition": "Mangelernährung|Dénutrition sévère",
    "anorexia-nervosa": "Magersucht|Anorexie mentale",
    "b12-deficiency-on-file": "Vitamin-B12-Mangel|Carence en vitamine B12",
    "copper-deficiency-on-file": "Kupfermangel|Carence en cuivre|Carenza di rame",
    "pellagra": "Pellagre|Carence en vitamine PP",
    "thiamine-deficiency-on-file": "Wernicke-Enzephalopathie|Encéphalopathie de Gayet-Wernicke",
    "hyponatremia-on-file": "Hyponatriämie|Hyponatrémie",
    "hypomagnesemia-on-file": "Hypomagnesiämie|Hypomagnésémie",
    "hypocalcemia-on-file": "Hypokalzämie|Hypocalcémie",
    "hypoglycemia-on-file": "Hypoglykämie|Hypoglycémie",
    "hypoparathyroidism": "Hypoparathyreoidismus|Hypoparathyroïdie",
    "hyperosmolar-state": "Hyperosmolares Koma|Coma hyperosmolaire",
    "wilson-disease": "Morbus Wilson|Maladie de Wilson",
    "osmotic-demyelination": "Zentrale pontine Myelinolyse|Myélinolyse centropontine",
    "hypercapnic-respiratory-failure": "CO2-Narkose|Hyperkapnie|Encéphalopathie hypercapnique",
    "hypoxic-brain-injury": "Hypoxischer Hirnschaden|Encéphalopathie post-anoxique",
    "cardiac-arrest": "Herz-Kreislauf-Stillstand|Arrêt cardiaque",
    "past-cardiac-arrest": "Z. n. Reanimation",
    "hyperthyroidism": "Hyperthyreose|Hyperthyroïdie|Maladie de Basedow",
    "hashimoto-encephalopathy": "Hashimoto-Enzephalopathie|Encéphalopathie de Hashimoto",
    "metal-poisoning": "Bleivergiftung|Saturnisme",
    "nitrous-oxide-use": "Lachgasabusus|Protoxyde d'azote",
    "myelopathy": "Funikuläre Myelose|Sclérose combinée de la moelle",
}


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (problem, text)
        for problem in GERMAN_AND_FRENCH
        for text in GERMAN_AND_FRENCH[problem].split("|")
    ],
)
def test_a_diagnosis_is_read_as_german_and_french_reports_name_it(problem: str, text: str) -> None:
    assert problem in _problems(text)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("Myoklonien seit drei Tagen", ("myoclonus",)),
        ("Myoklonien ohne Asterixis", ("myoclonus",)),
        ("Myoclonies sans astérixis", ("myoclonus",)),
        ("Mioclonías positivas y negativas", ("myoclonus",)),
        (
            "Dekompensierte Leberzirrhose, Child C, bei Alkoholabusus",
            (
                "alcohol-use-disorder",
                "cirrhosis",
            ),
        ),
        ("Terminale Niereninsuffizienz bei Zystennieren", ("end-stage-kidney-disease",)),
        ("Cirrhose alcoolique avec ascite", ("cirrhosis",)),
        ("Carence en vitamine B12 sévère", ("b12-deficiency-on-file",)),
    ],
)
def test_a_german_or_french_diagnosis_is_heard_within_a_longer_text(
    text: str, problems: tuple[str, ...]
) -> None:
    assert _problems(text) == problems


@pytest.mark.parametrize(
    "text",
    [
        "Ausschluss Zöliakie",
        "Z. n. Asterixis",
        "Hashimoto-Enzephalopathie nicht bestätigt",
        "Zöliakie nicht ausgeschlossen",
        "Familienanamnese: Morbus Wilson",
        "Bruder mit Morbus Wilson",
        "Kein Anhalt für Leberzirrhose",
        "Myoklonien nicht nachweisbar",
        "Pas d'astérixis",
        "Antécédents familiaux de maladie de Wilson",
        "Mère : maladie cœliaque",
        "Maladie cœliaque exclue",
        "Risque de pellagre",
        "Dépistage de la maladie de Wilson",
        "Sospecha de encefalopatía hepática",
        "Descartar encefalopatía hepática",
        "Hermano con enfermedad de Wilson",
        "Fratello con malattia di Wilson",
        "Rischio di encefalopatia epatica",
        "Verdacht auf Leberzirrhose",
        "V. a. hepatische Enzephalopathie",
        "Keine Myoklonien",
        "Suspicion d'encéphalopathie hépatique",
        "Réanimation",
        "Muskelzuckungen",
        "IRA",
        "Mutter mit Morbus Wilson",
        "Kachexie",
        "Flap present",
        "Gitelman syndrome",
        "On oral hypoglycemic agents",
        "Wernicke aphasia",
        "Low calcium diet",
        "Perm cath in place",
        "No hiponatremia",
        "Hypernatremia ruled out",
        "Mother with thyrotoxicosis",
        "Restless legs syndrome",
        "Benign fasciculation syndrome",
        "Essential tremor",
        "Persistent hiccups",
        "Tic disorder",
        "Respiratory failure",
        "Respiratory failure with hypoxia",
        "Respiratory failure without hypercapnia",
        "Hypothyroidism",
        "Hyperparathyroidism",
        "Gaucher disease type 1",
        "Acidosi lattica",
        "Encefalitis",
        "Vitamin D deficiency",
    ],
)
def test_a_diagnosis_that_is_something_else_or_denied_is_not_read(text: str) -> None:
    assert _problems(text) == ()


def test_the_longest_phrase_of_the_rules_is_heard_within_a_longer_text() -> None:
    longest = max(SHIPPED.phrases, key=len)
    assert SHIPPED.phrases[longest] in _problems(f"Today: {' '.join(longest)}, again")
