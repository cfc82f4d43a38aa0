"""An evaluation for people: patients, causes, how pressing, how well founded, and why."""

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.evaluation import Evaluation
from service.fhir.outcome import arranged
from service.fhir.summary import summary
from service.fhir.wording import fit, line
from service.knowledge.model import Knowledge
from service.record import Assessment, Issue, Priority, Severity

_PRIORITY: dict[Priority, str] = {"high": "bold red", "medium": "yellow", "low": "default"}
_SEVERITY: dict[Severity, str] = {"error": "red", "warning": "yellow", "information": "default"}


def table_of(name: str, evaluation: Evaluation, knowledge: Knowledge) -> RenderableType:
    """One input: a table for each patient, then what must be looked at, its errors and warnings."""
    said = [
        *evaluation.intake.issues,
        *(issue for one in evaluation.assessments for issue in one.issues),
    ]
    patients = (_patient(one, knowledge) for one in evaluation.assessments)
    return Group(Text(fit(name), "bold"), *patients, *_issues(said))


def refusal(name: str, issues: tuple[Issue, ...]) -> RenderableType:
    """An input that could not be evaluated, and why."""
    title = Text.assemble((fit(name), "bold"), ": ", ("not evaluated", "red"))
    return Group(title, *(_issue(issue) for issue in issues))


def _patient(assessment: Assessment, knowledge: Knowledge) -> RenderableType:
    heading = Text(f"Patient: {named(assessment)}")
    if not assessment.causes:
        return Group(_indented(heading), _indented(Text(summary(assessment, knowledge).text), 4))
    heading.append(f", judged at {assessment.moment:%Y-%m-%d %H:%M} UTC")
    table = Table(
        "Priority", "Strength", "Possible cause of myoclonus, and the evidence", box=SIMPLE
    )
    for cause in assessment.causes:
        evidence = Table.grid(padding=(0, 1, 0, 0))
        for piece in cause.evidence:
            evidence.add_row("-", Text(line(piece, knowledge)))
        table.add_row(
            Text(cause.priority, _PRIORITY[cause.priority]),
            cause.strength,
            Group(Text(cause.name, "bold"), evidence),
        )
    return Group(_indented(heading), _indented(table))


def named(assessment: Assessment) -> str:
    patient = assessment.patient
    identifier = patient.identifier.value if patient.identifier else ""
    return fit(patient.display or patient.reference or identifier or patient.expression)


def _issues(said: list[Issue]) -> list[RenderableType]:
    issues = arranged(said)
    lines = [_issue(issue) for issue in issues if issue.severity != "information"]
    if notes := len(issues) - len(lines):
        told = "1 further note" if notes == 1 else f"{notes} further notes"
        lines.append(_indented(Text(f"{told}: see --format json", "dim")))
    return lines


def _issue(issue: Issue) -> RenderableType:
    where = f" ({', '.join(map(fit, issue.expression))})" if issue.expression else ""
    severity = (issue.severity, _SEVERITY[issue.severity])
    return _indented(Text.assemble(severity, f": {fit(issue.text)}", (where, "dim")))


def _indented(text: RenderableType, columns: int = 2) -> RenderableType:
    return Padding(text, (0, 0, 0, columns))
