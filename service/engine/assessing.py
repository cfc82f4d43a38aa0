"""From the links that hold to the assessment: causes, most pressing first, each told once."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from msgspec import Struct

from service.engine.causes import Named, name, roots
from service.engine.evidence import Shelf, gather
from service.engine.holding import Held, Holding
from service.engine.rulebook import CompiledLink
from service.engine.sheets import subjects
from service.engine.situation import Situation
from service.knowledge.agents import agent_of
from service.knowledge.language import KINDS
from service.knowledge.model import Knowledge
from service.record import (
    PRIORITIES,
    STRENGTHS,
    Assessment,
    Cause,
    Check,
    Finding,
    FiredLink,
    Issue,
)


class _Asked(Struct, frozen=True):
    """Checks as if none were on file; of those that results answer, their places and of what."""

    checks: list[Check]
    measured: list[tuple[int, list[str]]]


class Assessor:
    """Makes assessments of the links that hold, by a rule set."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        # What causes and links ask for is the same for every patient.
        self._asked = lru_cache(maxsize=1024)(partial(_asked, knowledge))

    def name(self, situation: Situation, holding: Holding) -> dict[str, Named]:
        """The causes that links name in a situation, each by itself."""
        named = (
            name(self._knowledge.causes[cause], held, sign=bool(situation.sign))
            for cause, held in sorted(holding.by_cause.items())
        )
        return {each.cause: each for each in named if each}

    def assess(
        self, situation: Situation, holding: Holding, named: Mapping[str, Named]
    ) -> Assessment:
        """The assessment of a situation in which these links hold and name these causes."""
        record, showing = situation.record, situation.showing
        root = roots(named)
        upstream = _upstream(named, root)
        causes = [
            self._cause(situation, holding.shelf, named, root, upstream, cause)
            for cause in named
            if root[cause] == cause
        ]
        findings = gather(showing.findings.values())
        issues = [
            *(self._suppressed(situation, compiled) for compiled in holding.suppressing),
            *self._absorbed(situation, root),
        ]
        return Assessment(
            patient=record.patient,
            moment=record.moment,
            tally=record.tally,
            causes=tuple(sorted(causes, key=self._order)),
            findings=tuple(piece for piece in findings if isinstance(piece, Finding)),
            shadow=tuple(holding.shadow),
            issues=(*showing.issues, *issues),
        )

    def _cause(
        self,
        situation: Situation,
        shelf: Shelf,
        named: Mapping[str, Named],
        root: Mapping[str, str],
        upstream: Mapping[str, set[str]],
        cause: str,
    ) -> Cause:
        rule, own = self._knowledge.causes[cause], named[cause]
        absorbed = [other for other in named if root[other] == cause != other]
        told, held = [own], own.held
        if absorbed:
            told += [named[other] for other in absorbed]
            # A link may speak of both: what it says of the cause itself comes first, and stands.
            by_link: dict[str, Held] = {}
            for each in (each for one in told for each in one.held):
                by_link.setdefault(each.compiled.link.link, each)
            held = tuple(by_link.values())
        return Cause(
            cause=cause,
            name=rule.name,
            strength=own.strength,
            priority=max((one.priority for one in told), key=PRIORITIES.index),
            links=tuple(map(_fired, held)),
            evidence=shelf.gather(
                set().union(*[each.names for one in told for each in one.supporting])
            ),
            agent=agent_of(cause, self._knowledge.medicines),
            sign=situation.sign,
            remarks=tuple(dict.fromkeys(remark for each in held for remark in each.remarks)),
            check_next=self._checks(situation, cause, held),
            downstream_of=tuple(sorted(upstream.get(cause, ()))),
            absorbed=tuple(absorbed),
        )

    def _checks(self, situation: Situation, cause: str, held: Sequence[Held]) -> tuple[Check, ...]:
        counting = situation.showing.counting
        asked = self._asked(cause, tuple([each.compiled.link.link for each in held]))
        checks = asked.checks.copy()
        for place, of in asked.measured:
            if any(map(counting.get, of)):
                checks[place] = Check(checks[place].text, True)
        return tuple(checks)

    def _order(self, cause: Cause) -> tuple[int, int, bool, int, str]:
        return (
            -PRIORITIES.index(cause.priority),
            -STRENGTHS.index(cause.strength),
            bool(cause.downstream_of),
            KINDS.index(self._knowledge.causes[cause.cause].kind),
            cause.cause,
        )

    def _suppressed(self, situation: Situation, compiled: CompiledLink) -> Issue:
        link, record = compiled.link, situation.record
        finding = self._knowledge.findings[link.suppress].name
        whose = " or ".join(self._knowledge.causes[cause].name for cause in compiled.causes)
        shown = situation.showing.findings.get(link.suppress)
        return Issue(
            "information",
            "informational",
            f"{finding}: does not count{f' for {whose}' if whose else ''}, "
            f"by the rule {link.link}: {link.because}",
            (shown.result.source.expression,) if shown else (),
            record.patient.key,
        )

    def _absorbed(self, situation: Situation, root: Mapping[str, str]) -> Iterator[Issue]:
        causes, record = self._knowledge.causes, situation.record
        for cause, into in root.items():
            if into != cause:
                text = f"{causes[cause].name}: told within {causes[into].name}, its likely origin"
                yield Issue("information", "informational", text, (), record.patient.key)


def _asked(knowledge: Knowledge, cause: str, links: tuple[str, ...]) -> _Asked:
    """What a cause and the links that hold for it ask to be checked, each text once."""
    checks = [*knowledge.causes[cause].confirm]
    for link in links:
        checks += knowledge.links[link].check_next
    known = subjects(knowledge)
    by_text: dict[str, list[str]] = {}
    for check in checks:
        text = known[check].name if check in known else check
        by_text.setdefault(text, []).extend([check] if check in known else [])
    return _Asked(
        [Check(text, False) for text in by_text],
        [(place, of) for place, of in enumerate(by_text.values()) if of],
    )


def _fired(held: Held) -> FiredLink:
    link = held.compiled.link
    return FiredLink(
        link=link.link,
        version=link.version,
        effect=held.effect,
        because=link.because,
        evidence=held.evidence,
        strength=link.strength,
        steps=link.against or link.strengthens,
    )


def _upstream(named: Mapping[str, Named], root: Mapping[str, str]) -> dict[str, set[str]]:
    """The flagged causes that causes may follow from, by those."""
    upstream: dict[str, set[str]] = {}
    for other, each in named.items():
        for held in each.supporting:
            for cause in held.compiled.link.upstream_of:
                if root[other] != cause:
                    upstream.setdefault(cause, set()).add(root[other])
    return upstream
