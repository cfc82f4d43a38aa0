"""Whether an assessment says what the oracle says, and where it does not."""

from collections.abc import Iterable, Iterator

import yaml

from service.record import (
    MARKS,
    Assessment,
    Cause,
    Evidence,
    Finding,
    Moment,
    Normal,
    Problem,
    Record,
    Result,
    Source,
)
from tests.engine.oracle import Answer, Fired, NamedCause, Piece
from tests.engine.random_rules import Document


def told(assessment: Assessment) -> Answer:
    """An assessment in the oracle's words."""
    return Answer(
        causes=tuple(map(named, assessment.causes)),
        shadow=assessment.shadow,
        findings=frozenset(map(piece, assessment.findings)),
        untold=frozenset(
            expression for issue in assessment.issues for expression in issue.expression
        ),
    )


def named(cause: Cause) -> NamedCause:
    return NamedCause(
        cause=cause.cause,
        agent=cause.agent,
        strength=cause.strength,
        priority=cause.priority,
        links=tuple(
            Fired(fired.link, fired.effect, frozenset(map(piece, fired.evidence)), ())
            for fired in cause.links
        ),
        evidence=frozenset(map(piece, cause.evidence)),
        sign=frozenset(map(piece, cause.sign)),
        absorbed=frozenset(cause.absorbed),
        downstream_of=frozenset(cause.downstream_of),
        check_next=tuple((check.text, check.on_file) for check in cause.check_next),
        remarks=cause.remarks,
    )


def piece(evidence: Evidence) -> Piece:
    match evidence:
        case Finding():
            return Piece(
                "finding",
                evidence.finding,
                place(evidence.result.source),
                evidence.rank,
                evidence.critical,
                frozenset(evidence.marks + evidence.result.marks),
            )
        case Normal():
            marks = frozenset(evidence.marks + evidence.result.marks)
            return Piece("normal", evidence.analyte, place(evidence.result.source), marks=marks)
        case Problem():
            return Piece("problem", evidence.problem, place(evidence.source))
        case _:
            return Piece("treatment", evidence.medicine, place(evidence.source))


def place(source: Source) -> tuple[str, str]:
    return source.reference, source.expression


def differences(assessment: Assessment, expected: Answer) -> list[str]:
    """Every difference between what an assessment says and what the oracle does, in words."""
    found = list(_disorder(assessment))
    said = told(assessment)
    if not expected.untold <= said.untold:
        found.append(f"no issue accounts for {sorted(expected.untold - said.untold)}")
    found += _field("findings", said.findings, expected.findings)
    found += _field("shadow", said.shadow, expected.shadow)
    order = [cause.cause for cause in said.causes]
    wanted = [cause.cause for cause in expected.causes]
    found += _field("causes", order, wanted)
    for cause in said.causes:
        for other in expected.causes:
            if cause.cause == other.cause:
                found += _cause(cause, other)
    return found


def _cause(said: NamedCause, expected: NamedCause) -> Iterator[str]:
    bare = tuple(fired._replace(remarks=()) for fired in expected.links)
    for name, one, other in zip(said._fields, said, expected._replace(links=bare), strict=True):
        yield from _field(f"{said.cause}: {name}", one, other)


def _field(name: str, said: object, expected: object) -> Iterator[str]:
    if said == expected:
        return
    if isinstance(said, frozenset) and isinstance(expected, frozenset):
        for word, pieces in (("too much", said - expected), ("missing", expected - said)):
            yield from (f"{name}, {word}: {each}" for each in sorted(map(str, pieces)))
    else:
        yield f"{name}:\n    engine {said}\n    oracle {expected}"


def _disorder(assessment: Assessment) -> Iterator[str]:
    """What is wrong with the order of evidence, or is there twice."""
    for cause in assessment.causes:
        for where, evidence in (
            (cause.cause, cause.evidence),
            *((fired.link, fired.evidence) for fired in cause.links),
        ):
            pieces = [piece(each) for each in evidence]
            if len(set(pieces)) < len(pieces):
                yield f"{where}: evidence is there twice: {pieces}"
            if pieces != sorted(pieces, key=telling):
                yield f"{where}: evidence is out of order: {pieces}"
            for each in evidence:
                if isinstance(each, Finding | Normal) and not are_in_order(each):
                    yield f"{where}: marks {each.marks} beside {each.result.marks}"


def are_in_order(evidence: Finding | Normal) -> bool:
    """Whether marks are in the order of MARKS, and none repeats one of the result."""
    marks = evidence.marks
    return marks == tuple(
        word for word in MARKS if word in marks and word not in evidence.result.marks
    )


def telling(of: Piece) -> tuple[object, ...]:
    """The order of evidence, most telling first."""
    kind = ["finding", "problem", "treatment", "normal"].index(of.kind)
    return kind, not of.critical, -of.rank, of.of, of.source


# ------------------------------------------------------------------------ in words


def in_words(documents: Iterable[Document], record: Record, found: Iterable[str]) -> str:
    """A case for a person to read: the rules, the record, and what differs."""
    rules = yaml.safe_dump_all(
        [_plain(document) for document in documents if next(iter(document)) != "units"],
        sort_keys=False,
        default_flow_style=None,
        width=100,
    )
    return "\n".join(["", rules, *_record_in_words(record), "", *found])


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner not in ([], ())}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _record_in_words(record: Record) -> Iterator[str]:
    born = record.patient.born
    yield f"at {record.moment}, born {born.text if born else '?'}, sex {record.patient.sex}"
    for result in record.results:
        yield _line(*_result_in_words(result))
    for problem in record.problems:
        state = "" if problem.active else "past", "" if problem.confirmed else "unconfirmed"
        times = f"onset {_time(problem.onset)}", f"recorded {_time(problem.recorded)}"
        yield _line(problem.problem, *state, *times, problem.source.reference)
    for treatment in record.treatments:
        state = "current" if treatment.current else "not current", ""
        times = f"from {_time(treatment.start)}", f"to {_time(treatment.end)}"
        yield _line(treatment.medicine, *state, *times, treatment.source.reference)


def _result_in_words(result: Result) -> Iterator[str]:
    yield result.analyte
    amount, interval = result.amount, result.interval
    yield f"{result.comparator}{amount.value} {amount.unit}" if amount else "no value"
    yield from (result.form, _time(result.moment), result.interpretation, *result.marks)
    yield f"issued {result.issued}" if result.issued else ""
    yield f"range {interval.low} to {interval.high}" if interval else ""
    yield result.source.reference


def _time(moment: Moment | None) -> str:
    return moment.text if moment else "?"


def _line(*words: str) -> str:
    return "  " + ", ".join(word for word in words if word)
