"""How the command ends. A number is never given another meaning."""

import os
import sys
from io import TextIOWrapper
from typing import Any, NoReturn

import typer
from rich.console import Console

#: Some input was refused; everything else was evaluated and printed.
REFUSED = 1
#: The command line or a setting can not be; nothing was evaluated.
USAGE = 2
#: The rules are broken, or a test beside a rule fails.
RULES = 3
#: The service could not start.
START = 4
#: Evaluating some input failed inside; standard error tells where in the code.
INSIDE = 5
#: A FHIR server did not give the whole record; nothing was evaluated.
UNFETCHED = 6
#: Whoever read the output closed it before its end, as `head` does. 128 and the number of
#: SIGPIPE: what a shell tells of any program that ends so.
UNREAD = 141


class Output(Console):
    """Standard output, which may be closed before its end, and may not know every letter."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of Console
        super().__init__(**options)
        if isinstance(self.file, TextIOWrapper):
            # A name with an accent must not cost a patient the flags.
            self.file.reconfigure(errors="backslashreplace")

    def on_broken_pipe(self) -> None:
        leave_unread()


def leave(code: int, text: str) -> NoReturn:
    """Ends the command with a sentence on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)
    raise typer.Exit(code)


def leave_unread() -> NoReturn:
    """Ends the command without a word, because its output was closed."""
    # Python would try, and fail, to write what is left when it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(UNREAD)
