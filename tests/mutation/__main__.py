"""`python -m tests.mutation`: whether a rule test fails for each small thing wrong in the rules.

`python -m tests.mutation START...` tries only those mutants whose text begins so: "finding", "link
low-b12".
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from msgspec.structs import replace

from service.engine import Engine
from service.engine.rule_tests import run_finding, run_link
from service.knowledge.agents import causes_of, expand_link
from service.knowledge.checks import check
from service.knowledge.conditions import leaves
from service.knowledge.faults import Fault
from service.knowledge.language import Analyte, FindingRule, Link, State
from service.knowledge.loader import build, load, read
from service.knowledge.model import Knowledge
from service.settings import shipped
from tests.mutation.mutants import Mutant, mutants

#: Mutants that no test can tell, each with the reason.
SURVIVORS = Path(__file__).with_name("survivors.tsv")


class Tried:
    """A rule set, of which one rule after another is replaced by a mutant."""

    def __init__(self, folder: Path) -> None:
        self.placed, _ = read(folder)
        self._knowledge = load(folder)
        self._alone: dict[str, bool] = {}

    def survives(self, mutant: Mutant) -> bool:
        """Whether all tests beside the rules pass although a rule is wrong."""
        if self._fails_near(mutant):
            return False
        changed = [
            each._replace(document=mutant.document)
            if (each.kind, each.id) == (mutant.kind, mutant.id)
            else each
            for each in self.placed
        ]
        faults: list[Fault] = []
        knowledge = build(changed, faults)
        check(knowledge, changed, faults)
        # A rule that the loader refuses is noticed too: a test, say, of a medicine that it left.
        return not (faults or _fails(knowledge))

    def _fails_near(self, mutant: Mutant) -> bool:
        """Whether a test beside the rule itself fails; these are few, and nearly always enough."""
        known = self._knowledge
        match mutant.document:
            case Link() as link:
                try:
                    own = expand_link(link, known.medicines, known.groups)
                except ValueError:
                    return True  # the loader refuses it
                return self._can_be_alone(mutant.id) and _fails_alone(known, own)
            case FindingRule() as finding:
                findings = known.findings | {finding.finding: finding}
                return _fails_value(replace(known, findings=findings), finding.analyte)
            case Analyte() as analyte:
                analytes = known.analytes | {analyte.analyte: analyte}
                return _fails_value(replace(known, analytes=analytes), analyte.analyte)
            case State() as state:
                states = known.states | {state.state: state}
                users = [
                    link for link in known.links.values() if state.state in _words(known, link)
                ]
                return _fails_alone(replace(known, states=states), users)
            case _:
                return False

    def _can_be_alone(self, name: str) -> bool:
        """Whether the tests of a link pass beside only those links that speak of its causes."""
        if name not in self._alone:
            links = self._knowledge.links.values()
            own = [link for link in links if link.link.split("/")[0] == name]
            self._alone[name] = not _fails_alone(self._knowledge, own)
        return self._alone[name]


def _fails_alone(knowledge: Knowledge, own: Sequence[Link]) -> bool:
    causes = {cause for link in own for cause in causes_of(link)}
    if not causes <= knowledge.causes.keys():
        return False
    near = {
        name: link
        for name, link in knowledge.links.items()
        if link.suppress or causes & {*causes_of(link)}
    }
    with Engine(replace(knowledge, links=near | {link.link: link for link in own})) as engine:
        return any(chain.from_iterable(run_link(engine, link) for link in own))


def _words(knowledge: Knowledge, of: Link | State) -> frozenset[str]:
    """The states that a link or state rests on."""
    own = frozenset(leaf.state for leaf in leaves(of.when) if leaf.state)
    return own.union(*(_words(knowledge, knowledge.states[name]) for name in own))


def _fails_value(knowledge: Knowledge, subject: str) -> bool:
    findings = [each for each in knowledge.findings.values() if each.analyte == subject]
    with Engine(replace(knowledge, links={})) as engine:
        return any(chain.from_iterable(run_finding(engine, finding) for finding in findings))


def _fails(knowledge: Knowledge) -> bool:
    with Engine(knowledge) as engine:
        return any(chain.from_iterable(run_link(engine, link) for link in knowledge.links.values()))


def known(path: Path = SURVIVORS) -> dict[str, str]:
    """Survivors that are explained: the mutant, and why no test can tell it."""
    with path.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file, delimiter="\t")
    return {mutant: why for mutant, why in rows}  # noqa: C416 - a row has exactly two columns


def _report(survivors: Iterable[str], tried: int, explained: Iterable[str]) -> int:
    """Tell of each survivor as it is found, and whether all of them were explained before."""
    left, count, news = set(explained), 0, 0
    for text in survivors:
        count += 1
        if text in left:
            left.discard(text)
            continue
        news += 1
        sys.stdout.write(f"survives: {text}\n")
        sys.stdout.flush()
    for text in sorted(left):
        sys.stdout.write(f"explained, but does not survive any more: {text}\n")
    sys.stdout.write(f"{tried} mutants; {count} survive, of these {count - news} are explained.\n")
    return 1 if news or left else 0


def main(words: Sequence[str]) -> int:
    """Try every mutant, or those whose text begins with one of some words."""

    def is_asked_for(text: str) -> bool:
        return text.startswith(tuple(words) or "")

    rules = Tried(shipped("rules"))
    tried = [each for each in mutants(rules.placed) if is_asked_for(str(each))]
    survivors = (str(each) for each in tried if rules.survives(each))
    return _report(survivors, len(tried), filter(is_asked_for, known()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
