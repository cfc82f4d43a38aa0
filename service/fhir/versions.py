"""Which of several versions of one resource or result counts: the newest, and each once.

Order of arrival never decides. Where nothing tells versions apart, all of them are kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from service.fhir import wire
from service.fhir.entries import Entry
from service.fhir.issues import Issues
from service.fhir.times import ImpossibleTimeError, moment

_Version = TypeVar("_Version")

#: The key of whom or what a reference in an entry names; None where it names nothing.
KeyOf = Callable[[Entry, wire.Reference], str | None]

#: From first to last in the life of a result; what stands together does not follow.
_STATUSES = {
    "registered": 0,
    "preliminary": 1,
    "final": 2,
    "amended": 3,
    "corrected": 3,
    "cancelled": 4,
    "entered-in-error": 5,
}

#: Longer version numbers are not compared as numbers.
_LONGEST_NUMBER = 18

#: Decimals stay apart as they are written, and from texts.
_CONTENT = msgspec.json.Decoder(float_hook=lambda number: ["number", number])

_REPEATED = "This resource is in the request more than once, each time the same; it was read once."
_OLDER = "There is a newer version of this in the request; this one was not used."
_DELETED = "The history says that this resource was deleted; it was not used."
_NOTHING_DELETED = (
    "This entry deletes a resource of which the request holds no version, so it changed nothing."
)
_DELETED_WHICH = (
    "This entry deletes a resource, but more than one in the request could be meant; none of "
    "them was left out for it."
)
_UNORDERED = (
    "Two resources have this name but differ, and neither meta.versionId, meta.lastUpdated, "
    "issued nor status tells which is newer; both were read."
)


def newest_versions(entries: Sequence[Entry], zone: ZoneInfo, issues: Issues) -> list[Entry]:
    """The entries without repetitions, older versions and deleted resources, in their order.

    What is contained in a resource goes with it.
    """
    keys = [entry.key for entry in entries if entry.resource is not None and not entry.container]
    if len(set(keys)) == len(keys) == len(entries):
        return list(entries)
    by_key: dict[str, list[Entry]] = {}
    for entry in entries:
        if not entry.container and entry.resource is not None:
            by_key.setdefault(entry.key, []).append(entry)
    gone = [entry for entry in entries if entry.resource is None]
    for entry, key in zip(gone, _deleted_keys(gone, by_key, issues), strict=True):
        by_key.setdefault(key, []).append(entry)
    left_out: set[str] = set()
    for same in by_key.values():
        if len(same) > 1 or same[0].resource is None:
            kept = {entry.expression for entry in _newest_version(same, zone, issues)}
            left_out |= {entry.expression for entry in same} - kept
    if not left_out:
        return list(entries)
    return [entry for entry in entries if _outermost(entry).expression not in left_out]


def _deleted_keys(
    gone: Iterable[Entry], alive: Mapping[str, Sequence[Entry]], issues: Issues
) -> Iterator[str]:
    """The keys of the resources that deletions mean: their url is often only "Type/id"."""
    by_local: dict[str, list[str]] = {}
    if gone:
        for key, (first, *_) in alive.items():
            if first.address and first.address.local:
                by_local.setdefault(first.address.local, []).append(key)
    for entry in gone:
        meant = [entry.key] if entry.key in alive else []
        if not meant and entry.address and entry.address.root == "":
            meant = by_local.get(entry.address.local, [])
        if len(meant) > 1:
            issues.warning("multiple-matches", _DELETED_WHICH, entry.expression)
        elif not meant:
            issues.information("not-found", _NOTHING_DELETED, entry.expression)
        yield meant[0] if len(meant) == 1 else entry.key


def _outermost(entry: Entry) -> Entry:
    while entry.container:
        entry = entry.container
    return entry


def _newest_version(same: list[Entry], zone: ZoneInfo, issues: Issues) -> list[Entry]:
    different = _after_deletion(_unrepeated(same, issues), zone, issues)
    if len(different) <= 1:
        return different
    orders: list[Callable[[Entry], int | datetime | None]] = []
    of_one = len({_subject(entry) for entry in different}) == 1
    if of_one or all(entry.address and entry.address.root for entry in different):
        orders += [_number, lambda entry: _instant(entry.updated, zone)]
    if of_one:
        # A server may move a resource to another patient; names without one may just collide.
        orders += [
            lambda entry: _instant(getattr(entry.resource, "issued", None), zone),
            lambda entry: _STATUSES.get(getattr(entry.resource, "status", None) or ""),
        ]
    best = newest(different, *orders)
    if len(best) > 1:
        for entry in best:
            issues.warning("duplicate", _UNORDERED, entry.expression)
    kept = {entry.expression for entry in best}
    for entry in different:
        if entry.expression not in kept:
            issues.information("duplicate", _OLDER, entry.expression)
    return best


def _subject(entry: Entry) -> bytes:
    """Whom a resource says that it is of, as it was sent."""
    return msgspec.json.encode(getattr(entry.resource, "subject", None))


def _unrepeated(same: list[Entry], issues: Issues) -> list[Entry]:
    """The entries whose content is not that of one before."""
    contents: set[tuple[bytes, str]] = set()
    different = []
    for entry in same:
        content = (_canonical(entry), entry.version)
        if content in contents:
            issues.information("duplicate", _REPEATED, entry.expression)
        else:
            contents.add(content)
            different.append(entry)
    return different


def _canonical(entry: Entry) -> bytes:
    """A resource's content without regard to layout and the order of its elements."""
    if entry.resource is None:
        return b""
    try:
        return msgspec.json.encode(_CONTENT.decode(entry.raw), order="sorted")
    except msgspec.ValidationError:
        # A whole number of thousands of digits is JSON, and more than is decoded.
        return bytes(entry.raw)


