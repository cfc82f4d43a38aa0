"""What the readers of resources share while they read one request."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.fhir import wire
from service.fhir.entries import Entry
from service.fhir.issues import Issues
from service.fhir.lexicon import Lexicon
from service.fhir.patients import Charts
from service.fhir.references import Directory
from service.fhir.reports import Reported
from service.record import Identifier, Source


class Context(Struct, frozen=True):
    """One request's surroundings.

    `reports` is what DiagnosticReports say of results, by the results' keys; `replaced` are the
    expressions of results that a newer report of the same result replaces. `base` is that of this
    service's own systems.
    """

    lexicon: Lexicon
    zone: ZoneInfo
    issues: Issues
    directory: Directory
    charts: Charts
    reports: dict[str, list[Reported]]
    replaced: set[str]
    base: str = ""

    def source(self, entry: Entry, identifiers: Sequence[wire.Identifier] | None) -> Source:
        """Where a piece of evidence came from; what is contained is named by its container."""
        outermost = entry
        while outermost.container:
            outermost = outermost.container
        name = self.directory.name_of(outermost)
        identifier = None
        if not name and identifiers and outermost is entry:
            identifier = next(
                (
                    Identifier(one.system, one.value)
                    for one in identifiers
                    if one.system and one.value
                ),
                None,
            )
        return Source(outermost.type, name, entry.expression, identifier)
