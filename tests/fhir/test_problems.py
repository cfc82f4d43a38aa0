from pathlib import Path

import pytest

from service.fhir import wire
from service.fhir.lexicon import lexicon_of
from service.fhir.problems import Named, denies, doubts, problems_of
from service.knowledge.loader import load
from tests.fhir.sent import LEXICON, SNOMED

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"


def _named(*codings: tuple[str, str] | tuple[str, str, str], text: str | None = None) -> Named:
    return problems_of(
        wire.CodeableConcept(tuple(wire.Coding(*one) for one in codings), text), LEXICON
    )


@pytest.mark.parametrize(
    "coding",
    [
        (SNOMED, "396331005"),
        ("urn:oid:2.16.840.1.113883.6.96", "396331005"),
        (ICD10CM, "K90.0"),
        (ICD10CM, "K900"),
        (ICD10, "k90.0"),
    ],
)
def test_a_code_names_its_problem(coding: tuple[str, str]) -> None:
    assert _named(coding, text="Something else") == Named(("celiac-disease",))


def test_several_codes_name_all_their_problems() -> None:
    named = _named((SNOMED, "396331005"), (ICD10CM, "F10.20"), ("http://local.example", "1"))
    assert named == Named(("alcohol-use-disorder", "celiac-disease"))


@pytest.mark.parametrize(
    "named",
    [
        _named(text="Coeliac disease"),
        _named(text="CELIAC  DISEASE"),
        _named(("http://local.example", "1", "Celiac disease")),
        _named((ICD10, "K90.9", "Malabsorption"), text="celiac disease"),
        _named((SNOMED, "1", "Celiac sprue")),
        _named(text="Celiac disease (HCC)"),
        _named(text="Celiac disease (CMS/HCC)"),
        _named((SNOMED, "1", "Celiac disease (disorder)")),
    ],
)
def test_without_a_known_code_a_whole_text_that_is_listed_names_it(named: Named) -> None:
    assert named == Named(("celiac-disease",), by_name=True)


@pytest.mark.parametrize(
    "named",
    [
        problems_of(None, LEXICON),
        _named(),
        _named((SNOMED, "F10.20")),
        _named((ICD10CM, "F10.21")),
        _named((ICD10CM, "F10.21"), text="Alcohol dependence"),
        _named((ICD10CM, "F10"), text="Alcohol related"),
        _named(text="Celiac disease in the family"),
        _named(text="FH: celiac disease"),
        _named(text="Family history of alcoholism"),
        _named(text="No myoclonus"),
        _named(text="non-celiac disease"),
        _named(text="Chronic nonalcoholic liver disease"),
        _named(text="?celiac disease"),
        _named(text="celiac disease?"),
        _named((SNOMED, "1", "Family history of alcoholism"), text="Alcoholism"),
        _named(("http://local.example", "1", "Suspected celiac disease"), text="Celiac disease"),
        _named(text="Pernicious anemia"),
    ],
)
def test_what_names_no_problem_of_the_patient_is_nothing(named: Named) -> None:
    assert named.problems == ()


def _within(*codings: tuple[str, str] | tuple[str, str, str], text: str | None = None) -> Named:
    concept = wire.CodeableConcept(tuple(wire.Coding(*one) for one in codings), text)
    return problems_of(concept, LEXICON, within=True)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("Spontaneous and stimulus-provoked myoclonic jerks", ("myoclonus",)),
        ("Myoclonus of right lower limb", ("myoclonus",)),
        ("Coeliac disease (Marsh 3), with generalised myoclonus", ("celiac-disease", "myoclonus")),
        ("Refractory celiac disease", ("celiac-disease",)),
        ("Severe palatal myoclonus", ("myoclonus-of-its-own-kind",)),
        (
            "Palatal myoclonus, later myoclonus of the arms",
            ("myoclonus", "myoclonus-of-its-own-kind"),
        ),
        ("Negative-pressure wound with myoclonus", ()),
        ("Myoclonus in a 60-year-old woman", ("myoclonus",)),
        ("Non-alcoholic cirrhosis, myoclonus", ("myoclonus",)),
        ("Opsoclonus", ()),
        ("Paramyoclonus multiplex", ()),
        ("Myoclonus without loss of consciousness", ("myoclonus",)),
        ("Myoclonus of the arms, but without asterixis or tremor", ("myoclonus",)),
        ("Myoclonus; no asterixis.", ("myoclonus",)),
        ("Generalised myoclonus, no fever, no celiac disease", ("myoclonus",)),
        ("Celiac disease. No signs of myoclonus", ("celiac-disease",)),
        ("Myoclonus sin celiac disease", ("myoclonus",)),
        ("Generalized jerks", ()),
        ("Acquired celiac sprue", ()),
    ],
)
def test_a_phrase_names_its_problem_within_a_longer_text(
    text: str, problems: tuple[str, ...]
) -> None:
    assert _within(text=text).problems == problems
    assert _within(("http://local.example", "1", text)).problems == problems
    assert _named(text=text) == Named()


@pytest.mark.parametrize(
    "text",
    [
        "Confusion without myoclonus",
        "Encephalopathy, no myoclonus",
        "Tremor or myoclonus",
        "Tremor, possibly myoclonus",
        "Myoclonus?  Or tremor",
        "New jerks (myoclonus?)",
        "History of celiac disease",
        "Diarrhea; celiac disease excluded by biopsy",
        "Diarrhea; father has celiac disease",
        "Relative with celiac disease",
        "Screening for celiac disease",
        "High risk of celiac disease",
        "Celiac disease antibodies",
        "Celiac-disease-like enteropathy",
        "Resolved myoclonus",
        "Chorea that mimics myoclonus",
        "Ataxia senza myoclonus",
        "Sospecha de myoclonus",
        "Work-up for celiac disease",
        "R/O celiac disease",
        "Diet, celiac disease test pending",
        "Without myoclonus",
        "No celiac disease; myoclonus",
        "Myoclonus, no longer present",
        "Myoclonus: no",
        "Celiac disease, no signs",
        "Tremor, no celiac disease, myoclonus",
        "Myoclonus without asterixis? Or tremor",
    ],
)
def test_a_phrase_beside_words_that_leave_it_open_names_nothing_and_is_told(text: str) -> None:
    assert _within(text=text) == Named(open=True)
    assert _within((SNOMED, "1", text), text="Something else") == Named(open=True)


