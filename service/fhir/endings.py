"""What becomes of Flags that came along with a request, and those that end, as they come back."""

import re
from collections.abc import Iterator
from html import escape
from typing import Any, Literal

from msgspec import Struct

from service.fhir.addresses import address
from service.fhir.citations import reference_to
from service.fhir.earlier import Detail, EarlierFlag
from service.fhir.flags import FLAG_DETAIL, WritingOptions, date_time, frame, priority_of
from service.fhir.resource_types import KNOWN
from service.fhir.wording import fit, line, measured
from service.knowledge.agents import agent_of
from service.knowledge.model import Knowledge
from service.record import Assessment, Issue, Moment, Problem, Result, Severity, Treatment

#: named: its cause is named now. over: it no longer holds. in-error: it never did. left: as it is.
Outcome = Literal["named", "over", "in-error", "left"]


class Reviewed(Struct, frozen=True):
    """An earlier Flag and what became of it.

    `why` is a key of WHY, "" where nothing needs to be said. `by` is what overturns it; `within` is
    the name of the cause in whose Flag its own is told now.
    """

    flag: EarlierFlag
    outcome: Outcome
    why: str = ""
    by: tuple[Result | Problem | Treatment, ...] = ()
    within: str = ""


_LEFT = "It was left as it is."

_UNVERIFIED = (
    "The identifier of this Flag is not the one that this site gives for its patient and its code: "
    "the patient was named otherwise then, the site key was another, or it is somebody else's. "
    + _LEFT
)
_UNDECIDED = (
    "This Flag was not judged again: its cause is not named now, but nothing newer than the Flag "
    "speaks against what it rests on, or not all of that was sent. " + _LEFT
)
_OVERTURNED = (
    "This Flag no longer holds, by what was read anew of its evidence; it comes back inactive."
)
_TOLD_WITHIN = "The cause of this Flag is told within another Flag now; it comes back inactive."
_IN_ERROR = "All evidence of this Flag was entered in error; it comes back as entered-in-error."
_AGAIN = "This Flag was no longer active; its cause is named again, so it comes back active."

#: What is said of an earlier Flag: how grave, a code of issue-type, and in words.
WHY: dict[str, tuple[Severity, str, str]] = {
    "unknown": ("warning", "not-found", f"No rule knows the cause that this Flag names. {_LEFT}"),
    "unverified": ("warning", "business-rule", _UNVERIFIED),
    "several": (
        "warning",
        "multiple-matches",
        f"More than one Flag of this identifier was sent, and there should be one. {_LEFT}",
    ),
    "again": ("information", "informational", _AGAIN),
    "ended": (
        "information",
        "informational",
        f"This Flag is not active, and its cause is not named now. {_LEFT}",
    ),
    "to-come": (
        "information",
        "business-rule",
        f"This Flag begins after the moment of the evaluation. {_LEFT}",
    ),
    "undecided": ("information", "incomplete", _UNDECIDED),
    "overturned": ("information", "informational", _OVERTURNED),
    "told-within": ("information", "informational", _TOLD_WITHIN),
    "in-error": ("information", "informational", _IN_ERROR),
}


def said_of(reviewed: Reviewed) -> Iterator[Issue]:
    """What must be said of an earlier Flag."""
    if reviewed.why:
        severity, code, text = WHY[reviewed.why]
        flag = reviewed.flag
        yield Issue(severity, code, text, (flag.expression,), flag.patient)


def ended(
    reviewed: Reviewed, assessment: Assessment, knowledge: Knowledge, options: WritingOptions
) -> dict[str, Any]:
    """An earlier Flag that no longer holds, written anew: inactive with an end, or in error.

    It ends when the newest of what overturned it was so, else at the moment of the evaluation.
    What overturned it stands behind the evidence that it had.
    """
    flag = reviewed.flag
    references = [*_details(flag), *_overturning(reviewed, knowledge)]
    return frame(
        flag.cause,
        knowledge.causes[flag.cause].name,
        agent_of(flag.cause, knowledge.medicines),
        assessment.patient,
        knowledge,
        options,
        status="entered-in-error" if reviewed.outcome == "in-error" else "inactive",
        narrative=_narrative(reviewed, knowledge),
        extensions=[
            *priority_of(flag.priority),
            *({"url": FLAG_DETAIL, "valueReference": one} for one in references),
        ],
        period=_period(reviewed, assessment),
    )


