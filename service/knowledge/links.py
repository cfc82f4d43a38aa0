"""What is wrong with a link: its conditions, what it does, which causes it knows, its tests."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from service.knowledge.agents import FAMILY, causes_of
from service.knowledge.cases import check_test
from service.knowledge.conditions import check_condition, check_size, leaves
from service.knowledge.faults import Complaint, Fault, Path
from service.knowledge.language import Expected, Link
from service.knowledge.model import Knowledge
from service.knowledge.shapes import Placed

#: What a link may do; it does exactly one of them.
EFFECTS = ("strength", "against", "strengthens", "suppress")
#: Two steps lead from strong to weak.
_MOST_STEPS = 2


def check_link(knowledge: Knowledge, link: Link) -> Iterator[Complaint]:
    """What is wrong with a link by itself and with what it names."""
    yield from check_condition(knowledge, link.when, ("when",))
    for i, remark in enumerate(link.remarks):
        yield from check_condition(knowledge, remark.when, ("remarks", i, "when"), remark=True)
    if link.version < 1:
        yield ("version",), "versions begin with 1"
    yield from _check_effect(knowledge, link)
    yield from _check_causes(knowledge, link)
    yield from _check_relations(knowledge, link)
    yield from check_next(knowledge, link.check_next, ("check_next",))
    yield from _check_tests(knowledge, link)


def check_next(knowledge: Knowledge, named: Sequence[str], path: Path) -> Iterator[Complaint]:
    """Tests to do next are ids or plain text; what looks like an id must be one."""
    for i, text in enumerate(named):
        if "_" in text and text not in knowledge.analytes and text not in knowledge.derived:
            yield (*path, i), f'there is no analyte or derived value "{text}"'


def _check_effect(knowledge: Knowledge, link: Link) -> Iterator[Complaint]:
    effects = [field for field in EFFECTS if getattr(link, field)]
    if len(effects) != 1:
        found = " and ".join(effects) or "none"
        yield (), f"does exactly one of {', '.join(EFFECTS)}, and here it is {found}"
    if link.suppress and link.suppress not in knowledge.findings:
        yield ("suppress",), f'there is no finding "{link.suppress}"'
    for field in ("against", "strengthens"):
        if getattr(link, field) > _MOST_STEPS:
            yield (field,), f"is a number of steps from 1 to {_MOST_STEPS}"


def _check_causes(knowledge: Knowledge, link: Link) -> Iterator[Complaint]:
    causes = causes_of(link)
    for i, cause in enumerate(causes):
        if cause not in knowledge.causes and cause != FAMILY:
            path: Path = ("cause",) if isinstance(link.cause, str) else ("cause", i)
            yield path, f'there is no cause "{cause}"'
    if link.strength and len(causes) != 1:
        yield ("cause",), "a link with a strength names exactly one cause"
    elif not causes and not link.suppress:
        yield ("cause",), "is missing"


def _check_relations(knowledge: Knowledge, link: Link) -> Iterator[Complaint]:
    named: list[tuple[Path, str]] = [
        (("upstream_of", i), cause) for i, cause in enumerate(link.upstream_of)
    ]
    if link.subsumed_by:
        named.append((("subsumed_by",), link.subsumed_by))
    for path, cause in named:
        if not link.strength:
            yield path, "is for links with a strength"
        elif cause not in knowledge.causes:
            yield path, f'there is no cause "{cause}"'
        elif cause in causes_of(link):
            yield path, "is the cause of this very link"


def _check_tests(knowledge: Knowledge, link: Link) -> Iterator[Complaint]:
    names = [link.link]
    if FAMILY in causes_of(link):
        names += [f"{link.link}/{agent}" for agent in knowledge.medicines]
    copies = [knowledge.links[name] for name in names if name in knowledge.links]
    causes = {cause for each in copies for cause in causes_of(each)} or knowledge.causes.keys()
    for i, test in enumerate(link.tests):
        for path, text in check_test(test, knowledge):
            yield ("tests", i, *path), text
        if isinstance(test.expect, Expected):
            if test.expect.cause not in causes:
                yield ("tests", i, "expect", "cause"), "is not a cause of this link"
        elif test.expect == "suppressed" and link.suppress:
            continue
        elif test.expect not in ("none", "indeterminate"):
            other = "suppressed" if link.suppress else "a cause with its strength"
            yield ("tests", i, "expect"), f"is none, indeterminate, or {other}"


def check_circles(knowledge: Knowledge, placed: Sequence[Placed]) -> Iterator[Fault]:
    """States that need themselves, and causes that are told within themselves."""
    states = {
        name: {leaf.state for leaf in leaves(state.when) if leaf.state}
        for name, state in knowledge.states.items()
    }
    if circle := _circle(states):
        for place in placed:
            if place.kind == "state" and place.id in circle:
                yield place.fault(("when",), f"needs itself: {', '.join(circle)}")
    absorbed: dict[str, set[str]] = {cause: set() for cause in knowledge.causes}
    for link in knowledge.links.values():
        for cause in causes_of(link):
            if cause in absorbed:
                absorbed[cause] |= {link.subsumed_by} - {cause}
    if circle := _circle(absorbed):
        for place in placed:
            if getattr(place.document, "subsumed_by", "") in circle:
                yield place.fault(("subsumed_by",), f"goes round in a circle: {', '.join(circle)}")


def check_sizes(knowledge: Knowledge, placed: Sequence[Placed]) -> Iterator[Fault]:
    """Links whose conditions are too large; all conditions must be sound otherwise."""
    for place in placed:
        if isinstance(place.document, Link) and (
            text := check_size(place.document.when, knowledge.states)
        ):
            yield place.fault(("when",), text)


def _circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
