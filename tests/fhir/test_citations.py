from itertools import permutations

import pytest
from msgspec import structs

from service.fhir.citations import Teller, reference_to, references_to
from service.record import Evidence, Identifier, Problem, Source, Treatment
from tests.fhir.assessed import (
    ALCOHOL,
    B12,
    GABAPENTIN,
    KNOWLEDGE,
    MYOCLONUS,
    result,
    sodium,
    source,
)


def cited(*evidence: Evidence) -> list[dict[str, object]]:
    return references_to(Teller(KNOWLEDGE).told(evidence), KNOWLEDGE)


def at(piece: Evidence, where: Source) -> Evidence:
    """The piece, from another source."""
    if isinstance(piece, Problem | Treatment):
        return structs.replace(piece, source=where)
    return structs.replace(piece, result=structs.replace(piece.result, source=where))


def test_the_most_telling_evidence_comes_first_whatever_the_order_given() -> None:
    mild = sodium(rank=1, critical=False, result=result("sodium", "133 mmol/L", "Observation/b"))
    grave = sodium(rank=3, critical=False, result=result("sodium", "119 mmol/L", "Observation/c"))
    expected: list[Evidence] = [sodium(), grave, mild, ALCOHOL, GABAPENTIN, B12]
    for order in permutations(expected):
        assert expected == [piece for piece, _ in Teller(KNOWLEDGE).told(order)]


def test_pieces_that_are_alike_are_told_in_the_order_of_their_names() -> None:
    first, second = (at(sodium(), source(f"Observation/{name}")) for name in "ab")
    assert [first, second] == [piece for piece, _ in Teller(KNOWLEDGE).told([second, first])]


@pytest.mark.parametrize(
    ("reference", "identifier", "expected"),
    [
        ("Observation/1/_history/2", None, {"reference": "Observation/1/_history/2"}),
        ("urn:uuid:AB", Identifier("s", "v"), {"reference": "urn:uuid:AB"}),
        ("https://a.example/Observation/1", None, {"reference": "https://a.example/Observation/1"}),
        ("", Identifier("urn:oid:1.2", "4711"), {"identifier": ("urn:oid:1.2", "4711")}),
        ("#inner", Identifier("urn:oid:1.2", "4711"), {"identifier": ("urn:oid:1.2", "4711")}),
        ("", Identifier("", "4711"), {"identifier": (None, "4711")}),
        ("", Identifier("our ward", "4711"), {"identifier": ("our%20ward", "4711")}),
        ("", None, {}),
        (" ", None, {}),
        ("#inner", None, {}),
        ("Observation/\x00", None, {"reference": "Observation/\ufffd"}),
    ],
)
def test_a_reference_is_the_senders_name_else_its_identifier(
    reference: str, identifier: Identifier | None, expected: dict[str, object]
) -> None:
    written = reference_to("Observation", reference, identifier, "Sodium 118 mmol/L")
    assert (written.pop("type"), written.pop("display")) == ("Observation", "Sodium 118 mmol/L")
    if "identifier" in written:
        names = written["identifier"]
        written["identifier"] = (names.get("system"), names["value"])
    assert expected == written


def test_one_resource_that_shows_two_things_is_cited_once() -> None:
    calcium = sodium(finding="hypocalcemia", result=result("calcium_total", "1.7 mmol/L"))
    assert cited(sodium(), calcium) == [
        {
            "reference": "Observation/na-1",
            "type": "Observation",
            "display": "Calcium 1.7 mmol/L, 2026-03-04 (limit < 120 mmol/L); "
            "Sodium 118 mmol/L, 2026-03-04 (limit < 120 mmol/L)",
        }
    ]


def test_the_same_piece_twice_is_cited_once_and_told_once() -> None:
    assert cited(sodium(), sodium()) == cited(sodium())


def test_components_of_a_resource_without_a_name_are_one_resource() -> None:
    one, other = (
        at(sodium(), Source("Observation", "", f"Bundle.entry[3].resource{element}"))
        for element in ("", ".component[1]")
    )
    assert len(cited(one, other)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (source("Observation/1"), source("Observation/2")),
        (
            Source("Observation", "", "Bundle.entry[3].resource"),
            Source("Observation", "", "Bundle.entry[4].resource"),
        ),
        (
            Source("Observation", "", "a", Identifier("s", "1")),
            Source("Observation", "", "a", Identifier("s", "2")),
        ),
        (
            Source("Observation", "", "Bundle.entry[3].resource.contained[0]"),
            Source("Observation", "", "Bundle.entry[5].resource.contained[0]"),
        ),
    ],
)
def test_different_resources_are_cited_apart(one: Source, other: Source) -> None:
    assert len(cited(at(sodium(), one), at(sodium(), other))) == 2


def test_a_derived_value_refers_to_each_of_its_inputs() -> None:
    calcium = result("calcium_total", "1.70 mmol/L", "Observation/ca")
    albumin = result("albumin", "28 g/L", "Observation/alb", marks=("preliminary",))
    corrected = structs.replace(
        calcium, analyte="calcium_corrected", printed="1.94 mmol/L", inputs=(calcium, albumin)
    )
    finding = sodium(finding="hypocalcemia", result=corrected, limit="< 2.1 mmol/L")
    assert cited(finding) == [
        {
            "reference": "Observation/ca",
            "type": "Observation",
            "display": "Calcium 1.70 mmol/L, 2026-03-04 "
            "(for Calcium corrected for albumin 1.94 mmol/L; limit < 2.1 mmol/L)",
        },
        {
            "reference": "Observation/alb",
            "type": "Observation",
            "display": "Albumin 28 g/L, 2026-03-04 (for Calcium corrected for albumin "
            "1.94 mmol/L; limit < 2.1 mmol/L; preliminary result)",
        },
    ]
    twice = structs.replace(calcium, analyte="calcium_corrected", inputs=(corrected, albumin))
    names = [one["reference"] for one in cited(structs.replace(finding, result=twice))]
    assert names == ["Observation/ca", "Observation/alb"]


def test_a_sign_that_is_evidence_too_is_cited_once() -> None:
    twice = Teller(KNOWLEDGE).told([MYOCLONUS, MYOCLONUS])
    assert len(references_to(twice, KNOWLEDGE)) == 1


def test_a_piece_that_several_flags_rest_on_is_put_into_words_once() -> None:
    teller = Teller(KNOWLEDGE)
    ((_, first),) = teller.told([MYOCLONUS])
    again = {id(piece): words for piece, words in teller.told([MYOCLONUS, MYOCLONUS])}
    assert again[id(MYOCLONUS)] is first
