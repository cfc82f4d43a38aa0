"""What is wrong with a derived value: its formulas and their inputs, or its change over time."""

from collections.abc import Iterator
from decimal import Decimal

from service.knowledge.faults import Complaint, Path, attempt
from service.knowledge.formula import names_in
from service.knowledge.language import Change, Derived, Formula, Input
from service.knowledge.limits import check_intervals, check_unit
from service.knowledge.model import Knowledge
from service.knowledge.quantities import AgeBand, parse_age, parse_range, parse_span
from service.knowledge.units import convert

#: Names that formulas use for other things than inputs.
_TAKEN = frozenset({"age", "min", "max"})


def check_derived(knowledge: Knowledge, rule: Derived) -> Iterator[Complaint]:
    """What is wrong with a derived value."""
    if rule.unit not in knowledge.units:
        yield ("unit",), f'"{rule.unit}" is not a unit of the table (rules/units.yaml)'
    else:
        yield from check_intervals(knowledge, rule.derived, rule.reference)
    yield from _check_range(rule.plausible, rule.unit, ("plausible",))
    for field in ("lookback", "same_draw"):
        if text := getattr(rule, field):
            yield from attempt(parse_span, text, (field,))
    if bool(rule.change) == bool(rule.formulas):
        yield (), "is computed either by `formulas` or as a `change`"
    elif rule.change:
        yield from _check_change(knowledge, rule, rule.change)
    else:
        yield from _check_formulas(knowledge, rule)
    for i, analyte in enumerate(rule.unless_measured):
        yield from _check_analyte(knowledge, analyte, ("unless_measured", i))
    if rule.stands_for:
        yield from _check_stands_for(knowledge, rule)


def _check_range(text: str, unit: str, path: Path) -> Iterator[Complaint]:
    try:
        span = parse_range(text)
    except ValueError as error:
        yield path, str(error)
        return
    if span.unit != unit:
        yield path, f'must be in its own unit, "{unit}"'


def _check_analyte(knowledge: Knowledge, analyte: str, path: Path) -> Iterator[Complaint]:
    if analyte not in knowledge.analytes:
        yield path, f'there is no analyte "{analyte}"'


def _check_change(knowledge: Knowledge, rule: Derived, change: Change) -> Iterator[Complaint]:
    for field in ("inputs", "same_draw", "unless_measured", "stands_for"):
        if getattr(rule, field):
            yield (field,), "does not go with `change`"
    wrong = list(_check_analyte(knowledge, change.analyte, ("change", "analyte")))
    yield from wrong
    yield from attempt(parse_span, change.over, ("change", "over"))
    if change.kind == "ratio":
        if rule.unit != "1":
            yield ("unit",), 'a ratio has the unit "1"'
    elif not wrong and rule.unit in knowledge.units:
        yield from check_unit(knowledge, change.analyte, rule.unit, ("unit",))


def _check_formulas(knowledge: Knowledge, rule: Derived) -> Iterator[Complaint]:
    used: set[str] = set()
    for i, way in enumerate(rule.formulas):
        path: Path = ("formulas", i)
        if way.for_age:
            yield from attempt(parse_age, way.for_age, (*path, "for_age"))
        try:
            names = names_in(way.formula)
        except ValueError as error:
            yield (*path, "formula"), str(error)
            return
        used |= names
        for name in sorted(names - rule.inputs.keys() - {"age"}):
            yield (*path, "formula"), f'"{name}" is none of its inputs'
    for name, given in rule.inputs.items():
        if name in _TAKEN or not name.isidentifier():
            yield ("inputs", name), f'"{name}" cannot be the name of an input'
        elif name not in used:
            yield ("inputs", name), "no formula uses it"
        yield from _check_input(knowledge, rule, given, ("inputs", name))
    if not rule.inputs:
        yield ("inputs",), "formulas need inputs"
    if (len(rule.inputs) > 1 or rule.unless_measured) and not rule.same_draw:
        yield ("same_draw",), "is missing: how far apart may the inputs be drawn?"


def _check_input(
    knowledge: Knowledge, rule: Derived, given: Input, path: Path
) -> Iterator[Complaint]:
    wrong = list(_check_analyte(knowledge, given.analyte, (*path, "analyte")))
    wrong = wrong or list(check_unit(knowledge, given.analyte, given.unit, (*path, "unit")))
    yield from wrong
    if given.valid:
        yield from _check_range(given.valid, given.unit, (*path, "valid"))
    if given.analyte == rule.stands_for or given.analyte in _computed(knowledge):
        yield (*path, "analyte"), f"{given.analyte} may itself be computed; inputs are measured"
    elif not wrong:
        try:
            own = knowledge.analytes[given.analyte].unit
            convert(knowledge, given.analyte, Decimal(1), own, given.unit, to_form=given.form)
        except ValueError as error:
            yield (*path, "unit"), f'"{given.unit}": {error}'


def _computed(knowledge: Knowledge) -> set[str]:
    return {other.stands_for for other in knowledge.derived.values()}


def _check_stands_for(knowledge: Knowledge, rule: Derived) -> Iterator[Complaint]:
    wrong = list(_check_analyte(knowledge, rule.stands_for, ("stands_for",)))
    yield from wrong
    if not wrong:
        yield from check_unit(knowledge, rule.stands_for, rule.unit, ("unit",))
    for other in knowledge.derived.values():
        before = other.derived < rule.derived and other.stands_for == rule.stands_for
        if before and _share_ages(rule, other):
            text = f"{other.derived} already stands for {rule.stands_for} at some age"
            yield ("stands_for",), text


def _share_ages(rule: Derived, other: Derived) -> bool:
    """Whether both have a formula for somebody of one age. An age that cannot be read is any."""
    return any(
        one.holds(two.first) or two.holds(one.first)
        for one in map(_ages, rule.formulas)
        for two in map(_ages, other.formulas)
    )


def _ages(way: Formula) -> AgeBand:
    try:
        return parse_age(way.for_age) if way.for_age else AgeBand()
    except ValueError:
        return AgeBand()
