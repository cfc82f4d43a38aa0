"""The narrative of a Flag: the whole story of one possible cause in a few lines of XHTML.

Who reads it must be able to judge it without the service: what was seen against which limit,
by which rules, what speaks against it, what was normal, what to check, where it is written.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

from msgspec import Struct

from service.fhir.citations import Teller, Told
from service.fhir.reasons import reason_of_priority, reason_of_strength
from service.fhir.wording import graded
from service.knowledge.language import CauseRule, Link, Reference
from service.knowledge.model import Knowledge
from service.record import Cause, Check, Finding, Normal, Priority, Strength

_LITERATURE = {
    "established": "An established cause of myoclonus",
    "supported": "A cause of myoclonus supported by studies or series",
    "case-reports": "A cause of myoclonus known from case reports only",
}


def narrative(cause: Cause, evidence: Told, signs: Told, teller: Teller) -> str:
    """The story as one XHTML div; `evidence` and `signs` are those of the cause, in words."""
    knowledge = teller.knowledge
    findings, shown, normal = [], [], []
    critical, heeds = False, knowledge.causes[cause.cause].heeds_critical
    for piece, words in evidence:
        if type(piece) is Finding:
            findings.append(piece.finding)
            critical = critical or (heeds and piece.critical)
            shown.append(f"{graded(piece, knowledge)}: {words}")
        elif type(piece) is Normal:
            normal.append(words)
        else:
            shown.append(words)
    outline = _Outline(
        cause.cause,
        cause.name,
        cause.strength,
        cause.priority,
        critical,
        tuple([sign.problem for sign in cause.sign]),
        tuple([fired.link for fired in cause.links]),
        tuple(findings),
        cause.remarks,
        cause.check_next,
        cause.downstream_of,
        cause.absorbed,
    )
    opening, closing = _frame(outline, _Rules(knowledge))
    parts = [opening, _list("Evidence", shown)]
    if normal:
        parts.append(_list("Measured and normal", normal))
    on_file = [words for _, words in signs if words not in shown]
    if on_file:
        parts.append(_list("On file", on_file))
    for fired in cause.links:
        if fired.effect == "against":
            words_against = [words for _, words in teller.told(fired.evidence)]
            parts.append(_list(f"Against it, by the rule {fired.link}", words_against))
    parts.append(closing)
    return "".join(parts)


class _Outline(Struct, frozen=True):
    """All of a story that its rules tell, without the patient's values."""

    cause: str
    name: str
    strength: Strength
    priority: Priority
    critical: bool
    signs: tuple[str, ...]
    fired: tuple[str, ...]
    findings: tuple[str, ...]
    remarks: tuple[str, ...]
    check_next: tuple[Check, ...]
    downstream_of: tuple[str, ...]
    absorbed: tuple[str, ...]


class _Rules:
    """A rule set as a key: the same only as itself, since to compare two takes far too long."""

    __slots__ = ("knowledge",)

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and self.knowledge is other.knowledge

    def __hash__(self) -> int:
        return id(self.knowledge)


# Flags of one outline are many, and only the patient's values tell one from another.
@lru_cache(maxsize=1024)
def _frame(outline: _Outline, rules: _Rules) -> tuple[str, str]:
    """What comes before and after the evidence, as XHTML."""
    knowledge = rules.knowledge
    links = [knowledge.links[link] for link in outline.fired]
    absorbed = _names(outline.absorbed, knowledge)
    rule = knowledge.causes[outline.cause]
    sources = _sources(outline, links, knowledge)
    why = reason_of_strength(outline.cause, outline.strength, links, knowledge)
    why_pressing = reason_of_priority(
        outline.priority,
        outline.strength,
        critical=outline.critical,
        signs=[knowledge.problems[sign].name for sign in dict.fromkeys(outline.signs)],
        absorbed=absorbed,
    )
    opening = (
        _paragraph(
            f"Possible cause of myoclonus: {outline.name}",
            f"priority {outline.priority}, evidence {outline.strength}. "
            "A possibility to review, not a diagnosis.",
        ),
        _paragraph("Why", f"{why} {why_pressing}"),
    )
    closing = (
        _paragraph("Speaks for it", _sentences(link.because for link in links if not link.against)),
        _paragraph("Speaks against it", _sentences(link.because for link in links if link.against)),
        _paragraph("Would raise doubt", _doubts(link.speaks_against for link in links)),
        _paragraph("Remarks", _sentences(outline.remarks)),
        _paragraph("To check next, not on file", _checks(outline.check_next, on_file=False)),
        _paragraph("To check next, on file", _checks(outline.check_next, on_file=True)),
        _paragraph("May follow from", "; ".join(_names(outline.downstream_of, knowledge))),
        _paragraph("Told here too", "; ".join(absorbed)),
        _paragraph("Rules", _versions(links, knowledge)),
        _paragraph("Literature", _literature(rule, sources)),
        _paragraph("Beside literature", _sentences(_beside(sources))),
        _paragraph("Intended use", knowledge.ruleset.intended_use),
    )
    return (
        f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(opening)}',
        f"{''.join(closing)}</div>",
    )


