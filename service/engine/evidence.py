"""Pieces of evidence: each once, the most telling first."""

from collections.abc import Iterable, Mapping

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
    return tuple([by_key[key] for key in sorted(by_key)])


class Shelf:
    """The evidence of several leaves, with what sorts each piece found out once.

    Pieces are known by what they are in memory, so it lives no longer than they.
    """

    def __init__(self, of: Mapping[int, Iterable[Evidence]]) -> None:
        by_key: dict[_Key, Evidence] = {}
        self._names: dict[int, list[int]] = {}
        self._keys: dict[int, _Key] = {}
        for leaf, pieces in of.items():
            self._names[leaf] = names = []
            for piece in pieces:
                key = _key(piece)
                name = id(by_key.setdefault(key, piece))
                self._keys[name] = key
                names.append(name)
        self._pieces = {id(piece): piece for piece in by_key.values()}

    def names(self, leaves: Iterable[int]) -> set[int]:
        """The names that pieces have here: of all that makes leaves hold."""
        return set().union(*map(self._names.__getitem__, leaves))

    def gather(self, names: Iterable[int]) -> tuple[Evidence, ...]:
        """Pieces by their names, as `gather` puts them; each name comes once."""
        return tuple(map(self._pieces.__getitem__, sorted(names, key=self._keys.__getitem__)))


def _key(piece: Evidence) -> _Key:
    if type(piece) is Finding:
        at = piece.result.source
        return 0, not piece.critical, -piece.rank, piece.finding, at.reference, at.expression
    if type(piece) is Normal:
        at = piece.result.source
        return 3, False, 0, piece.analyte, at.reference, at.expression
    at = piece.source
    if type(piece) is Problem:
        return 1, False, 0, piece.problem, at.reference, at.expression
    return 2, False, 0, piece.medicine, at.reference, at.expression
