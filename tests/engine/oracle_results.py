"""What one patient's results say: which counts, how it is graded, what is computed from it.

Half of the oracle (see `oracle`): plain and slow, one function for each sentence of the rule
language's semantics, and nothing of `service.engine`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import NamedTuple

from service import record as plain
from service.knowledge.language import Change, Derived, FindingRule, Formula, Grade
from service.knowledge.model import Knowledge
from service.record import Record, Result, Source
from tests.engine.oracle_quantities import (
    AGE_DAYS,
    Amount,
    age_holds,
    amounts,
    converted,
    lies,
    multiple_of_reference,
    range_of,
    rounded,
    same_system,
    span,
)

READABLE_FLAGS = ("L", "LL", "H", "HH", "N")
LOW_FLAGS, HIGH_FLAGS = ("L", "LL"), ("H", "HH")
SIDES = ("below", "at_or_below", "above", "at_or_above")
LOW_SIDES = ("below", "at_or_below")
ADULT_DAYS = int(30 * AGE_DAYS["y"])
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Judged(NamedTuple):
    """Whether a value is beyond a limit (None: cannot be told), and who decided.

    `by` is "limit", "laboratory" (its interval), "flag" (its interpretation), "rules" (their
    interval), "both sexes" (their intervals joined) or "" where no bound exists.
    """

    truth: bool | None
    by: str


class Graded(NamedTuple):
    """What a result shows of a finding: `rank` 0 is "not shown", unless something is `unknown`."""

    rank: int
    grade: str = ""
    critical: bool = False
    unknown: bool = False
    marks: frozenset[str] = frozenset()


class Chosen(NamedTuple):
    """The one result of an analyte that counts; `clouded`: a newer one could not be read."""

    result: Result
    marks: frozenset[str]
    clouded: bool


def is_readable(result: Result) -> bool:
    return result.amount is not None or result.interpretation in READABLE_FLAGS


def only_flagged(result: Result) -> frozenset[str]:
    """How a result without an amount says what it rests on, where it does not say so itself."""
    return frozenset(() if "range-only" in result.marks else {"interpretation-only"})


def place(source: Source) -> tuple[str, str]:
    """What tells two sources apart, and orders them."""
    return source.reference, source.expression


def reported(result: Result) -> Amount:
    assert result.amount is not None
    return Amount(Fraction(result.amount.value), result.amount.unit, result.form)


def side_of(grade: Grade) -> tuple[str, str]:
    """The one limit of a grade: its side and its text."""
    [found] = [(side, getattr(grade, side)) for side in SIDES if getattr(grade, side)]
    return found


def rank_of(rule: FindingRule, grade: str) -> int:
    """1 for the grade listed first; grades of one name (for several ages) share a rank."""
    return list(dict.fromkeys(each.grade for each in rule.grades)).index(grade) + 1


class Results:
    """The results of one record, as the rules see them."""

    def __init__(self, knowledge: Knowledge, record: Record) -> None:
        self.knowledge = knowledge
        self.record = record
        self.now = record.moment
        born = record.patient.born
        self.age_known = born is not None
        self.age_days = (self.now - born.earliest).days if born else ADULT_DAYS
        self._counting: dict[str, list[Result]] = {}
        self._chosen: dict[str, Chosen | None] = {}

    # --------------------------------------------------------- which results count

    def is_future(self, result: Result) -> bool:
        return result.moment is not None and result.moment.earliest > self.now

    def is_outdated(self, result: Result, analyte: str) -> bool:
        document = self.knowledge.analytes.get(analyte) or self.knowledge.derived[analyte]
        oldest = self.now - span(document.lookback)
        return result.moment is not None and result.moment.latest < oldest

    def reported_counting(self, analyte: str) -> list[Result]:
        """The results as they were sent that count for an analyte."""
        sent = [result for result in self.record.results if result.analyte == analyte]
        if any(result.moment for result in sent):
            sent = [result for result in sent if result.moment]
        return [r for r in sent if not self.is_future(r) and not self.is_outdated(r, analyte)]

    def counting(self, analyte: str) -> list[Result]:
        """All results that count for an analyte or a derived value, computed ones included."""
        if analyte not in self._counting:
            self._counting[analyte] = self._all_counting(analyte)
        return self._counting[analyte]

    def _all_counting(self, analyte: str) -> list[Result]:
        if analyte in self.knowledge.derived:
            value = self.derived_value(self.knowledge.derived[analyte])
            found = [value] if value else []
        else:
            found = self.reported_counting(analyte) + self.standing_in(analyte)
        return [result for result in found if not self.is_outdated(result, analyte)]

    def standing_in(self, analyte: str) -> list[Result]:
        """Derived values that became results of an analyte, nothing newer having been reported."""
        found = []
        sent = [result for result in self.reported_counting(analyte) if is_readable(result)]
        for derived in self.knowledge.derived.values():
            if derived.stands_for == analyte:
                found += [
                    value
                    for value in self.counting(derived.derived)
                    if all(is_strictly_before(each, value) for each in sent)
                ]
        return found

    def chosen(self, analyte: str) -> Chosen | None:
        """The result that decides for an analyte; None if no readable one counts."""
        if analyte not in self._chosen:
            self._chosen[analyte] = self.choose(analyte, self.counting(analyte))
        return self._chosen[analyte]

    def choose(self, analyte: str, results: list[Result]) -> Chosen | None:
        newest = [result for result in results if is_readable(result)]
        if not newest:
            return None
        starts = [result.moment.earliest for result in newest if result.moment]
        if starts:
            newest = [r for r in newest if r.moment and r.moment.latest >= max(starts)]
        last_issue = max(result.issued or LONG_AGO for result in newest)
        newest = [result for result in newest if (result.issued or LONG_AGO) == last_issue]
        best = min(newest, key=lambda result: self.least_harmless(analyte, result))
        marks = {"undated"} if best.moment is None else set()
        if any(what_it_says(result) != what_it_says(best) for result in newest):
            marks.add("conflicting")
        clouded = any(
            not is_readable(other) and not is_strictly_before(other, best)
            for other in results
            if (other.moment is None) == (best.moment is None)
        )
        return Chosen(best, frozenset(marks), clouded)

    def least_harmless(self, analyte: str, result: Result) -> tuple[object, ...]:
        """The sort key of results of one moment: the most abnormal first."""
        rules = self.findings_of(analyte)
        grades = [self.grade(result, rule) for rule in rules]
        value = self.in_canonical_unit(analyte, result)
        is_high = any(
            graded.rank and side_of(rule.grades[0])[0] not in LOW_SIDES
            for rule, graded in zip(rules, grades, strict=True)
        )
        return (
            not any(graded.critical for graded in grades),
            -max((graded.rank for graded in grades), default=0),
            self.is_normal(analyte, result) is True,
            value is None,
            is_high,
            (-value if is_high else value) if value else 0,
            place(result.source),
        )

    def in_canonical_unit(self, analyte: str, result: Result) -> Fraction | None:
        document = self.knowledge.analytes.get(analyte) or self.knowledge.derived[analyte]
        if result.amount is None:
            return None
        return converted(
            self.knowledge, analyte, reported(result), Amount(Fraction(1), document.unit)
        )

    # --------------------------------------------------------------------- grading

    def findings_of(self, analyte: str) -> list[FindingRule]:
        return [rule for rule in self.knowledge.findings.values() if rule.analyte == analyte]

    def is_judged(self, analyte: str) -> bool:
        """Whether the rules have anything by which to judge an analyte or derived value."""
        document = self.knowledge.analytes.get(analyte) or self.knowledge.derived[analyte]
        return bool(document.reference or self.findings_of(analyte))

    def grade(self, result: Result, rule: FindingRule) -> Graded:
        """What one readable result shows of one finding."""
        grades = [g for g in rule.grades if not g.age or age_holds(g.age, self.age_days)]
        if not grades:
            return Graded(0, unknown=True)
        if result.amount is None:
            return self._grade_by_flag(result, rule, grades)
        judged = [(grade, self.judge(result, rule.analyte, *side_of(grade))) for grade in grades]
        unknown = any(verdict.truth is None for _, verdict in judged)
        shown = [(grade, verdict) for grade, verdict in judged if verdict.truth]
        if not shown:
            return Graded(0, unknown=unknown)
        # max() keeps the first listed of several of one rank
        grade, verdict = max(shown, key=lambda pair: rank_of(rule, pair[0].grade))
        marks = self._limit_marks([verdict])
        if verdict.by in ("limit", "rules", "both sexes"):
            is_low = side_of(grade)[0] in LOW_SIDES
            if laboratory_denies(result, low=is_low):
                marks |= {"laboratory-disagrees"}
        rank = rank_of(rule, grade.grade)
        return Graded(rank, grade.grade, grade.critical, unknown, marks | self._age_mark(rule))

    def _grade_by_flag(self, result: Result, rule: FindingRule, grades: list[Grade]) -> Graded:
        is_low = side_of(rule.grades[0])[0] in LOW_SIDES
        if result.interpretation not in (LOW_FLAGS if is_low else HIGH_FLAGS):
            return Graded(0)
        told = grades[:1] if self._begins_at_reference(result, rule, grades[0]) else []
        if result.interpretation in ("LL", "HH"):
            critical = [place for place, grade in enumerate(grades) if grade.critical]
            told = grades[: critical[0] + 1] if critical else told
        if not told:
            return Graded(0, unknown=True)
        # max() keeps the first listed of several of one rank
        worst = max(told, key=lambda grade: rank_of(rule, grade.grade))
        marks = only_flagged(result) | self._age_mark(rule)
        rank = rank_of(rule, worst.grade)
        return Graded(rank, worst.grade, worst.critical, len(told) < len(grades), marks)

    def _begins_at_reference(self, result: Result, rule: FindingRule, grade: Grade) -> bool:
        """Whether a grade is not critical and begins at the reference, or a tenth beyond it."""
        side, text = side_of(grade)
        factor = multiple_of_reference(text)
        if grade.critical or factor is not None:
            return factor == 1 and not grade.critical
        ends = [low if side in LOW_SIDES else high for low, high in self.intervals(rule.analyte)]
        if not ends or not all(ends):
            return False
        limit = self._in_analytes_unit(rule.analyte, result, text)
        bounds = [self._in_analytes_unit(rule.analyte, result, end) for end in ends]
        known = [bound for bound in bounds if bound is not None]
        if limit is None or len(known) < len(bounds):
            return False
        if side in LOW_SIDES:
            return limit >= min(known) - abs(min(known)) / 10
        return limit <= max(known) + abs(max(known)) / 10

    def _in_analytes_unit(self, analyte: str, result: Result, text: str) -> Fraction | None:
        document = self.knowledge.analytes.get(analyte) or self.knowledge.derived[analyte]
        own = Amount(Fraction(1), document.unit, result.form)
        alternatives = amounts(text)
        same = [limit for limit in alternatives if same_system(self.knowledge, limit, own)]
        return converted(self.knowledge, analyte, (same or alternatives)[0], own)

    def _age_mark(self, rule: FindingRule) -> frozenset[str]:
        return self.age_mark(rule.analyte)

    def age_mark(self, analyte: str) -> frozenset[str]:
        document = self.knowledge.analytes.get(analyte) or self.knowledge.derived[analyte]
        ages = [interval.age for interval in document.reference]
        ages += [grade.age for rule in self.findings_of(analyte) for grade in rule.grades]
        return frozenset({"adult-limits"} if any(ages) and not self.age_known else ())

    @staticmethod
    def _limit_marks(verdicts: Iterable[Judged]) -> frozenset[str]:
        words = {"laboratory": "laboratory-range", "both sexes": "either-sex"}
        return frozenset(words[verdict.by] for verdict in verdicts if verdict.by in words)

    def judge(self, result: Result, analyte: str, side: str, text: str) -> Judged:
        """Whether a result with an amount lies on that side of a limit as it is written."""
        factor = multiple_of_reference(text)
        if factor is None:
            value = self.in_unit_of_result(analyte, result, amounts(text))
            return Judged(self.compare(result, side, value), "limit")
        is_low = side in LOW_SIDES
        laboratory = Judged(None, "")
        if (bound := laboratory_bound(result, low=is_low)) is not None:
            laboratory = Judged(self.compare(result, side, bound * factor), "laboratory")
        rules = self.judge_by_rules(result, analyte, side, factor)
        flag = Judged(None, "")
        if factor == 1 and self._may_be_believed(result, analyte):
            flag = Judged(result.interpretation in (LOW_FLAGS if is_low else HIGH_FLAGS), "flag")
        document = self.knowledge.analytes.get(analyte)
        if document and document.trusts == "range":
            order = [laboratory, flag, rules]
        elif factor == 1:
            order = [rules, laboratory]
        else:
            order = [rules]
        return next((verdict for verdict in order if verdict.by), Judged(None, ""))

    def _may_be_believed(self, result: Result, analyte: str) -> bool:
        """Whether there is a flag, and the value is not beyond the other end of the interval."""
        flag = result.interpretation
        if flag in LOW_FLAGS + HIGH_FLAGS:
            other_side = "above" if flag in LOW_FLAGS else "below"
            return self.judge_by_rules(result, analyte, other_side, Fraction(1)).truth is not True
        return flag in READABLE_FLAGS

    def judge_by_rules(self, result: Result, analyte: str, side: str, factor: Fraction) -> Judged:
        """By the rules' reference interval for this age and sex; of both sexes the wider one."""
        texts = [low if side in LOW_SIDES else high for low, high in self.intervals(analyte)]
        if not texts or not all(texts):
            return Judged(None, "")
        by = "both sexes" if len(texts) > 1 else "rules"
        bounds = [self.in_unit_of_result(analyte, result, amounts(text)) for text in texts]
        known = [bound * factor for bound in bounds if bound is not None]
        if len(known) < len(bounds):
            return Judged(None, by)
        widest = min(known) if side in LOW_SIDES else max(known)
        return Judged(self.compare(result, side, widest), by)

    def intervals(self, analyte: str) -> list[tuple[str, str]]:
        """The rules' intervals (low, high) for this patient: one, or one for each possible sex."""
        document = self.knowledge.analytes.get(analyte) or self.knowledge.derived[analyte]
        first: dict[str, tuple[str, str]] = {}
        for interval in document.reference:
            if not interval.age or age_holds(interval.age, self.age_days):
                first.setdefault(interval.sex, (interval.low, interval.high))
        sex = self.record.patient.sex
        if sex is None:
            return list(first.values())
        return [first[word] for word in (sex, "") if word in first][:1]

    def in_unit_of_result(
        self, analyte: str, result: Result, alternatives: list[Amount]
    ) -> Fraction | None:
        """A limit in the unit of a result: its alternative of the same system, else the first."""
        own = reported(result)
        if own.unit not in self.knowledge.units:
            return None
        same = [limit for limit in alternatives if same_system(self.knowledge, limit, own)]
        return converted(self.knowledge, analyte, (same or alternatives)[0], own)

    @staticmethod
    def compare(result: Result, side: str, limit: Fraction | None) -> bool | None:
        """Whether the value (with its comparator) lies on that side of a limit in its own unit."""
        return (
            None if limit is None else lies(result.comparator, reported(result).value, side, limit)
        )

    # ---------------------------------------------------------------------- normal

    def is_normal(self, analyte: str, result: Result) -> bool | None:
        """Whether one readable result is normal; None: indeterminate. False: it shows something."""
        rules = self.findings_of(analyte)
        if rules:
            grades = [self.grade(result, rule) for rule in rules]
            if any(graded.rank for graded in grades):
                return False
            return None if any(graded.unknown for graded in grades) else True
        if result.amount is None:
            return True if result.interpretation == "N" else None
        verdicts = [v for v in self.side_verdicts(analyte, result) if v.by]
        inside = bool(verdicts) and all(verdict.truth is False for verdict in verdicts)
        return True if inside else None

    def side_verdicts(self, analyte: str, result: Result) -> list[Judged]:
        """Everything that was judged to call a result normal: each grade, or each side."""
        texts = [
            side_of(grade)
            for rule in self.findings_of(analyte)
            for grade in rule.grades
            if not grade.age or age_holds(grade.age, self.age_days)
        ]
        if not self.findings_of(analyte):
            texts = [("below", "reference"), ("above", "reference")]
        if result.amount is None:
            return []
        return [self.judge(result, analyte, side, text) for side, text in texts]

    def normal_marks(self, analyte: str, result: Result) -> frozenset[str]:
        marks = self.age_mark(analyte)
        if result.amount is None:
            marks |= only_flagged(result)
        verdicts = self.side_verdicts(analyte, result)
        marks |= self._limit_marks(verdicts)
        if "laboratory-range" not in marks and laboratory_calls_abnormal(result):
            marks |= {"laboratory-disagrees"}
        return marks

    # -------------------------------------------------------------- derived values

    def derived_value(self, derived: Derived) -> Result | None:
        """The value computed for this patient; None where it cannot or may not be."""
        if derived.change:
            return self._change(derived, derived.change)
        inputs = {name: self._input(derived, name) for name in derived.inputs}
        known = {name: result for name, result in inputs.items() if result}
        if len(known) < len(inputs) or not lie_within(known.values(), derived.same_draw):
            return None
        for analyte in derived.unless_measured:
            for other in self.reported_counting(analyte):
                if lie_within([*known.values(), other], derived.same_draw):
                    return None
        values = {name: self._input_value(derived, name, result) for name, result in known.items()}
        formula = self._formula(derived)
        if formula is None:
            return None
        numbers = {name: value for name, value in values.items() if value is not None}
        if len(numbers) < len(values):
            return None
        value = self._computed(formula, numbers)
        # max() keeps the first listed of several inputs of one moment
        latest = max(known.values(), key=newness)
        return self._as_result(derived, value, latest, known.values())

    def _input(self, derived: Derived, name: str) -> Result | None:
        wanted = derived.inputs[name]
        chosen = self.choose(wanted.analyte, self.reported_counting(wanted.analyte))
        if chosen is None or chosen.result.amount is None:
            return None
        if chosen.result.comparator or chosen.result.moment is None:
            return None
        return chosen.result

    def _input_value(self, derived: Derived, name: str, result: Result) -> Fraction | None:
        wanted = derived.inputs[name]
        in_unit = Amount(Fraction(1), wanted.unit, wanted.form)
        value = converted(self.knowledge, wanted.analyte, reported(result), in_unit)
        if value is not None and wanted.valid:
            for bound, is_low in zip(range_of(wanted.valid), (True, False), strict=True):
                limit = converted(
                    self.knowledge, wanted.analyte, bound._replace(form=wanted.form), in_unit
                )
                if limit is None or (value < limit if is_low else value > limit):
                    return None
        return value

    def _formula(self, derived: Derived) -> Formula | None:
        for formula in derived.formulas:
            if formula.sex and formula.sex != self.record.patient.sex:
                continue
            needs_age = formula.for_age or re.search(r"\bage\b", formula.formula)
            if needs_age and not self.age_known:
                continue
            if formula.for_age and not age_holds(formula.for_age, self.age_days):
                continue
            return formula
        return None

    def _computed(self, formula: Formula, inputs: dict[str, Fraction]) -> Decimal | None:
        """Python's own arithmetic on fractions, or on floats where a power is not whole."""
        exact = re.sub(r"(?<![\w.])[0-9]+(\.[0-9]+)?", r"Fraction('\g<0>')", formula.formula)
        names = {"Fraction": Fraction, "min": min, "max": max, **inputs}
        names["age"] = Fraction(self._birthdays())
        try:
            value = eval(exact, {"__builtins__": {}}, names)  # noqa: S307 (our own rules)
        except (ZeroDivisionError, OverflowError):
            return None
        if isinstance(value, complex) or not isfinite(value):
            return None
        return rounded(Fraction(value), 6)

    def _birthdays(self) -> int:
        born = self.record.patient.born
        if born is None:
            return 0
        day, today = born.earliest, self.now
        had_this_year = (today.month, today.day) >= (day.month, day.day)
        return today.year - day.year - (0 if had_this_year else 1)

    def _change(self, derived: Derived, change: Change) -> Result | None:
        usable = [
            result
            for result in self.reported_counting(change.analyte)
            if result.amount and result.moment and not result.comparator
        ]
        changes = []
        for earlier in usable:
            for later in usable:
                if not is_strictly_before(earlier, later) or not near(earlier, later, change.over):
                    continue
                if self.is_outdated(later, derived.derived):
                    continue
                value = self._difference(change, earlier, later, derived.unit)
                if value is not None:
                    changes.append((value, earlier, later))
        if not changes:
            return None
        value, earlier, later = max(changes, key=largest_then_newest)
        return self._as_result(derived, rounded(value, 6), later, [earlier, later])

    def _difference(
        self, change: Change, earlier: Result, later: Result, unit: str
    ) -> Fraction | None:
        if change.kind == "ratio":
            unit = self.knowledge.analytes[change.analyte].unit
        to = Amount(Fraction(1), unit)
        before = converted(self.knowledge, change.analyte, reported(earlier), to)
        after = converted(self.knowledge, change.analyte, reported(later), to)
        if before is None or after is None:
            return None
        if change.kind == "ratio":
            return after / before if before > 0 and after > 0 else None
        difference = after - before if change.kind == "rise" else before - after
        return difference if difference > 0 else None

    def _as_result(
        self, derived: Derived, value: Decimal | None, latest: Result, inputs: Iterable[Result]
    ) -> Result | None:
        if value is None:
            return None
        own = Amount(Fraction(value), derived.unit)
        low, high = range_of(derived.plausible)
        least = converted(self.knowledge, derived.derived, low, own)
        most = converted(self.knowledge, derived.derived, high, own)
        if least is None or most is None or not least <= own.value <= most:
            return None
        return Result(
            analyte=derived.derived,
            amount=plain.Amount(value, derived.unit),
            printed=str(value),
            moment=latest.moment,
            source=latest.source,
            marks=("calculated", *{mark for each in inputs for mark in each.marks}),
            issued=latest.issued,
        )


