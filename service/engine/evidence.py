"""Pieces of evidence: each once, the most telling first."""

from collections.abc import Iterable

from service.record import Evidence, Finding, Normal, Problem

_Key = tuple[int, bool, int, str, str, str]
Keyed = dict[_Key, Evidence]


def gather(pieces: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Findings (critical ones first, then the graver), problems, treatments, normals.

    What one source shows of one thing is one piece.
    """
    found = tuple(pieces)
    return ordered(keyed(found)) if found[1:] else found


def keyed(pieces: Iterable[Evidence]) -> Keyed:
    """Pieces by what sorts them, for `ordered`."""
    return {_key(piece): piece for piece in pieces}


def ordered(by_key: Keyed) -> tuple[Evidence, ...]:
    """The pieces that `gather` would give."""
    return tuple([by_key[key] for key in sorted(by_key)])


def _key(piece: Evidence) -> _Key:
    if isinstance(piece, Finding):
        at = piece.result.source
        return 0, not piece.critical, -piece.rank, piece.finding, at.reference, at.expression
    if isinstance(piece, Normal):
        at = piece.result.source
        return 3, False, 0, piece.analyte, at.reference, at.expression
    at = piece.source
    if isinstance(piece, Problem):
        return 1, False, 0, piece.problem, at.reference, at.expression
    return 2, False, 0, piece.medicine, at.reference, at.expression
