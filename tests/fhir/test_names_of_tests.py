"""What tests are called where no code came: in print, in six languages, short or with a unit.

By the shipped rules. What must not be read outnumbers, for each fluid, what must.
"""

import pytest

from service.fhir import wire
from service.fhir.analytes import Refused, analyte_of
from service.fhir.lexicon import Meant, lexicon_of
from service.fhir.specimens import fluid_in
from service.knowledge.loader import load
from service.settings import shipped

SHIPPED = lexicon_of(load(shipped("rules")))


def _meant(text: str) -> Meant | Refused | None:
    return analyte_of(wire.CodeableConcept((), text), SHIPPED)


NAMES = {
    "sodium": "Na|Na+|S-Na|serum Na|plasma sodium|sodio|sodio sierico|sodiemia|natremia",
    "potassium": "K|K+|serum K|S-K|potasio|potassio sierico|kaliemia|Potassium (K+)",
    "calcium_corrected": "Ca corr|corrected calcium|adj Ca|calcio corretto|calcio corregido",
    "calcium_ionized": "Ca ionised|iCa|ionised calcium|Ca ionizado|calcio ionizzato|calcio libero",
    "calcium_total": "calcium|S-calcium|S-Ca|serum Ca|calcemia|calcio sérico|total calcium",
    "magnesium": "Mg|Mg2+|Mg++|serum Mg|S-Mg|magnesiemia|magnesio sérico|Magnesium (Mg)",
    "phosphate": "PO4|phosphate|serum phosphorus|fosforemia|fosfato sérico|fosforo|Pi",
    "bicarbonate": "HCO3|HCO3-|bicarbonate|tCO2|bicarbonato|bicarbonati|serum CO2",
    "pco2": "pCO2|PaCO2|paCO2 (kPa)|PCO2 (mmHg)|arterial pCO2|presión parcial de CO2",
    "po2": "PaO2|paO2 (kPa)|arterial pO2|pO2 arteriosa",
    "ph": "arterial pH|pH arterioso|blood pH|pH venoso",
    "urea": "urea|urea (mg/dl)|urea sérica|BUN|azotemia|azoto ureico|Blood urea nitrogen (BUN)",
    "creatinine": "creatinine|Cr|sCr|serum Cr|creatinina|creatininemia|Creatinine (mg/dL)",
    "egfr": "eGFR|GFR|eGFR (CKD-EPI 2021)|filtrado glomerular|TFG|filtrato glomerulare",
    "glucose": "glycaemia|glucemia capilar|glicemia|blood sugar|capillary glucose|P-Glucose",
    "ammonia": "NH3|amonio|ammoniemia|ammonia|plasma ammonia|Ammonia (NH3)",
    "bilirubin_total": "bilirrubina total|bilirubina totale|total bilirubin|bilirubin|TBil",
    "albumin": "albumin|albúmina|albumina|S-albumin|serum albumin|albuminemia",
    "inr": "INR|PT-INR|PT (INR)|prothrombin (INR)",
    "vitamin_b12": "Vit B12|B12|vitamina B12|cianocobalamina|cobalamin|S-B12",
    "folate": "folate|folati|ácido fólico|acido folico|serum folate|vitamin B9",
    "copper": "copper|Cu|serum copper|cupremia|cobre sérico|rame|Copper (Cu)|S-Cu",
    "zinc": "zinc|Zn|serum zinc|cinc|zinco sierico|zincemia",
    "ceruloplasmin": "ceruloplasmin|caeruloplasmin|ceruloplasmina|serum ceruloplasmin",
    "tsh": "TSH|thyrotropin|tirotropina|TSH (mIU/L)|Thyroid stimulating hormone (TSH)",
    "free_t4": "FT4|fT4|free T4|T4 libre|T4L|tiroxina libera",
    "tpo_antibody": "anti-TPO|TPOAb|TPO antibodies|anticuerpos antiperoxidasa|Ab anti-TPO",
    "vitamin_e": "vitamin E|vit E|alpha-tocopherol|vitamina E|tocoferol",
    "thiamine": "whole blood thiamine|tiamina en sangre total|thiamine, whole blood",
    "thiamine_unstated": "thiamine|tiamina|vitamin B1|vitamina B1|serum thiamine",
    "lactate": "lactate|lactato|lattato|lactic acid|lattati|venous lactate",
    "homocysteine": "omocisteina|homocisteína|homocysteine|Hcy|tHcy",
    "methylmalonic_acid": "MMA|methylmalonic acid|ácido metilmalónico|acido metilmalonico",
    "osmolality": "osmolality|osmolaridad|osmolarità plasmatica|serum osmolality",
    "aluminum": "serum aluminium|aluminum|alluminio sierico|aluminemia",
    "creatine_kinase": "CK|CPK|creatine kinase|creatina quinasa|creatinchinasi",
}


