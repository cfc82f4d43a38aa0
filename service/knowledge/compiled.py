"""A rule set that was checked once, as bytes: reading and checking YAML takes most of a start.

The bytes are used only where they were made by this very code from these very files, byte for
byte. Else, and where they are damaged or missing, the files are read and checked as ever.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from service.knowledge import loader
from service.knowledge.model import Knowledge

#: Beside the code: who can write there can change the code itself.
FILE = Path(__file__).parents[1] / "compiled_rules.msgpack"

#: What decides how rules are read, beside the plain data that it is about.
CODE = Path(__file__).parent

_DIGEST = hashlib.sha256


def load(folder: Path, file: Path = FILE) -> Knowledge:
    """The rule set below a folder. RulesError, from the files: everything that is wrong with it."""
    return read(folder, file) or loader.load(folder)


def write(folder: Path, file: Path) -> Knowledge:
    """Checks the rules below a folder and writes them for `load`. RulesError, OSError."""
    before = _origin(folder)
    knowledge = loader.load(folder)
    content = msgspec.msgpack.encode(knowledge)
    if _origin(folder) != before:
        raise OSError("the rules changed while they were read")
    written = file.with_name(f"{file.name}.new")
    written.write_bytes(before + _DIGEST(content).digest() + content)
    written.replace(file)
    return knowledge


def read(folder: Path, file: Path) -> Knowledge | None:
    """The rule set below a folder from its compiled form; None where that is not to be used."""
    try:
        data = file.read_bytes()
        origin, digest, content = data[:32], data[32:64], data[64:]
        if origin != _origin(folder) or digest != _DIGEST(content).digest():
            return None
        return msgspec.msgpack.decode(content, type=Knowledge)
    except (OSError, msgspec.MsgspecError):
        return None


def _origin(folder: Path) -> bytes:
    """What a rule set was made from and by: files of rules with their names, and code."""
    origin = _DIGEST(msgspec.__version__.encode())
    for name, content in _sources(folder):
        for part in (name.encode(), content):
            origin.update(len(part).to_bytes(8))
            origin.update(part)
    return origin.digest()


def _sources(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*.yaml")):
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file.read_bytes()
    for file in sorted((*CODE.glob("*.py"), CODE.with_name("record.py"))):
        yield file.name, file.read_bytes()
