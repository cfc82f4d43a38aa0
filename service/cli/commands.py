"""All commands, and what they have in common."""

import typer

from service import __version__
from service.cli import exits, keys, rules
from service.cli.evaluate import evaluate
from service.cli.explain import explain
from service.cli.serve import serve
from service.cli.site import rules_or_leave

main = typer.Typer(
    name="myoflag",
    help="FHIR laboratory results and diagnoses in, explained Flags for possible causes of "
    "myoclonus out. For health care professionals, to review independently; it supports and "
    "never replaces a clinician's judgment, and it is not an alarm.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with the values in it would show patients.
    pretty_exceptions_enable=False,
)
main.command()(evaluate)
main.command()(explain)
main.command()(serve)
main.add_typer(rules.commands, name="rules")
main.add_typer(keys.commands, name="keys")


@main.command()
def version() -> None:
    """Print the versions of the service and of its rules."""
    knowledge = rules_or_leave()
    exits.Output(highlight=False, soft_wrap=True).print(
        f"Myoflag {__version__}, rules {knowledge.ruleset.version} (SHA-256 {knowledge.digest})"
    )
