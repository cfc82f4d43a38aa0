"""What a rule set must be beside well-formed: sourced, tested, tidy, in American spelling, locked.

Each policy is one function that yields faults; its docstring is the rule.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from service.knowledge.agents import causes_of
from service.knowledge.conditions import leaves
from service.knowledge.edges import untested
from service.knowledge.faults import Fault, RulesError
from service.knowledge.faults import Path as Field
from service.knowledge.language import (
    ABOUT,
    SOURCE_ATTRIBUTES,
    Analyte,
    CauseRule,
    Condition,
    Derived,
    FindingRule,
    Link,
    MedicineRule,
    ProblemRule,
    Reference,
    Ruleset,
    State,
    Units,
    WordList,
)
from service.knowledge.loader import load, read
from service.knowledge.lock import check_lock
from service.knowledge.model import Knowledge
from service.knowledge.names import american
from service.knowledge.quantities import parse_count
from service.knowledge.redundancy import redundant
from service.knowledge.shapes import Placed
from service.knowledge.words import missing, needless

#: Where each kind of document lies, below the folder of rules.
HOMES = {
    "ruleset": "ruleset.yaml",
    "units": "units.yaml",
    "lock": "lock.yaml",
    "analyte": "analytes",
    "finding": "findings",
    "derived": "derived",
    "problem": "problems",
    "medicine": "medicines",
    "state": "states",
    "cause": "causes",
    "link": "links",
    "reference": "references",
    "words": "words",
}
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

#: The fields that people read. Names of other systems and of papers keep their spelling.
_PROSE = (
    "name",
    "note",
    "because",
    "speaks_against",
    "mechanism",
    "myoclonus",
    "intended_use",
    "check_next",
    "confirm",
    "effect",
)


def lint(folder: Path) -> tuple[Fault, ...]:
    """Everything that is wrong with a folder of rules: what the loader says, else every policy."""
    try:
        knowledge = load(folder)
    except RulesError as error:
        return error.faults
    placed, _ = read(folder)
    found = [
        *_sources(placed),
        *_attributes(placed),
        *_tests(placed),
        *_edges(knowledge, placed),
        *_reasons(placed),
        *_redundancies(knowledge, placed),
        *_units(placed),
        *_uses(placed),
        *_heard(knowledge, placed),
        *_homes(folder, placed),
        *_spelling(placed),
        *check_lock(placed),
    ]
    return tuple(sorted(found))


def _sources(placed: Sequence[Placed]) -> Iterator[Fault]:
    """Every finding, derived value, cause and link names a source, and every source is used."""
    used: set[str] = set()
    for place in placed:
        named = getattr(place.document, "references", None)
        if not (named or named is None or isinstance(place.document, MedicineRule)):
            yield place.fault(("references",), "names no source")
        used.update(named or ())
        if isinstance(place.document, Analyte | Derived):
            used.update(interval.source for interval in place.document.reference)
    for place in placed:
        if isinstance(place.document, Reference) and place.id not in used:
            yield place.fault(("reference",), "no rule uses it")


def _attributes(placed: Sequence[Placed]) -> Iterator[Fault]:
    """The set answers each source attribute that decision support must tell, and no other."""
    for place in placed:
        if isinstance(place.document, Ruleset):
            for field, wanted in (("source_attributes", SOURCE_ATTRIBUTES), ("about", ABOUT)):
                told = getattr(place.document, field)
                for name in wanted:
                    if not told.get(name, "").strip():
                        yield place.fault((field, name), "is not answered")
                for name in told.keys() - set(wanted):
                    text = f"is none of {', '.join(wanted)}"
                    yield place.fault((field, name), text)


def _tests(placed: Sequence[Placed]) -> Iterator[Fault]:
    """Every link has a test that fires and one that does not; over the set the latter prevail."""
    fires, silent = 0, 0
    for place in placed:
        link = place.document
        if not isinstance(link, Link) or link.status == "retired":
            continue
        quiet = sum(test.expect in ("none", "indeterminate") for test in link.tests)
        if quiet == len(link.tests):
            yield place.fault(("tests",), "has no test that fires")
        if not quiet:
            yield place.fault(("tests",), "has no test that just does not fire")
        fires += len(link.tests) - quiet
        silent += quiet
    if fires >= silent and fires:
        text = f"{fires} tests of links fire and {silent} do not; the latter must be more"
        yield next(p for p in placed if p.kind == "ruleset").fault((), text)


def _edges(knowledge: Knowledge, placed: Sequence[Placed]) -> Iterator[Fault]:
    """Every limit of a finding has a test at it, one just below and one just above."""
    for place in placed:
        if isinstance(place.document, FindingRule):
            for text in untested(knowledge, place.document):
                yield place.fault(("tests",), text)


def _reasons(placed: Sequence[Placed]) -> Iterator[Fault]:
    """Every cause has a link that names it."""
    named = {
        cause
        for place in placed
        if isinstance(place.document, Link) and place.document.strength
        for cause in causes_of(place.document)
    }
    for place in placed:
        if isinstance(place.document, CauseRule) and place.id not in named:
            yield place.fault(("cause",), "no link names it")


def _redundancies(knowledge: Knowledge, placed: Sequence[Placed]) -> Iterator[Fault]:
    """No link is one that another makes redundant, for every cause and medicine it speaks of."""
    instead = dict(redundant(knowledge))
    copies: dict[str, list[str]] = {}
    for name in knowledge.links:
        copies.setdefault(name.partition("/")[0], []).append(name)
    for place in placed:
        if isinstance(place.document, Link):
            others = {instead.get(name, "") for name in copies.get(place.id, ("",))}
            if "" not in others:
                bases = ", ".join(sorted({name.partition("/")[0] for name in others}))
                text = f"wherever this holds, {bases} says as much or more of the same cause"
                yield place.fault(("when",), text)


def _units(placed: Sequence[Placed]) -> Iterator[Fault]:
    """Every unit of the table is that of some analyte or derived value."""
    used: set[str] = set()
    for place in placed:
        if isinstance(place.document, Analyte):
            used.update(place.document.units)
        elif isinstance(place.document, Derived):
            used.add(place.document.unit)
    for place in placed:
        if isinstance(place.document, Units):
            for i, unit in enumerate(place.document.units):
                if unit.unit not in used:
                    yield place.fault(("units", i), f"no analyte accepts {unit.unit}")


def _uses(placed: Sequence[Placed]) -> Iterator[Fault]:
    """Every problem, medicine and state is named by a condition; signs are known without."""
    words: set[str] = set()
    for place in placed:
        if isinstance(place.document, Link):
            remarks = (remark.when for remark in place.document.remarks)
            words.update(_words([place.document.when, *remarks]))
        elif isinstance(place.document, State):
            words.update(_words([place.document.when]))
    for place in placed:
        if isinstance(place.document, ProblemRule | MedicineRule | State):
            groups = getattr(place.document, "groups", ())
            is_sign = getattr(place.document, "sign", False)
            if not is_sign and not words & {place.id, *groups}:
                yield place.fault((place.kind,), "no link speaks of it")


def _words(conditions: Iterable[Condition]) -> Iterator[str]:
    """The ids and groups that conditions name."""
    for condition in conditions:
        for leaf in leaves(condition):
            yield from (leaf.problem, leaf.treatment, leaf.state)
            if leaf.count_distinct:
                yield parse_count(leaf.count_distinct).group


def _heard(knowledge: Knowledge, placed: Sequence[Placed]) -> Iterator[Fault]:
    """Every list of words that reading listens for is there, and each word can be reached."""
    for name in missing(knowledge.words):
        text = f'there is no list of words "{name}", and reading listens for it'
        yield next(p for p in placed if p.kind == "ruleset").fault((), text)
    for place in placed:
        if isinstance(place.document, WordList):
            yield from (place.fault(*found) for found in needless(place.document))


def _homes(folder: Path, placed: Sequence[Placed]) -> Iterator[Fault]:
    """Each kind of document has its folder, and files have names in snake_case."""
    for place in placed:
        path = Path(place.written.file).relative_to(folder)
        home = HOMES[place.kind]
        if path.parts[0] != home:
            yield place.fault((place.kind,), f"belongs in {home}")
        if not _SNAKE.fullmatch(path.stem):
            yield place.fault((), f'the file\'s name "{path.stem}" is not snake_case')


def _spelling(placed: Sequence[Placed]) -> Iterator[Fault]:
    """Ids and sentences are in American spelling."""
    for place in placed:
        texts: list[tuple[Field, str]] = [((place.kind,), place.id)]
        for field in _PROSE:
            said = getattr(place.document, field, ())
            listed = (said,) if isinstance(said, str) else said
            texts += [((field,), text) for text in listed]
        if isinstance(place.document, Link):
            texts += [
                (("remarks", i, "say"), remark.say)
                for i, remark in enumerate(place.document.remarks)
            ]
        for path, text in texts:
            for word in text.split():
                if (better := american(word.lower())) != word.lower():
                    yield place.fault(path, f'"{word}" is British; write "{better}"')
