"""The leaves of conditions: what each asks of a record, and the evidence that answers it.

A leaf that can be said as one fact is joined by durable-rules. One that needs time or
counting is judged here alone, and durable-rules is told that it holds.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from service.engine.conjunctions import Draw
from service.engine.grading import is_readable
from service.engine.laboratory import Laboratory, Showing
from service.engine.linking import Pattern
from service.engine.sheets import rank_of
from service.engine.situation import Situation
from service.knowledge.language import Condition
from service.knowledge.model import Knowledge
from service.knowledge.quantities import (
    Window,
    parse_age,
    parse_count,
    parse_span,
    parse_started,
    parse_stopped,
    parse_worst,
)
from service.record import Evidence, Finding, Moment, Normal, Result, Treatment

#: The body gets used to no medicine in less time than this.
_SHORT_COURSE = timedelta(days=3)

#: What makes a leaf hold, () for one that has no evidence to show; None where it does not hold.
Answer = tuple[Evidence, ...] | None
#: A leaf or a draw, ready to be asked of any situation.
Question = Callable[[Situation], Answer]


def pattern_of(leaf: Condition, knowledge: Knowledge) -> Pattern | None:
    """The one fact that says a leaf; None where it must be judged."""
    if leaf.finding and not (leaf.within or leaf.older_than or leaf.worst_within):
        return Pattern("finding", leaf.finding, _least(leaf, knowledge))
    if leaf.normal and not leaf.within:
        return Pattern("normal", leaf.normal)
    if leaf.problem and not (leaf.including or leaf.began):
        return Pattern("problem", leaf.problem)
    if leaf.treatment and not (leaf.within or leaf.started or leaf.stopped):
        return Pattern("treatment", leaf.treatment)
    return None


def word_of(leaf: Condition, knowledge: Knowledge) -> str:
    """What a leaf cannot do without: a finding, problem, medicine or group, or what is measured.

    "" for a leaf that asks for none of them, such as one about age.
    """
    if leaf.worst_within:
        return knowledge.findings[leaf.finding].analyte
    if leaf.count_distinct:
        return parse_count(leaf.count_distinct).group
    return leaf.finding or leaf.normal or leaf.problem or leaf.treatment or leaf.analyte


def question_of(leaf: Condition, knowledge: Knowledge, laboratory: Laboratory) -> Question:
    """A leaf, ready to be asked."""
    if leaf.finding:
        if leaf.worst_within:
            return _worst(leaf, knowledge, laboratory)
        return _finding(leaf, knowledge)
    if leaf.normal:
        return _normal(leaf)
    if leaf.problem:
        return _problem(leaf)
    if leaf.treatment:
        return _stopped(leaf) if leaf.stopped else _treatment(leaf)
    if leaf.count_distinct:
        return _count(leaf)
    return _without_evidence(leaf)


def question_of_draw(draw: Draw, questions: Iterable[Question]) -> Question:
    """Whether the results of a draw, whose leaves' questions are given, lie close together."""
    asked = tuple(questions)

    def ask(situation: Situation) -> Answer:
        pieces = [piece for question in asked for piece in question(situation) or ()]
        moments = (piece.result.moment for piece in pieces if isinstance(piece, Finding | Normal))
        dated = [moment for moment in moments if moment]
        if len(dated) < len(asked):
            return None
        first = min(moment.latest for moment in dated)
        return () if max(moment.earliest for moment in dated) - first <= draw.span else None

    return ask


def _least(leaf: Condition, knowledge: Knowledge) -> int:
    return rank_of(knowledge.findings[leaf.finding], leaf.at_least)


def _finding(leaf: Condition, knowledge: Knowledge) -> Question:
    least = _least(leaf, knowledge)
    within = parse_span(leaf.within) if leaf.within else None
    older = parse_span(leaf.older_than) if leaf.older_than else None

    def ask(situation: Situation) -> Answer:
        found = situation.showing.findings.get(leaf.finding)
        if not found or found.rank < least or not _is_within(found.result, within, situation):
            return None
        if older and (not found.result.moment or _is_within(found.result, older, situation)):
            return None
        return (found,)

    return ask


