"""Pieces of evidence: each once, the most telling first."""

from collections.abc import Iterable

from service.record import Evidence, Finding, Normal, Problem

_Key = tuple[int, bool, int, str, str, str]


def gather(pieces: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Findings (critical ones first, then the graver), problems, treatments, normals.

    What one source shows of one thing is one piece.
    """
    found = tuple(pieces)
    if not found[1:]:
        return found
    by_key = {_key(piece): piece for piece in found}
    return tuple(by_key[key] for key in sorted(by_key))


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
