"""What is wrong in rule files: gathered whole, so that an author mends one round and not ten."""

from collections.abc import Callable, Iterator

from msgspec import Struct

#: Where in a document: field names and places in lists, ("grades", 0, "below").
Path = tuple[str | int, ...]

#: What is wrong, and in which field of a document that is at hand.
Complaint = tuple[Path, str]


class Fault(Struct, frozen=True, order=True):
    """One thing wrong: in which file, on which line (from 1), in which field, and why.

    `field` is "grades[0].below", or "" for the document or the file as a whole.
    """

    file: str
    line: int
    field: str
    text: str

    def __str__(self) -> str:
        return ": ".join(
            part for part in (f"{self.file}:{self.line}", self.field, self.text) if part
        )


class RulesError(Exception):
    """A rule set that cannot be used; `faults` says everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def spell(path: Path) -> str:
    """A path as people write it: ("grades", 0, "below") is "grades[0].below"."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def attempt(read: Callable[[str], object], text: str, path: Path) -> Iterator[Complaint]:
    """The complaint of a parser about the text of a field, if it has one."""
    try:
        read(text)
    except ValueError as error:
        yield path, str(error)
