"""The numbers that releases of FHIR go by."""

import pytest

from service.fhir.releases import RELEASES, USUAL, WRITTEN, release_named


@pytest.mark.parametrize(
    ("text", "release"),
    [("3.0", "3.0"), ("4.0", "4.0"), ("4.0.1", "4.0"), ("4.3", "4.3"), ("5.0.0", "5.0")],
)
def test_a_release_is_named_by_major_and_minor(text: str, release: str) -> None:
    assert release_named(text) == release


@pytest.mark.parametrize(
    "text", ["", "4", "R4", "1.0", "0.0", "4.1", "6.0", "4.01", "4.0banana", " 4.0", "4.0.1.2"]
)
def test_anything_else_names_none(text: str) -> None:
    assert release_named(text) is None


def test_r4_is_usual_and_what_is_written_is_also_read() -> None:
    assert RELEASES[USUAL].version == "4.0.1"
    assert USUAL in WRITTEN
    assert set(WRITTEN) < set(RELEASES)
    assert all(one.version.startswith(number) for number, one in RELEASES.items())