def _paragraph(label: str, text: str) -> str:
    return f"<p><b>{_escaped(label)}</b>: {_escaped(text)}</p>" if text else ""


def _escaped(text: str) -> str:
    return escape(text, quote=False)


def _sentences(parts: Iterable[str]) -> str:
    """The parts as sentences, each once."""
    once = dict.fromkeys(part.strip() for part in parts)
    return " ".join([part if part[-1] in ".!?" else f"{part}." for part in once if part])


def _doubts(texts: Iterable[str]) -> str:
    """Sentences, of whose parts ("A dose that was reduced; a sign of old") each is said once."""
    once: set[str] = set()
    said = []
    for text in texts:
        parts = [part for part in text.strip().rstrip(".").split("; ") if part.lower() not in once]
        once.update(part.lower() for part in parts)
        if parts:
            said.append(parts[0][:1].upper() + "; ".join(parts)[1:])
    return _sentences(said)


def _list(label: str, items: Iterable[str]) -> str:
    listed = "".join([f"<li>{_escaped(item)}</li>" for item in items])
    return f"<p><b>{label}</b>:</p><ul>{listed}</ul>" if listed else ""


def _checks(checks: Iterable[Check], *, on_file: bool) -> str:
    return "; ".join([check.text for check in checks if check.on_file == on_file])


def _names(causes: Iterable[str], knowledge: Knowledge) -> list[str]:
    return [knowledge.causes[cause].name for cause in causes]


def _versions(links: Sequence[Link], knowledge: Knowledge) -> str:
    """Which rules spoke, whether anybody reviewed them, and the set that they belong to."""
    rules = [
        f"{link.link} (version {link.version}"
        f"{f', reviewed clinically: {link.reviewed}' if link.reviewed else ''})"
        for link in links
    ]
    unreviewed = sum([not link.reviewed for link in links])
    not_yet = f" {unreviewed} of {len(links)} not reviewed clinically yet." if unreviewed else ""
    version = f"Rule set {knowledge.ruleset.version}, SHA-256 {knowledge.digest[:12]}."
    return f"{'; '.join(rules)}.{not_yet} {version}"


def _sources(outline: _Outline, links: Iterable[Link], knowledge: Knowledge) -> list[Reference]:
    """The sources of the rules of a cause, of itself and of the limits, each once."""
    cited = [one for link in links for one in link.references]
    cited.extend(knowledge.causes[outline.cause].references)
    for finding in outline.findings:
        cited.extend(knowledge.findings[finding].references)
    return [knowledge.references[one] for one in dict.fromkeys(cited)]


def _literature(rule: CauseRule, sources: Iterable[Reference]) -> str:
    """How well the cause is known, and what can be looked up about it."""
    cited = [_source(one) for one in sources if one.literature]
    return f"{_LITERATURE[rule.evidence]}. {'; '.join(cited)}"


def _beside(sources: Iterable[Reference]) -> list[str]:
    """What the rules rest on that nobody can look up."""
    return [one.cite for one in sources if not one.literature]


def _source(reference: Reference) -> str:
    said = reference.cite.rstrip(".")
    if reference.doi:
        said += f", doi:{reference.doi}"
    if reference.pmid:
        said += f", PMID {reference.pmid}"
    if not (reference.doi or reference.pmid) and reference.url:
        said += f", {reference.url}"
    return said if reference.confirmed else f"{said} (not confirmed)"
