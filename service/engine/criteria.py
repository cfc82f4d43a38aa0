"""The leaves of conditions, asked once more: what a record has of each, and how far off it is.

Whether a leaf holds is for its own question. Where it does not, it is asked again without each
small word that narrows it: what it holds without is what fails. What does not hold even so
is told by its word.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from msgspec import structs

from service.engine.choosing import is_older_than_unreadable
from service.engine.conditions import Question, question_of
from service.engine.laboratory import Laboratory
from service.engine.limits import NO_AGE, Person
from service.engine.sheets import rank_of, subjects
from service.engine.shortfall import excess, shortfall
from service.engine.situation import Situation
from service.knowledge.language import Condition
from service.knowledge.model import Knowledge
from service.knowledge.quantities import parse_count
from service.record import Criterion, Evidence, Finding, Moment, Result, Treatment

_UNREADABLE = "may not be the last word: a result as new, or newer, could not be read"

#: What is said of something that is there but for a small word. Of `finding`, `at_least` is told
#: by the limit of the grade.
_NARROWED = {
    "within": "is not of the last {}",
    "older_than": "is not older than {}",
    "began": "did not begin {}",
    "worst_within": "is not of the {}",
    "started": "was not started {}",
    "stopped": "was not stopped {}",
}


class _Asked(NamedTuple):
    """A leaf, and whom it is asked of."""

    leaf: Condition
    situation: Situation
    knowledge: Knowledge
    laboratory: Laboratory


class Criterions:
    """The leaves of a rule set, each made ready when it is first asked."""

    def __init__(self, knowledge: Knowledge, laboratory: Laboratory) -> None:
        self._knowledge = knowledge
        self._laboratory = laboratory
        self._questions: dict[Condition, Question] = {}

    def question(self, leaf: Condition) -> Question:
        """A leaf as the engine asks it."""
        if leaf not in self._questions:
            self._questions[leaf] = question_of(leaf, self._knowledge, self._laboratory)
        return self._questions[leaf]

    def ask(self, leaf: Condition, situation: Situation) -> Criterion:
        """How a leaf stands in a situation, whatever links suppress."""
        asked = _Asked(leaf, situation, self._knowledge, self._laboratory)
        answer = self.question(leaf)(situation)
        if answer is not None:
            return _held(asked, answer)
        for word in ("at_least", *_NARROWED):
            if getattr(leaf, word):
                wider = structs.replace(leaf, **{word: ""})
                if answer := self.question(wider)(situation):
                    return _narrowed(asked, word, answer)
        return _LACKING.get(_word(leaf), _unknown)(asked)


def _word(leaf: Condition) -> str:
    return next((word for word in _LACKING if getattr(leaf, word)), "")


def _held(asked: _Asked, evidence: tuple[Evidence, ...]) -> Criterion:
    leaf = asked.leaf
    if evidence:
        return Criterion("held", "", evidence)
    if leaf.age:
        return Criterion("held", _age(asked.situation.showing.person), (), f"is {leaf.age}")
    if leaf.sex:
        return Criterion("held", "The patient", (), f"is {leaf.sex}")
    if leaf.quality:
        chosen = asked.situation.showing.chosen[leaf.analyte]
        return Criterion("held", "", (chosen,), f"is marked as {leaf.quality}")
    return _unknown(asked)


def _narrowed(asked: _Asked, word: str, there: tuple[Evidence, ...]) -> Criterion:
    """What holds but for one small word."""
    leaf, situation = asked.leaf, asked.situation
    said = getattr(leaf, word)
    if word == "at_least":
        (found,) = (piece for piece in there if isinstance(piece, Finding))
        return _short_of_grade(asked, found.result, found)
    if said == "unknown":
        return Criterion("short", "", there, "is on file with its start")
    if said.endswith(" sign") and not situation.signs:
        return Criterion("short", "", there, "is on file, but no jerks with a date are")
    if word == "started" and not any(isinstance(t, Treatment) and t.start for t in there):
        return Criterion("undecided", "", there, "is on file, but not when it was started")
    return Criterion("short", "", there, _NARROWED[word].format(_in_words(said)))


def _in_words(time: str) -> str:
    """A time as people read it: "24 h of sign" is 24 h of the jerks on file."""
    time = time.replace("first within", "for the first time, or at a higher dose, within")
    anchors = {" sign": " the jerks on file", " of now": ""}
    for anchor, words in anchors.items():
        if time.endswith(anchor):
            time = time.removesuffix(anchor) + words
    return time.replace(" before now", "")


def _unknown(asked: _Asked) -> Criterion:
    said = ((word, getattr(asked.leaf, word)) for word in asked.leaf.__struct_fields__)
    return Criterion("short", " ".join(f"{word} {text}" for word, text in said if text), (), "")


# ---------------------------------------------------------------------------- results


def _no_result(asked: _Asked, subject: str) -> Criterion | None:
    """Why an analyte or derived value has no result that decides; None where it has."""
    showing, rule = asked.situation.showing, subjects(asked.knowledge)[subject]
    if subject in showing.chosen:
        return None
    if showing.counting.get(subject):
        return Criterion("undecided", rule.name, (), "has no result that could be read")
    dated = [(each.moment, each) for each in showing.past.get(subject, ()) if each.moment]
    if dated:
        moment, last = max(dated, key=lambda each: (each[0].latest, each[1].source.expression))
        why = f"is too old: {_ago(asked.situation, moment)}, and the last {rule.lookback} count"
        return Criterion("short", "", (last,), why)
    if subject in showing.counting:
        return Criterion("absent", rule.name, (), "has results to come only")
    return Criterion("absent", rule.name, (), _not_measured(asked, subject))


def _not_measured(asked: _Asked, subject: str) -> str:
    knowledge, showing = asked.knowledge, asked.situation.showing
    known = subjects(knowledge)
    computed = [
        rule for rule in knowledge.derived.values() if subject in {rule.derived, rule.stands_for}
    ]
    if not computed:
        return "was not measured"
    instead = {other for rule in computed for other in rule.unless_measured}
    if there := sorted(
        _inside(known[other].name) for other in instead if showing.counting.get(other)
    ):
        why = f", as {_joined(there)} was measured"
    else:
        needs = {
            need
            for rule in computed
            for need in (
                [rule.change.analyte]
                if rule.change
                else [each.analyte for each in rule.inputs.values()]
            )
        }
        lacking = sorted(_inside(known[need].name) for need in needs if need not in showing.chosen)
        why = f" for want of {_joined(lacking)}" if lacking else " from what is on file"
    if subject in knowledge.derived:
        return f"could not be calculated{why}"
    return f"was not measured and could not be calculated{why}"


def _inside(name: str) -> str:
    """A name inside a sentence: "Total calcium" without its capital, "ALT" with it."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def _joined(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if names[1:] else names[0]


