"""The lock of released rules: what decides a clinical question cannot change unnoticed.

`rules/lock.yaml` holds, of every rule that was ever released, its version, a hash of
what it decides, and when and why it last changed. A locked rule that says something
else needs a higher version; the lock is then written anew with a date and a reason. A rule that
is gone stays in the lock as retired, and its id never returns. Rules that are
not in the lock are not released yet.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec

from service.knowledge.faults import Complaint, Fault, RulesError
from service.knowledge.language import (
    Analyte,
    Derived,
    Document,
    FindingRule,
    Link,
    Lock,
    Locked,
    State,
)
from service.knowledge.loader import load, read
from service.knowledge.shapes import Placed

#: The kinds that decide: each has a `version`.
_Released = Analyte | FindingRule | Derived | State | Link

#: What a rule says beside what it decides.
_BESIDE = frozenset(
    {"version", "note", "references", "tests", "reviewed", "names", "loinc", "confusable"}
    | {"form_names", "narrow_names"}
)
_FILE = "lock.yaml"
_HEAD = """\
# Every rule that was ever released; written by `myoflag rules lock`, never by hand.
lock:
"""


def check_lock(placed: Sequence[Placed]) -> Iterator[Fault]:
    """Locked rules that changed without a higher version, are gone, or came back."""
    rules = _rules(placed)
    locks = [(place, place.document) for place in placed if isinstance(place.document, Lock)]
    for lock_place, lock in locks:
        for name, locked in lock.lock.items():
            if place := rules.get(name):
                yield from (place.fault(*found) for found in _check_rule(place, locked))
            elif not locked.retired:
                text = "is locked and gone; write the lock anew to retire it"
                yield lock_place.fault(("lock", name), text)


def _check_rule(place: Placed, locked: Locked) -> Iterator[Complaint]:
    version = _version(place)
    if locked.retired:
        yield (place.kind,), f"was retired on {locked.date}; a retired id never returns"
    elif version < locked.version:
        yield ("version",), f"is below the released one, {locked.version}"
    elif version == locked.version and digest(place.document) != locked.hash:
        text = f"what it says changed since version {version} was locked; raise the version"
        yield ("version",), text


def write_lock(folder: Path, day: date, reason: str) -> None:
    """Write the lock of a folder of rules: what is new or changed gets the day and the reason.

    RulesError where the rules are wrong or one changed without a higher version.
    """
    load(folder)
    placed, _ = read(folder)
    if faults := tuple(fault for fault in check_lock(placed) if not fault.file.endswith(_FILE)):
        raise RulesError(faults)
    held = {
        name: locked
        for place in placed
        if isinstance(place.document, Lock)
        for name, locked in place.document.lock.items()
    }
    entries = dict(_renewed(_rules(placed), held, day, reason))
    lines = (f"  {name}: {_inline(entries[name])}\n" for name in sorted(entries))
    (folder / _FILE).write_text(_HEAD + "".join(lines), encoding="utf-8")


def _renewed(
    rules: Mapping[str, Placed], held: Mapping[str, Locked], day: date, reason: str
) -> Iterator[tuple[str, Locked]]:
    for name, locked in held.items():
        if name not in rules and not locked.retired:
            yield name, Locked(locked.version, locked.hash, day.isoformat(), reason, retired=True)
        else:
            yield name, locked
    for name, place in rules.items():
        version = _version(place)
        if name not in held or held[name].version != version:
            yield name, Locked(version, digest(place.document), day.isoformat(), reason)


def _inline(locked: Locked) -> str:
    reason = json.dumps(locked.reason, ensure_ascii=False)
    retired = ", retired: true" if locked.retired else ""
    return (
        f"{{version: {locked.version}, hash: {locked.hash}, "
        f"date: {locked.date}, reason: {reason}{retired}}}"
    )


def _rules(placed: Iterable[Placed]) -> dict[str, Placed]:
    return {
        f"{place.kind}/{place.id}": place
        for place in placed
        if isinstance(place.document, _Released)
    }


def _version(place: Placed) -> int:
    return place.document.version if isinstance(place.document, _Released) else 0


def digest(document: Document) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of what a rule decides."""
    said = {
        field: value
        for field, value in msgspec.to_builtins(document).items()
        if field not in _BESIDE
    }
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()[:16]
