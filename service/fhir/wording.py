"""Evidence in words: one line for each piece, the same in narratives, displays and issues.

What a sender wrote passes through `plain` (or `fit`, where it names something) first.
"""

import re
from functools import lru_cache

from service.knowledge.model import Knowledge
from service.record import (
    MARKS,
    Amount,
    Evidence,
    Finding,
    Moment,
    Normal,
    Problem,
    Result,
    Treatment,
)

#: Of a sender's text at most this many characters are told.
LONGEST = 200

_FLAGGED = {
    "LL": "critically low",
    "L": "low",
    "N": "normal",
    "H": "high",
    "HH": "critically high",
    "A": "abnormal",
    "AA": "critically abnormal",
}

_BRACES = re.compile(r"\{([^{}]*)\}")

_UTC = {" Z", " +00:00"}

_SIGNS = frozenset("<>")

# What XML forbids or advises against, and the marks that reorder a line for its reader
# (a bidirectional override can make 118 read as 811).
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufdd0-\ufdef\ufffe\uffff]"
)


def fit(text: str) -> str:
    """The text on one line, fit for FHIR, for XML and for people.

    Whitespace becomes single spaces; each character that is not fit shows as U+FFFD.
    """
    if not text.isprintable():
        text = _UNFIT.sub("\ufffd", " ".join(text.split()))
    return text.strip()


def plain(text: str) -> str:
    """The beginning of a sender's text, at most LONGEST characters, made fit."""
    text = fit(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def when(moment: Moment) -> str:
    """A clinical time as its sender wrote it, easier to read: "2026-03-04 09:15 UTC"."""
    text = moment.text
    return (_remembered if len(text) <= LONGEST else _when)(text)


def _when(text: str) -> str:
    day, instant, time = plain(text).partition("T")
    if not instant:
        return day
    zone = max(time.find("+"), time.find("-"), time.find("Z"))
    clock, offset = (time, "") if zone < 0 else (time[:zone], f" {time[zone:]}")
    if len(clock) == len("hh:mm:ss"):
        clock = clock.removesuffix(":00")
    return f"{day} {clock}{' UTC' if offset in _UTC else offset}"


# All results of a draw have one time, and it is told with each.
_remembered = lru_cache(maxsize=4096)(_when)


def value(result: Result) -> str:
    """The value as its sender wrote it; what the laboratory's flag says where it has no number.

    "88 mg/dL as nitrogen" where the number counts another molecule than the analyte's own.
    """
    printed = plain(result.printed)
    if result.amount is not None:
        form = f" as {result.form}" if result.form else ""
        return legible(printed or _amount(result.amount, result.comparator)) + form
    flag = _FLAGGED.get(result.interpretation, plain(result.interpretation))
    told = f"reported as {flag}" if flag else "not readable"
    if "range-only" in result.marks:
        return printed
    return f"{printed}, {told}" if printed else told


def _amount(amount: Amount, comparator: str) -> str:
    unit = "" if amount.unit == "1" else f" {amount.unit}"
    return f"{comparator}{amount.value:f}{unit}"


def legible(text: str) -> str:
    """UCUM's braces opened: "mL/min/{1.73_m2}" is mL/min/1.73 m2."""
    if "{" not in text:
        return text
    return _BRACES.sub(lambda braces: braces[1].replace("_", " "), text)


def measured(result: Result, knowledge: Knowledge) -> str:
    """Name, value and date of a result: "Sodium 118 mmol/L, 2026-03-04"."""
    dated = f", {when(result.moment)}" if result.moment is not None else ""
    name = name_of(result, knowledge)
    return f"{name} {_beside(name, value(result))}{dated}"


def _beside(name: str, said: str) -> str:
    """A value or limit behind a name, without a unit that the name says already: "INR 2.4"."""
    number, _, unit = said.rpartition(" ")
    return number if number and unit.strip("[]") in name.split() else said


def name_of(result: Result, knowledge: Knowledge) -> str:
    """The name of what was measured, or of the value derived."""
    named = knowledge.analytes.get(result.analyte) or knowledge.derived[result.analyte]
    return named.name


def graded(finding: Finding, knowledge: Knowledge) -> str:
    """What a finding is called: "Hyponatremia, profound"."""
    return f"{knowledge.findings[finding.finding].name}, {finding.grade}"


def line(piece: Evidence, knowledge: Knowledge) -> str:
    """One piece of evidence: "Sodium 118 mmol/L, 2026-03-04 (limit < 120 mmol/L)"."""
    if type(piece) is Problem:
        return _problem_line(piece, knowledge)
    if type(piece) is Treatment:
        return _treatment_line(piece, knowledge)
    return _result_line(piece, knowledge)


def input_line(part: Result, piece: Finding | Normal, knowledge: Knowledge) -> str:
    """An input of a derived value: "Albumin 28 g/L, 2026-03-04 (for calcium 1.94 mmol/L)"."""
    name = piece.result.formula or name_of(piece.result, knowledge)
    notes = [f"for {name} {_beside(name, value(piece.result))}", *_limit(piece, knowledge)]
    return _noted(measured(part, knowledge), notes, part.marks)


def _result_line(piece: Finding | Normal, knowledge: Knowledge) -> str:
    result = piece.result
    notes = _limit(piece, knowledge)
    marks = result.marks + piece.marks
    if result.moment is None:
        marks += ("undated",)
    if result.inputs:
        inputs = " and ".join([measured(part, knowledge) for part in result.inputs])
        name = name_of(result, knowledge)
        formula = f" ({result.formula})" if result.formula not in {"", name} else ""
        notes.append(f"calculated{formula} from {inputs}")
        marks = tuple([mark for mark in marks if mark != "calculated"])
    return _noted(measured(result, knowledge), notes, marks)


def _limit(piece: Finding | Normal, knowledge: Knowledge) -> list[str]:
    if not piece.limit:
        return []
    limit = _beside(name_of(piece.result, knowledge), legible(piece.limit))
    if type(piece) is Normal:
        return [f"normal: {limit}"]
    # Without a sign it is no limit but the laboratory's flag, in words.
    return [f"limit {limit}" if limit[0] in _SIGNS else limit]


def _problem_line(problem: Problem, knowledge: Knowledge) -> str:
    name = said = knowledge.problems[problem.problem].name
    if problem.onset is not None:
        said += f", since {when(problem.onset)}"
    elif problem.recorded is not None:
        said += f", recorded {when(problem.recorded)}"
    marks = problem.marks
    if not problem.active:
        marks += ("past",)
    if not problem.confirmed:
        marks += ("unconfirmed",)
    return _noted(said, _recorded_as(problem.text, name), marks)


def _treatment_line(treatment: Treatment, knowledge: Knowledge) -> str:
    name = said = knowledge.medicines[treatment.medicine].name
    if treatment.start is not None:
        said += f", from {when(treatment.start)}"
    if treatment.end is not None:
        said += f", until {when(treatment.end)}"
    elif not treatment.current:
        said += ", no longer taken"
    elif treatment.start is None:
        said += ", being taken"
    return _noted(said, _recorded_as(treatment.text, name), treatment.marks)


def _recorded_as(text: str, name: str) -> list[str]:
    text = plain(text)
    return [f'recorded as "{text}"'] if text and text.casefold() != name.casefold() else []


def _noted(said: str, notes: list[str], marks: tuple[str, ...]) -> str:
    """The line with notes and marks behind it, marks each once and in the order of MARKS."""
    if marks:
        notes += [words for mark, words in MARKS.items() if mark in marks]
    return f"{said} ({'; '.join(notes)})" if notes else said