def _lacking_finding(asked: _Asked) -> Criterion:
    leaf, showing = asked.leaf, asked.situation.showing
    subject = asked.knowledge.findings[leaf.finding].analyte
    if lacking := _no_result(asked, subject):
        return lacking
    found = showing.findings.get(leaf.finding)
    result = showing.chosen[subject]
    told = _short_of_grade(asked, result, found)
    if told.standing == "short" and is_older_than_unreadable(result, showing.counting[subject]):
        return Criterion("undecided", "", (result,), _UNREADABLE)
    return told


def _short_of_grade(asked: _Asked, result: Result, found: Finding | None) -> Criterion:
    """A result by the mildest limit of a finding that would do; `found` is what it shows of it."""
    leaf, rule = asked.leaf, asked.knowledge.findings[asked.leaf.finding]
    least = rank_of(rule, leaf.at_least)
    person = asked.situation.showing.person
    judged = asked.laboratory.verdicts(result, person, leaf.finding)
    enough = sorted((each for each in judged if each[0].rank >= least), key=lambda e: e[0].rank)
    if not enough:
        return Criterion("undecided", "", (result,), f"can not be judged: {NO_AGE}")
    # Of several limits one that is left open decides, and of the rest the mildest.
    open_ones = [each for each in enough if each[1].beyond is None]
    limit, verdict = (open_ones or [each for each in enough if not each[1].beyond] or enough)[0]
    if verdict.beyond:
        return Criterion("short", "", (result,), "is not of that time")
    off = shortfall(result, limit, verdict)
    why = off.why
    if found and found.rank < least:
        why += f"; it is {found.grade}, and {leaf.at_least} is needed"
    return Criterion("undecided" if open_ones else "short", "", (result,), why, off.gap)