def _after_deletion(same: list[Entry], zone: ZoneInfo, issues: Issues) -> list[Entry]:
    """What was written after the last deletion; nothing, where neither version nor time tells."""
    gone = [entry for entry in same if entry.resource is None]
    if not gone:
        return same
    last = newest(gone, _number, lambda entry: _instant(entry.updated, zone))[0]
    alive = []
    for entry in same:
        if entry.resource is None:
            continue
        later = newest([entry, last], _number, lambda one: _instant(one.updated, zone))
        if len(later) == 1 and later[0] is entry:
            alive.append(entry)
        else:
            issues.information("deleted", _DELETED, entry.expression)
    return alive


def newest(
    versions: list[_Version], *orders: Callable[[_Version], int | datetime | None]
) -> list[_Version]:
    """The newest of several versions by the first order that decides between those left.

    An order in which one of them has no place does not decide. More than one come
    back where none does.
    """
    for order in orders:
        placed = [(order(version), version) for version in versions]
        if not any(place is None for place, _ in placed):
            last = max(place for place, _ in placed)  # type: ignore[type-var]
            versions = [version for place, version in placed if place == last]
        if len(versions) == 1:
            break
    return versions


def _number(entry: Entry) -> int | None:
    version = entry.version
    short = len(version) <= _LONGEST_NUMBER
    return int(version) if short and version.isascii() and version.isdecimal() else None


def _instant(text: str | None, zone: ZoneInfo) -> datetime | None:
    try:
        return moment(text, zone).latest if text else None
    except ImpossibleTimeError:
        return None


def replaced_results(
    entries: Iterable[Entry], key_of: KeyOf, zone: ZoneInfo, issues: Issues
) -> set[str]:
    """The expressions of Observations that another one replaces, though it has a name of its own.

    Some senders give each report of one result a resource of its own. They are one result
    where business identifier, subject, code, specimen and time are the same. `key_of` tells
    whom or what a reference names.
    """
    identified = [
        (identifier, (entry, entry.resource))
        for entry in entries
        if isinstance(entry.resource, wire.Observation)
        for identifier in entry.resource.identifier or ()
        if identifier.system and identifier.value
    ]
    if len({identifier.value for identifier, _ in identified}) == len(identified):
        return set()
    by_identifier: dict[tuple[str | None, str | None], list[_Reported]] = {}
    for identifier, reported in identified:
        name = identifier.system, identifier.value
        by_identifier.setdefault(name, []).append(reported)
    replaced: set[str] = set()
    for sharing in by_identifier.values():
        if len(sharing) > 1:
            replaced |= _replaced(sharing, key_of, zone)
    for expression in sorted(replaced):
        issues.information("duplicate", _OLDER, expression)
    return replaced


_Reported = tuple[Entry, wire.Observation]


def _replaced(sharing: list[_Reported], key_of: KeyOf, zone: ZoneInfo) -> set[str]:
    same_result: dict[tuple[object, ...], list[_Reported]] = {}
    for entry, observation in sharing:
        if result := _result(entry, observation, key_of):
            same_result.setdefault(result, []).append((entry, observation))
    replaced: set[str] = set()
    for same in same_result.values():
        best = newest(
            same,
            lambda one: _instant(one[1].issued, zone),
            lambda one: _instant(one[0].updated, zone),
            lambda one: _STATUSES.get(one[1].status or ""),
        )
        replaced |= {entry.expression for entry, _ in same} - {
            entry.expression for entry, _ in best
        }
    return replaced


def _result(
    entry: Entry, observation: wire.Observation, key_of: KeyOf
) -> tuple[object, ...] | None:
    """What two Observations of one result have in common beside their identifier.

    None where the subject or the specimen is not known: what nobody names is never the same.
    """
    named = [key_of(entry, one) for one in (observation.subject, observation.specimen) if one]
    if observation.subject is None or None in named:
        return None
    code, period = entry.content.code, observation.effective_period
    return (
        tuple(named),
        tuple((one.system, one.code) for one in (code and code.coding) or ()),
        code and code.text,
        observation.effective_date_time or observation.effective_instant,
        period and (period.start, period.end),
    )
