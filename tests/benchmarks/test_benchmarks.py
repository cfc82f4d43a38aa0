"""The benchmark runs, and what it measures is the whole job: nothing here is timed."""

from itertools import islice
from typing import Any

import pytest
from msgspec import json

from service.evaluation import Asked, Site, answer
from tests.benchmarks.__main__ import (
    BEGIN,
    DOCUMENT,
    END,
    SIZES,
    in_process,
    kept,
    over_http,
    written,
)
from tests.benchmarks.bundles import bundle
from tests.benchmarks.over_http import CONTENDERS
from tests.benchmarks.stages import CLOCK


def answered(site: Site, body: bytes) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = [
        entry["resource"] for entry in json.decode(answer(site, body, Asked(), CLOCK))["entry"]
    ]
    return resources


def causes(resources: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Subject and cause of each Flag."""
    return [
        (one["subject"]["reference"], one["code"]["coding"][0]["code"])
        for one in resources
        if one["resourceType"] == "Flag"
    ]


@pytest.mark.parametrize(("observations", "more"), [(10, {"hypocalcemia"}), (50, set())])
def test_an_ill_patient_of_the_bundles_gets_flags_for_what_is_abnormal(
    site: Site, observations: int, more: set[str]
) -> None:
    """Ionized calcium, which only larger bundles hold, is normal and decides over the total."""
    found = {cause for _, cause in causes(answered(site, bundle(observations)))}
    assert found == more | {
        "b12-deficiency",
        "celiac-neurological",
        "copper-deficiency",
        "hypomagnesemia",
        "hyponatremia",
        "multiple-deficiency-malabsorption",
    }


@pytest.mark.parametrize("observations", [10, 50])
def test_a_healthy_patient_of_the_bundles_gets_none(site: Site, observations: int) -> None:
    assert not causes(answered(site, bundle(observations, ill=False)))


def test_each_of_many_ill_patients_gets_the_flags_of_one(site: Site) -> None:
    alone = {cause for _, cause in causes(answered(site, bundle(10)))}
    found = causes(answered(site, bundle(30, patients=3)))
    assert set(found) == {(f"Patient/p{i}", cause) for i in range(3) for cause in alone}


def test_most_of_a_bundle_is_used_and_nothing_in_it_is_in_doubt(site: Site) -> None:
    outcome = next(
        one for one in answered(site, bundle(50)) if one["resourceType"] == "OperationOutcome"
    )
    assert {issue["severity"] for issue in outcome["issue"]} == {"information"}
    assert "50 observations (45 usable results)" in outcome["issue"][0]["details"]["text"]


def test_a_bundle_of_fifty_observations_is_as_large_as_real_ones() -> None:
    assert 50_000 < len(bundle(50)) < 60_000


def test_bundles_hold_what_they_say() -> None:
    resources = [entry["resource"] for entry in json.decode(bundle(7, patients=3))["entry"]]
    kinds = [one["resourceType"] for one in resources]
    assert kinds.count("Observation") == 7
    assert kinds.count("Patient") == 3
    assert len({(one["resourceType"], one["id"]) for one in resources}) == len(resources)


def test_the_table_tells_the_cost_of_the_smallest_bundle(site: Site) -> None:
    header, line, row = in_process(site, SIZES[:1], seconds=0)
    assert row.startswith("| 10 | 1 healthy |")
    assert header.count("|") == line.count("|") == row.count("|")


def test_memory_is_told_before_and_after(site: Site) -> None:
    assert "after 2 evaluations" in kept(site, 2)


def test_under_load_every_request_is_answered() -> None:
    _, _, *rows = islice(over_http([1], requests=20), 4)
    names, refused = zip(*((row.split(" | ")[0], row.split(" | ")[6]) for row in rows), strict=True)
    assert names == tuple(f"| {one.name}" for one in CONTENDERS[:2])
    assert refused == ("0", "0")


def test_what_was_measured_before_is_replaced() -> None:
    document = f"# Cost\n\n{BEGIN}\n\nold\n\n{END}\n\n## Why\n"
    once = written(document, ["new", "lines"])
    assert once == f"# Cost\n\n{BEGIN}\n\nnew\nlines\n\n{END}\n\n## Why\n"
    assert written(once, ["new", "lines"]) == once


def test_the_document_has_its_place_for_what_is_measured() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
