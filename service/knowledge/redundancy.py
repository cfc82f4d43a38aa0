"""Links that another link makes redundant: whatever they say of a cause, that one says too."""

from collections.abc import Iterator

from service.knowledge.agents import causes_of
from service.knowledge.conditions import leaves
from service.knowledge.implication import implies
from service.knowledge.language import Condition, Link
from service.knowledge.model import Knowledge
from service.record import STRENGTHS


def redundant(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Each active link that names a cause and can not matter to it, and the one that says as much.

    Of two that say the same the later one is redundant.
    """
    by_cause: dict[str, list[Link]] = {}
    for link in knowledge.links.values():
        if link.strength and link.status == "active":
            for cause in causes_of(link):
                by_cause.setdefault(cause, []).append(link)
    for links in by_cause.values():
        for i, link in enumerate(links):
            for j, other in enumerate(links):
                again = i != j and _says_as_much(knowledge, link, other)
                if again and (i > j or not _says_as_much(knowledge, other, link)):
                    yield link.link, other.link
                    break


def _says_as_much(knowledge: Knowledge, link: Link, other: Link) -> bool:
    """Whether a cause gets from another link all that it gets from one, wherever that holds."""
    if not link.strength or not other.strength:
        return False
    return (
        STRENGTHS.index(other.strength) >= STRENGTHS.index(link.strength)
        and set(causes_of(link)) <= set(causes_of(other))
        and set(link.upstream_of) <= set(other.upstream_of)
        and (not other.subsumed_by or other.subsumed_by == link.subsumed_by)
        and _critical(knowledge, link.when) <= _critical(knowledge, other.when)
        and implies(knowledge, link.when, other.when)
    )


def _critical(knowledge: Knowledge, when: Condition) -> set[str]:
    """The findings of a condition that can raise the priority of a cause by themselves."""
    found: set[str] = set()
    for leaf in leaves(when):
        if leaf.state:
            found |= _critical(knowledge, knowledge.states[leaf.state].when)
        elif leaf.finding and any(
            grade.critical for grade in knowledge.findings[leaf.finding].grades
        ):
            found.add(leaf.finding)
    return found
