"""myoflag rules: for those who write them."""

import sys
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from service.cli import exits
from service.cli.site import open_or_leave, rules_or_leave, settings_or_leave
from service.engine.rule_tests import count, run
from service.knowledge import compiled
from service.knowledge.faults import RulesError
from service.knowledge.language import DOCUMENTS, Document, Link
from service.knowledge.lint import lint as check
from service.knowledge.loader import load, read
from service.knowledge.lock import write_lock
from service.knowledge.pages import entries, page_text, pages
from service.knowledge.schema import write_schema
from service.knowledge.shapes import Placed

commands = typer.Typer(help="Check, list and show the rules.", no_args_is_help=True)


@commands.command()
def lint() -> None:
    """Check every rule file: shape, words, limits, units, sources, tests, spelling and the lock.

    Tells everything that is wrong, with file, line and field, and exits with 3.
    """
    folder = _folder()
    if faults := check(folder):
        exits.leave(exits.RULES, "\n".join(map(str, faults)))
    knowledge = load(folder)
    told = exits.Output(highlight=False, soft_wrap=True)
    told.print(
        f"Rules {knowledge.ruleset.version}, SHA-256 {knowledge.digest[:12]}: "
        f"{len(knowledge.analytes)} analytes, {len(knowledge.derived)} derived values, "
        f"{len(knowledge.findings)} findings, {len(knowledge.problems)} problems, "
        f"{len(knowledge.medicines)} medicines, {len(knowledge.causes)} causes, "
        f"{len(knowledge.links)} links. Nothing is wrong."
    )


@commands.command()
def test() -> None:
    """Run the tests beside the rules through the real engine. Exits with 3 where one fails."""
    site = open_or_leave(settings_or_leave())
    failures = run(site.engine)
    if failures:
        exits.leave(exits.RULES, "\n".join(map(str, failures)))
    findings, links = len(site.knowledge.findings), len(site.knowledge.links)
    exits.Output(highlight=False).print(
        f"{count(site.knowledge)} tests of {findings} findings and {links} links pass."
    )


@commands.command("list")
def list_rules(
    kind: Annotated[
        str, typer.Argument(metavar="[KIND]", help=f"One of {', '.join(DOCUMENTS)}.")
    ] = "",
) -> None:
    """List the ids and names of the rules, of one kind or of all."""
    if kind and kind not in DOCUMENTS:
        exits.leave(exits.USAGE, f"There is no kind {kind!r}; there are {', '.join(DOCUMENTS)}.")
    table = Table("kind", "id", "what it says", "where", box=None, pad_edge=False)
    for one in _documents():
        if kind in {"", one.kind}:
            where = f"{one.written.file}:{one.written.tree.line}"
            table.add_row(one.kind, one.id, Text(_summary(one.document)), where)
    exits.Output(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)


@commands.command()
def show(
    rule: Annotated[str, typer.Argument(metavar="ID", help="As `myoflag rules list` tells it.")],
) -> None:
    """Show in plain language what the rules say under an id: limits, sources, doubts, review."""
    settings = settings_or_leave()
    knowledge = rules_or_leave()
    found = pages(knowledge, rule, snomed=settings.snomed)
    if not found:
        near = get_close_matches(rule, {one.id for one in entries(knowledge)}, n=3)
        hint = f" Perhaps {' or '.join(near)}?" if near else " See `myoflag rules list`."
        exits.leave(exits.USAGE, f"Nothing has the id {rule!r}.{hint}")
    told = exits.Output(highlight=False, markup=False, soft_wrap=True)
    told.print("\n\n".join(map(page_text, found)))


@commands.command()
def lock(
    reason: Annotated[
        str, typer.Option(help="Why the rules that are new or changed say what they say.")
    ],
) -> None:
    """Write the lock file anew: version, hash, date and reason of each released rule.

    Refuses, with 3, a rule that says something else without a higher version.
    """
    try:
        write_lock(_folder(), datetime.now(UTC).date(), reason)
    except RulesError as wrong:
        exits.leave(exits.RULES, str(wrong))


@commands.command("compile")
def compile_rules() -> None:
    """Check the rules and write them so that every command starts sooner.

    Wherever they or the code have changed since, the files are read and checked as ever.
    """
    try:
        knowledge = compiled.write(settings_or_leave().rules, compiled.FILE)
    except RulesError as wrong:
        exits.leave(exits.RULES, str(wrong))
    except OSError as wrong:
        exits.leave(exits.USAGE, f"Can not write {compiled.FILE}: {wrong.strerror or wrong}.")
    exits.Output(highlight=False, soft_wrap=True).print(
        f"Rules {knowledge.ruleset.version}, SHA-256 {knowledge.digest[:12]}: compiled."
    )


@commands.command()
def schema() -> None:
    """Print the JSON Schema of a rule document, for editors."""
    sys.stdout.write(write_schema())


def _folder() -> Path:
    """The folder of rules, told from here where it lies below."""
    folder, here = settings_or_leave().rules, Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _documents() -> list[Placed]:
    placed, faults = read(_folder())
    if faults:
        exits.leave(exits.RULES, "\n".join(map(str, sorted(set(faults)))))
    return placed


def _summary(document: Document) -> str:
    """One line for people: a name, a reason or a citation."""
    if isinstance(document, Link):
        return document.because
    for field in ("name", "cite", "version"):
        if text := getattr(document, field, ""):
            return str(text)
    return ""
