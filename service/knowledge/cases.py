"""The record that a rule test describes.

A result is "45 ug/dL", "<5 ng/L", "56 mg/dL as nitrogen", a laboratory's flag alone ("H")
or "unreadable". After commas may follow when it was drawn ("3 d ago", "undated"; else an
hour ago), the laboratory's own range ("range 70 to 140") or flag ("L"), "hemolyzed" and
"preliminary". A problem is "myoclonus", with "since 10 d" or "undated" (else recorded an
hour ago), "past", "unconfirmed"; a treatment "gabapentin", with "started 5 d ago",
"stopped 3 d ago".

Beside a finding stand single values, "134 mmol/L", of which may be said whose they are too:
"aged 6 y", "female", "male".
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import cast

from service.knowledge.faults import Path
from service.knowledge.language import FindingRule, RuleTest
from service.knowledge.limits import plausible_range, units_of
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_age, parse_limit, parse_range, parse_span
from service.knowledge.units import convert
from service.record import (
    Amount,
    Comparator,
    Interval,
    Moment,
    Patient,
    Problem,
    Record,
    Result,
    Sex,
    Source,
    Tally,
    Treatment,
)

#: What a test expects beside grades and causes: silence, and silence for want of knowing.
NONE = "none"
INDETERMINATE = "indeterminate"

_FLAGS = frozenset({"L", "LL", "N", "H", "HH"})
_MARKS = frozenset({"hemolyzed", "preliminary"})
_PERSON = frozenset({"age", "sex"})
_SEXES = frozenset({"female", "male"})
_COMPARATOR = re.compile(r"(<=|>=|<|>)? ?(.*)")
#: Of a treatment: an order that raises the dose.
_HIGHER = "at a higher dose"

_DEFAULT = timedelta(hours=1)


def record_of(test: RuleTest, knowledge: Knowledge, moment: datetime) -> Record:
    """The record that a rule test gives, at `moment` (aware). ValueError names what is wrong."""
    results: list[Result] = []
    problems: list[Problem] = []
    treatments: list[Treatment] = []
    for key, i, text in _texts(test):
        if key == "problems":
            problems.append(_problem(knowledge, text, moment, i))
        elif key == "treatments":
            treatments.append(_treatment(knowledge, text, moment, i))
        elif key not in _PERSON:
            if key in knowledge.derived:
                raise ValueError(f"{key} is computed; give its inputs instead")
            results.append(_result(knowledge, key, text, moment, i))
    return Record(
        patient=_patient(_single(test, "age"), _single(test, "sex"), moment),
        moment=moment,
        results=tuple(results),
        problems=tuple(problems),
        treatments=tuple(treatments),
        tally=Tally(
            observations=len(results),
            results=len(results),
            conditions=len(problems),
            problems=len(problems),
            medications=len(treatments),
            treatments=len(treatments),
        ),
    )


def value_of(knowledge: Knowledge, subject: str, text: str, moment: datetime) -> Record:
    """The record of one result of an analyte or derived value, "38 ug/dL, aged 6 y, female".

    ValueError names what is wrong with the text.
    """
    first, *further = text.split(", ")
    ages = [word.removeprefix("aged ") for word in further if word.startswith("aged ")]
    sexes = [word for word in further if word in _SEXES]
    if ages[1:] or sexes[1:]:
        raise ValueError(f'"{text}" says twice whose result it is')
    said = [word for word in further if word not in _SEXES and not word.startswith("aged ")]
    result = _result(knowledge, subject, ", ".join([first, *said]), moment, 0)
    patient = _patient("".join(ages), "".join(sexes), moment)
    return Record(patient=patient, moment=moment, results=(result,))


def check_test(test: RuleTest, knowledge: Knowledge) -> Iterator[tuple[Path, str]]:
    """What is wrong with what a test gives, each with the field that says it."""
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    for key, i, text in _texts(test):
        path: Path = ("given", key) if isinstance(test.given[key], str) else ("given", key, i)
        alone = RuleTest({key: text}, test.expect)
        try:
            record_of(alone, knowledge, moment)
        except ValueError as error:
            yield path, str(error)
    for key in _PERSON & test.given.keys():
        if not isinstance(test.given[key], str):
            yield ("given", key), "must be one value"


def check_values(finding: FindingRule, knowledge: Knowledge) -> Iterator[tuple[Path, str]]:
    """What is wrong with the values beside a finding, each with the field that says it."""
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    shown = {*(grade.grade for grade in finding.grades), NONE, INDETERMINATE}
    for key, texts in finding.tests.items():
        if key not in shown:
            yield ("tests", key), f'"{key}" is no grade here; one of {", ".join(sorted(shown))}'
        for i, text in enumerate(texts):
            try:
                value_of(knowledge, finding.analyte, text, moment)
            except ValueError as error:
                yield ("tests", key, i), str(error)


def _texts(test: RuleTest) -> Iterator[tuple[str, int, str]]:
    for key, texts in test.given.items():
        for i, text in enumerate([texts] if isinstance(texts, str) else texts):
            yield key, i, text


def _patient(age: str, sex: str, moment: datetime) -> Patient:
    return Patient(
        key="Patient/test",
        identity="Patient/test",
        reference="Patient/test",
        expression="given",
        born=_born(age, moment),
        sex=_sex(sex),
    )


def _single(test: RuleTest, key: str) -> str:
    said = test.given.get(key, "")
    if not isinstance(said, str):
        raise ValueError(f"{key} must be one value")  # noqa: TRY004
    return said


def _result(knowledge: Knowledge, analyte: str, text: str, moment: datetime, i: int) -> Result:
    if analyte not in knowledge.analytes and analyte not in knowledge.derived:
        raise ValueError(
            f'there is no analyte "{analyte}"; '
            "beside analytes there are problems, treatments, age and sex"
        )
    first, *further = text.split(", ")
    amount, comparator, form = _amount(knowledge, analyte, first)
    interpretation = first if first in _FLAGS else ""
    drawn: datetime | None = moment - _DEFAULT
    interval = None
    marks: list[str] = []
    for word in further:
        if word == "undated":
            drawn = None
        elif word.endswith(" ago"):
            drawn = moment - parse_span(word.removesuffix(" ago"))
        elif word.startswith("range "):
            span = parse_range(word.removeprefix("range "))
            interval = Interval(span.low, span.high)
        elif word in _FLAGS:
            interpretation = word
        elif word in _MARKS:
            marks.append(word)
        else:
            raise ValueError(
                f'"{word}" is not known here; say "3 d ago", "undated", "range 70 to 140", '
                '"L", "hemolyzed" or "preliminary"'
            )
    return Result(
        analyte=analyte,
        amount=amount,
        printed=first,
        moment=_instant(drawn) if drawn else None,
        source=Source("Observation", f"Observation/{analyte}-{i + 1}", f"given.{analyte}[{i}]"),
        comparator=comparator,
        form=form,
        interval=interval,
        interpretation=interpretation,
        marks=tuple(marks),
    )


def _amount(knowledge: Knowledge, analyte: str, text: str) -> tuple[Amount | None, Comparator, str]:
    if text in _FLAGS or text == "unreadable":
        return None, "", ""
    found = _COMPARATOR.fullmatch(text)
    comparator, rest = (found[1] or "", found[2]) if found else ("", text)
    try:
        limits = parse_limit(rest)
    except ValueError:
        limits = ()
    if len(limits) != 1 or limits[0].reference:
        raise ValueError(
            f'"{text}" is not a result, as in "45 ug/dL", "<5 ng/L", "H" or "unreadable"'
        )
    value, unit, form = limits[0].value, limits[0].unit, limits[0].form
    units = units_of(knowledge, analyte)
    if unit not in units:
        raise ValueError(f'"{unit}" is not a unit of {analyte}: {", ".join(units)}')
    if form and form not in getattr(knowledge.analytes.get(analyte), "forms", ()):
        raise ValueError(f'"{form}" is not one of the forms of {analyte}')
    span = plausible_range(knowledge, analyte)
    if span and not (
        span.low <= convert(knowledge, analyte, value, unit, span.unit, form=form) <= span.high
    ):
        rule = knowledge.analytes.get(analyte) or knowledge.derived[analyte]
        raise ValueError(f'"{text}" is outside {rule.plausible}; such a result is "unreadable"')
    return Amount(value, unit), cast(Comparator, comparator), form


def _problem(knowledge: Knowledge, text: str, moment: datetime, i: int) -> Problem:
    problem, *further = text.split(", ")
    if problem not in knowledge.problems:
        raise ValueError(f'there is no problem "{problem}"')
    onset: Moment | None = None
    recorded: Moment | None = _instant(moment - _DEFAULT)
    for word in further:
        if word.startswith("since "):
            onset = _instant(moment - parse_span(word.removeprefix("since ")))
        elif word == "undated":
            recorded = None
        elif word not in ("past", "unconfirmed"):
            raise ValueError(
                f'"{word}" is not known here; say "since 10 d", "undated", "past", "unconfirmed"'
            )
    return Problem(
        problem=problem,
        source=Source("Condition", f"Condition/{problem}-{i + 1}", f"given.problems[{i}]"),
        text=knowledge.problems[problem].name,
        active="past" not in further,
        confirmed="unconfirmed" not in further,
        onset=onset,
        recorded=recorded,
        marks=tuple(word for word in ("past", "unconfirmed") if word in further),
    )


def _treatment(knowledge: Knowledge, text: str, moment: datetime, i: int) -> Treatment:
    medicine, *further = text.split(", ")
    if medicine not in knowledge.medicines:
        raise ValueError(f'there is no medicine "{medicine}"')
    times: dict[str, Moment] = {}
    for word in further:
        verb, _, rest = word.partition(" ")
        if word == _HIGHER:
            continue
        if verb not in ("started", "stopped") or not rest.endswith(" ago"):
            raise ValueError(
                f'"{word}" is not known here; say "started 5 d ago", "stopped 3 d ago" or '
                f'"{_HIGHER}"'
            )
        times[verb] = _instant(moment - parse_span(rest.removesuffix(" ago")))
    return Treatment(
        medicine=medicine,
        source=Source(
            "MedicationStatement",
            f"MedicationStatement/{medicine}-{i + 1}",
            f"given.treatments[{i}]",
        ),
        text=knowledge.medicines[medicine].name,
        current="stopped" not in times,
        start=times.get("started"),
        end=times.get("stopped"),
        marks=("dose-raised",) if _HIGHER in further else (),
    )


def _sex(text: str) -> Sex | None:
    if text not in ("", "female", "male"):
        raise ValueError(f'"{text}" is not a sex here; say female or male, or leave it out')
    return cast(Sex, text) or None


def _born(text: str, moment: datetime) -> Moment | None:
    """Midnight (UTC) of the first day on which the age is reached at `moment`."""
    if not text:
        return None
    try:
        days = parse_age(f"{text} and over").first
    except ValueError:
        raise ValueError(f'"{text}" is not an age, as in "40 y" or "20 d"') from None
    day = moment.astimezone(UTC).date()
    if text.endswith(" y"):
        years = int(text.removesuffix(" y"))
        leap = day.month == 2 and day.day == 29  # noqa: PLR2004
        day = day.replace(year=day.year - years, day=28 if leap else day.day)
    else:
        day -= timedelta(days=days)
    return Moment(day.isoformat(), *(datetime.combine(day, time(), UTC),) * 2)


def _instant(at: datetime) -> Moment:
    return Moment(at.isoformat(), at, at)
