"""Why not, in words: one informational issue for each patient and cause, for those who asked."""

from collections.abc import Iterator, Sequence
from typing import Any

from service.fhir.wording import fit, legible, line, measured
from service.knowledge.agents import agent_of
from service.knowledge.model import Knowledge
from service.record import Assessment, Criteria, Criterion, Explanation, NearLink, Result

_DOES = {
    "supports": "would name it",
    "strengthens": "would raise it",
    "against": "would lower it",
    "suppresses": "would set a finding aside",
}
_EITHER = {2: "either would do", 1: "this would do"}


def explained(assessment: Assessment, knowledge: Knowledge, base: str) -> Iterator[dict[str, Any]]:
    """The issues of one patient, as JSON would have them; none where nobody asked."""
    where = [fit(assessment.patient.expression)]
    missing = missing_medicines(assessment, knowledge)
    for each in assessment.explanations:
        if not _has_no_medicine(each, knowledge):
            coding = {
                "system": f"{base}/CodeSystem/cause",
                "code": each.cause,
                "display": each.name,
            }
            details = {"coding": [coding], "text": fit(sentence(each, knowledge))}
            yield _issue(details, "\n".join(rules(each, knowledge)), where)
    if missing:
        text = "Not named, as their medicines are not on file: see diagnostics."
        yield _issue({"text": text}, "; ".join(missing), where)


def _issue(details: dict[str, Any], diagnostics: str, where: list[str]) -> dict[str, Any]:
    issue = {"severity": "information", "code": "informational", "details": details}
    if diagnostics:
        issue["diagnostics"] = fit(diagnostics)
    return issue | {"expression": where}


def missing_medicines(assessment: Assessment, knowledge: Knowledge) -> list[str]:
    """The names of causes that were not named because their medicine is not on file."""
    return [each.name for each in assessment.explanations if _has_no_medicine(each, knowledge)]


def _has_no_medicine(explanation: Explanation, knowledge: Knowledge) -> bool:
    agent = agent_of(explanation.cause, knowledge.medicines)
    return bool(agent) and not explanation.links and explanation.strength is None


def sentence(explanation: Explanation, knowledge: Knowledge) -> str:
    """What became of a cause, and why: "Hypocalcemia not named: ionized calcium was ..."."""
    name = explanation.name
    if explanation.within:
        return f"{name}: told within {explanation.within}, its likely origin."
    if explanation.strength:
        return f"{name} named, {explanation.strength}."
    near = [each for each in explanation.links if each.effect == "supports" and not each.shadow]
    if not near:
        return f"{name} not named: no rule that is in force could name it."
    return f"{name} not named: {unmet(near[0].when, knowledge)}."


def rules(explanation: Explanation, knowledge: Knowledge) -> Iterator[str]:
    """What each rule that is told would do, which of its conditions hold, and which do not."""
    for near in explanation.links:
        holds = "; ".join(held(near.when, knowledge))
        # Of a cause that was not named, the sentence before has told what its only rule lacks.
        said_before = not explanation.strength and not explanation.links[1:]
        lacks = "" if near.held or said_before else unmet(near.when, knowledge)
        said = [f"Rule {near.link}, which {_does(near)}{', and holds' if near.held else ''}."]
        if holds:
            said.append(f"Holds: {holds}.")
        if lacks:
            said.append(f"Does not hold: {lacks}.")
        yield " ".join(said)


def _does(near: NearLink) -> str:
    strength = f" ({near.strength})" if near.strength else ""
    return f"{_DOES[near.effect]}{strength}{' were it not in shadow' if near.shadow else ''}"


def unmet(when: Criterion | Criteria, knowledge: Knowledge, *, inner: bool = False) -> str:
    """The conditions that do not hold, of one that does not."""
    if isinstance(when, Criterion):
        return criterion(when, knowledge)
    if when.why:
        return when.why
    parts = [part for part in when.parts if not _holds(part)]
    if when.least == 1 and (said := _together(parts, knowledge)):
        return said
    texts = list(dict.fromkeys(unmet(part, knowledge, inner=True) for part in parts))
    said = "; ".join(texts)
    enough = when.least - (len(when.parts) - len(parts))
    if enough < len(parts) and texts[1:]:
        some = _EITHER.get(len(texts), "any one would do") if enough == 1 else f"{enough} would do"
        said = f"{said} ({some})"
        return f"[{said}]" if inner else said
    return said


def _together(parts: Sequence[Criterion | Criteria], knowledge: Knowledge) -> str:
    """Conditions of which one would do, in one sentence where they lack alike; "" where not.

    "Neither copper nor zinc was measured"; "sodium 138 mmol/L is not below 135 mmol/L (3 above),
    nor below 130 mmol/L (8 above)".
    """
    alone = [part for part in parts if isinstance(part, Criterion)]
    if len(alone) < len(parts) or not parts[1:]:
        return ""
    first, *others = alone
    if first.about and all(part.about == first.about for part in others):
        if all(part.why.startswith("is not ") for part in alone):
            nor = (legible(part.why.removeprefix("is not ")) for part in others)
            return ", nor ".join((criterion(first, knowledge), *nor))
        return ""
    said = {"is not on file": "is on file", "was not measured": "was measured"}.get(first.why)
    if not said or any(part.why != first.why for part in others):
        return ""
    *names, last = (criterion(part, knowledge).removesuffix(f" {first.why}") for part in alone)
    if names[1:]:
        return f"none of {', '.join(names)} and {last} {said}"
    return f"neither {names[0]} nor {last} {said}"


def held(when: Criterion | Criteria, knowledge: Knowledge) -> list[str]:
    """The conditions that hold, each once, in the order written."""
    if isinstance(when, Criterion):
        return [criterion(when, knowledge)] if when.standing == "held" else []
    return list(dict.fromkeys(text for part in when.parts for text in held(part, knowledge)))


def criterion(one: Criterion, knowledge: Knowledge) -> str:
    """One condition: "sodium 138 mmol/L, 2026-03-04, is not below 135 mmol/L (3 above)"."""
    about = [
        measured(piece, knowledge) if isinstance(piece, Result) else line(piece, knowledge)
        for piece in one.about
    ]
    who = ", ".join(about) or one.name
    if isinstance(one.about[0] if one.about else None, Result) or ", " in who:
        who += ","
    if one.standing != "held":
        # Names of diseases keep their capital: some are named after people.
        who = who if who[1:2].isupper() or _is_proper(one) else who[:1].lower() + who[1:]
    # Limits are told as rules write them, in UCUM.
    return legible(f"{who} {one.why}").strip() if one.why else who.removesuffix(",")


def _is_proper(one: Criterion) -> bool:
    return one.why in {"is not on file", "is no longer active", "is not confirmed"}


def _holds(when: Criterion | Criteria) -> bool:
    return when.held if isinstance(when, Criteria) else when.standing == "held"
