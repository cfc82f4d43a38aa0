"""Whether what is on file overturns a conclusion that was drawn before.

Senders send parts of a record, so that a cause is not named now says nothing by itself: its
evidence may just not have been sent. An earlier conclusion is overturned only where no rule that
could have drawn it could do so now, though everything that it rested on still held but for what
was read anew and says otherwise. In doubt it stands.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from service.engine.criteria import Criterions
from service.engine.laboratory import Laboratory
from service.engine.rulebook import CompiledLink
from service.engine.situation import Situation
from service.knowledge.language import Condition, MedicineRule, ProblemRule
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_count, parse_whole, parse_worst
from service.record import Earlier, Ground, Problem, Result, Treatment

_Piece = TypeVar("_Piece", Problem, Treatment)

#: Results that may yet be taken back, or whose number or unit can not be read, overturn nothing.
_DOUBTFUL = frozenset({"preliminary", "unknown-status", "hemolyzed", "range-only", "implausible"})


class Overturning:
    """Asks by a rule set, whose links are given."""

    def __init__(
        self, knowledge: Knowledge, laboratory: Laboratory, links: Sequence[CompiledLink]
    ) -> None:
        self._knowledge = knowledge
        self._criterions = Criterions(knowledge, laboratory)
        self._naming: dict[str, list[Condition]] = {}
        #: By the cause within which they are told: other causes, each with what lets it be so.
        self._within: dict[str, list[tuple[str, Condition]]] = {}
        for compiled in links:
            if compiled.effect == "supports" and compiled.link.status == "active":
                when, into = compiled.link.when, compiled.link.subsumed_by
                for cause in compiled.causes:
                    self._naming.setdefault(cause, []).append(when)
                    if into:
                        self._within.setdefault(into, []).append((cause, when))

    def by(
        self, situation: Situation, earlier: Earlier, named: Collection[str]
    ) -> tuple[Result | Problem | Treatment, ...] | None:
        """What overturns an earlier conclusion; None where it may still hold.

        So it may where a cause that was told within it may, unless that is `named` now: it would
        be lost with it. Nothing but that evidence was withdrawn may overturn it, too: then it is
        empty.
        """
        asking = _Asking(situation, earlier, self._knowledge, self._criterions)
        asked = [*self._naming.get(earlier.cause, ()), *self._told_within(earlier.cause, named)]
        if any(asking.may_hold(when) for when in asked):
            return None
        told = tuple(dict.fromkeys(asking.overturning))
        return told if told or earlier.withdrawn else None

    def _told_within(self, cause: str, named: Collection[str]) -> Iterator[Condition]:
        """What names the causes that may have been told within one, but for those named now."""
        for other, when in self._within.get(cause, ()):
            if other not in named:
                yield when
                yield from self._told_within(other, named)


class _Asking:
    """One conclusion, condition by condition: each may hold unless it surely does not.

    `overturning` is what was read anew and makes conditions fail.
    """

    def __init__(
        self,
        situation: Situation,
        earlier: Earlier,
        knowledge: Knowledge,
        criterions: Criterions,
    ) -> None:
        self.overturning: list[Result | Problem | Treatment] = []
        self._by_thing: dict[tuple[str, str], list[Ground]] = {}
        for ground in earlier.grounds or ():
            self._by_thing.setdefault((ground.kind, ground.id), []).append(ground)
        self._situation = situation
        self._earlier = earlier
        self._knowledge = knowledge
        self._criterions = criterions

    def may_hold(self, condition: Condition) -> bool:
        if condition.state:
            return self.may_hold(self._knowledge.states[condition.state].when)
        parts = condition.all or condition.any or condition.of
        if not parts:
            return self._leaf_may_hold(condition)
        if condition.all:
            least = len(parts)
        else:
            least = 1 if condition.any else parse_whole(condition.at_least)
        # All are asked, so that all that speaks against it is told.
        return sum([self.may_hold(part) for part in parts]) >= least

    def _leaf_may_hold(self, leaf: Condition) -> bool:
        if self._criterions.question(leaf)(self._situation) is not None:
            return True
        knowledge = self._knowledge
        if leaf.finding or leaf.normal:
            return self._result_may_hold(leaf)
        if leaf.problem:
            grounds = self._grounds("problem", _named(leaf.problem, knowledge.problems))
            there = self._situation.problems.get(leaf.problem, ())
            return self._piece_may_hold(
                grounds,
                [one for one in there if not (one.active and one.confirmed)],
                timed=bool(leaf.began),
            )
        if leaf.treatment or leaf.count_distinct:
            word = leaf.treatment or parse_count(leaf.count_distinct).group
            grounds = self._grounds("treatment", _named(word, knowledge.medicines))
            taken = self._situation.treatments.get(word, ())
            # An order may be over because another took its place.
            return self._piece_may_hold(
                grounds,
                [
                    one
                    for one in taken
                    if not one.current and one.source.reference in self._earlier.stopped
                ],
                timed=bool(leaf.started or leaf.stopped or leaf.within),
            )
        # Age, sex and the quality of a specimen are never what a conclusion rests on.
        return True

    def _grounds(self, kind: str, ids: Iterable[str]) -> list[Ground] | None:
        """What the conclusion rested on among things of these ids; None where that is not known."""
        if self._earlier.grounds is None:
            return None
        return [ground for one in ids for ground in self._by_thing.get((kind, one), ())]

    def _result_may_hold(self, leaf: Condition) -> bool:
        rule = self._knowledge.findings.get(leaf.finding)
        subject = rule.analyte if rule else leaf.normal
        if self._grounds("result", _related(subject, self._knowledge)) == []:
            return False
        if leaf.worst_within and not self._is_past(leaf.worst_within):
            return True
        chosen = self._situation.showing.chosen.get(subject)
        told = self._criterions.ask(leaf, self._situation)
        # Otherwise it is a matter of time, or open what the result shows.
        if chosen is None or told.standing != "short" or told.about != (chosen,):
            return True
        if not self._is_read_anew(chosen):
            return True
        self.overturning.append(chosen)
        return False

    def _is_past(self, worst_within: str) -> bool:
        """Whether the time of which the worst value counts surely lies after the conclusion."""
        worst, since = parse_worst(worst_within), self._earlier.since
        return (
            worst.anchor == "now"
            and since is not None
            and since.latest < self._situation.now - worst.span
        )

    def _is_read_anew(self, result: Result) -> bool:
        """Whether a result is newer than the conclusion, or a correction of what it rested on.

        What is dated by its issue alone may have been drawn before.
        """
        since = self._earlier.since
        parts = list(_parts(result))
        if any(_DOUBTFUL.intersection(part.marks) for part in parts):
            return False
        if any(part.source.reference in self._earlier.corrected for part in parts):
            return True
        if any("issue-dated" in part.marks for part in parts):
            return False
        at = result.moment
        return since is not None and at is not None and at.earliest > since.latest

    def _piece_may_hold(
        self, grounds: list[Ground] | None, over: Sequence[_Piece], *, timed: bool
    ) -> bool:
        """Of problems and treatments: `over` are those on file that no longer count in full.

        A conclusion that rested on some falls only once each of them was sent again as such.
        """
        if grounds == []:
            return False
        if grounds is None or timed:
            return True
        names = {one.source.reference for one in over} - {""}
        if not all(ground.source in names for ground in grounds):
            return True
        sources = {ground.source for ground in grounds}
        self.overturning += [one for one in over if one.source.reference in sources]
        return False


def _named(word: str, rules: Mapping[str, ProblemRule] | Mapping[str, MedicineRule]) -> list[str]:
    """The ids that a word stands for: itself, or the members of a group."""
    return [name for name, rule in rules.items() if word == name or word in rule.groups]


def _related(subject: str, knowledge: Knowledge) -> set[str]:
    """What can show something of a subject: itself, and what it is computed from."""
    found: set[str] = set()
    waiting = [subject]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        found.add(one)
        for rule in knowledge.derived.values():
            if one in {rule.derived, rule.stands_for}:
                waiting.append(rule.derived)
                waiting += (
                    [rule.change.analyte]
                    if rule.change
                    else [each.analyte for each in rule.inputs.values()]
                )
    return found


def _parts(result: Result) -> Iterator[Result]:
    yield result
    for part in result.inputs:
        yield from _parts(part)
