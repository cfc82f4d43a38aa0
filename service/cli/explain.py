"""myoflag explain: why causes were not named, and what would change those that were."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from service.cli import exits
from service.cli.evaluate import Job, evaluated, exit_code
from service.cli.inputs import Input
from service.cli.site import open_or_leave, settings_or_leave
from service.cli.table import named, refusal
from service.evaluation import Evaluation, ask, compose
from service.fhir.explanations import missing_medicines, rules, sentence
from service.fhir.issues import Refused
from service.fhir.outcome import write_outcome
from service.fhir.parameters import ParameterValues
from service.fhir.wording import fit
from service.knowledge.model import Knowledge
from service.record import Assessment


class Form(StrEnum):
    table = "table"
    json = "json"


def explain(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="A bundle or resource as JSON; - is standard input."),
    ],
    cause: Annotated[
        str,
        typer.Option(metavar="ID", help="This cause alone, named or not, with all of its rules."),
    ] = "",
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="table: for people. json: the answer of the HTTP interface with explain=true.",
        ),
    ] = Form.table,
    now: Annotated[
        str | None,
        typer.Option(metavar="TIME|latest", help="The moment to judge at, as for evaluate."),
    ] = None,
) -> None:
    """Explain why causes were not named: what held, what did not and by how much, what is missing.

    Exits with 1 where the input is refused, or with 5 where evaluating it failed inside.
    """
    site = open_or_leave(settings_or_leave())
    if cause and cause not in site.knowledge.causes:
        near = get_close_matches(cause, site.knowledge.causes, n=3)
        hint = f" Perhaps {' or '.join(near)}?" if near else " See `myoflag rules list cause`."
        exits.leave(exits.USAGE, f"There is no cause {cause!r}.{hint}")
    try:
        asked = ask(site, now, ParameterValues(explain=True), cause=cause)
    except ValueError as wrong:
        exits.leave(exits.USAGE, str(wrong))
    job, one = Job(site, asked, datetime.now(UTC)), Input(file)
    try:
        leave_with = _json(one, job) if form is Form.json else _table(one, job)
    except BrokenPipeError:
        exits.leave_unread()
    if leave_with:
        raise typer.Exit(leave_with)


def _json(one: Input, job: Job) -> int:
    code = 0
    try:
        body = evaluated(one, job, partial(compose, job.site, asked=job.asked))
    except Refused as refused:
        code, body = exit_code(refused), write_outcome(refused.issues)
    out = sys.stdout.buffer
    out.write(body + b"\n" if out.isatty() else body)
    out.flush()
    return code


def _table(one: Input, job: Job) -> int:
    code = 0
    try:
        shown = evaluated(one, job, partial(table_of, one.name, knowledge=job.site.knowledge))
    except Refused as refused:
        code, shown = exit_code(refused), refusal(one.name, refused.issues)
    exits.Output(highlight=False).print(shown)
    return code


def table_of(name: str, evaluation: Evaluation, knowledge: Knowledge) -> RenderableType:
    """One input: for each patient the causes, and below each its nearest rule or all of them."""
    patients = (line for one in evaluation.assessments for line in _patient(one, knowledge))
    return Group(Text(fit(name), "bold"), *patients)


def _patient(assessment: Assessment, knowledge: Knowledge) -> Iterator[RenderableType]:
    moment = f"{assessment.moment:%Y-%m-%d %H:%M} UTC"
    yield Padding(Text(f"Patient: {named(assessment)}, judged at {moment}"), (0, 0, 0, 2))
    missing = missing_medicines(assessment, knowledge)
    for each in assessment.explanations:
        if each.name not in missing:
            style = "bold" if each.strength else "default"
            yield Padding(Text(fit(sentence(each, knowledge)), style), (0, 0, 0, 4))
            for rule in rules(each, knowledge):
                yield Padding(Text(fit(rule), "dim"), (0, 0, 0, 8))
    if missing:
        text = f"{len(missing)} medicines not named, as they are not on file."
        yield Padding(Text(text, "dim"), (0, 0, 0, 4))
