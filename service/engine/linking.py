"""Which conjunctions of facts hold: the one door to durable-rules.

durable-rules 2.0.28 joins positive facts exactly and quickly, and has sharp edges: used
otherwise than here it crashes, leaks or stays silent. So:

- The extension module is called directly. Its Python wrapper starts threads, hides what
  an action raises and never frees a rule set.
- Facts are identifiers and small integers: its number parser loses some numbers and its
  string comparison some texts. They get short ids of their own, since it finds ids by a
  32-bit hash, and all go in as one batch.
- The session has a constant name, is deleted before the next begins, and a lock keeps
  threads apart.
- Each rule set has two rules beside the conjunctions. "open" fires on the first fact:
  deleting a session in which nothing fired frees an uninitialized pointer. "sink" matches
  every fact and never fires: a batch with a fact that no rule knows is refused whole.
- Nothing is negated: its negation is wrong in one case of six.
- A conjunction has one pattern for a fact, the strictest: a rule never joins one fact twice.
- A session costs as much as its rule set is large, and a rule set holds at most 255 rules
  on one fact and 511 facts of one kind. So there are many small rule sets, each of conjunctions
  that cannot do without a certain fact, and sessions only in those whose fact is there.
- What a rule set joined of the few facts that it knows is remembered by which of its patterns they
  match: patients differ in all their facts, but seldom in those few, and a session costs ten times
  as much as all around it. Each pattern has a bit, so that to know them again is one operation.
- A rule set is compiled when a patient first has its fact: each holds some 120 kB, all of them
  more than everything else in the process, and most wait for a fact that hardly anybody has.
  Of those compiled, the ones longest unused are freed.
"""

import contextlib
import itertools
import json
import re
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

import durable_rules_engine
from msgspec import Struct

#: A rule that joins more facts than this fails when it is run, not when it is compiled.
MAX_PATTERNS = 16

#: So many rules in one rule set stay below its limits however many facts they join.
_MOST_RULES = 30

#: So many rule sets are kept compiled.
_MOST_COMPILED = 96

#: For so many sets of matches each rule set remembers what fired; then it starts afresh.
_MOST_REMEMBERED = 64

_SESSION = "s"
_OPEN = "open"
_OPENING = f'{{"kind":"session","id":"0","sid":"{_SESSION}"}}'
_IDENTIFIER = re.compile(r"[a-z0-9_-]{1,100}")
_numbers = itertools.count()

#: Kinds of facts, those first that few patients have.
_RARE = ("finding", "treatment", "problem", "condition", "normal")


class Fact(Struct, frozen=True, gc=False):
    """A statement of one evaluation: a finding with its grade, a problem, a judged condition."""

    kind: str
    of: str
    grade: int = 0


class Pattern(NamedTuple):
    """What matches a fact: its kind, what it is of, and the least grade."""

    kind: str
    of: str
    least: int = 0


Conjunction = Sequence[Pattern]
_Name = tuple[str, str]


class LinkingError(Exception):
    """durable-rules did not do what it should; the evaluation must fail, never look empty."""