def _lacking_normal(asked: _Asked) -> Criterion:
    subject, showing = asked.leaf.normal, asked.situation.showing
    if lacking := _no_result(asked, subject):
        return lacking
    result, rules = showing.chosen[subject], asked.knowledge.findings
    for found in showing.findings.values():
        if rules[found.finding].analyte == subject:
            judged = asked.laboratory.verdicts(result, showing.person, found.finding)
            limit, verdict = min(
                (each for each in judged if each[1].beyond), key=lambda each: each[0].rank
            )
            off = excess(result, limit, verdict)
            return Criterion("short", "", (result,), off.why, off.gap)
    if is_older_than_unreadable(result, showing.counting[subject]):
        return Criterion("undecided", "", (result,), _UNREADABLE)
    why = f"is neither normal nor abnormal: {showing.undecided[subject]}"
    return Criterion("undecided", "", (result,), why)


def _lacking_quality(asked: _Asked) -> Criterion:
    subject = asked.leaf.analyte
    if lacking := _no_result(asked, subject):
        return lacking
    chosen = asked.situation.showing.chosen[subject]
    return Criterion("short", "", (chosen,), f"is not marked as {asked.leaf.quality}")


# ------------------------------------------------------------- problems and medicines


def _name(word: str, asked: _Asked) -> str:
    """A problem, a medicine or a group of them, in words."""
    knowledge = asked.knowledge
    rule = knowledge.problems.get(word) or knowledge.medicines.get(word)
    if rule:
        return rule.name
    members = knowledge.groups[word]
    return f"{word.replace('-', ' ').capitalize()} (any of {len(members)})"


def _lacking_problem(asked: _Asked) -> Criterion:
    word = asked.leaf.problem
    there = tuple(asked.situation.problems.get(word, ()))
    if not there:
        return Criterion("absent", _name(word, asked), (), "is not on file")
    active = any(problem.active for problem in there)
    why = "is not confirmed" if active else "is no longer active"
    return Criterion("short", "", there, why)


def _lacking_treatment(asked: _Asked) -> Criterion:
    leaf, situation = asked.leaf, asked.situation
    word, medicines = leaf.treatment, asked.knowledge.medicines
    if there := tuple(situation.treatments.get(word, ())):
        if leaf.stopped:
            why = _NARROWED["stopped"].format(_in_words(leaf.stopped))
            return Criterion("short", "", there, why)
        return Criterion("short", "", there, "is no longer taken")
    coming = tuple(
        each
        for each in situation.record.treatments
        if word == each.medicine or word in medicines[each.medicine].groups
    )
    if coming:
        return Criterion("short", "", coming, "is yet to begin")
    return Criterion("absent", _name(word, asked), (), "is not on file")


def _lacking_count(asked: _Asked) -> Criterion:
    count = parse_count(asked.leaf.count_distinct)
    group = count.group.replace("-", " ")
    needed = f"{count.least} different {group} medicines are needed"
    if there := tuple(asked.situation.taken.get(count.group, ())):
        return Criterion("short", "", there, f"does not suffice, as {needed}")
    return Criterion(
        "absent", f"{group.capitalize()} medicine", (), f"is not on file, and {needed}"
    )


# ------------------------------------------------------------------------ the patient


def _age(person: Person) -> str:
    years = int(person.days / 365.2425)
    return f"Age {years} y" if years > 1 else f"Age {person.days} d"


def _lacking_age(asked: _Asked) -> Criterion:
    person, leaf = asked.situation.showing.person, asked.leaf
    if not person.age_known:
        return Criterion("undecided", "Age", (), f"is not known ({leaf.age} is needed)")
    return Criterion("short", _age(person), (), f"is not {leaf.age}")


def _lacking_sex(asked: _Asked) -> Criterion:
    sex, leaf = asked.situation.showing.person.sex, asked.leaf
    if not sex:
        return Criterion("undecided", "Sex", (), f"is not known ({leaf.sex} is needed)")
    return Criterion("short", "The patient", (), f"is {sex}, not {leaf.sex}")


#: How a leaf that does not hold is told, by its word. A word that is not here is told plainly.
_LACKING: dict[str, Callable[[_Asked], Criterion]] = {
    "finding": _lacking_finding,
    "normal": _lacking_normal,
    "problem": _lacking_problem,
    "treatment": _lacking_treatment,
    "count_distinct": _lacking_count,
    "age": _lacking_age,
    "sex": _lacking_sex,
    "quality": _lacking_quality,
}


def _ago(situation: Situation, moment: Moment) -> str:
    """How long ago something was, "31 d"."""
    span = situation.now - moment.latest
    hours = int(span / timedelta(hours=1))
    return f"{hours} h" if span < timedelta(days=3) else f"{hours // 24} d"
