"""Derived values: results that are computed from results, with their formula and inputs kept.

The engine calls `compute` for each derived document after choosing results:

    numbers = Numbers(knowledge)
    computed = compute(numbers, "sodium_corrected", chosen, counting, patient, now)

`numbers` is for all derived values of one record. `chosen` maps analyte ids to the result
that decides now, `counting` maps them to all that count (not in the future, inside the
lookback). What the inputs are is read from the document; inputs that are missing simply give
no result.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from service.knowledge import formula
from service.knowledge.language import Change, Derived, Formula
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_age, parse_range, parse_span
from service.knowledge.units import convert
from service.record import Amount, Issue, Moment, Patient, Result

#: A patient whose age is not known is judged as an adult of 30 years.
ADULT_DAYS = 10957

_AGE = "age"

_FOUR_DIGITS = Context(prec=4)


class Computed(Struct, frozen=True, gc=False):
    """A derived result, or None, and what must be said of it.

    `lacking`: what of the patient is not known, or that no formula is for them, where there was
    everything else to compute it with.
    """

    result: Result | None = None
    issues: tuple[Issue, ...] = ()
    lacking: str = ""


class _Dated(Struct, frozen=True, gc=False):
    """A usable number at a time, exactly and as formulas compute with it."""

    value: Fraction
    decimal: Decimal
    moment: Moment
    result: Result


class Numbers:
    """Results of one record as numbers of the units that formulas ask for, each converted once.

    Results are known by what they are in memory, so it lives no longer than they.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._known: dict[tuple[int, str, str, str], _Dated | None] = {}

    def of(self, result: Result, unit: str, form: str = "", valid: str = "") -> "_Dated | None":
        """A result as an exact number of a unit; None where it is not one number at one time.

        `valid` is the range outside of which nothing can be computed with it, "" for none.
        """
        asked = id(result), unit, form, valid
        if asked not in self._known:
            self._known[asked] = _dated(self.knowledge, result, unit, form, valid)
        return self._known[asked]


#: A value, None where arithmetic gave no number, and the inputs that it came from.
_Found = tuple[Decimal | None, tuple[_Dated, ...]]


def compute(
    numbers: Numbers,
    derived: str,
    chosen: Mapping[str, Result],
    counting: Mapping[str, Sequence[Result]],
    patient: Patient,
    now: datetime,
) -> Computed:
    """The derived value `derived` of a patient at `now`.

    Its result is of the analyte that it stands for, else of the derived value itself. It
    has the marks of its inputs beside "calculated", and the moment and source of the
    latest input. Whether a result that stands for an analyte outranks reported
    ones is the caller's to say. None where an input is missing, unreadable, undated, has a
    comparator, or lies outside its valid range or too far from the others in time; where
    the value was measured; where age or sex is needed and not known. A value that
    is outside the plausible range is None with a warning.
    """
    rule = numbers.knowledge.derived[derived]
    if rule.change:
        found = _change(numbers, rule, rule.change, counting.get(rule.change.analyte, ()), now)
    else:
        inputs = _inputs(numbers, rule, chosen, counting)
        found = _formula(rule, inputs, patient, now) if inputs else None
        if inputs and found is None:
            return Computed(lacking=_lacking(rule, patient))
    if found is None:
        return Computed()
    value, used = found
    span = parse_range(rule.plausible)
    if value is None or not span.low <= value <= span.high:
        how = f"outside {rule.plausible}" if value is not None else "to no number"
        text = f"{rule.name} was not used: it computes {how}, so an input is probably wrong"
        expressions = tuple(each.result.source.expression for each in used)
        return Computed(None, (Issue("warning", "value", text, expressions, patient.key),))
    latest = used[0].result
    if not _is_one([each.moment for each in used]):
        latest = max(used, key=lambda each: (each.moment.latest, each.moment.earliest)).result
    marks = dict.fromkeys(["calculated", *[mark for each in used for mark in each.result.marks]])
    return Computed(
        Result(
            analyte=rule.stands_for or derived,
            amount=Amount(value, rule.unit),
            printed=_printed(value) + (f" {rule.unit}" if rule.unit != "1" else ""),
            moment=latest.moment,
            source=latest.source,
            issued=latest.issued,
            marks=tuple(marks),
            formula=rule.name,
            inputs=tuple([each.result for each in used]),
        )
    )


def age_in_days(patient: Patient, now: datetime) -> int | None:
    """Days of life at `now`, of the earliest birth that is possible; None where it is not known."""
    return (now - patient.born.earliest).days if patient.born else None


def age_in_years(patient: Patient, now: datetime) -> int | None:
    """Birthdays had at `now`; None where the birth date is not known."""
    if not patient.born:
        return None
    born = patient.born.earliest
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def _inputs(
    numbers: Numbers,
    rule: Derived,
    chosen: Mapping[str, Result],
    counting: Mapping[str, Sequence[Result]],
) -> dict[str, _Dated] | None:
    """The inputs of a formula by name; None unless all are there, together, and not measured."""
    inputs: dict[str, _Dated] = {}
    for name, given in rule.inputs.items():
        result = chosen.get(given.analyte)
        if not result:
            return None
        found = numbers.of(result, given.unit, given.form, given.valid)
        if not found:
            return None
        inputs[name] = found
    if not rule.same_draw:
        return inputs
    apart = parse_span(rule.same_draw)
    moments = [each.moment for each in inputs.values()]
    measured = [
        result.moment
        for analyte in rule.unless_measured
        for result in counting.get(analyte, ())
        if result.moment
    ]
    if not _together(moments, apart):
        return None
    return None if any(_together([*moments, moment], apart) for moment in measured) else inputs


