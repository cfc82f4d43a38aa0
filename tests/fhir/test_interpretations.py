import pytest

from service.fhir import wire
from service.fhir.interpretations import Flagged, flagged

V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def _concepts(*codes: str, system: str | None = V3) -> list[wire.CodeableConcept]:
    return [wire.CodeableConcept((wire.Coding(system, code),)) for code in codes]


@pytest.mark.parametrize(
    ("code", "flag"),
    [
        ("L", "L"),
        ("LL", "LL"),
        ("LU", "L"),
        ("L<", "L"),
        ("H", "H"),
        ("HH", "HH"),
        ("HU", "H"),
        ("H>", "H"),
        ("N", "N"),
        ("A", "A"),
        ("AA", "AA"),
        ("h", "H"),
    ],
)
@pytest.mark.parametrize(
    "system",
    [
        V3,
        "http://terminology.hl7.org/CodeSystem/v2-0078",
        "http://hl7.org/fhir/v2/0078",
        "urn:oid:2.16.840.1.113883.12.78",
        None,
    ],
)
def test_a_flag_is_folded_to_the_words_of_grading(code: str, flag: str, system: str | None) -> None:
    assert flagged(_concepts(code, system=system)) == Flagged(flag)


@pytest.mark.parametrize(
    ("code", "flag"),
    [
        ("281300000", "L"),
        ("281302008", "H"),
        ("281301001", "N"),
        ("62482003", "L"),
        ("75540009", "H"),
        ("17621005", "N"),
        ("263654008", "A"),
        ("166717003", ""),
    ],
)
def test_a_flag_of_snomed_ct_is_folded_too(code: str, flag: str) -> None:
    found = flagged(_concepts(code, system="http://snomed.info/sct"))
    assert found == Flagged(flag, unread=not flag)


@pytest.mark.parametrize(
    "code", ["U", "D", "B", "W", "S", "R", "POS", "NEG", "HX", "LX", "IND", ""]
)
def test_other_flags_tell_nothing_of_high_and_low(code: str) -> None:
    assert flagged(_concepts(code)) == Flagged(unread=bool(code))


@pytest.mark.parametrize(
    ("codes", "off_scale"),
    [(("<",), "L"), ((">",), "H"), (("<", ">"), ""), (("<", "U"), "L"), (("<=",), "")],
)
def test_a_value_off_the_scale_is_told_apart_from_a_low_or_high_one(
    codes: tuple[str, ...], off_scale: str
) -> None:
    unread = codes == ("<=",)
    assert flagged(_concepts(*codes)) == Flagged(off_scale=off_scale, unread=unread)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("High", "H"),
        ("critically low", "LL"),
        (" NORMAL ", "N"),
        ("Below reference range", "L"),
        ("high risk", ""),
        ("not low", ""),
        ("", ""),
    ],
)
def test_a_flag_in_words_is_read_where_it_is_the_whole_text(text: str, flag: str) -> None:
    expected = Flagged(flag, unread=bool(text) and not flag)
    assert flagged([wire.CodeableConcept(text=text)]) == expected
    assert flagged([wire.CodeableConcept((wire.Coding(display=text),))]) == expected


def test_a_code_comes_before_its_text() -> None:
    assert flagged([wire.CodeableConcept((wire.Coding(V3, "L"),), "High")]) == Flagged("L")


def test_a_code_of_another_system_leaves_the_text_to_tell() -> None:
    concept = wire.CodeableConcept((wire.Coding("http://snomed.info/sct", "166717003"),), "High")
    assert flagged([concept]) == Flagged("H")


def test_older_versions_of_fhir_send_one_concept_and_no_list() -> None:
    assert flagged(_concepts("H")[0]) == Flagged("H")


@pytest.mark.parametrize(
    ("codes", "flag"),
    [
        (("H", "HH"), "HH"),
        (("A", "L"), "L"),
        (("AA", "A", "HH", "H"), "HH"),
        (("N", "U"), "N"),
        (("AA", "A"), "AA"),
    ],
)
def test_what_one_flag_implies_does_not_contradict_it(codes: tuple[str, ...], flag: str) -> None:
    assert flagged(_concepts(*codes)) == Flagged(flag)


@pytest.mark.parametrize("codes", [("H", "L"), ("N", "H"), ("N", "A"), ("LL", "HH"), ("AA", "H")])
def test_flags_that_contradict_each_other_tell_nothing(codes: tuple[str, ...]) -> None:
    assert flagged(_concepts(*codes)) == Flagged(contradictory=True)


def test_a_failed_quality_control_and_a_held_result_are_known() -> None:
    assert flagged(_concepts("QCF", "H")) == Flagged("H", failed=True)
    assert flagged(_concepts("HM")) == Flagged(held=True)


@pytest.mark.parametrize("nothing", [None, [], [wire.CodeableConcept()]])
def test_no_flag_is_no_flag(nothing: list[wire.CodeableConcept] | None) -> None:
    assert flagged(nothing) == Flagged()
