"""Hypothesis strategies: rule sets of `random_rules` with records of `random_records`."""

from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from service.knowledge.model import Knowledge
from service.record import Record
from tests.engine import random_records, random_rules
from tests.engine.random_rules import Document, knowledge_of

#: A source of chance whose choices hypothesis makes, remembers and makes simpler.
CHANCE = st.randoms(use_true_random=False)


class Case(NamedTuple):
    """A rule set as its documents and as it is loaded, and records to try it with."""

    documents: list[Document]
    knowledge: Knowledge
    records: list[Record]

    def __repr__(self) -> str:
        """Few words: `agreement.in_words` tells a case better."""
        return f"a rule set and {len(self.records)} records"


def case(random: Random, records: int) -> Case:
    documents = random_rules.rule_set(random)
    knowledge = knowledge_of(documents)
    words = random_records.vocabulary(knowledge)
    return Case(
        documents, knowledge, [random_records.record(random, words) for _ in range(records)]
    )


def numbered_case(number: int, records: int) -> Case:
    """The same case for the same number, on every run."""
    return case(Random(number), records)  # noqa: S311 (nothing here is secret)


def cases(records: int) -> st.SearchStrategy[Case]:
    """Random rule sets, each with so many random records."""
    return CHANCE.map(lambda random: case(random, records))


def records(knowledge: Knowledge, count: int) -> st.SearchStrategy[Case]:
    """Random records for a rule set that is there, about what a few of its links ask."""
    words = random_records.vocabulary(knowledge)

    def draw(random: Random) -> Case:
        focus = random_records.focused(random, words)
        return Case([], knowledge, [random_records.record(random, focus) for _ in range(count)])

    return CHANCE.map(draw)