GERMAN_AND_FRENCH = {
    "sodium": "Natrium|Natrium i.S.|Natrium im Serum|Natrium (ISE)|Natrémie|Sodium plasmatique",
    "potassium": "Kalium i. S.|Kalium (BGA)|Kaliémie|Potassium sérique",
    "magnesium": "Magnesium i.S.|Magnésémie|Magnésium plasmatique|Magnesium (Serum)",
    "calcium_total": "Calcium gesamt|Gesamtcalcium|Kalzium i.S.|Calcémie|Calcium sérique",
    "calcium_corrected": "Calcium korrigiert|Calcium (Albumin-korrigiert)|Calcémie corrigée",
    "calcium_ionized": "Calcium, ionisiert (BGA)|Ionisiertes Calcium|Calcium ionisé|Freies Calcium",
    "phosphate": "Phosphat i.S.|anorg. Phosphat|Phosphorémie|Phosphore|Phosphatémie",
    "urea": "Harnstoff|Harnstoff i.S.|Urée|Urée sanguine|Urée plasmatique|Ureum",
    "creatinine": "Kreatinin|Kreatinin i.S.|Kreatinin (enzymatisch)|Créatininémie|Créatinine",
    "egfr": "GFR (CKD-EPI)|GFR nach CKD-EPI|Glomeruläre Filtrationsrate|DFG (CKD-EPI)|DFG estimé",
    "glucose": "Glukose i.S.|Glucose (Plasma)|Blutzucker|BZ|Nüchtern-Glukose|Glycémie|P-Glukose",
    "ammonia": "Ammoniak|Ammoniak (EDTA-Plasma)|Ammoniémie|Ammoniaque",
    "bilirubin_total": "Bilirubin gesamt|Gesamtbilirubin|Bilirubine totale|Bilirubin, gesamt",
    "albumin": "Albumin i.S.|Albuminémie|Albumine plasmatique",
    "vitamin_b12": "Vitamin B12 i.S.|Vitamine B12|Kobalamin|VitB12",
    "copper": "Kupfer i.S.|Kupfer im Serum|Cuivre sérique|Cuprémie|Cuivre plasmatique",
    "zinc": "Zink i.S.|Zinc plasmatique",
    "ceruloplasmin": "Coeruloplasmin|Céruloplasmine|Céruléoplasmine",
    "pco2": "pCO2 (arteriell)|pCO2 (BGA)|pCO2 artérielle|pCO2 (kapillär)",
    "ph": "pH (BGA)|pH arteriell|pH artériel|pH veineux",
    "bicarbonate": "Bicarbonat|Standard-Bicarbonat|aktuelles Bicarbonat|Bicarbonates|CO2",
    "osmolality": "Osmolalität i.S.|Serumosmolalität|Osmolalité plasmatique|Osmolality, measured",
    "lactate": "Laktat (BGA)|Lactates|Acide lactique|POC Lactate",
    "free_t4": "freies T4|Freies Thyroxin|Thyroxine libre|T4, Free (Direct)",
    "tpo_antibody": "TPO-Ak|Anticorps anti-TPO|TPO-Antikörper|Anticorps anti-thyroperoxydase",
    "methylmalonic_acid": "Methylmalonsäure|Acide méthylmalonique",
    "lead": "Blei im Blut|Blei i. EDTA-Blut|Plombémie|Plomb sanguin|Plomo en sangre",
    "manganese": "Mangan im Vollblut|Manganèse sanguin",
    "mercury": "Quecksilber im Blut|Mercure sanguin",
    "bismuth": "Bismuthémie|Wismut im Serum|Bismuth sanguin",
    "ttg_iga": "Transglutaminase-Ak IgA|Anticorps anti-transglutaminase IgA",
    "blood_ketones": "3-Hydroxybutyrat|Cétonémie capillaire|Ketonkörper im Blut",
}