class Linker:
    """A set of conjunctions, each known by its place in the sequence.

    Raises ValueError for a conjunction that durable-rules could not evaluate. Use as a context
    manager, or `close` it; what is forgotten is freed with the object.
    """

    def __init__(self, conjunctions: Sequence[Conjunction]) -> None:
        for place, conjunction in enumerate(conjunctions):
            _check(place, conjunction)
        self._lock = threading.Lock()
        self._closed = False
        bits: dict[Pattern, int] = {}
        for pattern in itertools.chain.from_iterable(conjunctions):
            bits.setdefault(pattern, 1 << len(bits))
        #: By what facts are of, the least grade of each pattern that they may match, and its bit.
        self._patterns: dict[_Name, list[tuple[int, int]]] = {}
        for pattern, bit in bits.items():
            self._patterns.setdefault(pattern[:2], []).append((pattern.least, bit))
        self._rulesets = {
            name: [
                _Ruleset(
                    {place: conjunctions[place] for place in places[i : i + _MOST_RULES]}, bits
                )
                for i in range(0, len(places), _MOST_RULES)
            ]
            for name, places in _by_indispensable(conjunctions).items()
        }
        #: Those that are compiled, the one last used at the end.
        self._compiled: dict[_Ruleset, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fired(self, facts: Iterable[Fact]) -> frozenset[int]:
        """The places of the conjunctions whose patterns all match one of the facts.

        Of each fact the highest grade is stated, once however often it is given, and facts that no
        pattern is about are left out. Raises LinkingError where durable-rules reports a
        failure, and where this linker is closed.
        """
        stated: dict[_Name, int] = {}
        matched = 0
        for fact in facts:
            name, grade = (fact.kind, fact.of), fact.grade
            if not (patterns := self._patterns.get(name)) or stated.get(name, -1) >= grade:
                continue
            stated[name] = grade
            for least, bit in patterns:
                if grade >= least:
                    matched |= bit
        fired: set[int] = set()
        with self._lock:
            if self._closed:
                raise LinkingError("the engine is closed")
            for name in stated:
                for ruleset in self._rulesets.get(name, ()):
                    known = matched & ruleset.bits
                    joined = ruleset.remembered.get(known)
                    fired |= self._join(ruleset, known, stated) if joined is None else joined
        return frozenset(fired)

    def _join(self, ruleset: "_Ruleset", known: int, stated: Mapping[_Name, int]) -> set[int]:
        """The places of conjunctions that hold by facts that a rule set knows; now remembered."""
        self._ready(ruleset)
        facts = sorted((name, stated[name]) for name in stated.keys() & ruleset.names)
        fired = ruleset.join(facts)
        if len(ruleset.remembered) >= _MOST_REMEMBERED:
            ruleset.remembered.clear()
        ruleset.remembered[known] = fired
        return fired

    def _ready(self, ruleset: "_Ruleset") -> None:
        """Compile a rule set, and free the one longest unused where too many are compiled."""
        self._compiled.pop(ruleset, None)
        if len(self._compiled) >= _MOST_COMPILED:
            oldest = next(iter(self._compiled))
            del self._compiled[oldest]
            oldest.free()
        ruleset.compile()
        self._compiled[ruleset] = None

    def forget(self) -> None:
        """Ask durable-rules itself from now on, whatever it has been asked before."""
        with self._lock:
            for ruleset in itertools.chain.from_iterable(self._rulesets.values()):
                ruleset.remembered.clear()

    def close(self) -> None:
        """Free the rule sets. A second call does nothing."""
        with self._lock:
            self._closed = True
            for ruleset in self._compiled:
                ruleset.free()
            self._compiled.clear()


class _Ruleset:
    """One rule set of durable-rules, which remembers what it joined and is compiled when asked.

    It is not safe to share between threads.
    """

    def __init__(
        self, conjunctions: Mapping[int, Conjunction], bits: Mapping[Pattern, int]
    ) -> None:
        self._conjunctions = conjunctions
        self.bits = 0
        for pattern in itertools.chain.from_iterable(conjunctions.values()):
            self.bits |= bits[pattern]
        #: Of the facts that some rule is about.
        self.names = {
            pattern[:2] for conjunction in conjunctions.values() for pattern in conjunction
        }
        self._texts = {
            (kind, of): f'{{"kind":"{kind}","of":"{of}","sid":"{_SESSION}"'
            for kind, of in self.names
        }
        self.remembered: dict[int, set[int]] = {}
        self._handle: int | None = None

    def join(self, facts: Iterable[tuple[_Name, int]]) -> set[int]:
        """What fires for facts that are known; it must be compiled."""
        batch = [_OPENING]
        for name, grade in facts:
            batch.append(f'{self._texts[name]},"grade":{grade:d},"id":"{len(batch)}"}}')
        try:
            fired = self._run(f"[{','.join(batch)}]")
        except (LinkingError, durable_rules_engine.error, MemoryError) as error:
            # What is left of the session cannot be deleted safely. The rule set can, or is lost;
            # the next session has another.
            with contextlib.suppress(durable_rules_engine.error):
                self.free()
            raise LinkingError(f"durable-rules failed: {error}") from error
        return fired

    def compile(self) -> None:
        """Have durable-rules build it, unless it has. LinkingError where it does not take it."""
        if self._handle is not None:
            return
        name, rules = f"myoflag-{next(_numbers)}", _rules(self._conjunctions)
        try:
            self._handle = durable_rules_engine.create_ruleset(name, rules)
        except durable_rules_engine.error as error:
            raise LinkingError(f"durable-rules cannot hold the rule set: {error}") from error
        self._free = weakref.finalize(self, durable_rules_engine.delete_ruleset, self._handle)

    def free(self) -> None:
        """Give back what compiling took."""
        self._handle = None
        self._free()

    def _run(self, batch: str) -> set[int]:
        status, state = durable_rules_engine.assert_facts(self._handle, batch)
        if status:
            raise LinkingError(f"it took the facts with status {status}")
        started = durable_rules_engine.start_action_for_state(self._handle, state)
        if not started:
            raise LinkingError("the session did not open")
        message = started[1]
        fired = set()
        while message:
            # {"17":{...}}: the rule's name, and the facts that it joined.
            fired.add(message[2 : message.index('"', 2)])
            message = durable_rules_engine.complete_and_start_action(self._handle, state)
        durable_rules_engine.delete_state(self._handle, _SESSION)
        if _OPEN not in fired:
            raise LinkingError("the session did not open")
        return {int(name) for name in fired if name != _OPEN}


def _check(place: int, conjunction: Conjunction) -> None:
    if not 1 <= len(conjunction) <= MAX_PATTERNS:
        raise ValueError(
            f"conjunction {place} joins {len(conjunction)} facts; it must be 1 to {MAX_PATTERNS}"
        )
    for word in {word for kind, of, _ in conjunction for word in (kind, of)}:
        if not _IDENTIFIER.fullmatch(word):
            raise ValueError(f"conjunction {place}: {word!r} is not an identifier")


def _by_indispensable(conjunctions: Sequence[Conjunction]) -> dict[_Name, list[int]]:
    """The places of conjunctions by a fact that each cannot do without: its rarest."""
    names = Counter(pattern[:2] for conjunction in conjunctions for pattern in conjunction)

    def rarity(name: _Name) -> tuple[int, int, str]:
        kind, of = name
        return (_RARE.index(kind) if kind in _RARE else len(_RARE)), names[name], of

    places: dict[_Name, list[int]] = {}
    for place, conjunction in enumerate(conjunctions):
        name = min((pattern[:2] for pattern in conjunction), key=rarity)
        places.setdefault(name, []).append(place)
    return places


def _rules(conjunctions: Mapping[int, Conjunction]) -> str:
    rules: dict[str, object] = {
        str(place): {
            "all": [
                {f"m{i}": {"$and": _tests(pattern)}}
                for i, pattern in enumerate(_strictest(conjunction))
            ]
        }
        for place, conjunction in conjunctions.items()
    }
    rules[_OPEN] = {"all": [{"m": {"kind": "session"}}]}
    rules["sink"] = {"all": [{"x": {"$ex": {"kind": 1}}}, {"never": {"kind": "never"}}]}
    return json.dumps(rules)


def _strictest(conjunction: Conjunction) -> list[Pattern]:
    """One pattern for each fact."""
    by_name: dict[_Name, Pattern] = {}
    for pattern in conjunction:
        known = by_name.get(pattern[:2], pattern)
        by_name[pattern[:2]] = max(known, pattern)
    return list(by_name.values())


def _tests(pattern: Pattern) -> list[object]:
    tests: list[object] = [{"kind": pattern.kind}, {"of": pattern.of}]
    return [*tests, {"$gte": {"grade": pattern.least}}] if pattern.least else tests
