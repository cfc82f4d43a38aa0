"""Pieces of evidence: each once, the most telling first."""

from collections.abc import Iterable

from service.record import Evidence, Finding, Problem, Source, Treatment

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
        source = piece.result.source
        return 0, not piece.critical, -piece.rank, piece.finding, *_place(source)
    if isinstance(piece, Problem):
        return 1, False, 0, piece.problem, *_place(piece.source)
    if isinstance(piece, Treatment):
        return 2, False, 0, piece.medicine, *_place(piece.source)
    return 3, False, 0, piece.analyte, *_place(piece.result.source)


def _place(source: Source) -> tuple[str, str]:
    return source.reference, source.expression