def _formula(
    rule: Derived, inputs: Mapping[str, _Dated], patient: Patient, now: datetime
) -> _Found | None:
    """What the first formula for somebody of this age and sex gives."""
    values = {name: each.decimal for name, each in inputs.items()}
    for way in rule.formulas:
        if not _is_for(way, patient, now):
            continue
        names = formula.names_in(way.formula)
        if _AGE in names and (years := age_in_years(patient, now)) is not None:
            values[_AGE] = Decimal(years)
        if names <= values.keys():
            try:
                return formula.evaluate(way.formula, values), tuple(inputs.values())
            except ArithmeticError:
                return None, tuple(inputs.values())
    return None


def _lacking(rule: Derived, patient: Patient) -> str:
    """Why none of the formulas is for a patient."""
    aged = any(way.for_age or _AGE in formula.names_in(way.formula) for way in rule.formulas)
    if not patient.born and aged:
        return "the age is not known (Patient.birthDate)"
    if not patient.sex and any(way.sex for way in rule.formulas):
        return "the sex is not known (Patient.gender)"
    return "the rules have no formula for this age"


def _dated(knowledge: Knowledge, result: Result, unit: str, form: str, valid: str) -> _Dated | None:
    amount = result.amount
    if not amount or result.comparator or not result.moment:
        return None
    found = _number(
        knowledge, result.analyte, amount.value, amount.unit, result.form, unit, form, valid
    )
    return _Dated(*found, result.moment, result) if found else None


# Laboratories print few digits, and several formulas ask for one result.
@lru_cache(maxsize=4096)
def _number(
    knowledge: Knowledge,
    analyte: str,
    value: Decimal,
    unit: str,
    form: str,
    to_unit: str,
    to_form: str,
    valid: str,
) -> tuple[Fraction, Decimal] | None:
    try:
        exact = convert(knowledge, analyte, value, unit, to_unit, form=form, to_form=to_form)
    except ValueError:
        return None
    if valid:
        span = parse_range(valid)
        if not span.low <= exact <= span.high:
            return None
    return exact, formula.to_decimal(exact)


def _together(moments: Sequence[Moment], apart: timedelta) -> bool:
    if _is_one(moments):
        return True
    first = min([moment.latest for moment in moments])
    return max([moment.earliest for moment in moments]) - first <= apart


def _is_one(moments: Sequence[Moment]) -> bool:
    """Whether all are one moment, as of the results of one draw."""
    return moments.count(moments[0]) == len(moments)


def _is_for(way: Formula, patient: Patient, now: datetime) -> bool:
    if way.sex and way.sex != patient.sex:
        return False
    if not way.for_age:
        return True
    days = age_in_days(patient, now)
    return days is not None and parse_age(way.for_age).holds(days)


def _change(
    numbers: Numbers, rule: Derived, change: Change, results: Sequence[Result], now: datetime
) -> _Found | None:
    """The largest change between two results: an earlier one strictly before a later one.

    They lie at most `over` apart, the later one inside the lookback of the change, so that
    a larger change of long ago does not hide the present one. Of equal changes the newest
    pair counts. Each result meets only the extreme of those shortly before it, so that
    thousands of results cost no more than their sorting.
    """
    if not results[1:]:
        return None
    own = numbers.knowledge.analytes[change.analyte].unit
    unit = own if change.kind == "ratio" else rule.unit
    dated = [found for result in results if (found := numbers.of(result, unit))]
    if change.kind == "ratio":
        dated = [each for each in dated if each.decimal > 0]
    over = parse_span(change.over)
    since = now - parse_span(rule.lookback)
    waiting = deque(sorted(dated, key=lambda each: (each.moment.latest, _name(each))))
    before: deque[_Dated] = deque()
    best: tuple[Fraction, _Dated, _Dated] | None = None
    for later in sorted(dated, key=lambda each: (each.moment.earliest, _name(each))):
        while waiting and waiting[0].moment.latest < later.moment.earliest:
            _enter(before, waiting.popleft(), largest=change.kind == "fall")
        while before and later.moment.earliest - before[0].moment.latest > over:
            before.popleft()
        if before and later.moment.latest >= since and _may_be(change, before[0], later):
            size = _size(change, before[0].value, later.value)
            if best is None or size >= best[0]:
                best = size, before[0], later
    if best is None or best[0] <= 0:
        return None
    return formula.round_six(best[0]), (best[1], best[2])


def _enter(before: deque[_Dated], new: _Dated, *, largest: bool) -> None:
    """Let a result in at the end; those that can never be the extreme again leave."""
    while before and (before[-1].value <= new.value if largest else before[-1].value >= new.value):
        before.pop()
    before.append(new)


def _may_be(change: Change, earlier: _Dated, later: _Dated) -> bool:
    """Whether a result may have changed that way from an earlier one: their decimals are exact
    enough to say no, and quicker.
    """
    if change.kind == "ratio":
        return True
    one, other = earlier.decimal, later.decimal
    return one <= other if change.kind == "rise" else other <= one


def _size(change: Change, earlier: Fraction, later: Fraction) -> Fraction:
    if change.kind == "ratio":
        return later / earlier
    return later - earlier if change.kind == "rise" else earlier - later


def _name(each: _Dated) -> tuple[str, str]:
    return each.result.source.reference, each.result.source.expression


def _printed(value: Decimal) -> str:
    """To at most 4 significant digits: no formula of the field is more exact than that."""
    return formula.written(_FOUR_DIGITS.plus(value))
