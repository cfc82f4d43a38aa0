"""What is spoiled: requests that are fine, and third-party data where it is there."""

from pathlib import Path

from service.settings import shipped
from tests.corpus.third_party import CORPUS, body, files

ROOT = Path(__file__).parents[2]

#: Larger ones take so long to evaluate that fewer could be tried.
LARGEST = 64 * 1024


def own() -> list[bytes]:
    """The sample bundles and the published patients, which every checkout has."""
    found = [*shipped("fhir_samples").glob("*.json"), *(ROOT / "tests" / "cases").glob("*.json")]
    return [path.read_bytes() for path in sorted(found)]


def all_there_are() -> list[bytes]:
    """Those, and the corpus where it is there."""
    third_party = map(body, files()) if CORPUS.is_dir() else ()
    return own() + [seed for seed in third_party if len(seed) <= LARGEST]
