"""Whom a result is judged by: value and limits, the laboratory's own range, its flag.

The table has every combination once, from the bytes of an Observation on; docs/rules.md tells
it in words.
"""

from itertools import product
from typing import Any, NamedTuple

import pytest

from service.engine.laboratory import Laboratory
from service.evaluation import Site, ask, assess
from service.record import Finding, Normal
from tests.fhir.sent import CLOCK, UCUM, coding, observation, sent

ABOUT_TRUST = {"interpretation-only", "range-only", "laboratory-range", "laboratory-disagrees"}


class Kind(NamedTuple):
    """An analyte: how its low end is written, who is trusted, two values, and its findings."""

    loinc: str
    unit: str
    low: int
    inside: int
    findings: tuple[str, str]


KINDS = {
    # A limit of its own, 135 mmol/L.
    "fixed": Kind("2951-2", "mmol/L", 133, 139, ("hyponatremia", "hypernatremia")),
    # The reference interval, that of the rules first: 22 to 29 mmol/L.
    "limits": Kind("1963-8", "mmol/L", 21, 25, ("low-bicarbonate", "high-bicarbonate")),
    # The reference interval, that of the laboratory first; the rules say 70 to 140 ug/dL.
    "range": Kind("5631-7", "ug/dL", 68, 90, ("hypocupremia", "hypercupremia")),
}

#: Kind, value, where the laboratory's own range has it, flag; what is shown, by which marks; why.
TABLE = [
    # A value in a unit that is known, of an analyte that trusts limits: the rules' limits decide.
    ("fixed limits", "low", "none low", "none L A", "low", ""),
    ("fixed limits", "low", "none low", "N H", "low", "laboratory-disagrees"),
    ("fixed limits", "low", "inside", "*", "low", "laboratory-disagrees"),
    ("fixed limits", "inside", "none inside", "none N A", "normal", ""),
    ("fixed limits", "inside", "none inside", "L H", "normal", "laboratory-disagrees"),
    ("fixed limits", "inside", "low", "*", "normal", "laboratory-disagrees"),
    # What depends on the method: the laboratory's own range decides, whatever else is said ...
    ("range", "low inside", "low", "*", "low", "laboratory-range"),
    ("range", "low inside", "inside", "*", "normal", "laboratory-range"),
    # ... without one its flag, which may move an end of the rules' interval ...
    ("range", "low inside", "none", "L", "low", ""),
    ("range", "low inside", "none", "N", "normal", ""),
    ("range", "inside", "none", "H", "high", ""),
    # ... but never to the other side of it; and else the rules.
    ("range", "low", "none", "H", "low", "laboratory-disagrees"),
    ("range", "low", "none", "none A", "low", ""),
    ("range", "inside", "none", "none A", "normal", ""),
    # A number whose unit can not be read can only be compared with the laboratory's own range; so
    # with one whose unit must be a misprint, as the range can not be either.
    ("*", "unitless misprint", "low", "none L A", "low", "range-only"),
    ("*", "unitless misprint", "inside", "none N", "normal", "range-only"),
    # Range and flag against each other, and no limit to decide between them: neither counts.
    ("*", "unitless misprint", "low", "N H", "open", ""),
    ("*", "unitless misprint", "inside", "L H A", "open", ""),
    # Without a range that can be compared, or without a number, the flag alone is left.
    ("*", "unitless", "none", "L", "low", "interpretation-only"),
    ("*", "unitless", "none", "N", "normal", "interpretation-only"),
    ("*", "unitless", "none", "H", "high", "interpretation-only"),
    ("*", "missing", "*", "L", "low", "interpretation-only"),
    ("*", "missing", "*", "N", "normal", "interpretation-only"),
    ("*", "missing", "*", "H", "high", "interpretation-only"),
    # It does not say on which side, or nothing is said.
    ("*", "unitless", "none", "none A", "open", ""),
    ("*", "missing", "*", "none A", "open", ""),
    # A value that can not be is a wrong unit or a slip, and then nobody knows its place in a range;
    # a flag is the laboratory's own. It may raise an alarm, but never allay one.
    ("*", "slip", "*", "L", "low", "interpretation-only"),
    ("*", "slip", "*", "H", "high", "interpretation-only"),
    ("*", "slip", "*", "none N A", "open", ""),
    ("*", "misprint", "none", "L", "low", "interpretation-only"),
    ("*", "misprint", "none", "H", "high", "interpretation-only"),
    ("*", "misprint", "none", "none N A", "open", ""),
]

COMBINATIONS = list(
    product(
        KINDS,
        ("low", "inside", "unitless", "missing", "slip", "misprint"),
        ("none", "low", "inside"),
        ("none", "L", "N", "H", "A"),
    )
)


def rows(combination: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [
        row
        for row in TABLE
        if all(
            cell == "*" or word in cell.split()
            for cell, word in zip(row, combination, strict=False)
        )
    ]


def sent_as(kind: Kind, value: str, own: str, flag: str) -> dict[str, Any]:
    number = {"inside": kind.inside, "slip": 100_000, "misprint": 100_000}.get(value, kind.low)
    about = kind.low if value == "slip" else number
    unit = {"unit": "furlong"} if value == "unitless" else {"unit": kind.unit, "system": UCUM}
    low = {"low": about + 1, "inside": about - 1}.get(own, 0)
    ranges = [{"low": {"value": low, **unit}, "high": {"value": about + 10, **unit}}]
    return observation(
        code=coding(kind.loinc),
        valueQuantity=None if value == "missing" else {"value": number, **unit},
        valueString="see comment" if value == "missing" else None,
        referenceRange=None if own == "none" else ranges,
        interpretation=None if flag == "none" else [coding(flag, "v3-ObservationInterpretation")],
    )


@pytest.fixture(scope="module")
def laboratory(site: Site) -> Laboratory:
    return Laboratory(site.knowledge)


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
def test_every_combination_shows_what_the_table_says(
    site: Site, laboratory: Laboratory, combination: tuple[str, str, str, str]
) -> None:
    name, *said = combination
    ((*_, expected, marks),) = rows(combination)
    kind = KINDS[name]
    patient = {"resourceType": "Patient", "id": "ann", "birthDate": "1960", "gender": "male"}
    body = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": patient}, {"resource": sent_as(kind, *said)}],
    }
    (record,) = assess(site, sent(body), ask(site, "latest"), CLOCK).intake.records

    showing = laboratory.show(record)

    pieces: list[Finding | Normal] = [
        *(showing.findings[one] for one in kind.findings if one in showing.findings),
        *showing.normals.values(),
    ]
    words = dict(zip(kind.findings, ("low", "high"), strict=True))
    found = [words[one.finding] if isinstance(one, Finding) else "normal" for one in pieces]
    assert (found or ["open"]) == [expected]
    on_trust = {
        mark for one in pieces for mark in (*one.marks, *one.result.marks) if mark in ABOUT_TRUST
    }
    assert on_trust == set(marks.split())
    if expected == "open":
        assert showing.undecided


def test_the_table_has_each_combination_exactly_once() -> None:
    assert {len(rows(combination)) for combination in COMBINATIONS} == {1}
    used = [row for combination in COMBINATIONS for row in rows(combination)]
    assert set(TABLE) == set(used)
