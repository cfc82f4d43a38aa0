"""myoflag keys: makes the keys that callers present, and lists them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.cli import exits
from service.cli.site import settings_or_leave
from service.keys import Keyring, KeysError, append, day, is_expired, kept, line_of, make, read
from service.settings import variable

commands = typer.Typer(help="Make and list API keys.", no_args_is_help=True)


@commands.command()
def new(
    name: Annotated[
        str, typer.Argument(help="Who will call with it, as log lines should tell: lab-engine.")
    ],
    expires: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="The last day on which it opens, in UTC.")
    ] = "",
) -> None:
    """Make a key and print it, once; nobody can print it again.

    What a service needs to know it by is added to the file of MYOFLAG_API_KEYS_FILE; where
    that is not set, standard error tells the line to add.
    """
    path, key = settings_or_leave().api_keys_file, make()
    try:
        new_one = kept(name, key, day(expires) if expires else None)
    except ValueError as wrong:
        exits.leave(exits.USAGE, f"This can not be: {wrong}.")
    if path:
        try:
            append(path, new_one)
        except KeysError as wrong:
            exits.leave(exits.USAGE, f"{path}: {wrong}")
    exits.Output(highlight=False, soft_wrap=True).print(key, markup=False)
    if not path:
        told = Console(stderr=True, highlight=False, soft_wrap=True)
        told.print("Add this line to the key file of the service:", markup=False)
        told.print(line_of(new_one), markup=False)


@commands.command(name="list")
def list_keys() -> None:
    """List the names of the keys in the file of MYOFLAG_API_KEYS_FILE, and when they expire.

    A key is revoked by deleting its line.
    """
    path = settings_or_leave().api_keys_file
    if not path:
        exits.leave(exits.USAGE, f"{variable('api_keys_file')} is not set, so there is no key.")
    today = datetime.now(UTC).date()
    out = exits.Output(highlight=False, soft_wrap=True)
    try:
        found = read(path)
    except KeysError as wrong:
        exits.leave(exits.USAGE, f"{path}: {wrong}")
    for key in found:
        until = f"to {key.expires}" if key.expires else "without end"
        out.print(f"{key.name}  {'expired' if is_expired(key, today) else until}", markup=False)


def keyring_or_leave(path: Path) -> Keyring:
    try:
        return Keyring(path)
    except KeysError as wrong:
        exits.leave(exits.USAGE, f"{path}: {wrong}")
