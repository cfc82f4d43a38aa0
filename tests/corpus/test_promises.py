"""What must hold for any request, tried on real ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.evaluation import Site, answer, ask
from tests.corpus.third_party import CLOCK, CORPUS, document, name
from tests.fhir_validity import assert_valid_answer
from tests.told import Told, flags, summaries

BUNDLES = sorted((CORPUS / "bundles" / "transaction").glob("s[my]*.json"))

#: One patient's data came in two files; the first is enough.
SEPARATE = [path for path in BUNDLES if path.name != "smart-patient-1796238.fhir-bundle.json"]


def told(site: Site, bundle: dict[str, Any]) -> tuple[list[Told], list[str]]:
    """The flags, and in no order what is said of each patient."""
    body = json.dumps(bundle).encode()
    said = assert_valid_answer(answer(site, body, ask(site, "latest"), CLOCK))
    return flags(said), sorted(summaries(said))


@pytest.mark.parametrize("path", BUNDLES, ids=name)
def test_the_order_of_entries_changes_nothing(site: Site, path: Path) -> None:
    bundle = document(path)
    before = told(site, bundle)

    bundle["entry"].reverse()

    assert told(site, bundle) == before


def test_patients_together_are_judged_as_each_alone(site: Site) -> None:
    bundles = [document(path) for path in SEPARATE]
    alone = [told(site, bundle) for bundle in bundles]

    mixed = sorted((entry for bundle in bundles for entry in bundle["entry"]), key=json.dumps)
    found, said = told(site, {"resourceType": "Bundle", "type": "transaction", "entry": mixed})

    assert len(said) == len(bundles)
    assert sorted(found) == sorted(flag for one, _ in alone for flag in one)
    assert said == sorted(summary for _, one in alone for summary in one)
