"""Causes and links of medicines: written once for `drug-{agent}`, expanded to one for each agent.

A link to `drug-{agent}` names the medicines that it is about by its `treatment`
conditions. In each copy these are narrowed to one agent, its id is "LINK/agent", its cause
"drug-agent", `{name}` in its texts is the medicine's name, and the medicine's references
stand behind its own.
"""

from collections.abc import Iterable, Mapping

import msgspec

from service.knowledge.language import (
    CauseRule,
    Condition,
    Expected,
    Link,
    MedicineRule,
    Remark,
    RuleTest,
)

FAMILY = "drug-{agent}"
_PREFIX = "drug-"

Groups = Mapping[str, tuple[str, ...]]


def agent_of(cause: str, medicines: Mapping[str, MedicineRule]) -> str:
    """The medicine that a cause of the drug family is about, "" for any other cause."""
    agent = cause.removeprefix(_PREFIX)
    return agent if agent != cause and agent in medicines else ""


def causes_of(link: Link) -> tuple[str, ...]:
    """The causes that a link speaks of; none for one that suppresses a finding everywhere."""
    if isinstance(link.cause, str):
        return (link.cause,) if link.cause else ()
    return link.cause


def expand_link(link: Link, medicines: Mapping[str, MedicineRule], groups: Groups) -> list[Link]:
    """One link for each agent; ValueError says why it cannot be told which agents are meant.

    Links of other causes are returned as they are, and so is one that merely lowers or
    raises all medicines without naming any: its cause stays the family.
    """
    causes = causes_of(link)
    if FAMILY not in causes:
        return [link]
    if len(causes) > 1:
        raise ValueError(f"{FAMILY} stands alone; write another link for the other causes")
    words = agent_words(link.when)
    if not words and not link.strength:
        return [link]
    if not words:
        raise ValueError(f"a link that names {FAMILY} needs a treatment condition")
    agents = frozenset(agent for word in words for agent in groups.get(word, (word,)))
    return [
        _for_agent(link, agents, medicines[agent], groups)
        for agent in sorted(agents & medicines.keys())
    ]


def agent_words(condition: Condition) -> frozenset[str]:
    """The ids and groups of which one is the agent wherever the condition holds."""
    if condition.treatment:
        return frozenset({condition.treatment})
    if condition.any:
        branches = [agent_words(branch) for branch in condition.any]
        if any(branches) and not all(branches):
            raise ValueError("each branch of this `any` must name a treatment, or none of them")
        return frozenset[str]().union(*branches)
    if condition.all:
        branches = [words for words in map(agent_words, condition.all) if words]
        if any(words != branches[0] for words in branches):
            raise ValueError("two different treatments are named; which of them is the cause?")
        return branches[0] if branches else frozenset()
    if any(agent_words(part) for part in condition.of):
        raise ValueError("a treatment in `of` may be missing; it cannot say which is the cause")
    return frozenset()


def _for_agent(link: Link, agents: frozenset[str], medicine: MedicineRule, groups: Groups) -> Link:
    agent, name = medicine.medicine, medicine.name
    words = agent_words(link.when)
    mine = frozenset(word for word in words if agent in groups.get(word, (word,)))
    return msgspec.structs.replace(
        link,
        link=f"{link.link}/{agent}",
        cause=_PREFIX + agent,
        when=_narrow(link.when, agent, mine, words - mine),
        because=fill(link.because, name),
        references=tuple(dict.fromkeys((*link.references, *medicine.references))),
        speaks_against=fill(link.speaks_against, name),
        check_next=tuple(fill(check, name) for check in link.check_next),
        remarks=tuple(
            Remark(_narrow(remark.when, agent, mine), fill(remark.say, name))
            for remark in link.remarks
        ),
        tests=tuple(test for test in link.tests if _is_about(test, agent, agents)),
    )


def _narrow(
    condition: Condition, agent: str, mine: frozenset[str], others: frozenset[str] = frozenset()
) -> Condition:
    """The condition for one agent: its words `mine` name it; branches with only `others` go."""
    if condition.treatment in mine:
        return msgspec.structs.replace(condition, treatment=agent)
    return msgspec.structs.replace(
        condition,
        all=tuple(_narrow(part, agent, mine, others) for part in condition.all),
        of=tuple(_narrow(part, agent, mine, others) for part in condition.of),
        any=tuple(
            _narrow(part, agent, mine, others)
            for part in condition.any
            if not others or not (words := agent_words(part)) or words - others
        ),
    )


def _is_about(test: RuleTest, agent: str, agents: frozenset[str]) -> bool:
    """Whether a test of a family link tries the copy of this agent.

    One that fires tries the agent of its cause; one that does not tries the agents of the
    link that it gives, or every one where it gives none of them.
    """
    if isinstance(test.expect, Expected):
        return test.expect.cause == _PREFIX + agent
    given = test.given.get("treatments", [])
    texts = [given] if isinstance(given, str) else given
    named = {text.partition(",")[0] for text in texts} & agents
    return not named or agent in named


def fill(text: str, name: str) -> str:
    """A text of the family with the medicine's name in it, capitalized where it begins the text."""
    filled = text.replace("{name}", name)
    return filled[:1].upper() + filled[1:] if text.startswith("{name}") else filled


def expand_causes(
    causes: Mapping[str, CauseRule], links: Iterable[Link], medicines: Mapping[str, MedicineRule]
) -> dict[str, CauseRule]:
    """The causes by id, those of the drug family one for each agent that a link names.

    A medicine that has a cause document of its own keeps it.
    """
    expanded = {cause: rule for cause, rule in causes.items() if cause != FAMILY}
    if family := causes.get(FAMILY):
        for cause in sorted({cause for link in links for cause in causes_of(link)}):
            if cause not in expanded and (agent := agent_of(cause, medicines)):
                name = medicines[agent].name
                expanded[cause] = msgspec.structs.replace(
                    family,
                    cause=cause,
                    name=fill(family.name, name),
                    mechanism=fill(family.mechanism, name),
                    evidence=medicines[agent].evidence or family.evidence,
                    myoclonus=fill(family.myoclonus, name),
                    confirm=tuple(fill(check, name) for check in family.confirm),
                    note=fill(family.note, name),
                )
    return expanded


def expand_family(link: Link, causes: Iterable[str], medicines: Mapping[str, MedicineRule]) -> Link:
    """A link that speaks of all medicines at once, with each of their causes spelled out."""
    if FAMILY not in causes_of(link):
        return link
    return msgspec.structs.replace(
        link, cause=tuple(cause for cause in causes if agent_of(cause, medicines))
    )
