import pytest
from msgspec import convert

from service.fhir import wire
from service.fhir.specimens import drawn, fluid_in, says_hemolyzed
from tests.fhir.sent import LEXICON


@pytest.mark.parametrize(
    ("words", "fluid"),
    [
        ("Urine specimen", "urine"),
        ("24h urine", "urine"),
        ("Urin", "urine"),
        ("URINARY SODIUM", "urine"),
        ("CSF", "cerebrospinal fluid"),
        ("Cerebral spinal fluid", "cerebrospinal fluid"),
        ("cerebrospinal fluid sample", "cerebrospinal fluid"),
        ("Dialysate outflow", "dialysis fluid"),
        ("hemodialysis circuit, arterial line", "a circuit outside of the body"),
        ("post-filter blood", "a circuit outside of the body"),
        ("Blood, pre-dialyzer", "a circuit outside of the body"),
        ("Hemofiltrate", "a circuit outside of the body"),
        ("Quality control material", "a control or calibrator"),
        ("QC level 2", "a control or calibrator"),
        ("Calibrator", "a control or calibrator"),
        ("Proficiency testing sample", "a control or calibrator"),
        ("Donor blood", "of a donor or a blood product"),
        ("Apheresis product", "of a donor or a blood product"),
        ("Fresh frozen plasma", "of a donor or a blood product"),
        ("Ascitic fluid", "another body fluid"),
        ("Pleural fluid", "another body fluid"),
        ("abdominal drain", "drainage"),
        ("stool", "stool"),
        ("Faeces", "stool"),
        ("sweat", "saliva, sputum or sweat"),
        ("hair", "tissue, hair or a swab"),
        ("Tissue", "tissue, hair or a swab"),
        ("Tissue copper", "tissue, hair or a swab"),
    ],
)
def test_a_specimen_that_is_not_blood_is_known_by_its_words(words: str, fluid: str) -> None:
    assert fluid_in(["something", words], LEXICON) == fluid


@pytest.mark.parametrize(
    "words",
    [
        "Serum",
        "Serum specimen",
        "Venous blood",
        "Plasma, lithium heparin",
        "Red Top Tube",
        "pre-dialysis serum",
        "Blood specimen with EDTA",
        "Patient on hemodialysis",
        "post-dialysis blood",
        "Blood drawn under control of the nurse",
        "frozen plasma",
        "arterial blood",
        "Taurine",
        "Anti-tissue transglutaminase IgA",
        "IgA tissue-transglutaminase antibodies",
        "capillary",
        "",
    ],
)
def test_blood_and_what_does_not_tell_is_no_other_fluid(words: str) -> None:
    assert fluid_in([words], LEXICON) == ""


@pytest.mark.parametrize(
    ("note", "hemolyzed"),
    [
        ("Hemolyzed", True),
        ("Specimen grossly haemolysed.", True),
        ("Slight hemolysis, interpret with care", True),
        ("HEMOLYSIS: 3+", True),
        ("hemolysis", True),
        ("No hemolysis", False),
        ("not hemolyzed", False),
        ("Specimen is not visibly hemolyzed", False),
        ("Hemolysis: none", False),
        ("haemolysis - absent", False),
        ("Hemolysis index 12", False),
        ("non-hemolyzed", False),
        ("icteric", False),
        ("hemolytic anemia", False),
        ("", False),
    ],
)
def test_a_note_says_whether_red_cells_broke(note: str, hemolyzed: bool) -> None:
    assert says_hemolyzed(note, LEXICON) is hemolyzed


def _specimen(**elements: object) -> wire.Specimen:
    return convert({"resourceType": "Specimen", **elements}, wire.Specimen)


@pytest.mark.parametrize(
    ("code", "fluid"),
    [
        ("UR", "urine"),
        ("122575003", "urine"),
        ("CSF", "cerebrospinal fluid"),
        ("SER", ""),
        ("119364003", ""),
    ],
)
def test_a_type_that_is_only_coded_is_known(code: str, fluid: str) -> None:
    assert drawn(_specimen(type={"coding": [{"code": code}]}), LEXICON).fluid == fluid


def test_a_specimen_tells_its_kind_and_where_it_was_taken() -> None:
    told = drawn(
        _specimen(
            type={"coding": [{"display": "Fluid"}], "text": "Drawn"},
            collection={"bodySite": {"concept": {"text": "Spinal canal"}}},
        ),
        LEXICON,
    )
    assert told.words == ("Drawn", "Fluid", "Spinal canal")


@pytest.mark.parametrize("site", [{"coding": [{"display": "Arm"}]}, [{"text": "Arm"}], "Arm"])
def test_the_site_is_read_in_the_shape_of_any_version(site: object) -> None:
    assert drawn(_specimen(collection={"bodySite": site}), LEXICON).words == ("Arm",)


@pytest.mark.parametrize("condition", [{"coding": [{"code": "HEM"}]}, {"text": "Hemolyzed"}])
def test_a_hemolyzed_specimen_says_so(condition: dict[str, object]) -> None:
    assert drawn(_specimen(condition=[condition]), LEXICON).hemolyzed


@pytest.mark.parametrize(
    "condition", [{"coding": [{"code": "LIVE"}]}, {"text": "not hemolyzed"}, {}]
)
def test_any_other_condition_is_none_that_matters(condition: dict[str, object]) -> None:
    assert not drawn(_specimen(condition=[condition]), LEXICON).hemolyzed


def test_a_specimen_that_tells_nothing_tells_nothing() -> None:
    told = drawn(_specimen(), LEXICON)
    assert (told.words, told.fluid, told.hemolyzed) == ((), "", False)


def test_a_fluid_is_found_in_a_text_of_any_length() -> None:
    assert LEXICON.fluid("sodium, urine") == LEXICON.fluid("sodium, urine " + "x" * 10_000) != ""
