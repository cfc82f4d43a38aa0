"""Reading a folder of rules into one checked, frozen rule set."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from service.knowledge import agents, lookups
from service.knowledge.checks import check
from service.knowledge.documents import read_folder
from service.knowledge.faults import Fault, RulesError
from service.knowledge.language import (
    Analyte,
    CauseRule,
    Derived,
    Document,
    FindingRule,
    Link,
    Lock,
    MedicineRule,
    ProblemRule,
    Reference,
    Ruleset,
    State,
    WordList,
)
from service.knowledge.model import Knowledge
from service.knowledge.shapes import Placed, shape

_Kind = TypeVar("_Kind", bound=Document)


def load(folder: Path) -> Knowledge:
    """The rule set below a folder.

    RulesError tells everything that is wrong with it: first of documents that cannot be
    read, and once all can be, of what they say and name.
    """
    placed, faults = read(folder)
    _raise(faults)
    knowledge = build(placed, faults)
    check(knowledge, placed, faults)
    _raise(faults)
    return knowledge


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise RulesError(tuple(sorted(set(faults))))


def read(folder: Path) -> tuple[list[Placed], list[Fault]]:
    """Every well-shaped document below a folder with its place, and what is wrong with the rest."""
    documents, faults = read_folder(folder)
    shaped = (shape(written, faults) for written in documents)
    return [placed for placed in shaped if placed], faults


def build(placed: Sequence[Placed], faults: list[Fault]) -> Knowledge:
    """The rule set that documents make up; what is wrong between them is added to `faults`.

    RulesError where there is no ruleset document.
    """
    placed = _unique(placed, faults)
    ruleset = _by_id(placed, Ruleset)
    if not ruleset:
        where = placed[0].written.file if placed else "ruleset.yaml"
        faults.append(Fault(where, 1, "ruleset", "no document says the set's name and version"))
        raise RulesError(tuple(faults))
    units, spellings = lookups.index_units(placed, faults)
    loinc, refused = lookups.index_loinc(placed, faults)
    groups = lookups.index_groups(placed, faults)
    medicines = _by_id(placed, MedicineRule)
    problems = _by_id(placed, ProblemRule)
    links = _expand_links(placed, medicines, groups, faults)
    causes = agents.expand_causes(_by_id(placed, CauseRule), links, medicines)
    return Knowledge(
        ruleset=next(iter(ruleset.values())),
        digest=digest(placed),
        units=units,
        unit_spellings=spellings,
        analytes=_by_id(placed, Analyte),
        findings=_by_id(placed, FindingRule),
        derived=_by_id(placed, Derived),
        problems=problems,
        medicines=medicines,
        states=_by_id(placed, State),
        causes=causes,
        links={link.link: agents.expand_family(link, causes, medicines) for link in links},
        references=_by_id(placed, Reference),
        loinc=loinc,
        refused=refused,
        analyte_names=lookups.index_names(_of(placed, "analyte"), faults),
        problem_codes=lookups.index_problem_codes(problems.values()),
        problem_names=lookups.index_names(_of(placed, "problem"), faults),
        medicine_codes=lookups.index_medicine_codes(medicines.values()),
        medicine_names=lookups.index_names(_of(placed, "medicine"), faults),
        groups=groups,
        words=_by_id(placed, WordList),
    )


def digest(placed: Iterable[Placed]) -> str:
    """SHA-256 of what the rules say, hexadecimal.

    Layout, comments, the names of files, the order of documents and the lock do not count.
    """
    content = sorted(
        (p.kind, p.id, msgspec.json.encode(p.document, order="sorted"))
        for p in placed
        if not isinstance(p.document, Lock)
    )
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def _of(placed: Iterable[Placed], kind: str) -> list[Placed]:
    return [place for place in placed if place.kind == kind]


def _by_id(placed: Iterable[Placed], kind: type[_Kind]) -> dict[str, _Kind]:
    """Documents of a kind in id order, so that nothing depends on the names of files."""
    found = {p.id: p.document for p in placed if isinstance(p.document, kind)}
    return dict(sorted(found.items()))


def _unique(placed: Iterable[Placed], faults: list[Fault]) -> list[Placed]:
    """The first document of each id; analytes and derived values share their ids."""
    first: dict[tuple[str, str], Placed] = {}
    for place in placed:
        kind = "analyte" if place.kind == "derived" else place.kind
        # There is one ruleset, one table of units, one lock; the others are told apart by id.
        key = (kind, "" if isinstance(place.document, Ruleset) else place.id)
        other = first.setdefault(key, place)
        if other is not place:
            where = f"{other.written.file}:{other.written.tree.line}"
            faults.append(place.fault((place.kind,), f"is there already, in {where}"))
    return list(first.values())


def _expand_links(
    placed: Iterable[Placed],
    medicines: dict[str, MedicineRule],
    groups: dict[str, tuple[str, ...]],
    faults: list[Fault],
) -> list[Link]:
    links: list[Link] = []
    for place in placed:
        if not isinstance(place.document, Link):
            continue
        try:
            links.extend(agents.expand_link(place.document, medicines, groups))
        except ValueError as error:
            faults.append(place.fault(("cause",), str(error)))
    return sorted(links, key=lambda link: link.link)