OTHERS = {
    "sodium": "Sodium Lvl|Sodium POC|Sodium [Moles/volume] in Serum or Plasma",
    "glucose": "Glucose, Whole Blood|Glucose Meter|CBG|Glicose capilar|Glucosa en ayunas",
    "urea": "BUN Lvl|Harnstoff-N|Karbamid",
    "egfr": "eGFRcr",
    "calcium_ionized": "Calcium ionized, whole blood|P-Calcium-ion(frit)|cCa2+",
    "potassium": "Potassium Venous|Potassium, Serum/Plasma",
    "bicarbonate": "cHCO3(P)st|HCO3 calculated|Carbon dioxide",
    "lactate": "LACTIC ACID, VENOUS|cLac",
    "tsh": "TSH W/ REFLEX TO FREE T4",
    "methylmalonic_acid": "METHYLMALONIC ACID, GC/MS/MS",
}


@pytest.mark.parametrize(
    ("analyte", "name"),
    [
        (analyte, name)
        for names in (GERMAN_AND_FRENCH, OTHERS)
        for analyte in names
        for name in names[analyte].split("|")
    ],
)
def test_a_usual_name_of_german_french_and_other_laboratories_is_read(
    analyte: str, name: str
) -> None:
    found = _meant(name)
    assert isinstance(found, Meant)
    assert (found.analyte, found.plausible) == (analyte, "")


OF_OTHER_SPECIMENS = (
    "Natrium i.U.|Natrium im Urin|Natriurèse|Kalium i.U.|Kaliurèse|Calciurie|Calcium i.U.|"
    "Calcium im Sammelurin|Kreatinin i.U.|Kreatinin-Clearance|Créatininurie|Harnstoff i.U.|"
    "Urée urinaire|Liquor-Glukose|Glukose i.L.|Glukose i. Liquor|Glycorachie|Glycosurie|"
    "Glukose i.U.|Kupfer i.U.|Cuprurie|Cuivre urinaire|Kupfer, frei|Magnésium érythrocytaire|"
    "Magnesium i. Vollblut|Zink im Vollblut|Osmolalität i.U.|Osmolalité urinaire|"
    "Laktat im Liquor|Laktatdehydrogenase|Ammonium urate crystals|Phosphaturie|Blei i.U.|"
    "Albuminurie|pH (Urin)|Vitamin D3|pH POC|Ketones POC|Free copper|Copper, RBC"
)


@pytest.mark.parametrize("name", OF_OTHER_SPECIMENS.split("|"))
def test_a_german_or_french_name_of_another_specimen_is_not_read(name: str) -> None:
    found = _meant(name)
    assert found is None or (isinstance(found, Meant) and fluid_in([name], SHIPPED))


