"""What a Flag refers to: its evidence in order, each resource once, as its sender named it."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from service.fhir.wording import fit, input_line, line
from service.knowledge.model import Knowledge
from service.record import (
    Evidence,
    Finding,
    Identifier,
    Problem,
    Result,
    Source,
    Treatment,
)

#: Pieces of evidence, each with its line.
Told = list[tuple[Evidence, str]]


class Teller:
    """Tells pieces of evidence in words; a piece that several flags rest on is put so once.

    Pieces are known by what they are in memory, so it lives no longer than they.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._known: dict[int, tuple[_Place, Evidence, str]] = {}

    def told(self, evidence: Iterable[Evidence]) -> Told:
        """The pieces in words, most telling first; the order in which they come does not matter."""
        known = [self._known.get(id(piece)) or self._put(piece) for piece in evidence]
        known.sort(key=itemgetter(0))
        return [(piece, words) for _, piece, words in known]

    def _put(self, piece: Evidence) -> tuple["_Place", Evidence, str]:
        put = self._known[id(piece)] = _telling(piece), piece, line(piece, self.knowledge)
        return put


def reference_to(
    kind: str, reference: str, identifier: Identifier | None, display: str
) -> dict[str, Any]:
    """A FHIR Reference: literal where the sender had a name for the resource, else logical.

    "#..." names a contained resource; nothing is contained here, so it names nothing.
    """
    written: dict[str, Any] = {}
    literal = fit(reference)
    if literal and literal[0] != "#":
        written["reference"] = literal
    written["type"] = kind
    if "reference" not in written and identifier is not None:
        # A URI has no spaces; a sender's "Ward 7" does.
        system = fit(identifier.system).replace(" ", "%20")
        names = {"system": system, "value": fit(identifier.value)}
        written["identifier"] = {part: text for part, text in names.items() if text}
    if display:
        written["display"] = display
    return written


def references_to(evidence: Told, knowledge: Knowledge) -> list[dict[str, Any]]:
    """A Reference for each resource, with all that it shows as display.

    A derived value is no resource: each of its inputs is referred to.
    """
    cited: dict[str, tuple[Source, list[str]]] = {}
    for piece, words in evidence:
        for source, display in _sources(piece, words, knowledge):
            _, displays = cited.setdefault(_name(source), (source, []))
            if display not in displays:
                displays.append(display)
    return [
        reference_to(source.type, source.reference, source.identifier, "; ".join(displays))
        for source, displays in cited.values()
    ]


def sources(evidence: Iterable[Evidence]) -> Iterator[Source]:
    """Where pieces of evidence came from; a derived value came from each of its inputs."""
    for piece in evidence:
        if type(piece) is Problem or type(piece) is Treatment:
            yield piece.source
        elif piece.result.inputs:
            yield from (part.source for part in _inputs(piece.result))
        else:
            yield piece.result.source


_Place = tuple[int, bool, int, str, str, str]


def _telling(piece: Evidence) -> _Place:
    if type(piece) is Finding:
        source = piece.result.source
        order = (0, not piece.critical, -piece.rank, piece.finding)
    elif type(piece) is Problem:
        source = piece.source
        order = (1, False, 0, piece.problem)
    elif type(piece) is Treatment:
        source = piece.source
        order = (2, False, 0, piece.medicine)
    else:
        source = piece.result.source
        order = (3, False, 0, piece.analyte)
    return (*order, source.reference, source.expression)


def _sources(piece: Evidence, words: str, knowledge: Knowledge) -> list[tuple[Source, str]]:
    """The resources that a piece came from, and what each of them shows."""
    if type(piece) is Problem or type(piece) is Treatment:
        return [(piece.source, words)]
    if piece.result.inputs:
        parts = _inputs(piece.result)
        return [(part.source, input_line(part, piece, knowledge)) for part in parts]
    return [(piece.result.source, words)]


def _inputs(result: Result) -> Iterator[Result]:
    for part in result.inputs:
        if part.inputs:
            yield from _inputs(part)
        else:
            yield part


def _name(source: Source) -> str:
    """What tells one resource from another: its name, else where it stands in the request."""
    if source.reference:
        return source.reference
    if source.identifier is not None:
        return f"{source.identifier.system}|{source.identifier.value}"
    entry, resource, _ = source.expression.partition(".resource")
    return entry + resource
