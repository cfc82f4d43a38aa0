"""Conditions and limits as sentences: everything that decides stands in them.

A limit is told as it was written; where only one of two systems of units was, the other
is its exact conversion, rounded for reading and marked as converted. What decides is
always the limit as written.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from service.knowledge.language import Condition, FindingRule, Grade
from service.knowledge.limits import DIRECTIONS
from service.knowledge.model import Knowledge
from service.knowledge.quantities import LimitValue, parse_limit
from service.knowledge.units import MASS, SUBSTANCE, chemistry, convert

_WORDS = {
    "below": "below",
    "at_or_below": "at or below",
    "above": "above",
    "at_or_above": "at or above",
}
_OTHER = {MASS: SUBSTANCE, SUBSTANCE: MASS}
_PRESSURE = "pressure"
_DIGITS = 3


def limit(text: str, analyte: str, knowledge: Knowledge) -> str:
    """A limit in both systems: "0.7 mmol/L or 1.7 mg/dL", "50 ug/dL (7.87 umol/L, converted)"."""
    written = parse_limit(text)
    said = " or ".join(map(_amount, written))
    converted = _converted(written, analyte, knowledge)
    return f"{said} ({converted}, converted)" if converted else said


def _amount(one: LimitValue) -> str:
    if one.reference:
        times = "" if one.value == 1 else f"{one.value} times "
        return f"{times}the bound of the reference interval"
    return str(one)


def _converted(written: tuple[LimitValue, ...], analyte: str, knowledge: Knowledge) -> str:
    """The first limit in a unit of the system that none of them is written in, "" without one."""
    rule = chemistry(knowledge, analyte)
    if rule is None or written[0].reference:
        return ""
    dimensions = {knowledge.units[one.unit].dimension for one in written}
    wanted = {_OTHER[one] for one in dimensions if one in _OTHER} - dimensions
    # Two systems tell pressure in units of one dimension.
    wanted |= dimensions & {_PRESSURE} if len(written) == 1 else set()
    others = [u for u in rule.units if u != written[0].unit]
    unit = next((u for u in others if knowledge.units[u].dimension in wanted), "")
    if not unit:
        return ""
    first = written[0]
    value = convert(knowledge, analyte, first.value, first.unit, unit, form=first.form)
    return f"{_rounded(value)} {unit}"


def _rounded(value: Fraction) -> str:
    """To three significant digits, without exponent."""
    shown = f"{float(value):.{_DIGITS}g}"
    return f"{float(shown):.0f}" if "e" in shown else shown


def grade_limit(grade: Grade, analyte: str, knowledge: Knowledge) -> str:
    """What a value must be: "below 130 mmol/L"; "at or above 65 y" comes behind, as the age."""
    (field,) = (field for field in DIRECTIONS if getattr(grade, field))
    whom = f" at age {grade.age}" if grade.age else ""
    return f"{_WORDS[field]} {limit(getattr(grade, field), analyte, knowledge)}{whom}"


def grades(finding: FindingRule, knowledge: Knowledge) -> str:
    """What a finding is, in one sentence with each grade."""
    name = lowered(value_name(finding.analyte, knowledge))
    parts = [
        f"{grade_limit(grade, finding.analyte, knowledge)} it is {grade.grade}"
        f"{' and dangerous by itself' if grade.critical else ''}"
        for grade in finding.grades
    ]
    return f"{finding.name} is told by {name}: {'; '.join(parts)}."


def lowered(name: str) -> str:
    """A name within a sentence; abbreviations and names of people keep their letters."""
    first = name.split(maxsplit=1)[0].split("-", maxsplit=1)[0]
    return name[:1].lower() + name[1:] if first[1:].islower() else name


def value_name(value: str, knowledge: Knowledge) -> str:
    """The name of an analyte or derived value, or the id where there is none."""
    rule = knowledge.analytes.get(value) or knowledge.derived.get(value)
    return rule.name if rule else value


def condition(said: Condition, knowledge: Knowledge) -> str:
    """A condition as a phrase, with all that narrows it."""
    if said.all:
        draw = f", drawn within {said.same_draw} of one another" if said.same_draw else ""
        return f"all of ({_joined(said.all, knowledge)}){draw}"
    if said.any:
        return f"any of ({_joined(said.any, knowledge)})"
    if said.of:
        return f"at least {said.at_least} of ({_joined(said.of, knowledge)})"
    return " ".join([_leaf(said, knowledge), *_narrowed(said)])


def _joined(parts: Iterable[Condition], knowledge: Knowledge) -> str:
    return "; ".join(condition(part, knowledge) for part in parts)


def _leaf(said: Condition, knowledge: Knowledge) -> str:
    if said.finding:
        return _finding(said, knowledge)
    if said.state:
        state = knowledge.states.get(said.state)
        return f"{state.name if state else said.state} [state {said.state}]"
    if said.normal:
        return f"{value_name(said.normal, knowledge)} measured and normal [{said.normal}]"
    if said.not_measured:
        name = value_name(said.not_measured, knowledge)
        return f"{name} not measured [{said.not_measured}]"
    if said.problem:
        return f"on file: {_member(said.problem, knowledge)}"
    if said.treatment:
        return f"taking {_member(said.treatment, knowledge)}"
    if said.count_distinct:
        return f"taking at least {said.count_distinct} (different medicines of that group)"
    if said.quality:
        name = value_name(said.analyte, knowledge)
        return f"the specimen of {name} was marked {said.quality} [{said.analyte}]"
    return f"age {said.age}" if said.age else f"sex {said.sex}"


def _finding(said: Condition, knowledge: Knowledge) -> str:
    """The finding, with the limit from which it counts."""
    finding = knowledge.findings.get(said.finding)
    if not finding:
        return f"{said.finding} {said.at_least}".strip()
    names = [grade.grade for grade in finding.grades]
    least = said.at_least or names[0]
    worse = f", {said.at_least} or worse" if said.at_least else ""
    limits = "; ".join(
        grade_limit(grade, finding.analyte, knowledge)
        for grade in finding.grades
        if grade.grade == least
    )
    name = lowered(value_name(finding.analyte, knowledge))
    return f"{finding.name}{worse} ({name} {limits}) [finding {said.finding}]"


def _member(name: str, knowledge: Knowledge) -> str:
    if rule := knowledge.problems.get(name) or knowledge.medicines.get(name):
        return f"{rule.name} [{name}]"
    members = knowledge.groups.get(name, ())
    named = (knowledge.problems.get(one) or knowledge.medicines.get(one) for one in members)
    listed = ", ".join(rule.name for rule in named if rule)
    return f"any of the group {name} ({listed})"


def _narrowed(said: Condition) -> Iterator[str]:
    if said.including:
        yield f"(also if {' or '.join(said.including)})"
    if said.began:
        yield f"that began {said.began}"
    if said.started:
        unknown = said.started == "unknown"
        started = said.started.replace(
            "first within", "for the first time, or at a higher dose, within"
        )
        yield (
            "begun nobody knows when, or beside jerks without a date"
            if unknown
            else f"started {started}"
        )
    if said.stopped:
        yield f"stopped {said.stopped}"
    if said.within:
        yield f"within {said.within} of now"
    if said.older_than:
        yield f"by a result older than {said.older_than}"
    if said.worst_within:
        yield f"by the worst result within {said.worst_within}"