@pytest.mark.parametrize(
    ("name", "analyte"),
    [
        ("glucose", "glucose"),
        ("Glukose", "glucose"),
        ("Glucosa", "glucose"),
        ("Glucose Lvl", "glucose"),
        ("Glucose (mg/dL)", "glucose"),
        ("copper", "copper"),
        ("Kupfer", "copper"),
        ("Cu", "copper"),
        ("Lead", "lead"),
        ("Manganese", "manganese"),
    ],
)
def test_a_name_that_urine_has_too_is_read_only_by_value_or_range(name: str, analyte: str) -> None:
    found = _meant(name)
    assert isinstance(found, Meant)
    assert found.analyte == analyte
    assert found.plausible


@pytest.mark.parametrize(
    ("analyte", "name"),
    [(analyte, name) for analyte in NAMES for name in NAMES[analyte].split("|")],
)
def test_a_usual_name_in_print_is_read(analyte: str, name: str) -> None:
    found = _meant(name)
    assert isinstance(found, Meant)
    assert found.analyte == analyte


FLUIDS = ["{} (urine)", "urine {}", "urinary {}", "{} urinario", "24-h urinary {}", "CSF {}"]
FLUIDS += ["{} LCR", "{} in liquor", "{}/creatinine ratio", "fractional excretion of {}"]


@pytest.mark.parametrize("form", FLUIDS)
@pytest.mark.parametrize(
    "name", ["Na", "calcium", "Mg", "phosphate", "copper", "zinc", "lactate", "urea", "albumin"]
)
def test_a_name_that_tells_of_another_fluid_or_of_a_ratio_is_not_read(name: str, form: str) -> None:
    assert _meant(form.format(name)) is None


@pytest.mark.parametrize(
    "name",
    [
        "pH",
        "pO2",
        "protein S",
        "vitamin K",
        "TPO",
        "TP",
        "sodium (serum or urine)",
        "sodium (goal)",
        "P",
        "Serum",
        "Plasma level",
        "S",
        "calcium (mg tablets)",
        "HCO3 deficit",
        "copper in liver",
        "ammonia (breath)",
        "natriuresis",
        "sodiuria",
        "calciuria",
        "potassium channel antibody",
    ],
)
def test_a_name_that_may_mean_something_else_is_not_read(name: str) -> None:
    assert _meant(name) is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("urea (mg/dl)", "mg/dL"),
        ("paCO2 [kPa]", "kPa"),
        ("Ammonia (\N{MICRO SIGN}mol/L)", "umol/L"),
        ("sodium", ""),
        ("Copper (Cu)", ""),
        ("Blood urea nitrogen (BUN)", ""),
    ],
)
def test_a_name_may_tell_the_unit_of_its_values(name: str, unit: str) -> None:
    found = _meant(name)
    assert isinstance(found, Meant)
    assert found.unit == unit


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("BUN", "nitrogen"),
        ("BUN (mg/dL)", "nitrogen"),
        ("Blood urea nitrogen (BUN)", "nitrogen"),
        ("Urea (BUN)", "nitrogen"),
        ("nitrógeno ureico", "nitrogen"),
        ("urea", ""),
        ("Blood urea", ""),
    ],
)
def test_a_name_may_tell_which_molecule_a_mass_counts(name: str, form: str) -> None:
    found = _meant(name)
    assert isinstance(found, Meant)
    assert (found.analyte, found.form) == ("urea", form)


@pytest.mark.parametrize(
    ("one", "other"), [("urea", "BUN"), ("Na", "K"), ("urea (mg/dL)", "urea (mmol/L)")]
)
def test_two_texts_that_differ_are_refused(one: str, other: str) -> None:
    concept = wire.CodeableConcept((wire.Coding("http://lab.example", "1", one),), other)
    assert isinstance(analyte_of(concept, SHIPPED), Refused)


def test_of_two_texts_the_one_that_tells_most_counts() -> None:
    concept = wire.CodeableConcept(
        (wire.Coding("http://lab.example", "1", "Ca"),), "calcium (mg/dL)"
    )
    assert analyte_of(concept, SHIPPED) == Meant("calcium_total", unit="mg/dL")