def _normal(leaf: Condition) -> Question:
    within = parse_span(leaf.within) if leaf.within else None

    def ask(situation: Situation) -> Answer:
        found = situation.showing.normals.get(leaf.normal)
        if not found or not _is_within(found.result, within, situation):
            return None
        return (found,)

    return ask


def _is_within(result: Result, within: timedelta | None, situation: Situation) -> bool:
    if within is None:
        return True
    return result.moment is not None and result.moment.latest >= situation.now - within


def _worst(leaf: Condition, knowledge: Knowledge, laboratory: Laboratory) -> Question:
    """The worst of the results of a time, each graded by itself, whatever the newest one shows."""
    least = _least(leaf, knowledge)
    analyte = knowledge.findings[leaf.finding].analyte
    worst = parse_worst(leaf.worst_within)

    def windows(situation: Situation) -> list[tuple[datetime, datetime]]:
        if worst.anchor == "now":
            return [(situation.now - worst.span, situation.now)]
        return [(sign.earliest - worst.span, sign.latest + worst.span) for sign in situation.signs]

    def shown(result: Result, showing: Showing) -> Iterable[Finding]:
        # The result that decides has more to say of itself: what conflicts with it, for one.
        if result is showing.chosen.get(analyte):
            return showing.findings.values()
        return laboratory.shown(result, showing)

    def order(finding: Finding, moment: Moment, situation: Situation) -> tuple[object, ...]:
        source = finding.result.source
        age = (situation.now - moment.latest, situation.now - moment.earliest)
        return -finding.rank, *age, source.reference, source.expression

    def ask(situation: Situation) -> Answer:
        if worst.anchor == "sign" and not situation.signs:
            return None
        showing = situation.showing
        found = [
            (finding, moment)
            for since, until in windows(situation)
            for result in showing.past.get(analyte, ())
            if (moment := result.moment) and moment.latest >= since and moment.earliest <= until
            if is_readable(result)
            for finding in shown(result, showing)
            if finding.finding == leaf.finding and finding.rank >= least
        ]
        if not found:
            return None
        best, _ = min(found, key=lambda each: order(each[0], each[1], situation))
        return (best,)

    return ask


def _problem(leaf: Condition) -> Question:
    past, unconfirmed = "past" in leaf.including, "unconfirmed" in leaf.including
    began = parse_stopped(leaf.began) if leaf.began else None

    def ask(situation: Situation) -> Answer:
        known = situation.problems.get(leaf.problem, ())
        found = [p for p in known if (p.active or past) and (p.confirmed or unconfirmed)]
        if began:
            found = [p for p in found if _is_in(began, p.onset or p.recorded, situation)]
        return tuple(found) or None

    return ask


def _treatment(leaf: Condition) -> Question:
    within = parse_span(leaf.within) if leaf.within else None
    started = parse_started(leaf.started) if leaf.started else None

    def is_taken(treatment: Treatment, span: timedelta, situation: Situation) -> bool:
        since, start, end = situation.now - span, treatment.start, treatment.end
        if treatment.current or (end and end.latest >= since):
            return True
        return not end and start is not None and start.latest >= since

    def ask(situation: Situation) -> Answer:
        if within is None:
            found = situation.taken.get(leaf.treatment, [])
        else:
            known = situation.treatments.get(leaf.treatment, ())
            found = [each for each in known if is_taken(each, within, situation)]
        if started:
            found = [each for each in found if _is_begun(started, each, situation)]
        return tuple(found) or None

    return ask


