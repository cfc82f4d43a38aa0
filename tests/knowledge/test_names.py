import pytest

from service.knowledge.names import american, fold_name, words_of_test


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Coeliac  disease", "celiac disease"),
        ("Cœliac disease", "celiac disease"),
        ("CELIAC-DISEASE", "celiac disease"),
        ("Hyponatraemia", "hyponatremia"),
        ("Haemolytic-uraemic syndrome", "hemolytic uremic syndrome"),
        ("Hæmoglobin", "hemoglobin"),
        ("Sulphate", "sulfate"),
        ("Oedema", "edema"),
        ("Calcium, ionised", "calcium ionized"),
        ("Ménière's disease", "Meniere s disease"),
        ("Na+", "na"),
        ("Vitamin B12 (total)", "vitamin b12 total"),
        ("Transferrin saturation %", "transferrin saturation %"),
        ("\u00a0Sodium\t\n", "sodium"),
        ("Diarrhoea", "diarrhea"),
    ],
)
def test_spellings_of_one_name_fold_to_one(printed: str, name: str) -> None:
    assert fold_name(printed) == fold_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sodium", "Sodium urine"),
        ("Vitamin B12", "Vitamin B1"),
        ("β-carotene", "carotene"),
        ("Lithium", "Lithium level"),
        ("Saturation", "Saturation %"),
        ("hyponatremia", "hypernatremia"),
    ],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


@pytest.mark.parametrize("text", ["", " ", "+", "()", "--"])
def test_nothing_but_punctuation_folds_to_nothing(text: str) -> None:
    assert fold_name(text) == ""


@pytest.mark.parametrize(
    "word", ["celiac", "colour of urine", "aluminum", "titre", "edematous", "center", "phosphate"]
)
def test_folding_twice_changes_nothing_more(word: str) -> None:
    assert fold_name(fold_name(word)) == fold_name(word)


@pytest.mark.parametrize("word", ["does", "phoenix", "aerobic", "michael", "israel", "poem"])
def test_innocent_letters_stay(word: str) -> None:
    assert american(word) == word


@pytest.mark.parametrize(
    "printed",
    [
        "Serum total calcium",
        "Calcium (total), serum",
        "Calcium total, plasma level",
        "Concentration of total calcium in serum",
        "Total calcium sérico",
    ],
)
def test_the_words_of_a_test_are_the_same_in_any_order(printed: str) -> None:
    assert words_of_test(fold_name(printed)) == ("calcium", "serum", "total")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Serum calcium", "Urine calcium"),
        ("Calcium", "Ionized calcium"),
        ("Calcium", "Calcium/creatinine ratio"),
        ("Blood folate", "Red cell folate"),
        ("Serum lead", "Blood lead"),
        ("Lithium", "Lithium dose"),
    ],
)
def test_tests_that_differ_keep_different_words(one: str, other: str) -> None:
    assert words_of_test(fold_name(one)) != words_of_test(fold_name(other))


def test_ways_to_write_antibodies_are_one() -> None:
    assert words_of_test(fold_name("Anti-TPO antibodies")) == words_of_test(fold_name("TPO Ab"))
