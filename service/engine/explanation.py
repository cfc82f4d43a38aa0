"""Why not: each link of a cause walked once more, condition by condition, with plain code.

It rests on the leaves' own questions and on nothing that was joined before, so that what it says
holds can be held against what the engine fired.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from msgspec import structs

from service.engine.causes import Named, name
from service.engine.conditions import question_of_draw
from service.engine.conjunctions import Draw
from service.engine.criteria import Criterions
from service.engine.holding import Held
from service.engine.laboratory import Laboratory
from service.engine.rulebook import CompiledLink
from service.engine.situation import Situation
from service.knowledge.agents import agent_of
from service.knowledge.language import Condition
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_span, parse_whole
from service.record import STRENGTHS, Criteria, Criterion, Explanation, NearLink


class Distance(NamedTuple):
    """How far conditions are from holding, the nearest first: how many leaves do not hold, of
    these how many for want of anything on file, how many that are open, and how far off the rest.
    """

    unmet: int = 0
    absent: int = 0
    undecided: int = 0
    gap: Fraction = Fraction(0)

    def plus(self, other: "Distance") -> "Distance":
        return Distance(
            self.unmet + other.unmet,
            self.absent + other.absent,
            self.undecided + other.undecided,
            self.gap + other.gap,
        )


#: Leaves that hold together.
_Way = tuple[Condition, ...]


class _Walked(NamedTuple):
    """Conditions that were walked: how they stand, how far off, and the ways in which they hold."""

    when: Criterion | Criteria
    distance: Distance
    ways: tuple[_Way, ...]


class Near(NamedTuple):
    """A link for a cause, and how far it is from holding."""

    link: NearLink
    distance: Distance


class Explainer:
    """Explains the causes of a rule set, whose links are given."""

    def __init__(
        self, knowledge: Knowledge, laboratory: Laboratory, links: Sequence[CompiledLink]
    ) -> None:
        self._knowledge = knowledge
        self._criterions = Criterions(knowledge, laboratory)
        self._suppressing = [each for each in links if not each.effect]
        self._links: dict[str, list[CompiledLink]] = {cause: [] for cause in knowledge.causes}
        for compiled in links:
            for cause in compiled.causes:
                self._links.setdefault(cause, []).append(compiled)

    def explain(
        self,
        situation: Situation,
        named: Mapping[str, Named],
        within: Mapping[str, str],
        cause: str = "",
    ) -> tuple[Explanation, ...]:
        """Named causes first, then the others by how near they came; those of whose nearest link
        nothing that lacks is on file at all come last.

        `named` are the causes before any was told `within` another. With `cause`, that one alone,
        with all of its links.
        """
        walk = _Walk(situation, self._knowledge, self._criterions)
        explained = [
            self._explain(walk, each, named.get(each), within.get(each, ""), full=bool(cause))
            for each in ([cause] if cause else sorted(self._knowledge.causes))
        ]
        ordered = sorted(explained, key=lambda each: (each[0], each[1].cause))
        return tuple(explanation for _, explanation in ordered)

    def _explain(
        self, walk: "_Walk", cause: str, own: Named | None, within: str, *, full: bool
    ) -> tuple[tuple[object, ...], Explanation]:
        links = self._links[cause]
        near: list[Near] = []
        if full or own or not self._is_without_its_medicine(walk, cause):
            gone = self._gone(walk, cause)
            near = sorted((walk.near(each, gone) for each in links), key=_order)
        if not full:
            near = self._would_change(own, near) if own else _would_name(near)[:1]
        explanation = Explanation(
            cause=cause,
            name=self._knowledge.causes[cause].name,
            strength=own.strength if own else None,
            within=self._knowledge.causes[within].name if within else "",
            links=tuple(each.link for each in near),
            links_in_all=len(links),
        )
        first = near[0].distance if near else Distance()
        untouched = 0 < first.unmet == first.absent
        return (not own, bool(within), not near, untouched, first), explanation

    def _is_without_its_medicine(self, walk: "_Walk", cause: str) -> bool:
        agent = agent_of(cause, self._knowledge.medicines)
        known = (treatment.medicine for treatment in walk.situation.record.treatments)
        return bool(agent) and agent not in known

    def _gone(self, walk: "_Walk", cause: str) -> dict[str, str]:
        """The findings that do not count for a cause, and the links that set them aside."""
        return {
            each.link.suppress: each.link.link
            for each in self._suppressing
            if each.link.status == "active"
            and (not each.causes or cause in each.causes)
            and walk.walk(each.link.when, {}).ways
        }

    def _would_change(self, own: Named, near: Sequence[Near]) -> list[Near]:
        """Of links that nearly hold, the nearest that would raise a cause, and that would lower it.

        Nearly: all but one leaf holds, and something on file speaks to that one, which may change,
        as age and sex do not.
        """
        found: dict[bool, Near] = {}
        for each in near:
            if (
                each.distance.unmet == 1
                and not each.distance.absent
                and not each.link.shadow
                and any(lack.about or lack.standing != "short" for lack in _lacks(each.link.when))
            ):
                after = STRENGTHS.index(self._with(own, each.link))
                before = STRENGTHS.index(own.strength)
                if after != before:
                    found.setdefault(after > before, each)
        return [found[raised] for raised in (True, False) if raised in found]

    def _with(self, own: Named, link: NearLink) -> str:
        """How strong a cause would be if a link held, too."""
        for compiled in self._links[own.cause]:
            if compiled.link.link == link.link and compiled.effect:
                held = Held(compiled, compiled.effect, (), ())
                named = name(self._knowledge.causes[own.cause], [*own.held, held], sign=False)
                return named.strength if named else own.strength
        return own.strength


def _lacks(when: Criterion | Criteria) -> Iterator[Criterion]:
    """The conditions inside one that do not hold."""
    if isinstance(when, Criteria):
        for part in when.parts:
            yield from _lacks(part)
    elif when.standing != "held":
        yield when


def _would_name(near: Iterable[Near]) -> list[Near]:
    return [each for each in near if each.link.effect == "supports" and not each.link.shadow]


def _order(near: Near) -> tuple[object, ...]:
    link = near.link
    strength = STRENGTHS.index(link.strength) if link.strength else -1
    return link.shadow, near.distance, -strength, link.link


class _Walk:
    """Conditions walked for one situation, each leaf asked once."""

    def __init__(self, situation: Situation, knowledge: Knowledge, criterions: Criterions) -> None:
        self.situation = situation
        self._states = knowledge.states
        self._criterions = criterions
        self._asked: dict[Condition, Criterion] = {}

    def near(self, compiled: CompiledLink, gone: Mapping[str, str]) -> Near:
        """How a link stands where these findings do not count."""
        link = compiled.link
        # What a link says that suppresses is judged before anything is suppressed.
        walked = self.walk(link.when, gone if compiled.effect else {})
        effect: Literal["supports", "strengthens", "against", "suppresses"]
        effect = compiled.effect or "suppresses"
        near = NearLink(
            link=link.link,
            version=link.version,
            held=bool(walked.ways),
            effect=effect,
            when=walked.when,
            strength=link.strength,
            steps=link.strengthens or link.against,
            suppress=link.suppress,
            shadow=link.status == "shadow",
        )
        return Near(near, walked.distance)

    def walk(self, condition: Condition, gone: Mapping[str, str]) -> _Walked:
        if condition.state:
            state = self._states[condition.state]
            walked = self.walk(state.when, gone)
            if isinstance(walked.when, Criteria):
                return walked._replace(when=structs.replace(walked.when, name=state.name))
            return walked
        if condition.all:
            return self._join(condition, condition.all, len(condition.all), gone)
        if condition.any:
            return self._join(condition, condition.any, 1, gone)
        if condition.of:
            return self._join(condition, condition.of, parse_whole(condition.at_least), gone)
        return self._leaf(condition, gone)

    def _join(
        self,
        condition: Condition,
        parts: Sequence[Condition],
        least: int,
        gone: Mapping[str, str],
    ) -> _Walked:
        walked = [self.walk(part, gone) for part in parts]
        ways = tuple(
            tuple(dict.fromkeys(itertools.chain.from_iterable(way)))
            for some in itertools.combinations([each.ways for each in walked if each.ways], least)
            for way in itertools.product(*some)
        )
        why = ""
        distance = Distance()
        for each in sorted(each.distance for each in walked)[:least]:
            distance = distance.plus(each)
        if condition.same_draw and ways:
            ways = tuple(way for way in ways if self._is_one_draw(way, condition.same_draw))
            if not ways:
                why = f"the results were not drawn within {condition.same_draw} of each other"
                distance = Distance(1, 0, 0, Fraction(1))
        told = tuple(each.when for each in walked)
        return _Walked(Criteria(bool(ways), least, told, "", why), distance, ways)

    def _is_one_draw(self, way: _Way, span: str) -> bool:
        drawn = tuple(leaf for leaf in way if leaf.finding or leaf.normal)
        if not drawn:
            return True
        ask = question_of_draw(Draw(parse_span(span), drawn), map(self._criterions.question, drawn))
        return ask(self.situation) is not None

    def _leaf(self, leaf: Condition, gone: Mapping[str, str]) -> _Walked:
        if leaf not in self._asked:
            self._asked[leaf] = self._criterions.ask(leaf, self.situation)
        told = self._asked[leaf]
        if told.standing != "held":
            standing = told.standing
            far = Distance(1, standing == "absent", standing == "undecided", told.gap)
            return _Walked(told, far, ())
        if leaf.finding in gone:
            why = f"does not count, by the rule {gone[leaf.finding]}"
            told = structs.replace(told, standing="suppressed", why=why)
            return _Walked(told, Distance(1), ())
        return _Walked(told, Distance(), ((leaf,),))