def _is_begun(window: Window, treatment: Treatment, situation: Situation) -> bool:
    """Whether a medicine was begun in a window.

    Which came first is unknown without a start, and also where all signs are without a date.
    Orders are renewed: one after the sign says nothing where another record of the same
    medicine says, or leaves open, that it was taken before; a first one before the sign says
    nothing where one from before the window may have gone on, unless it raises the dose.
    """
    if window.side == "unknown":
        return treatment.start is None or situation.signs_undated
    if window.first:
        if "dose-raised" in treatment.marks:
            return _is_in(window, treatment.start, situation)
        others = situation.treatments[treatment.medicine]
        return any(
            _is_in(window, treatment.start, situation, (anchor,))
            and not any(_precedes(other, anchor.earliest - window.span, window) for other in others)
            for anchor in _anchors(window, situation)
        )
    if window.side == "before":
        return _is_in(window, treatment.start, situation)
    starts = [each.start for each in situation.treatments[treatment.medicine]]
    return all(starts) and any(
        _is_in(window, treatment.start, situation, (sign,))
        and all(start and start.latest >= sign.earliest for start in starts)
        for sign in situation.signs
    )


def _precedes(treatment: Treatment, opening: datetime, window: Window) -> bool:
    """Whether a treatment surely began before a window opens and may have gone on to it.

    Doses are charted one by one, and orders lapse before they are renewed: one that ended no
    longer before the window than the window itself lasts is still the same treatment.
    """
    if not treatment.start or treatment.start.latest >= opening:
        return False
    return treatment.end is None or treatment.end.latest >= opening - window.span


def _stopped(leaf: Condition) -> Question:
    window = parse_stopped(leaf.stopped)

    def ask(situation: Situation) -> Answer:
        known = situation.treatments.get(leaf.treatment, ())
        return (
            tuple(
                each
                for each in known
                if _is_in(window, each.end, situation) and _is_stopped(each, situation)
            )
            or None
        )

    return ask


def _is_stopped(treatment: Treatment, situation: Situation) -> bool:
    """Whether a medicine was no longer taken after the end of a record that has one.

    An end that lies ahead has not happened, what was given once or for a day or two is not
    withdrawn, and where another order goes on, the medicine does.
    """
    end = treatment.end
    if not end or end.earliest > situation.now or end == treatment.start:
        return False
    orders = situation.treatments[treatment.medicine]
    if all(each.start and end.latest - each.start.earliest < _SHORT_COURSE for each in orders):
        return False
    return not any(
        (other.start is None or other.start.earliest <= end.latest)
        and (other.current or (other.end is not None and other.end.earliest > end.latest))
        for other in situation.treatments[treatment.medicine]
        if other is not treatment
    )


def _is_in(
    window: Window,
    moment: Moment | None,
    situation: Situation,
    anchors: tuple[Moment, ...] | None = None,
) -> bool:
    """Whether something happened in the window around one of the signs, or before now."""
    if not moment:
        return False
    if anchors is None:
        anchors = _anchors(window, situation)
    if window.side == "before":
        return any(
            moment.latest >= anchor.earliest - window.span and moment.earliest <= anchor.latest
            for anchor in anchors
        )
    return any(
        moment.latest >= anchor.earliest and moment.earliest <= anchor.latest + window.span
        for anchor in anchors
    )


def _anchors(window: Window, situation: Situation) -> tuple[Moment, ...]:
    if window.anchor == "sign":
        return situation.signs
    return (Moment("", situation.now, situation.now),)


def _count(leaf: Condition) -> Question:
    count = parse_count(leaf.count_distinct)

    def ask(situation: Situation) -> Answer:
        found = situation.taken.get(count.group, [])
        return tuple(found) if len({t.medicine for t in found}) >= count.least else None

    return ask


def _without_evidence(leaf: Condition) -> Question:
    """Age, sex, the quality of a specimen, and what was not measured: they hold or do not."""
    band = parse_age(leaf.age) if leaf.age else None

    def holds(situation: Situation) -> bool:
        showing = situation.showing
        if band:
            return showing.person.age_known and band.holds(showing.person.days)
        if leaf.sex:
            return showing.person.sex == leaf.sex
        if leaf.quality:
            chosen = showing.chosen.get(leaf.analyte)
            return chosen is not None and leaf.quality in chosen.marks
        return not showing.counting.get(leaf.not_measured)

    return lambda situation: () if holds(situation) else None
