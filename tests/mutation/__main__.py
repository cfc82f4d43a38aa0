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
from service.engine.rule_tests import run, run_finding, run_link
from service.knowledge.checks import check
from service.knowledge.faults import Fault
from service.knowledge.language import FindingRule, Link, State
from service.knowledge.loader import build, read
from service.knowledge.model import Knowledge
from service.knowledge.shapes import Placed
from service.settings import shipped
from tests.mutation.mutants import Mutant, mutants

#: Mutants that no test can tell, each with the reason.
SURVIVORS = Path(__file__).with_name("survivors.tsv")


def survives(placed: Sequence[Placed], mutant: Mutant) -> bool:
    """Whether all tests beside the rules pass although a rule is wrong."""
    changed = [
        each._replace(document=mutant.document)
        if (each.kind, each.id) == (mutant.kind, mutant.id)
        else each
        for each in placed
    ]
    faults: list[Fault] = []
    knowledge = build(changed, faults)
    check(knowledge, changed, faults)
    # A rule that the loader refuses is noticed too: a test, say, of a medicine that it left.
    return not (faults or _fails_near(knowledge, mutant) or _fails(knowledge))


def _fails_near(knowledge: Knowledge, mutant: Mutant) -> bool:
    """Whether a test beside the rule itself fails; these are few, and nearly always enough."""
    if isinstance(mutant.document, Link):
        with Engine(knowledge) as engine:
            own = (
                link for name, link in knowledge.links.items() if name.split("/")[0] == mutant.id
            )
            return any(chain.from_iterable(run_link(engine, link) for link in own))
    if isinstance(mutant.document, State):
        return False
    subject = mutant.document.analyte if isinstance(mutant.document, FindingRule) else mutant.id
    findings = [each for each in knowledge.findings.values() if each.analyte == subject]
    with Engine(replace(knowledge, links={})) as engine:
        return any(chain.from_iterable(run_finding(engine, finding) for finding in findings))


def _fails(knowledge: Knowledge) -> bool:
    with Engine(knowledge) as engine:
        return bool(run(engine))


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

    placed, _ = read(shipped("rules"))
    tried = [each for each in mutants(placed) if is_asked_for(str(each))]
    survivors = (str(each) for each in tried if survives(placed, each))
    return _report(survivors, len(tried), filter(is_asked_for, known()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
