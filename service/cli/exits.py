"""How the command ends. A number is never given another meaning."""

from typing import NoReturn

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


def leave(code: int, text: str) -> NoReturn:
    """Ends the command with a sentence on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)
    raise typer.Exit(code)
