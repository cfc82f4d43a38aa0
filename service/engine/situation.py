"""What conditions ask about, of one record: graded results, problems and treatments by word."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from service.engine.evidence import gather
from service.engine.laboratory import Laboratory, Showing
from service.engine.linking import Fact
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_span
from service.record import Moment, Problem, Record, Treatment

_Piece = TypeVar("_Piece", Problem, Treatment)


class Situation(Struct, frozen=True):
    """One record as conditions see it. Words are ids and groups.

    `treatments` leaves out those that begin after the record's moment; `taken` are those
    being taken, or lingering. `sign` are the documented signs, `signs` the moments of those
    that are not in the future; `signs_undated`: there are signs, and none has a date.
    """

    record: Record
    now: datetime
    showing: Showing
    problems: Mapping[str, list[Problem]]
    treatments: Mapping[str, list[Treatment]]
    taken: Mapping[str, list[Treatment]]
    sign: tuple[Problem, ...]
    signs: tuple[Moment, ...]
    signs_undated: bool

    def facts(self, normals: set[str]) -> Iterator[Fact]:
        """What needs no further judgement: findings, normals, problems, treatments.

        `normals` are the analytes that it matters of that they are normal; few are.
        """
        for finding in self.showing.findings.values():
            yield Fact("finding", finding.finding, finding.rank)
        for analyte in self.showing.normals.keys() & normals:
            yield Fact("normal", analyte)
        for word, problems in self.problems.items():
            if any(problem.active and problem.confirmed for problem in problems):
                yield Fact("problem", word)
        for word in self.taken:
            yield Fact("treatment", word)


class Situations:
    """Makes situations of records, by a rule set."""

    def __init__(self, knowledge: Knowledge, laboratory: Laboratory) -> None:
        self._laboratory = laboratory
        self._problem_words = {
            name: (name, *rule.groups) for name, rule in knowledge.problems.items()
        }
        self._medicine_words = {
            name: (name, *rule.groups) for name, rule in knowledge.medicines.items()
        }
        self._signs = {name for name, rule in knowledge.problems.items() if rule.sign}
        self._lingers = {
            name: parse_span(rule.lingers) for name, rule in knowledge.medicines.items()
        }

    def of(self, record: Record) -> Situation:
        """A record with its results graded, at its moment."""
        now = record.moment
        sign = [p for p in record.problems if p.problem in self._signs and p.active and p.confirmed]
        moments = [problem.onset or problem.recorded for problem in sign]
        started = [t for t in record.treatments if not (t.start and t.start.earliest > now)]
        return Situation(
            record=record,
            now=now,
            showing=self._laboratory.show(record),
            problems=_by_word(record.problems, lambda each: self._problem_words[each.problem]),
            treatments=_by_word(started, self._words),
            taken=_by_word((t for t in started if self._is_taken(t, now)), self._words),
            sign=tuple(p for p in gather(sign) if isinstance(p, Problem)),
            signs=tuple(moment for moment in moments if moment and moment.earliest <= now),
            signs_undated=bool(moments) and not any(moments),
        )

    def _words(self, treatment: Treatment) -> tuple[str, ...]:
        return self._medicine_words[treatment.medicine]

    def _is_taken(self, treatment: Treatment, now: datetime) -> bool:
        # One that is over without an end was taken when it began, if not longer.
        last = treatment.end or treatment.start
        since = now - self._lingers[treatment.medicine]
        return treatment.current or (last is not None and last.latest >= since)


def _by_word(
    pieces: Iterable[_Piece], words: Callable[[_Piece], tuple[str, ...]]
) -> dict[str, list[_Piece]]:
    found: dict[str, list[_Piece]] = {}
    for piece in pieces:
        for word in words(piece):
            found.setdefault(word, []).append(piece)
    return found
