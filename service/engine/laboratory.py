"""What the results of a record show, analyte by analyte, derived values among them."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from service.engine.choosing import (
    Counted,
    count,
    differ,
    is_older_than_unreadable,
    last_issued,
    newest,
    severity,
)
from service.engine.grading import (
    CRITICAL_FLAGS,
    Graded,
    add_marks,
    grade,
    is_readable,
    verdicts,
)
from service.engine.limits import Limit, Person, Table, Verdict, person_of
from service.engine.sheets import Sheet, subjects
from service.knowledge.derived import Numbers, compute
from service.knowledge.language import Analyte, FindingRule
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_span
from service.record import Finding, Issue, Normal, Record, Result, Severity, Sex

_Shown = TypeVar("_Shown", Finding, Normal)

#: Of a sheet and the tables made of it: what is graded, its unit and form.
_Key = tuple[str, str, str]

_STALE = "older-than-unreadable"
_UNREADABLE = "a result as new, or newer, could not be read"
_NOTHING_READABLE = "no result of it could be read"


class Showing(Struct, frozen=True):
    """What the results show: findings by their ids, all else by the id of analyte or derived value.

    `chosen` is the result that decides, `counting` are all that count, `past` all dated ones
    that are not in the future. `undecided` says why it is not known what something measured
    shows, or how grave it is. `older` is what results that do not decide were asked to show, by
    what they are in memory.
    """

    person: Person
    findings: dict[str, Finding]
    normals: dict[str, Normal]
    chosen: dict[str, Result]
    counting: dict[str, Sequence[Result]]
    past: dict[str, Sequence[Result]]
    undecided: dict[str, str]
    issues: tuple[Issue, ...]
    older: dict[int, tuple[Finding, ...]]


class _Decision(Struct, frozen=True, gc=False):
    """What decides of an analyte.

    `tied` are the results of that moment where they differ, `reissued` all of that moment where
    some differ from what was issued last.
    """

    graded: Graded
    tied: Sequence[Result] = ()
    reissued: Sequence[Result] = ()


class Laboratory:
    """Grades the results of records by a rule set, whose limits it has converted beforehand."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._subjects = subjects(knowledge)
        self._lookbacks = {each: parse_span(rule.lookback) for each, rule in self._subjects.items()}
        self._findings: dict[str, list[FindingRule]] = {each: [] for each in self._subjects}
        for finding in knowledge.findings.values():
            self._findings[finding.analyte].append(finding)
        self._sheets = {
            (subject, unit, form): self._sheet(subject, unit, form)
            for subject, rule in self._subjects.items()
            for unit in (rule.units if isinstance(rule, Analyte) else (rule.unit,))
            for form in ("", *(rule.forms if isinstance(rule, Analyte) else ()))
        }
        bands = {band for sheet in self._sheets.values() for band in sheet.bands}
        self._stages = sorted({end for band in bands for end in (band.first, (band.last or 0) + 1)})
        self._tables: dict[tuple[int, bool, Sex | None], dict[_Key, Table]] = {}
        self._needs = {
            derived: {rule.change.analyte}
            if rule.change
            else {given.analyte for given in rule.inputs.values()}
            for derived, rule in knowledge.derived.items()
        }

    def show(self, record: Record) -> Showing:
        """Everything that the results of a record show at its moment."""
        person = person_of(record)
        reported: dict[str, list[Result]] = {}
        for result in record.results:
            reported.setdefault(result.analyte, []).append(result)
        counted = {subject: self._count(record, subject, reported[subject]) for subject in reported}
        decided = self._decide(counted, person)
        computed, issues = self._compute(record, counted, decided)
        if computed:
            joined = {
                subject: self._count(record, subject, [*reported.get(subject, ()), *results])
                for subject, results in computed.items()
            }
            counted |= joined
            decided |= self._decide(joined, person)
        return self._tell(record, person, counted, decided, issues)

    def shown(self, result: Result, showing: Showing) -> tuple[Finding, ...]:
        """What one readable result of a record shows by itself; several links may ask."""
        if id(result) not in showing.older:
            showing.older[id(result)] = self.grade(result, showing.person).findings
        return showing.older[id(result)]

    def grade(self, result: Result, person: Person) -> Graded:
        """What one readable result shows of a person, by itself."""
        return grade(self._table(result, person, self._tables_for(person)), result)

    def verdicts(self, result: Result, person: Person, finding: str) -> list[tuple[Limit, Verdict]]:
        """Each limit of a finding for a person, and whether a readable result lies beyond it."""
        return verdicts(self._table(result, person, self._tables_for(person)), finding, result)

    def _table(self, result: Result, person: Person, tables: dict[_Key, Table]) -> Table:
        """The table of a result, made when the first person of that age and sex has one."""
        # Without an amount only the grades' names are asked for, and any unit will do.
        unit = result.amount.unit if result.amount else self._subjects[result.analyte].unit
        key = (result.analyte, unit, result.form)
        if not (table := tables.get(key)):
            table = tables[key] = (self._sheets.get(key) or self._sheet(*key)).table(person)
        return table

    def _tables_for(self, person: Person) -> dict[_Key, Table]:
        """The tables for people of one age and sex, as far as age makes a difference."""
        stage = bisect_right(self._stages, person.days)
        return self._tables.setdefault((stage, person.age_known, person.sex), {})

    def _sheet(self, subject: str, unit: str, form: str) -> Sheet:
        return Sheet(self._knowledge, subject, self._findings[subject], unit, form)

    def _count(self, record: Record, subject: str, results: Sequence[Result]) -> Counted:
        return count(results, record.moment, self._lookbacks[subject])

    def _decide(self, counted: Mapping[str, Counted], person: Person) -> dict[str, _Decision]:
        decided = {}
        tables = self._tables_for(person)
        for subject, each in counted.items():
            same = newest(each.counting)
            if len(same) == 1:
                (only,) = same
                decided[subject] = _Decision(grade(self._table(only, person, tables), only))
                continue
            latest = last_issued(same)
            graded = [grade(self._table(result, person, tables), result) for result in latest]
            if len(graded) > 1:
                graded.sort(key=lambda one: severity(one, self._table(one.result, person, tables)))
            if graded:
                decided[subject] = _Decision(
                    graded[0],
                    latest if differ(latest) else (),
                    same if len(same) > len(latest) and differ(same) else (),
                )
        return decided

    def _compute(
        self, record: Record, counted: Mapping[str, Counted], decided: Mapping[str, _Decision]
    ) -> tuple[dict[str, list[Result]], list[Issue]]:
        """Derived values of reported results, by what they are results of."""
        chosen = {subject: decision.graded.result for subject, decision in decided.items()}
        counting = {subject: each.counting for subject, each in counted.items()}
        numbers = Numbers(self._knowledge)
        computed: dict[str, list[Result]] = {}
        issues: list[Issue] = []
        lacking: dict[str, list[str]] = {}
        for derived, needs in self._needs.items():
            if not needs <= chosen.keys():
                continue
            found = compute(numbers, derived, chosen, counting, record.patient, record.moment)
            issues += found.issues
            if not found.result:
                if found.lacking and self._is_missed(derived, counting):
                    lacking.setdefault(found.lacking, []).append(derived)
                continue
            stands_for = self._knowledge.derived[derived].stands_for
            computed[derived] = [
                msgspec.structs.replace(found.result, analyte=derived)
                if stands_for
                else found.result
            ]
            if stands_for and not _is_outranked(found.result, counting.get(stands_for, ())):
                computed.setdefault(stands_for, []).append(found.result)
        for why, missed in lacking.items():
            # Of several formulas for one value, as for children and adults, one is enough.
            names = ", ".join(
                self._subjects[derived].name
                for derived in missed
                if self._knowledge.derived[derived].stands_for not in computed
            )
            if not names:
                continue
            text = f"Not computed, because {why}: {names}. Send it measured or computed"
            place = (record.patient.expression,)
            issues.append(Issue("information", "incomplete", text, place, record.patient.key))
        return computed, issues

    def _is_missed(self, derived: str, counting: Mapping[str, Sequence[Result]]) -> bool:
        """Whether rules ask for a derived value and the laboratory sent none."""
        stands_for = self._knowledge.derived[derived].stands_for
        if stands_for:
            return self._asks(stands_for) and not counting.get(stands_for)
        return self._asks(derived)

    def _tell(
        self,
        record: Record,
        person: Person,
        counted: Mapping[str, Counted],
        decided: Mapping[str, _Decision],
        issues: list[Issue],
    ) -> Showing:
        findings: dict[str, Finding] = {}
        normals: dict[str, Normal] = {}
        undecided: dict[str, str] = {}
        for subject in sorted(counted):
            each, decision = counted[subject], decided.get(subject)
            if each.future or each.outdated or each.undated:
                issues += self._not_used(record, subject, each)
            if not decision:
                if each.counting:
                    undecided[subject] = _NOTHING_READABLE
                continue
            graded = decision.graded
            marks = _doubts(decision, each.counting)
            if graded.normal and not (marks or decision.reissued or graded.disagreement):
                normals[subject] = graded.normal
                continue
            for finding in graded.findings:
                findings[finding.finding] = _marked(finding, marks)
            if graded.normal and _STALE not in marks:
                normals[subject] = _marked(graded.normal, marks)
            elif graded.why or not graded.findings:
                undecided[subject] = graded.why or _UNREADABLE
            is_asked = subject in undecided and self._asks(subject)
            why = undecided[subject] if is_asked else ""
            if why or decision.tied or decision.reissued or graded.disagreement:
                issues += self._unclear(record, subject, decision, why)
        return Showing(
            person=person,
            findings=findings,
            normals=normals,
            chosen={subject: decision.graded.result for subject, decision in decided.items()},
            counting={subject: each.counting for subject, each in counted.items()},
            past={subject: each.past for subject, each in counted.items()},
            undecided=undecided,
            issues=tuple(issues),
            older={},
        )

    def _asks(self, subject: str) -> bool:
        """Whether it matters what something shows, and not only as an input of others."""
        return bool(self._findings[subject] or self._subjects[subject].reference)

    def _not_used(self, record: Record, subject: str, counted: Counted) -> Iterator[Issue]:
        """What of an analyte does not count, and why."""
        rule = self._subjects[subject]
        if counted.future:
            text = f"{rule.name}: not used, it lies after the moment of the evaluation"
            # One that only serves a formula, as a height does, is often taken later.
            severity: Severity = "warning" if self._asks(subject) else "information"
            yield _issue(record, severity, "business-rule", text, counted.future)
        if counted.outdated:
            text = f"{rule.name}: not used, older than {rule.lookback}"
            yield _issue(record, "information", "informational", text, counted.outdated)
        if counted.undated:
            text = f"{rule.name}: not used, it has no date and other results of it have one"
            yield _issue(record, "warning", "business-rule", text, counted.undated)

    def _unclear(
        self, record: Record, subject: str, decision: _Decision, why: str
    ) -> Iterator[Issue]:
        """What is doubtful about the result that decides of an analyte."""
        name, result = self._subjects[subject].name, decision.graded.result
        if decision.tied:
            text = f"{name}: results of one moment differ; the more abnormal one counts"
            yield _issue(record, "warning", "conflict", text, decision.tied)
        if decision.reissued:
            text = f"{name}: results of one moment differ; the one that was issued last counts"
            yield _issue(record, "information", "duplicate", text, decision.reissued)
        if flag := decision.graded.disagreement:
            text = (
                f"{name}: the laboratory's flag says {flag[0]}, by the limits that count the "
                f"value is {flag[1]}; check value, unit and interpretation"
            )
            grave = result.interpretation in CRITICAL_FLAGS or flag[0] != "normal" != flag[1]
            severity: Severity = "warning" if grave else "information"
            yield _issue(record, severity, "conflict", text, (result,), ".interpretation")
        if why and not decision.graded.findings:
            text = f"{name}: neither normal nor abnormal, because {why}"
            yield _issue(record, "information", "informational", text, (result,))


def _is_outranked(computed: Result, reported: Sequence[Result]) -> bool:
    """Whether a readable value was reported that is not strictly before a computed one."""
    at = computed.moment
    return any(
        is_readable(result) and not (result.moment and at and result.moment.latest < at.earliest)
        for result in reported
    )


def _doubts(decision: _Decision, counting: Sequence[Result]) -> list[str]:
    """Marks of whatever a decision shows."""
    marks = ["conflicting"] if decision.tied else []
    if len(counting) > 1 and is_older_than_unreadable(decision.graded.result, counting):
        marks.append(_STALE)
    return marks


def _marked(shown: _Shown, marks: Sequence[str]) -> _Shown:
    if not marks:
        return shown
    return msgspec.structs.replace(shown, marks=add_marks(shown.result, (*shown.marks, *marks)))


def _issue(
    record: Record,
    severity: Severity,
    code: str,
    text: str,
    results: Sequence[Result],
    path: str = "",
) -> Issue:
    expressions = {result.source.expression + path for result in results}
    # By length first, so that entry[9] comes before entry[10].
    ordered = tuple(sorted(expressions, key=lambda each: (len(each), each)))
    return Issue(severity, code, text, ordered, record.patient.key)
