"""What `myoflag evaluate` is given: files, folders of them, standard input."""

import sys
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from service.record import Issue

STDIN = "-"


class Sent(Struct, frozen=True):
    """A body, and what must be said of how it came."""

    body: bytes
    issues: tuple[Issue, ...] = ()


class Input(Struct, frozen=True):
    """One body to evaluate; `name` is how the user would name it."""

    name: str

    def read(self, limit: int) -> Sent:
        """The body, or so much of it that it is seen to exceed `limit` bytes. OSError."""
        if self.name == STDIN:
            return Sent(sys.stdin.buffer.read(limit + 1))
        with Path(self.name).open("rb") as file:
            return Sent(file.read(limit + 1))


def find(names: Iterable[str]) -> list[Input]:
    """The inputs, in the order they are named; a folder stands for the .json files below it.

    ValueError for a folder without any. A file that is not there is still an input:
    it is told when its turn comes, and the others are evaluated all the same.
    """
    found: list[Input] = []
    for name in names:
        folder = Path(name)
        if name == STDIN or not folder.is_dir():
            found.append(Input(name))
            continue
        files = sorted(file for file in folder.rglob("*.json") if file.is_file())
        if not files:
            raise ValueError(f"There is no .json file in {name}.")
        found += [Input(str(file)) for file in files]
    return found
