"""STU3: results that say themselves which ones they replace.

https://hl7.org/fhir/STU3/observation.html, `related` of type `replaces`
"""

from collections.abc import Iterator, Sequence

from service.fhir import wire
from service.fhir.entries import Entry
from service.fhir.issues import Issues
from service.fhir.versions import KeyOf

#: A result of these may replace another one; one that never counted may not, nor one that can
#: not be understood.
_COUNTING = frozenset({"preliminary", "final", "amended", "corrected"})

_REPLACED = "Another result in the request says that it replaces this one; this one was not used."


def superseded_results(entries: Sequence[Entry], key_of: KeyOf, issues: Issues) -> set[str]:
    """The expressions of Observations that another one of the same patient says it replaces.

    So do those that the replaced one said it replaces. `key_of` tells what a reference names.
    """
    replaces: dict[str, set[str]] = {}
    for entry in entries:
        resource = entry.resource
        if isinstance(resource, wire.Observation) and resource.related:
            replaces[entry.key] = set(_replaced_by(entry, resource, key_of))
    if not any(replaces.values()):
        return set()
    known = {entry.key: entry for entry in entries if isinstance(entry.resource, wire.Observation)}
    found: set[str] = set()
    # From the last of each chain on: of results that replace each other, all are kept.
    waiting = list(replaces.keys() - set().union(*replaces.values()))
    while waiting:
        key = waiting.pop()
        for older in replaces.get(key, ()):
            one = known.get(older)
            if one and one.expression not in found and _is_of_one(known[key], one, key_of):
                found.add(one.expression)
                waiting.append(older)
    for expression in sorted(found):
        issues.information("duplicate", _REPLACED, expression)
    return found


def _replaced_by(entry: Entry, observation: wire.Observation, key_of: KeyOf) -> Iterator[str]:
    is_modified = observation.implicit_rules is not None or observation.modifier_extension
    if observation.status not in _COUNTING or is_modified:
        return
    for one in observation.related or ():
        if one.type == "replaces" and one.target and not one.modifier_extension:
            key = key_of(entry, one.target)
            if key:
                yield key


def _is_of_one(entry: Entry, other: Entry, key_of: KeyOf) -> bool:
    """Whether two Observations say that they are of one patient."""
    subject, others = (getattr(one.resource, "subject", None) for one in (entry, other))
    if not subject or not others:
        return False
    key = key_of(entry, subject)
    return key is not None and key == key_of(other, others)
