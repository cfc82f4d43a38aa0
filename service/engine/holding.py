"""Which links hold, cause by cause, once what other links suppress is taken away."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from service.engine.evidence import Shelf
from service.engine.rulebook import CompiledLink, Effect, Numbers, Rulebook, Sitting
from service.record import Evidence


class Held(Struct, frozen=True):
    """A link that holds for a cause, its evidence with its names on the shelf, what it remarks."""

    compiled: CompiledLink
    effect: Effect
    evidence: tuple[Evidence, ...]
    remarks: tuple[str, ...]
    names: Collection[int] = ()


class Holding(Struct, frozen=True):
    """The links that hold by cause, those that suppressed something, and the shadow ones.

    All their evidence is on the shelf.
    """

    by_cause: dict[str, list[Held]]
    suppressing: list[CompiledLink]
    shadow: list[str]
    shelf: Shelf

    @property
    def held(self) -> frozenset[str]:
        """The ids of all of them."""
        of_causes = {held.compiled.link.link for each in self.by_cause.values() for held in each}
        suppressing = {compiled.link.link for compiled in self.suppressing}
        return frozenset(of_causes | suppressing | set(self.shadow))


def hold(rulebook: Rulebook, sitting: Sitting, fired: frozenset[int]) -> Holding:
    """What follows from the alternatives that fired, which durable-rules joined unsuppressed."""
    alternatives: dict[str, tuple[CompiledLink, list[Numbers]]] = {}
    for place in sorted(fired):
        compiled, numbers = rulebook.owners[place]
        alternatives.setdefault(compiled.link.link, (compiled, []))[1].append(numbers)
    suppressing = [
        compiled
        for compiled, _ in alternatives.values()
        if not compiled.effect and compiled.link.status == "active"
    ]
    sieve = _Sieve(rulebook, sitting, suppressing)
    leaves = set().union(*[numbers for _, each in alternatives.values() for numbers in each])
    shelf = Shelf({leaf: sitting[leaf] or () for leaf in leaves})
    holding = Holding({}, list(filter(sieve.takes_away, suppressing)), [], shelf)
    for compiled, numbered in alternatives.values():
        if not compiled.effect:
            if compiled.link.status == "shadow":
                holding.shadow.append(compiled.link.link)
            continue
        for cause in compiled.causes:
            gone = sieve.gone(cause)
            kept = numbered if gone.isdisjoint(compiled.findings) else sieve.keep(numbered, gone)
            if not kept:
                continue
            if compiled.link.status == "shadow":
                holding.shadow.append(compiled.link.link)
                break
            names = shelf.names(set().union(*kept))
            remarks = sieve.remarks(compiled, cause) if compiled.remarks else ()
            holding.by_cause.setdefault(cause, []).append(
                Held(compiled, compiled.effect, shelf.gather(names), remarks, names)
            )
    return holding


class _Sieve:
    """Findings that suppressing links took away, from one cause or from all."""

    def __init__(
        self, rulebook: Rulebook, sitting: Sitting, suppressing: list[CompiledLink]
    ) -> None:
        self._rulebook = rulebook
        self._sitting = sitting
        self._everywhere = {each.link.suppress for each in suppressing if not each.causes}
        self._for_cause: dict[str, set[str]] = {}
        for each in suppressing:
            for cause in each.causes:
                gone = self._for_cause.setdefault(cause, set(self._everywhere))
                gone.add(each.link.suppress)

    def gone(self, cause: str) -> set[str]:
        """What is suppressed for a cause."""
        return self._for_cause.get(cause, self._everywhere)

    def keep(self, alternatives: Sequence[Numbers], gone: set[str]) -> Sequence[Numbers]:
        """Those that rest on nothing that is suppressed."""
        finding_of = self._rulebook.findings.__getitem__
        return [numbers for numbers in alternatives if gone.isdisjoint(map(finding_of, numbers))]

    def takes_away(self, compiled: CompiledLink) -> bool:
        """Whether the finding that a link suppresses is there at all."""
        finding = compiled.link.suppress
        return finding in self._sitting.situation.showing.findings or any(
            self._sitting[number] is not None for number in self._rulebook.asking.get(finding, ())
        )

    def remarks(self, compiled: CompiledLink, cause: str) -> tuple[str, ...]:
        gone = self.gone(cause)
        return tuple(
            [
                said.say
                for said in compiled.remarks
                if any(map(self._holds, self.keep(said.alternatives, gone)))
            ]
        )

    def _holds(self, numbers: Numbers) -> bool:
        return None not in map(self._sitting.__getitem__, numbers)