# ------------------------------------------------------------------------ moments


def is_strictly_before(one: Result, other: Result) -> bool:
    if one.moment is None or other.moment is None:
        return False
    return one.moment.latest < other.moment.earliest


def newness(result: Result) -> tuple[datetime, datetime]:
    assert result.moment is not None
    return result.moment.latest, result.moment.earliest


def largest_then_newest(change: tuple[Fraction, Result, Result]) -> tuple[object, ...]:
    """The order of changes from `earlier` to `later`, the one that counts last."""
    value, earlier, later = change
    assert earlier.moment is not None
    assert later.moment is not None
    last = (later.moment.earliest, place(later.source))
    return value, last, (earlier.moment.latest, place(earlier.source))


def lie_within(results: Iterable[Result], distance: str) -> bool:
    """Whether results are all dated and lie at most so far apart."""
    moments = [result.moment for result in results]
    known = [moment for moment in moments if moment]
    if len(known) < len(moments):
        return False
    first, last = min(m.latest for m in known), max(m.earliest for m in known)
    return last - first <= span(distance)


def near(earlier: Result, later: Result, distance: str) -> bool:
    assert earlier.moment is not None
    assert later.moment is not None
    return later.moment.earliest - earlier.moment.latest <= span(distance)


# ------------------------------------------------------- what the laboratory says


def what_it_says(result: Result) -> tuple[object, ...]:
    amount = result.amount
    number = (amount.value, amount.unit) if amount else None
    return number, result.form, result.comparator, result.interpretation


def laboratory_bound(result: Result, *, low: bool) -> Fraction | None:
    if result.interval is None or result.amount is None:
        return None
    bound = result.interval.low if low else result.interval.high
    return None if bound is None else Fraction(bound)


def laboratory_denies(result: Result, *, low: bool) -> bool:
    """Whether the laboratory's own range or flag says that a value is not low (not high)."""
    bound = laboratory_bound(result, low=low)
    beyond = Results.compare(result, "below" if low else "above", bound)
    return beyond is False or result.interpretation in (
        ("N", *HIGH_FLAGS) if low else ("N", *LOW_FLAGS)
    )


def laboratory_calls_abnormal(result: Result) -> bool:
    """Whether the laboratory's own range or flag says that a value is low or high."""
    if result.interpretation in LOW_FLAGS + HIGH_FLAGS:
        return True
    below = Results.compare(result, "below", laboratory_bound(result, low=True))
    above = Results.compare(result, "above", laboratory_bound(result, low=False))
    return bool(below or above)
