"""API keys: who may call, by name, and the file that holds what is needed to know them again.

A key is 256 random bits behind a prefix, made by `myoflag keys new`; nothing else is taken
for one. So its plain SHA-256 may be kept: nobody finds such a key by trying, and the slow
hashes that protect passwords would only make each request slow.
"""

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

import structlog
from msgspec import Struct

log = structlog.stdlib.get_logger()

PREFIX = "myoflag_"

_KEY = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_HASH = re.compile(r"sha256:([0-9a-f]{64})")
_EXPIRES = "expires="

#: Names are logged, so they can not hold what a log could be misread by.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_FORM = "a name is letters, digits, '.', '_' and '-', 64 at most, as in lab-engine-2027"


class KeysError(ValueError):
    """A key file that can not be used: a line for each mistake. Nothing in it repeats a line."""


class Key(Struct, frozen=True):
    """What is kept of a key: its caller's name, its SHA-256 and the last day it opens, in UTC."""

    name: str
    digest: bytes
    expires: date | None = None


def make() -> str:
    """A new key."""
    return PREFIX + secrets.token_urlsafe(32)


def kept(name: str, key: str, expires: date | None = None) -> Key:
    """What is kept of a key. ValueError where the name can not be."""
    if not _NAME.fullmatch(name):
        raise ValueError(NAME_FORM)
    return Key(name, sha256(key.encode()).digest(), expires)


def line_of(key: Key) -> str:
    """A key as a line of the key file."""
    expires = f" {_EXPIRES}{key.expires}" if key.expires else ""
    return f"{key.name} sha256:{key.digest.hex()}{expires}"


def find(keys: Iterable[Key], presented: str) -> Key | None:
    """The key that was presented, if it is one of these.

    Every key is compared, so that the time taken does not tell which one, or how much of it,
    was right.
    """
    if not _KEY.fullmatch(presented):
        return None
    digest = sha256(presented.encode()).digest()
    found = [key for key in keys if compare_digest(key.digest, digest)]
    return found[0] if found else None


def is_expired(key: Key, today: date) -> bool:
    return key.expires is not None and key.expires < today


def parse(text: str) -> tuple[Key, ...]:
    """The keys of a key file's text. KeysError: everything that is wrong with it."""
    keys: list[Key] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            key = _read_line(line)
            _differs(key, keys)
        except ValueError as wrong:
            faults.append(f"line {number}: {wrong}")
        else:
            keys.append(key)
    if faults:
        raise KeysError("\n".join(faults))
    return tuple(keys)


def _read_line(line: str) -> Key:
    if _KEY.search(line):
        raise ValueError("a key itself stands here; only its SHA-256 belongs into the file")
    name, *rest = line.split()
    if not _NAME.fullmatch(name):
        raise ValueError(NAME_FORM)
    if not rest or not (digest := _HASH.fullmatch(rest[0])):
        raise ValueError("behind the name belongs sha256: and 64 hexadecimal digits, in lower case")
    if len(rest) == 1:
        return Key(name, bytes.fromhex(digest[1]))
    if len(rest) > 2 or not rest[1].startswith(_EXPIRES):  # noqa: PLR2004 - a hash and a date
        raise ValueError("behind the hash belongs expires=YYYY-MM-DD or nothing")
    return Key(name, bytes.fromhex(digest[1]), day(rest[1].removeprefix(_EXPIRES)))


def day(text: str) -> date:
    """The last day on which a key opens. ValueError for what is no day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("a day is written YYYY-MM-DD, as in 2027-01-31") from None


def _differs(key: Key, others: Iterable[Key]) -> None:
    for other in others:
        if other.name == key.name:
            raise ValueError("an earlier line has this name")
        if other.digest == key.digest:
            raise ValueError("an earlier line has this hash: one key for two callers")


def read(path: Path) -> tuple[Key, ...]:
    """The keys of a file. KeysError where it can not be read or something in it is wrong."""
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise KeysError(f"The file can not be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise KeysError("The file is not UTF-8.") from None


def append(path: Path, key: Key) -> None:
    """Adds a key to a file, which is made, for its owner alone, where there is none.

    One line is written at once and under a lock: a reader sees all of it or nothing, and of
    two that add at one time neither is lost. KeysError where the file is broken, has the name
    already or can not be written.
    """
    try:
        with _locked(path) as file:
            text = os.pread(file, os.fstat(file).st_size, 0).decode()
            _differs(key, parse(text))
            newline = "" if not text or text.endswith("\n") else "\n"
            line = f"{newline}{line_of(key)}\n".encode()
            if os.write(file, line) != len(line):
                os.ftruncate(file, len(text.encode()))
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301 - as a full disk
    except OSError as error:
        raise KeysError(f"The file can not be written: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise KeysError("The file is not UTF-8.") from None
    except KeysError:
        raise
    except ValueError as wrong:
        raise KeysError(str(wrong)) from wrong


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


class Keyring:
    """The keys of a file, read anew when it changes.

    A file that is broken or gone leaves the keys that were read last in force, and is logged
    once. KeysError where it is so at the start.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = _state(path)
        self._keys = read(path)

    def keys(self) -> tuple[Key, ...]:
        """The keys that are in force now."""
        # Looked at before it is read: what changes meanwhile is seen at the next request.
        state = _state(self.path)
        if state != self._seen:
            self._seen = state
            try:
                self._keys = read(self.path)
            except KeysError as error:
                log.error(
                    "the key file can not be used; the keys read last stay", faults=str(error)
                )
            else:
                log.info("the key file was read anew", keys=len(self._keys))
        return self._keys


def _state(path: Path) -> tuple[int, ...]:
    """What of a file changes when it does; nothing where it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
