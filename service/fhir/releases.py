"""The releases of FHIR that are spoken here, by the numbers that `fhirVersion` names them by.

https://hl7.org/fhir/R4/http.html#version-parameter
"""

import re

from msgspec import Struct


class Release(Struct, frozen=True):
    """`name` is what people call it, `version` the whole number of its last publication."""

    name: str
    version: str


#: All that are read.
RELEASES = {
    "3.0": Release("STU3", "3.0.2"),
    "4.0": Release("R4", "4.0.1"),
    "4.3": Release("R4B", "4.3.0"),
    "5.0": Release("R5", "5.0.0"),
}

#: Those that answers are written in; what is written is the same in each but for its number.
WRITTEN = ("4.0", "4.3", "5.0")

#: What is meant where nothing says a release.
USUAL = "4.0"

_NUMBER = re.compile(r"([0-9]\.[0-9])(?:\.[0-9])?", re.ASCII)


def release_named(text: str) -> str | None:
    """The release that a `fhirVersion` names, None where it is none that is read.

    FHIR wants major and minor alone; 4.0.1 is not misunderstood either.
    """
    found = _NUMBER.fullmatch(text)
    return found[1] if found and found[1] in RELEASES else None
