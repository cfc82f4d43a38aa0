"""The oracle: the rule language a second time, plain, slow, and sharing nothing with the engine.

`oracle(knowledge, record)` reads a link's condition as a clinician would, from the outside in:
`all` holds if each part holds, `any` if one does. There is no normal form, no compiled rule
and no facts. Evidence of a condition is that of all its parts that hold.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Literal, NamedTuple

from service.knowledge.language import KINDS, Condition, Link
from service.knowledge.model import Knowledge
from service.record import (
    PRIORITIES,
    STRENGTHS,
    Moment,
    Priority,
    Problem,
    Record,
    Result,
    Strength,
    Treatment,
)
from tests.engine.oracle_quantities import age_holds, span
from tests.engine.oracle_results import Chosen, Graded, Results, is_readable, place, rank_of

EVERY_CAUSE = "*"


class Piece(NamedTuple):
    """A piece of evidence: a finding (`rank`, `critical`), problem, treatment or normal."""

    kind: Literal["finding", "problem", "treatment", "normal"]
    of: str
    source: tuple[str, str]
    rank: int = 0
    critical: bool = False
    marks: frozenset[str] = frozenset()


Evidence = frozenset[Piece]
NONE: Evidence = frozenset()


class Fired(NamedTuple):
    """A link that held for a cause; its remarks are those whose own condition holds."""

    link: str
    effect: Literal["supports", "strengthens", "against"]
    evidence: Evidence
    remarks: tuple[str, ...]


class NamedCause(NamedTuple):
    """One cause as an assessment must tell it; `check_next` are texts and whether on file."""

    cause: str
    agent: str
    strength: Strength
    priority: Priority
    links: tuple[Fired, ...]
    evidence: Evidence
    sign: Evidence
    absorbed: frozenset[str]
    downstream_of: frozenset[str]
    check_next: tuple[tuple[str, bool], ...]
    remarks: tuple[str, ...]


class Answer(NamedTuple):
    """What an assessment must say; `untold` are elements that its issues must account for."""

    causes: tuple[NamedCause, ...]
    shadow: tuple[str, ...]
    findings: Evidence
    untold: frozenset[str]


class Near(NamedTuple):
    """Only results that may be within `distance` of one another, the last of them from `last`."""

    last: datetime
    distance: timedelta

    def holds(self, result: Result) -> bool:
        moment = result.moment
        return (
            moment is not None
            and moment.earliest <= self.last
            and moment.latest >= self.last - self.distance
        )


def oracle(knowledge: Knowledge, record: Record) -> Answer:
    """What the rules say of one record."""
    return Oracle(knowledge, record).answer()


class Oracle:
    """One evaluation of one record."""

    RESULTS = Results

    def __init__(self, knowledge: Knowledge, record: Record) -> None:
        self.knowledge = knowledge
        self.record = record
        self.now = record.moment
        self.results = self.RESULTS(knowledge, record)
        self.suppressed: dict[str, set[str]] = {}
        # Asked for again and again, and always the same.
        self._shown = cache(self._shows)
        self._starts = cache(self._moments)
        self._members_of = cache(self._members)

    # ------------------------------------------------------------------ conditions

    def evidence(
        self, condition: Condition, suppressed: frozenset[str] = frozenset(), *near: Near
    ) -> Evidence | None:
        """The evidence that makes a condition hold; None if it does not hold."""
        if condition.all and condition.same_draw:
            together = condition.all
            distance = span(condition.same_draw)
            tries = [
                self._all(together, suppressed, *near, Near(last, distance))
                for last in self._starts()
            ]
            return self._union(tries, at_least=1)
        if condition.all:
            return self._all(condition.all, suppressed, *near)
        if condition.any:
            parts = [self.evidence(part, suppressed, *near) for part in condition.any]
            return self._union(parts, at_least=1)
        if condition.of:
            parts = [self.evidence(part, suppressed, *near) for part in condition.of]
            return self._union(parts, at_least=int(condition.at_least))
        if condition.state:
            when = self.knowledge.states[condition.state].when
            return self.evidence(when, suppressed, *near)
        if condition.finding:
            return None if condition.finding in suppressed else self._finding(condition, near)
        if condition.normal:
            return self._normal(condition, near)
        return self._of_no_result(condition)

    def _all(
        self, parts: tuple[Condition, ...], suppressed: frozenset[str], *near: Near
    ) -> Evidence | None:
        found = [self.evidence(part, suppressed, *near) for part in parts]
        return self._union(found, at_least=len(parts))

    @staticmethod
    def _union(parts: list[Evidence | None], at_least: int) -> Evidence | None:
        held = [part for part in parts if part is not None]
        return frozenset(chain.from_iterable(held)) if len(held) >= at_least else None

    def _moments(self) -> set[datetime]:
        """Every moment that could be the last of results drawn together."""
        moments = [result.moment for result in self.record.results]
        return {moment.earliest for moment in moments if moment} | {self.now}

    def _finding(self, condition: Condition, near: tuple[Near, ...]) -> Evidence | None:
        rule = self.knowledge.findings[condition.finding]
        least = rank_of(rule, condition.at_least) if condition.at_least else 1
        if condition.worst_within:
            shown = self._worst(condition)
        else:
            shown = self._shown(condition.finding)
            if shown and condition.within and not self._is_recent(shown[0], condition.within):
                return None
        if shown is None:
            return None
        result, graded = shown
        if condition.older_than and not self._is_old(result, condition.older_than):
            return None
        if graded.rank < least or not all(each.holds(result) for each in near):
            return None
        return frozenset({self._piece(condition.finding, result, graded)})

    def _shows(self, finding: str) -> tuple[Result, Graded] | None:
        """The chosen result of a finding's analyte and what it shows, marks of the choice added."""
        rule = self.knowledge.findings[finding]
        chosen = self.results.chosen(rule.analyte)
        if chosen is None:
            return None
        graded = self.results.grade(chosen.result, rule)
        marks = graded.marks | chosen.marks
        if chosen.clouded:
            marks |= {"older-than-unreadable"}
        return chosen.result, graded._replace(marks=marks)

    def _worst(self, condition: Condition) -> tuple[Result, Graded] | None:
        rule = self.knowledge.findings[condition.finding]
        text, _, anchor = condition.worst_within.partition(" of ")
        if rule.analyte in self.knowledge.derived:
            results = self.results.counting(rule.analyte)
        else:
            results = [r for r in self.record.results if r.analyte == rule.analyte]
            results += self.results.standing_in(rule.analyte)
        usable = [
            (result, result.moment, self.results.grade(result, rule))
            for result in results
            if is_readable(result)
            and not self.results.is_future(result)
            and result.moment
            and self._lies_near(result.moment, span(text), anchor)
        ]
        usable.sort(key=lambda each: place(each[0].source))
        usable.sort(key=lambda each: (each[2].rank, each[1].latest, each[1].earliest))
        usable = [each for each in usable if each[2].rank == usable[-1][2].rank]
        newest = [
            each
            for each in usable
            if (each[1].latest, each[1].earliest) == (usable[-1][1].latest, usable[-1][1].earliest)
        ]
        if not newest:
            return None
        result, _, graded = newest[0]
        shown = self._shown(condition.finding)
        return shown if shown and shown[0] == result else (result, graded)

    def _lies_near(self, moment: Moment, distance: timedelta, anchor: str) -> bool:
        if anchor == "now":
            return moment.latest >= self.now - distance
        return any(
            moment.latest >= sign.earliest - distance and moment.earliest <= sign.latest + distance
            for sign in self.sign_moments()
        )

    def _normal(self, condition: Condition, near: tuple[Near, ...]) -> Evidence | None:
        analyte = condition.normal
        chosen = self.results.chosen(analyte)
        if chosen is None or chosen.clouded:
            return None
        result = chosen.result
        if self.results.is_normal(analyte, result) is not True:
            return None
        if condition.within and not self._is_recent(result, condition.within):
            return None
        if not all(each.holds(result) for each in near):
            return None
        return frozenset({self._normal_piece(analyte, chosen)})

    def _is_recent(self, result: Result, distance: str) -> bool:
        return result.moment is not None and result.moment.latest >= self.now - span(distance)

    def _is_old(self, result: Result, distance: str) -> bool:
        moment = result.moment
        return moment is not None and self.now - moment.latest > span(distance)

    def _of_no_result(self, condition: Condition) -> Evidence | None:
        """Leaves about problems, medicines and the patient."""
        if condition.problem:
            problems = self._problems(condition)
            return frozenset(map(self._problem_piece, problems)) or None
        if condition.treatment:
            treatments = [t for t in self.record.treatments if self._is_taken(t, condition)]
            return frozenset(map(self._treatment_piece, treatments)) or None
        if condition.count_distinct:
            least, group = condition.count_distinct.split(" of ")
            plainly = Condition(treatment=group)
            treatments = [t for t in self.record.treatments if self._is_taken(t, plainly)]
            enough = len({each.medicine for each in treatments}) >= int(least)
            return frozenset(map(self._treatment_piece, treatments)) if enough else None
        return NONE if self._is_so(condition) else None

    def _is_so(self, condition: Condition) -> bool:
        """Leaves that hold without being evidence."""
        if condition.age:
            return self.results.age_known and age_holds(condition.age, self.results.age_days)
        if condition.sex:
            return self.record.patient.sex == condition.sex
        if condition.quality:
            chosen = self.results.chosen(condition.analyte)
            return chosen is not None and condition.quality in chosen.result.marks
        if condition.not_measured:
            return not self.results.counting(condition.not_measured)
        raise AssertionError(condition)

    def _problems(self, condition: Condition) -> list[Problem]:
        wanted = self._members_of(condition.problem)
        return [
            problem
            for problem in self.record.problems
            if problem.problem in wanted
            and (problem.active or "past" in condition.including)
            and (problem.confirmed or "unconfirmed" in condition.including)
            and (not condition.began or self._began(problem, condition.began))
        ]

    def _began(self, problem: Problem, text: str) -> bool:
        moment = problem.onset if problem.onset is not None else problem.recorded
        return moment is not None and self._is_around(moment, text)

    def _members(self, name: str) -> set[str]:
        """The problems and medicines that an id or group means."""
        rules = [(p.problem, p.groups) for p in self.knowledge.problems.values()]
        rules += [(m.medicine, m.groups) for m in self.knowledge.medicines.values()]
        return {each for each, groups in rules if each == name or name in groups}

    def _is_taken(self, treatment: Treatment, condition: Condition) -> bool:
        if treatment.medicine not in self._members_of(condition.treatment):
            return False
        start, end = treatment.start, treatment.end
        if start and start.earliest > self.now:
            return False
        if condition.stopped:
            if end is None or end.earliest > self.now or self._goes_on(treatment, end):
                return False
            return self._is_around(end, condition.stopped)
        if condition.within:
            oldest = self.now - span(condition.within)
            taken = (
                treatment.current
                or (end is not None and end.latest >= oldest)
                or (end is None and start is not None and start.latest >= oldest)
            )
        else:
            lingers = span(self.knowledge.medicines[treatment.medicine].lingers)
            over = start if end is None else end
            taken = treatment.current or (over is not None and over.latest >= self.now - lingers)
        if condition.started and taken:
            return self._is_begun(treatment, condition.started)
        return taken

    def _goes_on(self, treatment: Treatment, end: Moment) -> bool:
        """Whether an end is none: of a single dose or a few days, or of an order that another one
        continues.
        """
        if treatment.start == end:
            return True
        begun = [
            other.start for other in self.record.treatments if other.medicine == treatment.medicine
        ]
        if None not in begun and min(start.earliest for start in begun if start) > (
            end.latest - timedelta(days=3)
        ):
            return True
        for other in self.record.treatments:
            if other is treatment or other.medicine != treatment.medicine:
                continue
            if other.start and (
                other.start.earliest > self.now or other.start.earliest > end.latest
            ):
                continue
            if other.current or (other.end and other.end.earliest > end.latest):
                return True
        return False

    def _is_begun(self, treatment: Treatment, text: str) -> bool:
        """Whether its start is where the text says; a late one only if no other may be earlier."""
        if text == "unknown":
            dates = [problem.onset or problem.recorded for problem in self.signs()]
            return treatment.start is None or (len(dates) > 0 and dates.count(None) == len(dates))
        others = [
            other.start
            for other in self.record.treatments
            if other.medicine == treatment.medicine
            and (other.start is None or other.start.earliest <= self.now)
        ]
        if treatment.start is None:
            return False
        if text.startswith("first "):
            when = text.removeprefix("first ")
            if "dose-raised" in treatment.marks and self._is_around(treatment.start, when):
                return True
            return self._is_first(treatment.start, treatment.medicine, when)
        if not text.endswith("after sign"):
            return self._is_around(treatment.start, text)
        if None in others:
            return False
        _, count, unit, *_ = text.split()
        for sign in self.sign_moments():
            earlier = [other for other in others if other and other.latest < sign.earliest]
            latest = sign.latest + span(f"{count} {unit}")
            if not earlier and treatment.start.earliest <= latest:
                return True
        return False

    def _is_first(self, start: Moment, medicine: str, text: str) -> bool:
        """Whether a start lies in a time, and no record from before that time reaches near it."""
        _, count, unit, _, anchor = text.split()
        distance = span(f"{count} {unit}")
        at_once = Moment("", self.now, self.now)
        for sign in [at_once] if anchor == "now" else self.sign_moments():
            opens = sign.earliest - distance
            if start.latest < opens or start.earliest > sign.latest:
                continue
            earlier = [
                other.end
                for other in self.record.treatments
                if other.medicine == medicine and other.start and other.start.latest < opens
            ]
            if all(end is not None and end.latest + distance < opens for end in earlier):
                return True
        return False

    def _is_around(self, moment: Moment, text: str) -> bool:
        """Whether a start, end or onset lies "within 14 d before sign" (of any sign)."""
        _, count, unit, side, anchor = text.split()
        distance = span(f"{count} {unit}")
        at_once = Moment("", self.now, self.now)
        for sign in [at_once] if anchor == "now" else self.sign_moments():
            if side == "before":
                from_, to = sign.earliest - distance, sign.latest
            else:
                from_, to = sign.earliest, sign.latest + distance
            if moment.latest >= from_ and moment.earliest <= to:
                return True
        return False

    def signs(self) -> list[Problem]:
        return [
            problem
            for problem in self.record.problems
            if problem.active
            and problem.confirmed
            and self.knowledge.problems[problem.problem].sign
        ]

    def sign_moments(self) -> list[Moment]:
        moments = [problem.onset or problem.recorded for problem in self.signs()]
        return [moment for moment in moments if moment and moment.earliest <= self.now]

    # -------------------------------------------------------------------- evidence

    @staticmethod
    def _piece(finding: str, result: Result, graded: Graded) -> Piece:
        marks = graded.marks | frozenset(result.marks)
        return Piece("finding", finding, place(result.source), graded.rank, graded.critical, marks)

    def _normal_piece(self, analyte: str, chosen: Chosen) -> Piece:
        marks = self.results.normal_marks(analyte, chosen.result)
        marks |= chosen.marks | frozenset(chosen.result.marks)
        return Piece("normal", analyte, place(chosen.result.source), marks=marks)

    @staticmethod
    def _problem_piece(problem: Problem) -> Piece:
        return Piece("problem", problem.problem, place(problem.source))

    @staticmethod
    def _treatment_piece(treatment: Treatment) -> Piece:
        return Piece("treatment", treatment.medicine, place(treatment.source))

    # ---------------------------------------------------------------------- causes

    def answer(self) -> Answer:
        for link in self._links("active"):
            if link.suppress and self.evidence(link.when) is not None:
                for cause in causes_of(link) or [EVERY_CAUSE]:
                    self.suppressed.setdefault(cause, set()).add(link.suppress)
        named = {
            cause: told
            for cause, links in self._links_by_cause().items()
            if (told := self._told(cause, links)) is not None
        }
        roots = {cause: self._root(cause, named) for cause in named}
        causes = [
            self._gathered(named[cause], named, roots) for cause in named if roots[cause] == cause
        ]
        return Answer(
            causes=tuple(sorted(causes, key=self._pressing)),
            shadow=tuple(
                link.link for link in self._links("shadow") if self._holds_somewhere(link)
            ),
            findings=frozenset(self._findings()),
            untold=frozenset(self._untold()),
        )

    def _links(self, status: str) -> list[Link]:
        return [link for link in self.knowledge.links.values() if link.status == status]

    def _findings(self) -> Iterable[Piece]:
        for finding in self.knowledge.findings:
            shown = self._shown(finding)
            if shown and shown[1].rank:
                yield self._piece(finding, *shown)

    def _untold(self) -> Iterable[str]:
        """Results that do not count, and those that count and yet decide nothing."""
        for result in self.record.results:
            if result not in self.results.reported_counting(result.analyte):
                yield result.source.expression
        for analyte in (*self.knowledge.analytes, *self.knowledge.derived):
            chosen = self.results.chosen(analyte)
            if chosen and self.results.is_judged(analyte):
                normal = self.results.is_normal(analyte, chosen.result)
                if normal is None or "conflicting" in chosen.marks or (normal and chosen.clouded):
                    yield chosen.result.source.expression

    def _suppressed_for(self, cause: str) -> frozenset[str]:
        nothing: set[str] = set()
        of_all = self.suppressed.get(EVERY_CAUSE, nothing)
        return frozenset(of_all | self.suppressed.get(cause, nothing))

    def _holds_somewhere(self, link: Link) -> bool:
        if link.suppress:
            return self.evidence(link.when) is not None
        return any(
            self.evidence(link.when, self._suppressed_for(cause)) is not None
            for cause in causes_of(link)
        )

    def _links_by_cause(self) -> dict[str, list[Link]]:
        links: dict[str, list[Link]] = {cause: [] for cause in self.knowledge.causes}
        for link in self._links("active"):
            for cause in causes_of(link):
                links[cause].append(link)
        return links

    def _told(self, cause: str, links: list[Link]) -> NamedCause | None:
        """A cause by itself, before causes are gathered; None if nothing names it."""
        suppressed = self._suppressed_for(cause)
        fired = []
        for link in links:
            if not link.suppress:
                held = self.evidence(link.when, suppressed)
                if held is not None:
                    said = [
                        remark.say
                        for remark in link.remarks
                        if self.evidence(remark.when, suppressed) is not None
                    ]
                    fired.append(Fired(link.link, effect_of(link), held, tuple(said)))
        supporting = [self._link(each) for each in fired if each.effect == "supports"]
        if not supporting:
            return None
        steps = max(STRENGTHS.index(link.strength) for link in supporting if link.strength)
        steps += sum(self._link(each).strengthens for each in fired)
        steps -= sum(self._link(each).against for each in fired)
        strength = STRENGTHS[min(max(steps, 0), len(STRENGTHS) - 1)]
        ceiling = self.knowledge.causes[cause].ceiling
        strength = min(strength, ceiling, key=STRENGTHS.index)
        pieces = [each.evidence for each in fired if each.effect != "against"]
        evidence = frozenset(chain.from_iterable(pieces))
        agent = cause.removeprefix("drug-") if cause.startswith("drug-") else ""
        return NamedCause(
            cause=cause,
            agent=agent,
            strength=strength,
            priority=self._priority(cause, strength, evidence),
            links=tuple(sorted(fired, key=self._telling)),
            evidence=evidence,
            sign=frozenset(map(self._problem_piece, self.signs())),
            absorbed=frozenset(),
            downstream_of=frozenset(),
            check_next=(),
            remarks=(),
        )

    def _link(self, fired: Fired) -> Link:
        return self.knowledge.links[fired.link]

    def _telling(self, fired: Fired) -> tuple[int, int, str]:
        link = self._link(fired)
        strength = STRENGTHS.index(link.strength) if link.strength else 0
        return ["supports", "strengthens", "against"].index(fired.effect), -strength, fired.link

    def _priority(self, cause: str, strength: Strength, evidence: Evidence) -> Priority:
        heeded = self.knowledge.causes[cause].heeds_critical
        if heeded and any(piece.critical for piece in evidence):
            return "high"
        if strength == "weak":
            return "low"
        if strength == "moderate":
            return "medium" if self.signs() else "low"
        return "high" if self.signs() else "medium"

    def _root(self, cause: str, named: dict[str, NamedCause]) -> str:
        """The cause within whose flag a cause is told: itself, if it is not absorbed."""
        supporting = [self._link(f) for f in named[cause].links if f.effect == "supports"]
        if all(link.subsumed_by in named for link in supporting):
            return self._root(supporting[0].subsumed_by, named)
        return cause

    def _gathered(
        self, told: NamedCause, named: dict[str, NamedCause], roots: dict[str, str]
    ) -> NamedCause:
        """A cause with what it absorbed, what it follows from, and its words."""
        inside = sorted(each for each in named if roots[each] == told.cause and each != told.cause)
        absorbed = [named[each] for each in inside]
        links: dict[str, Fired] = {}
        for fired in chain.from_iterable(each.links for each in (told, *absorbed)):
            links.setdefault(fired.link, fired)
        above = {
            roots[other]
            for other in named
            for fired in named[other].links
            if fired.effect == "supports" and told.cause in self._link(fired).upstream_of
        }
        return told._replace(
            priority=max((each.priority for each in [told, *absorbed]), key=PRIORITIES.index),
            links=tuple(links.values()),
            evidence=told.evidence.union(*(each.evidence for each in absorbed)),
            absorbed=frozenset(inside),
            downstream_of=frozenset(above - {told.cause}),
            check_next=self._checks(told.cause, links.values()),
            remarks=tuple(
                dict.fromkeys(said for fired in links.values() for said in fired.remarks)
            ),
        )

    def _checks(self, cause: str, links: Iterable[Fired]) -> tuple[tuple[str, bool], ...]:
        wanted = list(self.knowledge.causes[cause].confirm)
        for fired in links:
            wanted += self._link(fired).check_next
        texts: dict[str, bool] = {}
        for each in wanted:
            known = self.knowledge.analytes.get(each) or self.knowledge.derived.get(each)
            if known:
                texts.setdefault(known.name, bool(self.results.counting(each)))
            else:
                texts.setdefault(each, False)
        return tuple(texts.items())

    def _pressing(self, told: NamedCause) -> tuple[object, ...]:
        return (
            -PRIORITIES.index(told.priority),
            -STRENGTHS.index(told.strength),
            bool(told.downstream_of),
            KINDS.index(self.knowledge.causes[told.cause].kind),
            told.cause,
            told.agent,
        )


def causes_of(link: Link) -> list[str]:
    if isinstance(link.cause, str):
        return [link.cause] if link.cause else []
    return list(link.cause)


def effect_of(link: Link) -> Literal["supports", "strengthens", "against"]:
    if link.strength:
        return "supports"
    return "against" if link.against else "strengthens"
