from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from service.fhir.earlier import Detail, EarlierFlag
from service.fhir.endings import WHY, Reviewed, ended, said_of, under_its_own_name
from service.record import Assessment, Identifier
from tests.fhir.assessed import (
    ALCOHOL,
    ANN,
    GABAPENTIN,
    KNOWLEDGE,
    NOW,
    OPTIONS,
    assessment,
    moment,
    result,
)
from tests.fhir_validity import ISSUE_TYPES, assert_valid_flag

DETAIL = Detail("Observation", "Observation/na-1", None, "Sodium 118 mmol/L, 2026-03-01", "")
FLAG = EarlierFlag(
    ANN.key,
    "Bundle.entry[5].resource",
    "f-1",
    "",
    "Flag/f-1",
    ("abc",),
    "active",
    "hyponatremia",
    moment("2026-03-01"),
    "PH",
    (DETAIL,),
)
NORMAL = result("sodium", "140 mmol/L", "Observation/na-2", "2026-03-04")


def back(reviewed: Reviewed, of: Assessment | None = None) -> dict[str, Any]:
    return assert_valid_flag(ended(reviewed, of or assessment(), KNOWLEDGE, OPTIONS))


def over(*by: Any, **fields: Any) -> Reviewed:  # noqa: ANN401
    return Reviewed(structs.replace(FLAG, **fields), "over", "overturned", by)


def test_it_ends_when_the_newest_of_what_overturned_it_was_so() -> None:
    older = result("sodium", "138 mmol/L", "Observation/na-3", "2026-03-02")

    assert back(over(older, NORMAL))["period"] == {"start": "2026-03-01", "end": "2026-03-04"}


@pytest.mark.parametrize("by", [(), (ALCOHOL,), (GABAPENTIN,)])
def test_without_such_a_time_it_ends_at_the_moment_of_the_evaluation(by: tuple[Any, ...]) -> None:
    assert back(over(*by))["period"]["end"] == "2026-03-05T08:00:00Z"


def test_it_never_ends_before_it_began() -> None:
    early = assessment(moment=NOW - timedelta(days=4, hours=12))
    corrected = result("sodium", "140 mmol/L", "Observation/na-1", "2026-02-20")

    assert back(over(corrected), early)["period"] == {"start": "2026-03-01", "end": "2026-03-01"}


def test_one_without_a_beginning_has_an_end() -> None:
    assert set(back(over(since=None))["period"]) == {"end"}


def test_an_error_has_no_end() -> None:
    written = back(Reviewed(FLAG, "in-error", "in-error"))

    assert (written["status"], written["period"]) == ("entered-in-error", {"start": "2026-03-01"})


def test_the_priority_that_it_had_comes_back_if_it_was_one() -> None:
    def codes(priority: str) -> list[str]:
        found = back(over(priority=priority))["extension"]
        concepts = (one.get("valueCodeableConcept") for one in found)
        return [one["coding"][0]["code"] for one in concepts if one]

    assert codes("PM") == ["PM"]
    assert codes("P1") == codes("") == []


def test_its_evidence_comes_back_by_any_name_that_it_had() -> None:
    shown = (
        structs.replace(DETAIL, type="Nonsense"),
        structs.replace(DETAIL, type="Observation", name="Observatiotion/na-1"),
        structs.replace(DETAIL, type="Nonsense", name="urn:oid:1.2"),
        structs.replace(DETAIL, name="", identifier=Identifier("https://a.example", "1")),
        structs.replace(DETAIL, name=""),
        structs.replace(DETAIL, name="", display=""),
    )

    written = back(over(details=shown))

    references = [one["valueReference"] for one in written["extension"][1:]]
    assert [sorted(one) for one in references] == [
        ["display", "reference", "type"],
        ["display"],
        ["display", "reference"],
        ["display", "identifier", "type"],
        ["display", "type"],
    ]


def test_a_flag_without_any_evidence_comes_back_all_the_same() -> None:
    assert "extension" not in back(over(details=(), priority=""))


def test_what_a_value_was_computed_from_is_referred_to_in_its_place() -> None:
    parts = (
        result("calcium_total", "2.3 mmol/L", "Observation/ca"),
        result("albumin", "40 g/L", "Observation/alb"),
    )
    computed = structs.replace(result("calcium_corrected", "2.3 mmol/L"), inputs=parts)

    names = [one["valueReference"]["reference"] for one in back(over(computed))["extension"][1:]]

    assert names == ["Observation/na-1", "Observation/ca", "Observation/alb"]


def test_a_result_that_overturned_twice_is_referred_to_once() -> None:
    part = result("albumin", "40 g/L", "Observation/alb-1", "2026-03-04")
    computed = structs.replace(
        result("calcium_corrected", "2.3 mmol/L", "", "2026-03-04"), inputs=(part,)
    )

    references = back(over(part, computed))["extension"][2:]

    assert [one["valueReference"]["reference"] for one in references] == ["Observation/alb-1"]


def test_evidence_is_referred_to_once_though_it_was_corrected() -> None:
    corrected = result("sodium", "140 mmol/L", "Observation/na-1", "2026-03-04")

    written = back(over(corrected))

    assert len(written["extension"]) == 2
    assert "Sodium 140 mmol/L" in written["text"]["div"]


def test_the_text_says_where_it_is_told_from_now_on() -> None:
    div = back(Reviewed(FLAG, "over", "told-within", within="Hypo & Co"))["text"]["div"]

    assert "told within the flag of Hypo &amp; Co" in div


@pytest.mark.parametrize(
    ("full_url", "own", "expected"),
    [
        ("https://a.example/Flag/f-1", "f-1", ("f-1", "https://a.example/Flag/f-1")),
        ("urn:uuid:x", "f-1", ("f-1", "urn:ours")),
        ("https://a.example/Flag/f-1/_history/2", "f-1", ("f-1", "urn:ours")),
        ("https://a.example/Flag/other", "f-1", ("f-1", "urn:ours")),
        ("", "f-1", ("f-1", "urn:ours")),
        ("https://a.example/Flag/a b", "a b", ("ours", "urn:ours")),
        ("https://a.example/Flag/", "", ("ours", "urn:ours")),
    ],
)
def test_it_keeps_id_and_full_url_where_they_are_of_one_piece(
    full_url: str, own: str, expected: tuple[str, str]
) -> None:
    sent = structs.replace(FLAG, id=own, full_url=full_url)

    written, url = under_its_own_name({"id": "ours"}, sent, "urn:ours")

    assert (written["id"], url) == expected


@pytest.mark.parametrize("why", WHY)
def test_whatever_becomes_of_it_is_told_at_its_place(why: str) -> None:
    (issue,) = said_of(Reviewed(FLAG, "left", why))

    assert issue.code in ISSUE_TYPES
    assert (issue.expression, issue.patient) == ((FLAG.expression,), ANN.key)


def test_of_one_that_just_goes_on_there_is_nothing_to_say() -> None:
    assert list(said_of(Reviewed(FLAG, "named"))) == []