def test_a_phrase_yields_to_a_code_to_a_whole_name_and_to_an_excepted_code() -> None:
    text = "Myoclonus in celiac disease"
    assert _within((ICD10CM, "F10.20"), text=text) == Named(("alcohol-use-disorder",))
    assert _within(("http://local.example", "1", "Celiac sprue"), text=text).problems == (
        "celiac-disease",
    )
    assert _within(text="No rule knows this") == Named()


def test_only_the_beginning_of_a_long_text_is_searched() -> None:
    assert _within(text="x " * 200 + "myoclonus") == Named()


@pytest.mark.parametrize(
    "text",
    [
        "FH: celiac disease",
        "Family history of celiac disease",
        "No celiac disease",
        "Patient denies celiac disease",
        "Celiac disease excluded by biopsy",
        "Celiac disease NOT confirmed",
        "Biopsy negative for celiac disease",
        "no evidence of celiac disease",
        "sister has celiac disease",
        "Celiac disease (mother)",
        "Maternal history of celiac disease",
        "paternal celiac disease",
        "celiac disease of the father",
        "Celiac disease in a brother",
        "not celiac disease",
        "Denies alcohol abuse",
        "celiac disease excluded",
        "Celiac disease - ruled out",
        "at risk of celiac disease",
        "Screening for celiac disease",
        "Celiac disease (family history)",
        "absence of myoclonus",
        "without myoclonus",
        "Sin enfermedad celíaca",
        "Niega enfermedad celíaca",
        "Enfermedad celíaca (madre)",
        "Celiachia esclusa",
        "Familiarità per celiachia",
        "Keine Zöliakie",
        "Zöliakie ausgeschlossen",
        "Pas de maladie cœliaque",
        "Maladie cœliaque éliminée",
        "Doença celíaca descartada",
    ],
)
def test_words_that_deny_a_coded_problem_are_heard(text: str) -> None:
    assert denies(text, LEXICON)
    assert _named((SNOMED, "396331005"), text=text).denied
    assert _named((SNOMED, "396331005", text)).denied
    assert _named((SNOMED, "396331005"), ("http://local.example", "1", text)).denied


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("Non-celiac gluten sensitivity", True),
        ("non coeliac enteropathy", True),
        ("Nonalcoholic fatty liver disease", False),
        ("Non-alcoholic malabsorption", False),
        ("Non-tropical sprue", False),
        ("celiac disease, non-responsive", False),
    ],
)
def test_non_denies_only_the_problem_that_is_coded(text: str, denied: bool) -> None:
    assert _named((SNOMED, "396331005"), text=text).denied is denied


def test_a_name_that_begins_like_a_denial_is_a_name() -> None:
    knowledge = load(Path(__file__).parents[2] / "rules")
    said = [
        wire.CodeableConcept((wire.Coding(system, code),), text)
        for problem in knowledge.problems.values()
        for system, codes in (
            (SNOMED, problem.snomed),
            (ICD10CM, problem.icd10cm),
            (ICD10, problem.icd10),
        )
        for code, name in codes.items()
        for text in (name, *problem.names, *problem.phrases)
    ]
    lexicon = lexicon_of(knowledge)
    assert not [one for one in said if (named := problems_of(one, lexicon)).denied or named.doubted]
    assert problems_of(wire.CodeableConcept(text="Negative myoclonus"), lexicon).problems


@pytest.mark.parametrize(
    "text",
    [
        "?celiac disease",
        "celiac disease ?",
        "Suspected celiac disease",
        "possible celiac disease",
        "Probable celiac disease",
        "r/o celiac disease",
        "rule out celiac disease",
        "query celiac disease",
        "Sospecha de enfermedad celíaca",
        "enfermedad celíaca no descartada",
        "Sospetta celiachia",
        "celiachia non esclusa",
        "Verdacht auf Zöliakie",
        "Zöliakie nicht ausgeschlossen",
        "Suspicion de maladie cœliaque",
        "maladie cœliaque non exclue",
        "Provável doença celíaca",
    ],
)
def test_words_that_doubt_a_coded_problem_are_heard(text: str) -> None:
    assert doubts(text, LEXICON)
    assert not denies(text, LEXICON)
    assert _named((SNOMED, "396331005"), text=text).doubted


@pytest.mark.parametrize(
    "text",
    [
        "Celiac disease",
        "Nocturnal myoclonus",
        "Nonketotic hyperglycemia",
        "Alcohol dependence, no complication",
        "Notalgia",
        "Non-alcoholic cirrhosis",
        "Screen-detected celiac disease",
        "Nonalcoholic steatohepatitis",
        "Parenteral nutrition",
        "Grand mal",
        "Riskless",
        "Myoclonus, no cause found",
        "Familial myoclonus",
        "Noonan syndrome",
        "TIA",
        "Familiäre Myoklonien",
        "Enfermedad celíaca, no complicada",
        "",
    ],
)
def test_words_that_only_look_like_it_deny_nothing(text: str) -> None:
    assert not denies(text, LEXICON)
    assert not doubts(text, LEXICON)
