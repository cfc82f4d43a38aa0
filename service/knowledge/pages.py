"""A page for each rule, in plain language: what it says, its sources, what speaks against it."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from service.knowledge import prose
from service.knowledge.agents import causes_of
from service.knowledge.language import (
    Analyte,
    CauseRule,
    Code,
    Derived,
    Document,
    FindingRule,
    Link,
    MedicineRule,
    ProblemRule,
    Reference,
    ReferenceInterval,
    State,
    WordList,
)
from service.knowledge.lock import digest
from service.knowledge.model import Knowledge

UNREVIEWED = "not yet reviewed by a clinician"


class Section(Struct, frozen=True):
    """A heading and what is said below it."""

    heading: str
    lines: tuple[str, ...]


class Entry(Struct, frozen=True):
    """A rule as a list shows it."""

    kind: str
    id: str
    name: str
    version: int
    status: str


class Page(Struct, frozen=True):
    """A rule to read. `hash` is that of what it decides, as in the lock."""

    kind: str
    id: str
    name: str
    version: int
    status: str
    hash: str
    review: str
    sections: tuple[Section, ...]
    sources: tuple[Reference, ...]


def entries(knowledge: Knowledge, kind: str = "") -> list[Entry]:
    """Every rule of a kind, or of all kinds, by kind and id."""
    return [
        Entry(one, name, name_of(rule), _version(rule), _status(rule))
        for one, rules in _kinds(knowledge).items()
        if kind in {"", one}
        for name, rule in rules.items()
    ]


def pages(knowledge: Knowledge, wanted: str, *, snomed: bool) -> list[Page]:
    """The rules with an id, one for each kind that has it; for the id of a link that stands for
    one link of each medicine, all of those. `snomed`: whether SNOMED CT codes may be told.
    """
    return [
        _page(kind, name, rule, knowledge, snomed=snomed)
        for kind, rules in _kinds(knowledge).items()
        for name, rule in rules.items()
        if wanted and (name == wanted or name.startswith(f"{wanted}/"))
    ]


def kinds(knowledge: Knowledge) -> tuple[str, ...]:
    return tuple(_kinds(knowledge))


def _kinds(knowledge: Knowledge) -> dict[str, Mapping[str, Document]]:
    return {
        "cause": knowledge.causes,
        "link": knowledge.links,
        "finding": knowledge.findings,
        "analyte": knowledge.analytes,
        "derived": knowledge.derived,
        "problem": knowledge.problems,
        "medicine": knowledge.medicines,
        "state": knowledge.states,
        "reference": knowledge.references,
        "words": knowledge.words,
    }


def _page(kind: str, name: str, rule: Document, knowledge: Knowledge, *, snomed: bool) -> Page:
    reviewed = getattr(rule, "reviewed", "")
    return Page(
        kind=kind,
        id=name,
        name=name_of(rule),
        version=_version(rule),
        status=_status(rule),
        hash=digest(rule),
        review=f"reviewed clinically: {reviewed}" if reviewed else UNREVIEWED,
        sections=tuple(
            Section(heading, lines)
            for heading, said in _sections(rule, knowledge, snomed=snomed)
            if (lines := tuple(line for line in said if line))
        ),
        sources=tuple(_sources(rule, knowledge)),
    )


def name_of(rule: Document) -> str:
    """What a rule is called: its name, the reason of a link, the citation of a reference."""
    for field in ("name", "because", "cite"):
        if text := getattr(rule, field, ""):
            return str(text)
    return ""


def _version(rule: Document) -> int:
    return int(getattr(rule, "version", 1))


def _status(rule: Document) -> str:
    return str(getattr(rule, "status", "active"))


def _sources(rule: Document, knowledge: Knowledge) -> Iterator[Reference]:
    named = list(getattr(rule, "references", ()))
    if isinstance(rule, Analyte | Derived):
        named += [interval.source for interval in rule.reference]
    if isinstance(rule, Reference):
        named.append(rule.reference)
    for one in dict.fromkeys(named):
        if one in knowledge.references:
            yield knowledge.references[one]


_Said = tuple[str, Iterable[str]]


def _sections(rule: Document, knowledge: Knowledge, *, snomed: bool) -> Iterator[_Said]:
    if isinstance(rule, Link):
        yield from _link(rule, knowledge)
    elif isinstance(rule, CauseRule):
        yield from _cause(rule, knowledge)
    elif isinstance(rule, FindingRule):
        yield "What it says", [prose.grades(rule, knowledge)]
    elif isinstance(rule, Analyte):
        yield from _analyte(rule, knowledge)
    elif isinstance(rule, Derived):
        yield from _derived(rule, knowledge)
    elif isinstance(rule, State):
        yield "What it says", [f"{rule.name}: {prose.condition(rule.when, knowledge)}."]
    elif isinstance(rule, ProblemRule | MedicineRule):
        yield from _on_file(rule)
    elif isinstance(rule, WordList):
        yield from _word_list(rule)
    yield from _codes(rule, snomed=snomed)
    yield "Note", [str(getattr(rule, "note", ""))]


def _link(link: Link, knowledge: Knowledge) -> Iterator[_Said]:
    yield (
        "What it says",
        [f"If {prose.condition(link.when, knowledge)}: {_effect(link, knowledge)}."],
    )
    yield "Why", [link.because]
    yield "What speaks against it", [link.speaks_against]
    yield "What to check next", _checks(link.check_next, knowledge)
    yield (
        "Causes that follow from this one",
        [_cause_name(cause, knowledge) for cause in link.upstream_of],
    )
    if link.subsumed_by:
        yield "Told within the flag of", [_cause_name(link.subsumed_by, knowledge)]
    yield (
        "Remarks",
        [f"If {prose.condition(one.when, knowledge)}: {one.say}" for one in link.remarks],
    )


def _effect(link: Link, knowledge: Knowledge) -> str:
    causes = ", ".join(_cause_name(cause, knowledge) for cause in causes_of(link)) or "any cause"
    if link.strength:
        return f"{causes} is a possible cause of myoclonus, on {link.strength} evidence"
    if link.suppress:
        finding = knowledge.findings.get(link.suppress)
        name = finding.name if finding else link.suppress
        return f"{name} [finding {link.suppress}] does not count for {causes}"
    verb = "lowers" if link.against else "raises"
    steps = link.against or link.strengthens
    return f"this {verb} {causes}, where it is named, by {steps} step{'s' if steps > 1 else ''}"


def _cause_name(cause: str, knowledge: Knowledge) -> str:
    rule = knowledge.causes.get(cause)
    return f"{rule.name} [cause {cause}]" if rule else cause


def _checks(named: Iterable[str], knowledge: Knowledge) -> list[str]:
    return [prose.value_name(one, knowledge) for one in named]


def _cause(cause: CauseRule, knowledge: Knowledge) -> Iterator[_Said]:
    said = (
        f"{cause.name} is a possible cause of myoclonus ({cause.kind}); evidence: "
        f"{cause.evidence}. It is named at most as {cause.ceiling}."
    )
    if not cause.heeds_critical:
        said += " A value that is dangerous by itself does not raise its priority."
    yield "What it says", [said]
    yield "How", [cause.mechanism]
    yield "Type of myoclonus", [cause.myoclonus]
    yield "Reversible", [cause.reversible]
    yield "What to check next", _checks(cause.confirm, knowledge)
    links = [link for link in knowledge.links.values() if cause.cause in causes_of(link)]
    yield (
        "Its rules",
        [f"{link.link} (version {link.version}, {link.status}): {link.because}" for link in links],
    )
    yield (
        "What speaks against it",
        dict.fromkeys(link.speaks_against for link in links if link.strength),
    )


def _analyte(analyte: Analyte, knowledge: Knowledge) -> Iterator[_Said]:
    trusted = "the laboratory's own range" if analyte.trusts == "range" else "the rules' limits"
    said = (
        f"{analyte.name}, in {', '.join(analyte.units)}. Plain low and high are decided first "
        f"by {trusted}. A result counts for {analyte.lookback}; outside of "
        f"{analyte.plausible} it is more likely a wrong unit or a slip."
    )
    yield "What it says", [said]
    yield "Reference intervals", _intervals(analyte.analyte, analyte.reference, knowledge)
    findings = (f for f in knowledge.findings.values() if f.analyte == analyte.analyte)
    yield "Findings", [prose.grades(finding, knowledge) for finding in findings]
    yield "Names that are read", _names(analyte)
    yield "Codes that are refused", [f"LOINC {c}: {why}" for c, why in analyte.confusable.items()]


def _names(analyte: Analyte) -> Iterator[str]:
    yield from analyte.names
    for form, names in analyte.form_names.items():
        yield from (f"{name} (counts {form})" for name in names)
    for name, values in analyte.narrow_names.items():
        yield f"{name} ({values})"


def _intervals(
    analyte: str, intervals: Iterable[ReferenceInterval], knowledge: Knowledge
) -> Iterator[str]:
    for one in intervals:
        bounds = [
            f"{word} {prose.limit(text, analyte, knowledge)}"
            for word, text in (("from", one.low), ("to", one.high))
            if text
        ]
        sex = f", {one.sex}" if one.sex else ""
        yield f"{' '.join(bounds)} (age {one.age or 'any'}{sex}; source {one.source})"


def _derived(derived: Derived, knowledge: Knowledge) -> Iterator[_Said]:
    said = [f"{derived.name}, in {derived.unit}. It counts for {derived.lookback}."]
    if change := derived.change:
        name = prose.value_name(change.analyte, knowledge)
        said.append(
            f"The largest {change.kind} of {name} between results at most {change.over} apart."
        )
    for way in derived.formulas:
        whom = ", ".join(filter(None, (way.sex, way.for_age)))
        said.append(f"{way.formula}{f' (for {whom})' if whom else ''}")
    for name, given in derived.inputs.items():
        valid = f", valid from {given.valid}" if given.valid else ""
        analyte = prose.value_name(given.analyte, knowledge)
        form = f" as {given.form}" if given.form else ""
        said.append(f"{name} is {analyte} in {given.unit}{form}{valid}")
    if derived.same_draw:
        said.append(f"Inputs drawn within {derived.same_draw} of one another.")
    said += [
        f"Not computed where {prose.value_name(one, knowledge)} was measured."
        for one in derived.unless_measured
    ]
    if derived.stands_for:
        said.append(f"It stands for {prose.value_name(derived.stands_for, knowledge)}.")
    said.append(f"Plausible: {derived.plausible}.")
    yield "What it says", said
    yield "Reference intervals", _intervals(derived.derived, derived.reference, knowledge)
    findings = (f for f in knowledge.findings.values() if f.analyte == derived.derived)
    yield "Findings", [prose.grades(finding, knowledge) for finding in findings]


def _on_file(rule: ProblemRule | MedicineRule) -> Iterator[_Said]:
    if isinstance(rule, ProblemRule):
        sign = "A sign: on file, it raises the priority of causes." if rule.sign else ""
        yield "What it says", [f"{rule.name}, as a diagnosis or sign on file.", sign]
    else:
        text = f"{rule.name} still counts as taken for {rule.lingers} after its end."
        patch = "A patch of it does not count: hardly any gets into the blood."
        yield "What it says", [text, patch if rule.patch_is_local else ""]
    yield "Groups", rule.groups
    yield "Names that are read", rule.names
    yield "Names that are read within longer texts, too", getattr(rule, "phrases", ())


def _word_list(rule: WordList) -> Iterator[_Said]:
    yield "What it says", [rule.effect]
    for language, words in rule.languages.items():
        yield f"Words that are heard ({language})", [", ".join(words)]
    yield "Phrases in which they are not heard", [", ".join(rule.exceptions)]


_SYSTEMS = {
    "loinc": "LOINC",
    "icd10cm": "ICD-10-CM",
    "icd10": "ICD-10",
    "rxnorm": "RxNorm",
    "atc": "ATC",
    "snomed": "SNOMED CT",
}


def _codes(rule: Document, *, snomed: bool) -> Iterator[_Said]:
    for field, system in _SYSTEMS.items():
        codes: Mapping[str, str | Code] = getattr(rule, field, {})
        if snomed or field != "snomed":
            yield (
                f"{system} codes",
                [
                    f"{c} {said if isinstance(said, str) else said.name}"
                    for c, said in codes.items()
                ],
            )
    if isinstance(rule, ProblemRule):
        yield "ICD codes that are left out", rule.exceptions


def page_text(page: Page) -> str:
    """A page as plain text."""
    lines = [f"{page.kind} {page.id}: {page.name}", heading(page)]
    for section in page.sections:
        lines.append(f"{section.heading}:")
        lines += [f"  {line}" for line in section.lines]
    if page.sources:
        lines.append("Sources:")
        lines += [f"  {source_line(one)}" for one in page.sources]
    return "\n".join(lines)


def heading(page: Page) -> str:
    return f"Version {page.version}, {page.status}, hash {page.hash}; {page.review}."


def source_line(source: Reference) -> str:
    """A citation with its PubMed number and DOI: "[payne-1973] ... PMID 1. doi:10.1/x"."""
    parts = [f"[{source.reference}] {source.cite}"]
    if source.pmid:
        parts.append(f"PMID {source.pmid}.")
    if source.doi:
        parts.append(f"doi:{source.doi}")
    if source.url:
        parts.append(source.url)
    if not source.confirmed:
        parts.append("(recalled, not seen)")
    return " ".join(parts)