def _period(reviewed: Reviewed, assessment: Assessment) -> dict[str, str]:
    since = reviewed.flag.since
    period = {"start": date_time(since)} if since else {}
    if reviewed.outcome == "over":
        ends = [at for piece in reviewed.by if (at := _end(piece)) and _is_after(at, since)]
        if ends:
            newest = max(ends, key=lambda at: (at.latest, at.earliest, at.text))
            period["end"] = date_time(newest)
        else:
            end = assessment.moment.isoformat().replace("+00:00", "Z")
            # A date without a time is of the site's zone, and the moment of UTC.
            period["end"] = max(end, period.get("start", ""), key=lambda text: text[:10])
    return period


def _end(piece: Result | Problem | Treatment) -> Moment | None:
    if isinstance(piece, Result):
        return piece.moment
    return piece.end if isinstance(piece, Treatment) else None


def _is_after(at: Moment, since: Moment | None) -> bool:
    return since is None or at.earliest > since.latest


def _details(flag: EarlierFlag) -> Iterator[dict[str, Any]]:
    for one in flag.details:
        named = address(one.name)
        kind = (named and named.type) or one.type
        # A name of a type that there is not is no name.
        name = one.name if kind in KNOWN or not (named and named.type) else ""
        reference = reference_to(kind, name, one.identifier, fit(one.display))
        if kind not in KNOWN:
            del reference["type"]
        if set(reference) - {"type"}:
            yield reference


def _overturning(reviewed: Reviewed, knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    """What overturned a Flag, each once: a result may also be what another is computed from."""
    names = {one.name for one in reviewed.flag.details}
    parts = (part for piece in reviewed.by for part in _leaves(piece))
    for part in dict.fromkeys(parts):
        if part.source.reference not in names:
            source = part.source
            words = _line(part, knowledge)
            yield reference_to(source.type, source.reference, source.identifier, words)


def _leaves(
    piece: Result | Problem | Treatment,
) -> Iterator[Result | Problem | Treatment]:
    """A derived value is no resource: what it was computed from is."""
    if isinstance(piece, Result) and piece.inputs:
        for part in piece.inputs:
            yield from _leaves(part)
    else:
        yield piece


def _line(piece: Result | Problem | Treatment, knowledge: Knowledge) -> str:
    return measured(piece, knowledge) if isinstance(piece, Result) else line(piece, knowledge)


def _narrative(reviewed: Reviewed, knowledge: Knowledge) -> str:
    name = knowledge.causes[reviewed.flag.cause].name
    title, reasons = (
        f"Possible cause of myoclonus: {name}",
        [_line(piece, knowledge) for piece in reviewed.by],
    )
    gone = [one for one in reviewed.flag.details if one.fate in {"withdrawn", "in-error"}]
    reasons += [f"{_shown(one)}: {_FATES[one.fate]}" for one in gone]
    if reviewed.outcome == "in-error":
        told = "is no cause: all of its evidence was entered in error."
    elif reviewed.within:
        told = f"is told within the flag of {reviewed.within} from now on."
    else:
        told = "no longer holds, by what was read anew of its evidence."
    parts = [f"<p><b>{escape(title)}</b> {escape(told)}</p>"]
    for heading, lines in (
        ("What was read anew", reasons),
        ("It rested on", [_shown(one) for one in reviewed.flag.details]),
    ):
        if lines:
            items = "".join(f"<li>{escape(one)}</li>" for one in lines)
            parts.append(f"<p>{heading}:</p><ul>{items}</ul>")
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'


_FATES = {"withdrawn": "refuted or cancelled since", "in-error": "entered in error"}


def _shown(detail: Detail) -> str:
    return fit(detail.display) or fit(detail.name) or "evidence without a name"


_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def under_its_own_name(
    written: dict[str, Any], flag: EarlierFlag, url: str
) -> tuple[dict[str, Any], str]:
    """A Flag under the id and the fullUrl that it was sent under, where they are of one piece."""
    if not _ID.fullmatch(flag.id) or flag.id == written["id"]:
        return written, url
    if not flag.full_url.endswith(f"/Flag/{flag.id}"):
        return written | {"id": flag.id}, url
    return written | {"id": flag.id}, flag.full_url
