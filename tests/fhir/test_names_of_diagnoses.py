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
    ],
)
def test_a_diagnosis_in_print_is_read(text: str, problem: str) -> None:
    assert problem in _problems(text)


@pytest.mark.parametrize(
    "text",
    [
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
