"""myoflag evaluate: what HTTP answers, on the command line."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Annotated, TypeVar

import typer
from msgspec import Raw, Struct, json, structs
from rich.console import Console, RenderableType
from rich.progress import Progress

from service.cli import exits
from service.cli.inputs import Input, find
from service.cli.site import open_or_leave, settings_or_leave
from service.cli.table import refusal, table_of
from service.evaluation import Asked, Evaluation, Site, ask, assess, compose
from service.fhir.issues import Refused
from service.fhir.outcome import write_outcome
from service.fhir.parameters import ParameterValues
from service.logs import told
from service.record import Issue
from service.settings import Settings

_Shown = TypeVar("_Shown")

_EXITS: dict[int, int] = {
    HTTPStatus.INTERNAL_SERVER_ERROR: exits.INSIDE,
    HTTPStatus.BAD_GATEWAY: exits.UNFETCHED,
}

#: A progress bar appears once the work has taken longer than this, in seconds.
LONG = 1.0


class Format(StrEnum):
    table = "table"
    json = "json"
    ndjson = "ndjson"


class Job(Struct, frozen=True):
    """What is the same for all inputs of one command."""

    site: Site
    asked: Asked
    clock: datetime


def evaluate(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|FOLDER|-...",
            help="Bundles or single resources as JSON; a folder stands for the .json files "
            "below it, - for standard input.",
            show_default=False,
        ),
    ] = None,
    server: Annotated[
        str,
        typer.Option(
            metavar="BASE",
            help="Base address of a FHIR server to fetch the record of --patient from, instead "
            "of files. It logs in with MYOFLAG_SERVER_LOGIN or MYOFLAG_SERVER_LOGIN_FILE.",
        ),
    ] = "",
    patient: Annotated[
        str, typer.Option(metavar="ID", help="The id of the Patient resource on --server.")
    ] = "",
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            help="table: for people. json: exactly the answer of the HTTP interface, for one "
            'input. ndjson: one line for each input, {"file": ..., "answer": {...}}.',
        ),
    ] = Format.table,
    now: Annotated[
        str | None,
        typer.Option(
            metavar="TIME|latest",
            help="The moment to judge at: a FHIR dateTime, or latest for each patient's own "
            "newest clinical time. The clock where it is missing.",
        ),
    ] = None,
    include_evidence: Annotated[
        bool | None,
        typer.Option(
            "--include-evidence/--no-include-evidence",
            help="Whether the answer holds the resources that flags refer to. Where it is "
            "missing, those that only the request could name (urn:).",
        ),
    ] = None,
    provenance: Annotated[
        bool,
        typer.Option("--provenance", help="Whether the answer holds a Provenance for each Flag."),
    ] = False,
    transaction: Annotated[
        bool,
        typer.Option(
            "--transaction",
            help="Answer with a transaction that can be posted to a FHIR server, and the "
            "OperationOutcome beside it, as Parameters. For json and ndjson.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Refuse an input unless all resources in it are valid FHIR, in the version that "
            "MYOFLAG_FHIR_VERSION says.",
        ),
    ] = False,
) -> None:
    """Evaluate FHIR bundles and print their Flags.

    An input that is refused is told in its place and the others are evaluated all the same;
    the command then exits with 1, or with 5 where evaluating it failed inside. It exits with 6
    where a server did not give the whole record: of a part of one, nothing is evaluated.
    """
    settings = settings_or_leave()
    try:
        found = _inputs(inputs or [], server, patient, settings)
    except ValueError as wrong:
        exits.leave(exits.USAGE, str(wrong))
    site = open_or_leave(settings)
    try:
        said = ParameterValues(
            include_evidence=include_evidence,
            provenance=provenance,
            bundle_type="transaction" if transaction else None,
        )
        asked = ask(site, now, said, strict=strict)
    except ValueError as wrong:
        exits.leave(exits.USAGE, str(wrong))
    if form is Format.json and len(found) > 1:
        text = f"--format json prints one answer, and there are {len(found)} inputs. Use ndjson."
        exits.leave(exits.USAGE, text)
    job = Job(site, asked, datetime.now(UTC))
    try:
        codes = print_tables(job, found) if form is Format.table else print_json(job, found, form)
    except BrokenPipeError:
        exits.leave_unread()
    if codes:
        raise typer.Exit(max(codes))


def _inputs(names: list[str], server: str, patient: str, settings: Settings) -> Sequence[Input]:
    """ValueError where files and a server are named, neither, or a part of either is missing."""
    if not (server or patient):
        if not names:
            raise ValueError("Name files to evaluate, or --server and --patient.")
        return find(names)
    if names or not (server and patient):
        raise ValueError("--server and --patient belong together, and no file beside them.")
    # The HTTP client takes time to load that evaluating files does not need.
    from service.cli.server import on_server  # noqa: PLC0415

    return [on_server(server, patient, settings)]


def print_tables(job: Job, found: Sequence[Input]) -> set[int]:
    """The exit codes that inputs ask for."""
    codes: set[int] = set()
    tables: list[RenderableType] = []
    for one in _with_progress(found, shown=True):
        show = partial(table_of, one.name, knowledge=job.site.knowledge)
        try:
            tables.append(evaluated(one, job, show))
        except Refused as refused:
            codes.add(exit_code(refused))
            tables.append(refusal(one.name, refused.issues))
    console = exits.Output(highlight=False)
    for table in tables:
        console.print(table)
        console.print()
    return codes


def print_json(job: Job, found: Sequence[Input], form: Format) -> set[int]:
    """The exit codes that inputs ask for."""
    codes: set[int] = set()
    out = sys.stdout.buffer
    write = partial(compose, job.site, asked=job.asked)
    # Where the lines themselves appear on the terminal, they are the progress.
    for one in _with_progress(found, shown=not out.isatty()):
        try:
            body = evaluated(one, job, write)
        except Refused as refused:
            codes.add(exit_code(refused))
            body = write_outcome(refused.issues)
        if form is Format.ndjson:
            # Evidence comes back as it was sent, over several lines perhaps.
            name = os.fsencode(one.name).decode(errors="replace")
            line = json.encode({"file": name, "answer": Raw(json.format(body, indent=-1))})
            out.write(line + b"\n")
        else:
            out.write(body + b"\n" if out.isatty() else body)
        out.flush()
    return codes


def evaluated(one: Input, job: Job, show: Callable[[Evaluation], _Shown]) -> _Shown:
    """An input, evaluated and shown. Refused, too, if it can not be read or that fails inside."""
    try:
        sent = one.read(job.site.max_body_bytes)
        return show(_with(sent.issues, assess(job.site, sent.body, job.asked, job.clock)))
    except Refused:
        raise
    except OSError as error:
        text = f"The file can not be read: {error.strerror}."
        raise Refused(HTTPStatus.BAD_REQUEST, (Issue("error", "not-found", text),)) from error
    except Exception as error:
        # Told as the service's log tells it: a message could hold patient data.
        sys.stderr.buffer.write(json.encode({"file": one.name, **told(error)}) + b"\n")
        text = "The evaluation failed inside Myoflag; nothing was evaluated."
        issue = Issue("error", "exception", text)
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, (issue,)) from error


def _with(issues: tuple[Issue, ...], evaluation: Evaluation) -> Evaluation:
    intake = evaluation.intake
    intake = structs.replace(intake, issues=(*intake.issues, *issues))
    return structs.replace(evaluation, intake=intake)


def exit_code(refused: Refused) -> int:
    return _EXITS.get(refused.status, exits.REFUSED)


def _with_progress(found: Sequence[Input], *, shown: bool) -> Iterator[Input]:
    """The inputs, with a bar on the terminal for those who would wait."""
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield from found
        return
    started = time.monotonic()
    progress = Progress(console=console, transient=True)
    task = progress.add_task("Evaluating", total=len(found))
    try:
        for one in found:
            if time.monotonic() - started > LONG:
                progress.start()
            yield one
            progress.advance(task)
    finally:
        progress.stop()
